//! Looking at how tax is set up: what is known, and asking Stripe anew.

use super::{TaxSetup, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::stripe::StripeTax;
use crate::vendors;

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaxLookUp {
    /// It is known how things are now.
    Known,
    /// Stripe is told something meanwhile, so what it answers may be out of date.
    BeingTold,
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
                Ok::<_, DbError>(Some(store::find_setup(tx, &asker.vendor_id).await?))
            })
        })
        .await?;
    let Some(seen) = found else { return Ok(TaxLookUp::NotAllowed) };
    let Some(stripe) = commerce.stripe.of(&cx.vendor_id) else { return Ok(TaxLookUp::NoStripe) };
    if seen.as_ref().is_some_and(|seen| seen.is_being_told(cx.now)) {
        return Ok(TaxLookUp::BeingTold);
    }
    let tax = match stripe.fetch_tax().await {
        Ok(tax) => tax,
        Err(error) => return Ok(TaxLookUp::NotAnswered(error.message)),
    };
    let cx = cx.clone();
    let kept: Result<_, DbError> =
        commerce.db.write(move |tx| Box::pin(async move { keep_answer(tx, &cx, seen.as_ref(), tax).await })).await;
    Ok(kept?)
}

/// Keeps what Stripe has said, unless something has happened since `seen` was read: then the answer may be out of date.
async fn keep_answer(tx: &mut Tx, cx: &Cx, seen: Option<&TaxSetup>, answer: StripeTax) -> Result<TaxLookUp, DbError> {
    if vendors::lock_vendor(tx, &cx.vendor_id).await?.is_none() {
        return Ok(TaxLookUp::NotAllowed);
    }
    let known = store::find_setup(tx, &cx.vendor_id).await?;
    let version = |setup: &TaxSetup| (setup.state_no, setup.telling_until);
    if known.as_ref().map(version) != seen.map(version) {
        // Somebody else's answer is there already, or will be.
        let is_known = known.is_some_and(|known| known.telling_until.is_none());
        return Ok(if is_known { TaxLookUp::Known } else { TaxLookUp::BeingTold });
    }
    keep(tx, cx, known.as_ref(), answer).await?;
    Ok(TaxLookUp::Known)
}

/// Replaces what is known by what Stripe has said. The vendor's row is locked by the caller.
pub(super) async fn keep(tx: &mut Tx, cx: &Cx, known: Option<&TaxSetup>, tax: StripeTax) -> Result<(), DbError> {
    let is_same = known.is_some_and(|known| known.tax == tax);
    let state_no = known.map_or(0, |known| known.state_no) + i64::from(!is_same);
    let setup = TaxSetup { tax, state_no, looked_at: cx.now, telling_until: None };
    store::set_setup(tx, &cx.vendor_id, &setup).await
}
