//! The forms that change what is paid: plan and seats, cancelling and taking it back.

#![expect(clippy::too_many_arguments, reason = "the fields of a form are the arguments of its server function")]

use backend::billing::{
    self, Agreed, CancelReason, Cancellation, Change, ChangeRequest, CommerceError, Resumption, Subscription,
    find_subscription_of_license,
    unpaid_changes::{self, Withdrawal},
};
use backend::catalog::{self, BillingInterval, Composition};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::ids::{LicenseId, PlanId};
use backend::licenses;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::licenses::paid_license;
use super::orders::{packs_query, read_addons, read_packs};
use crate::request::Visit;

/// The form that changes plan, interval and seats.
pub const CHANGE: &str = "change-subscription";
/// The buttons on a license's page that change what is paid.
pub const LICENSE: &str = "license";
/// The form that cancels.
pub const CANCEL: &str = "cancel-subscription";

/// The address of the page that shows what a change costs.
#[must_use]
pub fn change_page(license_id: &str, plan: &str, to: &Composition) -> String {
    let seats = to.seats.to_string();
    let mut query = vec![("plan", plan), ("interval", to.interval.as_str()), ("seats", &seats)];
    query.extend(to.addons.iter().map(|code| ("addon", code.as_str())));
    let packs = packs_query(&to.packs);
    query.extend(packs.iter().map(|(name, count)| (name.as_str(), count.as_str())));
    format!("/licenses/{license_id}/change?{}", serde_urlencoded::to_string(query).unwrap_or_default())
}

/// Makes a change that was previewed and agreed to. `proration_date` (Unix seconds) and `amount_due_minor` are
/// what the preview showed of a change that is charged at once; `recurring_minor` of one that waits.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "change-subscription")]
pub async fn change_subscription(
    /// The license.
    license_id: String,
    /// The plan's code.
    plan: String,
    /// How often it is charged: `month` or `year`.
    interval: String,
    /// Seats.
    seats: i64,
    /// The second at which the difference was reckoned.
    #[server(default)]
    proration_date: Option<i64>,
    /// What is charged now.
    #[server(default)]
    amount_due_minor: Option<i64>,
    /// What each interval costs.
    #[server(default)]
    recurring_minor: Option<i64>,
    /// Codes of the add-ons, with commas between them.
    #[server(default)]
    addons: String,
    /// Packs as `devices:3`, with commas between them.
    #[server(default)]
    packs: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (id, page) = paid_license(&visit, &license_id).await?;
    let Some(interval) = BillingInterval::parse(&interval) else { return Err(FormFailure::malformed()) };
    let agreed = match (proration_date, amount_due_minor, recurring_minor) {
        (Some(seconds), Some(amount_due_minor), _) => {
            Agreed::ChargeNow { proration_date: UnixMs::from_seconds(seconds), amount_due_minor }
        }
        (_, _, Some(recurring_minor)) => Agreed::Later { recurring_minor },
        _ => return Err(FormFailure::malformed()),
    };
    let (Some(plan_id), Some(present)) = (find_plan(&visit, &id, &plan).await?, present(&visit, &id).await?) else {
        return Err(FormFailure::malformed());
    };
    let to = Composition::new(plan_id, interval, seats, present.currency)
        .with_addons(read_addons(&addons))
        .with_packs(read_packs(&packs));
    let request = ChangeRequest { license_id: id, to };
    let changed = billing::change_subscription(&visit.state.commerce(), &visit.viewer_cx(), &request, agreed).await;
    let back = change_page(&license_id, &plan, &request.to);
    let refused = Refused::new(CHANGE);
    match changed {
        Ok(Change::Applied { .. }) => done("plan_changed", &page).await,
        Ok(Change::AwaitingTransfer { invoice_id }) => {
            done("change_ordered", &format!("/invoices/{invoice_id}/transfer")).await;
        }
        Ok(Change::Planned { .. }) => done("change_planned", &page).await,
        Ok(Change::Kept) => done("planned_dropped", &page).await,
        Ok(Change::AwaitingPayment { payment_url }) => {
            // Not a redirect: the policy of this page lets forms lead to Checkout only, not to invoices.
            let refused = refused.value("payment_url", &payment_url.unwrap_or_default());
            refused.problem("", "awaiting_payment").go_back(&back).await;
        }
        Ok(Change::Declined { .. }) => refused.problem("", "declined").go_back(&back).await,
        Ok(Change::PreviewOutdated(_)) => refused.problem("", "outdated").go_back(&back).await,
        // The page says why by itself.
        Ok(Change::Refused(_)) => redirect(&back),
        Err(error) => return refuse_for_now(&error, CHANGE, &back).await,
    }
    Ok(())
}

/// Drops the change that is planned: everything stays as it is.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and where there is no subscription.
#[server(prefix = "/act", endpoint = "keep-plan")]
pub async fn keep_plan(
    /// The license.
    license_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (id, page) = paid_license(&visit, &license_id).await?;
    let Some(present) = present(&visit, &id).await? else { return Err(FormFailure::malformed()) };
    let request = ChangeRequest { license_id: id, to: present.composition() };
    let agreed = Agreed::Later { recurring_minor: present.recurring_minor };
    match billing::change_subscription(&visit.state.commerce(), &visit.viewer_cx(), &request, agreed).await {
        Ok(Change::Kept) => done("planned_dropped", &page).await,
        Ok(_) => redirect(&page),
        Err(error) => return refuse_for_now(&error, LICENSE, &page).await,
    }
    Ok(())
}

/// Takes back a change that waits for its transfer; its invoice becomes void.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "withdraw-change")]
pub async fn withdraw_change(
    /// The license.
    license_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (id, page) = paid_license(&visit, &license_id).await?;
    match unpaid_changes::withdraw_change(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(Withdrawal::Withdrawn) => done("change_withdrawn", &page).await,
        // The page shows what is so instead.
        Ok(Withdrawal::Paid | Withdrawal::Nothing) => redirect(&page),
        Ok(Withdrawal::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) => return refuse_for_now(&error, LICENSE, &page).await,
    }
    Ok(())
}

/// Lets a subscription end with its period. `reason` is one of those offered, or empty.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and where there is no subscription.
#[server(prefix = "/act", endpoint = "cancel-subscription")]
pub async fn cancel_subscription(
    /// The license.
    license_id: String,
    /// Why, or empty.
    #[server(default)]
    reason: String,
    /// The same in one's own words, or empty.
    #[server(default)]
    comment: String,
    /// Whether the vendor may write about it to the person.
    #[server(default)]
    may_contact: Option<bool>,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (id, page) = paid_license(&visit, &license_id).await?;
    let why = CancelReason { code: reason, comment, may_contact: may_contact.unwrap_or(false) };
    match billing::cancel_subscription(&visit.state.commerce(), &visit.viewer_cx(), &id, &why).await {
        Ok(Cancellation::Cancelling { .. }) => done("subscription_cancelled", &page).await,
        Ok(Cancellation::Over) => redirect(&page),
        Ok(Cancellation::NotASubscription) => return Err(FormFailure::malformed()),
        Ok(Cancellation::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) => return refuse_for_now(&error, CANCEL, &format!("/licenses/{license_id}/cancel")).await,
    }
    Ok(())
}

/// Takes a cancellation back.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and where there is no subscription.
#[server(prefix = "/act", endpoint = "resume-subscription")]
pub async fn resume_subscription(
    /// The license.
    license_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (id, page) = paid_license(&visit, &license_id).await?;
    match billing::resume_subscription(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(Resumption::Renewing { .. }) => done("subscription_resumed", &page).await,
        Ok(Resumption::Over) => redirect(&page),
        Ok(Resumption::AccountCloses { .. }) => {
            Refused::new(LICENSE).problem("", "account_closes").go_back(&page).await;
        }
        Ok(Resumption::NotASubscription) => return Err(FormFailure::malformed()),
        Ok(Resumption::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) => return refuse_for_now(&error, LICENSE, &page).await,
    }
    Ok(())
}

/// What pays for a license now.
async fn present(visit: &Visit, id: &LicenseId) -> Result<Option<Subscription>, DbError> {
    let (vendor_id, id) = (visit.vendor.id.clone(), id.clone());
    let found =
        visit.state.db.read(|tx| Box::pin(async move { find_subscription_of_license(tx, &vendor_id, &id).await }));
    found.await
}

/// The plan of this code, of the product that the license is for.
async fn find_plan(visit: &Visit, id: &LicenseId, code: &str) -> Result<Option<PlanId>, DbError> {
    let (vendor_id, id, code) = (visit.vendor.id.clone(), id.clone(), code.to_owned());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(view) = licenses::find_license(tx, &vendor_id, &id).await? else { return Ok(None) };
            let plans = catalog::list_plans(tx, &vendor_id, &view.license.product_id).await?;
            Ok::<_, DbError>(plans.into_iter().find(|plan| plan.code == code).map(|plan| plan.id))
        })
    });
    found.await
}

async fn done(code: &str, page: &str) {
    say_done(code).await;
    redirect(page);
}

/// What may pass is said on the form's page, so that it can be sent again; all else is a failure.
async fn refuse_for_now(error: &CommerceError, form: &str, page: &str) -> Result<(), FormFailure> {
    if !error.may_pass() {
        return Err(FormFailure::failed(error));
    }
    tracing::warn!(%error, form, "a form could not be carried out for now");
    Refused::new(form).problem("", "not_now").go_back(page).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use backend::money::Currency;

    use super::*;

    #[test]
    fn a_change_stands_in_its_address_and_an_odd_code_cannot_break_out_of_it() {
        let (plan_id, usd) = (PlanId::from_untrusted("pln_1"), Currency::parse("usd").unwrap());
        let page = change_page("lic_1", "a&seats=9#", &Composition::new(plan_id, BillingInterval::Year, 4, usd));
        assert_eq!(page, "/licenses/lic_1/change?plan=a%26seats%3D9%23&interval=year&seats=4");
    }
}
