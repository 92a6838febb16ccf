//! Every endpoint: address, scope, shapes, what it refuses with.

use backend::licenses::search::{LastContact, LicenseOrder, ListedStatus};
use backend::orders::OrderStatus;
use backend::tokens::{Holder, Scope};
use schemars::{Schema, SchemaGenerator};
use sdk::error::Code;
use serde_json::{Value, json};

use super::examples;
use super::wire::{
    InstanceActResponse, InstanceResponse, InvoiceResponse, LicenseResponse, Page, ProductResponse,
    PublishReleaseRequest, PublishedResponse, ReleaseResponse, RenameLicenseRequest, UsageResponse,
};
use super::wire_events::EventResponse;
use super::wire_orders::{
    CancelledOrderResponse, ClientResponse, OrderResponse, PlaceOrderRequest, PlacedOrderResponse,
};

/// Most rows of a page.
pub const MOST_ROWS: i64 = 100;
/// Rows of a page where nothing is said.
pub const ROWS: i64 = 20;
/// Most characters of what is looked for, and of a cursor.
pub const MOST_CHARS: usize = 200;

/// The header by which a program knows a request when it sends it again.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// How an endpoint is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Changes nothing.
    Get,
    /// Changes members of what is named.
    Patch,
    /// Does something.
    Post,
}

impl Verb {
    /// As it stands in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
        }
    }
}

/// Makes a type's schema, and leaves those that it refers to in the generator.
pub(super) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What a success carries.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// JSON of this type, and an example.
    Json(MakeSchema, fn() -> Value),
    /// A PDF.
    Pdf,
}

/// A value in the query, beside those in the path.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    pub(super) schema: fn() -> Value,
}

/// One endpoint.
pub struct Endpoint {
    /// Its operation id in the OpenAPI document.
    pub id: &'static str,
    /// How it is called.
    pub verb: Verb,
    /// Its address, with parameters in braces.
    pub path: &'static str,
    /// What a token needs for it.
    pub scope: Scope,
    /// What may stand in the query.
    pub query: &'static [Parameter],
    pub(super) request: Option<(MakeSchema, fn() -> Value)>,
    pub(super) answer: Answer,
    own_codes: &'static [Code],
}

/// What every call can be refused with.
const ANY: [Code; 5] =
    [Code::InvalidToken, Code::InsufficientScope, Code::RateLimited, Code::ServerError, Code::NotReady];
/// What every call with a body can be refused with.
const ANY_BODY: [Code; 3] = [Code::InvalidRequest, Code::PayloadTooLarge, Code::UnsupportedMediaType];

impl Endpoint {
    /// What it can be refused with, in the order of the table.
    #[must_use]
    pub fn codes(&self) -> Vec<Code> {
        let has = |code: &Code| {
            let by_path = self.path.contains('{') && *code == Code::NotFound;
            let by_query = !self.query.is_empty() && *code == Code::InvalidRequest;
            let by_body = self.request.is_some() && ANY_BODY.contains(code);
            ANY.contains(code) || by_path || by_query || by_body || self.own_codes.contains(code)
        };
        Code::ALL.iter().copied().filter(has).collect()
    }

    /// The names of the parameters of the path, in order.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Whether it needs a key, because the same request sent twice would otherwise be done twice: what is ordered is paid.
    #[must_use]
    pub fn needs_key(&self) -> bool {
        self.scope == Scope::OrdersWrite && self.request.is_some()
    }

    /// Whether only tokens of the vendor's can have its scope.
    #[must_use]
    pub fn is_for_vendor(&self) -> bool {
        !backend::tokens::rules::ACCOUNT_SCOPES.contains(&self.scope)
    }

    /// Whether no token of the vendor's can have its scope.
    #[must_use]
    pub fn is_for_accounts(&self) -> bool {
        !Holder::Vendor.scopes().contains(&self.scope)
    }
}

const fn text(name: &'static str) -> Parameter {
    Parameter { name, schema: || json!({ "type": "string", "maxLength": MOST_CHARS }) }
}

const CURSOR: Parameter = text("cursor");
const LIMIT: Parameter = Parameter {
    name: "limit",
    schema: || json!({ "type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": ROWS }),
};
const STATUS: Parameter =
    Parameter { name: "status", schema: || json!({ "type": "string", "enum": ListedStatus::ALL }) };
const CONTACT: Parameter =
    Parameter { name: "contact", schema: || json!({ "type": "string", "enum": LastContact::ALL }) };
const ORDER_STATUS: Parameter =
    Parameter { name: "status", schema: || json!({ "type": "string", "enum": OrderStatus::ALL }) };
const TYPE: Parameter = Parameter {
    name: "type",
    schema: || json!({ "type": "string", "pattern": "^[a-z._]*$", "maxLength": MOST_CHARS }),
};
const SINCE: Parameter =
    Parameter { name: "since", schema: || json!({ "type": "string", "format": "date-time", "maxLength": MOST_CHARS }) };
/// From which end a list is read, the usual one first.
pub const ENDS: [&str; 2] = ["newest", "oldest"];
const FIRST: Parameter =
    Parameter { name: "first", schema: || json!({ "type": "string", "enum": ENDS, "default": ENDS[0] }) };
const ORDER: Parameter = Parameter { name: "order", schema: || json!({ "type": "string", "enum": LicenseOrder::ALL }) };

/// An account's licenses, or all of the vendor's.
pub static LIST_LICENSES: Endpoint = Endpoint {
    id: "list-licenses",
    verb: Verb::Get,
    path: "/api/manage/v1/licenses",
    scope: Scope::LicensesRead,
    query: &[text("find"), text("product"), STATUS, CONTACT, text("version"), ORDER, CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<LicenseResponse>>(), examples::licenses),
    own_codes: &[],
};

/// One license.
pub static SHOW_LICENSE: Endpoint = Endpoint {
    id: "show-license",
    verb: Verb::Get,
    path: "/api/manage/v1/licenses/{license_id}",
    scope: Scope::LicensesRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<LicenseResponse>(), examples::license),
    own_codes: &[],
};

/// Names a license.
pub static RENAME_LICENSE: Endpoint = Endpoint {
    id: "rename-license",
    verb: Verb::Patch,
    path: "/api/manage/v1/licenses/{license_id}",
    scope: Scope::LicensesWrite,
    query: &[],
    request: Some((|schemas| schemas.subschema_for::<RenameLicenseRequest>(), examples::rename)),
    answer: Answer::Json(|schemas| schemas.subschema_for::<LicenseResponse>(), examples::license),
    own_codes: &[],
};

/// A license's use.
pub static SHOW_USAGE: Endpoint = Endpoint {
    id: "show-usage",
    verb: Verb::Get,
    path: "/api/manage/v1/licenses/{license_id}/usage",
    scope: Scope::UsageRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<UsageResponse>(), examples::usage),
    own_codes: &[],
};

/// A license's instances.
pub static LIST_INSTANCES_OF_LICENSE: Endpoint = Endpoint {
    id: "list-instances-of-license",
    verb: Verb::Get,
    path: "/api/manage/v1/licenses/{license_id}/instances",
    scope: Scope::InstancesRead,
    query: &[text("find"), CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<InstanceResponse>>(), examples::instances),
    own_codes: &[],
};

/// All instances of an account, or of the vendor's customers.
pub static LIST_INSTANCES: Endpoint = Endpoint {
    id: "list-instances",
    verb: Verb::Get,
    path: "/api/manage/v1/instances",
    scope: Scope::InstancesRead,
    query: &[CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<InstanceResponse>>(), examples::instances),
    own_codes: &[],
};

/// One instance.
pub static SHOW_INSTANCE: Endpoint = Endpoint {
    id: "show-instance",
    verb: Verb::Get,
    path: "/api/manage/v1/licenses/{license_id}/instances/{instance_id}",
    scope: Scope::InstancesRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<InstanceResponse>(), examples::instance),
    own_codes: &[],
};

/// Frees the seat of an instance.
pub static FREE_SEAT: Endpoint = Endpoint {
    id: "free-seat",
    verb: Verb::Post,
    path: "/api/manage/v1/licenses/{license_id}/instances/{instance_id}/free",
    scope: Scope::InstancesWrite,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<InstanceActResponse>(), examples::acted),
    own_codes: &[],
};

/// Keeps an instance from running.
pub static BLOCK_INSTANCE: Endpoint = Endpoint {
    id: "block-instance",
    verb: Verb::Post,
    path: "/api/manage/v1/licenses/{license_id}/instances/{instance_id}/block",
    scope: Scope::InstancesWrite,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<InstanceActResponse>(), examples::acted),
    own_codes: &[],
};

/// Lets an instance run again.
pub static UNBLOCK_INSTANCE: Endpoint = Endpoint {
    id: "unblock-instance",
    verb: Verb::Post,
    path: "/api/manage/v1/licenses/{license_id}/instances/{instance_id}/unblock",
    scope: Scope::InstancesWrite,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<InstanceActResponse>(), examples::acted),
    own_codes: &[],
};

/// What happened to what is an account's, or to all that is the vendor's.
pub static LIST_EVENTS: Endpoint = Endpoint {
    id: "list-events",
    verb: Verb::Get,
    path: "/api/manage/v1/events",
    scope: Scope::EventsRead,
    query: &[TYPE, text("license"), SINCE, FIRST, CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<EventResponse>>(), examples::events),
    own_codes: &[],
};

/// An account's invoices, or all of the vendor's.
pub static LIST_INVOICES: Endpoint = Endpoint {
    id: "list-invoices",
    verb: Verb::Get,
    path: "/api/manage/v1/invoices",
    scope: Scope::InvoicesRead,
    query: &[CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<InvoiceResponse>>(), examples::invoices),
    own_codes: &[],
};

/// One invoice with its lines.
pub static SHOW_INVOICE: Endpoint = Endpoint {
    id: "show-invoice",
    verb: Verb::Get,
    path: "/api/manage/v1/invoices/{invoice_id}",
    scope: Scope::InvoicesRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<InvoiceResponse>(), examples::invoice),
    own_codes: &[],
};

/// The document of an invoice.
pub static DOWNLOAD_INVOICE: Endpoint = Endpoint {
    id: "download-invoice",
    verb: Verb::Get,
    path: "/api/manage/v1/invoices/{invoice_id}/pdf",
    scope: Scope::InvoicesRead,
    query: &[],
    request: None,
    answer: Answer::Pdf,
    own_codes: &[],
};

/// What an account pays, and what a partner has ordered for its clients.
pub static LIST_ORDERS: Endpoint = Endpoint {
    id: "list-orders",
    verb: Verb::Get,
    path: "/api/manage/v1/orders",
    scope: Scope::OrdersRead,
    query: &[ORDER_STATUS, text("client_id"), CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<OrderResponse>>(), examples::orders),
    own_codes: &[],
};

/// One order.
pub static SHOW_ORDER: Endpoint = Endpoint {
    id: "show-order",
    verb: Verb::Get,
    path: "/api/manage/v1/orders/{order_id}",
    scope: Scope::OrdersRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<OrderResponse>(), examples::order),
    own_codes: &[],
};

/// A partner orders for a client.
pub static PLACE_ORDER: Endpoint = Endpoint {
    id: "place-order",
    verb: Verb::Post,
    path: "/api/manage/v1/orders",
    scope: Scope::OrdersWrite,
    query: &[],
    request: Some((|schemas| schemas.subschema_for::<PlaceOrderRequest>(), examples::place)),
    answer: Answer::Json(|schemas| schemas.subschema_for::<PlacedOrderResponse>(), examples::placed),
    own_codes: &[Code::NotFound],
};

/// Gives an order up.
pub static CANCEL_ORDER: Endpoint = Endpoint {
    id: "cancel-order",
    verb: Verb::Post,
    path: "/api/manage/v1/orders/{order_id}/cancel",
    scope: Scope::OrdersWrite,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<CancelledOrderResponse>(), examples::cancelled),
    own_codes: &[],
};

/// A partner's clients.
pub static LIST_CLIENTS: Endpoint = Endpoint {
    id: "list-clients",
    verb: Verb::Get,
    path: "/api/manage/v1/clients",
    scope: Scope::OrdersRead,
    query: &[CURSOR, LIMIT],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<ClientResponse>>(), examples::clients),
    own_codes: &[Code::NotFound],
};

/// The vendor's products.
pub static LIST_PRODUCTS: Endpoint = Endpoint {
    id: "list-products",
    verb: Verb::Get,
    path: "/api/manage/v1/products",
    scope: Scope::CatalogRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<ProductResponse>>(), examples::products),
    own_codes: &[],
};

/// A product's releases.
pub static LIST_RELEASES: Endpoint = Endpoint {
    id: "list-releases",
    verb: Verb::Get,
    path: "/api/manage/v1/products/{product}/releases",
    scope: Scope::CatalogRead,
    query: &[],
    request: None,
    answer: Answer::Json(|schemas| schemas.subschema_for::<Page<ReleaseResponse>>(), examples::releases),
    own_codes: &[],
};

/// Publishes a release.
pub static PUBLISH_RELEASE: Endpoint = Endpoint {
    id: "publish-release",
    verb: Verb::Post,
    path: "/api/manage/v1/products/{product}/releases",
    scope: Scope::ReleasesWrite,
    query: &[],
    request: Some((|schemas| schemas.subschema_for::<PublishReleaseRequest>(), examples::publish)),
    answer: Answer::Json(|schemas| schemas.subschema_for::<PublishedResponse>(), examples::published),
    own_codes: &[Code::ReleaseConflict],
};

/// All endpoints, in the order of the documentation.
pub static ENDPOINTS: [&Endpoint; 22] = [
    &LIST_LICENSES,
    &SHOW_LICENSE,
    &RENAME_LICENSE,
    &SHOW_USAGE,
    &LIST_INSTANCES_OF_LICENSE,
    &LIST_INSTANCES,
    &SHOW_INSTANCE,
    &FREE_SEAT,
    &BLOCK_INSTANCE,
    &UNBLOCK_INSTANCE,
    &LIST_EVENTS,
    &LIST_INVOICES,
    &SHOW_INVOICE,
    &DOWNLOAD_INVOICE,
    &LIST_ORDERS,
    &SHOW_ORDER,
    &PLACE_ORDER,
    &CANCEL_ORDER,
    &LIST_CLIENTS,
    &LIST_PRODUCTS,
    &LIST_RELEASES,
    &PUBLISH_RELEASE,
];
