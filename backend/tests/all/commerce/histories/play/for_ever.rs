//! What is bought once: a perpetual license, and years of updates for it.

use anyhow::Context as _;
use backend::catalog::{BillingInterval, Composition};
use backend::orders::Purchase;

use super::super::tariff::Code;
use super::Player;

impl Player<'_> {
    pub(super) async fn buy_forever(&mut self, seats: i64, code: Option<Code>) -> anyhow::Result<String> {
        if self.books.forever.is_some() {
            return Ok("has one already".to_owned());
        }
        let plan_id = self.shop.plan("forever").await?.id;
        let choice = Composition::new(plan_id, BillingInterval::Once, seats, self.shop.currency);
        let code = code.filter(|code| !self.books.holds(*code));
        let takes_off = self.books.market.sums(&[self.books.market.forever().0 * seats], code).discount;
        let order = self.order(Purchase::Plan(choice), code.map(|code| (code, takes_off)), true).await?;
        self.books.buy_forever(seats, code);
        let order = self.shop.find_order(&order.context("an order")?).await?;
        self.forever = order.license_id;
        Ok(if code.is_some() { "bought for ever, with a code" } else { "bought for ever" }.to_owned())
    }

    pub(super) async fn buy_updates(&mut self) -> anyhow::Result<String> {
        let is_good = self.books.right_for_ever().is_some_and(|(right, _)| right.status == "active");
        let Some(license_id) = self.forever.clone().filter(|_| is_good) else { return Ok("nothing".to_owned()) };
        let updates = Purchase::Maintenance { license_id, years: 1, currency: self.shop.currency };
        self.order(updates, None, true).await?;
        self.books.buy_updates();
        Ok("bought updates".to_owned())
    }
}
