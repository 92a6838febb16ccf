//! The partner's own note on a voucher: for whom it is, for example.

use serde_json::json;

use super::look_at_batches::find_batch_voucher;
use super::{rules, store};
use crate::accounts::{Act, may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::VoucherId;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteSet {
    /// It is kept.
    Done,
    /// It was so before.
    Unchanged,
    /// It has more than so many characters.
    TooLong(usize),
    /// There is no such voucher of an account for which whoever acts may buy.
    NotAllowed,
}

/// Notes something on a voucher, for whoever may buy for the partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn note_voucher(tx: &mut Tx, cx: &Cx, id: &VoucherId, typed: &str) -> Result<NoteSet, DbError> {
    let Some((batch, listed)) = find_batch_voucher(tx, cx, id).await? else { return Ok(NoteSet::NotAllowed) };
    if !may_act(tx, cx, &batch.partner_id, Act::Buy).await? {
        return Ok(NoteSet::NotAllowed);
    }
    let note = match rules::check_note(typed) {
        Ok(note) => note,
        Err(max) => return Ok(NoteSet::TooLong(max)),
    };
    let before = listed.voucher.note;
    if before == note {
        return Ok(NoteSet::Unchanged);
    }
    store::set_note(tx, &cx.vendor_id, id, &note).await?;
    let (before, after) = (json!({ "note": before }), json!({ "note": note }));
    audit::record(tx, cx, Some(&batch.partner_id), "voucher.note", id.as_str(), Some(&before), Some(&after)).await?;
    Ok(NoteSet::Done)
}
