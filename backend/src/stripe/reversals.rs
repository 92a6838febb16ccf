//! What was given back of an invoice: credit notes, refunds, disputes.

use std::collections::HashMap;

use stripe_billing::credit_note::{CreateCreditNote, ListCreditNote};
use stripe_billing::credit_note_line_item::ListCreditNoteCreditNoteLineItem;
use stripe_billing::invoice_payment::{ListInvoicePayment, ListInvoicePaymentPayment, ListInvoicePaymentPaymentType};
use stripe_core::charge::RetrieveCharge;
use stripe_core::dispute::{ListDispute, RetrieveDispute};
use stripe_core::refund::{ListRefund, RetrieveRefund};
use stripe_shared::{CreditNoteLineItem, CreditNoteReason, CreditNoteStatus, DisputeStatus};

use super::invoices::{Rates, read_rates, read_tax};
use super::{IdempotencyKey, LineTax, Stripe, StripeError};
use crate::clock::UnixMs;
use crate::money::Currency;

/// One line of a credit note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeCreditNoteLine {
    /// What is credited.
    pub description: String,
    /// How many.
    pub quantity: i64,
    /// Of one, where there is such a price.
    pub unit_amount_minor: Option<i64>,
    /// Without tax, before discounts.
    pub amount_minor: i64,
    /// The part of the invoice's discounts that is taken back with it, positive.
    pub discount_minor: i64,
    /// Its taxes.
    pub taxes: Vec<LineTax>,
}

/// A credit note as Stripe has it now. Amounts are positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeCreditNote {
    /// Stripe's id.
    pub id: String,
    /// Its own sequential number.
    pub number: String,
    /// Taken back.
    pub is_void: bool,
    /// Its currency.
    pub currency: Currency,
    /// Sum of the lines, without tax, before discounts.
    pub subtotal_minor: i64,
    /// Discounts that are taken back with it, positive.
    pub discount_minor: i64,
    /// All taxes.
    pub tax_minor: i64,
    /// `subtotal − discount + tax`.
    pub total_minor: i64,
    /// What it took off an invoice that was open.
    pub reduced_minor: i64,
    /// What is settled outside of Stripe.
    pub elsewhere_minor: i64,
    /// What it pays back, by Stripe's ids of the refunds.
    pub refunds: Vec<(String, i64)>,
    /// `duplicate`, `fraudulent`, `order_change`, `product_unsatisfactory` or empty.
    pub reason: String,
    /// What the customer is told.
    pub memo: String,
    /// Taxes by rate.
    pub taxes: Vec<LineTax>,
    /// Its lines.
    pub lines: Vec<StripeCreditNoteLine>,
    /// When it was issued.
    pub issued_at: UnixMs,
    /// When it was taken back.
    pub voided_at: Option<UnixMs>,
}

/// Money paid back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeRefund {
    /// Stripe's id.
    pub id: String,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub status: String,
    /// How much.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
    /// Why, or empty.
    pub reason: String,
    /// When.
    pub created_at: UnixMs,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeState {
    /// The bank asks; no money has moved, and none will.
    Inquiry,
    /// The money was taken away until it is decided.
    Open,
    /// The money came back, or was never taken.
    Won,
    /// The money is gone.
    Lost,
}

/// A payment that its payer disputes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeDispute {
    /// Stripe's id.
    pub id: String,
    /// Where it stands.
    pub state: DisputeState,
    /// How much of the payment.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
    /// What the payer says.
    pub reason: String,
    /// When it was opened.
    pub created_at: UnixMs,
}

/// Everything that was given back of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reversals {
    /// Its credit notes.
    pub credit_notes: Vec<StripeCreditNote>,
    /// Refunds of its payments.
    pub refunds: Vec<StripeRefund>,
    /// Disputes about its payments.
    pub disputes: Vec<StripeDispute>,
}

impl Reversals {
    /// Whether a bank has yet to say whose the money is.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.disputes.iter().any(|dispute| dispute.state == DisputeState::Open)
    }

    /// What of the invoice is not paid for any more, with tax: what credit notes take back, refunds that no credit note speaks
    /// of, and what disputes took away, for as long as they do. A refund that came back was none, also where a credit note
    /// speaks of it.
    #[must_use]
    pub fn given_back_minor(&self) -> i64 {
        let notes: Vec<&StripeCreditNote> = self.credit_notes.iter().filter(|note| !note.is_void).collect();
        let stands = |refund: &&StripeRefund| !matches!(refund.status.as_str(), "failed" | "canceled");
        let came_back = |id: &str| self.refunds.iter().any(|refund| refund.id == id && !stands(&refund));
        let credited = |note: &&StripeCreditNote| -> i64 {
            let returned = note.refunds.iter().filter(|refund| came_back(&refund.0)).map(|refund| refund.1);
            note.total_minor - returned.sum::<i64>()
        };
        let credited: i64 = notes.iter().map(credited).sum();
        let noted = |refund: &StripeRefund| -> i64 {
            let settled = notes.iter().flat_map(|note| note.refunds.iter());
            settled.filter(|settled| settled.0 == refund.id).map(|settled| settled.1).sum()
        };
        let refunds = self.refunds.iter().filter(stands);
        let refunded: i64 = refunds.map(|refund| (refund.amount_minor - noted(refund)).max(0)).sum();
        let is_gone = |dispute: &&StripeDispute| matches!(dispute.state, DisputeState::Open | DisputeState::Lost);
        let disputed: i64 = self.disputes.iter().filter(is_gone).map(|dispute| dispute.amount_minor).sum();
        credited + refunded + disputed
    }
}

/// Where the money of a credit note for a paid invoice goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditSettlement {
    /// Back to where it came from.
    Refund,
    /// To the customer's balance: the next invoice costs less.
    Balance,
    /// It was given back in another way.
    Elsewhere,
}

/// A credit note to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCreditNote {
    /// The invoice.
    pub invoice_id: String,
    /// With tax.
    pub amount_minor: i64,
    /// Where the money goes; `None` for an open invoice, which is reduced.
    pub settlement: Option<CreditSettlement>,
    /// Stripe's word for why, or empty.
    pub reason: String,
    /// What the customer is told, or empty.
    pub memo: String,
}

fn currency(currency: &stripe_types::Currency) -> Result<Currency, StripeError> {
    Currency::try_from(currency.to_string()).map_err(StripeError::unreadable)
}

fn read_line(line: CreditNoteLineItem, rates: &Rates) -> StripeCreditNoteLine {
    StripeCreditNoteLine {
        description: line.description.unwrap_or_default(),
        quantity: line.quantity.map_or(1, |quantity| i64::try_from(quantity).unwrap_or(i64::MAX)),
        unit_amount_minor: line.unit_amount,
        amount_minor: line.amount,
        discount_minor: line.discount_amount,
        taxes: line.taxes.iter().flatten().map(|tax| read_tax(tax, rates)).collect(),
    }
}

fn read_refund(refund: stripe_shared::Refund) -> Result<StripeRefund, StripeError> {
    Ok(StripeRefund {
        id: refund.id.to_string(),
        status: refund.status.unwrap_or_default(),
        amount_minor: refund.amount,
        currency: currency(&refund.currency)?,
        reason: refund.reason.map(|reason| reason.to_string()).unwrap_or_default(),
        created_at: UnixMs::from_seconds(refund.created),
    })
}

fn read_dispute(dispute: stripe_shared::Dispute) -> Result<StripeDispute, StripeError> {
    let state = match dispute.status {
        DisputeStatus::Lost => DisputeState::Lost,
        DisputeStatus::Won | DisputeStatus::Prevented | DisputeStatus::WarningClosed => DisputeState::Won,
        DisputeStatus::WarningNeedsResponse | DisputeStatus::WarningUnderReview => DisputeState::Inquiry,
        _ => DisputeState::Open,
    };
    Ok(StripeDispute {
        id: dispute.id.to_string(),
        state,
        amount_minor: dispute.amount,
        currency: currency(&dispute.currency)?,
        reason: dispute.reason,
        created_at: UnixMs::from_seconds(dispute.created),
    })
}

impl Stripe {
    /// Everything that was given back of an invoice. Its newest hundred of each kind: more than that of one invoice
    /// is nobody's business case.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_reversals(&self, invoice_id: &str) -> Result<Reversals, StripeError> {
        let mut found = Reversals { credit_notes: self.list_credit_notes(invoice_id).await?, ..Reversals::default() };
        let payments = self.fetch(ListInvoicePayment::new().invoice(invoice_id).limit(100)).await?;
        for payment in payments.data {
            let Some(intent) = payment.payment.payment_intent.map(|intent| intent.into_id().to_string()) else {
                continue;
            };
            for refund in self.fetch(ListRefund::new().payment_intent(&intent).limit(100)).await?.data {
                found.refunds.push(read_refund(refund)?);
            }
            for dispute in self.fetch(ListDispute::new().payment_intent(&intent).limit(100)).await?.data {
                found.disputes.push(read_dispute(dispute)?);
            }
        }
        Ok(found)
    }

    async fn list_credit_notes(&self, invoice_id: &str) -> Result<Vec<StripeCreditNote>, StripeError> {
        let request = ListCreditNote::new()
            .invoice(invoice_id)
            .limit(100)
            .expand(vec!["data.total_taxes.tax_rate_details.tax_rate".to_owned()]);
        let mut notes = Vec::new();
        for note in self.fetch(request).await?.data {
            notes.push(self.read_credit_note(note).await?);
        }
        Ok(notes)
    }

    async fn read_credit_note(&self, note: stripe_shared::CreditNote) -> Result<StripeCreditNote, StripeError> {
        let totals = note.total_taxes.unwrap_or_default();
        let rates = read_rates(&totals);
        let mut more = note.lines.has_more;
        let mut last = note.lines.data.last().map(|line| line.id.to_string());
        let mut lines: Vec<_> = note.lines.data.into_iter().map(|line| read_line(line, &rates)).collect();
        while let Some(after) = last.take().filter(|_| more) {
            let request = ListCreditNoteCreditNoteLineItem::new(note.id.clone()).limit(100).starting_after(after);
            let page = self.fetch(request).await?;
            more = page.has_more;
            last = page.data.last().map(|line| line.id.to_string());
            lines.extend(page.data.into_iter().map(|line| read_line(line, &rates)));
        }
        Ok(StripeCreditNote {
            id: note.id.to_string(),
            number: note.number,
            is_void: note.status == CreditNoteStatus::Void,
            currency: currency(&note.currency)?,
            subtotal_minor: note.subtotal,
            discount_minor: note.discount_amount,
            tax_minor: totals.iter().map(|tax| tax.amount).sum(),
            total_minor: note.total,
            reduced_minor: note.pre_payment_amount,
            elsewhere_minor: note.out_of_band_amount.unwrap_or(0),
            refunds: note
                .refunds
                .into_iter()
                .map(|refund| (refund.refund.into_id().to_string(), refund.amount_refunded))
                .collect(),
            reason: note.reason.map(|reason| reason.to_string()).unwrap_or_default(),
            memo: note.memo.unwrap_or_default(),
            taxes: totals.iter().map(|tax| read_tax(tax, &rates)).collect(),
            lines,
            issued_at: UnixMs::from_seconds(note.effective_at.unwrap_or(note.created)),
            voided_at: note.voided_at.map(UnixMs::from_seconds),
        })
    }

    /// The invoices that a payment pays, by Stripe's ids.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn find_invoices_of_payment(&self, payment_intent_id: &str) -> Result<Vec<String>, StripeError> {
        let mut payment = ListInvoicePaymentPayment::new(ListInvoicePaymentPaymentType::PaymentIntent);
        payment.payment_intent = Some(payment_intent_id.to_owned());
        let page = self.fetch(ListInvoicePayment::new().payment(payment).limit(100)).await?;
        Ok(page.data.into_iter().filter_map(|payment| payment.invoice.into_id()).map(|id| id.to_string()).collect())
    }

    /// The payment that a charge, refund or dispute is about, by its id; `None` where there is none.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn find_payment_of(&self, object_id: &str) -> Result<Option<String>, StripeError> {
        let (intent, charge) = match object_id.split('_').next() {
            Some("re" | "pyr") => {
                let refund = self.fetch(RetrieveRefund::new(object_id)).await?;
                (refund.payment_intent, refund.charge)
            }
            Some("du" | "dp") => {
                let dispute = self.fetch(RetrieveDispute::new(object_id)).await?;
                (dispute.payment_intent, Some(dispute.charge))
            }
            _ => (self.fetch(RetrieveCharge::new(object_id)).await?.payment_intent, None),
        };
        let intent = intent.map(|intent| intent.into_id().to_string());
        match (intent, charge) {
            (None, Some(charge)) => {
                let charge = self.fetch(RetrieveCharge::new(charge.into_id())).await?;
                Ok(charge.payment_intent.map(|intent| intent.into_id().to_string()))
            }
            (intent, _) => Ok(intent),
        }
    }

    /// Issues a credit note, and pays back what it says; answers its id.
    ///
    /// # Errors
    /// [`StripeError`]; the same key again issues nothing twice.
    pub async fn create_credit_note(&self, key: &IdempotencyKey, new: &NewCreditNote) -> Result<String, StripeError> {
        let metadata = HashMap::from([("key".to_owned(), key.0.clone())]);
        // By amount, not by lines: Stripe spreads it over the lines, so that the total is what was agreed on.
        let mut request = CreateCreditNote::new(&new.invoice_id).metadata(metadata).amount(new.amount_minor);
        request = match new.settlement {
            None => request,
            Some(CreditSettlement::Refund) => request.refund_amount(new.amount_minor),
            Some(CreditSettlement::Balance) => request.credit_amount(new.amount_minor),
            Some(CreditSettlement::Elsewhere) => request.out_of_band_amount(new.amount_minor),
        };
        if !new.reason.is_empty() {
            let reason: CreditNoteReason = new.reason.parse().map_err(StripeError::unreadable)?;
            request = request.reason(reason);
        }
        if !new.memo.is_empty() {
            request = request.memo(&new.memo);
        }
        Ok(self.act(key, request).await?.id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> Currency {
        Currency::parse("usd").expect("a currency")
    }

    fn note(total_minor: i64, refunds: Vec<(String, i64)>) -> StripeCreditNote {
        StripeCreditNote {
            id: "cn_1".to_owned(),
            number: "1".to_owned(),
            is_void: false,
            currency: usd(),
            subtotal_minor: total_minor,
            discount_minor: 0,
            tax_minor: 0,
            total_minor,
            reduced_minor: 0,
            elsewhere_minor: 0,
            refunds,
            reason: String::new(),
            memo: String::new(),
            taxes: Vec::new(),
            lines: Vec::new(),
            issued_at: UnixMs(0),
            voided_at: None,
        }
    }

    fn refund(id: &str, status: &str, amount_minor: i64) -> StripeRefund {
        let (id, status, reason) = (id.to_owned(), status.to_owned(), String::new());
        StripeRefund { id, status, amount_minor, currency: usd(), reason, created_at: UnixMs(0) }
    }

    fn dispute(state: DisputeState, amount_minor: i64) -> StripeDispute {
        let (id, reason) = ("du_1".to_owned(), String::new());
        StripeDispute { id, state, amount_minor, currency: usd(), reason, created_at: UnixMs(0) }
    }

    #[test]
    fn what_was_given_back_counts_once_however_it_went() {
        let noted = note(300, vec![("re_1".to_owned(), 300)]);
        let cases = [
            (Reversals::default(), 0),
            (Reversals { refunds: vec![refund("re_1", "pending", 300)], ..Reversals::default() }, 300),
            (Reversals { refunds: vec![refund("re_1", "failed", 300)], ..Reversals::default() }, 0),
            (
                Reversals {
                    credit_notes: vec![noted.clone()],
                    refunds: vec![refund("re_1", "succeeded", 300), refund("re_2", "succeeded", 20)],
                    disputes: Vec::new(),
                },
                320,
            ),
            // It was refunded by a credit note, but for 20 that became credit, and the refund came back; or was called off.
            (
                Reversals {
                    credit_notes: vec![note(320, vec![("re_1".to_owned(), 300)])],
                    refunds: vec![refund("re_1", "failed", 300)],
                    disputes: Vec::new(),
                },
                20,
            ),
            (
                Reversals {
                    credit_notes: vec![noted.clone()],
                    refunds: vec![refund("re_1", "canceled", 300), refund("re_2", "succeeded", 300)],
                    disputes: Vec::new(),
                },
                300,
            ),
            (Reversals { credit_notes: vec![StripeCreditNote { is_void: true, ..noted }], ..Reversals::default() }, 0),
            (Reversals { credit_notes: vec![note(50, Vec::new())], ..Reversals::default() }, 50),
            (Reversals { disputes: vec![dispute(DisputeState::Open, 70)], ..Reversals::default() }, 70),
            (Reversals { disputes: vec![dispute(DisputeState::Won, 70)], ..Reversals::default() }, 0),
        ];
        for (reversals, expected) in cases {
            assert_eq!(reversals.given_back_minor(), expected, "{reversals:?}");
        }
    }
}
