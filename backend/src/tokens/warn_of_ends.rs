//! Announcing the end of tokens a week before.

use super::{recipients, rules, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::text::en::token_mail as letters;

/// Queues a mail for each token of the acting vendor that ends within a week, once; up to `limit` of them. Answers how
/// many tokens were looked at.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn warn_of_ends(tx: &mut Tx, cx: &Cx, master: &MasterKey, limit: i64) -> Result<usize, DbError> {
    let until = cx.now.plus(rules::WARN_MS);
    let ending = store::list_ending(tx, &cx.vendor_id, cx.now, until, limit).await?;
    for token in &ending {
        // Of two rounds at once one notes it, and only that one tells.
        if store::set_warned(tx, cx, &token.id).await? {
            recipients::tell(tx, cx, master, token, |sender, page| letters::token_ends(sender, token, page)).await?;
        }
    }
    Ok(ending.len())
}
