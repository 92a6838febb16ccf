//! `GET /orders/{order_id}/state`: one word that says where an order is, for the page that waits for it.

use app::pages;
use app::request::Visit;
use axum::extract::{Extension, Path};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use backend::ids::OrderId;

/// `pending`, `ready` or `closed`; nothing for an order of somebody else's.
pub(crate) async fn tell(Extension(visit): Extension<Visit>, Path(order_id): Path<String>) -> Response {
    let answer = match pages::order::state(&visit, &OrderId::from_untrusted(&order_id)).await {
        Ok(Some(state)) => (StatusCode::OK, state),
        Ok(None) => (StatusCode::NOT_FOUND, "no such order"),
        Err(error) => {
            tracing::error!(request_id = visit.request_id, %error, "an order's state could not be told");
            (StatusCode::SERVICE_UNAVAILABLE, "try again")
        }
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
