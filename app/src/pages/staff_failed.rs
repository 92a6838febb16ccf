//! `/staff/failed`: events of Stripe that could not be handled and work that was given up, to be replayed one by one or
//! all at once.

use backend::accounts::{StaffAct, StaffRole, staff_may};
use backend::billing::inbox::{Failures, InboxEvent, list_failures};
use backend::clock::UnixMs;
use backend::dashboard::FAILURES_SHOWN;
use backend::jobs::DeadJob;
use backend::mail::SendMail;
use backend::text::en::{console as words, console_inbox as text, events as happenings};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_events, staff_failed_jobs, staff_role};
use crate::api::staff_mails::mail_page;
use crate::components::{Card, Column, Emphasis, EmptyState, LinkButton, Moment, PageHead, PostButton, Row, Table};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/failed";
/// What failed.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let failures =
        visit.state.db.read(|tx| Box::pin(async move { list_failures(tx, &vendor_id, FAILURES_SHOWN).await })).await?;
    let is_clear = failures.events.is_empty() && failures.jobs.is_empty();
    let lead = if is_clear { text::NOTHING_FAILED } else { text::FAILED_LEAD };
    let body = view! {
        <PageHead title=text::FAILED lead=lead />
        {(!is_clear).then(|| replay_all(&failures, role))}
        {is_clear.then(all_jobs)}
        {(!is_clear).then(|| view! { {failed_events(&failures, role, now)} {dead_jobs(&failures, role, now)} })}
    };
    Ok(Page::new(text::FAILED, body))
}

/// The way to all work that was given up, and to what was dismissed.
fn all_jobs() -> AnyView {
    let link = view! { <LinkButton href=staff_failed_jobs::PATH label=text::ALL_JOBS emphasis=Emphasis::Plain /> };
    view! { <p>{link}</p> }.into_any()
}

fn replay_all(failures: &Failures, role: StaffRole) -> AnyView {
    if !staff_may(role, StaffAct::Replay) {
        return view! { <p>{text::NOT_YOURS}</p> }.into_any();
    }
    let label = text::replay_all(failures.event_count, failures.jobs.len());
    view! { <PostButton action="/act/replay-failures" label emphasis=Emphasis::Primary /> }.into_any()
}

fn moment(at: UnixMs, now: UnixMs) -> impl IntoView {
    view! { <Moment datetime=at.timestamp().to_string() absolute=happenings::when(at, now) /> }
}

fn reason(error: Option<&String>, attempts: i64) -> impl IntoView + use<> {
    let error = error.cloned().unwrap_or_else(|| words::NO_REASON.to_owned());
    view! { {error} <small>{text::tried(attempts)}</small> }
}

fn failed_events(failures: &Failures, role: StaffRole, now: UnixMs) -> impl IntoView + use<> {
    let [event, about, since, why, act] = text::EVENT_COLUMNS;
    let columns =
        vec![Column::text(event), Column::text(about), Column::text(since), Column::text(why), Column::act(act)];
    let rows = failures.events.iter().map(|event| event_row(event, role, now)).collect();
    let shown = i64::try_from(failures.events.len()).unwrap_or(i64::MAX);
    let rest = (failures.event_count > shown).then(|| {
        let href = format!("{}?status=failed", staff_events::PATH);
        view! { <p><LinkButton href label=text::ALL_FAILED emphasis=Emphasis::Plain /></p> }
    });
    view! {
        <Card title=words::EVENTS_TITLE lead=words::EVENTS_LEAD>
            <Table
                caption=words::EVENTS_TITLE
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=words::NO_EVENTS /> }
            />
            {rest}
        </Card>
    }
}

fn event_row(event: &InboxEvent, role: StaffRole, now: UnixMs) -> Row {
    let href = format!("{}/{}", staff_events::PATH, event.id);
    let row = Row::new()
        .cell(view! { <a href=href>{event.event_type.clone()}</a> <small>{event.id.clone()}</small> })
        .cell(view! { <small>{event.object_id.clone()}</small> })
        .cell(moment(event.received_at, now))
        .cell(reason(event.error.as_ref(), event.attempts));
    replay(row, role, "/act/replay-event", ("event_id", &event.id))
}

fn dead_jobs(failures: &Failures, role: StaffRole, now: UnixMs) -> impl IntoView + use<> {
    let [work, about, since, why, act] = text::JOB_COLUMNS;
    let columns =
        vec![Column::text(work), Column::text(about), Column::text(since), Column::text(why), Column::act(act)];
    let rows = failures.jobs.iter().map(|job| job_row(job, role, now, Some(""))).collect();
    view! {
        <Card title=words::JOBS_TITLE lead=words::JOBS_LEAD>
            <Table
                caption=words::JOBS_TITLE
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=words::NO_JOBS /> }
            />
            {all_jobs()}
        </Card>
    }
}

/// A job that was given up, with what can be done about it. It can be dismissed where `dismiss_back` says from where that is
/// asked.
pub(super) fn job_row(job: &DeadJob, role: StaffRole, now: UnixMs, dismiss_back: Option<&'static str>) -> Row {
    let row = Row::new().cell(view! { {text::job(&job.kind).to_owned()} <small>{job.id.to_string()}</small> });
    let id = job.id.to_string();
    // Which mail it is, the mail log knows.
    let mail = (job.kind == SendMail::KIND && staff_may(role, StaffAct::SeeMails)).then(|| mail_page(&job.id));
    let row = match (mail, job.about()) {
        (Some(href), _) => {
            row.cell(view! { <LinkButton href=href label=text::SEE_MAIL about=id.clone() emphasis=Emphasis::Quiet /> })
        }
        (None, Some(about)) => row.cell(view! { <small>{about.to_owned()}</small> }),
        (None, None) => row.blank(),
    };
    let row = row.cell(moment(job.created_at, now)).cell(reason(job.last_error.as_ref(), job.attempts));
    if !staff_may(role, StaffAct::Replay) {
        return row.blank();
    }
    let button = |action: &'static str, label: &'static str, back: Option<&str>| {
        let mut hidden = vec![("job_id".to_owned(), id.clone())];
        hidden.extend(back.map(|back| ("back".to_owned(), back.to_owned())));
        view! { <PostButton action=action label=label hidden=hidden about=id.clone() emphasis=Emphasis::Quiet /> }
    };
    let dismiss = dismiss_back.map(|back| button("/act/dismiss-job", text::DISMISS, Some(back)));
    row.cell(view! { <span class="acts">{button("/act/replay-job", words::REPLAY, None)} {dismiss}</span> })
}

/// Ends a row with the button that replays it, for those who may.
fn replay(row: Row, role: StaffRole, action: &'static str, (name, id): (&str, &str)) -> Row {
    if !staff_may(role, StaffAct::Replay) {
        return row.blank();
    }
    let (hidden, about) = (vec![(name.to_owned(), id.to_owned())], id.to_owned());
    row.cell(
        view! { <PostButton action=action label=words::REPLAY hidden=hidden about=about emphasis=Emphasis::Quiet /> },
    )
}
