//! Who may act in an account.

use super::{Act, ActsAs, StaffAct, may, member_role, staff_may, store};
use crate::acting;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::tokens;

/// Whether the one who acts may do this in the account: a member by its role; staff who act for it by what
/// [`ActsAs::Support`] may; a token of the account's by its scopes; the operator, Stripe and queued jobs always, because what they do was decided elsewhere; visitors and instances
/// never.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn may_act(tx: &mut Tx, cx: &Cx, account_id: &AccountId, act: Act) -> Result<bool, DbError> {
    Ok(match &cx.actor {
        Actor::User(user_id) | Actor::Staff(user_id) => {
            let role = member_role(tx, &cx.vendor_id, account_id, user_id).await?;
            role.is_some_and(|role| may(role, act))
        }
        Actor::ActingStaff(id) => {
            let acting = acting::find_live_acting(tx, &cx.vendor_id, id, cx.now).await?;
            acting.is_some_and(|acting| acting.account_id == *account_id && may(ActsAs::Support, act))
        }
        Actor::Token(id) => tokens::token_may_act(tx, cx, id, account_id, act).await?,
        Actor::Operator | Actor::Stripe(_) | Actor::Job(_) => true,
        Actor::Visitor | Actor::Instance(_) => false,
    })
}

/// Whether the one who acts may do this for the vendor: staff by their role; a token of the vendor's by its scopes; the
/// operator, Stripe and queued jobs always; visitors, instances and staff who act for a customer never.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn staff_may_act(tx: &mut Tx, cx: &Cx, act: StaffAct) -> Result<bool, DbError> {
    Ok(match &cx.actor {
        Actor::User(user_id) | Actor::Staff(user_id) => {
            let user = store::find_user(tx, &cx.vendor_id, user_id).await?;
            user.and_then(|user| user.staff_role).is_some_and(|role| staff_may(role, act))
        }
        Actor::Token(id) => tokens::token_may_act_for_vendor(tx, cx, id, act).await?,
        Actor::Operator | Actor::Stripe(_) | Actor::Job(_) => true,
        Actor::ActingStaff(_) | Actor::Visitor | Actor::Instance(_) => false,
    })
}
