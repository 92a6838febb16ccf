//! The forms of the vendor's staff about itself. Who may is asked by the use cases.

use backend::accounts::members::rules::is_powerful;
use backend::accounts::members::{self, Position};
use backend::accounts::{StaffAct, StaffRole};
use backend::db::DbError;
use backend::ids::UserId;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused};
use super::invitations::{INVITE_COLLEAGUE, send};
use super::members::{act, answer};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The staff's page.
pub const PEOPLE: &str = "/staff/people";

/// The page of a colleague.
#[must_use]
pub fn colleague_page(user_id: &UserId) -> String {
    local_path(&format!("{PEOPLE}/{user_id}"))
}

/// Invites somebody to the staff.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "invite-colleague")]
pub async fn invite_colleague(
    /// E-mail address.
    #[server(default)]
    email: String,
    /// As what.
    #[server(default)]
    staff_role: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ManageStaff).await?;
    let refused = Refused::new(INVITE_COLLEAGUE).value("email", &email).value("staff_role", &staff_role);
    let Some(role) = StaffRole::parse(&staff_role) else {
        refused.problem("staff_role", "role").go_back(PEOPLE).await;
        return Ok(());
    };
    send(&visit, Position::Staff(role), email, refused, PEOPLE).await
}

/// Gives a colleague another role.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-staff-role")]
pub async fn change_staff_role(
    /// Who.
    colleague_id: String,
    /// What the person is to be.
    #[server(default)]
    staff_role: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ManageStaff).await?;
    let Some(role) = StaffRole::parse(&staff_role) else { return Err(FormFailure::malformed()) };
    let id = UserId::from_untrusted(&colleague_id);
    let page = colleague_page(&id);
    // Power is given, and taken away, by whoever has just shown to be the person of the session.
    let weighs = is_powerful(&Position::Staff(role)) || is_powerful_colleague(&visit, &id).await?;
    if weighs && fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let changed = act(&visit, visit.staff_cx(), move |tx, cx, master| {
        let id = id.clone();
        Box::pin(async move { members::change_staff_role(tx, cx, master, &id, role).await })
    });
    answer(changed.await?, "role_changed", &page, PEOPLE).await
}

/// Whether a colleague has a role whose loss weighs as much as its gain.
async fn is_powerful_colleague(visit: &Visit, id: &UserId) -> Result<bool, DbError> {
    let (vendor_id, id) = (visit.vendor.id.clone(), id.clone());
    let read =
        visit.state.db.read(move |tx| Box::pin(async move { members::find_colleague(tx, &vendor_id, &id).await }));
    Ok(read.await?.is_some_and(|(_, role)| is_powerful(&Position::Staff(role))))
}

/// Makes a colleague an ordinary user.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "remove-colleague")]
pub async fn remove_colleague(
    /// Who.
    colleague_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ManageStaff).await?;
    let id = UserId::from_untrusted(&colleague_id);
    let page = colleague_page(&id);
    if is_powerful_colleague(&visit, &id).await? && fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let removed = act(&visit, visit.staff_cx(), move |tx, cx, master| {
        let id = id.clone();
        Box::pin(async move { members::remove_colleague(tx, cx, master, &id).await })
    });
    answer(removed.await?, "member_removed", &page, PEOPLE).await
}
