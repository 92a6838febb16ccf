//! The form of those who have lost license keys. They need not be signed in.

use backend::accounts::{Field, FieldProblem, rules::check_email};
use backend::licenses::{self, KeyRecovery};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused};
use super::refusal::Refusal;
use crate::request::Visit;

/// The page with the form.
pub const RECOVER: &str = "/licenses/recover";

/// Mails the way to license keys, where the address may see any; the answer is the same where it may not.
///
/// # Errors
/// [`FormFailure`] when something fails.
#[server(prefix = "/act", endpoint = "recover-keys")]
pub async fn recover_keys(
    /// E-mail address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let refused = Refused::new("recover-keys").value("email", &email);
    if let Err(problem) = check_email(&email) {
        Refusal::fields(refused, vec![FieldProblem { field: Field::Email, problem }]).go_back(RECOVER).await;
        return Ok(());
    }
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let request = licenses::RecoverKeys { email, address: visit.address };
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { licenses::recover_keys(tx, &cx, &master, &request).await }));
    match asked.await? {
        KeyRecovery::Accepted => redirect(&format!("{RECOVER}?mail=sent")),
        KeyRecovery::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(refused, "").go_back(RECOVER).await;
        }
    }
    Ok(())
}
