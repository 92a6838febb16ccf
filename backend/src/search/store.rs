use super::{FoundCustomer, FoundInstance, FoundInvoice, FoundLicense, FoundOrder, FoundPerson, Term};
use crate::db::{DbError, Tx, fetch_all};
use crate::ids::VendorId;

// Each way of finding something is a query of its own that an index answers; a condition with OR would read whole tables. One
// row more than is shown tells that there is more.

pub(super) async fn find_customers(
    tx: &mut Tx,
    vendor_id: &VendorId,
    term: &Term,
) -> Result<Vec<FoundCustomer>, DbError> {
    fetch_all!(
        tx,
        FoundCustomer,
        "SELECT id, company, billing_email FROM accounts
         WHERE vendor_id = $1 AND id IN (
             SELECT id FROM (SELECT id FROM accounts WHERE vendor_id = $1 AND company_key >= $3 AND company_key < $4
                             ORDER BY company_key LIMIT 11) by_company
             UNION SELECT id FROM (SELECT id FROM accounts WHERE vendor_id = $1 AND billing_key >= $3 AND billing_key < $4
                                   ORDER BY billing_key LIMIT 11) by_billing
             UNION SELECT m.account_id FROM (SELECT id FROM users WHERE vendor_id = $1 AND mail_key >= $3 AND mail_key < $4
                                             ORDER BY mail_key LIMIT 11) people
                   JOIN memberships m ON m.user_id = people.id
             UNION SELECT id FROM accounts WHERE vendor_id = $1 AND id = $2
             UNION SELECT id FROM accounts WHERE vendor_id = $1 AND stripe_customer_id = $2)
         ORDER BY company_key, id LIMIT 11",
        vendor_id,
        &term.exact,
        &term.from,
        &term.before
    )
}

pub(super) async fn find_people(tx: &mut Tx, vendor_id: &VendorId, term: &Term) -> Result<Vec<FoundPerson>, DbError> {
    fetch_all!(
        tx,
        FoundPerson,
        "SELECT u.id, u.email, u.name FROM users u
         WHERE u.vendor_id = $1 AND u.id IN (
             SELECT id FROM (SELECT p.id FROM users p WHERE p.vendor_id = $1 AND p.mail_key >= $3 AND p.mail_key < $4
                               AND p.staff_role IS NULL
                               AND NOT EXISTS (SELECT 1 FROM memberships m
                                               WHERE m.vendor_id = p.vendor_id AND m.user_id = p.id)
                             ORDER BY p.mail_key LIMIT 11) by_mail
             UNION SELECT p.id FROM users p
                   WHERE p.vendor_id = $1 AND p.id = $2 AND p.email <> '' AND p.staff_role IS NULL
                     AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.vendor_id = p.vendor_id AND m.user_id = p.id))
         ORDER BY u.mail_key, u.id LIMIT 11",
        vendor_id,
        &term.exact,
        &term.from,
        &term.before
    )
}

pub(super) async fn find_licenses(
    tx: &mut Tx,
    vendor_id: &VendorId,
    term: &Term,
) -> Result<Vec<FoundLicense>, DbError> {
    fetch_all!(
        tx,
        FoundLicense,
        "SELECT l.id, l.name, d.name AS product_name, p.name AS plan_name, l.key_hint, a.company
         FROM licenses l JOIN plans p ON p.id = l.plan_id JOIN products d ON d.id = l.product_id
         JOIN accounts a ON a.id = l.account_id
         WHERE l.vendor_id = $1 AND l.id IN (
             SELECT id FROM licenses WHERE vendor_id = $1 AND id = $2
             UNION SELECT id FROM licenses WHERE vendor_id = $1 AND key_hash = $3
             UNION SELECT license_id FROM license_keys WHERE vendor_id = $1 AND key_hash = $3
             UNION SELECT id FROM (SELECT id FROM licenses WHERE vendor_id = $1 AND key_hint = $4 LIMIT 11) by_hint
             UNION SELECT id FROM (SELECT id FROM licenses WHERE vendor_id = $1 AND key_start = $5 LIMIT 11) by_start
             UNION SELECT license_id FROM (SELECT license_id FROM license_keys WHERE vendor_id = $1 AND key_start = $5
                                           LIMIT 11) by_old_start)
         ORDER BY l.created_at DESC, l.id LIMIT 11",
        vendor_id,
        &term.exact,
        &term.key_hash,
        &term.key_hint,
        &term.key_start
    )
}

pub(super) async fn find_invoices(
    tx: &mut Tx,
    vendor_id: &VendorId,
    term: &Term,
) -> Result<Vec<FoundInvoice>, DbError> {
    fetch_all!(
        tx,
        FoundInvoice,
        "SELECT i.id, i.number, a.company FROM invoices i JOIN accounts a ON a.id = i.account_id
         WHERE i.vendor_id = $1 AND i.id IN (
             SELECT id FROM (SELECT id FROM invoices WHERE vendor_id = $1 AND number_key >= $3 AND number_key < $4
                             ORDER BY number_key LIMIT 11) by_number
             UNION SELECT id FROM invoices WHERE vendor_id = $1 AND id = $2
             UNION SELECT id FROM invoices WHERE vendor_id = $1 AND stripe_invoice_id = $2)
         ORDER BY i.number_key, i.id LIMIT 11",
        vendor_id,
        &term.exact,
        &term.from,
        &term.before
    )
}

pub(super) async fn find_orders(tx: &mut Tx, vendor_id: &VendorId, term: &Term) -> Result<Vec<FoundOrder>, DbError> {
    fetch_all!(
        tx,
        FoundOrder,
        "SELECT o.id, o.account_id, a.company FROM orders o JOIN accounts a ON a.id = o.account_id
         WHERE o.vendor_id = $1 AND o.id = $2",
        vendor_id,
        &term.exact
    )
}

pub(super) async fn find_instances(
    tx: &mut Tx,
    vendor_id: &VendorId,
    term: &Term,
) -> Result<Vec<FoundInstance>, DbError> {
    fetch_all!(
        tx,
        FoundInstance,
        "SELECT i.id, i.identity, i.name, i.license_id, a.company
         FROM instances i JOIN licenses l ON l.id = i.license_id JOIN accounts a ON a.id = l.account_id
         WHERE i.vendor_id = $1 AND i.id IN (
             SELECT id FROM (SELECT id FROM instances WHERE vendor_id = $1 AND name_key >= $3 AND name_key < $4
                               AND status <> 'deleted' ORDER BY name_key LIMIT 11) by_name
             UNION SELECT id FROM (SELECT id FROM instances WHERE vendor_id = $1 AND identity_key >= $3
                               AND identity_key < $4 AND status <> 'deleted' ORDER BY identity_key LIMIT 11) by_identity
             UNION SELECT id FROM instances WHERE vendor_id = $1 AND id = $2 AND status <> 'deleted')
         ORDER BY i.name_key, i.identity_key, i.id LIMIT 11",
        vendor_id,
        &term.exact,
        &term.from,
        &term.before
    )
}
