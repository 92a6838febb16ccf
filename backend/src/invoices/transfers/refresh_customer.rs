//! Money has moved on a customer's account at Stripe: what is open is looked at again, and what is left over.

use super::store;
use crate::billing::{Commerce, CommerceError};
use crate::cx::{Actor, Cx};
use crate::db::DbError;
use crate::invoices::import_invoice;
use crate::{accounts, audit, events, orders};

/// Brings the open invoices and the cash balance of a Stripe customer up to date; `false` for one of no account here.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn refresh_customer(
    commerce: &Commerce,
    cx: &Cx,
    stripe_customer_id: &str,
) -> Result<bool, CommerceError> {
    let (vendor_id, customer_id) = (cx.vendor_id.clone(), stripe_customer_id.to_owned());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let account = accounts::find_account_by_stripe_customer(tx, &vendor_id, &customer_id).await?;
                let Some(account) = account else { return Ok(None) };
                let awaited = store::list_awaited(tx, &vendor_id, &account.id).await?;
                Ok::<_, DbError>(Some((account, awaited)))
            })
        })
        .await?;
    let Some((account, awaited)) = found else { return Ok(false) };
    for invoice_id in awaited {
        import_invoice(commerce, cx, &invoice_id).await?;
        orders::fulfil_invoice(commerce, cx, &invoice_id).await?;
    }
    let balance = commerce.stripe(cx)?.fetch_cash_balance(stripe_customer_id).await?;
    let tx_cx = Cx { actor: Actor::Stripe(stripe_customer_id.to_owned()), ..cx.clone() };
    commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                // What Stripe does not list any more is used up.
                let known = store::list_cash_balance(tx, &tx_cx.vendor_id, &account.id).await?;
                let gone = known.into_iter().filter(|old| balance.iter().all(|new| new.currency != old.currency));
                let gone: Vec<_> = gone.map(|old| crate::money::Money::new(0, old.currency)).collect();
                for available in balance.into_iter().chain(gone) {
                    let before =
                        store::set_cash_balance(tx, &tx_cx.vendor_id, &account.id, available, tx_cx.now).await?;
                    if before == available.amount_minor {
                        continue;
                    }
                    let data = serde_json::json!({
                        "currency": available.currency, "available_minor": available.amount_minor,
                        "before_minor": before,
                    });
                    let about = events::About { account_id: Some(&account.id), ..events::About::default() };
                    events::record(tx, &tx_cx, "payment.balance_changed", about, &data).await?;
                    let (id, act) = (account.id.as_str(), "account.cash_balance");
                    audit::record(tx, &tx_cx, Some(&account.id), act, id, audit::NOTHING, Some(&data)).await?;
                }
                Ok::<_, DbError>(())
            })
        })
        .await?;
    Ok(true)
}
