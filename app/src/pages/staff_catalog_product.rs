//! `/staff/catalog/products/{id}`: a product and its releases, and the form that publishes one.

use backend::accounts::{StaffAct, staff_may};
use backend::catalog::console::{ReleasePage, ReleasePlace, list_releases_page};
use backend::catalog::{Product, Publication, Release, find_product, find_release, list_plans};
use backend::db::DbError;
use backend::ids::ProductId;
use backend::text::en::{console_catalog as text, licenses as words, portal};
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::api::form::{Refused, take_refused};
use crate::api::staff_catalog::{CATALOG, PUBLISH_RELEASE, product_page};
use crate::api::tokens::STAFF_TOKENS;
use crate::components::{
    Breadcrumb, Card, Column, Control, Crumb, Emphasis, EmptyState, Fact, Facts, Field, FieldError, Form, LinkButton,
    PageHead, Pagination, Row, Snippet, Table,
};
use crate::request::Visit;

/// Releases on a page.
const PAGE: usize = 20;

/// The page of a product.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    product: Product,
    plans: usize,
    releases: ReleasePage,
    is_first: bool,
    /// The release of the version that was typed and is there already.
    known: Option<Release>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let (may_edit, may_publish) = (staff_may(role, StaffAct::EditCatalog), staff_may(role, StaffAct::PublishReleases));
    let refused = take_refused(PUBLISH_RELEASE).await;
    let found = find(&visit, &refused).await?.ok_or(NoPage::NotFound)?;
    let product = &found.product;
    let crumbs = vec![Crumb::to(text::TITLE, CATALOG), Crumb::here(product.name.clone())];
    let [code, description, plans] = text::PRODUCT_FACTS;
    let says = if product.description.is_empty() { text::NONE.to_owned() } else { product.description.clone() };
    let facts = vec![
        Fact::new(code, product.code.clone()),
        Fact::new(description, says),
        Fact::new(plans, found.plans.to_string()),
    ];
    let edit = format!("{}/edit", product_page(product.id.as_str()));
    let actions = move || may_edit.then(|| view! { <LinkButton href=edit.clone() label=text::EDIT /> });
    let publish = may_publish.then(|| {
        let origin = visit.vendor.origin.as_str();
        view! {
            <div class="row apart">
                {form(product.id.as_str(), &refused, found.known.as_ref())} {pipeline(origin, &product.code)}
            </div>
        }
    });
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=product.name.clone() actions />
        <Card title=text::PRODUCT><Facts facts /></Card>
        {releases(&found, may_publish)}
        {publish}
    };
    Ok(Page::new(product.name.clone(), body))
}

async fn find(visit: &Visit, refused: &Refused) -> Result<Option<Found>, NoPage> {
    let vendor_id = visit.vendor.id.clone();
    let id = ProductId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default());
    let after = visit.query("after").and_then(|text| ReleasePlace::parse(&text));
    let typed = (refused.code("version") == Some("known")).then(|| refused.typed("version").trim().to_owned());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(product) = find_product(tx, &vendor_id, &id).await? else { return Ok(None) };
            let plans = list_plans(tx, &vendor_id, &id).await?.len();
            let releases = list_releases_page(tx, &vendor_id, &id, after.as_ref(), PAGE).await?;
            let known = match typed {
                Some(version) => find_release(tx, &vendor_id, &id, &version).await?,
                None => None,
            };
            Ok::<_, DbError>(Some(Found { product, plans, releases, is_first: after.is_none(), known }))
        })
    });
    Ok(found.await?)
}

fn releases(found: &Found, may_publish: bool) -> impl IntoView + use<> {
    let page = product_page(found.product.id.as_str());
    let [version, date, channel] = text::RELEASE_COLUMNS;
    let columns = vec![Column::text(version), Column::text(date), Column::text(channel)];
    let row = |release: &Release| {
        Row::new().cell(release.version.clone()).cell(release.released_on.to_string()).cell(release.channel.clone())
    };
    let shown = &found.releases;
    let rows = shown.releases.iter().map(row).collect();
    let previous = (!found.is_first).then(|| (text::NEWEST.to_owned(), format!("{page}#releases")));
    let next = shown.next.as_ref().map(|place| (text::OLDER.to_owned(), format!("{page}?after={place}#releases")));
    let has_pages = previous.is_some() || next.is_some();
    let position = text::releases_shown(shown.releases.len());
    let pages = has_pages.then(|| view! { <Pagination label=text::RELEASE_PAGES position previous next /> });
    let none = if may_publish { text::NO_RELEASES } else { text::NO_RELEASES_TO_SEE };
    view! {
        <Card title=text::RELEASES_TITLE lead=text::RELEASES_LEAD id="releases">
            <Table
                caption=text::RELEASES_TITLE
                caption_hidden=true
                columns
                rows
                empty=move || view! { <EmptyState text=none /> }
            />
            {pages}
        </Card>
    }
}

fn form(product_id: &str, refused: &Refused, known: Option<&Release>) -> impl IntoView + use<> {
    let errors = errors(refused, known);
    let [version, released_on, channel] = ["version", "released_on", "channel"].map(|field| refused.typed(field));
    let hidden = vec![("product_id".to_owned(), product_id.to_owned())];
    view! {
        <Card title=text::PUBLISH_RELEASE lead=text::PUBLISH_LEAD id="publish">
            <Form
                action="/act/publish-release"
                id="publish-form"
                submit=text::PUBLISH_SUBMIT
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="version"
                    label=text::VERSION
                    value=version
                    hint=text::VERSION_HINT
                    autocomplete="off"
                />
                <Field
                    name="released_on"
                    label=text::RELEASED_ON
                    control=Control::Day
                    value=released_on
                    hint=text::RELEASED_ON_HINT
                    optional=text::OPTIONAL
                />
                <Field
                    name="channel"
                    label=text::CHANNEL
                    value=channel
                    hint=text::CHANNEL_HINT
                    optional=text::OPTIONAL
                    autocomplete="off"
                />
            </Form>
        </Card>
    }
}

/// The sentences of a refused form.
fn errors(refused: &Refused, known: Option<&Release>) -> Vec<FieldError> {
    let sentence = |(field, code): &(String, String)| {
        let why = match (code.as_str(), field.as_str()) {
            ("date", _) => return Some(FieldError::new(field.clone(), text::BAD_DATE)),
            ("known", _) => Publication::Same(known?.clone()),
            ("malformed", "channel") => Publication::Malformed("channel"),
            ("malformed", _) => Publication::Malformed("version"),
            _ => return None,
        };
        text::not_published(&why).map(|(field, sentence)| FieldError::new(field, sentence))
    };
    refused.problems.iter().filter_map(sentence).collect()
}

fn pipeline(origin: &str, product_code: &str) -> impl IntoView + use<> {
    let code = text::pipeline(origin, product_code);
    let tokens = || view! { <LinkButton href=STAFF_TOKENS label=text::TO_TOKENS emphasis=Emphasis::Quiet /> };
    view! {
        <Card title=text::PIPELINE lead=text::PIPELINE_LEAD aside=tokens>
            <Snippet label=text::PIPELINE_LABEL code />
        </Card>
    }
}
