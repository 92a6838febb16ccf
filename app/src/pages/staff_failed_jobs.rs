//! `/staff/failed/jobs`: work that was given up, paged by key; `?view=dismissed` shows what was taken off the list.

use backend::jobs::{DeadJob, list_dead_jobs};
use backend::listing::TimePlace;
use backend::text::en::{console as words, console_inbox as text, licenses};
use leptos::prelude::*;

use super::staff_failed::{PATH as FAILED, job_row};
use super::staff_list::{LIMIT, PAGE, address};
use super::{NoPage, Page, render, staff_role};
use crate::components::{Breadcrumb, Column, Crumb, EmptyState, PageHead, Pagination, Segmented, Table};
use crate::layout::NavLink;
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/failed/jobs";
/// The view of what was taken off the list.
const DISMISSED: &str = "dismissed";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let dismissed = visit.query("view").is_some_and(|view| view == DISMISSED);
    let after = visit.query("after").and_then(|place| TimePlace::parse(&place));
    let is_first = after.is_none();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { list_dead_jobs(tx, &vendor_id, dismissed, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
    let goes_on = found.len() > PAGE;
    found.truncate(PAGE);
    let pages = pages(&found, dismissed, is_first, goes_on);
    let [work, about, since, why, act] = text::JOB_COLUMNS;
    let columns =
        vec![Column::text(work), Column::text(about), Column::text(since), Column::text(why), Column::act(act)];
    let rows = found.iter().map(|job| job_row(job, role, now, (!dismissed).then_some("jobs"))).collect();
    let none = if dismissed { text::NONE_DISMISSED } else { words::NO_JOBS };
    let crumbs = vec![Crumb::to(text::FAILED, FAILED), Crumb::here(words::JOBS_TITLE)];
    let body = view! {
        <Breadcrumb label=licenses::YOU_ARE_HERE crumbs />
        <PageHead title=words::JOBS_TITLE lead=words::JOBS_LEAD />
        <Segmented label=text::JOB_VIEWS options=views(dismissed) />
        <Table
            caption=words::JOBS_TITLE
            caption_hidden=true
            columns
            rows
            empty=move || view! { <EmptyState text=none /> }
        />
        {pages}
    };
    Ok(Page::new(words::JOBS_TITLE, body))
}

/// The address of a view, from a place on.
fn list(dismissed: bool, after: Option<String>) -> String {
    let view = dismissed.then(|| ("view", DISMISSED.to_owned()));
    address(PATH, view.into_iter().chain(after.map(|place| ("after", place))))
}

fn views(dismissed: bool) -> Vec<NavLink> {
    let views = [(text::WAITING_JOBS, false), (text::DISMISSED_JOBS, true)];
    let link = |(label, is_dismissed): (&str, bool)| NavLink {
        label: label.to_owned(),
        href: list(is_dismissed, None),
        current: is_dismissed == dismissed,
    };
    views.map(link).to_vec()
}

fn pages(found: &[DeadJob], dismissed: bool, is_first: bool, goes_on: bool) -> Option<AnyView> {
    let next = found.last().filter(|_| goes_on);
    let next = next.map(|last| (text::OLDER.to_owned(), list(dismissed, Some(last.place().to_string()))));
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), list(dismissed, None)));
    let position = text::shown_jobs(found.len());
    (previous.is_some() || next.is_some())
        .then(|| view! { <Pagination label=text::JOB_PAGES position previous next /> }.into_any())
}
