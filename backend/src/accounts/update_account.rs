//! Changing an account's details.

use super::roles::Act;
use super::rules::{CheckedDetails, Field, FieldProblem, check_details, emptied};
use super::{Account, AccountDetails, VatIdState, may_act, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountUpdate {
    /// It is changed. Where it has a customer at Stripe, the caller brings that up to date.
    Updated {
        /// The account as it is now.
        account: Account,
        /// Parts of the address that are gone, see [`emptied`].
        emptied: Vec<Field>,
    },
    /// Nothing was different.
    Unchanged(Account),
    /// Fields that cannot stay as they are.
    Refused(Vec<FieldProblem>),
    /// The one who acts may not, or there is no such account: the same answer to both.
    NotAllowed,
}

/// Changes company, address, VAT id and billing address. Invoices already issued stay as they are.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn update_account(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    details: &AccountDetails,
) -> Result<AccountUpdate, DbError> {
    if !may_act(tx, cx, account_id, Act::EditDetails).await? {
        return Ok(AccountUpdate::NotAllowed);
    }
    let Some(before) = store::lock_account(tx, &cx.vendor_id, account_id).await? else {
        return Ok(AccountUpdate::NotAllowed);
    };
    let checked = match check_details(details, &before.billing_email) {
        Ok(checked) => checked,
        Err(problems) => return Ok(AccountUpdate::Refused(problems)),
    };
    let previous = CheckedDetails {
        company: before.company.clone(),
        country: before.country.clone(),
        vat_id: before.vat_id.clone(),
        address: before.address.clone(),
        billing_email: before.billing_email.clone(),
        purchase_order: before.purchase_order.clone(),
    };
    if previous == checked {
        return Ok(AccountUpdate::Unchanged(before));
    }
    let (after, emptied) = (checked.clone(), emptied(&previous, &checked));
    let is_same_id = previous.vat_id == checked.vat_id;
    let vat_id_state = if is_same_id { before.vat_id_state } else { VatIdState::Unchecked };
    let account = Account {
        company: checked.company,
        country: checked.country,
        address: checked.address,
        vat_id: checked.vat_id,
        billing_email: checked.billing_email,
        purchase_order: checked.purchase_order,
        vat_id_state,
        ..before
    };
    store::update_details(tx, &account).await?;
    audit::record(tx, cx, Some(account_id), "account.update", account_id.as_str(), Some(&previous), Some(&after))
        .await?;
    Ok(AccountUpdate::Updated { account, emptied })
}
