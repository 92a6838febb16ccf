//! What is paid by bank transfer: its money comes when everything else has been recovered, or before the worker is killed.

use anyhow::{Context as _, bail, ensure};
use backend::billing::{Agreed, Change, ChangePreview, ChangeRequest, change_subscription, preview_change};
use backend::catalog::BillingInterval;
use backend::db::DbError;
use backend::ids::LicenseId;
use backend::invoices::transfers::{Transfer, find_with_invoice};
use backend::licenses::LicenseStatus;
use backend::orders::{AccountOrderFilter, Order, OrderStatus, Payment, list_account_orders};
use serde_json::Value;

use super::victim::change;
use super::{Scene, Subject};

impl Scene {
    /// An order that waits for its money.
    pub(super) async fn ordered_by_transfer(&mut self) -> anyhow::Result<Order> {
        let order = self.shop.order_by_transfer("startup", BillingInterval::Month).await?;
        self.bought += 1;
        self.settle().await?;
        Ok(order)
    }

    /// A license whose money has come.
    pub(super) async fn bought_by_transfer(&mut self) -> anyhow::Result<LicenseId> {
        let order = self.ordered_by_transfer().await?;
        let (_, transfer) = self.shop.awaited(&order).await?;
        self.money_comes(transfer.total_minor).await?;
        order.license_id.context("no license")
    }

    /// Agrees to a change; answers what is waited for then.
    pub(super) async fn changed_by_transfer(
        &mut self,
        request: &ChangeRequest,
        agreed: Agreed,
    ) -> anyhow::Result<Transfer> {
        let came = change_subscription(&self.shop.commerce, &self.shop.cx(), request, agreed).await?;
        ensure!(matches!(came, Change::AwaitingTransfer { .. }), "{came:?}");
        self.settle().await?;
        self.awaited_change(&request.license_id).await
    }

    async fn awaited_change(&self, license_id: &LicenseId) -> anyhow::Result<Transfer> {
        let waiting = self.shop.waiting(license_id).await?.context("no change waits")?;
        let (vendor_id, id) = (waiting.vendor_id, waiting.stripe_invoice_id.context("no invoice of the change")?);
        let found = self.shop.db.read(|tx| Box::pin(async move { find_with_invoice(tx, &vendor_id, &id).await }));
        Ok(found.await?.context("the invoice of the change is not here")?.1)
    }

    async fn money_comes(&mut self, minor: i64) -> anyhow::Result<()> {
        self.shop.transfer(minor).await?;
        self.settle().await?;
        self.settle().await?;
        ensure!(self.shop.kept().await?.is_empty(), "nothing took {:?}", self.shop.kept().await?);
        Ok(())
    }

    /// An order whose process was killed was made all the same, and once; its money licenses it.
    pub(super) async fn pay_the_order(&mut self, subject: &Subject) -> anyhow::Result<()> {
        let order = self.placed_by(subject).await?;
        let license_id = order.license_id.clone().context("the order was not completed")?;
        let status = self.shop.license(&license_id).await?.status;
        ensure!(status == LicenseStatus::Pending, "{status:?} before its money came");
        let (_, transfer) = self.shop.awaited(&order).await?;
        self.money_comes(transfer.total_minor).await?;
        let status = self.shop.license(&license_id).await?.status;
        ensure!(status == LicenseStatus::Active, "{status:?} after its money came");
        ensure!(self.shop.find_order(&order.id).await?.status == OrderStatus::Paid, "{order:?}");

        let customer = self.customer().await?;
        let subscriptions = self.shop.objects_of("subscription", &customer);
        let is_its = |made: &&Value| made["metadata"]["order_id"] == order.id.as_str();
        let made: Vec<&Value> = subscriptions.iter().filter(is_its).map(|made| &made["id"]).collect();
        let invoices = self.shop.objects_of("invoice", &customer);
        let is_its = |invoice: &&Value| made.contains(&&invoice["parent"]["subscription_details"]["subscription"]);
        let billed: Vec<&Value> = invoices.iter().filter(is_its).map(|invoice| &invoice["status"]).collect();
        ensure!(made.len() == 1 && billed == ["paid"], "made {made:?}, billed {billed:?}");
        Ok(())
    }

    /// The order that the killed process has placed.
    async fn placed_by(&self, subject: &Subject) -> anyhow::Result<Order> {
        let (cx, account_id) = (self.shop.cx(), self.shop.account.id.clone());
        let filter = AccountOrderFilter::default();
        let listed: Result<_, DbError> = self
            .shop
            .db
            .read(|tx| Box::pin(async move { list_account_orders(tx, &cx, &account_id, &filter, None, 10).await }))
            .await;
        let orders = listed?.context("whoever ordered may look")?;
        let is_its = |order: &Order| order.payment == Payment::Transfer && subject.act["now"] == order.created_at.0;
        orders.into_iter().map(|listed| listed.order).find(is_its).context("no order")
    }

    /// A change whose process was killed waits for its money, or was never made and is agreed to anew; its money makes it.
    pub(super) async fn pay_the_change(&mut self, subject: &Subject) -> anyhow::Result<()> {
        let (request, _) = change(&subject.act);
        // What Stripe never heard of is not waited for that long.
        self.recover().await?;
        if self.shop.waiting(&request.license_id).await?.is_none() {
            let shown = preview_change(&self.shop.commerce, &self.shop.cx(), &request).await?;
            let ChangePreview::Now(charge) = shown else { bail!("{shown:?}") };
            let (proration_date, amount_due_minor) = (charge.proration_date, charge.amount_due.amount_minor);
            self.changed_by_transfer(&request, Agreed::ChargeNow { proration_date, amount_due_minor }).await?;
            self.agreed_minor = amount_due_minor;
        }
        let transfer = self.awaited_change(&request.license_id).await?;
        ensure!(transfer.total_minor == self.agreed_minor, "{transfer:?}, agreed {}", self.agreed_minor);
        let seats = self.shop.license(&request.license_id).await?.seats;
        ensure!(seats < request.to.seats, "{seats} seats before the money came");
        self.money_comes(transfer.total_minor).await?;
        ensure!(self.shop.waiting(&request.license_id).await?.is_none(), "it is paid, and waits");
        Ok(())
    }
}
