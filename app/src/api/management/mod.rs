//! The management API, under `/api/manage/v1`: what programs with an API token do in place of people.
//!
//! The shapes that travel are in [`wire`], [`wire_events`] and [`wire_orders`], the endpoints with their scopes in
//! [`endpoints`], from which the OpenAPI document ([`document()`]) and the page `/docs/api` are made. The handlers are the
//! server's (`http::manage`), because paths with parameters are none of server functions; they call the same use cases as
//! the portal.

mod document;
pub mod endpoints;
mod examples;
pub mod wire;
pub mod wire_events;
pub mod wire_orders;

pub use document::document;
