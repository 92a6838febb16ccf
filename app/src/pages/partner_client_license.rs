//! `/partner/clients/{id}/licenses/{license_id}`: what runs under a client's license, for its partner. `?after=` goes on in
//! a long list.

use backend::accounts::{Act, may};
use backend::catalog::PlanKind;
use backend::db::DbError;
use backend::ids::{LicenseId, RelationId};
use backend::leases::instance_list::{InstancePlace, ListedInstance, search_instances};
use backend::messages::AboutKind;
use backend::partners::find_clients_license;
use backend::text::en::{license_instances, licenses as words, messages, moments, partner_orders, partners as text};
use leptos::prelude::*;

use super::own_license::name_of;
use super::{NoPage, Page, render};
use crate::api::client_additions::client_license_page;
use crate::api::messages::new_page;
use crate::api::partners::{CLIENTS, client_page};
use crate::components::{
    Breadcrumb, Card, Column, Crumb, Emphasis, EmptyState, LinkButton, PageHead, Pagination, Row, Table,
};
use crate::request::Visit;

/// Instances on one page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let part = |place| visit.path.split('/').nth(place).unwrap_or_default().to_owned();
    let (id, license_id) = (RelationId::from_untrusted(&part(3)), LicenseId::from_untrusted(&part(5)));
    let after = visit.query("after").and_then(|place| InstancePlace::parse(&place));
    let (cx, from, now) = (visit.viewer_cx(), after.clone(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some((clientele, view)) = find_clients_license(tx, &cx, &id, &license_id).await? else {
                return Ok(None);
            };
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            let instances = search_instances(tx, &cx.vendor_id, &license_id, "", from.as_ref(), limit).await?;
            Ok::<_, DbError>(Some((clientele, view, instances)))
        })
    });
    let (clientele, view, mut instances) = found.await?.ok_or(NoPage::NotFound)?;
    let has_more = instances.len() > PAGE;
    instances.truncate(PAGE);
    let client = client_page(&clientele.relation.id);
    let pages = pages(&instances, &format!("{client}/licenses/{}", view.license.id), after.is_some(), has_more);
    let name = name_of(&view);
    let crumbs = vec![
        Crumb::to(text::CLIENTS, CLIENTS),
        Crumb::to(clientele.client.company.clone(), client),
        Crumb::here(name.clone()),
    ];
    let columns = text::INSTANCE_COLUMNS.map(Column::text).to_vec();
    let row = |instance: &ListedInstance| {
        let held_until = instance.holds_seat(now).then_some(instance.held_until);
        Row::new()
            .cell(license_instances::name(instance))
            .cell(instance.version.clone())
            .cell(text::seat(held_until, now))
            .cell(moments::ago(instance.last_contact_at, now))
    };
    let rows = instances.iter().map(row).collect();
    let lead = format!("{}, {}", view.product_name, view.plan_name);
    let grows =
        view.license.kind == PlanKind::Perpetual && visit.account().is_some_and(|(_, role)| may(role, Act::Buy));
    let href = client_license_page(&clientele.relation.id, &view.license.id);
    let (ask, about) = (new_page(view.license.id.as_str()), messages::ask_about(AboutKind::License, &name));
    let actions = move || {
        let (seats, updates) = (format!("{href}/seats"), format!("{href}/updates"));
        let grow = grows.then(|| {
            view! {
                <LinkButton href=seats label=partner_orders::ADD_SEATS />
                <LinkButton href=updates label=partner_orders::RENEW_UPDATES />
            }
        });
        view! {
            {grow}
            <LinkButton href=ask.clone() label=messages::ASK about=about.clone() emphasis=Emphasis::Quiet />
        }
    };
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=name.clone() lead=lead actions=actions />
        <Card title=text::INSTANCES>
            <Table
                caption=text::INSTANCES
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_INSTANCES /> }
            />
            {pages}
        </Card>
    };
    Ok(Page::new(name, body))
}

fn pages(instances: &[ListedInstance], page: &str, is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = instances.last().filter(|_| has_more).map(|last| {
        let query = serde_urlencoded::to_string([("after", last.place().to_string())]).unwrap_or_default();
        (text::OLDER.to_owned(), format!("{page}?{query}"))
    });
    let previous = is_later.then(|| (text::NEWEST.to_owned(), page.to_owned()));
    let position = text::instances_shown(instances.len());
    Some(view! { <Pagination label=text::INSTANCE_PAGES position previous next /> }.into_any())
}
