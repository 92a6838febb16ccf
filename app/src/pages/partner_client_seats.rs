//! `/partner/clients/{id}/licenses/{license_id}/seats`: more seats for a perpetual license of a client, ordered by its
//! partner. `?more=` says how many, `?payer=` who pays.

use backend::catalog::PlanKind;
use backend::orders::Purchase;
use backend::text::en::{additions as text, buying, partner_orders};
use leptos::prelude::*;

use super::additions::{Offer, order_lines, problem};
use super::buy_client::payer_field;
use super::client_additions::ClientLicense;
use super::further_seats::is_of_number;
use super::{NoPage, Page, render};
use crate::api::client_additions::SEATS;
use crate::api::form::take_refused;
use crate::components::{Card, Emphasis, Fact, FieldError, Form, Method, Stepper};
use crate::request::Visit;

const ACTION: &str = "/act/add-client-seats";

/// The page that adds seats for a client.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let client = ClientLicense::of_path(&visit).await?;
    let license = client.license();
    let title = text::seats_title(license.license_type);
    if license.kind != PlanKind::Perpetual {
        return Ok(client.nothing(&title, partner_orders::RENEWS_BY_ITSELF));
    }
    let more: i64 = visit.query("more").and_then(|typed| typed.trim().parse().ok()).unwrap_or(1);
    let id = license.id.clone();
    let offered = client.offer(&visit, move |currency| Purchase::Seats { license_id: id, more, currency }).await?;
    let sentence = match (&offered, client.in_the_way()) {
        (_, Some(sentence)) => Some(sentence),
        (None, None) => Some(text::SEATS_NOT_OFFERED),
        (Some(offer), None) if offer.plan.max_seats <= license.seats => Some(text::FULL),
        (Some(Offer { quote: Err(problem), .. }), None) if !is_of_number(problem) => Some(text::SEATS_NOT_OFFERED),
        (Some(_), None) => None,
    };
    let (Some(offer), None) = (offered, sentence) else {
        return Ok(client.nothing(&title, sentence.unwrap_or(text::SEATS_NOT_OFFERED)));
    };
    let refused = take_refused(SEATS).await;
    let problem = problem(&refused, None);
    let lead = text::seats_lead(license.license_type, license.seats, license.updates_until);
    let head = client.head(&title, Some(lead));
    let lines = offer.quote.as_ref().ok().map(|quote| order_lines(&client.view.product_name, &offer.plan, quote));
    let how_many = how_many(&client, &offer, more);
    let pay = offer.quote.as_ref().ok().map(|quote| {
        let facts = vec![
            Fact::new(text::LICENSE, client.name()),
            Fact::new(text::then_label(license.license_type), (license.seats + more).to_string()),
        ];
        client.pay(ACTION, &offer, quote, ("more", more.to_string()), facts)
    });
    let body = view! {
        {head}
        {problem}
        <Card title=text::seats_order(license.license_type, more)>{lines} {how_many}</Card>
        {pay}
    };
    Ok(Page::new(title, body))
}

/// Asks this page again with another number or payer; works without a script.
fn how_many(client: &ClientLicense, offer: &Offer, more: i64) -> impl IntoView + use<> {
    let (license_type, seats) = (client.license().license_type, client.license().seats);
    let problem = offer.quote.as_ref().err();
    let errors: Vec<_> =
        problem.map(|it| FieldError::new("more", text::cannot_add(it, license_type, seats))).into_iter().collect();
    let number = |count: i64| u32::try_from(count.max(0)).unwrap_or(u32::MAX);
    let (value, max) = (number(more), number(offer.plan.max_seats - seats));
    let payer = payer_field(&client.clientele, &client.chosen);
    view! {
        <div class="across">
            <Form
                action=format!("{}/seats", client.href())
                method=Method::Get
                id="how-many"
                submit=buying::UPDATE_PRICE
                emphasis=Emphasis::Plain
                errors
                errors_title=text::CANNOT_ORDER
            >
                <Stepper
                    name="more"
                    label=text::more_label(license_type)
                    value
                    min=1
                    max
                    fewer=buying::fewer(license_type)
                    more=buying::more(license_type)
                />
                {payer}
            </Form>
        </div>
    }
}
