//! What pages share that a mailed link opens: they show what the link is for, with a form, or what to do when it is spent.
//! Opening one changes nothing, because mail scanners open links before people do.

use backend::cx::Cx;
use backend::db::{DbError, Tx, TxFuture};
use leptos::prelude::*;

use super::{NoPage, Page};
use crate::components::PageHead;
use crate::request::Visit;

/// The secret in the page's address, and what `find` says of it.
pub(super) async fn read<T, F>(visit: &Visit, find: F) -> Result<(String, T), NoPage>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx, &'t Cx, &'t str) -> TxFuture<'t, T, DbError> + Send + 'static,
{
    let token = visit.query("token").unwrap_or_default();
    let (cx, secret) = (visit.viewer_cx(), token.clone());
    let found = visit.state.db.read(move |tx| Box::pin(async move { find(tx, &cx, &secret).await })).await?;
    Ok((token, found))
}

/// The page of a link.
pub(super) fn page(title: impl Into<String>, lead: impl Into<String>, content: impl IntoAny) -> Page {
    let (title, lead, content) = (title.into(), lead.into(), content.into_any());
    let body = view! {
        <div class="column">
            <PageHead title=title.clone() lead />
            {content}
        </div>
    };
    Page::new(title, body)
}

/// The same where there is nothing but one way on, as where the link is spent.
pub(super) fn one_way(title: &'static str, lead: &'static str, way: impl IntoAny) -> Page {
    let way = way.into_any();
    page(title, lead, view! { <div class="acts">{way}</div> })
}
