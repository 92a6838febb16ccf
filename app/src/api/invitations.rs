//! The forms of invitations, to an account and to the staff alike. Who may is asked by the use cases.

use backend::accounts::members::rules::is_powerful;
use backend::accounts::members::{self, InvitationSent, Invite, Position, Withdrawal};
use backend::ids::InvitationId;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::members::MEMBERS;
use super::refusal::Refusal;
use super::staff_people::PEOPLE;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The form that invites somebody to an account.
pub const INVITE_MEMBER: &str = "invite-member";
/// The form that invites somebody to the staff.
pub const INVITE_COLLEAGUE: &str = "invite-colleague";
/// The buttons beside an invitation.
pub const RESEND: &str = "resend-invitation";

/// Sends an invitation; `refused` is its form with what was typed, and `page` where it stands.
pub(super) async fn send(
    visit: &Visit,
    position: Position,
    email: String,
    refused: Refused,
    page: &'static str,
) -> Result<(), FormFailure> {
    if is_powerful(&position) && fresh_authentication(visit).await?.is_none() {
        // What was typed waits on the page.
        refused.go_back(&confirm_first(page)).await;
        return Ok(());
    }
    let cx = if matches!(position, Position::Staff(_)) { visit.staff_cx() } else { visit.viewer_cx() };
    let (master, request) = (visit.state.master.clone(), Invite { position, email });
    let sent =
        visit.state.db.write(move |tx| Box::pin(async move { members::invite(tx, &cx, &master, &request).await }));
    let refused = match sent.await? {
        InvitationSent::Sent(_) => {
            say_done("invitation_sent").await;
            redirect(page);
            return Ok(());
        }
        InvitationSent::NotAllowed => return Err(FormFailure::not_allowed()),
        InvitationSent::Refused(problem) => Refusal::fields(refused, vec![problem]),
        InvitationSent::Unconfirmed => refused.problem("", "unconfirmed"),
        InvitationSent::AlreadyIn => refused.problem("email", "already_in"),
        InvitationSent::AlreadyInvited | InvitationSent::Gone => refused.problem("email", "already_invited"),
        InvitationSent::TooManyOpen => refused.problem("", "too_many_open"),
        InvitationSent::Limited { retry_after_s } => Refusal::Limited { retry_after_s }.of(refused, ""),
    };
    refused.go_back(page).await;
    Ok(())
}

/// Mails an invitation again, with a new link.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "resend-invitation")]
pub async fn resend_invitation(
    /// The invitation.
    invitation_id: String,
    /// `staff` to come back to the staff's list; else to the members'.
    #[server(default)]
    back: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let page = page_of(&back);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let id = InvitationId::from_untrusted(&invitation_id);
    let sent = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { members::resend_invitation(tx, &cx, &master, &id).await }));
    match sent.await? {
        InvitationSent::Sent(_) => say_done("invitation_resent").await,
        InvitationSent::NotAllowed => return Err(FormFailure::not_allowed()),
        InvitationSent::Limited { retry_after_s } => {
            Refusal::Limited { retry_after_s }.of(Refused::new(RESEND), "").go_back(page).await;
            return Ok(());
        }
        InvitationSent::Unconfirmed => {
            Refused::new(RESEND).problem("", "unconfirmed").go_back(page).await;
            return Ok(());
        }
        _ => say_done("invitation_gone").await,
    }
    redirect(page);
    Ok(())
}

/// Takes an invitation back.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "withdraw-invitation")]
pub async fn withdraw_invitation(
    /// The invitation.
    invitation_id: String,
    /// `staff` to come back to the staff's list; else to the members'.
    #[server(default)]
    back: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.viewer_cx(), InvitationId::from_untrusted(&invitation_id));
    let withdrawn =
        visit.state.db.write(move |tx| Box::pin(async move { members::withdraw_invitation(tx, &cx, &id).await }));
    match withdrawn.await? {
        Withdrawal::Withdrawn => say_done("invitation_withdrawn").await,
        Withdrawal::Gone => say_done("invitation_gone").await,
        Withdrawal::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(page_of(&back));
    Ok(())
}

fn page_of(back: &str) -> &'static str {
    if back == "staff" { PEOPLE } else { MEMBERS }
}
