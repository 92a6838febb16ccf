//! What is given back: refunds, credit notes, disputes.

use anyhow::{Context as _, ensure};
use backend::Cx;
use backend::invoices::InvoiceStatus;
use backend::refunds::{CreditInvoice, CreditOutcome, credit_invoice};
use backend::stripe::CreditSettlement;

use super::super::books::{Bill, Contest, Stand};
use super::Player;

impl Player<'_> {
    pub(super) async fn refund(&mut self, pick: usize, whole: bool) -> anyhow::Result<String> {
        let can = |bill: &Bill| {
            let is_free = !matches!(bill.contest, Some(Contest::Open | Contest::Lost));
            let is_charged = bill.stand == Stand::Paid && !bill.by_transfer;
            is_charged && is_free && bill.credited == 0 && bill.refunded < bill.paid
        };
        let Some(number) = self.pick(pick, can) else { return Ok("nothing".to_owned()) };
        let left = self.books.bills[number].paid - self.books.bills[number].refunded;
        let amount = if whole { left } else { (left / 3).max(1) };
        let invoice = self.stripe_invoice(number).await?;
        let id = invoice["id"].as_str().context("an id")?;
        let page = self.shop.look(&format!("invoice_payments?invoice={id}")).await?;
        let payment = page["data"][0]["payment"]["payment_intent"].as_str().context("a payment")?.to_owned();
        self.shop.call("refunds", &format!("payment_intent={payment}&amount={amount}")).await?;
        self.books.give_back(number, amount, false, false);
        Ok(if whole { "refunded" } else { "refunded in part" }.to_owned())
    }

    pub(super) async fn credit(&mut self, pick: usize, whole: bool, to_balance: bool) -> anyhow::Result<String> {
        let noted = |bill: &Bill| bill.sums.total - bill.credited;
        let can = |bill: &Bill| {
            let is_plain = bill.contest.is_none() && (bill.refunded == 0 || bill.credited > 0);
            let charged = if to_balance { i64::MAX } else { bill.paid - bill.refunded };
            let is_charged = bill.stand == Stand::Paid && !bill.by_transfer;
            is_charged && is_plain && noted(bill) > 0 && charged > 0
        };
        let Some(number) = self.pick(pick, can) else { return Ok("nothing".to_owned()) };
        let bill = &self.books.bills[number];
        let left = if to_balance { noted(bill) } else { noted(bill).min(bill.paid - bill.refunded) };
        let amount = if whole { left } else { (left / 3).max(1) };
        let credited_before_minor = bill.credited;
        let stripe_id = self.stripe_invoice(number).await?["id"].as_str().context("an id")?.to_owned();
        let ours = self.shop.invoices().await?.into_iter().find(|invoice| invoice.stripe_invoice_id == stripe_id);
        // Staff can credit only what has arrived here.
        let Some(invoice) = ours.filter(|invoice| invoice.status == InvoiceStatus::Paid) else {
            return Ok("nothing".to_owned());
        };
        let request = CreditInvoice {
            invoice_id: invoice.id,
            amount_minor: amount,
            settlement: if to_balance { CreditSettlement::Balance } else { CreditSettlement::Refund },
            reason: String::new(),
            memo: String::new(),
            credited_before_minor,
        };
        let staff = Cx { now: self.shop.now(), ..self.staff.clone() };
        let came = credit_invoice(&self.shop.commerce, &staff, &request).await?;
        ensure!(came == CreditOutcome::Credited, "{came:?}");
        self.books.give_back(number, amount, true, to_balance);
        Ok(if to_balance { "credited to the balance" } else { "credited and refunded" }.to_owned())
    }

    fn pick(&self, pick: usize, can: impl Fn(&Bill) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.books.bills.len()).filter(|number| can(&self.books.bills[*number])).collect();
        (!all.is_empty()).then(|| all[pick % all.len()])
    }

    pub(super) async fn decide(&mut self, won: bool) -> anyhow::Result<String> {
        let open = |bill: &Bill| bill.contest == Some(Contest::Open);
        let Some(number) = self.pick(0, open) else { return Ok("nothing".to_owned()) };
        let invoice = self.stripe_invoice(number).await?;
        let id = invoice["id"].as_str().context("an id")?;
        let page = self.shop.look(&format!("invoice_payments?invoice={id}")).await?;
        let payment = page["data"][0]["payment"]["payment_intent"].as_str().context("a payment")?.to_owned();
        let page = self.shop.look(&format!("disputes?payment_intent={payment}")).await?;
        let dispute = page["data"][0]["id"].as_str().context("a dispute")?.to_owned();
        if won {
            let evidence = "evidence[uncategorized_text]=winning_evidence&submit=true";
            self.shop.call(&format!("disputes/{dispute}"), evidence).await?;
        } else {
            self.shop.call(&format!("disputes/{dispute}/close"), "").await?;
        }
        self.books.bills[number].contest = Some(if won { Contest::Won } else { Contest::Lost });
        Ok(if won { "dispute won" } else { "dispute lost" }.to_owned())
    }
}
