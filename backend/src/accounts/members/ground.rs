//! What people belong to: an account, or the vendor's staff.

use super::Position;
use crate::accounts::{Account, Act, StaffAct, may_act, staff_may_act, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::vendors;

/// What a position is in.
pub(super) enum Ground {
    /// This account.
    Account(Box<Account>),
    /// The vendor's staff.
    Staff,
}

impl Ground {
    /// The company's name; `None` for the staff.
    pub(super) fn company(&self) -> Option<&str> {
        match self {
            Self::Account(account) => Some(&account.company),
            Self::Staff => None,
        }
    }

    /// The account that audit rows belong to.
    pub(super) fn account_id(&self) -> Option<&AccountId> {
        match self {
            Self::Account(account) => Some(&account.id),
            Self::Staff => None,
        }
    }
}

/// Whether the one who acts decides about the people of an account, or where there is none, about the staff.
pub(super) async fn may_manage(tx: &mut Tx, cx: &Cx, account_id: Option<&AccountId>) -> Result<bool, DbError> {
    match account_id {
        Some(account_id) => may_act(tx, cx, account_id, Act::ManageMembers).await,
        None => staff_may_act(tx, cx, StaffAct::ManageStaff).await,
    }
}

/// The ground, locked until the transaction ends, if the one who acts decides about its people. Asked before the lock, so
/// that strangers hold nobody up, and again behind it, where nobody can lose the right any more.
pub(super) async fn lock_ground(
    tx: &mut Tx,
    cx: &Cx,
    account_id: Option<&AccountId>,
) -> Result<Option<Ground>, DbError> {
    if !may_manage(tx, cx, account_id).await? {
        return Ok(None);
    }
    let ground = match account_id {
        Some(id) => match store::lock_account(tx, &cx.vendor_id, id).await? {
            Some(account) => Ground::Account(Box::new(account)),
            None => return Ok(None),
        },
        None => {
            vendors::lock_vendor(tx, &cx.vendor_id).await?;
            Ground::Staff
        }
    };
    Ok(may_manage(tx, cx, account_id).await?.then_some(ground))
}

/// The ground of a position, to name it.
pub(super) async fn find_ground(tx: &mut Tx, cx: &Cx, position: &Position) -> Result<Option<Ground>, DbError> {
    Ok(match position.account_id() {
        Some(id) => {
            let account = store::find_account(tx, &cx.vendor_id, id).await?;
            account.map(|account| Ground::Account(Box::new(account)))
        }
        None => Some(Ground::Staff),
    })
}
