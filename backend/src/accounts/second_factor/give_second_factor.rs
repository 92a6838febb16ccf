//! Giving a new member of staff a second factor whose secret is known already: an app that was set up beforehand, a demo.

use super::super::store as people;
use super::store;
use super::totp::TotpSecret;
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorGift {
    /// It is asked for from now on. There are no recovery codes yet.
    Given,
    /// There is one already, which stays.
    AlreadySet,
    /// There is no such user.
    NotFound,
    /// Only the operator may do this.
    NotAllowed,
}

/// Gives a user a second factor with this secret.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn give_second_factor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user_id: &UserId,
    secret: &TotpSecret,
) -> Result<FactorGift, DbError> {
    if cx.actor != Actor::Operator {
        return Ok(FactorGift::NotAllowed);
    }
    if people::find_user(tx, &cx.vendor_id, user_id).await?.is_none() {
        return Ok(FactorGift::NotFound);
    }
    let sealed = secret.seal(master, user_id, &cx.entropy);
    if !store::insert_factor(tx, cx, user_id, &sealed, 0).await? {
        return Ok(FactorGift::AlreadySet);
    }
    audit::record(tx, cx, None, "user.set_second_factor", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(FactorGift::Given)
}
