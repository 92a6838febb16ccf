//! The part of the account's pages on which a person sees that its second factor is to be reset, and refuses that.

use backend::accounts::factor_resets::find_waiting_reset;
use backend::text::en::factor_resets as text;
use leptos::prelude::*;

use super::NoPage;
use crate::components::{Notice, PostButton, Tone};
use crate::request::Visit;

/// The notice, while a reset waits.
pub(super) async fn notice(visit: &Visit) -> Result<Option<AnyView>, NoPage> {
    let Some(viewer) = visit.viewer.clone() else { return Ok(None) };
    let cx = visit.viewer_cx();
    let read =
        visit.state.db.read(|tx| Box::pin(async move { find_waiting_reset(tx, &cx, &viewer.user.id).await })).await?;
    let notice = read.map(|reset| {
        let refuse = || view! { <PostButton action="/act/keep-second-factor" label=text::REFUSE /> };
        view! {
            <Notice tone=Tone::Warn title=text::TO_BE_RESET text=text::to_be_reset(&reset) action=refuse />
        }
        .into_any()
    });
    Ok(notice)
}
