//! Status and commands over HTTP, for scripts and browser tests: only on the loopback, and without any protection.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::product::Product;

#[derive(Deserialize)]
struct Devices {
    count: u32,
}

type Answer = (StatusCode, Json<Value>);

/// Serves `GET /status`, `POST /devices {"count": N}`, `POST /check` and `POST /release`.
pub(super) async fn listen(address: SocketAddr, product: Arc<Product>) -> anyhow::Result<()> {
    anyhow::ensure!(address.ip().is_loopback(), "--control takes a loopback address only");
    let router = Router::new()
        .route("/status", get(async |State(product): State<Arc<Product>>| Json(product.describe_json())))
        .route("/devices", post(add))
        .route("/check", post(check))
        .route("/release", post(release))
        .with_state(product);
    let listener = tokio::net::TcpListener::bind(address).await.context("--control")?;
    println!("control: http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

async fn add(State(product): State<Arc<Product>>, Json(devices): Json<Devices>) -> Answer {
    let result = product.add(devices.count);
    answer(&product, result)
}

async fn check(State(product): State<Arc<Product>>) -> Answer {
    let result = product.check().await;
    answer(&product, result)
}

async fn release(State(product): State<Arc<Product>>) -> Answer {
    let result = product.release().await;
    answer(&product, result)
}

/// 200 when it was done, 409 when it was refused; both with the sentence and the status.
fn answer(product: &Product, result: Result<String, String>) -> Answer {
    let (status, message) = match result {
        Ok(message) => (StatusCode::OK, message),
        Err(message) => (StatusCode::CONFLICT, message),
    };
    (status, Json(json!({"message": message, "status": product.describe_json()})))
}
