//! What is erased of an account that closes, table by table.

use crate::accounts::Account;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute};
use crate::ids::{AccountId, VendorId};
use crate::text::en::deletion as words;

/// Ends all memberships.
pub(super) async fn delete_memberships(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<(), DbError> {
    execute!(tx, "DELETE FROM memberships WHERE vendor_id = $1 AND account_id = $2", vendor_id, id)?;
    Ok(())
}

/// Erases what is kept about an account and need not be; it is closed from then on.
pub(super) async fn erase(tx: &mut Tx, cx: &Cx, account: &Account) -> Result<(), DbError> {
    erase_account(tx, cx, &account.id).await?;
    erase_access(tx, cx, &account.id).await?;
    erase_licenses(tx, &cx.vendor_id, &account.id).await?;
    erase_relations(tx, &cx.vendor_id, &account.id).await?;
    erase_vouchers(tx, &cx.vendor_id, &account.id).await?;
    erase_words(tx, &cx.vendor_id, &account.id).await?;
    forget_events_of_closed(tx, &cx.vendor_id).await
}

async fn erase_account(tx: &mut Tx, cx: &Cx, id: &AccountId) -> Result<(), DbError> {
    // The country stays: it is about nobody, and the books are told apart by it.
    execute!(
        tx,
        "UPDATE accounts SET company = $3, address = '{}', vat_id = NULL, stripe_vat_id = NULL, vat_id_state = 'unchecked',
                             billing_email = '', purchase_order = '', closed_at = $4
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        words::CLOSED_ACCOUNT,
        cx.now
    )?;
    Ok(())
}

/// Invitations, API tokens, and whoever acts for it.
async fn erase_access(tx: &mut Tx, cx: &Cx, id: &AccountId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invitations SET withdrawn_at = $3
         WHERE vendor_id = $1 AND account_id = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    execute!(
        tx,
        "UPDATE invitations SET email = '', email_key = '' WHERE vendor_id = $1 AND account_id = $2",
        &cx.vendor_id,
        id
    )?;
    execute!(
        tx,
        "UPDATE api_tokens SET revoked_at = COALESCE(revoked_at, $3), name = '', last_used_address = NULL
         WHERE vendor_id = $1 AND account_id = $2",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    execute!(
        tx,
        "UPDATE actings SET ended_at = $3
         WHERE vendor_id = $1 AND account_id = $2 AND ended_at IS NULL AND ends_at > $3",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    execute!(tx, "UPDATE actings SET reason = '' WHERE vendor_id = $1 AND account_id = $2", &cx.vendor_id, id)?;
    Ok(())
}

/// Licenses keep what they were for and until when; names, machines and what happened go.
async fn erase_licenses(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE licenses SET name = '', issued_reason = CASE WHEN issued_reason IS NULL THEN NULL ELSE '' END
         WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        id
    )?;
    // Its own id is the one identity that no other instance has.
    execute!(
        tx,
        "UPDATE instances SET name = '', identity = id, device = '', contests = '[]', conflict = NULL
         WHERE vendor_id = $1 AND license_id IN (SELECT l.id FROM licenses l WHERE l.vendor_id = $1 AND l.account_id = $2)",
        vendor_id,
        id
    )?;
    execute!(
        tx,
        "DELETE FROM events
         WHERE vendor_id = $1
           AND (account_id = $2 OR account_id IS NULL AND license_id IN
                (SELECT l.id FROM licenses l WHERE l.vendor_id = $1 AND l.account_id = $2))",
        vendor_id,
        id
    )?;
    execute!(tx, "DELETE FROM claims WHERE vendor_id = $1 AND account_id = $2", vendor_id, id)?;
    execute!(
        tx,
        "UPDATE subscriptions SET cancel_comment = NULL, card = NULL, card_ends_at = NULL
         WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        id
    )?;
    execute!(
        tx,
        "UPDATE orders SET session_hash = NULL, checkout_url = NULL WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        id
    )?;
    Ok(())
}

/// Addresses at which others were asked, and what a partner called it.
async fn erase_relations(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE handovers SET to_email = '', to_email_key = ''
         WHERE vendor_id = $1 AND (from_account_id = $2 OR to_account_id = $2)",
        vendor_id,
        id
    )?;
    execute!(
        tx,
        "UPDATE client_relations SET company = $3, email = '', email_key = ''
         WHERE vendor_id = $1 AND (client_id = $2 OR partner_id = $2) AND status <> 'invited'",
        vendor_id,
        id,
        words::CLOSED_ACCOUNT
    )?;
    Ok(())
}

/// What it wrote on vouchers that it has sold. They stay good: they are paid, and others have their codes.
async fn erase_vouchers(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<(), DbError> {
    execute!(tx, "UPDATE vouchers SET note = '' WHERE vendor_id = $1 AND partner_id = $2", vendor_id, id)?;
    execute!(tx, "UPDATE vouchers SET session_hash = NULL WHERE vendor_id = $1 AND account_id = $2", vendor_id, id)?;
    Ok(())
}

/// What was written, by both sides: answers repeat what was asked.
async fn erase_words(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE messages SET text = $3
         WHERE vendor_id = $1
           AND conversation_id IN (SELECT c.id FROM conversations c WHERE c.vendor_id = $1 AND c.account_id = $2)",
        vendor_id,
        id,
        words::ERASED
    )?;
    execute!(
        tx,
        "UPDATE conversations SET subject = $3, status = 'closed' WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        id,
        words::ERASED
    )?;
    execute!(
        tx,
        "UPDATE feedback SET comment = '', may_contact = FALSE, may_quote = FALSE
         WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        id
    )?;
    Ok(())
}

/// Empties what Stripe has told about accounts that are closed, of what is handled: events of their last moments arrive
/// after they are closed, with names and addresses in them.
pub(super) async fn forget_events_of_closed(tx: &mut Tx, vendor_id: &VendorId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE stripe_events SET raw = '{}'
         WHERE vendor_id = $1 AND raw <> '{}' AND status IN ('projected', 'ignored')
           AND customer_id IN (SELECT a.stripe_customer_id FROM accounts a
                               WHERE a.vendor_id = $1 AND a.closed_at IS NOT NULL AND a.stripe_customer_id IS NOT NULL)",
        vendor_id
    )?;
    Ok(())
}
