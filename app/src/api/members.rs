//! The forms of an account's members, and the choice of the account that one acts for. Who may is asked by the use cases.

use backend::Cx;
use backend::accounts::members::rules::is_powerful;
use backend::accounts::members::{self, MemberChange, Position};
use backend::accounts::{Act, Role};
use backend::db::{DbError, Tx, TxFuture};
use backend::ids::{AccountId, UserId};
use backend::keys::MasterKey;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::{act_for, must_be_allowed, named_account};
use super::form::{FormFailure, Refused, say_done};
use super::invitations::{INVITE_MEMBER, send};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The members' page.
pub const MEMBERS: &str = "/account/members";
/// The forms of a member's page, and of leaving.
pub const CHANGE: &str = "change-member";

/// The page of a member.
#[must_use]
pub fn member_page(user_id: &UserId) -> String {
    local_path(&format!("{MEMBERS}/{user_id}"))
}

/// Invites somebody to the account.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "invite-member")]
pub async fn invite_member(
    /// To which account.
    #[server(default)]
    account_id: String,
    /// E-mail address.
    #[server(default)]
    email: String,
    /// As what.
    #[server(default)]
    role: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    must_be_allowed(&visit, &account.id, Act::ManageMembers).await?;
    let refused = Refused::new(INVITE_MEMBER).value("email", &email).value("role", &role);
    let Some(role) = Role::parse(&role) else {
        refused.problem("role", "role").go_back(MEMBERS).await;
        return Ok(());
    };
    send(&visit, Position::Member { account_id: account.id, role }, email, refused, MEMBERS).await
}

/// Gives a member another role.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "change-member-role")]
pub async fn change_member_role(
    /// In which account.
    #[server(default)]
    account_id: String,
    /// Who.
    user_id: String,
    /// What the person is to be.
    #[server(default)]
    role: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = named_account(&visit, &account_id)?.id;
    must_be_allowed(&visit, &account_id, Act::ManageMembers).await?;
    let Some(role) = Role::parse(&role) else { return Err(FormFailure::malformed()) };
    let user_id = UserId::from_untrusted(&user_id);
    let page = member_page(&user_id);
    let position = Position::Member { account_id: account_id.clone(), role };
    // Power is given, and taken away, by whoever has just shown to be the person of the session.
    let weighs = is_powerful(&position) || is_powerful_member(&visit, &account_id, &user_id).await?;
    if weighs && fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let changed = act(&visit, visit.viewer_cx(), move |tx, cx, master| {
        let (account_id, user_id) = (account_id.clone(), user_id.clone());
        Box::pin(async move { members::change_role(tx, cx, master, &account_id, &user_id, role).await })
    });
    answer(changed.await?, "role_changed", &page, MEMBERS).await
}

/// Takes a member out of the account.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "remove-member")]
pub async fn remove_member(
    /// Out of which account.
    #[server(default)]
    account_id: String,
    /// Who.
    user_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = named_account(&visit, &account_id)?.id;
    must_be_allowed(&visit, &account_id, Act::ManageMembers).await?;
    let user_id = UserId::from_untrusted(&user_id);
    let page = member_page(&user_id);
    if is_powerful_member(&visit, &account_id, &user_id).await? && fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let removed = act(&visit, visit.viewer_cx(), move |tx, cx, master| {
        let (account_id, user_id) = (account_id.clone(), user_id.clone());
        Box::pin(async move { members::remove_member(tx, cx, master, &account_id, &user_id).await })
    });
    answer(removed.await?, "member_removed", &page, MEMBERS).await
}

/// Whether somebody has a role in an account whose loss weighs as much as its gain.
async fn is_powerful_member(visit: &Visit, account_id: &AccountId, user_id: &UserId) -> Result<bool, DbError> {
    let (vendor_id, account_id, user_id) = (visit.vendor.id.clone(), account_id.clone(), user_id.clone());
    let read = visit.state.db.read(move |tx| {
        Box::pin(async move {
            let member = members::find_member(tx, &vendor_id, &account_id, &user_id).await?;
            Ok(member.is_some_and(|member| is_powerful(&Position::Member { account_id, role: member.role })))
        })
    });
    read.await
}

/// Makes a member the owner in one's own place.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "hand-over-account")]
pub async fn hand_over_account(
    /// Which account.
    #[server(default)]
    account_id: String,
    /// Who is to own it.
    user_id: String,
    /// What one becomes.
    #[server(default)]
    becomes: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = named_account(&visit, &account_id)?.id;
    must_be_allowed(&visit, &account_id, Act::ManageMembers).await?;
    let Some(becomes) = Role::parse(&becomes) else { return Err(FormFailure::malformed()) };
    let user_id = UserId::from_untrusted(&user_id);
    let page = member_page(&user_id);
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let handed = act(&visit, visit.viewer_cx(), move |tx, cx, master| {
        let (account_id, user_id) = (account_id.clone(), user_id.clone());
        Box::pin(async move { members::hand_over(tx, cx, master, &account_id, &user_id, becomes).await })
    });
    answer(handed.await?, "account_handed_over", &page, MEMBERS).await
}

/// Takes oneself out of the account.
///
/// # Errors
/// [`FormFailure`] for whoever does not belong to it.
#[server(prefix = "/act", endpoint = "leave-account")]
pub async fn leave_account(
    /// Which account.
    #[server(default)]
    account_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account_id = named_account(&visit, &account_id)?.id;
    let left = act(&visit, visit.viewer_cx(), move |tx, cx, master| {
        let account_id = account_id.clone();
        Box::pin(async move { members::leave_account(tx, cx, master, &account_id).await })
    });
    answer(left.await?, "account_left", MEMBERS, "/account").await
}

/// Acts for another of one's accounts from now on, and goes on to `next`.
///
/// # Errors
/// [`FormFailure`] for whoever does not belong to it.
#[server(prefix = "/act", endpoint = "switch-account")]
pub async fn switch_account(
    /// Which account.
    #[server(default)]
    account_id: String,
    /// Where to go on.
    #[server(default)]
    next: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = AccountId::from_untrusted(&account_id);
    must_be_allowed(&visit, &id, Act::See).await?;
    say_done("account_switched").await;
    act_for(&visit, &id, &next).await
}

/// Runs a use case that changes who belongs to something.
pub(super) async fn act<F>(visit: &Visit, cx: Cx, work: F) -> Result<MemberChange, DbError>
where
    F: for<'t> Fn(&'t mut Tx, &'t Cx, &'t MasterKey) -> TxFuture<'t, MemberChange, DbError> + Send + Sync + 'static,
{
    let master = visit.state.master.clone();
    visit.state.db.write(move |tx| Box::pin(async move { work(tx, &cx, &master).await })).await
}

/// Answers a change: what was refused is said on `page`, what was done on `after`.
pub(super) async fn answer(
    change: MemberChange,
    done: &'static str,
    page: &str,
    after: &str,
) -> Result<(), FormFailure> {
    match change {
        MemberChange::Done => say_done(done).await,
        MemberChange::Unchanged => say_done("nothing_changed").await,
        MemberChange::NotAllowed => return Err(FormFailure::not_allowed()),
        MemberChange::LastOne => {
            Refused::new(CHANGE).problem("", "last_one").go_back(page).await;
            return Ok(());
        }
    }
    redirect(after);
    Ok(())
}
