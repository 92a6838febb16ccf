//! The way to the vendor at the end of every page leads to a form, whatever the page's address names.

use axum::body::Body;
use axum::http::{Method, StatusCode};

use super::TestApp;

#[tokio::test]
async fn contact_leads_to_a_form_from_every_page() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (own, _) = app.license("startup", 2).await?;
    let (foreign, _) = app.license("maker", 2).await?;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
    ];
    let form = "email=startup%40example.com&password=correct+horse+battery";
    let cookie = app.send(Method::POST, "/act/log-in", &headers, form).await.session_cookie().expect("a session");
    for (path, is_about) in [
        (format!("/licenses/{own}"), true),
        (format!("/licenses/{foreign}"), false),
        (format!("/partner/clients/rln_1/licenses/{foreign}"), false),
        (format!("/licenses/{own}/instances/ins_gone"), false),
        ("/orders/ord_never".to_owned(), false),
    ] {
        let page = app.send(Method::GET, &path, &[("cookie", cookie.as_str())], Body::empty()).await;
        let (_, rest) = page.body.split_once("href=\"/messages/new?about=").expect("the way to the vendor");
        let (about, _) = rest.split_once('"').expect("an address");
        let address = format!("/messages/new?about={about}");
        let answer = app.send(Method::GET, &address, &[("cookie", cookie.as_str())], Body::empty()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {address}");
        assert!(answer.body.contains("/act/open-conversation"), "{path}: {address}");
        // The form sends on what was found, and nothing that would be refused.
        assert_eq!(answer.body.contains(&format!("value=\"{own}\"")), is_about, "{path}: {address}");
    }
    Ok(())
}

#[tokio::test]
async fn a_message_that_was_written_for_another_account_comes_back_with_all_of_its_text() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    app.license("startup", 2).await?;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "text/html"),
        ("sec-fetch-site", "same-origin"),
    ];
    let form = "email=startup%40example.com&password=correct+horse+battery";
    let cookie = app.send(Method::POST, "/act/log-in", &headers, form).await.session_cookie().expect("a session");
    let headers = [headers[0], headers[1], headers[2], ("cookie", cookie.as_str())];
    // Another account was chosen in another window since the page was opened.
    let form = "about=&for_account=acc_other&subject=Seats%3F&text=How+many+of+them%3F";
    let sent = app.send(Method::POST, "/act/open-conversation", &headers, form).await;
    assert_eq!(sent.header("location"), "/messages/new");
    let page = app.send(Method::GET, "/messages/new", &[("cookie", cookie.as_str())], Body::empty()).await;
    assert!(page.body.contains("you act for another account now"), "{}", page.body);
    assert!(page.body.contains("How many of them?") && page.body.contains("Seats?"), "{}", page.body);
    let list = app.send(Method::GET, "/messages", &[("cookie", cookie.as_str())], Body::empty()).await;
    assert!(!list.body.contains("Seats?"), "nothing was sent");
    Ok(())
}
