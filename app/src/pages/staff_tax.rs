//! `/staff/tax`: how tax is reckoned, for administrators and for finance. `?edit=1` shows the form by which
//! administrators tell Stripe about their vendor. For all others there is no such page.

use backend::accounts::{StaffAct, staff_may};
use backend::tax::rules::{TAX_CODES, is_elsewhere, is_taxed};
use backend::tax::{TaxField, TaxSetup, find_tax_setup};
use backend::text::en::{console_settings, console_tax as text, countries, licenses as words, moments, portal};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::staff_settings_forms::country_choices;
use super::{NoPage, Page, render, staff_role};
use crate::api::form::{Refused, take_refused};
use crate::api::staff_settings::{SETTINGS, SettingsCard};
use crate::api::staff_tax::{
    CHANGE, EDIT_TAX, LOOK_UP, TAX, TOLD, answer, is_tax_stale, kept_otherwise, not_answered, tax_errors,
};
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{
    Badge, Breadcrumb, Card, Choice, Control, Crumb, Emphasis, Fact, Facts, Field, Form, LinkButton, Moment, Notice,
    PageHead, PostButton, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    if !staff_may(role, StaffAct::MoveMoney) {
        return Err(NoPage::NotFound);
    }
    let (cx, may_edit) = (visit.viewer_cx(), staff_may(role, StaffAct::EditSettings));
    let setup = visit.state.db.read(|tx| Box::pin(async move { find_tax_setup(tx, &cx).await })).await?;
    let edits = may_edit && visit.query("edit").is_some();
    if edits {
        let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
        if fresh.is_none() {
            redirect(&confirm_first(EDIT_TAX));
            return Ok(Page::new(text::TAX, ()));
        }
    }
    let has_stripe = visit.state.stripe.of(&visit.vendor.id).is_some();
    let is_taxed = is_taxed(&visit.vendor);
    let lead = text::lead(has_stripe, is_taxed, setup.as_ref().map(|setup| &setup.tax), may_edit);
    let notices = notices(&visit, setup.as_ref(), may_edit).await;
    let stripe_tax = match (&setup, edits) {
        (Some(setup), true) if !setup.is_uncertain(visit.state.clock.now()) => open_card(&visit, setup).await,
        (setup, _) => closed_card(&visit, setup.as_ref(), may_edit, has_stripe),
    };
    let orders = orders(&visit, is_taxed, may_edit);
    let crumbs = may_edit.then(|| {
        let crumbs = vec![Crumb::to(console_settings::SETTINGS, SETTINGS), Crumb::here(text::TAX)];
        view! { <Breadcrumb label=words::YOU_ARE_HERE crumbs /> }
    });
    let body = view! {
        {crumbs}
        <PageHead title=text::TAX lead=lead />
        {notices}
        {stripe_tax}
        {orders}
    };
    Ok(Page::new(text::TAX, body))
}

/// What Stripe did not answer, what it answered otherwise, and what does not fit together.
async fn notices(visit: &Visit, setup: Option<&TaxSetup>, may_edit: bool) -> AnyView {
    let refused = take_refused(LOOK_UP).await;
    let silent = not_answered(&refused).map(|sentence| {
        view! { <Notice tone=Tone::Bad title=text::NOT_ANSWERED text=sentence /> }
    });
    let otherwise = kept_otherwise(&take_refused(TOLD).await).map(|fields| {
        view! { <Notice tone=Tone::Warn title=text::OTHERWISE text=text::otherwise(&fields) /> }
    });
    let now = visit.state.clock.now();
    let telling = setup.is_some_and(|setup| setup.is_being_told(now)).then(|| {
        view! { <Notice title=text::TELLING text=text::TELLING_MEANS /> }
    });
    let uncertain = setup.is_some_and(|setup| setup.is_uncertain(now)).then(|| {
        let means = if may_edit { text::UNCERTAIN_MEANS_TO_EDITORS } else { text::UNCERTAIN_MEANS };
        view! { <Notice tone=Tone::Warn title=text::UNCERTAIN text=means /> }
    });
    let is_elsewhere = setup.is_some_and(|setup| is_elsewhere(setup, &visit.vendor.profile.country));
    let elsewhere = is_elsewhere.then(|| {
        view! { <Notice tone=Tone::Warn title=text::ELSEWHERE text=text::ELSEWHERE_MEANS /> }
    });
    view! { {silent} {telling} {uncertain} {otherwise} {elsewhere} }.into_any()
}

/// What holds for all that is sold.
fn orders(visit: &Visit, is_taxed: bool, may_edit: bool) -> impl IntoView + use<> {
    let profile = &visit.vendor.profile;
    let set = |value: &str| if value.is_empty() { text::NOT_SET.to_owned() } else { value.to_owned() };
    let country = countries::country(&profile.country).unwrap_or(&profile.country);
    let (prices, taxed, buyers, switch) = if is_taxed {
        (text::PRICES_ARE, text::TAXED_IS, text::BUYERS_ARE, text::SWITCH_OFF)
    } else {
        (text::PRICES_ARE_ALL, text::TAXED_IS_OLD, text::BUYERS_ARE_PRINTED, text::SWITCH_ON)
    };
    let facts = vec![
        Fact::new(text::PRICES, prices),
        Fact::new(text::TAXED, taxed),
        Fact::new(text::BUYERS, buyers),
        Fact::new(text::OWN_VAT_ID, set(profile.vat_id.as_deref().unwrap_or_default())),
        Fact::new(text::OWN_COUNTRY, set(country)),
    ];
    let change = may_edit.then(|| {
        let href = format!("{SETTINGS}#invoices");
        view! {
            <div class="acts">
                <LinkButton href label=text::TO_INVOICES emphasis=Emphasis::Quiet />
                <LinkButton href=SettingsCard::Tax.edit() label=switch emphasis=Emphasis::Quiet />
            </div>
        }
    });
    view! {
        <Card title=text::ORDERS id="orders">
            <Facts facts />
            {change}
        </Card>
    }
}

/// What Stripe has said last.
fn closed_card(visit: &Visit, setup: Option<&TaxSetup>, may_edit: bool, has_stripe: bool) -> AnyView {
    let is_known = setup.is_some_and(|setup| !setup.is_uncertain(visit.state.clock.now()));
    let is_editable = may_edit && has_stripe && is_known;
    let edit = move || {
        is_editable.then(|| {
            view! { <LinkButton href=EDIT_TAX label=text::EDIT about=text::STRIPE_TAX emphasis=Emphasis::Quiet /> }
        })
    };
    let now = match setup {
        Some(setup) => now(visit, setup),
        None => view! { <p>{text::UNKNOWN}</p> }.into_any(),
    };
    let look_up = has_stripe.then(|| {
        view! {
            <div class="acts">
                <PostButton action=format!("/act/{LOOK_UP}") label=text::LOOK_UP />
            </div>
        }
    });
    view! {
        <Card title=text::STRIPE_TAX lead=text::STRIPE_TAX_LEAD aside=edit id="stripe-tax">
            {now}
            {look_up}
        </Card>
    }
    .into_any()
}

fn now(visit: &Visit, setup: &TaxSetup) -> AnyView {
    let tax = &setup.tax;
    let tone = if tax.is_active { Tone::Good } else { Tone::Bad };
    let mut facts = vec![Fact::new(text::STATE, view! { <Badge tone word=text::state(tax.is_active) /> })];
    if !tax.missing.is_empty() {
        facts.push(Fact::new(text::MISSING, text::missing(&tax.missing)));
    }
    let registrations =
        if tax.countries.is_empty() { text::NO_REGISTRATION.to_owned() } else { text::country_names(&tax.countries) };
    let (at, now) = (setup.looked_at, visit.state.clock.now());
    facts.extend([
        Fact::new(text::HEAD_OFFICE, head_office(setup)),
        Fact::new(text::label(TaxField::TaxCode), text::tax_code(&tax.tax_code)),
        Fact::new(
            text::REGISTRATIONS,
            view! {
                {registrations}
                " "
                <small>{text::REGISTRATIONS_HOW}</small>
            },
        ),
        Fact::new(
            text::LOOKED_AT,
            view! { <Moment datetime=moments::rfc3339(at) absolute=moments::moment(at, now) /> },
        ),
    ]);
    view! { <Facts facts /> }.into_any()
}

/// The address, a line each.
fn head_office(setup: &TaxSetup) -> AnyView {
    let office = &setup.tax.head_office;
    let city = format!("{} {}", office.postal_code, office.city);
    let country = countries::country(&office.country).unwrap_or(&office.country);
    let lines = [office.line1.as_str(), office.line2.as_str(), city.trim(), office.state.as_str(), country];
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if lines.is_empty() {
        return text::NOT_SET.into_any();
    }
    lines.into_iter().map(|line| view! { <div>{line}</div> }).collect_view().into_any()
}

/// The card with its form; what holds now stands above it where somebody else has changed that meanwhile.
async fn open_card(visit: &Visit, setup: &TaxSetup) -> AnyView {
    let refused = take_refused(CHANGE).await;
    let errors = tax_errors(&refused);
    let now = is_tax_stale(&refused).then(|| now(visit, setup));
    let hidden = vec![("seen".to_owned(), setup.state_no.to_string())];
    let fields = TaxField::ALL.iter().map(|field| question(*field, setup, &refused)).collect_view();
    view! {
        <Card title=text::STRIPE_TAX lead=text::STRIPE_TAX_LEAD id="stripe-tax">
            {now}
            <Form
                action=format!("/act/{CHANGE}")
                id="tax-form"
                submit=text::SAVE
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
                beside=|| view! { <LinkButton href=TAX label=portal::CANCEL /> }
            >
                {fields}
            </Form>
        </Card>
    }
    .into_any()
}

fn question(field: TaxField, setup: &TaxSetup, refused: &Refused) -> impl IntoView + use<> {
    let tax = &setup.tax;
    let value = if refused.values.is_empty() {
        answer(&tax.tax_code, &tax.head_office, field).to_owned()
    } else {
        refused.typed(field.as_str())
    };
    let control = match field {
        TaxField::TaxCode => Control::Select(codes(&tax.tax_code)),
        TaxField::Country => Control::Select(country_choices()),
        TaxField::Line1 | TaxField::Line2 | TaxField::PostalCode | TaxField::City | TaxField::State => Control::Text,
    };
    let is_optional = matches!(field, TaxField::Line2 | TaxField::PostalCode | TaxField::State);
    let hint = Some(text::hint(field)).filter(|hint| !hint.is_empty());
    view! {
        <Field
            name=field.as_str()
            label=text::label(field)
            control
            value
            hint=hint
            optional=is_optional.then_some(portal::OPTIONAL)
        />
    }
}

/// What can be chosen: what software is, and what was chosen at Stripe.
fn codes(now: &str) -> Vec<Choice> {
    let first = match now {
        "" => Some(Choice::new("", text::CHOOSE_CODE)),
        other if TAX_CODES.contains(&other) => None,
        other => Some(Choice::new(other, text::tax_code(other))),
    };
    first.into_iter().chain(TAX_CODES.map(|code| Choice::new(code, text::tax_code(code)))).collect()
}
