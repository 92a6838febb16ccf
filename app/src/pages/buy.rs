//! `/buy`: an order before it is placed: what, how many, for how much, for whom, and what happens next. `?code=` carries
//! a promotion code, which is asked about at once.

mod pay;

use std::collections::{BTreeMap, BTreeSet};

use backend::accounts::{Account, ActsAs};
use backend::catalog::{self, BillingInterval, Plan, Product};
use backend::db::DbError;
use backend::licenses::rules::add_years;
use backend::money::{Currency, Money as AmountOf};
use backend::orders::currency::{self, FixedCurrency};
use backend::orders::promotion::Discount;
use backend::orders::rules::{self, Quote};
use backend::orders::terms;
use backend::orders::{AskedCode, CodeAnswer, look_up_promotion};
use backend::text::en::{
    buying as text, catalog as lines, countries, currencies as currency_words, options, orders, promotions,
};
use leptos::prelude::*;

use super::addons::addon_cards;
use super::buy_client::Client;
use super::packs::{asked as asked_packs, pack_fields};
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::orders::{Choice as Chosen, FORM, PACK};
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
    let client = Client::find(&visit, &account).await?;
    // Who pays: in whose currency, and with whose details.
    let buyer = account;
    let account = client.as_ref().map_or_else(|| buyer.clone(), |client| client.payer().clone());
    let (vendor_id, plan_code) = (visit.vendor.id.clone(), visit.query("plan").unwrap_or_default());
    let product_code = visit.query("product").filter(|code| !code.is_empty());
    let account_id = account.id.clone();
    let (offer, fixed) = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let offer = catalog::find_offer(tx, &vendor_id, product_code.as_deref(), &plan_code).await?;
                let fixed = currency::fixed_currency(tx, &vendor_id, &account_id).await?;
                Ok::<_, DbError>((offer, fixed))
            })
        })
        .await?;
    let Some((product, plan)) = offer.filter(|(_, plan)| plan.published) else { return Ok(no_such_plan()) };
    let currencies = currency::offered([&plan], &visit.vendor.profile.currencies);
    let asked = visit.query("currency").and_then(|code| Currency::parse(&code));
    let Some(currency) = currency::shown(&currencies, asked, fixed, Some(&account.country)) else {
        return Ok(no_such_plan());
    };
    let intervals = rules::intervals(&plan, currency);
    let asked = visit.query("interval").and_then(|word| BillingInterval::parse(&word));
    let Some(interval) = asked.or(intervals.first().copied()) else { return Ok(no_such_plan()) };
    let chosen = Chosen {
        product: visit.query("product").unwrap_or_default(),
        plan: plan.code.clone(),
        interval,
        seats: visit.query("seats").and_then(|typed| typed.trim().parse().ok()).unwrap_or(plan.included_seats.max(1)),
        currency,
        addons: addons(&visit, &plan),
        packs: asked_packs(&visit),
        code: visit.query("code").map(|typed| typed.trim().to_owned()).unwrap_or_default(),
        for_client: client.as_ref().map(|client| client.chosen.clone()),
    };
    let failed = take_refused(FORM).await.code("").map(failure);
    let quote = match fixed.filter(|fixed| fixed.currency != currency) {
        Some(fixed) => Err(rules::ChoiceProblem::CurrencyFixed(fixed)),
        None => rules::quote(&plan, &chosen.of(&plan)),
    };
    let licensee = client.as_ref().map_or(&account, Client::account);
    let trial_days = trial_days(&visit, licensee, &plan).await?;
    let code = match (&quote, chosen.code.as_str()) {
        (Ok(quote), _) if client.is_some() => {
            let off = client.as_ref().and_then(|client| client.discount(quote, &plan));
            off.map_or(Code::None, |(label, off)| Code::OfPartner { label, off })
        }
        (_, "") | (Err(_), _) => Code::None,
        (Ok(quote), code) => ask_about(&visit, &account, quote, &plan, code).await,
    };
    let review = Review {
        product,
        plan,
        chosen,
        currencies,
        fixed,
        intervals,
        account,
        buyer,
        client,
        role,
        failed,
        quote,
        trial_days,
        code,
    };
    Ok(Page::new(text::REVIEW_TITLE, review.view(&visit)))
}

/// The add-ons that the address asks for, as far as the plan has them.
fn addons(visit: &Visit, plan: &Plan) -> BTreeSet<String> {
    let offered = |code: &String| plan.addon(code).is_some_and(|addon| addon.offered);
    visit.queries("addon").into_iter().filter(offered).collect()
}

async fn trial_days(visit: &Visit, account: &Account, plan: &Plan) -> Result<u32, NoPage> {
    let (cx, account, plan) = (visit.viewer_cx(), account.clone(), plan.clone());
    let days = visit.state.db.read(|tx| Box::pin(async move { terms::trial_days(tx, &cx, &account, &plan).await }));
    Ok(days.await?)
}

/// What is known of the code that the address carries.
enum Code {
    /// None is carried.
    None,
    /// It takes this off.
    Applies(Discount),
    /// What is agreed with the partner that orders takes this off.
    OfPartner {
        /// In words.
        label: String,
        /// Off the first payment.
        off: AmountOf,
    },
    /// It takes nothing off; why.
    Refused(String),
}

async fn ask_about(visit: &Visit, account: &Account, quote: &Quote, plan: &Plan, code: &str) -> Code {
    let (commerce, cx) = (visit.state.commerce(), visit.viewer_cx());
    let asked = AskedCode { account, address: visit.address, quote, plan_id: &plan.id, typed: code };
    match look_up_promotion(&commerce, &cx, &asked).await {
        Ok(CodeAnswer::Applies(discount)) => Code::Applies(discount),
        Ok(CodeAnswer::Problem(problem)) => Code::Refused(promotions::problem(problem)),
        Err(error) => {
            tracing::warn!(request_id = visit.request_id, %error, "a promotion code could not be asked about");
            Code::Refused(promotions::CANNOT_CHECK.to_owned())
        }
    }
}

fn code_field(code: String) -> impl IntoView {
    view! { <Field name="code" label=promotions::CODE_LABEL value=code optional=promotions::OPTIONAL autocomplete="off" /> }
}

fn failure(code: &str) -> &'static str {
    match code {
        "discount_changed" => promotions::DISCOUNT_CHANGED,
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
    /// In which it is sold.
    currencies: Vec<Currency>,
    fixed: Option<FixedCurrency>,
    intervals: Vec<BillingInterval>,
    /// Who pays.
    account: Account,
    /// Who orders.
    buyer: Account,
    client: Option<Client>,
    role: ActsAs,
    failed: Option<&'static str>,
    quote: Result<Quote, rules::ChoiceProblem>,
    trial_days: u32,
    code: Code,
}

impl Review {
    fn view(self, visit: &Visit) -> AnyView {
        let Chosen { interval, seats, .. } = self.chosen;
        let failed = self.failed.map(|sentence| view! { <Notice tone=Tone::Bad title=sentence /> });
        let client = self.client.as_ref().map(Client::notice);
        let failed = view! { {failed} {client} };
        let other_plan = format!("/?interval={}&currency={}", interval.as_str(), self.chosen.currency.as_str());
        let quote = match &self.quote {
            Ok(quote) => quote,
            Err(problem) => {
                let field = match problem {
                    rules::ChoiceProblem::PackCount { limit, .. } => format!("{PACK}{limit}"),
                    _ => "seats".to_owned(),
                };
                let errors = vec![FieldError::new(field, orders::choice_problem(problem))];
                let change_form = self.change_form(errors, text::CANNOT_ORDER, other_plan);
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
        let (product, plan) = (&self.product.name, &self.plan.name);
        let of_seats = text::seats(self.plan.license_type, seats);
        let of_seats = options::with_seats(of_seats, &self.plan, &self.chosen.of(&self.plan));
        let is_free = terms::is_free(&self.plan, quote);
        let title = if is_free { promotions::FREE_REVIEW_TITLE } else { text::REVIEW_TITLE };
        let lead = if is_free {
            promotions::free_lead(product, plan, &of_seats)
        } else if self.trial_days > 0 {
            promotions::trial_lead(product, plan, &of_seats, quote.total, orders::per(interval))
        } else {
            text::review_lead(product, plan, &of_seats, quote.total, interval, next)
        };
        let errors = match &self.code {
            Code::Refused(why) => vec![FieldError::new("code", why.clone())],
            Code::None | Code::Applies(_) | Code::OfPartner { .. } => Vec::new(),
        };
        let change_form = self.change_form(errors, promotions::CODE_REFUSED, other_plan);
        let (lines, buyer, pay) = (self.lines(quote), self.buyer(), self.pay(quote, now));
        let transfer = terms::transfer_terms(&visit.vendor.profile, &self.plan, quote, self.trial_days);
        let transfer = transfer.map(|usual| self.client.as_ref().map_or(usual, |client| client.transfer_terms(usual)));
        let transfer = transfer.and_then(|transfer| self.by_transfer(quote, transfer, now));
        view! {
            <PageHead title=title lead=lead />
            {failed}
            <Card title=text::ORDER_TITLE>{lines} {change_form}</Card>
            <div class="row">
                <Card title=text::BUYER_TITLE>{buyer}</Card>
                <Card title=text::NEXT_TITLE>{pay}</Card>
            </div>
            {transfer}
        }
        .into_any()
    }

    fn lines(&self, quote: &Quote) -> impl IntoView + use<> {
        let [item, quantity, each, amount] = text::ORDER_COLUMNS;
        let mut rows: Vec<Row> = quote
            .lines
            .iter()
            .flat_map(|line| {
                let (plan, price) = (&self.plan, &line.price);
                let name = lines::line_name(&self.product.name, plan, price.role, &price.option);
                line.rows.iter().map(move |row| {
                    Row::new()
                        .cell(name.clone())
                        .cell(row.quantity.to_string())
                        .cell(view! { <Money minor=row.each.amount_minor currency=row.each.currency.as_str() /> })
                        .cell(view! { <Money minor=row.amount_minor currency=row.each.currency.as_str() /> })
                })
            })
            .collect();
        let total = quote.total;
        let mut foot = Vec::new();
        let off = match &self.code {
            Code::Applies(discount) => Some((promotions::line(discount, quote.interval), discount.takes_off)),
            Code::OfPartner { label, off } => Some((label.clone(), *off)),
            Code::None | Code::Refused(_) => None,
        };
        if let Some((label, off)) = off {
            rows.push(Row::new().cell(label).blank().blank().cell(view! {
                <Money minor=off.amount_minor.saturating_neg() currency=off.currency.as_str() />
            }));
            if self.trial_days == 0 {
                let now = money_text(self.now_minor(quote), total.currency.as_str(), Cents::Always);
                let now = view! { <span class="money">{now}</span> };
                foot.push(Row::new().cell(promotions::AFTER_DISCOUNT).blank().blank().cell(now));
            }
        }
        let total = money_text(total.amount_minor, total.currency.as_str(), Cents::Always);
        let per = orders::per(quote.interval);
        let total = view! { <span class="money">{total}</span> " " {per} };
        foot.insert(0, Row::new().cell(text::BEFORE_TAX).blank().blank().cell(total));
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
                foot=foot
            />
        }
    }

    /// What is to be paid now, before tax.
    fn now_minor(&self, quote: &Quote) -> i64 {
        match &self.code {
            Code::Applies(discount) => quote.total.amount_minor - discount.takes_off.amount_minor,
            Code::OfPartner { off, .. } => quote.total.amount_minor - off.amount_minor,
            Code::None | Code::Refused(_) => quote.total.amount_minor,
        }
    }

    /// Asks this page again with another interval or number of seats; works without a script.
    fn change_form(&self, errors: Vec<FieldError>, refused: &'static str, other_plan: String) -> impl IntoView + use<> {
        let chosen = &self.chosen;
        let mut hidden = vec![("plan".to_owned(), chosen.plan.clone())];
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
        let money = chosen.currency.as_str();
        let currency = if self.currencies.len() > 1 && self.fixed.is_none() {
            let choices =
                self.currencies.iter().map(|it| Choice::new(it.as_str(), currency_words::name(*it))).collect();
            view! { <Field name="currency" label=text::CURRENCY control=Control::Select(choices) value=money /> }
                .into_any()
        } else {
            hidden.push(("currency".to_owned(), money.to_owned()));
            ().into_any()
        };
        let fixed = self.fixed.filter(|_| self.currencies.len() > 1);
        let fixed = fixed.map(|fixed| view! { <p class="hint">{currency_words::fixed(&fixed)}</p> });
        let is_free = self.quote.as_ref().is_ok_and(|quote| terms::is_free(&self.plan, quote));
        if let Some(client) = &self.client {
            hidden.push(("client".to_owned(), client.chosen.relation_id.to_string()));
        }
        let payer = self.client.as_ref().map(Client::payer_field);
        // Fields whose answers may be refused are made within the form, which tells them.
        let code = (!is_free && self.client.is_none()).then(|| chosen.code.clone());
        let license_type = self.plan.license_type;
        let composition = chosen.of(&self.plan);
        let addons = addon_cards(&self.plan, &composition);
        let plan = self.plan.clone();
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
                errors_title=refused
                hidden=hidden
                beside=move || view! { <a href=other_plan.clone()>{text::OTHER_PLAN}</a> }
            >
                {payer}
                {interval}
                {currency}
                <Stepper
                    name="seats"
                    label=text::seats_label(license_type)
                    value=seats
                    min=least
                    max=most
                    fewer=text::fewer(license_type)
                    more=text::more(license_type)
                />
                {pack_fields(&plan, &composition, &BTreeMap::new())}
                {addons}
                {code.map(code_field)}
            </Form>
            </div>
            {fixed}
        }
    }

    fn buyer(&self) -> AnyView {
        let [company, address, vat_id, invoices] = text::BUYER_LABELS;
        let account = &self.account;
        let place = &account.address;
        let town = format!("{} {}", place.postal_code, place.city);
        // What a client says of itself on its invoices is nothing for its partner.
        if account.id != self.buyer.id {
            return view! { <Facts facts=vec![Fact::new(company, account.company.clone())] /> }.into_any();
        }
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
        .into_any()
    }
}
