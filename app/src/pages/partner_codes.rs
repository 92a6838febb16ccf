//! `/partner/codes`: a partner's campaigns and what they sold. `?before=` goes on in a long list.

use backend::campaigns::Takings;
use backend::campaigns::owned::{OwnedCampaign, list_own_campaigns};
use backend::campaigns::rules::standing;
use backend::clock::UnixMs;
use backend::ids::CampaignId;
use backend::text::en::{console_campaigns as shared, licenses as words, partner_codes as text};
use leptos::prelude::*;

use super::partner_tabs::partner_tabs;
use super::staff_campaigns::{read_place, tone, write_place};
use super::{NoPage, Page, render};
use crate::api::messages::new_page;
use crate::api::partner_codes::{CODES, campaign_page};
use crate::components::{Badge, Column, EmptyState, LinkButton, Money, PageHead, Pagination, Row, Table};
use crate::request::Visit;

/// Campaigns on one page.
const PAGE: usize = 20;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, _)) = visit.account() else { return Err(NoPage::NotFound) };
    let (cx, now) = (visit.viewer_cx(), visit.state.clock.now());
    let before = visit.query("before").and_then(|place| read_place(&place));
    let (is_first, asked) = (before.is_none(), before.map(|(at, id)| (at, CampaignId::from_untrusted(&id))));
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let before = asked.as_ref().map(|(at, id)| (*at, id));
            list_own_campaigns(tx, &cx, &account.id, before, limit).await
        })
    });
    let mut campaigns = found.await?.ok_or(NoPage::NotFound)?;
    let has_more = campaigns.len() > PAGE;
    campaigns.truncate(PAGE);
    let pages = pages(&campaigns, is_first, has_more);
    let [name, off, runs, state, redeemed, codes, brought] = text::COLUMNS;
    let columns = vec![
        Column::text(name),
        Column::text(off),
        Column::text(runs),
        Column::text(state),
        Column::text(redeemed),
        Column::number(codes),
        Column::number(brought),
    ];
    let rows = campaigns.iter().map(|it| row(it, now)).collect();
    let empty = || {
        let action = || view! { <LinkButton href=new_page("") label=text::WRITE /> };
        view! { <EmptyState text=text::NONE_YET action /> }
    };
    let body = view! {
        {partner_tabs(&visit)}
        <PageHead title=text::TITLE lead=text::LEAD />
        <Table caption=text::TITLE caption_hidden=true columns rows empty />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn row(it: &OwnedCampaign, now: UnixMs) -> Row {
    let (listed, campaign) = (&it.listed, &it.listed.campaign);
    let stands = standing(campaign, listed.redeemed + listed.reserved, now);
    Row::new()
        .cell(view! { <a href=campaign_page(&campaign.id)>{campaign.name.clone()}</a> })
        .cell(shared::takes_off(campaign))
        .cell(text::runs(campaign))
        .cell(view! { <Badge tone=tone(stands) word=shared::standing(stands) /> })
        .cell(shared::redeemed(listed.redeemed, listed.reserved, campaign.max_redemptions))
        .cell(words::number(listed.codes))
        .cell(brought(&it.takings))
}

/// What was paid, each currency on a line of its own.
fn brought(takings: &[Takings]) -> AnyView {
    if takings.is_empty() {
        return view! { <small>{text::NOTHING_YET}</small> }.into_any();
    }
    let one = |it: &Takings| view! { <div><Money minor=it.net_minor currency=it.currency.as_str() /></div> };
    takings.iter().map(one).collect_view().into_any()
}

fn pages(campaigns: &[OwnedCampaign], is_first: bool, has_more: bool) -> Option<AnyView> {
    let next = campaigns.last().filter(|_| has_more).map(|last| {
        let place = write_place(last.listed.campaign.created_at, last.listed.campaign.id.as_str());
        (shared::OLDER.to_owned(), format!("{CODES}?before={place}"))
    });
    let previous = (!is_first).then(|| (shared::NEWEST.to_owned(), CODES.to_owned()));
    let position = text::shown(campaigns.len());
    (previous.is_some() || next.is_some())
        .then(|| view! { <Pagination label=text::PAGES position previous next /> }.into_any())
}
