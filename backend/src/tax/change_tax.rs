//! Saying to Stripe Tax where the vendor is and what it sells.

use serde_json::{Value, json};

use super::look_up_tax::keep;
use super::{TaxChange, TaxField, TaxProblem, rules, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit::{self, NOTHING};
use crate::billing::{Commerce, CommerceError};
use crate::clock::{MINUTE_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::sha256;
use crate::stripe::{HeadOffice, IdempotencyKey, StripeError, StripeTax};
use crate::vendors;

/// For how long nobody else tells Stripe anything: longer than one call takes with all its retries.
const TELLING_MS: i64 = 2 * MINUTE_MS;

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaxUpdate {
    /// Stripe reckons like that from now on; invoices that were issued stay as they are.
    Saved,
    /// Stripe took it, and says something else of these than it was told.
    SavedOtherwise(Vec<TaxField>),
    /// Nothing was different.
    Unchanged,
    /// What Stripe says has changed since the form was opened; Stripe was told nothing.
    Stale,
    /// Stripe is being told something at this moment, and was not told this.
    BeingTold,
    /// Nobody knows how it is now, so Stripe was told nothing; [`look_up_tax`](super::look_up_tax) asks it.
    Unknown,
    /// What cannot stay as it is.
    Refused(Vec<TaxProblem>),
    /// Stripe refuses, in its own words.
    ByStripe(String),
    /// Stripe took it, and has not said how it is now.
    NotReadBack,
    /// Stripe has not said whether it took it.
    NotAnswered,
    /// The vendor has no account at Stripe.
    NoStripe,
    /// Whoever acts may not.
    NotAllowed,
}

/// What Stripe is told, by whoever is the only one at it.
struct Telling {
    /// What was known before, as it is recorded.
    before: Value,
    change: TaxChange,
    /// By which it is known from others.
    until: UnixMs,
}

impl Telling {
    /// Tellings that differ need keys that differ, also where one comes at the same moment as another that was refused.
    fn key(&self, cx: &Cx) -> IdempotencyKey {
        let content = sha256(state(&self.change.tax_code, &self.change.head_office).to_string().as_bytes());
        let content = data_encoding::HEXLOWER.encode(&content);
        IdempotencyKey::new(&[cx.vendor_id.as_str(), "tax", &self.until.0.to_string(), &content])
    }
}

/// How a telling has ended.
enum Answer {
    /// Stripe took it, and says this now.
    Taken(StripeTax),
    /// Stripe did not take it.
    Refused(StripeError),
    /// One of both.
    Missing(StripeError),
}

/// Tells Stripe, and keeps what it says then. `seen` is [`TaxSetup::state_no`](super::TaxSetup::state_no) as the form was
/// shown with: what has changed since is not overwritten, and of several at once only one tells Stripe.
///
/// # Errors
/// [`CommerceError`] when the database fails. Where that happens after Stripe was told, the setup is uncertain until Stripe
/// is asked again.
pub async fn change_tax(
    commerce: &Commerce,
    cx: &Cx,
    seen: i64,
    typed: &TaxChange,
) -> Result<TaxUpdate, CommerceError> {
    let Some(stripe) = commerce.stripe.of(&cx.vendor_id) else { return without_stripe(commerce, cx).await };
    let (tx_cx, typed) = (cx.clone(), typed.clone());
    let begun: Result<Result<Telling, TaxUpdate>, DbError> =
        commerce.db.write(move |tx| Box::pin(async move { begin(tx, &tx_cx, seen, &typed).await })).await;
    let telling = match begun? {
        Ok(telling) => telling,
        Err(outcome) => return Ok(outcome),
    };
    let change = &telling.change;
    let (outcome, answer) = match stripe.set_tax(&telling.key(cx), &change.tax_code, &change.head_office).await {
        Ok(()) => match stripe.fetch_tax().await {
            Ok(tax) => (saved(change, &tax), Answer::Taken(tax)),
            Err(error) => (TaxUpdate::NotReadBack, Answer::Missing(error)),
        },
        Err(error) if error.may_pass() => (TaxUpdate::NotAnswered, Answer::Missing(error)),
        Err(error) => (TaxUpdate::ByStripe(error.message.clone()), Answer::Refused(error)),
    };
    let is_taken = matches!(answer, Answer::Taken(_));
    let tx_cx = cx.clone();
    let kept: Result<bool, DbError> =
        commerce.db.write(move |tx| Box::pin(async move { settle(tx, &tx_cx, &telling, answer).await })).await;
    let is_known = kept?;
    Ok(if is_taken && !is_known { TaxUpdate::NotReadBack } else { outcome })
}

/// Whoever may not learns nothing of Stripe either.
async fn without_stripe(commerce: &Commerce, cx: &Cx) -> Result<TaxUpdate, CommerceError> {
    let cx = cx.clone();
    let may: Result<bool, DbError> =
        commerce.db.read(move |tx| Box::pin(async move { staff_may_act(tx, &cx, StaffAct::EditSettings).await })).await;
    Ok(if may? { TaxUpdate::NoStripe } else { TaxUpdate::NotAllowed })
}

fn saved(change: &TaxChange, tax: &StripeTax) -> TaxUpdate {
    let otherwise = rules::differences(change, tax);
    if otherwise.is_empty() { TaxUpdate::Saved } else { TaxUpdate::SavedOtherwise(otherwise) }
}

/// Decides whether Stripe is told, and records who asked for it. From then on nobody else tells it anything until this is
/// settled or its time is over.
async fn begin(tx: &mut Tx, cx: &Cx, seen: i64, typed: &TaxChange) -> Result<Result<Telling, TaxUpdate>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditSettings).await? {
        return Ok(Err(TaxUpdate::NotAllowed));
    }
    if vendors::lock_vendor(tx, &cx.vendor_id).await?.is_none() {
        return Ok(Err(TaxUpdate::NotAllowed));
    }
    let Some(known) = store::find_setup(tx, &cx.vendor_id).await? else { return Ok(Err(TaxUpdate::Unknown)) };
    if known.telling_until.is_some() {
        let is_being_told = known.is_being_told(cx.now);
        return Ok(Err(if is_being_told { TaxUpdate::BeingTold } else { TaxUpdate::Unknown }));
    }
    if known.state_no != seen {
        return Ok(Err(TaxUpdate::Stale));
    }
    let change = match rules::check(typed) {
        Ok(change) => change,
        Err(problems) => return Ok(Err(TaxUpdate::Refused(problems))),
    };
    if (&change.tax_code, &change.head_office) == (&known.tax.tax_code, &known.tax.head_office) {
        return Ok(Err(TaxUpdate::Unchanged));
    }
    let until = cx.now.plus(TELLING_MS);
    store::set_telling_until(tx, &cx.vendor_id, Some(until)).await?;
    let before = state(&known.tax.tax_code, &known.tax.head_office);
    let after = state(&change.tax_code, &change.head_office);
    audit::record(tx, cx, None, "vendor.ask_tax", cx.vendor_id.as_str(), Some(&before), Some(&after)).await?;
    Ok(Ok(Telling { before, change, until }))
}

/// Keeps and records how it has ended; whether it is known now how things are. An answer that comes when somebody else may
/// have told or asked Stripe since says nothing about now.
async fn settle(tx: &mut Tx, cx: &Cx, telling: &Telling, answer: Answer) -> Result<bool, DbError> {
    if vendors::lock_vendor(tx, &cx.vendor_id).await?.is_none() {
        return Ok(false);
    }
    let known = store::find_setup(tx, &cx.vendor_id).await?;
    let is_ours = known.as_ref().is_some_and(|known| known.telling_until == Some(telling.until));
    let vendor_id = cx.vendor_id.as_str();
    match answer {
        Answer::Taken(tax) => {
            let after = state(&tax.tax_code, &tax.head_office);
            audit::record(tx, cx, None, "vendor.set_tax", vendor_id, Some(&telling.before), Some(&after)).await?;
            if is_ours {
                keep(tx, cx, known.as_ref(), tax).await?;
            } else {
                store::set_telling_until(tx, &cx.vendor_id, Some(cx.now)).await?;
            }
        }
        Answer::Refused(error) => {
            audit::record(tx, cx, None, "vendor.refuse_tax", vendor_id, NOTHING, Some(&reason(&error))).await?;
            if is_ours {
                store::set_telling_until(tx, &cx.vendor_id, None).await?;
            }
        }
        Answer::Missing(error) => {
            audit::record(tx, cx, None, "vendor.miss_tax", vendor_id, NOTHING, Some(&reason(&error))).await?;
            store::set_telling_until(tx, &cx.vendor_id, Some(cx.now)).await?;
            return Ok(false);
        }
    }
    Ok(is_ours)
}

fn state(tax_code: &str, head_office: &HeadOffice) -> Value {
    json!({ "tax_code": tax_code, "head_office": head_office })
}

/// By which Stripe's support finds it.
fn reason(error: &StripeError) -> Value {
    json!({ "status": error.status, "code": error.code, "request_id": error.request_id })
}
