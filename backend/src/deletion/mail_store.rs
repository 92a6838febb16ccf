//! What is erased of mails that wait, and of the log of those that went. Addresses and names are typed by anybody, so
//! neither decides alone what is erased: a log that whoever goes could empty would be no log.

use crate::accounts::rules::email_key;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one};
use crate::ids::{AccountId, UserId, VendorId};
use crate::licenses::search::anywhere;
use crate::mail::SendMail;
use crate::text::en::deletion as words;

/// Whether nobody else is written to at an address than the person or the account of this id: it is nobody's sign-in, no
/// other account's invoices go there, and nothing waits there for an answer.
pub(super) async fn is_nobody_elses(tx: &mut Tx, vendor_id: &VendorId, id: &str, email: &str) -> Result<bool, DbError> {
    let (others,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT (SELECT COUNT(*) FROM users u WHERE u.vendor_id = $1 AND u.email_key = $2 AND u.id <> $3)
              + (SELECT COUNT(*) FROM accounts a
                 WHERE a.vendor_id = $1 AND lower(a.billing_email) = $2 AND a.id <> $3)
              + (SELECT COUNT(*) FROM invitations i
                 WHERE i.vendor_id = $1 AND i.email_key = $2 AND COALESCE(i.account_id, '') <> $3
                   AND i.accepted_at IS NULL AND i.withdrawn_at IS NULL)
              + (SELECT COUNT(*) FROM handovers h
                 WHERE h.vendor_id = $1 AND h.to_email_key = $2 AND h.from_account_id <> $3 AND h.status = 'asked')
              + (SELECT COUNT(*) FROM client_relations r
                 WHERE r.vendor_id = $1 AND r.email_key = $2 AND r.partner_id <> $3 AND r.status = 'invited')",
        vendor_id,
        email_key(email),
        id
    )?;
    Ok(others == 0)
}

/// The addresses that a person has asked to change from and to. Somebody else may have one of them by now.
pub(super) async fn list_former_addresses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &UserId,
) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String, String),
        "SELECT old_email, new_email FROM email_changes WHERE vendor_id = $1 AND user_id = $2 ORDER BY id",
        vendor_id,
        id
    )?;
    Ok(rows.into_iter().flat_map(|(old, new)| [old, new]).collect())
}

/// The addresses at which somebody was asked into an account.
pub(super) async fn list_asked_addresses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
) -> Result<Vec<String>, DbError> {
    let rows = fetch_all!(
        tx,
        (String,),
        "SELECT DISTINCT email FROM invitations WHERE vendor_id = $1 AND account_id = $2 ORDER BY email",
        vendor_id,
        id
    )?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

/// Deletes mails to an address that wait or were given up; where somebody is named, only those that it caused. To be called
/// before `mail::log::forget_recipient`, which forgets which they are.
pub(super) async fn forget_unsent(
    tx: &mut Tx,
    vendor_id: &VendorId,
    email: &str,
    caused_by: Option<&UserId>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "DELETE FROM jobs
         WHERE vendor_id = $1 AND kind = $3 AND status IN ('waiting', 'dead')
           AND id IN (SELECT m.id FROM mails m
                      WHERE m.vendor_id = $1 AND m.recipient_key = $2 AND ($4 = '' OR m.caused_by = $4))",
        vendor_id,
        email_key(email),
        SendMail::KIND,
        caused_by.map_or("", UserId::as_str)
    )?;
    Ok(())
}

/// Takes the name of a person out of the subjects of mails that it caused.
pub(super) async fn forget_name(tx: &mut Tx, vendor_id: &VendorId, id: &UserId, name: &str) -> Result<(), DbError> {
    if name.is_empty() {
        return Ok(());
    }
    execute!(
        tx,
        "UPDATE mails SET subject = $4 WHERE vendor_id = $1 AND caused_by = $2 AND subject LIKE $3 ESCAPE '!'",
        vendor_id,
        id,
        anywhere(name),
        words::ERASED
    )?;
    Ok(())
}

/// Takes the name of an account out of the subjects of mails that its members caused, and of those that went to them at
/// addresses that are proved.
pub(super) async fn forget_company(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    company: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE mails SET subject = $4
         WHERE vendor_id = $1 AND subject LIKE $3 ESCAPE '!'
           AND (caused_by IN (SELECT m.user_id FROM memberships m WHERE m.vendor_id = $1 AND m.account_id = $2)
                OR recipient_key IN
                   (SELECT u.email_key FROM memberships m JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.user_id
                    WHERE m.vendor_id = $1 AND m.account_id = $2 AND u.email_verified_at IS NOT NULL))",
        vendor_id,
        id,
        anywhere(company),
        words::ERASED
    )?;
    Ok(())
}
