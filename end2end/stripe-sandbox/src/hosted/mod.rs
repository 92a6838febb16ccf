//! The pages that Stripe hosts for buyers: Checkout, 3-D Secure, invoice, transfer instructions. Plain HTML forms.

mod authenticate;
mod checkout;
mod countries;
mod invoice;
pub(crate) mod page;
mod transfer;

use std::sync::Arc;

use axum::{Router, http::header, response::IntoResponse, routing::get};

use crate::Sandbox;

/// Routes of the hosted pages.
pub(crate) fn router() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/c/pay/{id}", get(checkout::show).post(checkout::submit))
        .route("/c/pay/{id}/authenticate", get(authenticate::show_session).post(authenticate::submit_session))
        .route("/c/authenticate/{intent}", get(authenticate::show_intent).post(authenticate::submit_intent))
        .route("/c/transfer/{intent}", get(transfer::show).post(transfer::send))
        .route("/i/{id}", get(invoice::show).post(invoice::submit))
        .route("/sandbox.css", get(stylesheet))
        .route("/favicon.ico", get(|| async { axum::http::StatusCode::NO_CONTENT }))
}

async fn stylesheet() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=60")],
        include_str!("sandbox.css"),
    )
}
