//! The portal's HTTP rules: who is let in, what headers protect, what files and health answer.

use axum::body::Body;
use axum::http::{Method, StatusCode};

use super::TestApp;

#[tokio::test]
async fn the_price_list_is_html_for_anyone_and_its_policy_names_a_fresh_nonce() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (one, two) = (app.get("/").await, app.get("/").await);
    assert_eq!(one.status, StatusCode::OK);
    assert!(one.header("content-type").starts_with("text/html"), "{}", one.header("content-type"));
    let policy = one.header("content-security-policy").to_owned();
    assert!(
        policy.contains("'strict-dynamic'") && policy.contains("form-action 'self' http://stripe.test"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert_ne!(policy, two.header("content-security-policy"), "a nonce is used once");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    assert!(!nonce.is_empty() && one.body.contains(&format!("nonce=\"{nonce}\"")), "{policy}");
    assert!(!one.body.contains(" style=\""), "no inline style");
    Ok(())
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    for path in ["/", "/nothing-here", "/healthz", "/.well-known/jwks.json", "/api/v1/x", "/licenses"] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn pages_of_an_account_send_visitors_to_log_in_and_back() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    for (path, to) in [
        ("/licenses", "/log-in?next=%2Flicenses"),
        ("/licenses/lic_x?a=b", "/log-in?next=%2Flicenses%2Flic_x%3Fa%3Db"),
        ("/invoices", "/log-in?next=%2Finvoices"),
        ("/account", "/log-in?next=%2Faccount"),
        ("/staff", "/log-in?next=%2Fstaff"),
        ("/company", "/log-in?next=%2Fcompany"),
        ("/buy?plan=maker", "/sign-up?next=%2Fbuy%3Fplan%3Dmaker"),
    ] {
        let answer = app.get(path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), to, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn posts_from_other_sites_are_refused() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let form = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        &[form][..],
        &[form, ("sec-fetch-site", "cross-site")],
        &[form, ("origin", "https://evil.example")],
        &[form, ("sec-fetch-site", "same-site"), ("origin", "https://portal.test")],
    ] {
        let answer = app.send(Method::POST, "/act/log-in", headers, "email=a&password=b").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}: {}", answer.body);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_a_page_with_404_and_a_failure_of_forms_is_no_500() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let missing = app.get("/docs/nothing/here").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.body.contains("There is nothing here"), "{}", missing.body);
    // Neither files nor database are asked for what nothing can be called.
    let long = format!("/{}", "a".repeat(300));
    for path in
        ["/licenses/%00", "/invoices/%00/invoice.pdf", "/orders/a%0Ab/state", "/staff/campaigns/%7F/codes.csv", &long]
    {
        let missing = app.get(path).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}: {}", missing.body);
        assert!(missing.body.contains("There is nothing here"), "{path}: {}", missing.body);
    }
    let posted = app.send(Method::POST, "/stripe/webhook/%00", &[], "{}").await;
    assert_eq!((posted.status, posted.body.as_str()), (StatusCode::NOT_FOUND, "There is nothing here.\n"));
    let same_origin = [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
    for act in ["log-in", "sign-up", "forgot-password"] {
        let answer = app.send(Method::POST, &format!("/act/{act}"), &same_origin, "unknown=1").await;
        assert!(!answer.status.is_server_error(), "{act}: {} {}", answer.status, answer.body);
    }
    Ok(())
}

#[tokio::test]
async fn whoever_goes_to_the_address_of_a_form_begins_at_the_first_page() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    for act in ["log-in", "check-catalog", "nothing"] {
        let answer = app.get(&format!("/act/{act}")).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{act}");
    }
    Ok(())
}

#[tokio::test]
async fn a_fresh_process_is_alive_and_ready() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    assert_eq!(app.get("/healthz").await.status, StatusCode::OK);
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.body);
    Ok(())
}

#[tokio::test]
async fn a_vendors_accent_is_a_file_named_after_its_content() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let path = app::pages::frame::brand_stylesheet(&app.vendor);
    let css = app.get(&path).await;
    assert_eq!((css.status, css.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert!(css.header("cache-control").contains("immutable"));
    assert_eq!(app.get("/brand/0000.css").await.status, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn webhooks_that_stripe_did_not_sign_are_refused() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let path = format!("/stripe/webhook/{}", app.vendor.id);
    let answer = app.send(Method::POST, &path, &[], Body::from("{}")).await;
    // This vendor has no Stripe account in tests, so there is no webhook at all.
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    Ok(())
}
