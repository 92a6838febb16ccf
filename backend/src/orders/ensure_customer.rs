//! The customer at Stripe that an account pays as: made before its first order, and kept as the account says it is.

use crate::accounts::{self, Account};
use crate::audit;
use crate::billing::{Commerce, CommerceError, customer_details, note_vat_id};
use crate::cx::Cx;
use crate::db::DbError;
use crate::stripe::{IdempotencyKey, Stripe};

/// The account's customer at Stripe, with today's name, address and VAT id.
pub(crate) async fn ensure_customer(
    commerce: &Commerce,
    stripe: &Stripe,
    cx: &Cx,
    account: &Account,
) -> Result<String, CommerceError> {
    let details = customer_details(account);
    // Part of the key, because Stripe refuses a key that comes again with other parameters.
    let content = format!("{account:?}");
    let content = data_encoding::HEXLOWER.encode(&crate::keys::sha256(content.as_bytes()));
    if let Some(customer_id) = &account.stripe_customer_id {
        // Once per minute of our time at most: the same details set again later must reach Stripe again.
        let minute = (cx.now.seconds() / 60).to_string();
        let key = IdempotencyKey::new(&[account.id.as_str(), "update", &content, &minute]);
        let state = stripe.update_customer(&key, customer_id, &details).await?;
        note_vat_id(commerce, cx, account, customer_id, state).await?;
        return Ok(customer_id.clone());
    }
    let key = IdempotencyKey::new(&[account.id.as_str(), "customer", &content]);
    let created = stripe.create_customer(&key, &details).await?;
    // Before it is noted: whoever finds a customer noted takes it as it is. One that is new has no tax ids.
    let state = match &details.vat_id {
        Some(_) => Some(stripe.bring_vat_id(&key, &created, &details).await?),
        None => None,
    };
    let (by, account_id) = (cx.clone(), account.id.clone());
    let standing = commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                let standing = accounts::set_stripe_customer(tx, &by.vendor_id, &account_id, &created).await?;
                let after = serde_json::json!({ "stripe_customer_id": standing });
                let act = "account.set_stripe_customer";
                audit::record(tx, &by, Some(&account_id), act, account_id.as_str(), audit::NOTHING, Some(&after))
                    .await?;
                Ok::<_, DbError>(standing)
            })
        })
        .await?;
    if let Some(state) = state {
        note_vat_id(commerce, cx, account, &standing, state).await?;
    }
    Ok(standing)
}
