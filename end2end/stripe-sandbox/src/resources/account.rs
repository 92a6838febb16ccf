//! `/v1/account`: the one account that the sandbox is.

use serde_json::json;

use crate::{
    api::{Route, get},
    billing::seller::HOME,
};

/// The account's id.
pub(crate) const ID: &str = "acct_1LeaseholdSandbox";

pub(crate) const ROUTES: &[Route] = &[get("account", "", |_, _| {
    Ok(json!({
        "id": ID, "object": "account", "business_profile": { "annual_revenue": null,
            "estimated_worker_count": null, "mcc": "5734", "minority_owned_business_designation": null, "name": "Leasehold Demo", "specified_commercial_transactions_act_url": null, "support_address": null,
            "support_email": null, "support_phone": null, "support_url": null, "url": null },
        "business_type": "company",
        "capabilities": { "card_payments": "active", "bank_transfer_payments": "active", "transfers": "active" },
        "charges_enabled": true, "country": HOME, "default_currency": "eur", "details_submitted": true,
        "email": "sandbox@leasehold.example", "payouts_enabled": true, "type": "standard",
    }))
})];
