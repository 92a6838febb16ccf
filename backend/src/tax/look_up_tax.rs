//! Looking at how tax is set up: what is known, and asking Stripe anew.

use super::{TaxSetup, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::stripe::StripeTax;
use crate::vendors;

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaxLookUp {
    /// It is known how things are now.
    Known,
    /// Stripe does not answer, or not to this key; its sentence.
    NotAnswered(String),
    /// The vendor has no account at Stripe.
    NoStripe,
    /// Whoever acts may not.
    NotAllowed,
}

/// What Stripe has said last, for whoever answers for the vendor's money; `None` where nobody has asked yet, and for others.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_tax_setup(tx: &mut Tx, cx: &Cx) -> Result<Option<TaxSetup>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::MoveMoney).await? {
        return Ok(None);
    }
    store::find_setup(tx, &cx.vendor_id).await
}

/// Asks Stripe how tax is set up now, and keeps the answer.
///
/// # Errors
/// [`CommerceError`] when the database fails.
pub async fn look_up_tax(commerce: &Commerce, cx: &Cx) -> Result<TaxLookUp, CommerceError> {
    let asker = cx.clone();
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                if !staff_may_act(tx, &asker, StaffAct::MoveMoney).await? {
                    return Ok(None);
                }
                Ok::<_, DbError>(Some(store::find_setup(tx, &asker.vendor_id).await?.map_or(0, |setup| setup.state_no)))
            })
        })
        .await?;
    let Some(seen) = found else { return Ok(TaxLookUp::NotAllowed) };
    let Some(stripe) = commerce.stripe.of(&cx.vendor_id) else { return Ok(TaxLookUp::NoStripe) };
    match stripe.fetch_tax().await {
        Ok(tax) => keep(&commerce.db, cx, Some(seen), tax).await?,
        Err(error) => return Ok(TaxLookUp::NotAnswered(error.message)),
    }
    Ok(TaxLookUp::Known)
}

/// Keeps what Stripe has said. An answer to a question that was asked before state `seen` changed is out of date.
pub(super) async fn keep(db: &Db, cx: &Cx, seen: Option<i64>, tax: StripeTax) -> Result<(), DbError> {
    let cx = cx.clone();
    db.write(move |tx| {
        Box::pin(async move {
            if vendors::lock_vendor(tx, &cx.vendor_id).await?.is_none() {
                return Ok(());
            }
            let known = store::find_setup(tx, &cx.vendor_id).await?;
            let state_no = known.as_ref().map_or(0, |known| known.state_no);
            if seen.is_some_and(|seen| seen != state_no) {
                return Ok(());
            }
            let is_same = known.is_some_and(|known| known.tax == tax);
            let state_no = if is_same { state_no } else { state_no + 1 };
            store::set_setup(tx, &cx.vendor_id, &TaxSetup { tax, state_no, looked_at: cx.now }).await
        })
    })
    .await
}
