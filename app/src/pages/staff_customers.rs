//! `/staff/customers`: everybody who has an account, filtered by what the address says, paged by key.

use backend::accounts::AccountKind;
use backend::accounts::customers::{CustomerFilter, CustomerPlace, ListedCustomer, search_customers};
use backend::text::en::{console_customers as text, portal_accounts};
use leptos::prelude::*;

use super::invoices::day;
use super::{NoPage, Page, render, staff_role, staff_sign_ups};
use crate::components::{
    Badge, Choice, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, Method, PageHead, Pagination, Row,
    Table, Tone,
};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/customers";
/// Customers on a page.
const PAGE: usize = 20;

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = CustomerFilter::of_address(|name| visit.query(name));
    let after = visit.query("after").and_then(|place| CustomerPlace::parse(&place));
    let (wanted, is_first) = (filter.clone(), after.is_none());
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let found = visit.state.db.read(|tx| {
        Box::pin(async move { search_customers(tx, &vendor_id, &wanted, after.as_ref(), now, limit).await })
    });
    let mut found = found.await?;
    // One more than is shown tells whether there is a page after this one.
    let goes_on = found.len() > PAGE;
    found.truncate(PAGE);
    let address = |after: Option<&CustomerPlace>| match filter.to_address(after) {
        pairs if pairs.is_empty() => PATH.to_owned(),
        pairs => format!("{PATH}?{}", serde_urlencoded::to_string(pairs).unwrap_or_default()),
    };
    let next = found.last().filter(|_| goes_on).map(|last| (text::OLDER.to_owned(), address(Some(&last.place()))));
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), address(None)));
    let pages = (previous.is_some() || next.is_some())
        .then(|| view! { <Pagination label=text::PAGES position=text::shown(found.len()) previous next /> });
    let [company, country, owner, licenses, since] = text::COLUMNS;
    let columns = vec![
        Column::text(company),
        Column::text(country),
        Column::text(owner),
        Column::text(licenses),
        Column::text(since),
    ];
    let is_narrow = filter.is_narrow() || !is_first;
    let empty = move || {
        if is_narrow {
            let all = || view! { <LinkButton href=PATH label=text::SHOW_ALL /> };
            view! { <EmptyState text=text::NONE_FOUND action=all /> }.into_any()
        } else {
            view! { <EmptyState text=text::NONE_YET /> }.into_any()
        }
    };
    let has_any = is_narrow || !found.is_empty();
    let rows = found.iter().map(row).collect();
    let form = has_any.then(|| form(&filter));
    let body = view! {
        <PageHead
            title=text::TITLE
            lead=text::LEAD
            actions=|| view! { <LinkButton href=staff_sign_ups::PATH label=text::SIGN_UPS emphasis=Emphasis::Quiet /> }
        />
        {form}
        <Table caption=text::CAPTION caption_hidden=true columns rows empty=empty />
        {pages}
    };
    Ok(Page::new(text::TITLE, body))
}

fn form(filter: &CustomerFilter) -> impl IntoView + use<> {
    let any = || std::iter::once(Choice::new("", text::ANY));
    let countries = portal_accounts::countries().into_iter().map(|(code, name)| Choice::new(code, name));
    let countries = Control::Select(any().chain(countries).collect());
    let kinds = AccountKind::ALL.iter().map(|kind| Choice::new(kind.as_str(), text::kind(*kind)));
    let kinds = Control::Select(any().chain(kinds).collect());
    let clears = filter.is_narrow();
    let clear = move || clears.then(|| view! { <LinkButton href=PATH label=text::CLEAR emphasis=Emphasis::Quiet /> });
    let (find, country) = (filter.text.clone(), filter.country.clone());
    let kind = filter.kind.map_or("", AccountKind::as_str);
    view! {
        <search class="across" aria-label=text::FILTER>
            <Form
                action=PATH
                method=Method::Get
                id="filter"
                submit=text::SUBMIT
                emphasis=Emphasis::Plain
                beside=clear
            >
                <Field name="find" label=text::FIND value=find may_be_empty=true />
                <Field name="country" label=text::COUNTRY control=countries value=country may_be_empty=true />
                <Field name="kind" label=text::KIND control=kinds value=kind may_be_empty=true />
            </Form>
        </search>
    }
}

fn row(listed: &ListedCustomer) -> Row {
    let account = &listed.account;
    let href = format!("{PATH}/{}", account.id);
    let partner = (account.kind == AccountKind::Partner)
        .then(|| view! { " " <Badge tone=Tone::Neutral word=text::kind(account.kind) /> });
    Row::new()
        .cell(view! { <a href=href>{account.company.clone()}</a> {partner} })
        .cell(text::country(&account.country))
        .cell(listed.owner_email.clone().unwrap_or_default())
        .cell(text::license_count(listed.licenses.active, listed.licenses.total))
        .cell(day(account.created_at))
}
