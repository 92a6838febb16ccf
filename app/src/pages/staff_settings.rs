//! `/staff/settings`: what administrators decide about their vendor. `?edit=shop`, `logo`, `invoices`, `transfer` and `tax`
//! show a card's form in place of its facts. For all others there is no such page.

use backend::accounts::{StaffAct, staff_may};
use backend::text::en::{console_settings as text, countries};
use backend::vendors::Vendor;
use backend::vendors::rules::{Setting, TaxChoice};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::staff_settings_forms::form;
use super::{NoPage, Page, frame, render, staff_role};
use crate::api::form::take_refused;
use crate::api::staff_mails::MAILS;
use crate::api::staff_settings::{SettingsCard, is_stale};
use crate::api::staff_tax;
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::components::{Card, Emphasis, Fact, Facts, LinkButton, PageHead, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if !staff_may(staff_role(&visit)?, StaffAct::EditSettings) {
        return Err(NoPage::NotFound);
    }
    let edited = visit.query("edit").and_then(|name| SettingsCard::named(&name));
    if let Some(card) = edited {
        let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
        if fresh.is_none() {
            redirect(&confirm_first(&card.edit()));
            return Ok(Page::new(text::SETTINGS, ()));
        }
    }
    let vendor = &visit.vendor;
    let mut cards = Vec::new();
    for card in SettingsCard::ALL {
        cards.push(if edited == Some(card) { open_card(card, vendor).await } else { closed_card(card, vendor) });
    }
    let lead = if vendor.settings_no > 0 { text::LEAD } else { text::LEAD_OF_FILE };
    let body = view! {
        <PageHead title=text::SETTINGS lead=lead />
        {cards}
        {mail(vendor)}
        {operator(&visit)}
    };
    Ok(Page::new(text::SETTINGS, body))
}

fn heading(card: SettingsCard) -> (&'static str, &'static str) {
    match card {
        SettingsCard::Shop => (text::SHOP, text::SHOP_LEAD),
        SettingsCard::Logo => (text::LOGO, text::LOGO_LEAD),
        SettingsCard::Invoices => (text::INVOICES, text::INVOICES_LEAD),
        SettingsCard::Transfer => (text::TRANSFER, text::TRANSFER_LEAD),
        SettingsCard::Tax => (text::TAX, text::TAX_LEAD),
    }
}

/// A card as it is now.
fn closed_card(card: SettingsCard, vendor: &Vendor) -> AnyView {
    let (title, lead) = heading(card);
    let edit = move || {
        let about = heading(card).0;
        view! { <LinkButton href=card.edit() label=text::EDIT about=about emphasis=Emphasis::Quiet /> }
    };
    let now = now(card, vendor);
    view! {
        <Card title=title lead=lead aside=edit id=card.as_str()>
            {now}
        </Card>
    }
    .into_any()
}

/// A card with its form; what holds now stands above it where somebody else has changed that meanwhile.
async fn open_card(card: SettingsCard, vendor: &Vendor) -> AnyView {
    let (title, lead) = heading(card);
    let refused = take_refused(card.form()).await;
    let now = is_stale(&refused).then(|| now(card, vendor));
    let form = form(card, vendor, &refused);
    view! {
        <Card title=title lead=lead id=card.as_str()>
            {now}
            {form}
        </Card>
    }
    .into_any()
}

fn now(card: SettingsCard, vendor: &Vendor) -> AnyView {
    if card == SettingsCard::Logo {
        return match frame::brand_logo(vendor) {
            Some(src) => view! { <p><img src=src alt=text::LOGO_ALT height="48" /></p> }.into_any(),
            None => view! { <p>{text::NO_LOGO}</p> }.into_any(),
        };
    }
    if card == SettingsCard::Tax {
        return tax(vendor).into_any();
    }
    let facts = match card {
        SettingsCard::Shop => shop(vendor),
        SettingsCard::Invoices => invoices(vendor),
        SettingsCard::Transfer | SettingsCard::Logo | SettingsCard::Tax => transfer(vendor),
    };
    if facts.is_empty() {
        return view! { <p>{text::NO_TRANSFER}</p> }.into_any();
    }
    view! { <Facts facts /> }.into_any()
}

fn fact(setting: Setting, value: &str) -> Fact {
    let value = if value.is_empty() { text::NOT_SET } else { value };
    Fact::new(text::label(setting), value.to_owned())
}

fn shop(vendor: &Vendor) -> Vec<Fact> {
    let profile = &vendor.profile;
    vec![
        fact(Setting::Name, &vendor.name),
        fact(Setting::SupportEmail, &profile.support_email),
        fact(Setting::Headline, &profile.headline),
        fact(Setting::Lead, &profile.lead),
        fact(Setting::AccentHue, &vendor.accent_hue.to_string()),
    ]
}

fn invoices(vendor: &Vendor) -> Vec<Fact> {
    let profile = &vendor.profile;
    let address = profile.address_lines.iter().map(|line| view! { <div>{line.clone()}</div> }).collect_view();
    let address = if profile.address_lines.is_empty() {
        Fact::new(text::label(Setting::Address), text::NOT_SET)
    } else {
        Fact::new(text::label(Setting::Address), address)
    };
    vec![
        fact(Setting::LegalName, &profile.legal_name),
        address,
        fact(Setting::Country, countries::country(&profile.country).unwrap_or(&profile.country)),
        fact(Setting::VatId, profile.vat_id.as_deref().unwrap_or_default()),
        fact(Setting::Registration, profile.registration.as_deref().unwrap_or_default()),
        Fact::new(text::BANK, profile.bank.as_ref().map_or_else(|| text::NOT_SET.to_owned(), text::bank)),
    ]
}

/// None where nothing is sold by transfer.
fn transfer(vendor: &Vendor) -> Vec<Fact> {
    let Some(offer) = &vendor.profile.transfer else { return Vec::new() };
    vec![Fact::new(text::DAYS, text::days(offer)), Fact::new(text::MINIMUM, text::minimum(offer))]
}

/// Whether tax is charged, and the way to the page about it.
fn tax(vendor: &Vendor) -> impl IntoView + use<> {
    let facts = vec![fact(Setting::Tax, text::tax_choice(TaxChoice::of(vendor)))];
    view! {
        <Facts facts />
        <div class="acts">
            <LinkButton href=staff_tax::TAX label=text::TO_TAX emphasis=Emphasis::Quiet />
        </div>
    }
}

fn mail(vendor: &Vendor) -> impl IntoView + use<> {
    let facts = vec![
        Fact::new(text::MAIL_NAME, vendor.name.clone()),
        Fact::new(text::REPLY_TO, vendor.profile.support_email.clone()),
    ];
    view! {
        <Card title=text::MAIL id="mail">
            <Facts facts />
            <div class="acts">
                <PostButton action="/act/send-test-mail" label=text::TEST_MAIL />
                <LinkButton href=MAILS label=text::TO_MAILS emphasis=Emphasis::Quiet />
            </div>
        </Card>
    }
}

/// What is decided where the server runs, and how.
fn operator(visit: &Visit) -> impl IntoView + use<> {
    let vendor = &visit.vendor;
    let with_how = |value: String, how: &'static str| view! { {value} " " <small>{how}</small> };
    let is_live = visit.state.stripe.of(&vendor.id).map(|stripe| stripe.config().is_live());
    let currencies: Vec<_> = vendor.profile.currencies.iter().map(|it| it.as_str().to_ascii_uppercase()).collect();
    let currencies = if currencies.is_empty() { text::ALPHABETICAL.to_owned() } else { currencies.join(", ") };
    let host = vendor.host.clone().unwrap_or_else(|| text::ANY_HOST.to_owned());
    let facts = vec![
        Fact::new(text::HOST, with_how(host, text::HOST_HOW)),
        Fact::new(text::ORIGIN, with_how(vendor.origin.clone(), text::ORIGIN_HOW)),
        Fact::new(text::STRIPE, with_how(text::stripe(is_live).to_owned(), text::STRIPE_HOW)),
        Fact::new(text::WEBHOOK, format!("{}/stripe/webhook/{}", vendor.origin, vendor.code)),
        Fact::new(text::CURRENCIES, with_how(currencies, text::CURRENCIES_HOW)),
    ];
    view! {
        <Card title=text::OPERATOR lead=text::OPERATOR_LEAD id="operator">
            <Facts facts />
        </Card>
    }
}
