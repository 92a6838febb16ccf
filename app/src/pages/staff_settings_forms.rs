//! The forms of `/staff/settings`, one for each card.

use backend::text::en::{console_settings as text, portal, portal_accounts};
use backend::vendors::Vendor;
use backend::vendors::rules::{InvoiceSettings, Setting, ShopSettings, TaxChoice, TaxSettings, TransferSettings};
use leptos::prelude::*;

use crate::api::form::Refused;
use crate::api::staff_settings::{SETTINGS, SettingsCard, settings_errors};
use crate::components::{Choice, Control, Field, Form, LinkButton};

/// The form of a card: with what was typed where it was refused, else as things are.
pub(super) fn form(card: SettingsCard, vendor: &Vendor, refused: &Refused) -> AnyView {
    let errors = settings_errors(refused);
    let fields = fields(card, vendor, refused);
    let hidden = vec![("seen".to_owned(), vendor.settings_no.to_string())];
    view! {
        <Form
            action=format!("/act/{}", card.form())
            id=format!("{}-form", card.as_str())
            submit=text::SAVE
            errors_title=portal::refused_answers(errors.len())
            errors
            hidden
            beside=|| view! { <LinkButton href=SETTINGS label=portal::CANCEL /> }
        >
            {fields.into_iter().map(Question::view).collect_view()}
        </Form>
    }
    .into_any()
}

/// One setting as the form asks for it.
struct Question {
    setting: Setting,
    control: Control,
    value: String,
    is_optional: bool,
}

impl Question {
    fn view(self) -> impl IntoView {
        let hint = Some(text::hint(self.setting)).filter(|hint| !hint.is_empty());
        view! {
            <Field
                name=self.setting.as_str()
                label=text::label(self.setting)
                control=self.control
                value=self.value
                hint=hint
                optional=self.is_optional.then_some(portal::OPTIONAL)
            />
        }
    }
}

fn fields(card: SettingsCard, vendor: &Vendor, refused: &Refused) -> Vec<Question> {
    let ask = |setting: Setting, control: Control, now: String, is_optional: bool| {
        let value = if refused.values.is_empty() { now } else { refused.typed(setting.as_str()) };
        Question { setting, control, value, is_optional }
    };
    match card {
        SettingsCard::Shop => {
            let now = ShopSettings::of(vendor);
            vec![
                ask(Setting::Name, Control::Text, now.name, false),
                ask(Setting::SupportEmail, Control::Email, now.support_email, false),
                ask(Setting::Headline, Control::Text, now.headline, false),
                ask(Setting::Lead, Control::Textarea { rows: 3 }, now.lead, false),
                ask(Setting::AccentHue, Control::Number { min: 0, max: 359 }, now.accent_hue, false),
            ]
        }
        SettingsCard::Logo => {
            let now = vendor.logo_svg.clone().unwrap_or_default();
            vec![ask(Setting::Logo, Control::Textarea { rows: 8 }, now, true)]
        }
        SettingsCard::Invoices => {
            let now = InvoiceSettings::of(vendor);
            vec![
                ask(Setting::LegalName, Control::Text, now.legal_name, false),
                ask(Setting::Address, Control::Textarea { rows: 4 }, now.address, false),
                ask(Setting::Country, Control::Select(country_choices()), now.country, false),
                ask(Setting::VatId, Control::Text, now.vat_id, true),
                ask(Setting::Registration, Control::Text, now.registration, true),
                ask(Setting::BankName, Control::Text, now.bank_name, true),
                ask(Setting::Iban, Control::Text, now.iban, true),
                ask(Setting::Bic, Control::Text, now.bic, true),
            ]
        }
        SettingsCard::Transfer => {
            let now = TransferSettings::of(vendor);
            vec![
                ask(Setting::DaysUntilDue, Control::Text, now.days_until_due, true),
                ask(Setting::Minimum, Control::Textarea { rows: 3 }, now.minimum, true),
            ]
        }
        SettingsCard::Tax => {
            let choices = TaxChoice::ALL.iter().map(|choice| Choice::new(choice.as_str(), text::tax_choice(*choice)));
            vec![ask(Setting::Tax, Control::Select(choices.collect()), TaxSettings::of(vendor).tax, false)]
        }
    }
}

/// All countries, and none.
pub(super) fn country_choices() -> Vec<Choice> {
    let none = Choice::new("", portal_accounts::CHOOSE_COUNTRY);
    let all = portal_accounts::countries().into_iter().map(|(code, name)| Choice::new(code, name));
    std::iter::once(none).chain(all).collect()
}
