//! `/partner/codes/{campaign_id}`: a partner's campaign: what it takes off, its codes with their links, and what they sold.
//! `?before=` goes on in the codes, `?after=` in the sales.

use backend::campaigns::PromotionCode;
use backend::campaigns::owned::{CampaignView, Sale, look_at_own_campaign};
use backend::campaigns::rules::{most_per_account, standing};
use backend::clock::UnixMs;
use backend::ids::{CampaignId, PromotionCodeId};
use backend::listing::TimePlace;
use backend::text::en::{console_campaigns as shared, licenses as words, partner_codes as text, portal};
use leptos::prelude::*;

use super::campaign_cards::{CODES_ON_PAGE, draw_form, further_codes, hidden_id, shown_codes, statistics};
use super::staff_campaigns::{read_place, tone};
use super::{NoPage, Page, render};
use crate::api::form::{Refused, take_refused};
use crate::api::partner_codes::{ADD, CODES, DRAW, campaign_page, errors_of};
use crate::components::{
    Badge, Breadcrumb, Card, Column, Crumb, Emphasis, EmptyState, Fact, Facts, Field, Form, Money, PageHead,
    Pagination, PostButton, Row, Table, Tone,
};
use crate::islands::CopyButton;
use crate::request::Visit;

/// Sales on one page; as many as codes, because both are asked for at once.
const PAGE: usize = CODES_ON_PAGE;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// Where the reader is in the two lists.
#[derive(Clone, Copy)]
struct Place {
    is_first_of_codes: bool,
    is_first_of_sales: bool,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (cx, now) = (visit.viewer_cx(), visit.state.clock.now());
    let id = CampaignId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let before = visit.query("before").and_then(|text| read_place(&text));
    let before = before.map(|(at, id)| (at, PromotionCodeId::from_untrusted(&id)));
    let after = visit.query("after").and_then(|text| TimePlace::parse(&text));
    let place = Place { is_first_of_codes: before.is_none(), is_first_of_sales: after.is_none() };
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let before = before.as_ref().map(|(at, id)| (*at, id));
            look_at_own_campaign(tx, &cx, &id, before, after.as_ref(), limit).await
        })
    });
    let view = found.await?.ok_or(NoPage::NotFound)?;
    let campaign = &view.listed.campaign;
    let crumbs = vec![Crumb::to(text::TITLE, CODES), Crumb::here(campaign.name.clone())];
    let forms = match view.may_manage {
        true => {
            let (add, drawn) = (take_refused(ADD).await, take_refused(DRAW).await);
            let id = campaign.id.as_str();
            let draw = draw_form("/act/draw-own-codes", text::DRAW_LEAD, id, &drawn, errors_of(&drawn), None);
            Some(view! { <div class="row apart">{add_form(id, &add)} {draw}</div> })
        }
        false => None,
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=campaign.name.clone() lead=shared::takes_off(campaign) />
        <div class="row">{facts(&view, now)} {statistics(&view.listed, &view.takings)}</div>
        {codes(&view, place, &visit.vendor.origin)}
        {forms}
        {sales(&view, place)}
    };
    Ok(Page::new(campaign.name.clone(), body))
}

fn facts(view: &CampaignView, now: UnixMs) -> impl IntoView + use<> {
    let (listed, campaign) = (&view.listed, &view.listed.campaign);
    let stands = standing(campaign, listed.redeemed + listed.reserved, now);
    let [state, off, plans, minimum, for_whom, each, in_all, runs] = text::FACT_NAMES;
    let least = match campaign.minimum() {
        Some(least) => view! { <Money minor=least.amount_minor currency=least.currency.as_str() /> }.into_any(),
        None => shared::ANY_AMOUNT.into_any(),
    };
    let named = if view.plans.is_empty() { shared::ALL_PLANS.to_owned() } else { view.plans.join(", ") };
    let facts = vec![
        Fact::new(state, view! { <Badge tone=tone(stands) word=shared::standing(stands) /> }),
        Fact::new(off, shared::takes_off(campaign)),
        Fact::new(plans, named),
        Fact::new(minimum, least),
        Fact::new(for_whom, if campaign.first_purchase_only { shared::FOR_NEW } else { shared::FOR_ALL }),
        Fact::new(each, most_per_account(campaign).map_or_else(|| shared::NO_LIMIT.to_owned(), shared::times)),
        Fact::new(in_all, text::in_all(campaign.max_redemptions)),
        Fact::new(runs, text::runs(campaign)),
    ];
    view! { <Card title=text::FACTS lead=text::FACTS_LEAD><Facts facts /></Card> }
}

fn codes(view: &CampaignView, place: Place, origin: &str) -> impl IntoView + use<> {
    let campaign_id = &view.listed.campaign.id;
    let further = further_codes(&campaign_page(campaign_id), &view.listed, &view.codes, place.is_first_of_codes);
    let [code, link, redeemed, state, act] = text::CODE_COLUMNS;
    let mut columns = vec![Column::text(code), Column::text(link), Column::text(redeemed), Column::text(state)];
    if view.may_manage {
        columns.push(Column::act(act));
    }
    let row = |code: &PromotionCode| code_row(code, campaign_id, view.may_manage, origin);
    let rows = shown_codes(&view.codes).iter().map(row).collect();
    view! {
        <Card title=text::CODES lead=text::CODES_LEAD id="codes">
            <Table
                caption=text::CODES
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_CODES /> }
            />
            {further}
        </Card>
    }
}

fn code_row(code: &PromotionCode, campaign_id: &CampaignId, may_manage: bool, origin: &str) -> Row {
    let is_paused = code.paused_at.is_some();
    let (tone, word) = match (is_paused, code.paused_by_owner) {
        (true, true) => (Tone::Warn, shared::PAUSED),
        (true, false) => (Tone::Warn, text::PAUSED_BY_VENDOR),
        (false, _) => (Tone::Good, shared::ACTIVE),
    };
    // A code is letters, digits and dashes, so it stands in an address as it is.
    let link = format!("{origin}/?code={}", code.code);
    let [label, copied, failed] = text::copy_link(&code.code);
    let row = Row::new()
        .cell(code.code.clone())
        .cell(view! { <small>{link.clone()}</small> " " <CopyButton text=link label copied failed /> })
        .cell(text::redeemed(code))
        .cell(view! { <Badge tone word /> });
    if !may_manage {
        return row;
    }
    let (action, label) = match (is_paused, code.paused_by_owner) {
        (true, false) => return row.blank(),
        (true, true) => ("/act/resume-own-code", shared::RESUME),
        (false, _) => ("/act/pause-own-code", shared::PAUSE),
    };
    let hidden = vec![("campaign_id".to_owned(), campaign_id.to_string()), ("code_id".to_owned(), code.id.to_string())];
    row.cell(view! { <PostButton action label hidden emphasis=Emphasis::Quiet about=code.code.clone() /> })
}

fn add_form(campaign_id: &str, refused: &Refused) -> impl IntoView + use<> {
    let (errors, hidden, code) = (errors_of(refused), hidden_id(campaign_id), refused.typed("code"));
    view! {
        <Card title=shared::ADD id="add">
            <Form
                action="/act/add-own-code"
                id="add-form"
                submit=shared::ADD_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="code" label=text::CODE value=code hint=text::CODE_HINT autocomplete="off" />
            </Form>
        </Card>
    }
}

fn sales(view: &CampaignView, place: Place) -> impl IntoView + use<> {
    let href = campaign_page(&view.listed.campaign.id);
    let has_more = view.sales.len() > PAGE;
    let shown = &view.sales[..view.sales.len().min(PAGE)];
    let previous = (!place.is_first_of_sales).then(|| (shared::NEWEST.to_owned(), format!("{href}#sales")));
    let next = shown.last().filter(|_| has_more).map(|last| {
        let query = serde_urlencoded::to_string([("after", last.place().to_string())]).unwrap_or_default();
        (shared::OLDER.to_owned(), format!("{href}?{query}#sales"))
    });
    let has_pages = previous.is_some() || next.is_some();
    let position = text::sales_shown(shown.len());
    let pages = has_pages.then(|| view! { <Pagination label=text::SALE_PAGES position previous next /> });
    let [day, plan, code, customer, paid] = text::SALE_COLUMNS;
    let columns =
        vec![Column::text(day), Column::text(plan), Column::text(code), Column::text(customer), Column::number(paid)];
    let rows = shown.iter().map(sale_row).collect();
    view! {
        <Card title=text::SALES lead=text::SALES_LEAD id="sales">
            <Table
                caption=text::SALES
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_SALES /> }
            />
            {pages}
        </Card>
    }
}

fn sale_row(sale: &Sale) -> Row {
    Row::new()
        .cell(text::day(sale.sold_at))
        .cell(format!("{}, {}", sale.product_name, sale.plan_name))
        .cell(sale.code.clone())
        .cell(sale.company.clone().unwrap_or_else(|| text::SOMEBODY.to_owned()))
        .cell(view! { <Money minor=sale.net_minor currency=sale.currency.as_str() /> })
}
