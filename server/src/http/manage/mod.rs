//! The management API: what programs with an API token ask for, by the same use cases as the portal.
//!
//! A handler opens its [`Call`] with the endpoint that it answers; whether the token is live and has the endpoint's
//! scope is asked in the transaction of the handler's own work. Shapes are in `app::api::management::wire`.

mod call;
mod events;
mod instances;
mod invoices;
mod licenses;
mod orders;
mod query;
mod refused;
mod releases;

use app::api::management::endpoints::{self, Endpoint, Verb};
use app::state::AppState;
use axum::http::Method;
use axum::routing::{MethodRouter, get, patch, post};
use sdk::error::Code;

pub(crate) use refused::Refused;

use crate::router::Handler;

/// Every endpoint, with what answers it.
pub(crate) fn for_programs() -> [Handler; 22] {
    [
        at(&endpoints::LIST_LICENSES, get(licenses::list)),
        at(&endpoints::SHOW_LICENSE, get(licenses::show)),
        at(&endpoints::RENAME_LICENSE, patch(licenses::rename)),
        at(&endpoints::SHOW_USAGE, get(licenses::usage)),
        at(&endpoints::LIST_INSTANCES_OF_LICENSE, get(instances::list_of_license)),
        at(&endpoints::LIST_INSTANCES, get(instances::list)),
        at(&endpoints::SHOW_INSTANCE, get(instances::show)),
        at(&endpoints::FREE_SEAT, post(instances::free)),
        at(&endpoints::BLOCK_INSTANCE, post(instances::block)),
        at(&endpoints::UNBLOCK_INSTANCE, post(instances::unblock)),
        at(&endpoints::LIST_EVENTS, get(events::list)),
        at(&endpoints::LIST_INVOICES, get(invoices::list)),
        at(&endpoints::SHOW_INVOICE, get(invoices::show)),
        at(&endpoints::DOWNLOAD_INVOICE, get(invoices::download)),
        at(&endpoints::LIST_ORDERS, get(orders::list)),
        at(&endpoints::SHOW_ORDER, get(orders::show)),
        at(&endpoints::PLACE_ORDER, post(orders::place)),
        at(&endpoints::CANCEL_ORDER, post(orders::cancel)),
        at(&endpoints::LIST_CLIENTS, get(orders::clients)),
        at(&endpoints::LIST_PRODUCTS, get(releases::list_products)),
        at(&endpoints::LIST_RELEASES, get(releases::list)),
        at(&endpoints::PUBLISH_RELEASE, post(releases::publish)),
    ]
}

fn at(endpoint: &'static Endpoint, handler: MethodRouter<AppState>) -> Handler {
    let method = match endpoint.verb {
        Verb::Get => Method::GET,
        Verb::Patch => Method::PATCH,
        Verb::Post => Method::POST,
    };
    (method, endpoint.path, handler)
}

/// Whatever else is asked for below the API's prefix.
pub(crate) async fn nothing_here() -> Refused {
    Refused::of(Code::NotFound)
}
