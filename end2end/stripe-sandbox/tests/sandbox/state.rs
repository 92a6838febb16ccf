//! A state file: what a sandbox remembers survives its restart.

use serde_json::Value;
use stripe_sandbox::{Config, start};

async fn call(url: &str, path: &str, form: &[(&str, &str)]) -> Value {
    let http = crate::plain_http();
    let request = http.post(format!("{url}/v1/{path}")).bearer_auth("sk_test_state").header("idempotency-key", path);
    request.form(form).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_restarted_sandbox_knows_its_objects_numbers_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    std::fs::write(&clock, "2027-01-31T12:00:00Z").unwrap();
    let config = Config {
        state: Some(folder.path().join("deeper/state.json")),
        clock: Some(clock.clone()),
        // Nobody listens there: the deliveries stay under way.
        webhook: Some(("http://127.0.0.1:9/hook".to_owned(), "whsec_state".to_owned())),
        ..Config::default()
    };
    let first = start(config.clone()).await.unwrap();
    let customer = call(&first.url, "customers", &[("name", "Αθήνα")]).await;
    let id = customer["id"].as_str().unwrap();
    let item = [("customer", id), ("amount", "700"), ("currency", "usd")];
    call(&first.url, "invoiceitems", &item).await;
    let invoice = call(
        &first.url,
        "invoices",
        &[("customer", id), ("pending_invoice_items_behavior", "include"), ("auto_advance", "true")],
    )
    .await;
    first.shutdown().await;

    std::fs::write(&clock, "2027-01-31T14:00:00Z").unwrap();
    let second = start(config.clone()).await.unwrap();
    let again = call(&second.url, "customers", &[("name", "Αθήνα")]).await;
    assert_eq!(again, customer, "the same key finds the first answer");
    let get = async |url: &str, path: &str| -> Value {
        let request = crate::plain_http().get(format!("{url}/{path}")).bearer_auth("sk_test_state");
        request.send().await.unwrap().json().await.unwrap()
    };
    let path = format!("v1/invoices/{}", invoice["id"].as_str().unwrap());
    let open = get(&second.url, &path).await;
    assert_eq!(
        (open["status"].as_str(), open["number"].as_str()),
        (Some("open"), Some("LHDEMO-0001")),
        "an hour has passed"
    );
    let state = get(&second.url, "_sandbox/state").await;
    assert_eq!(state["objects"]["webhook_endpoint"].as_array().unwrap().len(), 1, "the endpoint is the same one");
    let told = state["deliveries"].as_array().unwrap().iter().any(|delivery| delivery["type"] == "customer.created");
    assert!(told, "what was under way still is");
    second.shutdown().await;

    std::fs::write(config.state.as_ref().unwrap(), "nonsense").unwrap();
    assert!(start(config).await.is_err(), "a file that is no state is not overwritten");
}
