//! Which files there are.

use super::{TakenFile, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, DocumentId, UserId};
use crate::invoices::list_document_ids;
use crate::partners;

/// What is kept about an account, and its documents.
pub(super) async fn of_account(
    tx: &mut Tx,
    cx: &Cx,
    id: &AccountId,
) -> Result<(Vec<TakenFile>, Vec<DocumentId>), DbError> {
    let vendor_id = &cx.vendor_id;
    let mut files = vec![
        TakenFile::of("account.json", &store::find_account(tx, vendor_id, id).await?),
        TakenFile::of("members.json", &store::list_members(tx, vendor_id, id).await?),
        TakenFile::of("invitations.json", &store::list_invitations(tx, vendor_id, id).await?),
        TakenFile::of("licenses.json", &store::list_licenses(tx, vendor_id, id).await?),
        TakenFile::of("instances.json", &store::list_instances(tx, vendor_id, id).await?),
        TakenFile::of("orders.json", &store::list_orders(tx, vendor_id, id).await?),
        TakenFile::of("subscriptions.json", &store::list_subscriptions(tx, vendor_id, id).await?),
        TakenFile::of("invoices.json", &store::list_invoices(tx, vendor_id, id).await?),
        TakenFile::of("messages.json", &store::list_messages(tx, vendor_id, id).await?),
        TakenFile::of("feedback.json", &store::list_feedback(tx, vendor_id, id, cx.actor.person()).await?),
    ];
    // Who was a partner once keeps what it has sold and earned.
    if partners::find_partner(tx, vendor_id, id).await?.is_some() {
        files.extend([
            TakenFile::of("vouchers.json", &store::list_vouchers(tx, vendor_id, id).await?),
            TakenFile::of("commissions.json", &store::list_commissions(tx, vendor_id, id).await?),
            TakenFile::of("payouts.json", &store::list_payouts(tx, vendor_id, id).await?),
        ]);
    }
    Ok((files, list_document_ids(tx, vendor_id, id).await?))
}

/// What is kept about a person.
pub(super) async fn of_person(tx: &mut Tx, cx: &Cx, id: &UserId) -> Result<Vec<TakenFile>, DbError> {
    let vendor_id = &cx.vendor_id;
    Ok(vec![
        TakenFile::of("person.json", &store::find_person(tx, vendor_id, id).await?),
        TakenFile::of("accounts.json", &store::list_own_accounts(tx, vendor_id, id).await?),
        TakenFile::of("browsers.json", &store::list_own_browsers(tx, vendor_id, id).await?),
        TakenFile::of("messages.json", &store::list_own_messages(tx, vendor_id, id).await?),
        TakenFile::of("feedback.json", &store::list_own_feedback(tx, vendor_id, id).await?),
        TakenFile::of("acts.json", &store::list_own_acts(tx, vendor_id, id).await?),
    ])
}
