//! The licensing API described: one table of endpoints, from which the OpenAPI document and the page `/docs/api` are
//! made. Shapes come from the types in `sdk::wire` that serve, statuses, titles and remedies from `sdk::error`, and
//! sentences from `backend::text`.

mod document;
mod endpoints;
mod examples;

pub use document::document;
pub(in crate::api) use document::{generator, open, refusals, request_id, say_plainly};
pub use endpoints::{Answer, ENDPOINTS, Endpoint, Method};
