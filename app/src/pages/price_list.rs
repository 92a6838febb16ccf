//! `/`: what is sold, at what price, for whoever asks.
//!
//! The address says what is looked at: `?interval=month|year|once`, and with `&plan=&seats=` (and `&product=`,
//! `&currency=` where there are several) the number of seats chosen for a plan, which is how prices are
//! updated without a script.

use backend::catalog::{self, BillingInterval, Composition, Plan, PlanKind, PriceRole, Product, Release};
use backend::db::DbError;
use backend::money::{Currency, Money};
use backend::orders::currency::{self, FixedCurrency};
use backend::orders::{promotion, rules};
use backend::tax::rules::is_taxed;
use backend::text::en::{buying as text, console_catalog, currencies as currency_words, options, packs, promotions};
use backend::vendors::Vendor;
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::components::{Card, Cents, EmptyState, Notice, PageHead, PlanCard, Plans, Segmented, Words, money_text};
use crate::islands::{PriceCalculator, PriceTerms, SeatSentence};
use crate::layout::NavLink;
use crate::request::Visit;

/// The price list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// A product with what can be bought of it.
pub(super) struct Shelf {
    pub(super) product: Product,
    pub(super) plans: Vec<Plan>,
    pub(super) newest: Option<Release>,
}

/// Where a list stands, and where choosing a plan leads to.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) list: &'static str,
    pub(super) buy: &'static str,
}

/// What the address asks for.
pub(super) struct Choice {
    place: Place,
    interval: BillingInterval,
    currency: Currency,
    product: Option<String>,
    plan: Option<String>,
    seats: Option<i64>,
    /// Whether links must name product and currency, because there are several.
    several_products: bool,
    several_currencies: bool,
    /// A promotion code that the address carries; it goes along to the order.
    code: Option<String>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let vendor_id = visit.vendor.id.clone();
    let account = visit.account().map(|(account, _)| account.id);
    let today = visit.state.clock.now().date();
    let has_stripe = visit.state.stripe.of(&vendor_id).is_some();
    let (shelves, fixed) = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let mut shelves = Vec::new();
                for product in catalog::list_products(tx, &vendor_id).await? {
                    let mut plans = catalog::list_plans(tx, &vendor_id, &product.id).await?;
                    plans.retain(|plan| plan.published);
                    if has_stripe {
                        // A new amount is on the list once it can be paid.
                        plans = plans.into_iter().map(Plan::known_to_stripe).collect();
                    }
                    let newest = catalog::newest_covered_release(tx, &vendor_id, &product.id, today).await?;
                    if !plans.is_empty() {
                        shelves.push(Shelf { product, plans, newest });
                    }
                }
                let fixed = match account {
                    Some(account) => currency::fixed_currency(tx, &vendor_id, &account).await?,
                    None => None,
                };
                Ok::<_, DbError>((shelves, fixed))
            })
        })
        .await?;
    Ok(Page::new(text::PRICES_TITLE, body(&visit, shelves, fixed)))
}

fn body(visit: &Visit, shelves: Vec<Shelf>, fixed: Option<FixedCurrency>) -> impl IntoView + use<> {
    let (title, lead) = headline(&visit.vendor, &shelves);
    let currencies = currency::offered(shelves.iter().flat_map(|shelf| &shelf.plans), &visit.vendor.profile.currencies);
    let asked = visit.query("currency").and_then(|code| Currency::parse(&code));
    let country = visit.account().map(|(account, _)| account.country);
    let Some(currency) = currency::shown(&currencies, asked, fixed, country.as_deref()) else {
        return view! {
            <PageHead title=title lead=lead />
            <EmptyState text=text::NOTHING_FOR_SALE />
        }
        .into_any();
    };
    let intervals = intervals(&shelves, currency);
    let place = Place { list: "/", buy: "/buy" };
    let choice = Choice::of(visit, place, &intervals, currency, shelves.len() > 1, currencies.len() > 1);
    let carried = choice
        .code
        .as_deref()
        .map(|code| view! { <Notice title=promotions::carried(code) text=promotions::CARRIED_NEXT /> });
    let tabs = tabs(&choice, &intervals, months_free(&shelves, currency));
    let fixed = fixed.filter(|_| choice.several_currencies);
    let may_choose = choice.several_currencies && fixed.is_none();
    let currency_tabs = may_choose.then(|| currency_tabs(&choice, &currencies));
    let fixed = fixed.map(|fixed| view! { <p class="lead">{currency_words::fixed(&fixed)}</p> });
    let note = text::price_note(choice.interval, currency.as_str(), is_taxed(&visit.vendor));
    let shelves = shelves.into_iter().filter_map(|shelf| shelf_view(&choice, shelf)).collect::<Vec<_>>();
    let nothing = shelves.is_empty().then(|| view! { <EmptyState text=text::NOT_AT_THIS_INTERVAL /> });
    let how = text::HOW.map(|(heading, sentence)| {
        view! {
            <li>
                <h3>{heading}</h3>
                <p>{sentence}</p>
            </li>
        }
    });
    view! {
        <PageHead
            title=title
            lead=lead
            actions=move || {
                view! {
                    <Segmented label=text::BILLING options=tabs.clone() />
                    {currency_tabs.clone().map(|tabs| view! { <Segmented label=text::CURRENCY options=tabs /> })}
                }
            }
        />
        {fixed}
        {carried}
        {shelves}
        {nothing}
        <p class="lead">{note}</p>
        <Card title=text::HOW_TITLE>
            <ol class="row">{how.collect_view()}</ol>
        </Card>
    }
    .into_any()
}

impl Choice {
    /// What the address asks for, where plans are sold at these intervals.
    pub(super) fn of(
        visit: &Visit,
        place: Place,
        intervals: &[BillingInterval],
        currency: Currency,
        several_products: bool,
        several_currencies: bool,
    ) -> Self {
        let asked = visit.query("interval").and_then(|word| BillingInterval::parse(&word));
        Self {
            place,
            interval: asked.or(intervals.first().copied()).unwrap_or(BillingInterval::Month),
            currency,
            product: visit.query("product"),
            plan: visit.query("plan"),
            seats: visit.query("seats").and_then(|number| number.trim().parse().ok()),
            several_products,
            several_currencies,
            code: visit.query("code").and_then(|typed| promotion::read_code(&typed)),
        }
    }
}

/// The vendor's own words, or the first product's where there are none.
fn headline(vendor: &Vendor, shelves: &[Shelf]) -> (String, Option<String>) {
    let product = shelves.first().map(|shelf| &shelf.product);
    let title = match (&vendor.profile.headline, product) {
        (headline, _) if !headline.is_empty() => headline.clone(),
        (_, Some(product)) => product.name.clone(),
        _ => vendor.name.clone(),
    };
    (title, Some(vendor.profile.lead.clone()).filter(|lead| !lead.is_empty()))
}

pub(super) fn intervals(shelves: &[Shelf], currency: Currency) -> Vec<BillingInterval> {
    let offered = |interval: &BillingInterval| {
        shelves.iter().flat_map(|shelf| &shelf.plans).any(|plan| rules::intervals(plan, currency).contains(interval))
    };
    BillingInterval::ALL.iter().copied().filter(offered).collect()
}

/// How many months a year saves, where it is the same for every plan that costs something by the year.
pub(super) fn months_free(shelves: &[Shelf], currency: Currency) -> Option<i64> {
    let mut months = shelves
        .iter()
        .flat_map(|shelf| &shelf.plans)
        .filter(|plan| rules::is_charged(plan, BillingInterval::Year, currency))
        .map(|plan| rules::yearly_saving(plan, currency).and_then(|saving| saving.months));
    let first = months.next()??;
    months.all(|other| other == Some(first)).then_some(first)
}

pub(super) fn tabs(choice: &Choice, intervals: &[BillingInterval], months_free: Option<i64>) -> Vec<NavLink> {
    let tab = |interval: &BillingInterval| {
        let mut query = vec![("interval", interval.as_str())];
        if choice.several_currencies {
            query.push(("currency", choice.currency.as_str()));
        }
        query.extend(choice.code.as_deref().map(|code| ("code", code)));
        NavLink {
            label: text::interval_tab(*interval, months_free),
            href: format!("{}?{}", choice.place.list, serde_urlencoded::to_string(query).unwrap_or_default()),
            current: *interval == choice.interval,
        }
    };
    intervals.iter().map(tab).collect()
}

pub(super) fn currency_tabs(choice: &Choice, currencies: &[Currency]) -> Vec<NavLink> {
    let tab = |currency: &Currency| NavLink {
        label: currency_words::name(*currency),
        href: {
            let code = choice.code.as_deref().map_or_else(String::new, |code| format!("&code={code}"));
            let (list, interval) = (choice.place.list, choice.interval.as_str());
            format!("{list}?interval={interval}&currency={}{code}", currency.as_str())
        },
        current: *currency == choice.currency,
    };
    currencies.iter().map(tab).collect()
}

/// One product; `None` where nothing of it is sold at the chosen interval.
pub(super) fn shelf_view(choice: &Choice, shelf: Shelf) -> Option<AnyView> {
    let Shelf { product, plans, newest } = shelf;
    let sold = |plan: &&Plan| rules::intervals(plan, choice.currency).contains(&choice.interval);
    let cards: Vec<AnyView> = plans.iter().filter(sold).filter_map(|plan| plan_card(choice, &product, plan)).collect();
    if cards.is_empty() {
        return None;
    }
    let terms = plans.iter().filter(sold).find(|plan| plan.kind == PlanKind::Perpetual).map(|plan| {
        let maintenance = plan.price(PriceRole::Maintenance, BillingInterval::Once, choice.currency);
        let maintenance = maintenance
            .map(|price| money_text(price.unit_amount.amount_minor, choice.currency.as_str(), Cents::WhenNeeded));
        let newest = newest.as_ref().map(|release| release.version.as_str());
        let terms = text::perpetual_terms(plan.license_type, maintenance.as_deref(), newest);
        view! {
            <Card title=text::PERPETUAL_TITLE>
                <ul class="ticks">{terms.into_iter().map(|term| view! { <li>{term}</li> }).collect_view()}</ul>
            </Card>
        }
    });
    let heading_id = format!("product-{}", product.code);
    let labelled_by = heading_id.clone();
    Some(
        view! {
            <section class="stack" aria-labelledby=labelled_by>
                <div>
                    <h2 id=heading_id>{product.name}</h2>
                    <p class="lead">{product.description}</p>
                </div>
                <Plans>{cards} {terms}</Plans>
            </section>
        }
        .into_any(),
    )
}

/// One plan with its calculator; `None` where it has no price for the choice.
fn plan_card(choice: &Choice, product: &Product, plan: &Plan) -> Option<AnyView> {
    let (interval, currency) = (choice.interval, choice.currency);
    let terms = price_terms(plan, interval, currency)?;
    let amount = |minor| money_text(minor, currency.as_str(), Cents::WhenNeeded);
    let chosen = choice.plan.as_deref() == Some(plan.code.as_str())
        && choice.product.as_deref().is_none_or(|code| code == product.code);
    let seats = choice.seats.filter(|_| chosen).and_then(|seats| u32::try_from(seats).ok());
    let seats = seats.unwrap_or(terms.included_seats);
    let id = format!("{}-{}", product.code, plan.code);

    let mut hidden =
        vec![("plan".to_owned(), plan.code.clone()), ("interval".to_owned(), interval.as_str().to_owned())];
    if choice.several_products {
        hidden.push(("product".to_owned(), product.code.clone()));
    }
    if choice.several_currencies {
        hidden.push(("currency".to_owned(), currency.as_str().to_owned()));
    }
    if let Some(code) = &choice.code {
        hidden.push(("code".to_owned(), code.clone()));
    }
    let each = amount(terms.extra_seat_minor);
    let mut hint = if plan.max_seats > plan.included_seats || plan.kind == PlanKind::Perpetual {
        text::seats_hint(plan.license_type, plan.included_seats, &each, interval)
    } else {
        promotions::all_included(plan.license_type, plan.included_seats)
    };
    if let Some(saving) = rules::yearly_saving(plan, currency).filter(|_| interval == BillingInterval::Year) {
        hint = format!("{hint} {}", text::yearly_saving(&amount(saving.amount.amount_minor)));
    }
    let is_free = terms.base_minor == 0 && terms.extra_seat_minor == 0;
    let (one, other) = match is_free {
        true => promotions::free_patterns(plan.license_type),
        false => text::total_patterns(plan.license_type, interval),
    };
    let submit = text::choose(&plan.name);
    let presentation = &plan.presentation;
    let trial = plan.terms.trial_days;
    let trial = (trial > 0).then(|| promotions::days_free(trial, plan.terms.trial_without_card));
    let contains = trial.into_iter().chain(presentation.highlights.iter().cloned()).collect();
    let (price, per) = match is_free {
        true => (promotions::FREE.to_owned(), promotions::FREE_PER.to_owned()),
        false => (amount(terms.base_minor), text::price_is_for(interval, plan.license_type)),
    };
    // In the preview alone there are plans that are not published.
    let mark = (!plan.published).then(|| console_catalog::NOT_PUBLISHED.to_owned());
    let summary = mark.into_iter().chain(Some(presentation.tagline.clone()).filter(|tagline| !tagline.is_empty()));
    let summary = Words::from(summary.reduce(|mark, tagline| format!("{mark}. {tagline}")));
    let recommended = Words::from(presentation.recommended.then_some(text::RECOMMENDED));
    // The fragment brings the reader back to the number that was sent.
    let update_url = format!("{}#{id}-seats", choice.place.list);
    let calculator = view! {
        <PriceCalculator
            id=id
            action=choice.place.buy.to_owned()
            update_url=update_url
            hidden=hidden
            terms=terms.clone()
            seats=seats
            label=text::seats_label(plan.license_type).to_owned()
            fewer=text::fewer(plan.license_type)
            more=text::more(plan.license_type)
            hint=hint
            total=SeatSentence { one, other }
            submit=SeatSentence { one: submit.clone(), other: submit }
            primary=presentation.recommended || plan.kind == PlanKind::Perpetual
            update=text::UPDATE_PRICE.to_owned()
        />
    };
    let (offered, like) = (plan.clone(), Composition::new(plan.id.clone(), interval, plan.included_seats, currency));
    let card = view! {
        <PlanCard
            name=plan.name.clone()
            summary=summary
            price=price
            per=per
            contains=contains
            recommended=recommended
            on_top=move || on_top(&offered, &like)
        >
            {calculator}
        </PlanCard>
    };
    Some(card.into_any())
}

/// What can be had on top; it is chosen with the order.
fn on_top(plan: &Plan, like: &Composition) -> Option<AnyView> {
    let addons: Vec<_> = plan
        .addons_for_sale(like)
        .map(|(addon, price)| {
            let amount = money_text(price.unit_amount.amount_minor, like.currency.as_str(), Cents::WhenNeeded);
            let price = options::price(addon, &amount, like.interval, plan.license_type);
            view! { <li>{addon.name.clone()} ": " {price}</li> }
        })
        .collect();
    let amount = |amount: Money| money_text(amount.amount_minor, amount.currency.as_str(), Cents::WhenNeeded);
    let packs: Vec<_> = plan
        .packs_for_sale(like)
        .map(|(pack, price)| view! { <li>{packs::on_the_list(pack, price, like.interval, amount)}</li> })
        .collect();
    let list = (!addons.is_empty() || !packs.is_empty()).then(|| {
        view! {
            <div>
                <p class="hint">{options::ON_THE_LIST}</p>
                <ul class="points">{addons} {packs}</ul>
            </div>
        }
    });
    list.map(IntoAny::into_any)
}

/// How the island adds the price up: the same sum as `rules::quote`.
fn price_terms(plan: &Plan, interval: BillingInterval, currency: Currency) -> Option<PriceTerms> {
    let minor = |role| plan.price(role, interval, currency).map(|price| price.unit_amount.amount_minor);
    let (base_minor, extra_seat_minor) = match plan.kind {
        // A plan whose seats are all included has no price of another one.
        PlanKind::Subscription => (minor(PriceRole::Base)?, minor(PriceRole::ExtraSeat).unwrap_or(0)),
        PlanKind::Perpetual => (minor(PriceRole::Unit)?, minor(PriceRole::Unit)?),
    };
    Some(PriceTerms {
        base_minor,
        included_seats: u32::try_from(plan.included_seats.max(1)).ok()?,
        extra_seat_minor,
        max_seats: u32::try_from(plan.max_seats).unwrap_or(u32::MAX),
        currency: currency.as_str().to_owned(),
    })
}
