//! The forms of vouchers: a partner buys them, reads a code, notes something; whoever has a code redeems it. Who may is asked
//! by the use cases.

#![expect(clippy::too_many_arguments, reason = "the fields of a form are the arguments of its server function")]

use backend::accounts::{Act, may_act};
use backend::catalog::{self, BillingInterval};
use backend::clock::{MINUTE_MS, UnixMs};
use backend::db::DbError;
use backend::ids::{AccountId, OrderId, PlanId, VoucherId};
use backend::money::Currency;
use backend::orders::{self, OrderPlacement, PlaceOrder, Purchase};
use backend::partners::find_partnership;
use backend::vouchers::{self, NoteSet, Redemption, Seeker, VoucherCode, WantedVouchers, rules};
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::acting::{must_be_allowed, named_account};
use super::entered_voucher::{forget_code, keep_code};
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::orders::{checkout_urls, read_payment, session_hash};
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The partner's list of batches.
pub const VOUCHERS: &str = "/partner/vouchers";
/// Where vouchers are bought.
pub const BUY: &str = "/partner/vouchers/new";
/// Where a code is redeemed.
pub const REDEEM: &str = "/redeem";
/// Where another code is entered than the one that was.
pub const REDEEM_ANOTHER: &str = "/redeem?another=1";
/// The form that buys.
pub const BUY_FORM: &str = "buy-vouchers";
/// The form of the note.
pub const NOTE: &str = "note-voucher";
/// The form in which a code is entered.
pub const ENTER: &str = "enter-voucher";
/// The session's note that the code of a voucher may be shown, once.
const REVEAL_VOUCHER: &str = "reveal_voucher";
/// How long such a note waits for its page, in milliseconds.
const REVEAL_MS: i64 = MINUTE_MS;

/// The page of a batch.
#[must_use]
pub fn batch_page(order_id: &OrderId) -> String {
    local_path(&format!("{VOUCHERS}/{order_id}"))
}

/// The page of a voucher.
#[must_use]
pub fn voucher_page(order_id: &OrderId, id: &VoucherId) -> String {
    local_path(&format!("{VOUCHERS}/{order_id}/{id}"))
}

/// What a partner chooses, as it stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoucherChoice {
    /// Of which plan, and for how long: `pln_….year`; `None` where nothing is chosen.
    pub sold: Option<(PlanId, BillingInterval)>,
    /// How many.
    pub count: i64,
    /// What was typed as their number, where that is none.
    pub no_number: Option<String>,
    /// In which currency; `None` where none is chosen.
    pub currency: Option<Currency>,
}

impl VoucherChoice {
    /// A plan and a term in one value.
    #[must_use]
    pub fn send(plan_id: &PlanId, interval: BillingInterval) -> String {
        format!("{plan_id}.{}", interval.as_str())
    }

    /// Reads the values of an address.
    #[must_use]
    pub fn read(sold: &str, count: &str, currency: &str) -> Self {
        let sold = sold
            .split_once('.')
            .and_then(|(plan_id, word)| Some((PlanId::from_untrusted(plan_id), BillingInterval::parse(word)?)));
        let count = count.trim();
        let (count, no_number) = match count.parse() {
            Ok(number) => (number, None),
            Err(_) if count.is_empty() => (1, None),
            Err(_) => (0, Some(count.to_owned())),
        };
        Self { sold, count, no_number, currency: Currency::parse(currency) }
    }

    /// The number as it was typed.
    #[must_use]
    pub fn typed_count(&self) -> String {
        self.no_number.clone().unwrap_or_else(|| self.count.to_string())
    }

    /// The address of the page on which it is chosen.
    #[must_use]
    pub fn page(&self) -> String {
        let (sold, count) = (self.sold.as_ref().map(|(id, interval)| Self::send(id, *interval)), self.typed_count());
        let mut query = vec![("count", count.as_str())];
        query.extend(sold.as_deref().map(|sold| ("sold", sold)));
        query.extend(self.currency.as_ref().map(|currency| ("currency", currency.as_str())));
        format!("{BUY}?{}", serde_urlencoded::to_string(query).unwrap_or_default())
    }
}

/// Buys vouchers for the partner that the form names, which must be the one that is acted for, and leads to the page on which
/// they are paid. What cannot be ordered goes back to its page.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, for whoever may not buy, and for accounts that are no partners.
#[server(prefix = "/act", endpoint = "buy-vouchers")]
pub async fn buy_vouchers(
    /// The partner's account.
    #[server(default)]
    account_id: String,
    /// The plan.
    plan_id: String,
    /// For how long each license runs: `month`, `year` or `once`.
    interval: String,
    /// How many.
    count: i64,
    /// ISO 4217 code.
    currency: String,
    /// The total that the partner saw, in minor units of `currency`: another one is never ordered.
    agreed_minor: i64,
    /// What the partner saw that its discount takes off, in minor units.
    #[server(default)]
    agreed_discount_minor: i64,
    /// How it is paid: `card` or `transfer`; by card when absent.
    #[server(default)]
    payment: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    let (cx, id) = (visit.viewer_cx(), account.id.clone());
    let partner = visit.state.db.read(|tx| Box::pin(async move { find_partnership(tx, &cx, &id, Act::Buy).await }));
    if partner.await?.is_none() {
        return Err(FormFailure::not_allowed());
    }
    let (Some(interval), Some(currency)) = (BillingInterval::parse(&interval), Currency::parse(&currency)) else {
        return Err(FormFailure::malformed());
    };
    let payment = read_payment(&payment)?;
    let plan_id = PlanId::from_untrusted(&plan_id);
    let (vendor_id, id) = (visit.vendor.id.clone(), plan_id.clone());
    let plan = visit.state.db.read(|tx| Box::pin(async move { catalog::find_plan(tx, &vendor_id, &id).await })).await?;
    let Some(plan) = plan else { return Err(FormFailure::malformed()) };
    let sold = Some((plan_id.clone(), interval));
    let chosen = VoucherChoice { sold, count, no_number: None, currency: Some(currency) };
    let wanted = WantedVouchers { plan_id, interval, count, currency, takes_off_minor: agreed_discount_minor };
    match rules::quote(&plan, &wanted) {
        Ok(quote) if quote.total.amount_minor == agreed_minor => {}
        Ok(_) => return go_back(&chosen, "price_changed").await,
        // The page says what is wrong with the choice by itself.
        Err(_) => return go_back(&chosen, "").await,
    }
    let place = PlaceOrder {
        account_id: account.id,
        user_id: viewer.user.id.clone(),
        session_hash: session_hash(&visit),
        purchase: Purchase::Vouchers(wanted),
        payment,
        promotion: None,
        for_client: None,
        urls: checkout_urls(&visit),
    };
    match orders::place_order(&visit.state.commerce(), &visit.viewer_cx(), &place).await {
        Ok(OrderPlacement::Placed { checkout_url, .. }) => {
            redirect(&checkout_url);
            Ok(())
        }
        Ok(OrderPlacement::Made { order }) => {
            redirect(&format!("/orders/{}", order.id));
            Ok(())
        }
        Ok(OrderPlacement::Refused(_) | OrderPlacement::CodeRefused(_) | OrderPlacement::AccountCloses { .. }) => {
            go_back(&chosen, "").await
        }
        Ok(OrderPlacement::DiscountChanged | OrderPlacement::PaymentNotOffered) => {
            go_back(&chosen, "price_changed").await
        }
        Ok(OrderPlacement::Withdrawn) => go_back(&chosen, "try_again").await,
        Ok(OrderPlacement::NotAllowed) => Err(FormFailure::not_allowed()),
        Err(error) => {
            tracing::error!(request_id = visit.request_id, %error, "vouchers could not be ordered");
            go_back(&chosen, if error.may_pass() { "try_again" } else { "order_failed" }).await
        }
    }
}

async fn go_back(chosen: &VoucherChoice, code: &str) -> Result<(), FormFailure> {
    let refused = Refused::new(BUY_FORM);
    let refused = if code.is_empty() { refused } else { refused.problem("", code) };
    refused.go_back(&chosen.page()).await;
    Ok(())
}

/// A note that a voucher's code may be shown.
#[derive(Debug, Serialize, Deserialize)]
struct Reveal {
    voucher_id: VoucherId,
    asked_at: UnixMs,
}

/// Lets the voucher's page show the code once, after asking for the password unless it was typed lately. The code itself never
/// waits in a session: the page opens it, and that it was shown is recorded then.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for vouchers of other accounts.
#[server(prefix = "/act", endpoint = "reveal-voucher")]
pub async fn reveal_voucher(
    /// The voucher.
    voucher_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = VoucherId::from_untrusted(&voucher_id);
    let (cx, wanted) = (visit.viewer_cx(), id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some((batch, _)) = vouchers::find_batch_voucher(tx, &cx, &wanted).await? else { return Ok(None) };
            let may = may_act(tx, &cx, &batch.partner_id, Act::Buy).await?;
            Ok::<_, DbError>(may.then_some(batch.order_id))
        })
    });
    let Some(order_id) = found.await? else { return Err(FormFailure::not_allowed()) };
    let page = format!("{}#code", voucher_page(&order_id, &id));
    let note = Reveal { voucher_id: id, asked_at: visit.state.clock.now() };
    visit.session.insert(REVEAL_VOUCHER, note).await?;
    match fresh_authentication(&visit).await? {
        Some(_) => redirect(&page),
        None => redirect(&confirm_first(&page)),
    }
    Ok(())
}

/// Whether the code of this voucher was asked for a moment ago by somebody who has typed the password lately; answers so
/// once. A note that still waits for the password stays.
pub async fn take_reveal(visit: &Visit, voucher_id: &VoucherId) -> bool {
    let Ok(Some(note)) = visit.session.get::<Reveal>(REVEAL_VOUCHER).await else { return false };
    let Ok(Some(authenticated_at)) = fresh_authentication(visit).await else { return false };
    if note.voucher_id != *voucher_id {
        return false;
    }
    // A note that cannot be forgotten would show the code again and again.
    let forgotten = visit.session.remove_value(REVEAL_VOUCHER).await.is_ok();
    forgotten && visit.state.clock.now() < note.asked_at.max(authenticated_at).plus(REVEAL_MS)
}

/// Keeps the partner's note on a voucher.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for vouchers of other accounts.
#[server(prefix = "/act", endpoint = "note-voucher")]
pub async fn note_voucher(
    /// The voucher.
    voucher_id: String,
    /// The note; empty removes it.
    #[server(default)]
    note: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = VoucherId::from_untrusted(&voucher_id);
    let (cx, wanted, typed) = (visit.viewer_cx(), id.clone(), note.clone());
    let noted = visit.state.db.write(move |tx| {
        Box::pin(async move {
            let found = vouchers::find_batch_voucher(tx, &cx, &wanted).await?;
            let order_id = found.map(|(batch, _)| batch.order_id);
            Ok::<_, DbError>((vouchers::note_voucher(tx, &cx, &wanted, &typed).await?, order_id))
        })
    });
    let (noted, Some(order_id)) = noted.await? else { return Err(FormFailure::not_allowed()) };
    let page = voucher_page(&order_id, &id);
    match noted {
        NoteSet::Done => say_done("voucher_noted").await,
        NoteSet::Unchanged => say_done("nothing_changed").await,
        NoteSet::TooLong(_) => {
            let refused = Refused::new(NOTE).value("note", &note).problem("note", "too_long");
            refused.go_back(&format!("{page}#note")).await;
            return Ok(());
        }
        NoteSet::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// Goes to the page that says what a code is.
///
/// # Errors
/// [`FormFailure`] for what no form of ours sends.
#[server(prefix = "/act", endpoint = "enter-voucher")]
pub async fn enter_voucher(
    /// As typed.
    #[server(default)]
    code: String,
) -> Result<(), FormFailure> {
    match VoucherCode::parse(&code) {
        Some(code) => {
            keep_code(&Visit::here(), &code).await?;
            redirect(REDEEM);
        }
        None => Refused::new(ENTER).value("code", &code).problem("code", "malformed").go_back(REDEEM_ANOTHER).await,
    }
    Ok(())
}

/// Who looks a code up for this account.
#[must_use]
pub fn seeker(visit: &Visit, account_id: &AccountId) -> Seeker {
    Seeker { account_id: account_id.clone(), address: visit.address }
}

/// Redeems a voucher for the account that the form names, which must be the one that is acted for.
///
/// # Errors
/// [`FormFailure`] for whoever may not buy for the account.
#[server(prefix = "/act", endpoint = "redeem-voucher")]
pub async fn redeem_voucher(
    /// The account that shall have the license.
    #[server(default)]
    account_id: String,
    /// The code.
    #[server(default)]
    code: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    must_be_allowed(&visit, &account.id, Act::Buy).await?;
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let wanted = vouchers::RedeemVoucher {
        seeker: seeker(&visit, &account.id),
        code: code.clone(),
        session_hash: session_hash(&visit),
    };
    let redeemed = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { vouchers::redeem_voucher(tx, &cx, &master, &wanted).await }));
    match redeemed.await? {
        Redemption::Done { voucher_id, .. } => {
            forget_code(&visit).await?;
            redirect(&format!("{REDEEM}/{voucher_id}"));
        }
        // The page says by itself what is the matter with the code.
        Redemption::Refused(_) => {
            if let Some(code) = VoucherCode::parse(&code) {
                keep_code(&visit, &code).await?;
            }
            redirect(REDEEM);
        }
        Redemption::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_survives_its_address() {
        let sold = Some((PlanId::from_untrusted("pln_a"), BillingInterval::Year));
        let chosen = VoucherChoice { sold, count: 3, no_number: None, currency: Currency::parse("usd") };
        assert_eq!(chosen.page(), "/partner/vouchers/new?count=3&sold=pln_a.year&currency=usd");
        assert_eq!(VoucherChoice::read("pln_a.year", "3", "usd"), chosen);
        let nothing = VoucherChoice::read("pln_a", "", "");
        assert_eq!(nothing, VoucherChoice { sold: None, count: 1, no_number: None, currency: None });
        let no_number = VoucherChoice::read("pln_a.day", " many ", "usd");
        assert_eq!((no_number.count, no_number.typed_count().as_str()), (0, "many"));
        assert_eq!(no_number.page(), "/partner/vouchers/new?count=many&currency=usd");
    }
}
