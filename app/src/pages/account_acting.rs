//! The part of the account page on which an owner sees that the vendor's support acts in the account, and ends it.

use backend::acting::{Acting, list_live_for_account};
use backend::text::en::acting as text;
use leptos::prelude::*;

use super::NoPage;
use crate::components::{Notice, PostButton, Tone};
use crate::request::Visit;

/// A notice for each, for owners; the vendor has many people.
pub(super) async fn notices(visit: &Visit) -> Result<Option<AnyView>, NoPage> {
    let Some((account, _)) = visit.account() else { return Ok(None) };
    let cx = visit.viewer_cx();
    let live =
        visit.state.db.read(|tx| Box::pin(async move { list_live_for_account(tx, &cx, &account.id).await })).await?;
    let notice = |acting: &Acting| {
        let hidden = vec![("acting_id".to_owned(), acting.id.to_string())];
        let end = move || {
            view! { <PostButton action="/act/withdraw-acting" label=text::WITHDRAW hidden=hidden.clone() /> }
        };
        view! {
            <Notice tone=Tone::Warn title=text::WITHDRAW_TITLE text=text::withdraw_text(acting) action=end />
        }
    };
    Ok((!live.is_empty()).then(|| live.iter().map(notice).collect_view().into_any()))
}
