//! `/staff/campaigns/{id}`: what a campaign takes off, what it brought in, its codes, and what may be done about it.

use backend::accounts::{StaffAct, staff_may};
use backend::campaigns::rules::{Standing, most_per_account, standing};
use backend::campaigns::{
    Campaign, ListedCampaign, PromotionCode, Takings, find_campaign_with_counts, list_codes, list_takings,
};
use backend::catalog::find_plan;
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::ids::{CampaignId, PromotionCodeId};
use backend::text::en::{console_campaigns as text, licenses as words, moments, portal};
use leptos::prelude::*;

use super::campaign_cards::{CODES_ON_PAGE, draw_form, further_codes, hidden_id, limit, shown_codes, statistics};
use super::staff_campaigns::{PATH, read_place, tone};
use super::{NoPage, Page, render, staff_role};
use crate::api::campaigns::{ADD, DRAW, UPDATE, errors_of};
use crate::api::form::{Refused, take_refused};
use crate::api::partners::partner_page;
use crate::components::{
    Badge, Breadcrumb, Card, Column, Control, Crumb, Dialog, Emphasis, EmptyState, Fact, Facts, Field, Form, Money,
    PageHead, PostButton, Row, Table, Tone,
};
use crate::request::Visit;

/// The page of a campaign.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    listed: ListedCampaign,
    plans: Vec<String>,
    takings: Vec<Takings>,
    codes: Vec<PromotionCode>,
    is_first: bool,
    now: UnixMs,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let may = staff_may(staff_role(&visit)?, StaffAct::ManageCampaigns);
    let found = find(&visit).await?.ok_or(NoPage::NotFound)?;
    let campaign = &found.listed.campaign;
    let crumbs = vec![Crumb::to(text::TITLE, PATH), Crumb::here(campaign.name.clone())];
    let forms = match may {
        true => {
            let (add, drawn, edit) = (take_refused(ADD).await, take_refused(DRAW).await, take_refused(UPDATE).await);
            let id = campaign.id.as_str();
            view! {
                <div class="row apart">{add_form(id, &add)} {draw(id, &drawn)}</div>
                <div class="row apart">{edit_form(campaign, &edit)} {acts(campaign, found.now)}</div>
            }
            .into_any()
        }
        false => view! { <Card title=text::ACTS><p>{text::LOOK_ONLY}</p></Card> }.into_any(),
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=campaign.name.clone() lead=text::takes_off(campaign) />
        <div class="row">{facts(&found)} {statistics(&found.listed, &found.takings)}</div>
        {codes(&found, may)}
        {forms}
    };
    Ok(Page::new(campaign.name.clone(), body))
}

async fn find(visit: &Visit) -> Result<Option<Found>, NoPage> {
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let id = CampaignId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let before = visit.query("before").and_then(|text| read_place(&text));
    let is_first = before.is_none();
    let before = before.map(|(at, id)| (at, PromotionCodeId::from_untrusted(&id)));
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(listed) = find_campaign_with_counts(tx, &vendor_id, &id).await? else { return Ok(None) };
            let mut plans = Vec::new();
            for plan_id in &listed.campaign.plan_ids.0 {
                plans.extend(find_plan(tx, &vendor_id, plan_id).await?.map(|plan| plan.name));
            }
            let made = listed.campaign.created_at;
            let mut takings = list_takings(tx, &vendor_id, made, made).await?;
            takings.retain(|it| it.campaign_id == id);
            let limit = i64::try_from(CODES_ON_PAGE + 1).unwrap_or(i64::MAX);
            let before = before.as_ref().map(|(at, id)| (*at, id));
            let codes = list_codes(tx, &vendor_id, &id, before, limit).await?;
            Ok::<_, DbError>(Some(Found { listed, plans, takings, codes, is_first, now }))
        })
    });
    Ok(found.await?)
}

fn facts(found: &Found) -> impl IntoView + use<> {
    let (listed, campaign, now) = (&found.listed, &found.listed.campaign, found.now);
    let stands = standing(campaign, listed.redeemed + listed.reserved, now);
    let [whose, state, off, plans, minimum, for_whom, each, begins, ends] = text::FACT_NAMES;
    let least = match campaign.minimum() {
        Some(least) => view! { <Money minor=least.amount_minor currency=least.currency.as_str() /> }.into_any(),
        None => text::ANY_AMOUNT.into_any(),
    };
    let named = if found.plans.is_empty() { text::ALL_PLANS.to_owned() } else { found.plans.join(", ") };
    let owner = match (&campaign.owner_account_id, &listed.owner_company) {
        (Some(id), Some(company)) => view! { <a href=partner_page(id)>{company.clone()}</a> }.into_any(),
        _ => text::OURS.into_any(),
    };
    let facts = vec![
        Fact::new(whose, owner),
        Fact::new(state, view! { <Badge tone=tone(stands) word=text::standing(stands) /> }),
        Fact::new(off, text::takes_off(campaign)),
        Fact::new(plans, named),
        Fact::new(minimum, least),
        Fact::new(for_whom, if campaign.first_purchase_only { text::FOR_NEW } else { text::FOR_ALL }),
        Fact::new(each, most_per_account(campaign).map_or_else(|| text::NO_LIMIT.to_owned(), text::times)),
        Fact::new(begins, moments::moment(campaign.starts_at, now)),
        Fact::new(ends, text::ends(campaign, now)),
    ];
    view! { <Card title=text::FACTS><Facts facts /></Card> }
}

fn codes(found: &Found, may: bool) -> impl IntoView + use<> {
    let campaign_id = found.listed.campaign.id.to_string();
    let further = further_codes(&format!("{PATH}/{campaign_id}"), &found.listed, &found.codes, found.is_first);
    let [code, redeemed, state, act] = text::CODE_COLUMNS;
    let columns = vec![Column::text(code), Column::text(redeemed), Column::text(state), Column::act(act)];
    let rows = shown_codes(&found.codes).iter().map(|code| code_row(code, &campaign_id, may)).collect();
    view! {
        <Card title=text::CODES id="codes">
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

fn code_row(code: &PromotionCode, campaign_id: &str, may: bool) -> Row {
    let is_paused = code.paused_at.is_some();
    let (tone, word) = match (is_paused, code.paused_by_owner) {
        (true, true) => (Tone::Warn, text::PAUSED_BY_PARTNER),
        (true, false) => (Tone::Warn, text::PAUSED),
        (false, _) => (Tone::Good, text::ACTIVE),
    };
    let row = Row::new()
        .cell(code.code.clone())
        .cell(text::code_redeemed(code))
        .cell(view! { <Badge tone=tone word=word /> });
    if !may {
        return row.blank();
    }
    let (action, label) = if is_paused { ("/act/resume-code", text::RESUME) } else { ("/act/pause-code", text::PAUSE) };
    let hidden = vec![("campaign_id".to_owned(), campaign_id.to_owned()), ("code_id".to_owned(), code.id.to_string())];
    row.cell(view! { <PostButton action label hidden emphasis=Emphasis::Quiet about=code.code.clone() /> })
}

fn add_form(campaign_id: &str, refused: &Refused) -> impl IntoView + use<> {
    let (errors, hidden) = (errors_of(refused), hidden_id(campaign_id));
    let (code, most) = (refused.typed("code"), refused.typed("code_limit"));
    view! {
        <Card title=text::ADD id="add">
            <Form
                action="/act/add-code"
                id="add-form"
                submit=text::ADD_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="code" label=text::CODE value=code autocomplete="off" />
                {limit("code_limit", text::CODE_LIMIT, most)}
            </Form>
        </Card>
    }
}

fn draw(campaign_id: &str, refused: &Refused) -> impl IntoView + use<> {
    // One customer each, unless said otherwise.
    let each = if refused.values.is_empty() { "1".to_owned() } else { refused.typed("code_limit") };
    draw_form("/act/draw-codes", text::DRAW_LEAD, campaign_id, refused, errors_of(refused), Some(each))
}

fn edit_form(campaign: &Campaign, refused: &Refused) -> impl IntoView + use<> {
    let (errors, hidden) = (errors_of(refused), hidden_id(campaign.id.as_str()));
    let number = |limit: Option<i64>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    let last = campaign.ends_at.map(|at| at.plus(-1).date().to_string()).unwrap_or_default();
    let typed = |field: &str, now: String| if refused.values.is_empty() { now } else { refused.typed(field) };
    let (name, ends_on) = (typed("name", campaign.name.clone()), typed("ends_on", last));
    let in_all = typed("max_redemptions", number(campaign.max_redemptions));
    let each = typed("max_per_account", number(campaign.max_per_account));
    view! {
        <Card title=text::EDIT id="edit">
            <Form
                action="/act/update-campaign"
                id="edit-form"
                submit=text::EDIT_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="name" label=text::NAME value=name autocomplete="off" />
                {limit("max_redemptions", text::MAX_REDEMPTIONS, in_all)}
                {limit("max_per_account", text::MAX_PER_ACCOUNT, each)}
                <Field
                    name="ends_on"
                    label=text::ENDS_ON
                    control=Control::Day
                    value=ends_on
                    hint=text::ENDS_HINT
                    optional=text::OPTIONAL
                />
            </Form>
        </Card>
    }
}

fn acts(campaign: &Campaign, now: UnixMs) -> impl IntoView + use<> {
    let hidden = hidden_id(campaign.id.as_str());
    let content = if standing(campaign, 0, now) == Standing::Ended {
        view! { <p>{text::OVER}</p> }.into_any()
    } else {
        let (action, label, means) = match campaign.paused_at {
            Some(_) => ("/act/resume-campaign", text::RESUME_CAMPAIGN, text::RESUME_MEANS),
            None => ("/act/pause-campaign", text::PAUSE_CAMPAIGN, text::PAUSE_MEANS),
        };
        let ended = hidden.clone();
        view! {
            <PostButton action label hidden />
            <p>{means}</p>
            <Dialog id="end" open=text::END title=text::END_TITLE close=text::END_CLOSE>
                <p>{text::END_MEANS}</p>
                <Form
                    action="/act/end-campaign"
                    id="end-form"
                    submit=text::END_SUBMIT
                    emphasis=Emphasis::Danger
                    hidden=ended
                />
            </Dialog>
        }
        .into_any()
    };
    view! { <Card title=text::ACTS id="acts">{content}</Card> }
}
