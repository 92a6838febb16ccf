//! An account's details at Stripe: brought there as soon as they change, so that the next invoice has them however it
//! comes about, and what Stripe finds out about the VAT id brought back.

use std::collections::HashMap;

use super::{Commerce, CommerceError, handlers};
use crate::accounts::{self, Account, AccountDetails, AccountUpdate};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::stripe::{CustomerDetails, IdempotencyKey};

/// Changes an account's details and queues that Stripe hears of it. Invoices already issued stay as they are.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn update_billing_details(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    details: &AccountDetails,
) -> Result<AccountUpdate, DbError> {
    let updated = accounts::update_account(tx, cx, account_id, details).await?;
    if let AccountUpdate::Updated(account) = &updated
        && account.stripe_customer_id.is_some()
    {
        handlers::enqueue_customer_sync(tx, cx, master, &account.id).await?;
    }
    Ok(updated)
}

/// What Stripe needs to know about an account.
pub(crate) fn customer_details(account: &Account) -> CustomerDetails {
    CustomerDetails {
        name: account.company.clone(),
        email: account.billing_email.clone(),
        line1: account.address.line1.clone(),
        line2: account.address.line2.clone(),
        postal_code: account.address.postal_code.clone(),
        city: account.address.city.clone(),
        state: account.address.state.clone(),
        country: account.country.clone(),
        vat_id: account.vat_id.clone(),
        metadata: HashMap::from([
            ("account_id".to_owned(), account.id.to_string()),
            ("vendor_id".to_owned(), account.vendor_id.to_string()),
        ]),
    }
}

/// Brings an account's details to its customer at Stripe, and what is known about its VAT id back.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn sync_customer(commerce: &Commerce, cx: &Cx, account_id: &AccountId) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), account_id.clone());
    let account =
        commerce.db.read(|tx| Box::pin(async move { accounts::find_account(tx, &vendor_id, &id).await })).await?;
    let Some(account) = account else { return Ok(()) };
    let Some(customer_id) = account.stripe_customer_id.clone() else { return Ok(()) };
    let details = customer_details(&account);
    // Part of the key, because Stripe refuses a key that comes again with other parameters; the minute, because the
    // same details set again later must reach Stripe again.
    let content = crate::keys::sha256(format!("{details:?}").as_bytes());
    let content = data_encoding::HEXLOWER.encode(&content);
    let minute = (cx.now.seconds() / 60).to_string();
    let key = IdempotencyKey::new(&[account.id.as_str(), "sync", &content, &minute]);
    commerce.stripe(cx)?.update_customer(&key, &customer_id, &details).await?;
    refresh_vat_id(commerce, cx, &account, &customer_id).await
}

/// Brings back what is known about the VAT id of the account that is this customer, if any is.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn refresh_vat_id_of(commerce: &Commerce, cx: &Cx, customer_id: &str) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), customer_id.to_owned());
    let account = commerce
        .db
        .read(|tx| Box::pin(async move { accounts::find_account_by_stripe_customer(tx, &vendor_id, &id).await }))
        .await?;
    match account {
        Some(account) => refresh_vat_id(commerce, cx, &account, customer_id).await,
        None => Ok(()),
    }
}

async fn refresh_vat_id(
    commerce: &Commerce,
    cx: &Cx,
    account: &Account,
    customer_id: &str,
) -> Result<(), CommerceError> {
    let Some(vat_id) = account.vat_id.clone() else { return Ok(()) };
    let Some(state) = commerce.stripe(cx)?.fetch_vat_id_state(customer_id, &vat_id).await? else { return Ok(()) };
    let (cx, id, before) =
        (Cx { actor: Actor::Stripe(customer_id.to_owned()), ..cx.clone() }, account.id.clone(), account.vat_id_state);
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                if accounts::set_vat_id_state(tx, &cx.vendor_id, &id, &vat_id, state).await? {
                    let act = "account.check_vat_id";
                    audit::record(tx, &cx, Some(&id), act, id.as_str(), Some(&before), Some(&state)).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?)
}
