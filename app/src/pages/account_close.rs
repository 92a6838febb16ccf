//! `/account/close`: what closing the account means, the form that asks for it, and the one that takes it back. For owners.

use backend::accounts::{Account, Act, may};
use backend::clock::UnixMs;
use backend::deletion::{ClosingOutlook, OpenInvoice, look_at_closing};
use backend::text::en::{deletion as text, licenses as words, portal, portal_accounts, takeout};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::{NoPage, Page, account_export, render};
use crate::api::deletion::{CLOSE, CLOSE_FORM, DELETE, KEEP_FORM};
use crate::api::form::take_refused;
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{
    Breadcrumb, Card, Crumb, Emphasis, Field, FieldError, Form, LinkButton, Notice, PageHead, PostButton, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    if !may(role, Act::CloseAccount) {
        return Err(NoPage::NotFound);
    }
    let (cx, id) = (visit.viewer_cx(), account.id.clone());
    let now = cx.now;
    let found = visit.state.db.read(move |tx| Box::pin(async move { look_at_closing(tx, &cx, &id).await })).await?;
    let outlook = found.ok_or(NoPage::NotFound)?;
    let body = match account.closes_at {
        Some(closes_at) => closing(&account, &outlook, closes_at, now).await,
        None => {
            let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
            if fresh.is_none() {
                redirect(&confirm_first(CLOSE));
                return Ok(Page::new(text::CLOSE, ()));
            }
            open(&account, &outlook).await
        }
    };
    let crumbs = vec![Crumb::to(portal_accounts::ACCOUNT, "/account"), Crumb::here(text::CLOSE)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        {body}
    };
    Ok(Page::new(text::CLOSE, body))
}

/// What an account sees that nobody has asked to close.
async fn open(account: &Account, outlook: &ClosingOutlook) -> AnyView {
    let act = if outlook.owed.is_empty() { form(account).await } else { owed(&outlook.owed) };
    let counted = text::counted(outlook.running.len(), outlook.open_orders).map(|counted| view! { <p>{counted}</p> });
    let partner = of_partner(outlook);
    view! {
        <PageHead title=text::CLOSE lead=text::close_lead(&account.company) />
        <Card title=text::WHAT_ENDS id="ends">{points(&text::ENDS)} {counted} {partner}</Card>
        <Card title=text::WHAT_STAYS id="stays">{points(&text::STAYS)}</Card>
        <Card title=text::FIRST lead=text::FIRST_LEAD id="first">
            <p class="acts"><LinkButton href=account_export::PATH label=takeout::OPEN /></p>
        </Card>
        {act}
    }
    .into_any()
}

async fn form(account: &Account) -> AnyView {
    let refused = take_refused(CLOSE_FORM).await;
    let errors: Vec<FieldError> =
        refused.code("company").map(|_| FieldError::new("company", text::OTHER_NAME)).into_iter().collect();
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title=account.company.clone() id="close">
            <Form
                action="/act/close-account"
                submit=text::CLOSE_ACT
                emphasis=Emphasis::Danger
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
                beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
            >
                <Field name="company" label=text::COMPANY value=refused.typed("company") autocomplete="off" />
            </Form>
        </Card>
    }
    .into_any()
}

fn owed(invoices: &[OpenInvoice]) -> AnyView {
    let numbers: Vec<&str> = invoices.iter().map(|invoice| invoice.number.as_str()).collect();
    let lead = format!("{} {}", text::OWED_LEAD, numbers.join(", "));
    let open = || view! { <LinkButton href="/invoices" label=text::SEE_INVOICES /> };
    view! { <Notice tone=Tone::Warn title=text::OWED text=lead action=open /> }.into_any()
}

/// What a partner has to know besides.
fn of_partner(outlook: &ClosingOutlook) -> impl IntoView + use<> {
    text::of_partner(&outlook.earned, outlook.open_vouchers)
        .into_iter()
        .map(|sentence| view! { <p>{sentence}</p> })
        .collect_view()
}

/// What an account sees that closes: the way back, and what it waits for once its day is past.
async fn closing(account: &Account, outlook: &ClosingOutlook, closes_at: UnixMs, now: UnixMs) -> AnyView {
    let waits = closes_at <= now && !(outlook.owed.is_empty() && outlook.earned.is_empty());
    let (title, lead) =
        if waits { (text::waits(closes_at), text::WAITS_TEXT) } else { (text::banner(closes_at), text::BANNER_TEXT) };
    let partner = of_partner(outlook);
    let owed = (!outlook.owed.is_empty()).then(|| owed(&outlook.owed));
    let too_late =
        take_refused(KEEP_FORM).await.code("").map(|_| view! { <Notice tone=Tone::Bad title=text::TOO_LATE /> });
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <PageHead title lead />
        {too_late}
        {owed}
        {partner}
        <Card title=text::KEEP lead=text::KEEP_LEAD id="keep">
            <div class="acts">
                <PostButton action="/act/keep-account" label=text::KEEP hidden emphasis=Emphasis::Primary />
                <LinkButton href=account_export::PATH label=takeout::OPEN emphasis=Emphasis::Quiet />
            </div>
        </Card>
        <Card title=text::WHAT_STAYS id="stays">{points(&text::STAYS)}</Card>
    }
    .into_any()
}

/// Sentences, a line each.
pub(super) fn points(sentences: &'static [&'static str]) -> impl IntoView {
    let lines = sentences.iter().map(|sentence| view! { <li>{*sentence}</li> }).collect_view();
    view! { <ul class="points">{lines}</ul> }
}

/// The ways here and to deleting oneself, on the page of the account.
pub(super) fn link_card(may_close: bool) -> impl IntoView {
    let close = may_close.then(|| view! { <LinkButton href=CLOSE label=text::CLOSE emphasis=Emphasis::Quiet /> });
    view! {
        <Card title=text::CARD lead=text::CARD_LEAD id="leave">
            <p class="acts">{close} <LinkButton href=DELETE label=text::DELETE emphasis=Emphasis::Quiet /></p>
        </Card>
    }
}
