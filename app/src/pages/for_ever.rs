//! `/licenses/{id}/for-ever`: a subscription becomes a perpetual license, less its unused money. `?conversion=` is what
//! Stripe's page leads back to.

use backend::billing::conversion::{ConversionOffer, ConversionProgress, finish_conversion, preview_conversion};
use backend::clock::UnixMs;
use backend::ids::ConversionId;
use backend::text::en::{billing as terms, conversion as text, licenses as words};
use leptos::prelude::*;

use super::own_license::OwnLicense;
use super::tax_note::tax_note;
use super::{NoPage, Page, render};
use crate::api::conversion::CONVERSION;
use crate::api::form::take_refused;
use crate::components::{
    Breadcrumb, Card, Column, Emphasis, Form, LinkButton, Money, Notice, PageHead, Row, Table, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let came_back = came_back(&visit).await?;
    let own = OwnLicense::of_path(&visit).await?;
    let (crumbs, href) = (own.crumbs(text::TITLE), own.href());
    let back = move || view! { <LinkButton href=href.clone() label=text::BACK /> };
    if let Some(progress) = came_back.filter(|it| *it != ConversionProgress::Dropped) {
        let (tone, href) = match progress {
            ConversionProgress::Done => (Tone::Good, own.href()),
            _ => (Tone::Neutral, format!("{}?{}", visit.path, visit.query)),
        };
        let label = if progress == ConversionProgress::Done { text::OPEN } else { text::LOOK_AGAIN };
        let next = move || view! { <LinkButton href=href.clone() label emphasis=Emphasis::Primary /> };
        let body = view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs />
            <PageHead title=text::TITLE />
            <Notice tone title=text::progress(progress) action=next />
        };
        return Ok(Page::new(text::TITLE, body));
    }
    let refused = take_refused(CONVERSION).await;
    let problem = refused.code("").map(|code| {
        let sentence = if code == "outdated" { terms::OUTDATED } else { text::NOT_NOW };
        view! { <Notice tone=Tone::Warn title=sentence /> }
    });
    let dropped = came_back.map(|progress| view! { <Notice title=text::progress(progress) /> });
    let now = UnixMs::from_seconds(own.now.seconds());
    let previewed = preview_conversion(&visit.state.commerce(), &visit.viewer_cx(), &own.license().id, None, now).await;
    let (lead, content) = match previewed {
        Ok(Ok(offer)) => (text::lead(&own.name(), &offer.plan.name), offered(&own, &offer)),
        Ok(Err(refusal)) => {
            let why = text::refusal(&refusal);
            let notice = view! { <Notice title=text::REFUSED_TITLE text=why action=back /> };
            (String::new(), notice.into_any())
        }
        Err(error) if error.may_pass() => {
            tracing::warn!(%error, "a perpetual license could not be priced for now");
            (String::new(), view! { <Notice tone=Tone::Bad title=text::NOT_NOW action=back /> }.into_any())
        }
        Err(error) => return Err(NoPage::Failed(error.to_string())),
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead />
        {problem}
        {dropped}
        {content}
    };
    Ok(Page::new(text::TITLE, body))
}

async fn came_back(visit: &Visit) -> Result<Option<ConversionProgress>, NoPage> {
    let Some(id) = visit.query("conversion") else { return Ok(None) };
    let id = ConversionId::from_untrusted(&id);
    match finish_conversion(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(ConversionProgress::NotFound) => Err(NoPage::NotFound),
        Ok(progress) => Ok(Some(progress)),
        Err(error) => {
            tracing::warn!(%error, %id, "the return page could not finish a conversion; its webhook will");
            Ok(Some(ConversionProgress::Waiting))
        }
    }
}

fn offered(own: &OwnLicense, offer: &ConversionOffer) -> AnyView {
    let currency = offer.price.currency.as_str().to_owned();
    let money = |minor: i64| view! { <Money minor currency=currency.clone() /> };
    let row = |label: String, minor: i64| Row::new().cell(label).cell(money(minor));
    let license_type = own.license().license_type;
    let lines = offer.lines.iter().map(|line| row(text::line(offer, line, license_type), line.amount_minor));
    let credit = row(text::CREDIT_NAME.to_owned(), -offer.credit.amount_minor);
    let rows = lines.chain(std::iter::once(credit)).collect();
    let foot = vec![row(text::REST.to_owned(), offer.rest.amount_minor)];
    let [what, amount] = text::COLUMNS;
    let hidden = vec![
        ("license_id".to_owned(), own.license().id.to_string()),
        ("plan_id".to_owned(), offer.plan.id.to_string()),
        ("reckoned_at".to_owned(), offer.reckoned_at.seconds().to_string()),
        ("rest_minor".to_owned(), offer.rest.amount_minor.to_string()),
    ];
    let points = text::points(&own.license().plan_terms.packs, &offer.plan);
    let points = points.into_iter().map(|point| view! { <li>{point}</li> }).collect_view();
    let (href, submit, note) = (own.href(), text::submit(offer), tax_note());
    view! {
        <div class="row apart">
            <Card title=text::PRICE_TITLE>
                <Table
                    caption=text::PRICE_TITLE
                    caption_hidden=true
                    columns=vec![Column::text(what), Column::number(amount)]
                    rows
                    foot
                />
                <Form
                    action="/act/buy-for-ever"
                    id="for-ever"
                    submit
                    hidden
                    beside=move || view! { <LinkButton href=href.clone() label=text::BACK /> }
                />
                {note}
            </Card>
            <Card title=text::MEANS_TITLE>
                <ul class="points">{points}</ul>
            </Card>
        </div>
    }
    .into_any()
}
