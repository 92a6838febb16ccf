//! `/v1/tax/settings` and `/v1/tax/registrations`: that the one account taxes, and where.

use serde_json::json;

use crate::{
    api::{Route, get, page},
    billing::tax::SELLER,
};

pub(crate) const ROUTES: &[Route] = &[
    get("tax/settings", "", |_, _| {
        Ok(json!({
            "object": "tax.settings",
            "defaults": { "provider": "stripe", "tax_behavior": "exclusive", "tax_code": "txcd_10103001" },
            "head_office": { "address": {
                "city": "Berlin", "country": SELLER, "line1": "Unter den Linden 1", "line2": null,
                "postal_code": "10117", "state": null,
            } },
            "livemode": false, "status": "active", "status_details": { "active": {} },
        }))
    }),
    get("tax/registrations", PAGING_AND_STATUS, |_, call| {
        let registered = json!({
            "id": "taxreg_1LeaseholdSandbox", "object": "tax.registration", "active_from": 1_704_067_200,
            "country": SELLER, "created": 1_704_067_200, "expires_at": null, "livemode": false, "status": "active",
            "country_options": { (SELLER.to_lowercase()): { "type": "standard", "standard": { "place_of_supply_scheme": "standard" } } },
        });
        // None is planned, and none has run out.
        let is_meant = !matches!(call.form.text("status"), Some("expired" | "scheduled"));
        page("/v1/tax/registrations", &call.form, Some(&registered).filter(|_| is_meant).into_iter())
    }),
];

const PAGING_AND_STATUS: &str = "limit starting_after ending_before status";
