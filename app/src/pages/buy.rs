//! `/buy`: an order before it is placed: what, how many, for how much, for whom, and what happens next.

use backend::accounts::{Account, Act, Role, may};
use backend::catalog::{self, BillingInterval, Plan, Product};
use backend::licenses::rules::add_years;
use backend::money::Currency;
use backend::orders::rules::{self, Quote};
use backend::text::en::{buying as text, catalog as lines, countries, orders};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::orders::{Choice as Chosen, FORM};
use crate::components::{
    Card, Cents, Choice, Column, Control, Emphasis, EmptyState, Fact, Facts, Field, FieldError, Form, LinkButton,
    Method, Money, Notice, PageHead, Row, Stepper, Table, Tone, money_text,
};
use crate::request::Visit;

/// The review.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let (vendor_id, plan_code) = (visit.vendor.id.clone(), visit.query("plan").unwrap_or_default());
    let product_code = visit.query("product").filter(|code| !code.is_empty());
    let offer = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move { catalog::find_offer(tx, &vendor_id, product_code.as_deref(), &plan_code).await })
        })
        .await?;
    let Some((product, plan)) = offer.filter(|(_, plan)| plan.published) else { return Ok(no_such_plan()) };
    let currencies = rules::currencies(&plan);
    let asked = visit.query("currency").and_then(|code| Currency::parse(&code));
    let currency = asked.filter(|asked| currencies.contains(asked)).or(currencies.first().copied());
    let Some(currency) = currency else { return Ok(no_such_plan()) };
    let intervals = rules::intervals(&plan, currency);
    let asked = visit.query("interval").and_then(|word| BillingInterval::parse(&word));
    let Some(interval) = asked.or(intervals.first().copied()) else { return Ok(no_such_plan()) };
    let chosen = Chosen {
        product: visit.query("product").unwrap_or_default(),
        plan: plan.code.clone(),
        interval,
        seats: visit.query("seats").and_then(|typed| typed.trim().parse().ok()).unwrap_or(plan.included_seats.max(1)),
        currency,
    };
    let failed = take_refused(FORM).await.code("").map(failure);
    let review = Review { product, plan, chosen, intervals, account, role, failed };
    Ok(Page::new(text::REVIEW_TITLE, review.view(&visit)))
}

fn failure(code: &str) -> &'static str {
    match code {
        "price_changed" => text::PRICE_CHANGED,
        "try_again" => orders::TRY_AGAIN,
        _ => text::ORDER_FAILED,
    }
}

fn no_such_plan() -> Page {
    let body = view! {
        <PageHead title=text::REVIEW_TITLE />
        <EmptyState
            text=text::NO_SUCH_PLAN
            action=|| view! { <LinkButton href="/" label=text::TO_PRICE_LIST emphasis=Emphasis::Primary /> }
        />
    };
    Page::new(text::REVIEW_TITLE, body)
}

struct Review {
    product: Product,
    plan: Plan,
    chosen: Chosen,
    intervals: Vec<BillingInterval>,
    account: Account,
    role: Role,
    failed: Option<&'static str>,
}

impl Review {
    fn view(self, visit: &Visit) -> AnyView {
        let Chosen { interval, seats, currency, .. } = self.chosen;
        let quote = rules::quote_plan(&self.plan, interval, seats, currency);
        let failed = self.failed.map(|sentence| view! { <Notice tone=Tone::Bad title=sentence /> });
        let other_plan = format!("/?interval={}", interval.as_str());
        let quote = match quote {
            Ok(quote) => quote,
            Err(problem) => {
                let errors = vec![FieldError::new("seats", orders::choice_problem(problem))];
                let change_form = self.change_form(errors, other_plan);
                return view! {
                    <PageHead title=text::REVIEW_TITLE />
                    {failed}
                    <Card title=text::ORDER_TITLE>{change_form}</Card>
                }
                .into_any();
            }
        };
        let now = visit.state.clock.now();
        // The next charge, or for what is paid once the last day of the first year of updates.
        let next = rules::next_charge_on(now.date(), interval).unwrap_or_else(|| add_years(now, 1).date());
        let lead = text::review_lead(
            &self.product.name,
            &self.plan.name,
            &text::seats(self.plan.license_type, seats),
            quote.total,
            interval,
            next,
        );
        let (lines, change_form) = (self.lines(&quote), self.change_form(Vec::new(), other_plan));
        let (buyer, pay) = (self.buyer(), self.pay(&quote));
        view! {
            <PageHead title=text::REVIEW_TITLE lead=lead />
            {failed}
            <Card title=text::ORDER_TITLE>{lines} {change_form}</Card>
            <div class="row">
                <Card title=text::BUYER_TITLE>{buyer}</Card>
                <Card title=text::NEXT_TITLE>{pay}</Card>
            </div>
        }
        .into_any()
    }

    fn lines(&self, quote: &Quote) -> impl IntoView + use<> {
        let [item, quantity, each, amount] = text::ORDER_COLUMNS;
        let rows = quote
            .lines
            .iter()
            .map(|line| {
                let unit = line.price.unit_amount;
                let (plan, product) = (&self.plan, &self.product);
                let name = lines::line_name(&product.name, &plan.name, plan.license_type, line.price.role);
                Row::new()
                    .cell(name)
                    .cell(line.quantity.to_string())
                    .cell(view! { <Money minor=unit.amount_minor currency=unit.currency.as_str() /> })
                    .cell(view! { <Money minor=line.amount_minor currency=unit.currency.as_str() /> })
            })
            .collect();
        let total = quote.total;
        let total = money_text(total.amount_minor, total.currency.as_str(), Cents::Always);
        view! {
            <Table
                caption=text::ORDER_LINES
                caption_hidden=true
                columns=vec![
                    Column::text(item),
                    Column::number(quantity),
                    Column::number(each),
                    Column::number(amount),
                ]
                rows=rows
                foot=vec![Row::new().cell(text::BEFORE_TAX).blank().blank().cell(view! {
                    <span class="money">{total}</span>
                    " "
                    {orders::per(quote.interval)}
                })]
            />
        }
    }

    /// Asks this page again with another interval or number of seats; works without a script.
    fn change_form(&self, errors: Vec<FieldError>, other_plan: String) -> impl IntoView + use<> {
        let chosen = &self.chosen;
        let mut hidden = vec![
            ("plan".to_owned(), chosen.plan.clone()),
            ("currency".to_owned(), chosen.currency.as_str().to_owned()),
        ];
        if !chosen.product.is_empty() {
            hidden.push(("product".to_owned(), chosen.product.clone()));
        }
        let choices: Vec<Choice> = self
            .intervals
            .iter()
            .map(|interval| Choice::new(interval.as_str(), text::interval_name(*interval)))
            .collect();
        let interval = chosen.interval.as_str();
        let interval = if choices.len() > 1 {
            view! { <Field name="interval" label=text::INTERVAL_LABEL control=Control::Select(choices) value=interval /> }
                .into_any()
        } else {
            hidden.push(("interval".to_owned(), interval.to_owned()));
            ().into_any()
        };
        let license_type = self.plan.license_type;
        let least = u32::try_from(self.plan.included_seats.max(1)).unwrap_or(1);
        let most = u32::try_from(self.plan.max_seats).unwrap_or(u32::MAX);
        let seats = u32::try_from(chosen.seats.max(0)).unwrap_or(u32::MAX);
        view! {
            <div class="across">
            <Form
                action="/buy"
                method=Method::Get
                id="change"
                submit=text::UPDATE_PRICE
                emphasis=Emphasis::Plain
                errors=errors
                errors_title=text::CANNOT_ORDER
                hidden=hidden
                beside=move || view! { <a href=other_plan.clone()>{text::OTHER_PLAN}</a> }
            >
                {interval}
                <Stepper
                    name="seats"
                    label=text::seats_label(license_type)
                    value=seats
                    min=least
                    max=most
                    fewer=text::fewer(license_type)
                    more=text::more(license_type)
                />
            </Form>
            </div>
        }
    }

    fn buyer(&self) -> impl IntoView + use<> {
        let [company, address, vat_id, invoices] = text::BUYER_LABELS;
        let account = &self.account;
        let place = &account.address;
        let town = format!("{} {}", place.postal_code, place.city);
        let country = countries::country(&account.country).unwrap_or(&account.country);
        let address_lines = [place.line1.as_str(), &place.line2, town.trim(), &place.state, country]
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
        view! {
            <Facts facts=vec![
                Fact::new(company, account.company.clone()),
                Fact::new(address, address_lines),
                Fact::new(vat_id, account.vat_id.clone().unwrap_or_else(|| text::NO_VAT_ID.to_owned())),
                Fact::new(invoices, account.billing_email.clone()),
            ] />
            <p>
                <a href="/account">{text::CHANGE_BUYER}</a>
            </p>
        }
    }

    fn pay(&self, quote: &Quote) -> AnyView {
        if !may(self.role, Act::Buy) {
            return view! { <Notice tone=Tone::Warn title=text::MAY_NOT_BUY /> }.into_any();
        }
        let chosen = &self.chosen;
        let mut hidden = vec![
            ("plan".to_owned(), chosen.plan.clone()),
            ("interval".to_owned(), chosen.interval.as_str().to_owned()),
            ("seats".to_owned(), chosen.seats.to_string()),
            ("currency".to_owned(), chosen.currency.as_str().to_owned()),
            ("agreed_minor".to_owned(), quote.total.amount_minor.to_string()),
        ];
        if !chosen.product.is_empty() {
            hidden.push(("product".to_owned(), chosen.product.clone()));
        }
        let steps = text::next_steps().map(|step| view! { <li>{step}</li> });
        view! {
            <ol class="numbered">{steps.collect_view()}</ol>
            <Form action="/act/place-order" id="pay" submit=text::pay_by_card(quote.total) hidden=hidden />
            <p class="hint">{text::TAX_NOTE}</p>
        }
        .into_any()
    }
}
