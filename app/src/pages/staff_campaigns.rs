//! `/staff/campaigns`: what is taken off, for whom and how often, newest first. `?owner=` shows those of one partner, or the
//! vendor's own.

use std::collections::HashMap;

use backend::accounts::{StaffAct, staff_may};
use backend::campaigns::rules::{Standing, standing};
use backend::campaigns::{ListedCampaign, Takings, Whose, list_campaigns, list_takings};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::ids::CampaignId;
use backend::partners::{PartnerName, list_partner_names};
use backend::text::en::{console_campaigns as text, console_lists};
use leptos::prelude::*;

use super::staff_list::{address, any_of, none_found};
use super::{NoPage, Page, render, staff_new_campaign, staff_role};
use crate::components::{
    Badge, Column, Emphasis, EmptyState, Field, Form, LinkButton, Method, Money, PageHead, Pagination, Row, Table, Tone,
};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/campaigns";
/// Campaigns on a page.
const PAGE: usize = 20;

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let before = visit.query("before").and_then(|text| read_place(&text));
    let (is_first, asked) = (before.is_none(), before.map(|(at, id)| (at, CampaignId::from_untrusted(&id))));
    let whose = Whose::parse(&visit.query("owner").unwrap_or_default());
    let (cx, wanted) = (visit.staff_cx(), whose.clone());
    let (mut campaigns, takings, partners) = visit
        .state
        .db
        .read(|tx| {
            Box::pin(async move {
                let partners = list_partner_names(tx, &cx).await?;
                let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
                let before = asked.as_ref().map(|(at, id)| (*at, id));
                let campaigns = list_campaigns(tx, &vendor_id, &wanted, before, limit).await?;
                let (Some(newest), Some(oldest)) = (campaigns.first(), campaigns.last()) else {
                    return Ok((campaigns, Vec::new(), partners));
                };
                let (first, last) = (oldest.campaign.created_at, newest.campaign.created_at);
                let takings = list_takings(tx, &vendor_id, first, last).await?;
                Ok::<_, DbError>((campaigns, takings, partners))
            })
        })
        .await?;
    let has_more = campaigns.len() > PAGE;
    campaigns.truncate(PAGE);
    let mut of: HashMap<CampaignId, Vec<Takings>> = HashMap::new();
    for one in takings {
        of.entry(one.campaign_id.clone()).or_default().push(one);
    }
    let owner = Some(whose.as_str().to_owned()).filter(|word| !word.is_empty()).map(|word| ("owner", word));
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), address(PATH, owner.clone())));
    let next = campaigns.last().filter(|_| has_more).map(|last| {
        let place = write_place(last.campaign.created_at, last.campaign.id.as_str());
        (text::OLDER.to_owned(), address(PATH, owner.clone().into_iter().chain([("before", place)])))
    });
    let has_pages = previous.is_some() || next.is_some();
    let position = text::shown(campaigns.len());
    let pages = has_pages.then(|| view! { <Pagination label=text::PAGES position previous next /> });
    let may = staff_may(role, StaffAct::ManageCampaigns);
    let has_any = !campaigns.is_empty();
    let new = (may && has_any).then(|| {
        view! { <p><LinkButton href=staff_new_campaign::PATH label=text::NEW emphasis=Emphasis::Primary /></p> }
    });
    let is_narrow = whose != Whose::All;
    let filter = (is_narrow || has_any && !partners.is_empty()).then(|| filter_form(&whose, &partners));
    let [name, owner, off, state, redeemed, brought] = text::COLUMNS;
    let columns = vec![
        Column::text(name),
        Column::text(owner),
        Column::text(off),
        Column::text(state),
        Column::text(redeemed),
        Column::number(brought),
    ];
    let rows = campaigns.iter().map(|it| row(it, of.remove(&it.campaign.id).unwrap_or_default(), now)).collect();
    let empty = move || {
        if is_narrow {
            return none_found(PATH);
        }
        let action = move || {
            may.then(
                || view! { <LinkButton href=staff_new_campaign::PATH label=text::NEW emphasis=Emphasis::Primary /> },
            )
        };
        view! { <EmptyState text=text::NONE_YET action /> }.into_any()
    };
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD />
        {new}
        {filter}
        <Table caption=text::TITLE caption_hidden=true columns rows empty />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn filter_form(whose: &Whose, partners: &[PartnerName]) -> AnyView {
    let ours = (Whose::Vendors.as_str().to_owned(), text::OURS.to_owned());
    let theirs =
        partners.iter().map(|it| (it.account_id.to_string(), text::partner_choice(&it.company, it.ended_at.is_some())));
    let control = any_of(std::iter::once(ours).chain(theirs));
    let (value, is_narrow) = (whose.as_str().to_owned(), *whose != Whose::All);
    let clear = move || {
        is_narrow.then(|| view! { <LinkButton href=PATH label=console_lists::CLEAR emphasis=Emphasis::Quiet /> })
    };
    view! {
        <search class="across" aria-label=console_lists::FILTER>
            <Form
                action=PATH
                method=Method::Get
                id="filter"
                submit=console_lists::SUBMIT
                emphasis=Emphasis::Plain
                beside=clear
            >
                <Field name="owner" label=text::WHOSE control value may_be_empty=true />
            </Form>
        </search>
    }
    .into_any()
}

fn row(listed: &ListedCampaign, takings: Vec<Takings>, now: UnixMs) -> Row {
    let campaign = &listed.campaign;
    let stands = standing(campaign, listed.redeemed + listed.reserved, now);
    let brought = if takings.is_empty() {
        view! { <small>{text::NOTHING_YET}</small> }.into_any()
    } else {
        let one = |it: Takings| view! { <div><Money minor=it.net_minor currency=it.currency.as_str() /></div> };
        takings.into_iter().map(one).collect_view().into_any()
    };
    Row::new()
        .cell(view! { <a href=format!("{PATH}/{}", campaign.id)>{campaign.name.clone()}</a> })
        .cell(text::whose(listed.owner_company.as_deref()))
        .cell(text::takes_off(campaign))
        .cell(view! { <Badge tone=tone(stands) word=text::standing(stands) /> })
        .cell(text::redeemed(listed.redeemed, listed.reserved, campaign.max_redemptions))
        .cell(brought)
}

/// The colour of a standing.
pub(super) fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Running => Tone::Good,
        Standing::Paused | Standing::UsedUp => Tone::Warn,
        Standing::NotBegun | Standing::Ended => Tone::Neutral,
    }
}

/// A place in a list that is sorted by age, in an address.
pub(super) fn write_place(at: UnixMs, id: &str) -> String {
    format!("{}.{id}", at.0)
}

/// Reads a place from an address; `None` for any other text.
pub(super) fn read_place(text: &str) -> Option<(UnixMs, String)> {
    let (at, id) = text.split_once('.')?;
    Some((UnixMs(at.parse().ok()?), id.to_owned()))
}
