//! What other sites and planted addresses try: posts with our visitor's cookie, and ways that lead away.

use axum::http::{Method, StatusCode};

use super::addresses::{Kind, addresses};
use super::matrix::COLUMNS;
use super::world::World;

/// How a browser says where a post comes from, when that is not one of our pages.
const FROM_ELSEWHERE: [&[(&str, &str)]; 4] =
    [&[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")], &[("origin", "https://evil.test")], &[]];

/// What somebody would write where a page of ours is expected.
const AWAY: [&str; 6] =
    ["https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "javascript:alert(1)"];

/// Whether a browser stays here when it is sent there.
fn is_ours(place: &str) -> bool {
    let is_path = place.starts_with('/') && !place.starts_with("//") && !place.contains('\\');
    place.is_empty() || is_path && place.bytes().all(|byte| byte.is_ascii_graphic())
}

#[tokio::test]
async fn no_form_listens_to_another_site() -> anyhow::Result<()> {
    let world = World::new().await?;
    let own = world.own().clone();
    let before = world.counted().await?;
    for form in addresses().iter().filter(|address| address.kind == Kind::Form) {
        for column in COLUMNS {
            for headers in FROM_ELSEWHERE {
                let answer = world.send(Method::POST, &form.path, column, headers, &own.form()).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{} by {column} {headers:?}", form.path);
            }
        }
    }
    assert_eq!(world.counted().await?, before);
    Ok(())
}

#[tokio::test]
async fn nothing_that_is_typed_leads_to_another_site() -> anyhow::Result<()> {
    let mut world = World::new().await?;
    let own = world.own().clone();
    let same_origin: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];
    for form in addresses().iter().filter(|address| address.kind == Kind::Form) {
        for column in ["visitor", "owner", "newcomer", "admin"] {
            for away in AWAY {
                let body = own.form_with(&[("next", away), ("back", away), ("page", away), ("url", away)]);
                let answer = world.send(Method::POST, &form.path, column, same_origin, &body).await;
                let place = answer.header("location");
                assert!(is_ours(place), "{} by {column} with {away}: {place}", form.path);
            }
            world.begin_anew().await?;
        }
    }
    for page in ["/log-in", "/sign-up", "/company"] {
        for away in AWAY {
            let query = serde_urlencoded::to_string([("next", away)])?;
            for column in COLUMNS {
                let answer = world.send(Method::GET, &format!("{page}?{query}"), column, &[], "").await;
                let place = answer.header("location");
                assert!(is_ours(place), "{page} by {column} with {away}: {place}");
            }
        }
    }
    Ok(())
}
