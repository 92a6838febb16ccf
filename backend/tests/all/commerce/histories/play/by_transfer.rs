//! What is ordered against an invoice, and the money that comes for it or does not.

use anyhow::{Context as _, ensure};
use backend::catalog::{BillingInterval, Composition};
use backend::orders::{OrderPlacement, Payment, Purchase};

use super::super::steps::Money;
use super::super::tariff::Code;
use super::Player;

/// What somebody sends too much.
const EXCESS: i64 = 700;

impl Player<'_> {
    pub(super) async fn order_forever(&mut self, seats: i64, code: Option<Code>) -> anyhow::Result<String> {
        if self.books.forever.is_some() {
            return Ok("has one already".to_owned());
        }
        let market = self.books.market;
        let plan_id = self.shop.plan("forever").await?.id;
        let choice = Composition::new(plan_id, BillingInterval::Once, seats, self.shop.currency);
        let takes_off = market.sums(&[market.forever().0 * seats], code).discount;
        let shown = code.map(|code| (code.name().to_owned(), takes_off));
        let placed = self.shop.place_by(Purchase::Plan(choice), Payment::Transfer, shown).await?;
        let OrderPlacement::Made { order } = placed else {
            ensure!(placed == OrderPlacement::PaymentNotOffered && !market.takes_transfers(), "{placed:?}");
            return Ok("not sold by transfer".to_owned());
        };
        ensure!(market.takes_transfers(), "ordered by transfer in {}", market.currency);
        self.books.order_forever(seats, code);
        self.forever = self.shop.find_order(&order.id).await?.license_id;
        self.ordered = Some(order.id);
        Ok("ordered for ever".to_owned())
    }

    pub(super) async fn send(&mut self, money: Money) -> anyhow::Result<String> {
        if self.ordered.is_none() {
            return Ok("nothing".to_owned());
        }
        let (amount, word) = match (self.books.missing(), money) {
            (Some(missing), Money::Part) => ((missing / 3).max(1), "money in part"),
            (Some(missing), Money::Rest) => (missing, "money in full"),
            (Some(missing), Money::More) => (missing + EXCESS, "money in excess"),
            (None, _) => (EXCESS, "money kept"),
        };
        self.stripe_invoices().await?;
        let customer = self.customer.clone().context("a customer")?;
        let path = format!("test_helpers/customers/{customer}/fund_cash_balance");
        self.shop.call(&path, &format!("amount={amount}&currency={}", self.books.market.currency)).await?;
        self.books.receive(amount);
        Ok(word.to_owned())
    }

    /// What came and was taken by nothing is the customer's.
    pub(super) async fn check_kept(&self) -> anyhow::Result<()> {
        let kept: i64 = self.shop.kept().await?.iter().map(|money| money.amount_minor).sum();
        ensure!(kept == self.books.cash, "{kept} are kept, meant {}", self.books.cash);
        Ok(())
    }
}
