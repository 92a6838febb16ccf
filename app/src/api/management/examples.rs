//! One request and one answer of each endpoint, as they travel.

use serde_json::{Value, json};

const LICENSE: &str = "lic_4h8w2j6n0r5t9y3z7k1p";
const INSTANCE: &str = "ins_9f2k6q0v1c8m4t7x3b5d";
const ACCOUNT: &str = "acc_7m3v9q1x5c0h6t2k8w4n";
const INVOICE: &str = "inv_2t6y0r4p8k1n5j9w3h7z";
const ORDER: &str = "ord_5c1z7m3q9x2v8b4n6k0t";
const PARTNER: &str = "acc_1k5w9t3n7p2r6x0c4v8m";
const CLIENT: &str = "rln_8j2q6w0e4r9t3y7u1i5o";

pub(super) fn license() -> Value {
    json!({
        "id": LICENSE,
        "account_id": ACCOUNT,
        "company": "Weser Sensorik GmbH",
        "name": "Plant 7",
        "product": { "code": "iot-platform", "name": "IoT Platform" },
        "plan": { "code": "startup", "name": "Startup", "version": 1 },
        "key_hint": "LH-•••••-•••••-•••••-•••••-•••••-SAJ8R",
        "kind": "subscription",
        "license_type": "floating",
        "status": "active",
        "seats": 2,
        "seats_held": 1,
        "starts_at": "2026-11-21T10:00:00Z",
        "ends_at": "2026-12-24T10:00:00Z",
        "updates_until": null,
        "limits": { "devices": 500, "assets": 500 },
        "features": { "edge": null, "analytics": "2027-03-31T23:59:59Z" },
        "last_contact_at": "2026-11-21T10:00:00Z",
        "created_at": "2026-11-21T10:00:00Z",
    })
}

pub(super) fn licenses() -> Value {
    page(&license())
}

pub(super) fn rename() -> Value {
    json!({ "name": "Plant 7" })
}

pub(super) fn usage() -> Value {
    json!({
        "license_id": LICENSE,
        "seats_held": 1,
        "seats": 2,
        "limits": [{ "name": "assets", "used": 0, "limit": 500 }, { "name": "devices", "used": 412, "limit": 500 }],
        "features": [{ "name": "report.export", "count": 17 }],
        "counted_from": "2026-10-23",
        "counted_until": "2026-11-21",
    })
}

pub(super) fn instance() -> Value {
    json!({
        "id": INSTANCE,
        "license_id": LICENSE,
        "identity": { "kind": "instance", "id": "node-a", "name": "Line 3, node A" },
        "state": "holding",
        "holds_seat": true,
        "held_until": "2026-11-21T10:11:50Z",
        "lease_expires_at": "2026-11-21T10:10:00Z",
        "version": "4.2.1",
        "levels": { "devices": 412 },
        "first_contact_at": "2026-11-21T10:00:00Z",
        "last_contact_at": "2026-11-21T10:00:00Z",
    })
}

pub(super) fn instances() -> Value {
    page(&instance())
}

pub(super) fn acted() -> Value {
    json!({ "changed": true, "free_at": "2026-11-21T10:00:00Z", "instance": instance() })
}

pub(super) fn events() -> Value {
    let event = json!({
        "specversion": "1.0",
        "id": "evt_6d1x5r9m3w7q0z4v8c2n",
        "source": "https://licenses.example.com",
        "type": "instance.activated",
        "subject": INSTANCE,
        "time": "2026-11-21T10:00:00Z",
        "datacontenttype": "application/json",
        "data": { "identity": { "kind": "instance", "id": "node-a", "name": "Line 3, node A" }, "version": "4.2.1" },
        "accountid": ACCOUNT,
        "licenseid": LICENSE,
        "instanceid": INSTANCE,
        "occurrences": 1,
        "lasttime": "2026-11-21T10:00:00Z",
    });
    json!({ "items": [event], "next_cursor": "1795255200000.evt_6d1x5r9m3w7q0z4v8c2n" })
}

fn invoice_without_lines() -> Value {
    json!({
        "id": INVOICE,
        "account_id": ACCOUNT,
        "license_id": LICENSE,
        "number": "NW-2026-0042",
        "status": "paid",
        "currency": "eur",
        "subtotal_minor": 29_900,
        "discount_minor": 0,
        "tax_minor": 5_681,
        "total_minor": 35_581,
        "paid_minor": 35_581,
        "due_minor": 0,
        "issued_at": "2026-11-21T10:00:00Z",
        "due_at": null,
        "paid_at": "2026-11-21T10:00:00Z",
    })
}

pub(super) fn invoice() -> Value {
    let mut invoice = invoice_without_lines();
    invoice["lines"] = json!([{
        "description": "IoT Platform, Startup, monthly",
        "quantity": 1,
        "unit_amount_minor": 29_900,
        "amount_minor": 29_900,
        "discount_minor": 0,
        "period_start": "2026-11-21T10:00:00Z",
        "period_end": "2026-12-21T10:00:00Z",
    }]);
    invoice
}

pub(super) fn invoices() -> Value {
    page(&invoice_without_lines())
}

pub(super) fn order() -> Value {
    json!({
        "id": ORDER,
        "status": "open",
        "kind": "subscription",
        "account_id": PARTNER,
        "client_id": CLIENT,
        "licensee_id": ACCOUNT,
        "license_id": null,
        "product": { "code": "iot-platform", "name": "IoT Platform" },
        "plan": { "code": "startup", "name": "Startup", "version": 1 },
        "interval": "month",
        "seats": 2,
        "years": 0,
        "currency": "eur",
        "amount_minor": 29_900,
        "discount_bp": 1_000,
        "promotion_code": null,
        "trial_days": 0,
        "payment": "card",
        "payment_url": "https://checkout.stripe.com/c/pay/cs_live_a1B2c3",
        "days_until_due": null,
        "created_at": "2026-11-21T10:00:00Z",
        "paid_at": null,
    })
}

pub(super) fn orders() -> Value {
    page(&order())
}

pub(super) fn place() -> Value {
    json!({
        "client_id": CLIENT,
        "plan": "startup",
        "interval": "month",
        "seats": 2,
        "currency": "eur",
        "payer": "partner",
        "payment": "card",
        "agreed_minor": 29_900,
    })
}

pub(super) fn placed() -> Value {
    json!({ "created": true, "order": order() })
}

pub(super) fn cancelled() -> Value {
    let mut order = order();
    order["status"] = json!("cancelled");
    order["payment_url"] = Value::Null;
    json!({ "changed": true, "order": order })
}

pub(super) fn clients() -> Value {
    page(&json!({
        "id": CLIENT,
        "status": "active",
        "company": "Weser Sensorik GmbH",
        "email": "ada@example.com",
        "licenses": 1,
        "created_at": "2026-11-21T10:00:00Z",
    }))
}

pub(super) fn products() -> Value {
    last_page(&json!({ "code": "iot-platform", "name": "IoT Platform", "description": "Runs a plant." }))
}

fn release() -> Value {
    json!({ "version": "4.3.0", "released_on": "2026-11-21", "channel": "stable" })
}

pub(super) fn releases() -> Value {
    last_page(&release())
}

pub(super) fn publish() -> Value {
    release()
}

pub(super) fn published() -> Value {
    json!({ "created": true, "release": release() })
}

fn page(item: &Value) -> Value {
    json!({ "items": [item], "next_cursor": "1795255200000.lic_4h8w2j6n0r5t9y3z7k1p" })
}

fn last_page(item: &Value) -> Value {
    json!({ "items": [item], "next_cursor": null })
}
