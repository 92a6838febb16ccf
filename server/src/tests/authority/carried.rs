//! What forms carry: files of any length that is taken, and codes that then stand in no address.

use axum::http::Method;
use backend::catalog::UPLOAD_MAX_BYTES;

use super::world::World;

const SAME_ORIGIN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

#[tokio::test]
async fn the_longest_catalog_file_comes_through_however_it_is_encoded() -> anyhow::Result<()> {
    let world = World::new().await?;
    for (what, encoded) in [("signs", "%3D"), ("lines", "%0D%0A")] {
        let form = format!("file={}", encoded.repeat(UPLOAD_MAX_BYTES));
        let answer = world.send(Method::POST, "/act/check-catalog", "admin", SAME_ORIGIN, &form).await;
        assert_eq!(answer.header("location"), "/staff/catalog/upload", "{what}: {}", answer.status);
    }
    Ok(())
}

#[tokio::test]
async fn a_vouchers_code_stands_in_no_address_that_we_lead_to() -> anyhow::Result<()> {
    let world = World::new().await?;
    let code = format!("VC-{}", ["0ABCD"; 6].join("-"));
    for by in ["visitor", "owner"] {
        let form = format!("code={code}");
        let answer = world.send(Method::POST, "/act/enter-voucher", by, SAME_ORIGIN, &form).await;
        assert_eq!(answer.header("location"), "/redeem", "{by}");
        let answer = world.send(Method::GET, &format!("/redeem?code={code}"), by, SAME_ORIGIN, "").await;
        assert_eq!(answer.header("location"), "/redeem", "{by}");
        assert!(!answer.body.contains(&code), "{by}");
    }
    Ok(())
}
