//! What the account's and the staff's audit log have in common: the filter in the address, the table, the way on.

use backend::audit::{AuditEntry, AuditFilter, AuditPlace, AuditScope, list_audit};
use backend::clock::{DAY_MS, UnixMs};
use backend::money::Currency;
use backend::text::en::{audit as text, audit_acts, moments};
use leptos::prelude::*;
use serde_json::Value;

use super::NoPage;
use super::staff_list::customer_question;
use crate::components::{
    Choice, Column, Control, Emphasis, EmptyState, Fact, Facts, Field, Fold, Form, LinkButton, Method, Moment,
    Pagination, Row, Table,
};
use crate::request::Visit;

/// Entries on a page.
const PAGE: usize = 50;

/// The filter as it stands in the address of the page or of its download.
#[must_use]
pub fn filter_of(visit: &Visit) -> AuditFilter {
    let text = |name: &str| visit.query(name).unwrap_or_default().trim().to_owned();
    let day = |name: &str| text(name).parse().ok().map(UnixMs::start_of);
    let area = text("area");
    AuditFilter {
        area: if audit_acts::AREAS.iter().any(|(known, _)| *known == area) { area } else { String::new() },
        person: text("person"),
        object: text("object"),
        customer: if visit.path.starts_with(super::staff_audit::PATH) { text("customer") } else { String::new() },
        from: day("from"),
        until: day("to").map(|at| at.plus(DAY_MS)),
    }
}

/// The address of the log at `path` with this filter, from a place on.
fn address(path: &str, filter: &AuditFilter, after: Option<&AuditPlace>) -> String {
    let day = |at: Option<UnixMs>| at.map(|at| at.date().to_string()).unwrap_or_default();
    let pairs = [
        ("area", filter.area.clone()),
        ("person", filter.person.clone()),
        ("object", filter.object.clone()),
        ("customer", filter.customer.clone()),
        ("from", day(filter.from)),
        ("to", day(filter.until.map(|at| at.plus(-DAY_MS)))),
        ("after", after.map(AuditPlace::to_text).unwrap_or_default()),
    ];
    let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(pairs).unwrap_or_default().as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// Filter, table and pages of a log at `path`; not found for whoever may not see it.
pub(super) async fn body(visit: &Visit, path: &'static str, scope: AuditScope) -> Result<AnyView, NoPage> {
    let (cx, now) = (visit.viewer_cx(), visit.state.clock.now());
    let filter = filter_of(visit);
    let after = visit.query("after").and_then(|text| AuditPlace::parse(&text));
    let (is_first, for_staff) = (after.is_none(), scope == AuditScope::Vendor);
    let wanted = filter.clone();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            list_audit(tx, &cx, &scope, &wanted, after.as_ref(), limit).await
        })
    });
    let Some(mut entries) = found.await? else { return Err(NoPage::NotFound) };
    let goes_on = entries.len() > PAGE;
    entries.truncate(PAGE);
    let pages = entries.last().filter(|_| goes_on || !is_first).map(|oldest| {
        let previous = (!is_first).then(|| (text::NEWEST.to_owned(), address(path, &filter, None)));
        let next = goes_on.then(|| (text::OLDER.to_owned(), address(path, &filter, Some(&oldest.place()))));
        let position = text::shown(entries.len(), oldest.occurred_at);
        view! { <Pagination label=text::PAGES position previous next /> }
    });
    let [what, who, when, from] = text::COLUMNS;
    let columns = vec![Column::text(what), Column::text(who), Column::text(when), Column::text(from)];
    let download = address(&format!("{path}.csv"), &filter, None);
    let download = (!entries.is_empty()).then(|| {
        view! { <p class="acts"><LinkButton href=download label=text::CSV emphasis=Emphasis::Quiet /></p> }
    });
    let rows = entries.iter().map(|entry| row(entry, for_staff, now)).collect();
    let is_narrow = filter.is_narrow();
    let body = view! {
        {filter_form(path, &filter, for_staff)}
        <Table caption=text::TITLE caption_hidden=true columns rows empty=move || nothing(path, is_narrow, is_first) />
        {pages}
        {download}
    };
    Ok(body.into_any())
}

fn nothing(path: &'static str, is_narrow: bool, is_first: bool) -> AnyView {
    if is_narrow {
        // The way out stands in the filter, which is open.
        view! { <EmptyState text=text::NONE_FOUND /> }.into_any()
    } else if !is_first {
        let clear = move || view! { <LinkButton href=path label=text::CLEAR /> };
        view! { <EmptyState text=text::NONE_OLDER action=clear /> }.into_any()
    } else {
        let prices = || view! { <LinkButton href="/" label=text::TO_PRICES /> };
        view! { <EmptyState text=text::NONE_YET action=prices /> }.into_any()
    }
}

fn filter_form(path: &'static str, filter: &AuditFilter, for_staff: bool) -> impl IntoView + use<> {
    let offered = audit_acts::AREAS.iter().filter(|(area, _)| for_staff || !audit_acts::OF_VENDOR.contains(area));
    let any = std::iter::once(Choice::new("", text::ANY));
    let areas = Control::Select(any.chain(offered.map(|(area, name)| Choice::new(*area, *name))).collect());
    let day = |at: Option<UnixMs>| at.map(|at| at.date().to_string()).unwrap_or_default();
    let (from, to) = (day(filter.from), day(filter.until.map(|at| at.plus(-DAY_MS))));
    let (area, person, object) = (filter.area.clone(), filter.person.clone(), filter.object.clone());
    let customer = filter.customer.clone();
    let is_narrow = filter.is_narrow();
    let clear =
        move || is_narrow.then(|| view! { <LinkButton href=path label=text::CLEAR emphasis=Emphasis::Quiet /> });
    let customer = move || for_staff.then(|| customer_question(customer));
    view! {
        <search aria-label=text::FILTER>
            <Fold summary=text::FILTER open=is_narrow>
                <div class="across">
                    <Form
                        action=path
                        method=Method::Get
                        id="filter"
                        submit=text::SUBMIT
                        emphasis=Emphasis::Plain
                        beside=clear
                    >
                        <Field name="area" label=text::AREA control=areas value=area may_be_empty=true />
                        <Field name="person" label=text::PERSON value=person may_be_empty=true />
                        <Field name="object" label=text::OBJECT value=object may_be_empty=true />
                        {customer()}
                        <Field
                            name="from"
                            label=text::FROM
                            control=Control::Day
                            value=from
                            hint=text::DAY_HINT
                            may_be_empty=true
                        />
                        <Field name="to" label=text::TO control=Control::Day value=to may_be_empty=true />
                    </Form>
                </div>
            </Fold>
        </search>
    }
}

fn row(entry: &AuditEntry, for_staff: bool, now: UnixMs) -> Row {
    let object = entry.object_id.clone();
    let object = match place_of(&object, for_staff) {
        Some(href) => view! { <small><a href=href>{object}</a></small> }.into_any(),
        None => view! { <small>{object}</small> }.into_any(),
    };
    let company = entry.company.clone().map(|company| view! { <small>{company}</small> });
    let (who, more) = text::who(&entry.who);
    let more = more.map(|more| view! { " " <small>{more}</small> });
    let when = moments::moment(entry.occurred_at, now);
    let row = Row::new()
        .cell(view! { {text::done(&entry.act).to_owned()} " " {company} {object} {details(entry)} })
        .cell(view! { {who} {more} })
        .cell(view! { <Moment datetime=moments::rfc3339(entry.occurred_at) absolute=when /> });
    match entry.address.clone() {
        Some(address) => row.cell(address),
        None => row.blank(),
    }
}

/// What changed, by name; nothing where nothing was noted.
fn details(entry: &AuditEntry) -> Option<impl IntoView + use<>> {
    let currency = [&entry.after, &entry.before].into_iter().flatten().find_map(|side| side.get("currency"));
    let currency = currency.and_then(Value::as_str).and_then(Currency::parse);
    let changes = entry.changes();
    let changed = changes.iter().map(|it| Fact::new(text::field(&it.path), text::change(it, currency)));
    let request = entry.request_id.clone().map(|id| Fact::new(text::REQUEST, id));
    let facts: Vec<Fact> = changed.chain(request).collect();
    (!facts.is_empty()).then(|| view! { <Fold summary=text::DETAILS><Facts facts /></Fold> })
}

/// The page of what was acted on, where it has one.
fn place_of(object: &str, for_staff: bool) -> Option<String> {
    let (prefix, _) = object.split_once('_')?;
    match (prefix, for_staff) {
        ("lic", false) => Some(format!("/licenses/{object}")),
        ("ord", false) => Some(format!("/orders/{object}")),
        ("acc", false) => Some("/account".to_owned()),
        ("con", true) => Some(format!("/staff/messages/{object}")),
        ("lic", true) => Some(format!("/staff/licenses/{object}")),
        ("inv", true) => Some(format!("/staff/invoices/{object}")),
        ("ord", true) => Some(format!("/staff/orders/{object}")),
        ("acc", true) => Some(format!("/staff/customers/{object}")),
        ("evt", true) => Some(format!("/staff/events/{object}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_looked_for_and_from_where() {
        let filter = AuditFilter {
            area: "license".to_owned(),
            person: "a+b@example.test".to_owned(),
            object: String::new(),
            customer: "Weser".to_owned(),
            from: Some(UnixMs(1_795_219_200_000)),
            until: Some(UnixMs(1_795_219_200_000).plus(DAY_MS)),
        };
        let place = AuditPlace { occurred_at: UnixMs(5), id: "aud_1".to_owned() };
        assert_eq!(
            address("/account/audit", &filter, Some(&place)),
            "/account/audit?area=license&person=a%2Bb%40example.test&customer=Weser&from=2026-11-21&to=2026-11-21&after=5.aud_1"
        );
        assert_eq!(address("/account/audit", &AuditFilter::default(), None), "/account/audit");
    }

    #[test]
    fn staff_and_customers_are_led_to_pages_of_their_own() {
        assert_eq!(place_of("lic_1", false).as_deref(), Some("/licenses/lic_1"));
        assert_eq!(place_of("lic_1", true).as_deref(), Some("/staff/licenses/lic_1"));
        assert_eq!(place_of("inv_1", false), None);
        assert_eq!(place_of("acc_1", true).as_deref(), Some("/staff/customers/acc_1"));
        assert_eq!(place_of("con_1", true).as_deref(), Some("/staff/messages/con_1"));
        assert_eq!(place_of("con_1", false), None, "not everybody reads every conversation");
        assert_eq!(place_of("all", true), None);
    }
}
