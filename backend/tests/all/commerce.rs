//! Buying, changing and ending, against a Stripe sandbox: paid means licensed exactly once, whatever
//! becomes of webhooks, and what is charged is what was shown.

mod additions;
mod addresses;
mod agreed_changes;
mod any_order;
mod apart;
mod campaign_accounts;
mod campaigns;
mod cancelling;
mod changes_by_transfer;
mod changing_hands;
mod client_additions;
mod closing;
mod commissions;
mod continued;
mod continued_changes;
mod continued_meanwhile;
mod currencies;
mod decoding;
mod delayed;
mod earnings;
mod edges;
mod failed_renewal;
mod for_clients;
mod free_plans;
mod given_back;
mod given_up_late;
mod heard;
mod histories;
mod inbox;
mod killed;
mod license_types;
mod long_previews;
mod maintenance;
mod odd_names;
mod one_license;
mod options;
mod orders_of_programs;
mod packs;
mod pairs;
mod partner_codes;
mod periods;
mod price_check;
mod promotions;
mod resealed;
mod reversals;
mod scripted;
mod settings;
mod shop;
mod sweeps;
mod tax;
mod to_perpetual;
mod transfers;
mod trials;
mod untaxed;
mod unused_money;
mod vat_ids;
mod versions;
mod vouchers;
mod way_back;
mod while_closing;
mod written_about;

use backend::billing::{
    Agreed, CancelReason, Cancellation, ChangePreview, ChangeRequest, ChargeNow, cancel_subscription, preview_change,
};
use backend::catalog::{BillingInterval, Composition};
use backend::ids::LicenseId;
use shop::Shop;

async fn request(shop: &Shop, license_id: &LicenseId, plan: &'static str, seats: i64) -> anyhow::Result<ChangeRequest> {
    let plan_id = shop.plan(plan).await?.id;
    let to = Composition::new(plan_id, BillingInterval::Month, seats, shop.currency);
    Ok(ChangeRequest { license_id: license_id.clone(), to })
}

async fn cancel(shop: &Shop, license_id: &LicenseId) -> anyhow::Result<Cancellation> {
    let why = CancelReason { code: "too_expensive".to_owned(), comment: "A line.".to_owned(), may_contact: false };
    Ok(cancel_subscription(&shop.commerce, &shop.cx(), license_id, &why).await?)
}

async fn charge(shop: &Shop, request: &ChangeRequest) -> anyhow::Result<ChargeNow> {
    match preview_change(&shop.commerce, &shop.cx(), request).await? {
        ChangePreview::Now(charge) => Ok(*charge),
        other => anyhow::bail!("{other:?}"),
    }
}

fn agree(charge: &ChargeNow) -> Agreed {
    Agreed::ChargeNow { proration_date: charge.proration_date, amount_due_minor: charge.amount_due.amount_minor }
}
