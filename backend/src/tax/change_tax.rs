//! Saying to Stripe Tax where the vendor is and what it sells.

use serde_json::{Value, json};

use super::look_up_tax::keep;
use super::{TaxChange, TaxProblem, rules, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::stripe::{HeadOffice, IdempotencyKey, StripeErrorKind};
use crate::vendors;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaxUpdate {
    /// Stripe reckons like that from now on; invoices that were issued stay as they are.
    Saved,
    /// Nothing was different.
    Unchanged,
    /// Nobody knows how it is now, or somebody has changed it since the form was opened; Stripe was told nothing.
    Stale,
    /// What cannot stay as it is.
    Refused(Vec<TaxProblem>),
    /// Stripe refuses, in its own words.
    ByStripe(String),
    /// The vendor has no account at Stripe.
    NoStripe,
    /// Whoever acts may not.
    NotAllowed,
}

/// Tells Stripe, and keeps what it says then. `seen` is [`TaxSetup::state_no`](super::TaxSetup::state_no) as the form was
/// shown with: of several that are sent with the same one, the first is told to Stripe and the others are stale.
///
/// # Errors
/// [`CommerceError`] when the database fails, or Stripe cannot be reached; looking it up again then shows what came of it.
pub async fn change_tax(
    commerce: &Commerce,
    cx: &Cx,
    seen: i64,
    typed: &TaxChange,
) -> Result<TaxUpdate, CommerceError> {
    let (tx_cx, typed, has_stripe) = (cx.clone(), typed.clone(), commerce.stripe.of(&cx.vendor_id).is_some());
    let begun: Result<Result<TaxChange, TaxUpdate>, DbError> =
        commerce.db.write(move |tx| Box::pin(async move { begin(tx, &tx_cx, seen, &typed, has_stripe).await })).await;
    let change = match begun? {
        Ok(change) => change,
        Err(outcome) => return Ok(outcome),
    };
    // Whoever got as far as this is the only one with this number.
    let key = IdempotencyKey::new(&[cx.vendor_id.as_str(), "tax", &seen.to_string()]);
    match commerce.stripe(cx)?.set_tax(&key, &change.tax_code, &change.head_office).await {
        Ok(tax) => keep(&commerce.db, cx, None, tax).await?,
        Err(error) if matches!(error.kind, StripeErrorKind::Refused | StripeErrorKind::Authentication) => {
            return Ok(TaxUpdate::ByStripe(error.message));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(TaxUpdate::Saved)
}

/// Decides whether Stripe is told, and records who asked for it: what Stripe says then is a projection. The number that the
/// form was shown with is spent.
async fn begin(
    tx: &mut Tx,
    cx: &Cx,
    seen: i64,
    typed: &TaxChange,
    has_stripe: bool,
) -> Result<Result<TaxChange, TaxUpdate>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditSettings).await? {
        return Ok(Err(TaxUpdate::NotAllowed));
    }
    if vendors::lock_vendor(tx, &cx.vendor_id).await?.is_none() {
        return Ok(Err(TaxUpdate::NotAllowed));
    }
    if !has_stripe {
        return Ok(Err(TaxUpdate::NoStripe));
    }
    let known = store::find_setup(tx, &cx.vendor_id).await?.filter(|known| known.state_no == seen);
    let Some(known) = known else { return Ok(Err(TaxUpdate::Stale)) };
    let change = match rules::check(typed) {
        Ok(change) => change,
        Err(problems) => return Ok(Err(TaxUpdate::Refused(problems))),
    };
    if (&change.tax_code, &change.head_office) == (&known.tax.tax_code, &known.tax.head_office) {
        return Ok(Err(TaxUpdate::Unchanged));
    }
    store::set_state_no(tx, &cx.vendor_id, seen + 1).await?;
    let before = state(&known.tax.tax_code, &known.tax.head_office);
    let after = state(&change.tax_code, &change.head_office);
    audit::record(tx, cx, None, "vendor.set_tax", cx.vendor_id.as_str(), Some(&before), Some(&after)).await?;
    Ok(Ok(change))
}

fn state(tax_code: &str, head_office: &HeadOffice) -> Value {
    json!({ "tax_code": tax_code, "head_office": head_office })
}
