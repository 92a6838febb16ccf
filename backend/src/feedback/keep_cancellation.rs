//! What somebody said when cancelling.

use super::{Feedback, Occasion, store};
use crate::accounts;
use crate::billing::CancelReason;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId};
use crate::keys::MasterKey;
use crate::messages::{self, person};
use crate::text::en::feedback as text;

/// Keeps why a license's subscription was cancelled, where something was said. Where contact is allowed and something was
/// written, a conversation about the license begins with it.
pub(crate) async fn keep_cancellation(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    license_id: &LicenseId,
    why: &CancelReason,
) -> Result<(), DbError> {
    if why.code.is_empty() && why.comment.is_empty() {
        return Ok(());
    }
    let author = match person(cx) {
        Some(id) => accounts::find_user(tx, &cx.vendor_id, id).await?,
        None => None,
    };
    // The operator and jobs have nothing to say.
    let Some(author) = author else { return Ok(()) };
    let kept = Feedback {
        id: cx.id(),
        account_id: account_id.clone(),
        user_id: author.id.clone(),
        occasion: Occasion::Cancel,
        license_id: Some(license_id.clone()),
        score: None,
        reason: why.code.clone(),
        comment: why.comment.clone(),
        may_contact: why.may_contact,
        may_quote: false,
        conversation_id: None,
        given_at: cx.now,
    };
    store::insert_feedback(tx, &cx.vendor_id, &kept).await?;
    if !why.may_contact || why.comment.is_empty() {
        return Ok(());
    }
    let about = messages::find_about(tx, &cx.vendor_id, account_id, license_id.as_str()).await?;
    let Some(about) = about else { return Ok(()) };
    let words = (text::CANCELLED_SUBJECT, why.comment.as_str());
    let id = messages::open_for(tx, cx, master, account_id, &author, &about, words).await?;
    store::set_conversation(tx, &cx.vendor_id, &kept.id, &id).await
}
