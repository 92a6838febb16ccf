//! The forms by which administrators change their vendor's settings. Who may is asked before anything that was typed is
//! judged; the use case asks again.

#![expect(clippy::too_many_arguments, reason = "the fields of a form are the arguments of its server function")]

use backend::accounts::StaffAct;
use backend::text::en::console_settings as text;
use backend::vendors::rules::{
    InvoiceSettings, Setting, SettingFault, SettingProblem, SettingsChange, ShopSettings, TaxSettings, TransferSettings,
};
use backend::vendors::{self, SettingsUpdate, TestMail};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The page.
pub const SETTINGS: &str = "/staff/settings";
/// A code for the form as a whole: somebody else was quicker.
const STALE: &str = "stale";
/// A refused logo of at most so many bytes is shown again.
const LOGO_KEPT_BYTES: usize = 32 * 1024;

/// A card of the page, which has a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsCard {
    /// What visitors see first.
    Shop,
    /// The logo.
    Logo,
    /// Who sells.
    Invoices,
    /// Paying by transfer.
    Transfer,
    /// Whether tax is charged.
    Tax,
}

impl SettingsCard {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Shop, Self::Logo, Self::Invoices, Self::Transfer, Self::Tax];

    /// Its name in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Logo => "logo",
            Self::Invoices => "invoices",
            Self::Transfer => "transfer",
            Self::Tax => "tax",
        }
    }

    /// The card of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|card| card.as_str() == name)
    }

    /// Its form.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Self::Shop => "change-shop-settings",
            Self::Logo => "change-logo",
            Self::Invoices => "change-invoice-settings",
            Self::Transfer => "change-transfer-settings",
            Self::Tax => "change-tax-charged",
        }
    }

    /// The page with its form.
    #[must_use]
    pub fn edit(self) -> String {
        format!("{SETTINGS}?edit={}", self.as_str())
    }
}

/// Changes what visitors see first.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-shop-settings")]
pub async fn change_shop_settings(
    /// The state of the settings that the form was shown with.
    #[server(default)]
    seen: i64,
    /// Display name.
    #[server(default)]
    name: String,
    /// Where customers write to.
    #[server(default)]
    support_email: String,
    /// Headline of the price list.
    #[server(default)]
    headline: String,
    /// The sentence under it.
    #[server(default)]
    lead: String,
    /// Degrees.
    #[server(default)]
    accent_hue: String,
) -> Result<(), FormFailure> {
    let typed = ShopSettings { name, support_email, headline, lead, accent_hue };
    let refused = Refused::new(SettingsCard::Shop.form())
        .value("name", &typed.name)
        .value("support_email", &typed.support_email)
        .value("headline", &typed.headline)
        .value("lead", &typed.lead)
        .value("accent_hue", &typed.accent_hue);
    change(SettingsCard::Shop, seen, SettingsChange::Shop(typed), refused).await
}

/// Changes who sells, as invoices say it.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-invoice-settings")]
pub async fn change_invoice_settings(
    /// The state of the settings that the form was shown with.
    #[server(default)]
    seen: i64,
    /// Registered name.
    #[server(default)]
    legal_name: String,
    /// A line each.
    #[server(default)]
    address: String,
    /// Code of the country.
    #[server(default)]
    country: String,
    /// VAT id, or empty.
    #[server(default)]
    vat_id: String,
    /// Entry in a register, or empty.
    #[server(default)]
    registration: String,
    /// Name of the bank, or empty.
    #[server(default)]
    bank_name: String,
    /// Number of the account, or empty.
    #[server(default)]
    iban: String,
    /// The bank's identifier, or empty.
    #[server(default)]
    bic: String,
) -> Result<(), FormFailure> {
    let typed = InvoiceSettings { legal_name, address, country, vat_id, registration, bank_name, iban, bic };
    let refused = Refused::new(SettingsCard::Invoices.form())
        .value("legal_name", &typed.legal_name)
        .value("address", &typed.address)
        .value("country", &typed.country)
        .value("vat_id", &typed.vat_id)
        .value("registration", &typed.registration)
        .value("bank_name", &typed.bank_name)
        .value("iban", &typed.iban)
        .value("bic", &typed.bic);
    change(SettingsCard::Invoices, seen, SettingsChange::Invoices(typed), refused).await
}

/// Changes on which terms orders are paid by transfer.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-transfer-settings")]
pub async fn change_transfer_settings(
    /// The state of the settings that the form was shown with.
    #[server(default)]
    seen: i64,
    /// Days to pay, or empty.
    #[server(default)]
    days_until_due: String,
    /// Least orders, a line each.
    #[server(default)]
    minimum: String,
) -> Result<(), FormFailure> {
    let typed = TransferSettings { days_until_due, minimum };
    let refused = Refused::new(SettingsCard::Transfer.form())
        .value("days_until_due", &typed.days_until_due)
        .value("minimum", &typed.minimum);
    change(SettingsCard::Transfer, seen, SettingsChange::Transfer(typed), refused).await
}

/// Changes whether tax is charged.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-tax-charged")]
pub async fn change_tax_charged(
    /// The state of the settings that the form was shown with.
    #[server(default)]
    seen: i64,
    /// Who reckons it.
    #[server(default)]
    tax: String,
) -> Result<(), FormFailure> {
    let typed = TaxSettings { tax };
    let refused = Refused::new(SettingsCard::Tax.form()).value("tax", &typed.tax);
    change(SettingsCard::Tax, seen, SettingsChange::Tax(typed), refused).await
}

/// Changes the logo.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-logo")]
pub async fn change_logo(
    /// The state of the settings that the form was shown with.
    #[server(default)]
    seen: i64,
    /// SVG, or empty.
    #[server(default)]
    logo: String,
) -> Result<(), FormFailure> {
    // Nobody types what is far too large; the session need not carry it.
    let typed = if logo.len() <= LOGO_KEPT_BYTES { logo.as_str() } else { "" };
    let refused = Refused::new(SettingsCard::Logo.form()).value("logo", typed);
    change(SettingsCard::Logo, seen, SettingsChange::Logo(logo), refused).await
}

async fn change(card: SettingsCard, seen: i64, change: SettingsChange, refused: Refused) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::EditSettings).await?;
    let page = card.edit();
    if fresh_authentication(&visit).await?.is_none() {
        // What was typed waits on the way.
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let cx = visit.staff_cx();
    let saved =
        visit.state.db.write(move |tx| Box::pin(async move { vendors::change_settings(tx, &cx, seen, &change).await }));
    let done = match saved.await? {
        SettingsUpdate::Saved => "settings_saved",
        SettingsUpdate::Unchanged => "nothing_changed",
        SettingsUpdate::Stale => {
            refused.problem("", STALE).go_back(&page).await;
            return Ok(());
        }
        SettingsUpdate::Refused(problems) => {
            let refused = problems.iter().fold(refused, |refused, problem| {
                refused.problem(problem.setting.as_str(), &serde_json::to_string(&problem.fault).unwrap_or_default())
            });
            refused.go_back(&page).await;
            return Ok(());
        }
        SettingsUpdate::NotAllowed => return Err(FormFailure::not_allowed()),
    };
    say_done(done).await;
    redirect(&format!("{SETTINGS}#{}", card.as_str()));
    Ok(())
}

/// The sentences of a refused form.
#[must_use]
pub fn settings_errors(refused: &Refused) -> Vec<FieldError> {
    let sentence = |(field, code): &(String, String)| {
        if code == STALE {
            return Some(FieldError::general(text::STALE));
        }
        let problem =
            SettingProblem { setting: Setting::parse(field)?, fault: serde_json::from_str::<SettingFault>(code).ok()? };
        Some(FieldError::new(field.clone(), text::fault(problem.setting, &problem.fault)))
    };
    refused.problems.iter().filter_map(sentence).collect()
}

/// Whether a form was refused because somebody else was quicker.
#[must_use]
pub fn is_stale(refused: &Refused) -> bool {
    refused.code("") == Some(STALE)
}

/// Sends whoever is signed in a mail.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "send-test-mail")]
pub async fn send_test_mail() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let queued =
        visit.state.db.write(move |tx| Box::pin(async move { vendors::send_test_mail(tx, &cx, &master).await }));
    match queued.await? {
        TestMail::Queued => say_done("test_mail_queued").await,
        TestMail::Limited { .. } => say_done("test_mail_limited").await,
        TestMail::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&format!("{SETTINGS}#mail"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_waits_as_a_code_and_comes_back_as_its_sentence() {
        let code = serde_json::to_string(&SettingFault::OutOfRange { min: 0, max: 359 }).unwrap_or_default();
        let refused = Refused::new("x").problem("accent_hue", &code).problem("", STALE).problem("name", "forged");
        let errors = settings_errors(&refused);
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].field == "accent_hue" && errors[0].message.contains("from 0 to 359"), "{errors:?}");
        assert!(errors[1].field.is_empty() && errors[1].message.starts_with("Somebody else"), "{errors:?}");
    }
}
