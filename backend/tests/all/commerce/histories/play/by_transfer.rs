//! What is ordered against an invoice, and the money that comes for it or does not.

use anyhow::{Context as _, bail, ensure};
use backend::billing::unpaid_changes::{Withdrawal, withdraw_change};
use backend::catalog::{BillingInterval, Composition};
use backend::orders::{Order, OrderPlacement, Payment, Purchase};

use super::super::books::{Stand, State, Why};
use super::super::steps::Money;
use super::super::tariff::{Code, Item, Shape};
use super::Player;

/// What somebody sends too much.
const EXCESS: i64 = 700;

impl Player<'_> {
    pub(super) async fn order_forever(&mut self, seats: i64, code: Option<Code>) -> anyhow::Result<String> {
        if self.books.forever.is_some() {
            return Ok("has one already".to_owned());
        }
        let plan_id = self.shop.plan("forever").await?.id;
        let choice = Composition::new(plan_id, BillingInterval::Once, seats, self.shop.currency);
        let code = code.filter(|code| !self.books.holds(*code));
        let lines = [self.books.market.forever().0 * seats];
        let Some(order) = self.order_sent(choice, &lines, code).await? else {
            return Ok("not sold by transfer".to_owned());
        };
        self.books.order_forever(seats, code);
        self.forever = order.license_id;
        Ok("ordered for ever".to_owned())
    }

    pub(super) async fn subscribe_by_transfer(&mut self, shape: &Shape, code: Option<Code>) -> anyhow::Result<String> {
        if self.books.last().is_some_and(|sub| !matches!(sub.state, State::Over { .. })) {
            return Ok("has one already".to_owned());
        }
        let choice = self.composition(shape).await?;
        let code = code.filter(|code| !self.books.holds(*code));
        let lines: Vec<i64> = self.books.market.items(shape).iter().map(Item::cost).collect();
        let Some(order) = self.order_sent(choice, &lines, code).await? else {
            return Ok("not sold by transfer".to_owned());
        };
        self.books.order(*shape, code);
        self.licenses.push(order.license_id);
        Ok("subscribed by transfer".to_owned())
    }

    /// An order whose invoice is sent; none where Stripe takes no transfers.
    async fn order_sent(
        &mut self,
        choice: Composition,
        lines: &[i64],
        code: Option<Code>,
    ) -> anyhow::Result<Option<Order>> {
        let market = self.books.market;
        let takes_off = market.sums(lines, code).discount;
        let shown = code.map(|code| (code.name().to_owned(), takes_off));
        let placed = self.shop.place_by(Purchase::Plan(choice), Payment::Transfer, shown).await?;
        let OrderPlacement::Made { order } = placed else {
            ensure!(placed == OrderPlacement::PaymentNotOffered && !market.takes_transfers(), "{placed:?}");
            return Ok(None);
        };
        ensure!(market.takes_transfers(), "ordered by transfer in {}", market.currency);
        self.ordered.push(order.id.clone());
        Ok(Some(self.shop.find_order(&order.id).await?))
    }

    pub(super) async fn send(&mut self, money: Money) -> anyhow::Result<String> {
        if self.ordered.is_empty() {
            return Ok("nothing".to_owned());
        }
        let waiting = self.books.waiting();
        let all: i64 = waiting.iter().map(|(_, missing)| missing).sum();
        let (amount, word) = match (waiting.first(), money) {
            (Some((_, missing)), Money::Part) => ((missing / 3).max(1), "money in part"),
            (Some(_), Money::Rest) => (all, "money in full"),
            (Some(_), Money::More) => (all + EXCESS, "money in excess"),
            (None, _) => (EXCESS, "money kept"),
        };
        self.stripe_invoices().await?;
        let customer = self.customer.clone().context("a customer")?;
        let path = format!("test_helpers/customers/{customer}/fund_cash_balance");
        self.shop.call(&path, &format!("amount={amount}&currency={}", self.books.market.currency)).await?;
        self.books.receive(amount);
        for (number, _) in waiting {
            let bill = &self.books.bills[number];
            let paid = match bill.why {
                Why::Create => "subscription paid by transfer",
                Why::Cycle => "renewal paid by transfer",
                Why::Update { .. } => "change paid by transfer",
                Why::Forever | Why::Updates | Why::Conversion => continue,
            };
            if bill.stand == Stand::Paid {
                self.note_all([paid]);
            }
        }
        Ok(word.to_owned())
    }

    /// The customer takes back the change that waits for its transfer.
    pub(super) async fn withdraw(&mut self) -> anyhow::Result<String> {
        let Some(id) = self.license() else { return Ok("nothing".to_owned()) };
        let came = withdraw_change(&self.shop.commerce, &self.shop.cx(), &id).await?;
        let word = match (self.books.withdraw(), came) {
            (None, Withdrawal::Nothing) => "nothing",
            (Some(true), Withdrawal::Withdrawn) => "change withdrawn",
            (Some(false), Withdrawal::Paid) => "change withdrawn too late",
            (meant, came) => bail!("came to {came:?}, meant {meant:?}"),
        };
        Ok(word.to_owned())
    }

    /// What came and was taken by nothing is the customer's.
    pub(super) async fn check_kept(&self) -> anyhow::Result<()> {
        let kept: i64 = self.shop.kept().await?.iter().map(|money| money.amount_minor).sum();
        ensure!(kept == self.books.cash, "{kept} are kept, meant {}", self.books.cash);
        Ok(())
    }

    /// How the last subscription stands, where it is paid by transfer and not simply runs.
    pub(super) fn stand_by_transfer(&self) -> Option<&'static str> {
        let sub = self.books.last().filter(|sub| sub.by_transfer)?;
        let right = self.books.right(self.books.subs.len() - 1);
        match (right.status, sub.state) {
            ("pending", State::PastDue) => Some("first transfer is late"),
            ("active", State::PastDue) => Some("transfer is late"),
            ("suspended", _) => Some("suspended by transfer"),
            _ => None,
        }
    }
}
