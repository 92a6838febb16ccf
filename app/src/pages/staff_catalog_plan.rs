//! `/staff/catalog/plans/{id}`: everything of one plan, its versions, and whether it is on the price list.

use backend::accounts::{StaffAct, staff_may};
use backend::catalog::console::{LicensesOfPlan, ListedVersion, count_licenses, list_versions};
use backend::catalog::{Plan, Product, find_plan, find_product};
use backend::db::DbError;
use backend::ids::PlanId;
use backend::text::en::{console_catalog, console_plan as text, licenses as words, moments};
use leptos::prelude::*;

use super::staff_catalog::list_badge;
use super::{NoPage, Page, render, staff_licenses, staff_role};
use crate::api::form::take_refused;
use crate::api::staff_catalog::{CATALOG, PUBLISH_PLAN, plan_page, plan_refusal};
use crate::components::{
    Badge, Breadcrumb, Card, Column, Crumb, Dialog, Emphasis, EmptyState, Fact, Facts, Form, LinkButton, Notice,
    PageHead, PostButton, Row, Table, Tone,
};
use crate::request::Visit;

/// Versions that are shown at most, the newest ones.
const VERSIONS: i64 = 50;

/// The page of a plan.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    plan: Plan,
    product: Product,
    versions: Vec<ListedVersion>,
    held: LicensesOfPlan,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let may = staff_may(staff_role(&visit)?, StaffAct::EditCatalog);
    let found = find(&visit).await?.ok_or(NoPage::NotFound)?;
    let (plan, product) = (&found.plan, &found.product);
    let refused = take_refused(PUBLISH_PLAN).await;
    let refusal = plan_refusal(&refused).as_ref().and_then(text::refusal);
    let refusal = refusal.map(|sentence| view! { <div role="alert"><Notice tone=Tone::Bad title=sentence /></div> });
    let crumbs = vec![Crumb::to(console_catalog::TITLE, CATALOG), Crumb::here(plan.name.clone())];
    let (product_code, plan_code) = (product.code.clone(), plan.code.clone());
    let page = plan_page(plan.id.as_str());
    let actions = move || {
        let change = may.then(|| {
            let (edit, prices) = (format!("{page}/edit"), format!("{page}/prices"));
            view! {
                <LinkButton href=edit label=text::EDIT />
                <LinkButton href=prices label=text::PRICES />
            }
        });
        let licenses = format!("{}?product={product_code}&plan={plan_code}", staff_licenses::PATH);
        view! {
            {change}
            <LinkButton href=licenses label=text::TO_LICENSES emphasis=Emphasis::Quiet />
        }
    };
    let says = text::says(plan).into_iter().map(|(name, words)| Fact::new(name, words)).collect();
    let gives = text::gives(plan).into_iter().map(|(name, words)| Fact::new(name, words)).collect();
    let rules = text::rules(plan).into_iter().map(|(name, words)| Fact::new(name, words)).collect();
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=plan.name.clone() lead=text::lead(product, plan) actions />
        {refusal}
        {price_list(plan, may)}
        <div class="row apart">
            <Card title=text::SAYS><Facts facts=says /></Card>
            <Card title=text::GIVES><Facts facts=gives /></Card>
        </div>
        <Card title=text::RULES><Facts facts=rules /></Card>
        {prices(product, plan)}
        {on_top(plan)}
        {versions(&found)}
    };
    Ok(Page::new(plan.name.clone(), body))
}

async fn find(visit: &Visit) -> Result<Option<Found>, NoPage> {
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let id = PlanId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(plan) = find_plan(tx, &vendor_id, &id).await? else { return Ok(None) };
            let Some(product) = find_product(tx, &vendor_id, &plan.product_id).await? else { return Ok(None) };
            let versions = list_versions(tx, &vendor_id, &plan, VERSIONS).await?;
            let held = count_licenses(tx, &vendor_id, now).await?.remove(&plan.id).unwrap_or_default();
            Ok::<_, DbError>(Some(Found { plan, product, versions, held }))
        })
    });
    Ok(found.await?)
}

/// Whether it can be bought, and the act that changes that; taking it off stops sales, so that is asked about.
fn price_list(plan: &Plan, may: bool) -> impl IntoView + use<> {
    let hidden = vec![("plan_id".to_owned(), plan.id.to_string())];
    let act = match (may, plan.published) {
        (false, _) => view! { <p>{text::LOOK_ONLY}</p> }.into_any(),
        (true, false) => view! { <PostButton action="/act/publish-plan" label=text::PUBLISH hidden /> }.into_any(),
        (true, true) => view! {
            <Dialog id="retire" open=text::RETIRE title=text::retire_title(&plan.name) close=text::RETIRE_CLOSE>
                <p>{text::RETIRE_MEANS}</p>
                <Form
                    action="/act/retire-plan"
                    id="retire-form"
                    submit=text::RETIRE_SUBMIT
                    emphasis=Emphasis::Danger
                    hidden
                />
            </Dialog>
        }
        .into_any(),
    };
    let published = plan.published;
    view! {
        <Card title=text::LIST_TITLE lead=text::FILE_DECIDES aside=move || list_badge(published) id="price-list">
            {act}
        </Card>
    }
}

fn prices(product: &Product, plan: &Plan) -> impl IntoView + use<> {
    let [what, price, key, stripe] = text::PRICE_COLUMNS;
    let columns = vec![Column::text(what), Column::text(price), Column::text(key), Column::text(stripe)];
    let row = |price: &backend::catalog::Price| {
        let (tone, word) = match price.stripe_price_id {
            Some(_) => (Tone::Good, text::PUSHED),
            None => (Tone::Warn, text::NOT_PUSHED),
        };
        Row::new()
            .cell(text::price_for(product, plan, price))
            .cell(text::price(price))
            .cell(view! { <small>{price.lookup_key.clone()}</small> })
            .cell(view! { <Badge tone word /> })
    };
    let rows = plan.prices.iter().map(row).collect();
    view! {
        <Card title=text::PRICES_TITLE id="prices">
            <Table
                caption=text::PRICES_TITLE
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_PRICES /> }
            />
        </Card>
    }
}

/// Add-ons and packs, those that are no longer offered included.
fn on_top(plan: &Plan) -> impl IntoView + use<> {
    let [what, gives, offered] = text::ON_TOP_COLUMNS;
    let columns = vec![Column::text(what), Column::text(gives), Column::text(offered)];
    let yes_or_no = |offered: bool| if offered { text::YES } else { text::NO };
    let addons = plan
        .addons
        .iter()
        .map(|addon| Row::new().cell(addon.name.clone()).cell(text::addon(addon)).cell(yes_or_no(addon.offered)));
    let packs = plan.packs.iter().map(|pack| {
        Row::new().cell(words::humanised(&pack.limit)).cell(text::pack(pack)).cell(yes_or_no(pack.offered))
    });
    let rows = addons.chain(packs).collect();
    view! {
        <Card title=text::ON_TOP id="on-top">
            <Table
                caption=text::ON_TOP
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NOTHING_ON_TOP /> }
            />
        </Card>
    }
}

fn versions(found: &Found) -> impl IntoView + use<> {
    let [version, since, changed, licenses] = text::VERSION_COLUMNS;
    let columns = vec![Column::number(version), Column::text(since), Column::text(changed), Column::number(licenses)];
    // Newest first, so that the one before stands after it.
    let row = |(place, listed): (usize, &ListedVersion)| {
        let changed = match found.versions.get(place + 1) {
            Some(before) => text::differences(before, listed),
            None => vec![text::FIRST_VERSION.to_owned()],
        };
        let changed = changed.into_iter().map(|line| view! { <div>{line}</div> }).collect_view();
        Row::new()
            .cell(listed.plan.version.to_string())
            .cell(moments::day(listed.created_at))
            .cell(changed)
            .cell(text::with_version(&found.held, listed.plan.version))
    };
    let rows = found.versions.iter().enumerate().map(row).collect();
    view! {
        <Card title=text::VERSIONS lead=text::VERSIONS_LEAD id="versions">
            <Table caption=text::VERSIONS caption_hidden=true columns rows />
        </Card>
    }
}
