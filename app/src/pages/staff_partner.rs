//! `/staff/customers/{id}/partner`: what is agreed with a partner, and what it is owed; making an account one, and ending it.

use backend::accounts::{Account, StaffAct, find_account, staff_may};
use backend::campaigns::rules::write_percent;
use backend::db::DbError;
use backend::ids::AccountId;
use backend::partners::{Partner, find_partner};
use backend::text::en::{
    console_customers as customers, console_partners as text, licenses as words, partners, portal,
};
use leptos::prelude::*;

use super::staff_customers::PATH;
use super::{NoPage, Page, render, staff_payouts, staff_role};
use crate::api::form::{Refused, take_refused};
use crate::api::partners::{TERMS, terms_errors};
use crate::components::{Breadcrumb, Card, Crumb, Dialog, Emphasis, EmptyState, Fact, Facts, Field, Form, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let vendor_id = visit.vendor.id.clone();
    let id = AccountId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let account = find_account(tx, &vendor_id, &id).await?;
            let partner = find_partner(tx, &vendor_id, &id).await?;
            Ok::<_, DbError>(account.map(|account| (account, partner)))
        })
    });
    let (account, partner) = found.await?.ok_or(NoPage::NotFound)?;
    let customer = format!("{PATH}/{}", account.id);
    let crumbs =
        vec![Crumb::to(customers::TITLE, PATH), Crumb::to(account.company.clone(), customer), Crumb::here(text::TITLE)];
    let manages = staff_may(role, StaffAct::ManagePartners);
    let money = staff_payouts::section(&visit, role, &account.id).await?;
    let living = partner.as_ref().filter(|partner| partner.is_live());
    let closes = account.closes_at.is_some();
    let form = if manages && !closes { Some(form(&account, living, &take_refused(TERMS).await)) } else { None };
    let closing = closes.then(|| view! { <p class="hint">{text::CLOSES}</p> });
    let end = living.filter(|_| manages).map(|_| end_button(&account));
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::TITLE lead=text::lead(&account.company, partner.as_ref()) />
        {terms(living)}
        {money}
        {closing}
        {form}
        {end}
    };
    Ok(Page::new(text::TITLE, body))
}

fn terms(living: Option<&Partner>) -> impl IntoView + use<> {
    let content = match living {
        Some(partner) => {
            let facts = partners::agreed(partner.terms()).into_iter().map(|(name, value)| Fact::new(name, value));
            view! { <Facts facts=facts.collect() /> }.into_any()
        }
        None => view! { <EmptyState text=text::NO_TERMS /> }.into_any(),
    };
    view! { <Card title=text::TERMS>{content}</Card> }
}

fn form(account: &Account, living: Option<&Partner>, refused: &Refused) -> impl IntoView + use<> {
    let errors = terms_errors(refused);
    // What was typed survives a refusal, and the question for the password as well.
    let is_refused = !refused.values.is_empty();
    let value = |field: &str, stands: Option<String>| {
        if is_refused { refused.typed(field) } else { stands.unwrap_or_default() }
    };
    let terms = living.map(Partner::terms);
    let commission = value("commission", terms.map(|terms| share(terms.commission_bp)));
    let discount = value("discount", terms.map(|terms| share(terms.discount_bp)));
    let days = terms.and_then(|terms| terms.days_until_due).map(|days| days.to_string());
    let days = value("days_until_due", days);
    let (title, lead, submit) = if living.is_some() {
        (text::CHANGE, text::CHANGE_LEAD, text::CHANGE_SUBMIT)
    } else {
        (text::MAKE, text::MAKE_LEAD, text::MAKE_SUBMIT)
    };
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title lead=lead id="terms">
            <Form
                action="/act/set-partner-terms"
                id="terms-form"
                submit=submit
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="commission" label=text::COMMISSION value=commission hint=text::COMMISSION_HINT autocomplete="off" />
                <Field
                    name="discount"
                    label=text::DISCOUNT
                    value=discount
                    hint=text::DISCOUNT_HINT
                    optional=portal::OPTIONAL
                    autocomplete="off"
                />
                <Field
                    name="days_until_due"
                    label=text::DAYS
                    value=days
                    hint=text::DAYS_HINT
                    optional=portal::OPTIONAL
                    autocomplete="off"
                />
            </Form>
        </Card>
    }
}

fn share(bp: i64) -> String {
    if bp == 0 { "0".to_owned() } else { write_percent(bp) }
}

/// Asks before the partnership ends.
fn end_button(account: &Account) -> impl IntoView + use<> {
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Dialog id="end" open=text::END_ASK title=text::END close=text::KEEP>
            <p>{text::END_TEXT}</p>
            <Form action="/act/end-partnership" submit=text::END emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}
