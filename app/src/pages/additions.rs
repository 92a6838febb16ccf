//! What the pages share that add to a perpetual license: what an addition costs, line by line, and how it is paid.

use backend::accounts::Account;
use backend::catalog::{self, Plan};
use backend::clock::UnixMs;
use backend::licenses::License;
use backend::money::Currency;
use backend::orders::rules::{ChoiceProblem, Quote};
use backend::orders::{self, Purchase, currency, terms};
use backend::partners::{PartnerTerms, rules as partners};
use backend::text::en::{additions as text, billing, buying, catalog as lines, deletion, transfers};
use backend::vendors::Profile;
use leptos::prelude::*;

use super::NoPage;
use super::own_license::OwnLicense;
use super::tax_note::tax_note;
use crate::api::form::Refused;
use crate::components::{Card, Cents, Column, Emphasis, Form, LinkButton, Money, Notice, Row, Table, Tone, money_text};
use crate::request::Visit;

/// Among the account's latest orders, the one that made the license tells in which currency it was bought.
const ORDERS: i64 = 100;

/// What an addition to a license costs.
pub(super) struct Offer {
    /// The license's plan.
    pub(super) plan: Plan,
    /// What it costs, or why it cannot be ordered.
    pub(super) quote: Result<Quote, ChoiceProblem>,
    /// When an order of it by transfer would be due and given up, where that is offered.
    pub(super) by_transfer: Option<(UnixMs, UnixMs)>,
}

/// What the addition costs, in the currency in which the account buys it; `None` where nothing can be added.
pub(super) async fn offer(
    visit: &Visit,
    own: &OwnLicense,
    purchase: impl FnOnce(Currency) -> Purchase + Send + 'static,
) -> Result<Option<Offer>, NoPage> {
    let addition = Addition {
        license: own.license().clone(),
        payer: own.account.clone(),
        partner: None,
        profile: visit.vendor.profile.clone(),
        now: own.now,
    };
    price(visit, addition, purchase).await
}

/// Something that is added to a license.
pub(super) struct Addition {
    /// The license.
    pub(super) license: License,
    /// Who pays.
    pub(super) payer: Account,
    /// Where a partner orders it for its client: what is agreed, and whether the partner pays.
    pub(super) partner: Option<(PartnerTerms, bool)>,
    /// What the vendor offers.
    pub(super) profile: Profile,
    /// When.
    pub(super) now: UnixMs,
}

impl Addition {
    /// When an order of it by transfer would be due and given up.
    fn by_transfer(&self, plan: &Plan, quote: &Quote) -> Option<(UnixMs, UnixMs)> {
        let usual = terms::transfer_terms(&self.profile, plan, quote, 0)?;
        let transfer = match self.partner {
            Some((agreed, true)) => partners::transfer_terms(usual, agreed),
            Some((_, false)) | None => usual,
        };
        let due_at = transfer.due_at(self.now);
        Some((due_at, terms::void_at(due_at)))
    }
}

/// What something that is added to a license costs whoever pays for it.
pub(super) async fn price(
    visit: &Visit,
    addition: Addition,
    purchase: impl FnOnce(Currency) -> Purchase + Send + 'static,
) -> Result<Option<Offer>, NoPage> {
    let cx = visit.viewer_cx();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let (license, payer) = (&addition.license, &addition.payer);
            let orders = orders::list_orders(tx, &cx.vendor_id, &payer.id, None, ORDERS).await?;
            let bought = orders.iter().find(|order| order.license_id.as_ref() == Some(&license.id));
            let Some(plan) = catalog::find_plan(tx, &cx.vendor_id, &license.plan_id).await? else { return Ok(None) };
            // As it was bought, unless the account is bound to another currency since.
            let fixed = currency::fixed_currency(tx, &cx.vendor_id, &payer.id).await?;
            let offered = currency::offered([&plan], &addition.profile.currencies);
            let country = Some(payer.country.as_str());
            let currency = currency::shown(&offered, bought.map(|order| order.currency), fixed, country);
            let Some(currency) = currency else { return Ok(None) };
            let quoted = orders::quote_purchase(tx, &cx, &license.account_id, &purchase(currency)).await?;
            Ok::<_, NoPage>(quoted.map(|(plan, quote)| {
                let by_transfer = quote.as_ref().ok().and_then(|quote| addition.by_transfer(&plan, quote));
                Offer { plan, quote, by_transfer }
            }))
        })
    });
    found.await
}

/// What is ordered, line by line.
pub(super) fn order_lines(product: &str, plan: &Plan, quote: &Quote) -> impl IntoView + use<> {
    let [item, quantity, each, amount] = buying::ORDER_COLUMNS;
    let rows = quote.lines.iter().map(|line| {
        let (price, unit) = (&line.price, line.price.unit_amount);
        Row::new()
            .cell(lines::line_name(product, plan, price.role, &price.option))
            .cell(line.quantity.to_string())
            .cell(view! { <Money minor=unit.amount_minor currency=unit.currency.as_str() /> })
            .cell(view! { <Money minor=line.amount_minor currency=unit.currency.as_str() /> })
    });
    let total = money_text(quote.total.amount_minor, quote.total.currency.as_str(), Cents::Always);
    let total = view! { <span class="money">{total}</span> };
    view! {
        <Table
            caption=buying::ORDER_LINES
            caption_hidden=true
            columns=vec![Column::text(item), Column::number(quantity), Column::number(each), Column::number(amount)]
            rows=rows.collect()
            foot=vec![Row::new().cell(buying::BEFORE_TAX).blank().blank().cell(total)]
        />
    }
}

/// The form that pays by card.
pub(super) fn pay_by_card(
    action: &'static str,
    quote: &Quote,
    hidden: Vec<(String, String)>,
    back: String,
) -> impl IntoView + use<> {
    let note = tax_note();
    view! {
        <Form
            action
            submit=buying::pay_by_card(quote.total)
            emphasis=Emphasis::Primary
            hidden
            beside=move || view! { <LinkButton href=back.clone() label=text::BACK /> }
        />
        {note}
    }
}

/// The form that orders by transfer instead, where that is offered.
pub(super) fn pay_by_transfer(
    action: &'static str,
    lead: Option<String>,
    hidden: &[(String, String)],
) -> Option<impl IntoView + use<>> {
    let hidden = [hidden, &[("payment".to_owned(), "transfer".to_owned())]].concat();
    lead.map(|lead| {
        view! {
            <Card title=transfers::INSTEAD_TITLE lead>
                <Form action id="transfer" submit=transfers::ORDER emphasis=Emphasis::Plain hidden />
            </Card>
        }
    })
}

/// Why an order was not placed; `closes_at` is when the account closes.
pub(super) fn problem(refused: &Refused, closes_at: Option<UnixMs>) -> Option<impl IntoView + use<>> {
    refused.code("").map(|code| {
        let sentence = match (code, closes_at) {
            ("account_closes", Some(closes_at)) => deletion::keep_first(closes_at),
            ("outdated", _) => billing::OUTDATED.to_owned(),
            _ => text::TRY_AGAIN.to_owned(),
        };
        view! { <Notice tone=Tone::Bad title=sentence /> }
    })
}
