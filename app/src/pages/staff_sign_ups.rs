//! `/staff/sign-ups`: who has signed up and has no account, filtered by what the address says, paged by key.

use backend::accounts::customers::{SignUpWithoutAccount, search_sign_ups};
use backend::accounts::{StaffAct, staff_may};
use backend::clock::UnixMs;
use backend::listing::TimePlace;
use backend::text::en::{console_customers as text, factor_resets, moments};
use leptos::prelude::*;

use super::staff_list::{Content, LIMIT, Listing, address};
use super::{NoPage, Page, render, staff_role};
use crate::api::factor_resets::factor_page;
use crate::components::{Column, Emphasis, EmptyState, Field, LinkButton, Moment, Row};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/sign-ups";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// The list narrowed to this address.
pub(super) fn of_person(email: &str) -> String {
    address(PATH, [("find", email.to_owned())])
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let resets = staff_may(staff_role(&visit)?, StaffAct::ResetSecondFactors);
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let find = backend::search::wanted(&visit.query("find").unwrap_or_default());
    let filter = if find.is_empty() { Vec::new() } else { vec![("find", find.clone())] };
    let (listing, after) = Listing::asked(&visit, PATH, filter, TimePlace::parse);
    let mut columns = Vec::from(text::SIGN_UP_COLUMNS.map(Column::text));
    if resets {
        columns.push(Column::act(factor_resets::TITLE));
    }
    let wanted = find.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { search_sign_ups(tx, &vendor_id, &wanted, after.as_ref(), LIMIT).await }));
    let mut found = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let content = Content {
        title: text::SIGN_UPS,
        lead: text::SIGN_UPS_LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now, resets)).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NO_SIGN_UPS /> }.into_any(),
        has_csv: false,
    };
    Ok(listing.page(content, move || {
        view! { <Field name="find" label=text::FIND_SIGN_UP value=find may_be_empty=true /> }.into_any()
    }))
}

/// `resets` is whether the reader may reset second factors.
fn row(it: &SignUpWithoutAccount, now: UnixMs, resets: bool) -> Row {
    let row = Row::new().cell(view! { <a href=format!("mailto:{}", it.email)>{it.email.clone()}</a> });
    let row = if it.name.is_empty() { row.blank() } else { row.cell(it.name.clone()) };
    let is_confirmed = it.email_verified_at.is_some();
    let row = row.cell(if is_confirmed { text::CONFIRMED } else { text::NOT_CONFIRMED }).cell(
        view! { <Moment datetime=moments::rfc3339(it.created_at) absolute=moments::moment(it.created_at, now) /> },
    );
    if !resets {
        return row;
    }
    let (href, about) = (factor_page(&it.id), it.email.clone());
    row.cell(view! { <LinkButton href label=factor_resets::TITLE about emphasis=Emphasis::Quiet /> })
}
