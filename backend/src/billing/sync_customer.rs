//! An account's details at Stripe: brought there as soon as they change, so that the next invoice has them however it
//! comes about, and what Stripe finds out about the VAT id brought back.

use std::collections::HashMap;

use super::{Commerce, CommerceError, handlers};
use crate::accounts::{self, Account, AccountDetails, AccountUpdate, Field};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::stripe::{CustomerDetails, IdempotencyKey, StripeTaxId};

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
    if let AccountUpdate::Updated { account, emptied } = &updated
        && account.stripe_customer_id.is_some()
    {
        handlers::enqueue_customer_sync(tx, cx, master, &account.id, emptied).await?;
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
        emptied: Vec::new(),
        vat_id: account.vat_id.clone(),
        former_vat_id: account.stripe_vat_id.clone(),
        keeps_other_ids: account.closed_at.is_none(),
        metadata: HashMap::from([
            ("account_id".to_owned(), account.id.to_string()),
            ("vendor_id".to_owned(), account.vendor_id.to_string()),
        ]),
    }
}

/// Brings an account's details to its customer at Stripe, and what is known about its VAT id back. The parts of the address
/// that were `emptied` go at Stripe as well, unless they are there again. Without them it is not known what the customer has
/// from us, so all tax ids go but the account's.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn sync_customer(
    commerce: &Commerce,
    cx: &Cx,
    account_id: &AccountId,
    emptied: Option<Vec<Field>>,
) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), account_id.clone());
    let account =
        commerce.db.read(|tx| Box::pin(async move { accounts::find_account(tx, &vendor_id, &id).await })).await?;
    let Some(account) = account else { return Ok(()) };
    let Some(customer_id) = account.stripe_customer_id.clone() else { return Ok(()) };
    let mut details = customer_details(&account);
    details.keeps_other_ids &= emptied.is_some();
    details.emptied = emptied.unwrap_or_default();
    // Part of the key, because Stripe refuses a key that comes again with other parameters; the minute, because the
    // same details set again later must reach Stripe again.
    let content = crate::keys::sha256(format!("{details:?}").as_bytes());
    let content = data_encoding::HEXLOWER.encode(&content);
    let minute = (cx.now.seconds() / 60).to_string();
    let key = IdempotencyKey::new(&[account.id.as_str(), "sync", &content, &minute]);
    let state = commerce.stripe(cx)?.update_customer(&key, &customer_id, &details).await?;
    note_vat_id(commerce, cx, &account, &customer_id, state).await?;
    if account.vat_id.is_some() && state != accounts::VatIdState::Refused {
        return Ok(());
    }
    refresh_vat_id_of(commerce, cx, &customer_id).await
}

/// Notes that the account's VAT id has reached its customer at Stripe, and what is known about it.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn note_vat_id(
    commerce: &Commerce,
    cx: &Cx,
    account: &Account,
    customer_id: &str,
    state: accounts::VatIdState,
) -> Result<(), CommerceError> {
    if account.stripe_vat_id == account.vat_id && account.vat_id_state == state {
        return Ok(());
    }
    let (cx, id) = (by_stripe(cx, customer_id), account.id.clone());
    let (vat_id, before) = (account.vat_id.clone(), account.vat_id_state);
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                accounts::set_stripe_vat_id(tx, &cx.vendor_id, &id, vat_id.as_deref()).await?;
                if let Some(vat_id) = &vat_id
                    && accounts::set_vat_id_state(tx, &cx.vendor_id, &id, vat_id, state).await?
                {
                    let act = "account.check_vat_id";
                    audit::record(tx, &cx, Some(&id), act, id.as_str(), Some(&before), Some(&state)).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?)
}

/// What Stripe has found out, or was told by the buyer, it does itself.
fn by_stripe(cx: &Cx, customer_id: &str) -> Cx {
    Cx { actor: Actor::Stripe(customer_id.to_owned()), ..cx.clone() }
}

/// Brings back what is known about the VAT id of the account that is this customer, if any is. Where the account has none, the
/// customer's becomes the account's: whoever pays on Checkout can type one there.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn refresh_vat_id_of(commerce: &Commerce, cx: &Cx, customer_id: &str) -> Result<(), CommerceError> {
    let (vendor_id, id) = (cx.vendor_id.clone(), customer_id.to_owned());
    let account = commerce
        .db
        .read(|tx| Box::pin(async move { accounts::find_account_by_stripe_customer(tx, &vendor_id, &id).await }))
        .await?;
    let Some(account) = account.filter(|account| account.closed_at.is_none()) else { return Ok(()) };
    let tax_ids = commerce.stripe(cx)?.fetch_tax_ids(customer_id).await?;
    let own = account.vat_id.as_deref();
    if let Some(found) = tax_ids.iter().find(|tax_id| own.is_some_and(|own| tax_id.is(own, &account.country))) {
        return note_vat_id(commerce, cx, &account, customer_id, found.state).await;
    }
    match typed_at_stripe(&account, &tax_ids) {
        Some((vat_id, state)) => take_over_vat_id(commerce, cx, account, customer_id, vat_id, state).await,
        None => Ok(()),
    }
}

/// The VAT id that somebody has typed at Stripe for an account that has none, or one that Stripe does not take. The one that
/// the account has given up is none: it goes as soon as Stripe hears of that.
fn typed_at_stripe(account: &Account, tax_ids: &[StripeTaxId]) -> Option<(String, accounts::VatIdState)> {
    if account.vat_id.is_some() && account.vat_id_state != accounts::VatIdState::Refused {
        return None;
    }
    let former = account.stripe_vat_id.as_deref();
    let mut typed = tax_ids.iter().filter(|it| !former.is_some_and(|former| it.is(former, &account.country)));
    typed.find_map(|tax_id| Some((tax_id.as_vat_id(&account.country)?, tax_id.state)))
}

async fn take_over_vat_id(
    commerce: &Commerce,
    cx: &Cx,
    account: Account,
    customer_id: &str,
    vat_id: String,
    state: accounts::VatIdState,
) -> Result<(), CommerceError> {
    let cx = by_stripe(cx, customer_id);
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let standing = accounts::lock_account(tx, &cx.vendor_id, &account.id).await?;
                let is_as_seen = |standing: &Account| {
                    (&standing.vat_id, &standing.country, standing.closed_at)
                        == (&account.vat_id, &account.country, account.closed_at)
                };
                // Whoever has changed it since has said what it is.
                if !standing.as_ref().is_some_and(is_as_seen) {
                    return Ok(());
                }
                accounts::take_over_vat_id(tx, &cx.vendor_id, &account.id, &vat_id, state).await?;
                let (act, before) = ("account.take_over_vat_id", serde_json::json!({ "vat_id": account.vat_id }));
                let after = serde_json::json!({ "vat_id": vat_id });
                let id = account.id.as_str();
                audit::record(tx, &cx, Some(&account.id), act, id, Some(&before), Some(&after)).await?;
                Ok::<_, DbError>(())
            })
        })
        .await?)
}
