//! `/staff/search?q=`: anything of the vendor, by what staff are told. The field is in the header of every page.

use backend::search::{FoundInstance, FoundLicense, Group, Search, search_everything};
use backend::text::en::{console_customers, console_licenses, console_money, console_search as text, overview};
use leptos::prelude::*;

use super::{
    NoPage, Page, render, staff_customers, staff_invoices, staff_licenses, staff_orders, staff_role, staff_sign_ups,
};
use crate::components::{Card, EmptyState, LinkButton, PageHead};
use crate::request::Visit;

/// The page's address.
pub(super) const PATH: &str = "/staff/search";

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let typed = visit.query("q").unwrap_or_default();
    let text_wanted = backend::search::wanted(&typed);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let found = visit.state.db.read(|tx| Box::pin(async move { search_everything(tx, &cx, &master, &typed).await }));
    let (lead, content) = match found.await? {
        Search::NotAllowed => return Err(NoPage::NotFound),
        Search::TooShort => (text::HINT.to_owned(), view! { <EmptyState text=text::TOO_SHORT /> }.into_any()),
        Search::Done(found) if found.is_empty() => (text::HINT.to_owned(), nothing(&text_wanted)),
        Search::Done(found) => {
            let customers = found.customers.rows.iter().map(|it| {
                let href = format!("{}/{}", staff_customers::PATH, it.id);
                item(href, it.company.clone(), it.billing_email.clone())
            });
            let people = found
                .people
                .rows
                .iter()
                .map(|it| item(staff_sign_ups::of_person(&it.email), it.email.clone(), it.name.clone()));
            let licenses = found.licenses.rows.iter().map(license);
            let invoices = found.invoices.rows.iter().map(|it| {
                let href = format!("{}/{}", staff_invoices::PATH, it.id);
                item(href, it.number.clone(), it.company.clone())
            });
            let orders = found.orders.rows.iter().map(|it| {
                let href = format!("{}/{}", staff_orders::PATH, it.id);
                item(href, it.id.to_string(), it.company.clone())
            });
            let instances = found.instances.rows.iter().map(instance);
            let query = serde_urlencoded::to_string([("find", &text_wanted)]).unwrap_or_default();
            let more = Some(format!("{}?{query}", staff_customers::PATH));
            let body = view! {
                {group(text::CUSTOMERS, customers.collect(), more.filter(|_| found.customers.has_more), false)}
                {group(text::PEOPLE, people.collect(), None, has_more(&found.people))}
                {group(text::LICENSES, licenses.collect(), None, has_more(&found.licenses))}
                {group(text::INVOICES, invoices.collect(), None, has_more(&found.invoices))}
                {group(text::ORDERS, orders.collect(), None, has_more(&found.orders))}
                {group(text::INSTANCES, instances.collect(), None, has_more(&found.instances))}
            };
            (text::lead(&text_wanted), body.into_any())
        }
    };
    let body = view! { <PageHead title=text::TITLE lead=lead /> {content} };
    Ok(Page::new(text::TITLE, body))
}

fn has_more<T>(group: &Group<T>) -> bool {
    group.has_more
}

/// Where nothing begins like this, the lists may find it within a name.
fn nothing(text_wanted: &str) -> AnyView {
    let (sentence, query) =
        (text::nothing(text_wanted), serde_urlencoded::to_string([("find", text_wanted)]).unwrap_or_default());
    let lists = move || {
        let customers = format!("{}?{query}", staff_customers::PATH);
        let licenses = format!("{}?{query}", staff_licenses::PATH);
        view! {
            <p>{text::TO_LISTS}</p>
            <LinkButton href=customers label=console_customers::TITLE about=text::LABEL />
            <LinkButton href=licenses label=console_licenses::TITLE about=text::LABEL />
            <LinkButton href=staff_invoices::PATH label=console_money::INVOICES about=text::LABEL />
        }
    };
    view! { <EmptyState text=sentence action=lists /> }.into_any()
}

fn license(found: &FoundLicense) -> AnyView {
    let name = overview::license_name(&found.name, &found.product_name, &found.plan_name);
    let href = format!("{}/{}", staff_licenses::PATH, found.id);
    item(href, name, format!("{} · {}", found.company, found.key_hint))
}

fn instance(found: &FoundInstance) -> AnyView {
    let name = if found.name.is_empty() { found.identity.clone() } else { found.name.clone() };
    let query = serde_urlencoded::to_string([("find", found.id.as_str())]).unwrap_or_default();
    let href = format!("{}/{}?{query}#instances", staff_licenses::PATH, found.license_id);
    item(href, name, format!("{} · {}", found.company, found.identity))
}

fn item(href: String, name: String, below: String) -> AnyView {
    view! { <li><a href=href>{name}</a> " " <small>{below}</small></li> }.into_any()
}

/// One kind of what was found; nothing where there is none of it.
fn group(title: &'static str, items: Vec<AnyView>, more: Option<String>, is_cut: bool) -> Option<AnyView> {
    if items.is_empty() {
        return None;
    }
    let more = more.map(|href| view! { <p><a href=href>{text::MORE_CUSTOMERS}</a></p> });
    let cut = is_cut.then(|| view! { <p class="hint">{text::MORE}</p> });
    let group = view! {
        <Card title=title>
            <ul class="points">{items}</ul>
            {more}
            {cut}
        </Card>
    };
    Some(group.into_any())
}
