//! The forms of a signed-in person: the company, the password, the browsers that are logged in.

use backend::accounts::{
    self, Account, AccountCreation, AccountDetails, AccountUpdate, Address, Membership, Password, PasswordChange,
};
use backend::billing::update_billing_details;
use backend::clock::MINUTE_MS;
use backend::ids::{SessionId, UserId};
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::acting::{act_for, named_account};
use super::form::{FormFailure, Refused, say_done};
use super::next::{local_path, with_next};
use super::refusal::Refusal;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The account page with the company's details as a form.
pub const EDIT_COMPANY: &str = "/account?edit=company";
/// The page that asks for one more company.
pub const ANOTHER_COMPANY: &str = "/company?another=1";
/// A company of the same name within this time is one form sent twice, in milliseconds.
const SENT_TWICE_MS: i64 = 10 * MINUTE_MS;
/// The account page with the form that changes the password.
pub const EDIT_PASSWORD: &str = "/account?edit=password";

/// The values of the company's form, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompanyForm {
    /// Registered name.
    pub company: String,
    /// Code of the country.
    pub country: String,
    /// VAT id or empty.
    pub vat_id: String,
    /// Street and number.
    pub line1: String,
    /// Second line of the address, or empty.
    pub line2: String,
    /// Postal code, or empty.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State, or empty.
    pub state: String,
    /// Where invoices are mailed; empty means the user's own address.
    pub billing_email: String,
    /// The company's own order number, or empty.
    pub purchase_order: String,
}

impl CompanyForm {
    /// The form of an account as it is.
    #[must_use]
    pub fn of_account(account: &Account) -> Self {
        let Account { company, country, address, vat_id, billing_email, purchase_order, .. } = account.clone();
        let Address { line1, line2, postal_code, city, state } = address;
        let vat_id = vat_id.unwrap_or_default();
        Self { company, country, vat_id, line1, line2, postal_code, city, state, billing_email, purchase_order }
    }

    /// The form as it was refused; `None` where it was not.
    #[must_use]
    pub fn of_refused(refused: &Refused) -> Option<Self> {
        let values = serde_json::to_value(&refused.values).ok()?;
        if refused.values.is_empty() { None } else { serde_json::from_value(values).ok() }
    }

    /// What was typed, for the use cases.
    pub(super) fn details(&self) -> AccountDetails {
        let form = self.clone();
        let address = Address {
            line1: form.line1,
            line2: form.line2,
            postal_code: form.postal_code,
            city: form.city,
            state: form.state,
        };
        let (vat_id, billing_email) = (form.vat_id, form.billing_email);
        let purchase_order = form.purchase_order;
        AccountDetails { company: form.company, country: form.country, vat_id, address, billing_email, purchase_order }
    }

    /// The same as it waits in the session until its form of this name is shown again.
    pub(super) fn refused(&self, form: &str) -> Refused {
        [
            ("company", &self.company),
            ("country", &self.country),
            ("vat_id", &self.vat_id),
            ("line1", &self.line1),
            ("line2", &self.line2),
            ("postal_code", &self.postal_code),
            ("city", &self.city),
            ("state", &self.state),
            ("billing_email", &self.billing_email),
            ("purchase_order", &self.purchase_order),
        ]
        .into_iter()
        .fold(Refused::new(form), |refused, (field, typed)| refused.value(field, typed))
    }
}

/// Creates the account of whoever is signed in and goes on to `next`; `another` makes one more, which is acted for from
/// then on.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "create-account")]
pub async fn create_account(
    /// The company.
    #[server(flatten)]
    form: CompanyForm,
    /// Where to go on.
    #[server(default)]
    next: String,
    /// `1` where the person has an account and wants one more.
    #[server(default)]
    another: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = signed_in(&visit)?;
    let (is_another, page) = match another.as_str() {
        "1" => (true, ANOTHER_COMPANY.to_owned()),
        _ => (false, with_next("/company", &next)),
    };
    let (cx, details) = (visit.viewer_cx(), form.details());
    let created = visit.state.db.write(move |tx| {
        Box::pin(async move {
            // A form sent twice names one company, not two.
            let memberships = accounts::list_memberships(tx, &cx.vendor_id, &user_id).await?;
            let is_double = |it: &Membership| {
                !is_another
                    || it.account.company == details.company.trim()
                        && it.account.created_at.plus(SENT_TWICE_MS) > cx.now
            };
            if memberships.iter().any(is_double) {
                return Ok(None);
            }
            accounts::create_account(tx, &cx, &user_id, &details).await.map(Some)
        })
    });
    match created.await? {
        None => redirect(&local_path(&next)),
        Some(AccountCreation::Created(account)) => act_for(&visit, &account.id, &next).await?,
        Some(AccountCreation::Refused(problems)) => {
            Refusal::fields(form.refused("create-account"), problems).go_back(&page).await;
        }
        Some(AccountCreation::Limited { retry_after_s }) => {
            Refusal::Limited { retry_after_s }.of(form.refused("create-account"), "").go_back(&page).await;
        }
        Some(AccountCreation::UserNotFound) => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Changes the details of the account that the form names, which must be the one that is acted for.
///
/// # Errors
/// [`FormFailure`] when the role does not include it or something fails.
#[server(prefix = "/act", endpoint = "update-account")]
pub async fn update_account(
    /// The company.
    #[server(flatten)]
    form: CompanyForm,
    /// Whose details they are.
    #[server(default)]
    account_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    let (cx, master, details) = (visit.viewer_cx(), visit.state.master.clone(), form.details());
    let updated = visit.state.db.write(move |tx| {
        Box::pin(async move { update_billing_details(tx, &cx, &master, &account.id, &details).await })
    });
    match updated.await? {
        AccountUpdate::Updated { .. } => say_done("account_updated").await,
        AccountUpdate::Unchanged(_) => say_done("account_unchanged").await,
        AccountUpdate::Refused(problems) => {
            Refusal::fields(form.refused("update-account"), problems).go_back(EDIT_COMPANY).await;
            return Ok(());
        }
        AccountUpdate::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect("/account");
    Ok(())
}

/// Whether the second factor has to be shown before a new password is chosen: where there is one, and it was not shown a
/// moment ago. Without, the password in force, which the form asks for, says as much.
async fn must_confirm_first(visit: &Visit, user_id: &UserId) -> Result<bool, FormFailure> {
    if fresh_authentication(visit).await?.is_some() {
        return Ok(false);
    }
    let (vendor_id, user_id) = (visit.vendor.id.clone(), user_id.clone());
    let read = visit
        .state
        .db
        .read(move |tx| Box::pin(async move { accounts::has_second_factor(tx, &vendor_id, &user_id).await }));
    Ok(read.await?)
}

/// Changes one's password and logs all other browsers out.
///
/// # Errors
/// [`FormFailure`] for what no change of the form would mend.
#[server(prefix = "/act", endpoint = "change-password")]
pub async fn change_password(
    /// The password in force.
    #[server(default)]
    current_password: String,
    /// The password wanted.
    #[server(default)]
    password: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = signed_in(&visit)?;
    if must_confirm_first(&visit, &user_id).await? {
        redirect(&confirm_first(EDIT_PASSWORD));
        return Ok(());
    }
    let request = accounts::ChangePassword {
        user_id,
        current: Password::new(current_password),
        new: Password::new(password),
        keep: accounts::session_handle(&visit.session),
    };
    let (state, cx) = (&visit.state, visit.viewer_cx());
    let refused = Refused::new("change-password");
    let refused = match accounts::change_password(&state.db, &state.passwords, &state.master, &cx, &request).await? {
        PasswordChange::Changed { .. } => {
            say_done("password_changed").await;
            redirect("/account");
            return Ok(());
        }
        PasswordChange::WrongPassword => Refusal::WrongPassword.of(refused, "current_password"),
        PasswordChange::Refused(problem) => Refusal::fields(refused, vec![problem]),
        PasswordChange::Limited { retry_after_s } => Refusal::Limited { retry_after_s }.of(refused, ""),
        PasswordChange::NotFound => return Err(FormFailure::not_allowed()),
    };
    refused.go_back(EDIT_PASSWORD).await;
    Ok(())
}

/// Logs one of one's browsers out.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or the database fails.
#[server(prefix = "/act", endpoint = "end-session")]
pub async fn end_session(
    /// Public name of the session.
    #[server(default)]
    session: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = signed_in(&visit)?;
    let (cx, session) = (visit.viewer_cx(), SessionId::from_untrusted(&session));
    let ended = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::end_session(tx, &cx, &user_id, &session).await }));
    // One that is not there, or not this user's, is as good as ended.
    ended.await?;
    say_done("session_ended").await;
    redirect("/account");
    Ok(())
}

/// Logs all of one's browsers out but this one.
///
/// # Errors
/// [`FormFailure`] when nobody is signed in or the database fails.
#[server(prefix = "/act", endpoint = "end-other-sessions")]
pub async fn end_other_sessions() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let user_id = signed_in(&visit)?;
    let (cx, keep) = (visit.viewer_cx(), accounts::session_handle(&visit.session));
    let ended = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { accounts::end_other_sessions(tx, &cx, &user_id, keep.as_ref()).await }));
    ended.await?;
    say_done("sessions_ended").await;
    redirect("/account");
    Ok(())
}

fn signed_in(visit: &Visit) -> Result<UserId, FormFailure> {
    visit.viewer.as_ref().map(|viewer| viewer.user.id.clone()).ok_or_else(FormFailure::not_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_form_comes_back_as_it_was_typed() {
        let form = CompanyForm {
            company: "Ünïcode & Söhne".into(),
            country: "DE".into(),
            vat_id: "DE1".into(),
            city: "Berlin".into(),
            ..CompanyForm::default()
        };
        assert_eq!(CompanyForm::of_refused(&form.refused("create-account")), Some(form));
        assert_eq!(CompanyForm::of_refused(&Refused::default()), None);
    }
}
