//! Every address that the router answers, from the three places that make them.

use app::routes::App;
use axum::http::Method;
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;

use crate::router::handlers;

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A form of the portal.
    Form,
    /// A page, or something to download.
    Page,
    /// The API of instances, webhooks, keys: cookies mean nothing there.
    Machine,
}

/// A method and a path; the path with its parameters in braces.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) kind: Kind,
}

impl Address {
    /// How the matrix names it.
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// All of them, sorted by name.
pub(super) fn addresses() -> Vec<Address> {
    let functions = server_fn_paths().map(|(path, method)| {
        let kind = if path.starts_with("/act/") { Kind::Form } else { Kind::Machine };
        Address { method, path: path.to_owned(), kind }
    });
    let pages = generate_route_list(App);
    let pages =
        pages.iter().map(|page| Address { method: Method::GET, path: page.path().to_owned(), kind: Kind::Page });
    let handlers = handlers().into_iter().map(|(method, path, for_machines)| {
        let kind = if for_machines { Kind::Machine } else { Kind::Page };
        Address { method, path: path.to_owned(), kind }
    });
    let mut all: Vec<_> = functions.chain(pages).chain(handlers).collect();
    all.sort_by_key(Address::key);
    all
}
