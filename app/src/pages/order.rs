//! `/orders/{id}`: where Checkout sends the buyer back to. Fulfils the order, if that is all that it waits for, by the
//! same use case as the webhook; nothing in the address is believed but the order's id.
//!
//! Without a script the page loads itself again every two seconds, sixty times at most; `?look=` counts. With one,
//! an island asks [`state`] and loads the page again when there is something new. `?left=1` is where whoever leaves
//! Checkout comes back to. An order by transfer shows how to pay, and what has arrived.

use backend::accounts::{Act, may};
use backend::billing::CommerceError;
use backend::catalog::{self, BillingInterval, Plan, PriceRole, Product};
use backend::db::DbError;
use backend::ids::{LicenseId, OrderId, RelationId};
use backend::invoices::transfers;
use backend::licenses::LicenseView;
use backend::orders::{self, Order, OrderKind, OrderProgress, OrderStatus, Payment};
use backend::text::en::{
    additions, buying as text, claims, continuing, order_page as left_text, orders as order_text, partner_orders,
    promotions, transfers as transfer_text, vouchers,
};
use http::{HeaderName, HeaderValue};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::transfer::transfer_view;
use super::{NoPage, Page, render};
use crate::api::claims::waiting_page;
use crate::api::client_additions::client_license_page;
use crate::api::form::take_refused;
use crate::api::orders::{CANCEL_ORDER, Choice, ClientChoice, session_hash};
use crate::api::partners::client_page;
use crate::api::vouchers::{VoucherChoice, batch_page};
use crate::components::{
    Card, CopyWords, Emphasis, Fact, Facts, KeyBox, LinkButton, Notice, PageHead, PostButton, Progress, Snippet, Step,
    Steps, Tone,
};
use crate::islands::AutoRefresh;
use crate::request::Visit;

/// Time between two looks, in seconds.
const LOOK_EVERY_S: u32 = 2;
/// After so many looks without a script the page stops looking and says so: two minutes.
const LOOKS: u32 = 60;

/// The page of an order.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// Where an order is, in a word, for the island that watches it; `None` where it is not the viewer's to see.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn state(visit: &Visit, order_id: &OrderId) -> Result<Option<&'static str>, CommerceError> {
    let progress = orders::order_progress(&visit.state.commerce(), &visit.viewer_cx(), order_id).await?;
    Ok(match progress {
        OrderProgress::AwaitingPayment(_) => Some(PENDING),
        OrderProgress::Fulfilled { .. } | OrderProgress::Delivered(_) => Some("ready"),
        OrderProgress::Closed(_) => Some("closed"),
        OrderProgress::NotFound => None,
    })
}

const PENDING: &str = "pending";

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let order_id = OrderId::from_untrusted(visit.path.strip_prefix("/orders/").unwrap_or_default());
    let progress = orders::order_progress(&visit.state.commerce(), &visit.viewer_cx(), &order_id)
        .await
        .map_err(|error| NoPage::Failed(error.to_string()))?;
    match progress {
        OrderProgress::NotFound => Err(NoPage::NotFound),
        OrderProgress::AwaitingPayment(order) if order.payment == Payment::Transfer => {
            by_transfer(&visit, &order).await
        }
        OrderProgress::AwaitingPayment(order) if visit.query("left").is_some() => left(&visit, &order).await,
        OrderProgress::AwaitingPayment(order) => Ok(waiting(&visit, &order)),
        OrderProgress::Closed(order) => closed(&visit, *order).await,
        OrderProgress::Fulfilled { order, license_id } => ready(&visit, *order, license_id).await,
        OrderProgress::Delivered(order) => Ok(delivered(&order)),
    }
}

/// How to pay; while the invoice is still being made, the page that looks again.
async fn by_transfer(visit: &Visit, order: &Order) -> Result<Page, NoPage> {
    let (vendor_id, invoice_id) = (order.vendor_id.clone(), order.stripe_invoice_id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            match &invoice_id {
                Some(id) => transfers::find_with_invoice(tx, &vendor_id, id).await,
                None => Ok::<_, DbError>(None),
            }
        })
    });
    let Some((invoice, transfer)) = found.await? else { return Ok(waiting(visit, order)) };
    let may_cancel = visit.account().is_some_and(|(_, role)| may(role, Act::Buy));
    let body = transfer_view(&invoice, &transfer, Some(order).filter(|_| may_cancel), None).await;
    Ok(Page::new(transfer_text::TITLE, body))
}

/// Whoever left the payment page: nothing was charged, and this is the way back.
async fn left(visit: &Visit, order: &Order) -> Result<Page, NoPage> {
    let sold = sold(visit, order).await?;
    let change = again(order, sold.as_ref());
    let pay = order.checkout_url.clone();
    let mut facts = Vec::new();
    let [what, price, code, placed] = left_text::LABELS;
    if let Some((product, plan)) = &sold {
        let number = match order.kind {
            OrderKind::Vouchers => vouchers::count(order.seats),
            _ => text::seats(plan.license_type, order.seats),
        };
        facts.push(Fact::new(what, format!("{}, {}, {number}", product.name, plan.name)));
    }
    let charged = if order.kind == OrderKind::Vouchers { BillingInterval::Once } else { order.billing_interval };
    facts.push(Fact::new(price, left_text::price(order.amount(), order_text::per(charged))));
    facts.extend(order.promotion_code.clone().map(|text| Fact::new(code, text)));
    facts.push(Fact::new(placed, left_text::placed(order.created_at)));
    let may_cancel = visit.account().is_some_and(|(_, role)| may(role, Act::Buy));
    let hidden = vec![("order_id".to_owned(), order.id.to_string())];
    let give_up = may_cancel.then(|| {
        view! { <PostButton action="/act/cancel-order" label=left_text::GIVE_UP hidden emphasis=Emphasis::Quiet /> }
    });
    let refused = take_refused(CANCEL_ORDER).await;
    let failed = refused.code("").map(|_| view! { <Notice tone=Tone::Bad title=transfer_text::CANNOT_CANCEL /> });
    let (title, lead) = if order.is_for_client_to_pay() {
        (partner_orders::ORDERED_FOR_YOU, partner_orders::ORDERED_FOR_YOU_LEAD)
    } else {
        (left_text::LEFT_TITLE, left_text::LEFT_LEAD)
    };
    let body = view! {
        <PageHead
            title=title
            lead=lead
            actions=move || {
                let pay = pay.clone().map(|href| {
                    view! { <LinkButton href=href label=left_text::CONTINUE emphasis=Emphasis::Primary /> }
                });
                view! { {pay} <LinkButton href=change.clone() label=left_text::CHANGE /> }
            }
        />
        {failed}
        <Card title=text::PROGRESS_TITLE>
            <Facts facts />
            {give_up}
        </Card>
    };
    Ok(Page::new(title, body))
}

fn waiting(visit: &Visit, order: &Order) -> Page {
    let path = format!("/orders/{}", order.id);
    let look: u32 = visit.query("look").and_then(|number| number.parse().ok()).unwrap_or(0);
    let to_payment = order.checkout_url.clone();
    if look >= LOOKS {
        let body = view! {
            <PageHead
                title=text::STILL_WAITING_TITLE
                lead=text::STILL_WAITING
                actions=move || {
                    let pay = to_payment.clone().map(|href| view! { <LinkButton href=href label=text::TO_PAYMENT /> });
                    view! {
                        <LinkButton href=path.clone() label=text::LOOK_AGAIN emphasis=Emphasis::Primary />
                        {pay}
                    }
                }
            />
        };
        return Page::new(text::STILL_WAITING_TITLE, body);
    }
    let refresh = format!("{LOOK_EVERY_S}; url={path}?look={}", look + 1);
    if let Ok(refresh) = HeaderValue::from_str(&refresh) {
        expect_context::<ResponseOptions>().insert_header(HeaderName::from_static("refresh"), refresh);
    }
    let body = view! {
        <PageHead title=text::WAITING_TITLE lead=order_text::WAITING />
        <Card title=text::PROGRESS_TITLE>
            <Steps steps=steps(text::STEPS, 0) />
            {to_payment.map(|href| view! { <p><a href=href>{text::TO_PAYMENT}</a></p> })}
        </Card>
        <AutoRefresh url=format!("{path}/state") state=PENDING.to_owned() every_ms=LOOK_EVERY_S * 1_000 />
    };
    Page::new(text::WAITING_TITLE, body)
}

/// The steps of an order, of which `done` are done.
fn steps(labels: [&str; 3], done: usize) -> Vec<Step> {
    let [is_done, is_running, is_next] = text::STEP_STATES;
    let step = |(place, label): (usize, &str)| {
        let (progress, state) = match place.cmp(&done) {
            std::cmp::Ordering::Less => (Progress::Done, is_done),
            std::cmp::Ordering::Equal => (Progress::Running, is_running),
            std::cmp::Ordering::Greater => (Progress::Next, is_next),
        };
        let note = (progress == Progress::Running).then(|| text::STEP_NOTE.to_owned());
        Step { progress, label: label.to_owned(), state: state.to_owned(), note }
    };
    labels.into_iter().enumerate().map(step).collect()
}

/// What an order was for.
async fn sold(visit: &Visit, order: &Order) -> Result<Option<(Product, Plan)>, NoPage> {
    let (vendor_id, plan_id) = (order.vendor_id.clone(), order.plan_id.clone());
    let sold = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let Some(plan) = catalog::find_plan(tx, &vendor_id, &plan_id).await? else { return Ok(None) };
                let product = catalog::find_product(tx, &vendor_id, &plan.product_id).await?;
                Ok::<_, DbError>(product.map(|product| (product, plan)))
            })
        })
        .await?;
    Ok(sold)
}

async fn closed(visit: &Visit, order: Order) -> Result<Page, NoPage> {
    let again = again(&order, sold(visit, &order).await?.as_ref());
    let lead = match order.status {
        OrderStatus::Cancelled => text::CANCELLED,
        _ if order.payment == Payment::Transfer => order_text::TRANSFER_EXPIRED,
        _ => order_text::EXPIRED,
    };
    let body = view! {
        <PageHead
            title=text::CLOSED_TITLE
            lead=lead
            actions=move || {
                view! {
                    <LinkButton href=again.clone() label=text::ORDER_AGAIN emphasis=Emphasis::Primary />
                    <LinkButton href="/" label=text::TO_PRICE_LIST />
                }
            }
        />
    };
    Ok(Page::new(text::CLOSED_TITLE, body))
}

/// Where the same can be ordered anew.
fn again(order: &Order, sold: Option<&(Product, Plan)>) -> String {
    let by_partner = order.relation_id.as_ref().filter(|_| !order.is_for_client_to_pay());
    if let (true, Some(license_id), Some(relation_id)) = (order.kind.adds(), &order.license_id, by_partner) {
        let page = client_license_page(relation_id, license_id);
        return match order.kind {
            OrderKind::Maintenance => format!("{page}/updates?years={}", order.years),
            _ => format!("{page}/seats?more={}", order.seats),
        };
    }
    match (order.kind, &order.license_id, sold) {
        (OrderKind::Maintenance, Some(license_id), _) => {
            format!("/licenses/{license_id}/updates?years={}", order.years)
        }
        (OrderKind::Seats, Some(license_id), _) => format!("/licenses/{license_id}/seats?more={}", order.seats),
        (OrderKind::Continuation, Some(license_id), _) => format!("/licenses/{license_id}/continue"),
        (OrderKind::Vouchers, ..) => {
            let sold = Some((order.plan_id.clone(), order.billing_interval));
            VoucherChoice { sold, count: order.seats, no_number: None, currency: Some(order.currency) }.page()
        }
        (_, _, Some((product, plan))) => Choice {
            product: product.code.clone(),
            plan: plan.code.clone(),
            interval: order.billing_interval,
            seats: order.seats,
            currency: order.currency,
            addons: ordered(order, plan, PriceRole::Addon).map(|(code, _)| code).collect(),
            packs: ordered(order, plan, PriceRole::Pack).collect(),
            code: order.promotion_code.clone().unwrap_or_default(),
            // Who was asked to pay by a partner orders for itself from here on.
            for_client: by_partner.cloned().map(|relation_id| ClientChoice { relation_id, client_pays: false }),
        }
        .review(),
        _ => "/".to_owned(),
    }
}

/// What was ordered on top at prices of a role, of what is sold now: its code and how many of it.
fn ordered(order: &Order, plan: &Plan, role: PriceRole) -> impl Iterator<Item = (String, i64)> {
    let prices = plan.prices.iter().filter(move |price| price.role == role);
    prices.filter_map(|price| {
        let item = order.items.0.iter().find(|item| price.stripe_price_id.as_ref() == Some(&item.price_id))?;
        Some((price.option.clone(), item.quantity))
    })
}

async fn ready(visit: &Visit, order: Order, license_id: LicenseId) -> Result<Page, NoPage> {
    if let (Some(_), Some(relation_id)) = (&order.licensee_id, &order.relation_id) {
        return Ok(ready_for_client(relation_id, order.kind));
    }
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let hash = session_hash(visit).unwrap_or_default();
    let kind = order.kind;
    let done = if order.payment == Payment::None { promotions::FREE_STEPS_DONE } else { text::STEPS_DONE };
    let (license, key) = visit
        .state
        .db
        .write(move |tx| {
            Box::pin(async move {
                let license = backend::licenses::find_license(tx, &cx.vendor_id, &license_id).await?;
                let key = orders::show_new_key(tx, &cx, &master, &order, &hash).await?;
                Ok::<_, DbError>((license, key))
            })
        })
        .await?;
    let Some(view) = license else { return Err(NoPage::NotFound) };
    let to_license = format!("/licenses/{}", view.license.id);
    if kind.adds() {
        return Ok(added(kind, &view, to_license));
    }
    let seats = text::seats(view.license.license_type, view.license.seats);
    let lead = text::ready_lead(&view.product_name, &view.plan_name, &seats, key.is_some());
    // Where the key is shown, copying it is what the page is for.
    let emphasis = if key.is_some() { Emphasis::Plain } else { Emphasis::Primary };
    let key = key.map(|key| key_card(&visit.vendor.origin, key.expose(), &view.product_code));
    // A product that waits for this license gets its key without anybody copying it.
    let waits = waiting_page(visit).await.map(|href| {
        let go_on = move || view! { <LinkButton href=href.clone() label=claims::GO_ON_CLAIM /> };
        view! { <Notice title=claims::waits(&view.product_name) action=go_on /> }
    });
    let body = view! {
        <PageHead
            title=text::READY_TITLE
            lead=lead
            actions=move || view! { <LinkButton href=to_license.clone() label=text::TO_LICENSE emphasis=emphasis /> }
        />
        {waits}
        {key}
        <Card title=text::PROGRESS_TITLE>
            <Steps steps=steps(done, done.len()) />
        </Card>
    };
    Ok(Page::new(text::READY_TITLE, body))
}

/// Vouchers that are paid: the way to their codes.
fn delivered(order: &Order) -> Page {
    let href = batch_page(&order.id);
    let body = view! {
        <PageHead
            title=vouchers::READY_TITLE
            lead=vouchers::ready_lead(order.seats)
            actions=move || {
                view! { <LinkButton href=href.clone() label=vouchers::TO_BATCH emphasis=Emphasis::Primary /> }
            }
        />
    };
    Page::new(vouchers::READY_TITLE, body)
}

/// What a partner has ordered and paid for its client.
fn ready_for_client(relation_id: &RelationId, kind: OrderKind) -> Page {
    let href = client_page(relation_id);
    let (title, lead) = if kind.adds() {
        (partner_orders::ADDED_TITLE, partner_orders::ADDED_FOR_CLIENT)
    } else {
        (text::READY_TITLE, partner_orders::READY_FOR_CLIENT)
    };
    let body = view! {
        <PageHead
            title=title
            lead=lead
            actions=move || {
                view! { <LinkButton href=href.clone() label=partner_orders::TO_CLIENT emphasis=Emphasis::Primary /> }
            }
        />
    };
    Page::new(title, body)
}

/// A new license's key, with the lines that start the product.
pub(super) fn key_card(origin: &str, key: &str, product_code: &str) -> AnyView {
    let copy = |[label, copied, failed]: [&str; 3]| CopyWords {
        label: label.to_owned(),
        copied: copied.to_owned(),
        failed: failed.to_owned(),
    };
    let (copy_key, copy_lines) = (copy(text::COPY_KEY), copy(text::COPY_LINES));
    let (key, lines) = (key.to_owned(), text::start_lines(origin, key, product_code));
    view! {
        <Card title=text::KEY_LABEL>
            <KeyBox id="license-key" label=text::KEY_FIELD key=key copy=Some(copy_key) hint=text::KEY_HINT />
            <Snippet label=text::START_LABEL code=lines copy=Some(copy_lines) />
        </Card>
    }
    .into_any()
}

fn added(kind: OrderKind, view: &LicenseView, to_license: String) -> Page {
    let license = &view.license;
    let (title, lead) = if kind == OrderKind::Seats {
        let lead = additions::seats_added_lead(&view.product_name, license.license_type, license.seats);
        (additions::seats_added_title(license.license_type), lead)
    } else if kind == OrderKind::Continuation {
        (continuing::DONE_TITLE.to_owned(), continuing::done_lead(&view.product_name))
    } else {
        let until = license.updates_until.map(|until| until.date());
        (text::RENEWED_TITLE.to_owned(), text::renewed_lead(&view.product_name, until))
    };
    let body = view! {
        <PageHead
            title=title.clone()
            lead=lead
            actions=move || {
                view! { <LinkButton href=to_license.clone() label=text::TO_LICENSE emphasis=Emphasis::Primary /> }
            }
        />
    };
    Page::new(title, body)
}
