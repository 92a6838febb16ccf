//! `/staff/instances`: the instances of all customers, filtered by what the address says, paged by key.

use backend::catalog::{Product, list_products};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::leases::instance_list::{
    InstanceFilter, LeaseState, VendorInstance, VendorInstancePlace, search_vendor_instances,
};
use backend::licenses::search::LastContact;
use backend::text::en::{console_lists as text, license_instances, license_search, moments, overview};
use leptos::prelude::*;

use super::staff_list::{Content, LIMIT, Listing, address, any_of, any_word};
use super::{NoPage, Page, render, staff_customers, staff_licenses, staff_role};
use crate::components::{Badge, Column, EmptyState, Field, Moment, Row, Tone};
use crate::request::Visit;

/// The list's address.
pub(super) const PATH: &str = "/staff/instances";

/// The list.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = InstanceFilter::of_address(|name| visit.query(name));
    let (listing, after) = Listing::asked(&visit, PATH, filter.to_address(), VendorInstancePlace::parse);
    let wanted = filter.clone();
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let found = search_vendor_instances(tx, &vendor_id, &wanted, now, after.as_ref(), LIMIT).await?;
            Ok::<_, DbError>((found, list_products(tx, &vendor_id).await?))
        })
    });
    let (mut found, products) = found.await?;
    let pages = listing.pages(&mut found, |it| it.place().to_string());
    let [instance, license, version, lease, contact] = text::INSTANCE_COLUMNS;
    let columns = vec![
        Column::text(instance),
        Column::text(license),
        Column::text(version),
        Column::text(lease),
        Column::text(contact),
    ];
    let content = Content {
        title: text::INSTANCES,
        lead: text::INSTANCES_LEAD,
        columns,
        rows: found.iter().map(|it| row(it, now)).collect(),
        pages,
        none_yet: view! { <EmptyState text=text::NO_INSTANCES /> }.into_any(),
        has_csv: true,
    };
    Ok(listing.page(content, move || questions(filter, &products)))
}

fn questions(filter: InstanceFilter, products: &[Product]) -> AnyView {
    let product = any_of(products.iter().map(|it| (it.code.clone(), it.name.clone())));
    let state = any_word(LeaseState::ALL, LeaseState::as_str, text::lease_state);
    let state_value = filter.state.map_or("", LeaseState::as_str);
    let contacts = LastContact::ALL.iter().filter(|it| **it != LastContact::Never);
    let contact = any_of(contacts.map(|it| (it.as_str().to_owned(), license_search::contact(*it).to_owned())));
    let contact_value = filter.contact.map_or("", LastContact::as_str);
    let InstanceFilter { text: find, product: product_value, version, .. } = filter;
    view! {
        <Field name="find" label=text::FIND_INSTANCE value=find may_be_empty=true />
        <Field name="product" label=text::PRODUCT control=product value=product_value may_be_empty=true />
        <Field name="version" label=text::VERSION value=version may_be_empty=true />
        <Field name="state" label=text::STATE control=state value=state_value may_be_empty=true />
        <Field
            name="contact"
            label=license_search::CONTACT
            control=contact
            value=contact_value
            may_be_empty=true
        />
    }
    .into_any()
}

fn row(it: &VendorInstance, now: UnixMs) -> Row {
    let license = format!("{}/{}", staff_licenses::PATH, it.license_id);
    let find = [("find", it.instance.id.to_string())];
    let href = format!("{}#instances", address(&license, find));
    let (state, tone) = match it.is_live {
        true => (LeaseState::Live, Tone::Good),
        false => (LeaseState::Lapsed, Tone::Neutral),
    };
    let until = text::lease_until(it, now).map(|until| view! { " " <small>{until}</small> });
    let contact = it.instance.last_contact_at;
    Row::new()
        .cell(view! {
            <a href=href>{license_instances::name(&it.instance)}</a>
            " "
            <small>{license_instances::known_since(&it.instance)}</small>
        })
        .cell(view! {
            <a href=license>{overview::license_name(&it.license_name, &it.product_name, &it.plan_name)}</a>
            " "
            <small>
                <a href=format!("{}/{}", staff_customers::PATH, it.account_id)>{it.company.clone()}</a>
            </small>
        })
        .cell(it.instance.version.clone())
        .cell(view! { <Badge tone=tone word=text::lease_state(state) /> {until} })
        .cell(view! {
            <Moment
                datetime=moments::rfc3339(contact)
                absolute=license_search::last_contact(Some(contact), now)
            />
        })
}
