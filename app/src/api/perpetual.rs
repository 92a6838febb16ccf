//! The forms that add to a perpetual license: years of updates, and seats.

use backend::accounts::Act;
use backend::billing::CommerceError;
use backend::ids::{AccountId, LicenseId};
use backend::money::Currency;
use backend::orders::{self, OrderPlacement, PlaceOrder, Purchase};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::licenses::own_license;
use super::orders::{checkout_urls, read_payment, session_hash};
use super::partners::client_page;
use crate::request::Visit;

/// The form that orders years of updates.
pub const UPDATES: &str = "renew-updates";
/// The form that orders seats.
pub const SEATS: &str = "add-seats";

/// Orders years of updates for a perpetual license, and leads to the page on which they are paid. `agreed_minor` is the
/// price that the buyer saw, in minor units of `currency`: another one is never ordered.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "renew-updates")]
pub async fn renew_updates(
    /// The license.
    license_id: String,
    /// How many years.
    years: i16,
    /// In which currency.
    currency: String,
    /// The price that was shown.
    agreed_minor: i64,
    /// How it is paid: `card` or `transfer`; by card when absent.
    #[server(default)]
    payment: String,
) -> Result<(), FormFailure> {
    let back = format!("/licenses/{license_id}/updates?years={years}");
    let purchase = |license_id, currency| Purchase::Maintenance { license_id, years, currency };
    order(UPDATES, &back, &license_id, &currency, agreed_minor, &payment, purchase).await
}

/// Orders seats for a perpetual license, likewise.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "add-seats")]
pub async fn add_seats(
    /// The license.
    license_id: String,
    /// How many more.
    more: i64,
    /// In which currency.
    currency: String,
    /// The price that was shown.
    agreed_minor: i64,
    /// How it is paid: `card` or `transfer`; by card when absent.
    #[server(default)]
    payment: String,
) -> Result<(), FormFailure> {
    let back = format!("/licenses/{license_id}/seats?more={more}");
    let purchase = |license_id, currency| Purchase::Seats { license_id, more, currency };
    order(SEATS, &back, &license_id, &currency, agreed_minor, &payment, purchase).await
}

/// Orders something for a license that is there, and leads to the page on which it is paid; what cannot be ordered is said by the
/// page `back`.
pub(super) async fn order(
    form: &'static str,
    back: &str,
    license_id: &str,
    currency: &str,
    agreed_minor: i64,
    payment: &str,
    purchase: impl FnOnce(LicenseId, Currency) -> Purchase,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = own_license(&visit, license_id, Act::Buy).await?;
    let (Some(viewer), Some((account, _))) = (visit.viewer.clone(), visit.account()) else {
        return Err(FormFailure::not_allowed());
    };
    let Some(currency) = Currency::parse(currency) else { return Err(FormFailure::malformed()) };
    let payment = read_payment(payment)?;
    let purchase = purchase(id, currency);
    if !costs_as_shown(&visit, form, back, &account.id, &purchase, agreed_minor).await? {
        return Ok(());
    }
    let place = PlaceOrder {
        account_id: account.id,
        user_id: viewer.user.id.clone(),
        session_hash: session_hash(&visit),
        purchase,
        payment,
        promotion: None,
        for_client: None,
        urls: checkout_urls(&visit),
    };
    lead_on(form, back, orders::place_order(&visit.state.commerce(), &visit.viewer_cx(), &place).await).await
}

/// Leads to where an order is paid, or to the client that is to pay it, or back to its form.
pub(super) async fn lead_on(
    form: &'static str,
    back: &str,
    placed: Result<OrderPlacement, CommerceError>,
) -> Result<(), FormFailure> {
    match placed {
        Ok(OrderPlacement::Placed { order, .. } | OrderPlacement::Made { order }) if order.is_for_client_to_pay() => {
            say_done("order_sent_to_client").await;
            redirect(&order.relation_id.as_ref().map_or_else(String::new, client_page));
        }
        Ok(OrderPlacement::Placed { checkout_url, .. }) => redirect(&checkout_url),
        Ok(OrderPlacement::Made { order }) => redirect(&format!("/orders/{}", order.id)),
        // The page says by itself what is not sold any more, or not that way.
        Ok(
            OrderPlacement::Refused(_)
            | OrderPlacement::CodeRefused(_)
            | OrderPlacement::PaymentNotOffered
            | OrderPlacement::Withdrawn,
        ) => redirect(back),
        Ok(OrderPlacement::DiscountChanged) => Refused::new(form).problem("", "outdated").go_back(back).await,
        Ok(OrderPlacement::AccountCloses { .. }) => {
            Refused::new(form).problem("", "account_closes").go_back(back).await;
        }
        Ok(OrderPlacement::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, form, "an order could not be placed for now");
            Refused::new(form).problem("", "not_now").go_back(back).await;
        }
        Err(error) => return Err(FormFailure::failed(&error)),
    }
    Ok(())
}

/// Whether what somebody buys costs what the form has shown; otherwise leads to the page `back`, which tells of it.
pub(super) async fn costs_as_shown(
    visit: &Visit,
    form: &'static str,
    back: &str,
    account_id: &AccountId,
    purchase: &Purchase,
    agreed_minor: i64,
) -> Result<bool, FormFailure> {
    let (cx, account_id, asked) = (visit.viewer_cx(), account_id.clone(), purchase.clone());
    let quoted =
        visit.state.db.read(|tx| Box::pin(async move { orders::quote_purchase(tx, &cx, &account_id, &asked).await }));
    match quoted.await? {
        Some((_, Ok(quote))) if quote.total.amount_minor == agreed_minor => return Ok(true),
        Some((_, Ok(_))) => Refused::new(form).problem("", "outdated").go_back(back).await,
        // The page says by itself what cannot be ordered.
        Some((_, Err(_))) | None => redirect(back),
    }
    Ok(false)
}
