//! One request and one answer of each endpoint, as they travel.

use serde_json::{Value, json};

/// A token's shape; no real one.
pub(super) const TOKEN: &str =
    "eyJ0eXAiOiJsZWFzZStqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6ImtQcksifQ.eyJ2ZXIiOjF9.c2lnbmF0dXJl";
const KEY: &str = "LH-60RK4-CSM6M-V3EE1-SC5H6-6S35C-SAJ8R";
const INSTANCE: &str = "ins_9f2k6q0v1c8m4t7x3b5d";
const SECRET: &str = "AAAAAQAAAAAAAAAHq3xW0n5v";

pub(super) fn activate() -> Value {
    json!({
        "license_key": KEY,
        "product": "iot-platform",
        "version": "4.2.1",
        "identity": { "kind": "instance", "id": "node-a", "name": "Line 3, node A" },
        "nonce": "Zk3yLr0bQx8sVt5nWc1d",
    })
}

pub(super) fn check() -> Value {
    json!({
        "instance_id": INSTANCE,
        "secret": SECRET,
        "nonce": "p2Wm9cJd4uTe7HaKq8Ls",
        "version": "4.2.1",
        "levels": { "devices": 412 },
    })
}

pub(super) fn leased() -> Value {
    json!({
        "instance_id": INSTANCE,
        "license_id": "lic_4h8w2j6n0r5t9y3z7k1p",
        "secret": SECRET,
        "lease": TOKEN,
        "check_after_s": 171,
        "plan": {
            "code": "startup",
            "name": "Startup",
            "limits": { "devices": 500, "assets": 500 },
            "features": { "edge": null, "analytics": "2027-03-31T00:00:00Z" },
            "seats": 2,
            "ends_at": "2026-12-21T10:00:00Z",
            "usage_signals": false,
        },
        "server_time": "2026-11-21T10:00:00Z",
        "notices": [{ "code": "license_ends_soon", "at": "2026-12-21T10:00:00Z" }],
    })
}

pub(super) fn release() -> Value {
    json!({ "instance_id": INSTANCE, "secret": SECRET })
}

pub(super) fn released() -> Value {
    json!({ "released": true, "free_at": "2026-11-21T10:00:00Z" })
}

pub(super) fn instances() -> Value {
    json!({ "license_key": KEY })
}

pub(super) fn holders() -> Value {
    json!({
        "holders": [{
            "id": INSTANCE,
            "identity": { "kind": "instance", "id": "node-a", "name": "Line 3, node A" },
            "version": "4.2.1",
            "first_contact_at": "2026-10-02T07:12:40Z",
            "last_contact_at": "2026-11-21T09:58:03Z",
            "lease_expires_at": "2026-11-21T10:08:03Z",
        }],
        "total": 1,
    })
}

pub(super) fn deactivate() -> Value {
    json!({ "license_key": KEY, "target_instance_id": INSTANCE })
}

pub(super) fn deactivated() -> Value {
    json!({ "deactivated": true, "free_at": "2026-11-21T10:08:03Z" })
}

pub(super) fn claim_start() -> Value {
    json!({
        "product": "iot-platform",
        "version": "4.2.1",
        "identity": { "kind": "instance", "id": "node-a" },
    })
}

pub(super) fn claim_started() -> Value {
    json!({
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eSx0",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://licenses.example.com/claim",
        "verification_uri_complete": "https://licenses.example.com/claim/WDJB-MJHT",
        "interval": 5,
        "expires_in": 900,
    })
}

pub(super) fn claim_poll() -> Value {
    json!({ "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eSx0" })
}

pub(super) fn claimed() -> Value {
    json!({ "license_key": KEY })
}

pub(super) fn jwks() -> Value {
    json!({
        "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "alg": "EdDSA",
            "use": "sig",
        }],
    })
}

pub(super) fn trust_bundle() -> Value {
    json!({ "iss": "https://licenses.example.com", "keys": jwks()["keys"], "seq": 1 })
}

pub(super) fn key_sets() -> Value {
    json!({ "iss": "https://licenses.example.com", "keys": [TOKEN] })
}

pub(super) fn openapi() -> Value {
    json!({ "openapi": "3.1.0", "info": { "title": "Licensing API", "version": "0.1.0" }, "paths": {} })
}
