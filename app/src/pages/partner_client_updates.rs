//! `/partner/clients/{id}/licenses/{license_id}/updates`: more years of updates for a perpetual license of a client, ordered
//! by its partner. `?years=` says how many, `?payer=` who pays.

use backend::billing::maintenance::rules::MAX_YEARS;
use backend::catalog::PlanKind;
use backend::clock::UnixMs;
use backend::licenses::rules::updates_after_renewal;
use backend::orders::Purchase;
use backend::text::en::{additions as text, moments, partner_orders};
use leptos::prelude::*;

use super::additions::{order_lines, problem};
use super::client_additions::ClientLicense;
use super::updates::asked_years;
use super::{NoPage, Page, render};
use crate::api::client_additions::UPDATES;
use crate::api::form::take_refused;
use crate::components::{Card, Fact, Moment, Segmented};
use crate::layout::NavLink;
use crate::request::Visit;

const ACTION: &str = "/act/renew-client-updates";

/// The page that renews updates for a client.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let client = ClientLicense::of_path(&visit).await?;
    let license = client.license();
    let Some(until) = license.updates_until.filter(|_| license.kind == PlanKind::Perpetual) else {
        return Ok(client.nothing(text::UPDATES_TITLE, partner_orders::RENEWS_BY_ITSELF));
    };
    let years = asked_years(&visit, until, client.now);
    let id = license.id.clone();
    let offered =
        client.offer(&visit, move |currency| Purchase::Maintenance { license_id: id, years, currency }).await?;
    let offered = offered.and_then(|offer| offer.quote.clone().ok().map(|quote| (offer, quote)));
    let (Some((offer, quote)), None) = (offered, client.in_the_way()) else {
        let sentence = client.in_the_way().unwrap_or(text::UPDATES_NOT_OFFERED);
        return Ok(client.nothing(text::UPDATES_TITLE, sentence));
    };
    let then = updates_after_renewal(until, years);
    let refused = take_refused(UPDATES).await;
    let problem = problem(&refused, None);
    let head = client.head(text::UPDATES_TITLE, Some(text::updates_lead(until, then, years, client.now)));
    let day = |at: UnixMs| {
        view! { <Moment datetime=at.date().to_string() absolute=moments::day(at) /> }
    };
    let [now, later] = text::UPDATES_LABELS;
    let facts = vec![Fact::new(text::LICENSE, client.name()), Fact::new(now, day(until)), Fact::new(later, day(then))];
    let page = format!("{}/updates", client.href());
    let lines = order_lines(&client.view.product_name, &offer.plan, &quote);
    let options = choices(&page, client.chosen.payer(), years);
    let payer = client.payer_form(&page, ("years", years.to_string()));
    let pay = client.pay(ACTION, &offer, &quote, ("years", years.to_string()), facts);
    let body = view! {
        {head}
        {problem}
        <Card title=text::updates_order(years)>
            <Segmented label=text::YEARS_LABEL options />
            {lines}
            {payer}
        </Card>
        {pay}
    };
    Ok(Page::new(text::UPDATES_TITLE, body))
}

fn choices(page: &str, payer: &str, chosen: i16) -> Vec<NavLink> {
    let choice = |years| NavLink {
        href: format!("{page}?years={years}&payer={payer}"),
        label: text::years(years),
        current: years == chosen,
    };
    (1..=MAX_YEARS).map(choice).collect()
}
