//! The way up.

use leptos::prelude::*;

/// One page on the way to this one; the last has no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// Name of the page.
    pub label: String,
    /// Its address, or `None` for the page itself.
    pub href: Option<String>,
}

impl Crumb {
    /// A page above this one.
    #[must_use]
    pub fn to(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: Some(href.into()) }
    }

    /// This page.
    #[must_use]
    pub fn here(label: impl Into<String>) -> Self {
        Self { label: label.into(), href: None }
    }
}

/// The pages above this one, outermost first.
#[component]
pub fn Breadcrumb(
    /// Accessible name: "You are here".
    #[prop(into)]
    label: String,
    /// The way, ending with [`Crumb::here`].
    crumbs: Vec<Crumb>,
) -> impl IntoView {
    let crumbs = crumbs
        .into_iter()
        .map(|crumb| match crumb.href {
            Some(href) => view! { <li><a href=href>{crumb.label}</a></li> }.into_any(),
            None => view! { <li aria-current="page">{crumb.label}</li> }.into_any(),
        })
        .collect_view();
    view! {
        <nav aria-label=label>
            <ol class="crumbs">{crumbs}</ol>
        </nav>
    }
}
