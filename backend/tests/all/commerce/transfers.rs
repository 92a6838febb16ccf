//! Buying by bank transfer: the license is there from the order on and works from the payment on, whatever becomes of
//! webhooks; parts, too much, too late, and never.

use backend::billing::{SubscriptionEnd, end_subscription, reconcile};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::ids::LicenseId;
use backend::invoices::transfers::{Transfer, TransferStatus, find_with_invoice, list_cash_balance};
use backend::invoices::{Invoice, InvoiceStatus};
use backend::licenses::LicenseStatus;
use backend::licenses::rules::{Inactive, add_years, standing};
use backend::money::Money;
use backend::orders::{
    Fulfilment, GivenUp, Order, OrderPlacement, OrderStatus, Payment, Purchase, cancel_order, fulfil_order,
};
use backend::stripe::{InvoiceState, SubscriptionState};
use backend::{Actor, Cx};

use super::shop::{Shop, run_sql};
use crate::support::{NOW, on_both_engines};

/// $299.00 and 19 % German VAT.
const STARTUP: i64 = 35_581;

impl Shop {
    /// An order of a plan with what it includes.
    pub(super) async fn order_by_transfer(
        &self,
        plan: &'static str,
        interval: BillingInterval,
    ) -> anyhow::Result<Order> {
        let seats = self.plan(plan).await?.included_seats;
        self.order_seats_by_transfer(plan, interval, seats).await
    }

    async fn order_seats_by_transfer(
        &self,
        plan: &'static str,
        interval: BillingInterval,
        seats: i64,
    ) -> anyhow::Result<Order> {
        let plan_id = self.plan(plan).await?.id;
        let purchase = Purchase::Plan(Composition::new(plan_id, interval, seats, self.currency));
        match self.place_by(purchase, Payment::Transfer, None).await? {
            OrderPlacement::Made { order } => self.find_order(&order.id).await,
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// A license by transfer, paid.
    pub(super) async fn bought_by_transfer(
        &self,
        plan: &'static str,
        interval: BillingInterval,
        seats: i64,
    ) -> anyhow::Result<LicenseId> {
        let order = self.order_seats_by_transfer(plan, interval, seats).await?;
        let (_, transfer) = self.awaited(&order).await?;
        self.transfer(transfer.total_minor).await?;
        self.hear().await?;
        self.hear().await?;
        let license_id = order.license_id.expect("a license");
        assert_eq!(self.license(&license_id).await?.status, LicenseStatus::Active);
        self.subjects();
        Ok(license_id)
    }

    pub(super) async fn awaited(&self, order: &Order) -> anyhow::Result<(Invoice, Transfer)> {
        let (vendor_id, id) = (self.vendor.id.clone(), order.stripe_invoice_id.clone().unwrap_or_default());
        let found = self.db.read(|tx| Box::pin(async move { find_with_invoice(tx, &vendor_id, &id).await }));
        found.await?.ok_or_else(|| anyhow::anyhow!("nothing is awaited"))
    }

    /// Money arrives for the buyer.
    pub(super) async fn transfer(&self, minor: i64) -> anyhow::Result<()> {
        let state = self.find_account().await?;
        let customer = state.stripe_customer_id.ok_or_else(|| anyhow::anyhow!("no customer"))?;
        let path = format!("test_helpers/customers/{customer}/fund_cash_balance");
        self.call(&path, &format!("amount={minor}&currency=usd")).await?;
        Ok(())
    }

    pub(super) async fn hear(&self) -> anyhow::Result<()> {
        self.deliver_all().await?;
        self.work().await?;
        Ok(())
    }

    pub(super) async fn kept(&self) -> anyhow::Result<Vec<Money>> {
        let (vendor_id, account_id) = (self.vendor.id.clone(), self.account.id.clone());
        let kept =
            self.db.read(|tx| Box::pin(async move { list_cash_balance(tx, &vendor_id, &account_id).await })).await?;
        Ok(kept)
    }

    pub(super) fn subjects(&self) -> Vec<String> {
        self.outbox.take().into_iter().map(|mail| mail.subject).collect()
    }
}

fn usd(minor: i64) -> Money {
    Money::new(minor, backend::money::Currency::parse("usd").expect("a currency"))
}

/// What was made for an order is void and over.
async fn nothing_is_left(shop: &Shop, order: &Order) -> anyhow::Result<()> {
    let invoice_id = order.stripe_invoice_id.as_deref().expect("an invoice");
    assert_eq!(shop.stripe().fetch_invoice(invoice_id).await?.state, InvoiceState::Void);
    if let Some(subscription_id) = &order.stripe_subscription_id {
        assert_eq!(shop.stripe().fetch_subscription(subscription_id).await?.state, SubscriptionState::Canceled);
    }
    Ok(())
}

on_both_engines! {
    async fn a_subscription_by_transfer_works_from_its_first_payment_on(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        assert_eq!((order.status, order.payment), (OrderStatus::Open, Payment::Transfer));
        let license_id = order.license_id.clone().expect("a license");
        let license = shop.license(&license_id).await?;
        assert_eq!((license.status, standing(&license, NOW)), (LicenseStatus::Pending, Err(Inactive::NotPaid)));
        let refused = shop.activate(&license_id, "node-a").await.expect_err("not paid").to_string();
        assert!(refused.contains("NotPaid") || refused.contains("LicenseNotPaid"), "{refused}");

        let (invoice, transfer) = shop.awaited(&order).await?;
        assert_eq!((invoice.status, invoice.total_minor, invoice.due_at), (InvoiceStatus::Open, STARTUP, Some(NOW.plus(14 * DAY_MS))));
        assert_eq!((transfer.arrived_minor, transfer.total_minor, transfer.status), (0, STARTUP, TransferStatus::Awaited));
        assert_eq!(transfer.void_at, Some(NOW.plus(28 * DAY_MS)));
        let pays_to = &transfer.pays_to.0;
        assert!(!pays_to.account_number.is_empty() && !pays_to.routing_number.is_empty(), "{pays_to:?}");
        assert_eq!(invoice.parties.0.pays_to.as_ref(), Some(pays_to));
        shop.work().await?;
        let mails = shop.outbox.take();
        let asked: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("please transfer")).collect();
        assert_eq!(asked.len(), 1, "{mails:?}");
        assert!(!mails.iter().any(|mail| mail.subject.contains("is ready")), "{mails:?}");
        for said in [pays_to.account_number.as_str(), &pays_to.routing_number, &invoice.number, "$355.81"] {
            assert!(asked[0].text.contains(said), "{said} in {}", asked[0].text);
        }

        shop.set_clock(NOW.plus(2 * DAY_MS))?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Pending, "time alone pays nothing");
        shop.transfer(STARTUP).await?;
        shop.hear().await?;
        shop.hear().await?;
        let license = shop.license(&license_id).await?;
        assert_eq!((license.status, license.status_reason.as_str()), (LicenseStatus::Active, ""));
        shop.activate(&license_id, "node-a").await?;
        let order = shop.find_order(&order.id).await?;
        assert_eq!(order.status, OrderStatus::Paid);
        let (invoice, transfer) = shop.awaited(&order).await?;
        assert_eq!((invoice.status, transfer.status, transfer.arrived_minor), (InvoiceStatus::Paid, TransferStatus::Paid, STARTUP));
        let mails = shop.subjects();
        assert_eq!(mails.iter().filter(|subject| subject.contains("is ready")).count(), 1, "{mails:?}");
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len(), shop.kept().await?), (1, 1, vec![]));
        Ok(())
    }

    async fn the_return_page_alone_finds_the_money(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        assert_eq!(fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?, Fulfilment::AwaitingPayment);
        shop.transfer(STARTUP).await?;
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let at_once = futures::future::join_all((0..12).map(|_| fulfil_order(commerce, &cx, &order.id))).await;
        let mut newly_made = 0;
        for outcome in at_once {
            let Fulfilment::Fulfilled { newly, .. } = outcome? else { anyhow::bail!("not fulfilled") };
            newly_made += u64::from(newly);
        }
        assert_eq!((newly_made, shop.licenses().await?), (1, 1));
        let license_id = order.license_id.expect("a license");
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        Ok(())
    }

    async fn the_reconciler_alone_finds_the_money(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("perpetual", BillingInterval::Once).await?;
        let license_id = order.license_id.clone().expect("a license");
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Pending);
        let (_, transfer) = shop.awaited(&order).await?;
        let paid_at = NOW.plus(5 * DAY_MS);
        shop.set_clock(paid_at)?;
        shop.transfer(transfer.total_minor).await?;
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.orders, 1);
        let license = shop.license(&license_id).await?;
        assert_eq!(license.status, LicenseStatus::Active);
        // The year of updates begins with the payment.
        assert_eq!(license.updates_until, Some(add_years(paid_at, 1)));
        shop.hear().await?;
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
        Ok(())
    }

    async fn an_order_that_died_after_stripe_made_it_is_completed_and_made_once(db: Db) {
        let shop = Shop::open(db).await?;
        for plan in ["startup", "perpetual"] {
            let interval = if plan == "startup" { BillingInterval::Month } else { BillingInterval::Once };
            let order = shop.order_by_transfer(plan, interval).await?;
            shop.forget_what_stripe_made(&order.id).await?;
            shop.forget_events().await?;
            assert_eq!(shop.find_order(&order.id).await?.license_id, None);
            reconcile(&shop.commerce, &shop.cx()).await?;
            let after = shop.find_order(&order.id).await?;
            assert_eq!(after.stripe_invoice_id, order.stripe_invoice_id, "{plan}: made once");
            assert_eq!(after.stripe_subscription_id, order.stripe_subscription_id);
            let license_id = after.license_id.clone().expect("a license");
            assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Pending);
            let (_, transfer) = shop.awaited(&after).await?;
            shop.transfer(transfer.total_minor).await?;
            shop.hear().await?;
            assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
            let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
            let made = shop.stripe().list_invoices_for_customer(&customer).await?;
            assert_eq!(made.len(), if plan == "startup" { 1 } else { 2 }, "{plan}");
        }
        Ok(())
    }

    async fn a_part_is_shown_the_rest_completes_it_and_too_much_is_kept(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        shop.transfer(10_000).await?;
        shop.hear().await?;
        let (invoice, transfer) = shop.awaited(&order).await?;
        assert_eq!((transfer.arrived_minor, transfer.missing()), (10_000, usd(STARTUP - 10_000)));
        assert_eq!((invoice.status, invoice.due_minor), (InvoiceStatus::Open, STARTUP - 10_000));
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Pending);
        shop.transfer(STARTUP - 10_000 + 2_500).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        assert_eq!(shop.kept().await?, vec![usd(2_500)]);
        Ok(())
    }

    async fn what_is_not_paid_is_reminded_of_and_given_up_and_late_money_is_kept(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("perpetual", BillingInterval::Once).await?;
        let license_id = order.license_id.clone().expect("a license");
        let due = shop.awaited(&order).await?.1.due_at;
        let (cx, master) = (shop.cx(), crate::support::master());
        shop.db
            .write(move |tx| {
                Box::pin(async move { backend::orders::handlers::start_watching(tx, &cx, &master).await })
            })
            .await?;
        shop.hear().await?;
        shop.outbox.take();
        for (days, expected) in [(-3, "is due on"), (0, "is due today"), (7, "is overdue")] {
            shop.set_clock(due.plus(days * DAY_MS + HOUR_MS))?;
            shop.hear().await?;
            shop.hear().await?;
            let mails = shop.subjects();
            assert_eq!(mails.iter().filter(|subject| subject.contains(expected)).count(), 1, "{days}: {mails:?}");
            assert_eq!(mails.len(), 1, "{days}: {mails:?}");
        }
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Pending);
        shop.transfer(1_000).await?;
        shop.set_clock(due.plus(14 * DAY_MS + HOUR_MS))?;
        shop.hear().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Expired);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        let (invoice, transfer) = shop.awaited(&order).await?;
        assert_eq!((invoice.status, transfer.status), (InvoiceStatus::Void, TransferStatus::Void));
        let mails = shop.subjects();
        assert_eq!(mails.iter().filter(|subject| subject.contains("was cancelled")).count(), 1, "{mails:?}");
        // The whole of it comes after all: nothing is licensed, and nothing is lost.
        shop.transfer(transfer.total_minor).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        assert_eq!(shop.kept().await?, vec![usd(transfer.total_minor + 1_000)]);
        Ok(())
    }

    async fn a_late_first_transfer_is_neither_grace_nor_lost(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        shop.set_clock(NOW.plus(20 * DAY_MS))?;
        shop.hear().await?;
        assert_eq!(shop.subscription(&license_id).await?.stripe_status, SubscriptionState::PastDue);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Pending);
        shop.transfer(STARTUP).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        Ok(())
    }

    async fn a_renewal_by_transfer_is_asked_for_and_unpaid_has_its_grace(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        shop.transfer(STARTUP).await?;
        shop.hear().await?;
        shop.outbox.take();
        let renews_at = shop.subscription(&license_id).await?.period_end;
        shop.set_clock(renews_at.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        let invoices = shop.invoices().await?;
        assert_eq!((invoices.len(), invoices[0].status), (2, InvoiceStatus::Open));
        let mails = shop.subjects();
        assert_eq!(mails.iter().filter(|subject| subject.contains("please transfer")).count(), 1, "{mails:?}");
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        let stripe_invoice_id = invoices[0].stripe_invoice_id.clone();
        let vendor_id = shop.vendor.id.clone();
        let renewal = shop
            .db
            .read(|tx| Box::pin(async move { find_with_invoice(tx, &vendor_id, &stripe_invoice_id).await }))
            .await?
            .expect("awaited");
        assert_eq!(renewal.1.void_at, None);

        let late = invoices[0].due_at.expect("due").plus(HOUR_MS);
        shop.set_clock(late)?;
        shop.hear().await?;
        let row = shop.subscription(&license_id).await?;
        assert_eq!(row.stripe_status, SubscriptionState::PastDue);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        shop.set_clock(late.plus(14 * DAY_MS + HOUR_MS))?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Suspended);
        shop.transfer(STARTUP).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        Ok(())
    }

    async fn an_order_by_transfer_can_be_taken_back_and_frees_everything(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        let outcome = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(outcome, GivenUp::Closed(OrderStatus::Cancelled));
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        assert_eq!(shop.subscription(&license_id).await?.stripe_status, SubscriptionState::Canceled);
        assert_eq!(shop.awaited(&order).await?.0.status, InvoiceStatus::Void);
        Ok(())
    }

    async fn what_staff_end_before_its_first_transfer_takes_no_money_any_more(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        let operator = Cx { actor: Actor::Operator, ..shop.cx() };
        let ended = end_subscription(&shop.commerce, &operator, &license_id, "ordered twice").await?;
        assert_eq!(ended, SubscriptionEnd::Ended);
        nothing_is_left(&shop, &order).await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        shop.transfer(STARTUP).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        assert_eq!(shop.kept().await?, vec![usd(STARTUP)]);
        Ok(())
    }

    async fn an_order_that_is_given_up_late_leaves_no_renewal_to_be_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        shop.transfer(1_000).await?;
        // Nobody has looked, and the subscription has renewed.
        shop.set_clock(NOW.plus(40 * DAY_MS))?;
        let outcome = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(outcome, GivenUp::Closed(OrderStatus::Cancelled));
        nothing_is_left(&shop, &order).await?;
        shop.hear().await?;
        let invoices = shop.invoices().await?;
        assert!(invoices.len() == 2 && invoices.iter().all(|it| it.status == InvoiceStatus::Void), "{invoices:?}");
        assert_eq!(shop.kept().await?, vec![usd(1_000)]);
        Ok(())
    }

    async fn an_order_whose_renewal_is_paid_is_kept(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        // Nobody has looked, and the subscription has renewed.
        shop.set_clock(NOW.plus(40 * DAY_MS))?;
        let subscription_id = order.stripe_subscription_id.as_deref().expect("a subscription");
        let open = shop.stripe().list_open_invoices(subscription_id).await?;
        let own = order.stripe_invoice_id.as_deref();
        let renewal = open.iter().find(|id| Some(id.as_str()) != own).expect("a renewal");
        shop.call(&format!("invoices/{renewal}/pay"), "payment_method=pm_card_visa").await?;
        let license_id = order.license_id.clone().expect("a license");
        for _ in 0..2 {
            let kept = GivenUp::Paid(Some(license_id.clone()));
            assert_eq!(cancel_order(&shop.commerce, &shop.cx(), &order.id).await?, kept);
        }
        let subscription = shop.stripe().fetch_subscription(subscription_id).await?;
        assert_ne!(subscription.state, SubscriptionState::Canceled);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        // What is owed for the first period stays owed.
        let own = shop.stripe().fetch_invoice(own.expect("an invoice")).await?;
        assert_eq!(own.state, InvoiceState::Open);
        Ok(())
    }

    async fn an_order_that_is_taken_back_before_it_is_known_what_stripe_made_leaves_nothing_there(db: Db) {
        let shop = Shop::open(db).await?;
        for (plan, interval) in [("startup", BillingInterval::Month), ("perpetual", BillingInterval::Once)] {
            let order = shop.order_by_transfer(plan, interval).await?;
            shop.forget_what_stripe_made(&order.id).await?;
            shop.forget_events().await?;
            let outcome = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
            assert_eq!(outcome, GivenUp::Closed(OrderStatus::Cancelled), "{plan}");
            nothing_is_left(&shop, &order).await?;
        }
        Ok(())
    }

    async fn what_stripe_made_for_an_order_that_was_given_up_meanwhile_ends_when_it_is_heard_of(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        shop.forget_what_stripe_made(&order.id).await?;
        shop.forget_events().await?;
        let given_up = format!("UPDATE orders SET status = 'cancelled' WHERE id = '{}'", order.id);
        run_sql(&shop.db, vec![given_up]).await?;
        shop.hear().await?;
        nothing_is_left(&shop, &order).await?;
        assert_eq!((shop.find_order(&order.id).await?.status, shop.licenses().await?), (OrderStatus::Cancelled, 0));
        Ok(())
    }

    async fn updates_are_renewed_by_transfer_when_it_has_arrived(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let purchase = Purchase::Maintenance { license_id: license.id.clone(), years: 1, currency: shop.currency };
        let placed = shop.place_by(purchase, Payment::Transfer, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let order = shop.find_order(&order.id).await?;
        assert_eq!(shop.license(&license.id).await?.updates_until, license.updates_until);
        let (_, transfer) = shop.awaited(&order).await?;
        shop.transfer(transfer.total_minor).await?;
        shop.hear().await?;
        shop.hear().await?;
        let renewed = license.updates_until.map(|until| add_years(until, 1));
        assert_eq!(shop.license(&license.id).await?.updates_until, renewed);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        Ok(())
    }

    async fn small_orders_are_not_sold_by_transfer(db: Db) {
        let shop = Shop::open(db).await?;
        let plan_id = shop.plan("maker").await?.id;
        let maker = Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 1, shop.currency));
        let placed = shop.place_by(maker, Payment::Transfer, None).await?;
        assert!(matches!(placed, OrderPlacement::PaymentNotOffered), "{placed:?}");
        Ok(())
    }
}
