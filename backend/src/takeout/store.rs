//! What is kept, column by column: a new column is not taken along before a line here names it, so that no secret ever is.

use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::FromRow;

use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, fetch_all, fetch_optional};
use crate::ids::{AccountId, UserId, VendorId};

/// Rows of each kind that are taken along: more than anybody has.
const MOST: i64 = 100_000;

/// JSON is taken along as what it says, not as text.
fn as_json<S: Serializer>(kept: &JsonText<Value>, serializer: S) -> Result<S::Ok, S::Error> {
    kept.0.serialize(serializer)
}

/// Kinds of things: what each is called, its fields, and the query that reads all of one holder. `$1` is the vendor, `$2`
/// the holder, `$3` how many.
macro_rules! kept { ($($name:ident($list:ident of $holder:ty) { $($(#[$meta:meta])* $field:ident: $type:ty,)* } = $sql:literal;)*) => { $(
    #[derive(Debug, FromRow, Serialize)]
    pub(super) struct $name { $($(#[$meta])* $field: $type,)* }

    pub(super) async fn $list(tx: &mut Tx, vendor_id: &VendorId, holder: &$holder) -> Result<Vec<$name>, DbError> {
        fetch_all!(tx, $name, $sql, vendor_id, holder, MOST)
    }
)* } }

#[derive(Debug, FromRow, Serialize)]
pub(super) struct KeptAccount {
    id: String,
    kind: String,
    company: String,
    country: String,
    #[serde(serialize_with = "as_json")]
    address: JsonText<Value>,
    vat_id: Option<String>,
    vat_id_state: String,
    billing_email: String,
    purchase_order: String,
    stripe_customer_id: Option<String>,
    stripe_vat_id: Option<String>,
    created_at: UnixMs,
}

pub(super) async fn find_account(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
) -> Result<Option<KeptAccount>, DbError> {
    fetch_optional!(
        tx,
        KeptAccount,
        "SELECT id, kind, company, country, address, vat_id, vat_id_state, billing_email, purchase_order,
                stripe_customer_id, stripe_vat_id, created_at
         FROM accounts WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )
}

#[derive(Debug, FromRow, Serialize)]
pub(super) struct KeptPerson {
    id: String,
    email: String,
    name: String,
    staff_role: Option<String>,
    email_verified_at: Option<UnixMs>,
    password_set_at: UnixMs,
    second_factor_since_at: Option<UnixMs>,
    agreed_to_feedback_at: Option<UnixMs>,
    created_at: UnixMs,
}

pub(super) async fn find_person(tx: &mut Tx, vendor_id: &VendorId, id: &UserId) -> Result<Option<KeptPerson>, DbError> {
    fetch_optional!(
        tx,
        KeptPerson,
        "SELECT u.id, u.email, u.name, u.staff_role, u.email_verified_at, u.password_set_at,
                f.created_at AS second_factor_since_at, c.consented_at AS agreed_to_feedback_at, u.created_at
         FROM users u
         LEFT JOIN second_factors f ON f.vendor_id = u.vendor_id AND f.user_id = u.id
         LEFT JOIN feedback_consents c ON c.vendor_id = u.vendor_id AND c.user_id = u.id
         WHERE u.vendor_id = $1 AND u.id = $2",
        vendor_id,
        id
    )
}

#[derive(Debug, FromRow, Serialize)]
pub(super) struct KeptFeedback {
    from: Option<String>,
    occasion: String,
    license_id: Option<String>,
    score: Option<i64>,
    reason: String,
    comment: Option<String>,
    may_contact: bool,
    may_quote: bool,
    given_at: UnixMs,
}

/// Feedback was given to the vendor: who gave it, and in which words, is only in what its author takes along.
pub(super) async fn list_feedback(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    asker: Option<&UserId>,
) -> Result<Vec<KeptFeedback>, DbError> {
    fetch_all!(
        tx,
        KeptFeedback,
        "SELECT CASE WHEN f.user_id = $4 THEN u.email END AS \"from\", f.occasion, f.license_id, f.score, f.reason,
                CASE WHEN f.user_id = $4 THEN f.comment END AS comment, f.may_contact, f.may_quote, f.given_at
         FROM feedback f JOIN users u ON u.vendor_id = f.vendor_id AND u.id = f.user_id
         WHERE f.vendor_id = $1 AND f.account_id = $2 ORDER BY f.given_at, f.id LIMIT $3",
        vendor_id,
        account_id,
        MOST,
        asker
    )
}

kept! {
    KeptMember(list_members of AccountId) {
        id: String,
        email: String,
        name: String,
        role: String,
        joined_at: UnixMs,
    } = "SELECT u.id, u.email, u.name, m.role, m.created_at AS joined_at
         FROM memberships m JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.user_id
         WHERE m.vendor_id = $1 AND m.account_id = $2 ORDER BY m.created_at, u.id LIMIT $3";

    KeptInvitation(list_invitations of AccountId) {
        email: String,
        role: String,
        created_at: UnixMs,
        expires_at: UnixMs,
        accepted_at: Option<UnixMs>,
        withdrawn_at: Option<UnixMs>,
    } = "SELECT email, role, created_at, expires_at, accepted_at, withdrawn_at FROM invitations
         WHERE vendor_id = $1 AND account_id = $2 ORDER BY created_at, id LIMIT $3";

    KeptLicense(list_licenses of AccountId) {
        id: String,
        name: String,
        product: String,
        plan: String,
        kind: String,
        license_type: String,
        status: String,
        vendor_standing: String,
        seats: i64,
        key_hint: String,
        #[serde(serialize_with = "as_json")]
        terms: JsonText<Value>,
        starts_at: UnixMs,
        ends_at: Option<UnixMs>,
        updates_until: Option<UnixMs>,
        created_at: UnixMs,
    } = "SELECT l.id, l.name, p.name AS product, n.name AS plan, l.kind, l.license_type, l.status, l.vendor_standing,
                l.seats, l.key_hint, l.terms, l.starts_at, l.ends_at, l.updates_until, l.created_at
         FROM licenses l
         JOIN products p ON p.vendor_id = l.vendor_id AND p.id = l.product_id
         JOIN plans n ON n.vendor_id = l.vendor_id AND n.id = l.plan_id
         WHERE l.vendor_id = $1 AND l.account_id = $2 ORDER BY l.created_at, l.id LIMIT $3";

    KeptInstance(list_instances of AccountId) {
        id: String,
        license_id: String,
        kind: String,
        identity: String,
        device: String,
        name: String,
        status: String,
        version: String,
        #[serde(serialize_with = "as_json")]
        levels: JsonText<Value>,
        #[serde(serialize_with = "as_json")]
        counters: JsonText<Value>,
        first_contact_at: UnixMs,
        last_contact_at: UnixMs,
    } = "SELECT i.id, i.license_id, i.kind, i.identity, i.device, i.name, i.status, i.version, i.levels, i.counters,
                i.first_contact_at, i.last_contact_at
         FROM instances i JOIN licenses l ON l.vendor_id = i.vendor_id AND l.id = i.license_id
         WHERE i.vendor_id = $1 AND l.account_id = $2 ORDER BY i.license_id, i.id LIMIT $3";

    KeptOrder(list_orders of AccountId) {
        id: String,
        placed_by: String,
        kind: String,
        plan: String,
        license_id: Option<String>,
        billing_interval: String,
        seats: i64,
        currency: String,
        amount_minor: i64,
        status: String,
        payment: String,
        promotion_code: Option<String>,
        created_at: UnixMs,
        paid_at: Option<UnixMs>,
    } = "SELECT o.id, o.user_id AS placed_by, o.kind, n.name AS plan, o.license_id, o.billing_interval, o.seats, o.currency,
                o.amount_minor, o.status, o.payment, o.promotion_code, o.created_at, o.paid_at
         FROM orders o JOIN plans n ON n.vendor_id = o.vendor_id AND n.id = o.plan_id
         WHERE o.vendor_id = $1 AND o.account_id = $2 ORDER BY o.created_at, o.id LIMIT $3";

    KeptSubscription(list_subscriptions of AccountId) {
        id: String,
        license_id: String,
        plan: String,
        stripe_status: String,
        billing_interval: String,
        seats: i64,
        currency: String,
        recurring_minor: i64,
        period_start: UnixMs,
        period_end: UnixMs,
        cancel_at_period_end: bool,
        cancel_reason: Option<String>,
        cancel_comment: Option<String>,
        ended_at: Option<UnixMs>,
    } = "SELECT s.id, s.license_id, n.name AS plan, s.stripe_status, s.billing_interval, s.seats, s.currency,
                s.recurring_minor, s.period_start, s.period_end, s.cancel_at_period_end, s.cancel_reason, s.cancel_comment,
                s.ended_at
         FROM subscriptions s JOIN plans n ON n.vendor_id = s.vendor_id AND n.id = s.plan_id
         WHERE s.vendor_id = $1 AND s.account_id = $2 ORDER BY s.period_start, s.id LIMIT $3";

    KeptInvoice(list_invoices of AccountId) {
        id: String,
        number: String,
        license_id: Option<String>,
        status: String,
        currency: String,
        subtotal_minor: i64,
        discount_minor: i64,
        tax_minor: i64,
        total_minor: i64,
        paid_minor: i64,
        due_minor: i64,
        #[serde(serialize_with = "as_json")]
        parties: JsonText<Value>,
        issued_at: UnixMs,
        due_at: Option<UnixMs>,
        paid_at: Option<UnixMs>,
    } = "SELECT id, number, license_id, status, currency, subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor,
                due_minor, parties, issued_at, due_at, paid_at
         FROM invoices WHERE vendor_id = $1 AND account_id = $2 ORDER BY issued_at, id LIMIT $3";

    // What is about nothing in particular is its writer's alone: `messages/rules.rs` shows it to no other member.
    KeptMessage(list_messages of AccountId) {
        conversation_id: String,
        subject: String,
        about: String,
        place: i64,
        from: String,
        text: String,
        created_at: UnixMs,
    } = "SELECT m.conversation_id, c.subject, c.about_id AS about, m.place,
                CASE WHEN m.is_staff THEN 'the vendor' ELSE u.email END AS \"from\", m.text, m.created_at
         FROM messages m
         JOIN conversations c ON c.vendor_id = m.vendor_id AND c.id = m.conversation_id
         JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.author_id
         WHERE m.vendor_id = $1 AND c.account_id = $2 AND c.about_kind <> 'nothing'
         ORDER BY c.created_at, c.id, m.place LIMIT $3";

    // Neither the code, which asks for the password, nor who redeemed it, which is not the partner's to know.
    KeptVoucher(list_vouchers of AccountId) {
        id: String,
        order_id: String,
        place: i64,
        plan: String,
        term: String,
        status: String,
        note: String,
        created_at: UnixMs,
        redeemed_at: Option<UnixMs>,
        voided_at: Option<UnixMs>,
    } = "SELECT v.id, v.order_id, v.place, n.name AS plan, v.term, v.status, v.note, v.created_at, v.redeemed_at, v.voided_at
         FROM vouchers v JOIN plans n ON n.vendor_id = v.vendor_id AND n.id = v.plan_id
         WHERE v.vendor_id = $1 AND v.partner_id = $2 ORDER BY v.created_at, v.order_id, v.place LIMIT $3";

    KeptCommission(list_commissions of AccountId) {
        id: String,
        why: String,
        client: String,
        code: String,
        invoice: String,
        currency: String,
        rate_bp: i64,
        net_minor: i64,
        amount_minor: i64,
        entered_at: UnixMs,
    } = "SELECT e.id, e.why, c.client, c.code, i.number AS invoice, e.currency, c.rate_bp, e.net_minor, e.amount_minor,
                e.entered_at
         FROM commission_entries e
         JOIN commissions c ON c.vendor_id = e.vendor_id AND c.id = e.commission_id
         JOIN invoices i ON i.vendor_id = c.vendor_id AND i.id = c.invoice_id
         WHERE e.vendor_id = $1 AND e.partner_id = $2 ORDER BY e.entered_at, e.id LIMIT $3";

    KeptPayout(list_payouts of AccountId) {
        id: String,
        currency: String,
        amount_minor: i64,
        reference: String,
        paid_at: UnixMs,
        created_at: UnixMs,
    } = "SELECT id, currency, amount_minor, reference, paid_at, created_at FROM commission_payouts
         WHERE vendor_id = $1 AND partner_id = $2 ORDER BY created_at, id LIMIT $3";

    OwnAccount(list_own_accounts of UserId) {
        id: String,
        company: String,
        role: String,
        joined_at: UnixMs,
    } = "SELECT a.id, a.company, m.role, m.created_at AS joined_at
         FROM memberships m JOIN accounts a ON a.vendor_id = m.vendor_id AND a.id = m.account_id
         WHERE m.vendor_id = $1 AND m.user_id = $2 ORDER BY m.created_at, a.id LIMIT $3";

    OwnBrowser(list_own_browsers of UserId) {
        browser: String,
        network_address: String,
        logged_in_at: UnixMs,
        last_seen_at: UnixMs,
    } = "SELECT user_agent AS browser, network_address, created_at AS logged_in_at, last_seen_at
         FROM sessions WHERE vendor_id = $1 AND user_id = $2 ORDER BY created_at, id_hash LIMIT $3";

    OwnMessage(list_own_messages of UserId) {
        conversation_id: String,
        subject: String,
        text: String,
        created_at: UnixMs,
    } = "SELECT m.conversation_id, c.subject, m.text, m.created_at
         FROM messages m JOIN conversations c ON c.vendor_id = m.vendor_id AND c.id = m.conversation_id
         WHERE m.vendor_id = $1 AND m.author_id = $2 ORDER BY m.created_at, m.id LIMIT $3";

    OwnFeedback(list_own_feedback of UserId) {
        occasion: String,
        score: Option<i64>,
        reason: String,
        comment: String,
        may_contact: bool,
        may_quote: bool,
        given_at: UnixMs,
    } = "SELECT occasion, score, reason, comment, may_contact, may_quote, given_at
         FROM feedback WHERE vendor_id = $1 AND user_id = $2 ORDER BY given_at, id LIMIT $3";

    // What changed belongs to the account in which it was changed; that it was this person, and from where, to the person.
    OwnAct(list_own_acts of UserId) {
        act: String,
        object_id: String,
        network_address: Option<String>,
        occurred_at: UnixMs,
    } = "SELECT act, object_id, address AS network_address, occurred_at
         FROM audit WHERE vendor_id = $1 AND actor_id = $2 AND actor_kind IN ('user', 'staff')
         ORDER BY occurred_at, id LIMIT $3";
}
