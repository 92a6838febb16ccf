//! `/partner/clients/{id}/licenses/{license_id}/seats`: more seats for a perpetual license of a client, ordered by its
//! partner. `?more=` says how many, `?payer=` who pays.

use backend::catalog::PlanKind;
use backend::orders::Purchase;
use backend::text::en::{additions as text, partner_orders};
use leptos::prelude::*;

use super::additions::{order_lines, problem};
use super::buy_client::payer_field;
use super::client_additions::ClientLicense;
use super::further_seats::{asked_more, how_many, not_offered};
use super::{NoPage, Page, render};
use crate::api::client_additions::SEATS;
use crate::api::form::take_refused;
use crate::components::{Card, Fact};
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
    let more = asked_more(&visit);
    let id = license.id.clone();
    let offered = client.offer(&visit, move |currency| Purchase::Seats { license_id: id, more, currency }).await?;
    let sentence = client.in_the_way().or_else(|| not_offered(offered.as_ref(), license.seats));
    let (Some(offer), None) = (offered, sentence) else {
        return Ok(client.nothing(&title, sentence.unwrap_or(text::SEATS_NOT_OFFERED)));
    };
    let refused = take_refused(SEATS).await;
    let problem = problem(&refused, None);
    let lead = text::seats_lead(license.license_type, license.seats, license.updates_until);
    let head = client.head(&title, Some(lead));
    let lines = offer.quote.as_ref().ok().map(|quote| order_lines(&client.view.product_name, &offer.plan, quote));
    let payer = payer_field(&client.clientele, &client.chosen);
    let how_many = how_many(&client.href(), license, &offer, more, Some(payer));
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
