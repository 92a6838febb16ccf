//! What other sites and planted addresses try: posts with our visitor's cookie, and ways that lead away.

use axum::http::{Method, StatusCode};

use super::addresses::{Kind, addresses};
use super::matrix::COLUMNS;
use super::world::World;

/// How a browser says where a post comes from, when that is not one of our pages.
const FROM_ELSEWHERE: [&[(&str, &str)]; 4] =
    [&[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")], &[("origin", "https://evil.test")], &[]];

/// What somebody would write where a page of ours is expected.
const AWAY: [&str; 11] = [
    "https://evil.test/",
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "/\t/evil.test",
    "https:evil.test",
    "%2f%2fevil.test",
    " //evil.test",
    "javascript:alert(1)",
    "//portal.test@evil.test/",
];
/// How a page may be told where to go on to.
const GOES_ON: [&str; 9] = ["next", "back", "page", "url", "from", "to", "return_to", "redirect", "continue"];

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
    Ok(())
}

/// Where links and forms of a page lead.
fn targets(page: &str) -> Vec<String> {
    let attributes = ["href=\"", "action=\"", "src=\"", "content=\"0;url="];
    let values = attributes.iter().flat_map(|name| page.split(name).skip(1).filter_map(|rest| rest.split('"').next()));
    values.map(|value| value.replace("&amp;", "&")).collect()
}

/// Whether a browser that follows this leaves for where [`AWAY`] leads: it passes over blanks, tabs and line breaks, and takes
/// a backslash for a slash (<https://url.spec.whatwg.org/#url-parsing>).
fn leads_away(target: &str) -> bool {
    let read: String = target.chars().filter(|it| !it.is_control() && *it != ' ').collect();
    let read = read.replace('\\', "/").to_ascii_lowercase();
    read.starts_with("//") || read.starts_with("javascript:") || read.starts_with("http") && read.contains("evil")
}

#[tokio::test]
async fn no_address_of_a_page_makes_it_lead_to_another_site() -> anyhow::Result<()> {
    let world = World::new().await?;
    let own = world.own().clone();
    let mut carried_on = Vec::new();
    for page in addresses().iter().filter(|address| address.kind == Kind::Page) {
        let path = own.fill(&page.path);
        let with = |place: &str| {
            let query = serde_urlencoded::to_string(GOES_ON.map(|name| (name, place))).unwrap_or_default();
            format!("{path}{}{query}", if path.contains('?') { "&" } else { "?" })
        };
        for column in ["visitor", "owner", "newcomer", "partner", "admin"] {
            let asked = world.send(Method::GET, &with("/marked-page"), column, &[], "").await;
            if !asked.header("location").contains("marked-page") && !asked.body.contains("marked-page") {
                continue;
            }
            carried_on.push(page.path.clone());
            for away in AWAY {
                let answer = world.send(Method::GET, &with(away), column, &[], "").await;
                let place = answer.header("location");
                assert!(is_ours(place), "{path} by {column} with {away}: {place}");
                let led: Vec<_> = targets(&answer.body).into_iter().filter(|target| leads_away(target)).collect();
                assert!(led.is_empty(), "{path} by {column} with {away}: {led:?}");
            }
        }
    }
    for page in ["/log-in", "/sign-up", "/company", "/confirm"] {
        assert!(carried_on.iter().any(|path| path == page), "{page} forgets where one was heading: {carried_on:?}");
    }
    Ok(())
}

#[test]
fn what_leads_away_is_seen() {
    for away in AWAY.iter().filter(|away| !away.starts_with('%')) {
        assert!(leads_away(away) && !is_ours(away), "{away:?}");
    }
    for ours in
        ["/", "/overview?next=%2F%2Fevil.test", "#key", "https://portal.test/docs", "/a//b", "mailto:help@vendor.test"]
    {
        assert!(!leads_away(ours), "{ours}");
    }
    let page = "<a href=\"//evil.test\">x</a><form action=\"/act/a?b&amp;c\"><img src=\"/x.svg\">";
    assert_eq!(targets(page), ["//evil.test", "/act/a?b&c", "/x.svg"]);
}
