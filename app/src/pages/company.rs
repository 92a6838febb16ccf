//! `/company?next=`: whom the invoices are for. Its answer is the account. `?another=1` asks somebody who has one for one
//! more.

use backend::accounts::Field as Detail;
use backend::text::en::{accounts as fields, portal, portal_accounts as text};
use leptos::prelude::*;

use super::sign_up::is_buying;
use super::{NoPage, Page, render};
use crate::api::accounts::CompanyForm;
use crate::api::form::take_refused;
use crate::api::refusal::errors_of;
use crate::components::{Choice, Control, Field, Form, PageHead};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let next = visit.query("next").unwrap_or_default();
    let another = visit.query("another").unwrap_or_default();
    let buying = is_buying(&next);
    let refused = take_refused("create-account").await;
    let errors = errors_of(&refused);
    let typed = CompanyForm::of_refused(&refused).unwrap_or_default();
    let body = view! {
        <div class="column">
            <PageHead title=text::COMPANY lead=text::company_lead(buying) />
            <Form
                action="/act/create-account"
                submit=text::company_act(buying)
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden=vec![("next".to_owned(), next), ("another".to_owned(), another)]
            >
                {company_fields(typed, text::BILLING_EMAIL_HINT)}
            </Form>
        </div>
    };
    Ok(Page::new(text::COMPANY, body))
}

/// The fields of the company's form, in the order in which people know the answers.
pub(super) fn company_fields(typed: CompanyForm, billing_hint: &'static str) -> impl IntoView {
    let label = fields::field;
    view! {
        <Field name="company" label=label(Detail::Company) value=typed.company autocomplete="organization" />
        <Field
            name="country"
            label=label(Detail::Country)
            control=Control::Select(countries())
            value=typed.country
            autocomplete="country"
        />
        <Field
            name="vat_id"
            label=label(Detail::VatId)
            value=typed.vat_id
            hint=text::VAT_ID_HINT
            optional=portal::OPTIONAL
        />
        <Field name="line1" label=label(Detail::Line1) value=typed.line1 autocomplete="address-line1" />
        <Field
            name="line2"
            label=label(Detail::Line2)
            value=typed.line2
            optional=portal::OPTIONAL
            autocomplete="address-line2"
        />
        <Field
            name="postal_code"
            label=label(Detail::PostalCode)
            value=typed.postal_code
            optional=portal::OPTIONAL
            autocomplete="postal-code"
        />
        <Field name="city" label=label(Detail::City) value=typed.city autocomplete="address-level2" />
        <Field
            name="state"
            label=label(Detail::State)
            value=typed.state
            optional=portal::OPTIONAL
            autocomplete="address-level1"
        />
        <Field
            name="billing_email"
            label=label(Detail::BillingEmail)
            control=Control::Email
            value=typed.billing_email
            hint=billing_hint
            optional=portal::OPTIONAL
            autocomplete="email"
        />
        <Field
            name="purchase_order"
            label=label(Detail::PurchaseOrder)
            value=typed.purchase_order
            hint=text::PURCHASE_ORDER_HINT
            optional=portal::OPTIONAL
        />
    }
}

fn countries() -> Vec<Choice> {
    let none = Choice::new("", text::CHOOSE_COUNTRY);
    let all = text::countries().into_iter().map(|(code, name)| Choice::new(code, name));
    std::iter::once(none).chain(all).collect()
}
