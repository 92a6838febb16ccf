//! Creating a customer's account, with its creator as owner.

use super::rules::{CheckedDetails, FieldProblem, check_details};
use super::{Account, AccountDetails, AccountKind, Role, VatIdState, membership_store, store};
use crate::audit;
use crate::clock::DAY_MS;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, UserId};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
pub enum AccountCreation {
    /// The account, owned by the user.
    Created(Account),
    /// Fields that cannot stay as they are.
    Refused(Vec<FieldProblem>),
    /// The user has made [`NEW_ACCOUNTS_A_DAY`] of them within a day.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// There is no such user.
    UserNotFound,
}

/// Accounts that one person makes within a day.
pub const NEW_ACCOUNTS_A_DAY: i64 = 10;

/// Creates an account that `user_id` owns. The e-mail address need not be verified for it: buying does
/// not wait for mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn create_account(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    details: &AccountDetails,
) -> Result<AccountCreation, DbError> {
    let Some(user) = store::find_user(tx, &cx.vendor_id, user_id).await? else {
        return Ok(AccountCreation::UserNotFound);
    };
    let checked = match check_details(details, &user.email) {
        Ok(checked) => checked,
        Err(problems) => return Ok(AccountCreation::Refused(problems)),
    };
    if let Actor::User(_) = cx.actor
        && let Some(retry_after_s) = seconds_to_wait(tx, cx, user_id).await?
    {
        return Ok(AccountCreation::Limited { retry_after_s });
    }
    let account = insert_customer(tx, cx, &checked).await?;
    membership_store::insert_membership(tx, cx, &account.id, user_id, Role::Owner).await?;
    Ok(AccountCreation::Created(account))
}

/// Writes a customer's account that nobody belongs to yet.
pub(crate) async fn insert_customer(tx: &mut Tx, cx: &Cx, checked: &CheckedDetails) -> Result<Account, DbError> {
    let account = Account {
        id: cx.id::<AccountId>(),
        vendor_id: cx.vendor_id.clone(),
        kind: AccountKind::Customer,
        company: checked.company.clone(),
        country: checked.country.clone(),
        address: checked.address.clone(),
        vat_id: checked.vat_id.clone(),
        billing_email: checked.billing_email.clone(),
        purchase_order: checked.purchase_order.clone(),
        vat_id_state: VatIdState::Unchecked,
        stripe_customer_id: None,
        stripe_vat_id: None,
        created_at: cx.now,
        closes_at: None,
        closed_at: None,
    };
    store::insert_account(tx, &account).await?;
    let (id, after) = (account.id.as_str(), Some(checked));
    audit::record(tx, cx, Some(&account.id), "account.create", id, audit::NOTHING, after).await?;
    Ok(account)
}

/// How long somebody has to wait who has made many accounts. Under the lock of the user's row, so that of many at once no more
/// get through.
async fn seconds_to_wait(tx: &mut Tx, cx: &Cx, user_id: &UserId) -> Result<Option<i64>, DbError> {
    store::lock_user(tx, &cx.vendor_id, user_id).await?;
    let (made, first_at) =
        membership_store::count_new_accounts(tx, &cx.vendor_id, user_id, cx.now.plus(-DAY_MS)).await?;
    if made < NEW_ACCOUNTS_A_DAY {
        return Ok(None);
    }
    let until = first_at.unwrap_or(cx.now).plus(DAY_MS);
    Ok(Some((until.seconds() - cx.now.seconds()).max(0) + 1))
}
