//! The forms of the vendor's console that issue and extend licenses by hand. Who may is asked by the use cases.

use backend::billing::{self, Extension};
use backend::ids::{AccountId, LicenseId, PlanId};
use backend::licenses::rules::by_hand::Fault;
use backend::licenses::{self, Issued};
use backend::text::en::by_hand as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use crate::components::FieldError;
use crate::request::Visit;

/// The form that issues a license.
pub const ISSUE: &str = "issue-license";
/// The form that extends a license.
pub const EXTEND: &str = "extend-license";
/// The page on which a license is issued.
pub const ISSUE_PAGE: &str = "/staff/licenses/new";

/// The page on which a license is issued to an account.
#[must_use]
pub fn issue_page(account_id: &str) -> String {
    let query = serde_urlencoded::to_string([("customer", account_id)]).unwrap_or_default();
    format!("{ISSUE_PAGE}?{query}")
}

/// Issues a license without an order.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "issue-license")]
pub async fn issue_license(
    /// To whom.
    #[server(default)]
    account_id: String,
    /// Under which plan.
    #[server(default)]
    plan_id: String,
    /// Seats, as typed.
    #[server(default)]
    seats: String,
    /// Last day, as typed.
    #[server(default)]
    until: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let wanted = licenses::IssueLicense {
        account_id: AccountId::from_untrusted(&account_id),
        plan_id: PlanId::from_untrusted(&plan_id),
        // What is no number is no number of seats that any plan has.
        seats: seats.trim().parse().unwrap_or(0),
        until: until.trim().parse().ok(),
        reason: reason.clone(),
    };
    let issued = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { licenses::issue_license(tx, &cx, &master, &wanted).await }));
    match issued.await? {
        Issued::Done(license) => {
            say_done("license_issued").await;
            redirect(&format!("/staff/licenses/{}", license.id));
        }
        Issued::Refused(faults) => {
            let refused = Refused::new(ISSUE)
                .value("plan_id", &plan_id)
                .value("seats", &seats)
                .value("until", &until)
                .value("reason", &reason);
            with_faults(refused, faults).go_back(&issue_page(&account_id)).await;
        }
        Issued::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Moves the last day of a license further away.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "extend-license")]
pub async fn extend_license(
    /// The license.
    license_id: String,
    /// The new last day, as typed.
    #[server(default)]
    until: String,
    /// Why.
    #[server(default)]
    reason: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let (id, last, why) = (LicenseId::from_untrusted(&license_id), until.trim().parse().ok(), reason.clone());
    let extended = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { billing::extend_license(tx, &cx, &master, &id, last, &why).await }));
    let page = local_path(&format!("/staff/licenses/{license_id}#extend"));
    match extended.await? {
        Extension::Done(_) => {
            say_done("license_extended").await;
            redirect(&page);
        }
        Extension::Refused(faults) => {
            let refused = Refused::new(EXTEND).value("until", &until).value("reason", &reason);
            with_faults(refused, faults).go_back(&page).await;
        }
        // The card says why.
        Extension::NotExtendable(_) => {
            say_done("nothing_changed").await;
            redirect(&page);
        }
        Extension::NotFound | Extension::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

fn with_faults(refused: Refused, faults: Vec<Fault>) -> Refused {
    faults.into_iter().fold(refused, |refused, fault| {
        refused.problem(text::field_of(fault), &serde_json::to_string(&fault).unwrap_or_default())
    })
}

/// The sentences of a refused form of these.
#[must_use]
pub fn fault_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        Some(FieldError::new(field.clone(), text::fault(serde_json::from_str(code).ok()?)))
    };
    refused.problems.iter().filter_map(known).collect()
}
