//! The forms by which staff ask Stripe how tax is set up, and tell it about their vendor. Who may is asked before anything
//! that was typed is judged; the use cases ask again.

#![expect(clippy::too_many_arguments, reason = "the fields of a form are the arguments of its server function")]

use backend::accounts::StaffAct;
use backend::stripe::HeadOffice;
use backend::tax::{self, TaxChange, TaxFault, TaxField, TaxLookUp, TaxUpdate};
use backend::text::en::console_tax as text;
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The page.
pub const TAX: &str = "/staff/tax";
/// The page with the form.
pub const EDIT_TAX: &str = "/staff/tax?edit=1";
/// The form that asks Stripe.
pub const LOOK_UP: &str = "look-up-tax";
/// Under which waits what came of telling Stripe.
pub const TOLD: &str = "told-tax";
/// The form that tells Stripe.
pub const CHANGE: &str = "change-tax-settings";

/// What is wrong, as it waits in the session.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    Fault(TaxFault),
    Stale,
    BeingTold,
    Unknown,
    NotAnswered,
    NoStripe,
    ByStripe(String),
    Otherwise(Vec<TaxField>),
}

impl Code {
    fn as_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Asks Stripe how tax is set up.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "look-up-tax")]
pub async fn look_up_tax() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let asked = tax::look_up_tax(&visit.state.commerce(), &visit.staff_cx()).await;
    match asked.map_err(|error| FormFailure::failed(&error))? {
        TaxLookUp::Known => say_done("tax_looked_up").await,
        TaxLookUp::BeingTold => say_done("tax_being_told").await,
        TaxLookUp::NoStripe => say_done("tax_no_stripe").await,
        TaxLookUp::NotAnswered(sentence) => {
            Refused::new(LOOK_UP).problem("", &Code::ByStripe(sentence).as_text()).go_back(TAX).await;
            return Ok(());
        }
        TaxLookUp::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(TAX);
    Ok(())
}

/// Tells Stripe where the vendor is and what it sells.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-tax-settings")]
pub async fn change_tax_settings(
    /// The state that the form was shown with.
    #[server(default)]
    seen: i64,
    /// Stripe's code of what is sold.
    #[server(default)]
    tax_code: String,
    /// Street and number.
    #[server(default)]
    line1: String,
    /// Building or floor, or empty.
    #[server(default)]
    line2: String,
    /// Postal code, or empty.
    #[server(default)]
    postal_code: String,
    /// City.
    #[server(default)]
    city: String,
    /// State or province, or empty.
    #[server(default)]
    state: String,
    /// Code of the country.
    #[server(default)]
    country: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::EditSettings).await?;
    let head_office = HeadOffice { line1, line2, postal_code, city, state, country };
    let typed = TaxChange { tax_code, head_office };
    let refused = TaxField::ALL.iter().fold(Refused::new(CHANGE), |refused, field| {
        refused.value(field.as_str(), answer(&typed.tax_code, &typed.head_office, *field))
    });
    if fresh_authentication(&visit).await?.is_none() {
        // What was typed waits on the way.
        refused.go_back(&confirm_first(EDIT_TAX)).await;
        return Ok(());
    }
    let told = tax::change_tax(&visit.state.commerce(), &visit.staff_cx(), seen, &typed).await;
    let told = told.map_err(|error| FormFailure::failed(&error))?;
    // The form does not open until Stripe was asked; what was typed waits for it.
    let page = if matches!(told, TaxUpdate::Unknown | TaxUpdate::NotAnswered) { TAX } else { EDIT_TAX };
    let refused = match told {
        TaxUpdate::Saved => {
            say_done("tax_saved").await;
            redirect(TAX);
            return Ok(());
        }
        TaxUpdate::SavedOtherwise(fields) => {
            Refused::new(TOLD).problem("", &Code::Otherwise(fields).as_text()).go_back(TAX).await;
            return Ok(());
        }
        TaxUpdate::NotReadBack => {
            // The page says so as long as it is so.
            redirect(TAX);
            return Ok(());
        }
        TaxUpdate::Unchanged => {
            say_done("nothing_changed").await;
            redirect(TAX);
            return Ok(());
        }
        TaxUpdate::Unknown => refused.problem("", &Code::Unknown.as_text()),
        TaxUpdate::NotAnswered => refused.problem("", &Code::NotAnswered.as_text()),
        TaxUpdate::Stale => refused.problem("", &Code::Stale.as_text()),
        TaxUpdate::BeingTold => refused.problem("", &Code::BeingTold.as_text()),
        TaxUpdate::NoStripe => refused.problem("", &Code::NoStripe.as_text()),
        TaxUpdate::ByStripe(sentence) => refused.problem("", &Code::ByStripe(sentence).as_text()),
        TaxUpdate::Refused(problems) => problems.iter().fold(refused, |refused, problem| {
            refused.problem(problem.field.as_str(), &Code::Fault(problem.fault).as_text())
        }),
        TaxUpdate::NotAllowed => return Err(FormFailure::not_allowed()),
    };
    refused.go_back(page).await;
    Ok(())
}

/// What a vendor says to a question of the form.
#[must_use]
pub fn answer<'a>(tax_code: &'a str, head_office: &'a HeadOffice, field: TaxField) -> &'a str {
    match field {
        TaxField::TaxCode => tax_code,
        TaxField::Line1 => &head_office.line1,
        TaxField::Line2 => &head_office.line2,
        TaxField::PostalCode => &head_office.postal_code,
        TaxField::City => &head_office.city,
        TaxField::State => &head_office.state,
        TaxField::Country => &head_office.country,
    }
}

/// The sentences of a refused form.
#[must_use]
pub fn tax_errors(refused: &Refused) -> Vec<FieldError> {
    let sentence = |(field, code): &(String, String)| {
        Some(match serde_json::from_str::<Code>(code).ok()? {
            Code::Fault(fault) => FieldError::new(field.clone(), text::fault(TaxField::parse(field)?, fault)),
            Code::Stale => FieldError::general(text::STALE),
            Code::BeingTold => FieldError::general(text::BEING_TOLD),
            Code::Unknown => FieldError::general(text::WAS_UNKNOWN),
            Code::NotAnswered => FieldError::general(text::WAS_NOT_ANSWERED),
            Code::Otherwise(fields) => FieldError::general(text::otherwise(&fields)),
            Code::NoStripe => FieldError::general(text::NO_STRIPE),
            Code::ByStripe(sentence) => FieldError::general(text::by_stripe(&sentence)),
        })
    };
    refused.problems.iter().filter_map(sentence).collect()
}

/// What Stripe said when it did not answer as it should.
#[must_use]
pub fn not_answered(refused: &Refused) -> Option<String> {
    match serde_json::from_str::<Code>(refused.code("")?).ok()? {
        Code::ByStripe(sentence) => Some(sentence),
        _ => None,
    }
}

/// What Stripe has kept otherwise than it was sent; nothing where it has kept that.
#[must_use]
pub fn kept_otherwise(told: &Refused) -> Option<Vec<TaxField>> {
    match serde_json::from_str::<Code>(told.code("")?).ok()? {
        Code::Otherwise(fields) => Some(fields),
        _ => None,
    }
}

/// Whether a form was not taken because its sender had not seen what holds now.
#[must_use]
pub fn is_tax_stale(refused: &Refused) -> bool {
    let code = refused.code("").and_then(|code| serde_json::from_str::<Code>(code).ok());
    matches!(code, Some(Code::Stale | Code::Unknown | Code::NotAnswered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_waits_as_a_code_and_comes_back_as_its_sentence() {
        let refused = Refused::new(CHANGE)
            .problem("city", &Code::Fault(TaxFault::Missing).as_text())
            .problem("", &Code::ByStripe("No such tax code.".to_owned()).as_text())
            .problem("elsewhere", &Code::Fault(TaxFault::Missing).as_text())
            .problem("city", "forged");
        let errors = tax_errors(&refused);
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[0].field == "city" && errors[0].message.starts_with("City:"), "{errors:?}");
        assert!(errors[1].field.is_empty() && errors[1].message.ends_with("No such tax code."), "{errors:?}");
        assert_eq!(not_answered(&refused).as_deref(), Some("No such tax code."));
        assert_eq!(kept_otherwise(&refused), None);
        let told = Refused::new(TOLD).problem("", &Code::Otherwise(vec![TaxField::City]).as_text());
        assert_eq!((kept_otherwise(&told), not_answered(&told)), (Some(vec![TaxField::City]), None));
        assert!(!is_tax_stale(&refused) && is_tax_stale(&Refused::new(CHANGE).problem("", &Code::Stale.as_text())));
    }
}
