//! What people see.
//!
//! This crate is compiled twice, and the split decides where code goes:
//!
//! | feature | target | what is compiled |
//! |---|---|---|
//! | `ssr` | the server | everything: `pages`, [`components`], [`layout`], [`shell`] and the [`islands`] as HTML |
//! | `hydrate` | the browser (WASM) | [`islands`] only |
//!
//! A page is HTML and works without a script: links, GET forms for filters and prices, POST forms followed by a
//! redirect. An *island* makes one place of it livelier (a total that follows the number typed, a copy button) and gets
//! every sentence and number as a prop, so that no text, no business rule and no database code is shipped to browsers.
//!
//! * A new part of a page belongs in `components`: data in, markup out, sentences as props.
//! * A new widget belongs in `islands`, and renders on the server what a person without scripts can use.
//! * Colours, sizes and spaces live in `style/tokens.css`; `cargo run -p app --example gallery -- FILE` shows all parts.

// Views are typed to the leaf; the deepest pages nest further than the default limit.
#![recursion_limit = "512"]

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod components;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod layout;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod proxies;
#[cfg(feature = "ssr")]
pub mod request;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod state;

/// The entry point of the browser build: prepares the reactive runtime, after which the loader calls one generated
/// function per island it finds on the page.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
