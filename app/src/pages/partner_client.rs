//! `/partner/clients/{id}`: what a client has, for its partner, and what can be ordered for it. `?after=` goes on in a
//! long list of licenses.

use backend::accounts::{Act, ActsAs, may};
use backend::billing::Subscription;
use backend::catalog::{self, Plan, PlanKind, Product};
use backend::clock::UnixMs;
use backend::ids::{LicenseId, RelationId};
use backend::licenses::LicenseView;
use backend::partners::{ClientView, Relation, look_at_client};
use backend::text::en::{licenses as words, new_clients, partner_orders as orders, partners as text, portal};
use leptos::prelude::*;

use super::own_license::{name_of, tone};
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::new_clients::{ASK_AGAIN, creation_errors};
use crate::api::partners::{CLIENTS, client_page};
use crate::components::{
    Badge, Breadcrumb, Card, Column, Control, Crumb, Dialog, Emphasis, EmptyState, Field, Form, LinkButton, Notice,
    PageHead, Pagination, PostButton, Row, Table,
};
use crate::request::Visit;

/// Licenses on one page.
const PAGE: usize = 50;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((_, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let id = RelationId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let after = visit.query("after").map(|id| LicenseId::from_untrusted(&id));
    let (cx, from, now) = (visit.viewer_cx(), after.clone(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            let Some(view) = look_at_client(tx, &cx, &id, from.as_ref(), limit).await? else { return Ok(None) };
            let mut sold = Vec::new();
            for product in catalog::list_products(tx, &cx.vendor_id).await? {
                let plans = catalog::list_plans(tx, &cx.vendor_id, &product.id).await?;
                sold.extend(plans.into_iter().filter(|plan| plan.published).map(|plan| (product.clone(), plan)));
            }
            Ok::<_, NoPage>(Some((view, sold)))
        })
    });
    let (mut client, sold) = found.await?.ok_or(NoPage::NotFound)?;
    let has_more = client.licenses.len() > PAGE;
    client.licenses.truncate(PAGE);
    let (company, page) = (client.clientele.client.company.clone(), client_page(&client.clientele.relation.id));
    let pages = pages(&client, &page, after.is_some(), has_more);
    let crumbs = vec![Crumb::to(text::CLIENTS, CLIENTS), Crumb::here(company.clone())];
    let since = client.clientele.relation.accepted_at.unwrap_or(client.clientele.relation.created_at);
    let manages = may(role, Act::ManageRelations);
    let awaits = if client.clientele.relation.awaits_owner() {
        Some(awaits_owner(&client.clientele.relation, manages).await)
    } else {
        None
    };
    let end = manages.then(|| end_button(&client.clientele.relation, &company));
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=company.clone() lead=text::client_lead(since) />
        {awaits}
        {licenses(&client, role, &page, now)}
        {pages}
        {order(&client.clientele.relation.id, role, &sold)}
        <div>{end}</div>
    };
    Ok(Page::new(company, body))
}

fn licenses(client: &ClientView, role: ActsAs, page: &str, now: UnixMs) -> impl IntoView + use<> {
    let [license, status, seats, next, paid_by] = text::LICENSE_COLUMNS;
    let columns = vec![
        Column::text(license),
        Column::text(status),
        Column::number(seats),
        Column::text(next),
        Column::text(paid_by),
        Column::act(text::ACT),
    ];
    let row = |view: &LicenseView| {
        let license = &view.license;
        let paid = client.paid_by_partner.get(&license.id);
        let held = client.held.get(&license.id).copied().unwrap_or_default();
        let (href, name) = (format!("{page}/licenses/{}", license.id), name_of(view));
        let row = Row::new()
            .cell(view! { <a href=href.clone()>{name.clone()}</a> <small>{format!("{}, {}", view.product_name, view.plan_name)}</small> })
            .cell(view! { <Badge tone=tone(license, paid, now) word=words::status(license, paid, now) /> })
            .cell(text::seats(held, license.seats))
            .cell(next_date(view, paid))
            .cell(if client.continued.contains(&license.id) { text::CONTINUED } else { text::paid_by(paid.is_some()) });
        match paid {
            _ if !may(role, Act::Buy) => row.blank(),
            Some(subscription) => row.cell(acts(view, subscription, &name)),
            None if license.kind == PlanKind::Perpetual => row.cell(additions(&href, &name)),
            None => row.blank(),
        }
    };
    let rows = client.licenses.iter().map(row).collect();
    let empty = || view! { <EmptyState text=text::NO_LICENSES /> };
    view! {
        <Card title=text::LICENSES id="licenses">
            <Table caption=text::LICENSES caption_hidden=true columns rows empty=empty />
        </Card>
    }
}

/// When it renews or ends; of what the client pays itself, only when the license ends.
fn next_date(view: &LicenseView, paid: Option<&Subscription>) -> String {
    let license = &view.license;
    match (paid, license.ends_at, license.updates_until) {
        (Some(paid), ..) if paid.cancel_at_period_end => text::ends(paid.period_end),
        (Some(paid), ..) => text::renews(paid.period_end),
        (None, Some(end), _) => text::works_until(end),
        (None, None, Some(until)) => text::updates_end(until),
        (None, None, None) => text::NO_END.to_owned(),
    }
}

/// What the partner can change of what it pays.
fn acts(view: &LicenseView, subscription: &Subscription, name: &str) -> AnyView {
    let (base, about) = (format!("/licenses/{}", view.license.id), name.to_owned());
    let end = if subscription.cancel_at_period_end {
        let hidden = vec![("license_id".to_owned(), view.license.id.to_string())];
        view! {
            <PostButton
                action="/act/resume-subscription"
                label=text::RESUME
                about=about.clone()
                hidden
                emphasis=Emphasis::Quiet
            />
        }
        .into_any()
    } else {
        view! {
            <LinkButton
                href=format!("{base}/cancel")
                label=text::STOP
                about=about.clone()
                emphasis=Emphasis::Quiet
            />
        }
        .into_any()
    };
    let card = subscription.card.is_some().then(|| {
        view! {
            <LinkButton href=format!("{base}/card") label=text::CARD about=about.clone() emphasis=Emphasis::Quiet />
        }
    });
    view! {
        <LinkButton href=format!("{base}/change") label=text::CHANGE about=about.clone() emphasis=Emphasis::Quiet />
        " "
        {card}
        " "
        <div>{end}</div>
    }
    .into_any()
}

/// What the partner can order for a perpetual license.
fn additions(href: &str, name: &str) -> AnyView {
    let (seats, updates) = (format!("{href}/seats"), format!("{href}/updates"));
    let about = name.to_owned();
    view! {
        <LinkButton href=updates label=orders::RENEW_UPDATES about=about.clone() emphasis=Emphasis::Quiet />
        " "
        <LinkButton href=seats label=orders::ADD_SEATS about=about emphasis=Emphasis::Quiet />
    }
    .into_any()
}

fn pages(client: &ClientView, page: &str, is_later: bool, has_more: bool) -> Option<AnyView> {
    if !is_later && !has_more {
        return None;
    }
    let next = client.licenses.last().filter(|_| has_more).map(|last| {
        let query = serde_urlencoded::to_string([("after", last.license.id.as_str())]).unwrap_or_default();
        (text::OLDER.to_owned(), format!("{page}?{query}"))
    });
    let previous = is_later.then(|| (text::NEWEST.to_owned(), page.to_owned()));
    let position = text::licenses_shown(client.licenses.len());
    Some(view! { <Pagination label=text::LICENSE_PAGES position previous next /> }.into_any())
}

/// What can be ordered: each plan leads to its review.
fn order(id: &RelationId, role: ActsAs, sold: &[(Product, Plan)]) -> impl IntoView + use<> {
    let content = if may(role, Act::Buy) {
        let [product, plan] = text::PLAN_COLUMNS;
        let columns = vec![Column::text(product), Column::text(plan), Column::act(text::ACT)];
        let row = |(product, plan): &(Product, Plan)| {
            let query = [("product", product.code.as_str()), ("plan", &plan.code), ("client", id.as_str())];
            let href = format!("/buy?{}", serde_urlencoded::to_string(query).unwrap_or_default());
            let about = format!("{}, {}", product.name, plan.name);
            Row::new()
                .cell(product.name.clone())
                .cell(plan.name.clone())
                .cell(view! { <LinkButton href label=text::ORDER_ACT about emphasis=Emphasis::Quiet /> })
        };
        let rows = sold.iter().map(row).collect();
        let empty = || view! { <EmptyState text=text::NOTHING_SOLD /> };
        view! { <Table caption=text::ORDER caption_hidden=true columns rows empty=empty /> }.into_any()
    } else {
        view! { <EmptyState text=text::MAY_NOT_ORDER /> }.into_any()
    };
    view! { <Card title=text::ORDER lead=text::ORDER_LEAD id="order">{content}</Card> }
}

/// Says that nobody has taken the account over, and asks once more.
async fn awaits_owner(relation: &Relation, manages: bool) -> AnyView {
    let refused = take_refused(ASK_AGAIN).await;
    let errors = creation_errors(&refused);
    let email = if errors.is_empty() { relation.email.clone() } else { refused.typed("email") };
    let hidden = vec![("relation_id".to_owned(), relation.id.to_string())];
    let ask = manages.then(|| {
        view! {
            <Form
                action="/act/ask-client-again"
                id="ask-again"
                submit=new_clients::ASK_AGAIN
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="email"
                    label=new_clients::ASK_EMAIL
                    control=Control::Email
                    value=email
                    hint=new_clients::ASK_EMAIL_HINT
                    autocomplete="off"
                />
            </Form>
        }
    });
    view! {
        <Notice title=new_clients::AWAITS text=new_clients::AWAITS_TEXT />
        {ask}
    }
    .into_any()
}

/// Asks before the relation ends.
fn end_button(relation: &Relation, company: &str) -> impl IntoView + use<> {
    let hidden = vec![("relation_id".to_owned(), relation.id.to_string()), ("back".to_owned(), CLIENTS.to_owned())];
    let question = if relation.awaits_owner() { new_clients::end_text(company) } else { text::end_text(company) };
    let about = company.to_owned();
    view! {
        <Dialog id="end" open=text::END_ASK about title=text::END close=text::KEEP>
            <p>{question}</p>
            <Form action="/act/end-relation" submit=text::END emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}
