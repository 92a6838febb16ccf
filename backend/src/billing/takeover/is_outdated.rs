//! Whether what was agreed to still holds when its page is done with.

use super::TakeOver;
use crate::billing::store::SubscriptionFacts;
use crate::billing::unpaid_changes::find_unpaid_change;
use crate::billing::{CommerceError, Subscription, find_subscription_of_license};
use crate::catalog::Composition;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::Tx;
use crate::invoices;
use crate::licenses::{self, License, LicenseStatus, VendorStanding};
use crate::stripe::{StripeSubscription, SubscriptionState};

/// Whether a license would go on otherwise than was agreed to: what the other one has paid is over earlier by now, or not paid, or
/// about to change, or the license is not what it was. Stripe's page is open for up to a day. Charging earlier than was shown is
/// not for us, and a time that nobody pays is not for the buyer; nothing was charged yet, so it can be agreed to anew. `false`
/// where something was charged: that is given.
pub(crate) async fn is_outdated(
    tx: &mut Tx,
    cx: &Cx,
    taking: TakeOver<'_>,
    subscription: &StripeSubscription,
) -> Result<bool, CommerceError> {
    let Some(begins_at) = uncharged_until(subscription) else { return Ok(false) };
    let TakeOver { account_id, license_id, sold_as, seats } = taking;
    let license = licenses::find_license(tx, &cx.vendor_id, license_id).await?.map(|view| view.license);
    let paid = find_subscription_of_license(tx, &cx.vendor_id, license_id).await?;
    // What is another's, or continued already, is not for this to say.
    let Some(license) = license.filter(|license| license.account_id == *account_id) else { return Ok(false) };
    let Some(paid) = paid.filter(|paid| paid.account_id != *account_id) else { return Ok(false) };
    let owes = invoices::store::has_open_invoice(tx, &cx.vendor_id, license_id, &paid.account_id).await?
        || find_unpaid_change(tx, &cx.vendor_id, license_id).await?.is_some();
    let ordered = SubscriptionFacts::resolve(tx, cx, subscription, None, Some(sold_as)).await?.composition;
    let is_over = subscription.ended_at.is_some() || over_at(&paid) < begins_at;
    Ok(owes || is_over || is_stopped(&license) || license.seats != seats || has_other_options(&license, &ordered))
}

/// The first charge of a subscription that was not charged yet.
fn uncharged_until(subscription: &StripeSubscription) -> Option<UnixMs> {
    let begins_at = subscription.trial_end?;
    let has_ended_before = subscription.ended_at.is_some_and(|at| at < begins_at);
    (subscription.state == SubscriptionState::Trialing || has_ended_before).then_some(begins_at)
}

fn over_at(paid: &Subscription) -> UnixMs {
    paid.ended_at.map_or(paid.period_end, |at| at.min(paid.period_end))
}

fn is_stopped(license: &License) -> bool {
    matches!(license.status, LicenseStatus::Suspended | LicenseStatus::Revoked)
        || license.vendor_standing != VendorStanding::None
        || license.disputed_at.is_some()
}

fn has_other_options(license: &License, ordered: &Composition) -> bool {
    let has = license.composition(ordered.interval, ordered.currency);
    (&has.plan_id, &has.addons, &has.packs) != (&ordered.plan_id, &ordered.addons, &ordered.packs)
}
