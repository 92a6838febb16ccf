//! `/staff/events/{id}`: an event of Stripe as it came, what became of it, and the button that handles it again.

use backend::accounts::{StaffAct, staff_may};
use backend::billing::inbox::{InboxEvent, find_inbox_event};
use backend::clock::UnixMs;
use backend::text::en::{console_inbox as text, events as happenings, licenses};
use leptos::prelude::*;

use super::staff_events::{PATH, tone};
use super::{NoPage, Page, render, staff_role};
use crate::components::{Badge, Breadcrumb, Card, Crumb, Fact, Facts, Moment, PageHead, PostButton, Snippet};
use crate::request::Visit;

/// The page of an event.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let id = visit.path.split('/').nth(3).unwrap_or_default().to_owned();
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| Box::pin(async move { find_inbox_event(tx, &vendor_id, &id).await })).await?;
    let (event, raw) = found.ok_or(NoPage::NotFound)?;
    let crumbs = vec![Crumb::to(text::INBOX, PATH), Crumb::here(event.id.clone())];
    let replay = staff_may(role, StaffAct::Replay).then(|| {
        let hidden = vec![("event_id".to_owned(), event.id.clone()), ("back".to_owned(), "event".to_owned())];
        view! {
            <PostButton action="/act/replay-event" label=text::REPLAY hidden />
            <p>{text::REPLAY_HINT}</p>
        }
    });
    let (title, facts) = (event.event_type.clone(), facts(&event, now));
    let body = view! {
        <Breadcrumb label=licenses::YOU_ARE_HERE crumbs />
        <PageHead title=title.clone() lead=event.id />
        <Card title=text::FACTS>{facts} {replay}</Card>
        <Snippet label=text::BODY code=pretty(&raw) />
    };
    Ok(Page::new(title, body))
}

fn facts(event: &InboxEvent, now: UnixMs) -> impl IntoView + use<> {
    let moment =
        |at: UnixMs| view! { <Moment datetime=at.timestamp().to_string() absolute=happenings::when(at, now) /> };
    let list = |id: &str| {
        let (href, id) = (format!("{PATH}?find={id}"), id.to_owned());
        view! { <a href=href>{id}</a> }
    };
    let mut facts = vec![
        Fact::new(text::STATE, view! { <Badge tone=tone(event.status) word=text::status(event.status) /> }),
        Fact::new(text::TYPE, event.event_type.clone()),
    ];
    if !event.object_id.is_empty() {
        facts.push(Fact::new(text::ABOUT, list(&event.object_id)));
    }
    if !event.customer_id.is_empty() {
        facts.push(Fact::new(text::CUSTOMER, list(&event.customer_id)));
    }
    facts.push(Fact::new(text::RECEIVED, moment(event.received_at)));
    facts.push(Fact::new(text::ATTEMPTS, text::times(event.attempts)));
    facts.extend(event.projected_at.map(|at| Fact::new(text::LAST, moment(at))));
    facts.extend(event.error.clone().map(|error| Fact::new(text::REASON, error)));
    view! { <Facts facts /> }
}

/// Indented, in the order of its members; as it is where it is not JSON.
fn pretty(raw: &str) -> String {
    let parsed: Option<serde_json::Value> = serde_json::from_str(raw).ok();
    parsed.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| raw.to_owned())
}
