//! `/partner/vouchers/new`: a partner chooses plan, term and number, sees the price with its discount, and goes on to pay.
//! `?sold=pln_….year&count=3&currency=usd` is the choice.

use backend::accounts::{Account, Act, may};
use backend::catalog::{self, BillingInterval, Plan, Product};
use backend::db::DbError;
use backend::ids::PlanId;
use backend::money::{Currency, Money};
use backend::orders::currency;
use backend::orders::rules::{ChoiceProblem, Quote};
use backend::orders::terms::{self, TransferTerms};
use backend::partners::{self, PartnerTerms, find_partnership};
use backend::text::en::{
    buying, currencies as currency_words, licenses as words, orders as order_text, transfers, vouchers as text,
};
use backend::vouchers::{WantedVouchers, rules};
use leptos::prelude::*;

use super::tax_note::tax_note;
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::vouchers::{BUY, BUY_FORM, VOUCHERS, VoucherChoice};
use crate::components::{
    Breadcrumb, Card, Choice, Control, Crumb, Emphasis, EmptyState, Fact, Facts, Field, FieldError, Form, LinkButton,
    Method, Notice, PageHead, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// What can be handed out as vouchers: a plan and a term.
struct Sold {
    product: Product,
    plan: Plan,
    interval: BillingInterval,
    each: Money,
}

impl Sold {
    fn is(&self, chosen: &VoucherChoice) -> bool {
        chosen.sold.as_ref().is_some_and(|(id, interval)| self.plan.id == *id && self.interval == *interval)
    }
}

struct Review {
    account: Account,
    terms: PartnerTerms,
    /// In which vouchers are sold.
    currencies: Vec<Currency>,
    currency: Currency,
    is_fixed: bool,
    sold: Vec<Sold>,
    chosen: VoucherChoice,
    /// Why what was asked for is not among `sold`.
    unsold: Option<&'static str>,
    failed: Option<&'static str>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let (cx, id) = (visit.viewer_cx(), account.id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some((_, terms)) = find_partnership(tx, &cx, &id, Act::See).await? else { return Ok(None) };
            let fixed = currency::fixed_currency(tx, &cx.vendor_id, &id).await?;
            let mut plans = Vec::new();
            for product in catalog::list_products(tx, &cx.vendor_id).await? {
                let of_product = catalog::list_plans(tx, &cx.vendor_id, &product.id).await?;
                plans.extend(of_product.into_iter().filter(|plan| plan.published).map(|plan| (product.clone(), plan)));
            }
            Ok::<_, DbError>(Some((terms, fixed, plans)))
        })
    });
    let (terms, fixed, plans) = found.await?.ok_or(NoPage::NotFound)?;
    if !may(role, Act::Buy) {
        return Ok(nothing(text::MAY_NOT_BUY));
    }
    if account.closes_at.is_some() {
        return Ok(nothing(text::CLOSES));
    }
    let asked = |name| visit.query(name).unwrap_or_default();
    let chosen = VoucherChoice::read(&asked("sold"), &asked("count"), &asked("currency"));
    let currencies = currency::offered(plans.iter().map(|(_, plan)| plan), &visit.vendor.profile.currencies);
    let currency = currency::shown(&currencies, chosen.currency, fixed, Some(&account.country));
    let Some(currency) = currency else { return Ok(nothing(text::NOTHING_SOLD)) };
    let sold = sold(&plans, currency);
    if sold.is_empty() {
        return Ok(nothing(text::NOTHING_SOLD));
    }
    let unsold = unsold(&asked("sold"), &chosen, &plans, &sold);
    let failed = take_refused(BUY_FORM).await.code("").map(failure);
    let is_fixed = fixed.is_some();
    let review = Review { account, terms, currencies, currency, is_fixed, sold, chosen, unsold, failed };
    Ok(Page::new(text::BUY_TITLE, review.view(&visit)))
}

/// Everything that is sold in the currency and costs something, as it is on the price list.
fn sold(plans: &[(Product, Plan)], currency: Currency) -> Vec<Sold> {
    let one = |product: &Product, plan: &Plan, interval: BillingInterval| {
        let wanted = WantedVouchers { plan_id: plan.id.clone(), interval, count: 1, currency, takes_off_minor: 0 };
        let quote = rules::quote(plan, &wanted).ok()?;
        Some(Sold { product: product.clone(), plan: plan.clone(), interval, each: quote.total })
    };
    let mut sold = Vec::new();
    for (product, plan) in plans {
        sold.extend(BillingInterval::ALL.iter().filter_map(|interval| one(product, plan, *interval)));
    }
    sold
}

/// Why what was asked for is not sold; `None` where it is, and where nothing was asked for.
fn unsold(asked: &str, chosen: &VoucherChoice, plans: &[(Product, Plan)], sold: &[Sold]) -> Option<&'static str> {
    if asked.trim().is_empty() || sold.iter().any(|it| it.is(chosen)) {
        return None;
    }
    let is_sold = |(id, _): &(PlanId, BillingInterval)| plans.iter().any(|(_, plan)| plan.id == *id);
    Some(if chosen.sold.as_ref().is_some_and(is_sold) { text::NOT_IN_CURRENCY } else { text::NOT_SOLD })
}

fn failure(code: &str) -> &'static str {
    match code {
        "price_changed" => text::PRICE_CHANGED,
        "try_again" => order_text::TRY_AGAIN,
        _ => buying::ORDER_FAILED,
    }
}

fn crumbs() -> Vec<Crumb> {
    vec![Crumb::to(text::TITLE, VOUCHERS), Crumb::here(text::BUY_TITLE)]
}

fn nothing(why: &'static str) -> Page {
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs=crumbs() />
        <PageHead title=text::BUY_TITLE />
        <EmptyState
            text=why
            action=|| view! { <LinkButton href=VOUCHERS label=text::TITLE emphasis=Emphasis::Plain /> }
        />
    };
    Page::new(text::BUY_TITLE, body)
}

impl Review {
    /// What is chosen; the first that is sold where nothing was asked for, and nothing where that is not sold.
    fn choice(&self) -> Option<&Sold> {
        if self.unsold.is_some() {
            return None;
        }
        self.sold.iter().find(|it| it.is(&self.chosen)).or_else(|| self.sold.first())
    }

    fn view(&self, visit: &Visit) -> AnyView {
        let failed = self.failed.map(|title| view! { <Notice tone=Tone::Bad title /> });
        let quoted = self.choice().map(|choice| (choice, self.quote(choice)));
        let problem = quoted.as_ref().and_then(|(_, quote)| quote.as_ref().err());
        let form = self.change_form(quoted.as_ref().map(|(choice, _)| *choice), problem);
        let price = quoted.and_then(|(choice, quote)| Some(self.price(visit, choice, &quote.ok()?)));
        view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs=crumbs() />
            <PageHead title=text::BUY_TITLE lead=text::BUY_LEAD />
            {failed}
            <Card title=text::CHOICE_TITLE>{form}</Card>
            {price}
        }
        .into_any()
    }

    fn quote(&self, choice: &Sold) -> Result<Quote, ChoiceProblem> {
        let wanted = WantedVouchers {
            plan_id: choice.plan.id.clone(),
            interval: choice.interval,
            count: self.chosen.count,
            currency: self.currency,
            takes_off_minor: 0,
        };
        rules::quote(&choice.plan, &wanted)
    }

    /// Asks this page again with another choice; works without a script.
    fn change_form(&self, choice: Option<&Sold>, problem: Option<&ChoiceProblem>) -> AnyView {
        let unsold = self.unsold.map(|sentence| FieldError::new("sold", sentence));
        let problem = problem.map(|problem| FieldError::new("count", text::choice_problem(problem)));
        let errors: Vec<FieldError> = unsold.into_iter().chain(problem).collect();
        let option = |it: &Sold| {
            let label = text::plan_choice(&it.product.name, &it.plan.name, it.interval, it.each);
            Choice::new(VoucherChoice::send(&it.plan.id, it.interval), label)
        };
        let options = self.sold.iter().map(option).collect();
        let value = choice.map(|choice| VoucherChoice::send(&choice.plan.id, choice.interval)).unwrap_or_default();
        let count = self.chosen.typed_count();
        let money = self.currency.as_str();
        let mut hidden = Vec::new();
        let currency = if self.currencies.len() > 1 && !self.is_fixed {
            let choices =
                self.currencies.iter().map(|it| Choice::new(it.as_str(), currency_words::name(*it))).collect();
            view! { <Field name="currency" label=buying::CURRENCY control=Control::Select(choices) value=money /> }
                .into_any()
        } else {
            hidden.push(("currency".to_owned(), money.to_owned()));
            ().into_any()
        };
        view! {
            <Form
                action=BUY
                method=Method::Get
                id="choose"
                submit=text::UPDATE
                emphasis=Emphasis::Plain
                errors
                errors_title=text::CANNOT_ORDER
                hidden
            >
                <Field name="sold" label=text::PLAN control=Control::Select(options) value />
                {currency}
                <Field
                    name="count"
                    label=text::NUMBER
                    control=Control::Number { min: 1, max: rules::MOST }
                    value=count
                    hint=text::number_hint()
                />
            </Form>
        }
        .into_any()
    }

    fn price(&self, visit: &Visit, choice: &Sold, quote: &Quote) -> AnyView {
        let [each, license, discount, to_pay] = text::PRICE_LABELS;
        let off = partners::rules::discount(self.terms, quote, &choice.plan.id);
        let total = quote.total;
        let off_minor = off.map_or(0, |off| off.amount_minor);
        let pay = Money::new(total.amount_minor - off_minor, total.currency);
        let runs = text::license(choice.plan.license_type, rules::seats(&choice.plan), choice.interval);
        let mut facts = vec![Fact::new(license, runs), Fact::new(each, text::amount(choice.each))];
        facts.extend(off.map(|off| Fact::new(discount, text::discount(off))));
        facts.push(Fact::new(to_pay, view! { <strong class="money">{text::amount(pay)}</strong> }));
        let renewal = (choice.interval != BillingInterval::Once).then(|| view! { <p>{text::NO_RENEWAL}</p> });
        let hidden = |payment: &str| {
            vec![
                ("account_id".to_owned(), self.account.id.to_string()),
                ("plan_id".to_owned(), choice.plan.id.to_string()),
                ("interval".to_owned(), choice.interval.as_str().to_owned()),
                ("count".to_owned(), self.chosen.count.to_string()),
                ("currency".to_owned(), self.currency.as_str().to_owned()),
                ("agreed_minor".to_owned(), total.amount_minor.to_string()),
                ("agreed_discount_minor".to_owned(), off_minor.to_string()),
                ("payment".to_owned(), payment.to_owned()),
            ]
        };
        let transfer = terms::transfer_terms(&visit.vendor.profile, &choice.plan, quote, 0);
        let transfer = transfer.map(|usual| partners::rules::transfer_terms(usual, self.terms));
        let transfer = transfer.map(|transfer| by_transfer(visit, transfer, hidden("transfer")));
        let (hidden, submit, note) = (hidden("card"), text::pay(pay), tax_note());
        view! {
            <Card title=text::PRICE_TITLE id="price">
                <Facts facts />
                {renewal}
                <Form action="/act/buy-vouchers" id="pay" submit hidden />
                {note}
            </Card>
            {transfer}
        }
        .into_any()
    }
}

/// The other way to pay, where the vendor offers it.
fn by_transfer(visit: &Visit, transfer: TransferTerms, hidden: Vec<(String, String)>) -> AnyView {
    let due_at = transfer.due_at(visit.state.clock.now());
    let lead = text::by_transfer(due_at.date(), terms::void_at(due_at).date());
    view! {
        <Card title=transfers::INSTEAD_TITLE lead>
            <Form
                action="/act/buy-vouchers"
                id="transfer"
                submit=transfers::ORDER
                emphasis=Emphasis::Plain
                hidden
            />
        </Card>
    }
    .into_any()
}
