//! For whom a form acts. A form that does not name an object of its own names the account that its page was shown for, so
//! that a form in one window never acts for the account that was chosen in another.

use backend::accounts::{Account, Act, StaffAct, change_session_id, choose_account, may_act, staff_may_act};
use backend::ids::AccountId;
use leptos_axum::redirect;

use super::form::FormFailure;
use super::next::local_path;
use crate::request::Visit;

/// The account that a form names, which must be the one that is acted for.
///
/// # Errors
/// [`FormFailure`] when it is another one, or none.
pub fn named_account(visit: &Visit, account_id: &str) -> Result<Account, FormFailure> {
    let (account, _) = visit.account().ok_or_else(FormFailure::not_allowed)?;
    if account.id.as_str() == account_id { Ok(account) } else { Err(FormFailure::other_account()) }
}

/// Acts for this account from now on, and goes on to `next`. The session gets another id, because it may do other things.
pub(super) async fn act_for(visit: &Visit, account_id: &AccountId, next: &str) -> Result<(), FormFailure> {
    choose_account(&visit.session, account_id).await?;
    // Where the session was ended elsewhere meanwhile, the page that comes next asks to log in.
    let _goes_on = change_session_id(&visit.session).await?;
    redirect(&local_path(next));
    Ok(())
}

/// Asks before anything that was typed is judged; the use case asks again.
///
/// # Errors
/// [`FormFailure`] for whoever may not do this in the account.
pub async fn must_be_allowed(visit: &Visit, account_id: &AccountId, act: Act) -> Result<(), FormFailure> {
    let (cx, id) = (visit.viewer_cx(), account_id.clone());
    let may = visit.state.db.read(|tx| Box::pin(async move { may_act(tx, &cx, &id, act).await })).await?;
    if may { Ok(()) } else { Err(FormFailure::not_allowed()) }
}

/// The same of the vendor's staff.
///
/// # Errors
/// [`FormFailure`] for whoever may not do this for the vendor.
pub async fn staff_must_be_allowed(visit: &Visit, act: StaffAct) -> Result<(), FormFailure> {
    let cx = visit.viewer_cx();
    let may = visit.state.db.read(|tx| Box::pin(async move { staff_may_act(tx, &cx, act).await })).await?;
    if may { Ok(()) } else { Err(FormFailure::not_allowed()) }
}
