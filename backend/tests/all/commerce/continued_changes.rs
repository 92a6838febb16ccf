//! A partner's change of a license that its client goes on with. Where it waits for a transfer, what the money is for is settled
//! first, it buys once, and what comes too late stays the partner's. Where a card is charged, the client waits until it is known
//! what came of it.

use std::time::Duration;

use backend::billing::unpaid_changes::{Withdrawal, withdraw_change};
use backend::billing::{
    Agreed, CancelReason, Cancellation, Change, ChangePreview, ChangeRefusal, ChangeRequest, ChargeNow, CommerceError,
    Subscription, cancel_subscription, change_subscription, preview_change,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{HOUR_MS, MINUTE_MS};
use backend::db::Db;
use backend::ids::LicenseId;
use backend::invoices::InvoiceStatus;
use backend::invoices::transfers::list_cash_balance;
use backend::licenses::LicenseStatus;
use backend::money::Money;
use backend::orders::continuing::rules::Obstacle;
use backend::orders::handlers::start_watching;
use backend::orders::{Fulfilment, Order, OrderPlacement, OrderStatus, Payment, fulfil_order};
use backend::stripe::SubscriptionState;
use stripe_sandbox::Cut;
use tokio::task::JoinHandle;

use super::continued::MONTHLY;
use super::for_clients::{Partner, TENTH};
use super::request;
use super::shop::Shop;
use crate::support::{master, on_both_engines};

/// A further seat of `startup`.
const SEAT: i64 = 14_900;

/// The call to Stripe that charges a card: who pays is looked up before, and what it costs.
const CHARGING: usize = 2;

impl Shop {
    /// Three seats of `startup` that the partner has ordered for the buyer and paid by transfer.
    async fn transferred_by(&self, partner: &Partner) -> anyhow::Result<LicenseId> {
        let placed = self.order_for_client_by(Payment::Transfer, partner, &partner.account.id, TENTH).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let order = self.find_order(&order.id).await?;
        self.transfer_of(partner, self.awaited(&order).await?.1.total_minor).await?;
        let id = order.license_id.expect("a license");
        assert_eq!(self.license(&id).await?.status, LicenseStatus::Active);
        Ok(id)
    }

    /// The partner is shown what five seats cost.
    async fn five_seats(&self, partner: &Partner, id: &LicenseId) -> anyhow::Result<(ChangeRequest, ChargeNow)> {
        let plan_id = self.plan("startup").await?.id;
        let to = Composition::new(plan_id, BillingInterval::Month, 5, self.currency);
        let request = ChangeRequest { license_id: id.clone(), to };
        match preview_change(&self.commerce, &self.act_as(&partner.user.id), &request).await? {
            ChangePreview::Now(charge) => Ok((request, *charge)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// The partner agrees to five seats; answers what they cost, and how long they are waited for.
    async fn wants_five_seats(&self, partner: &Partner, id: &LicenseId) -> anyhow::Result<ChargeNow> {
        let (request, charge) = self.five_seats(partner, id).await?;
        let cx = self.act_as(&partner.user.id);
        let change = change_subscription(&self.commerce, &cx, &request, agreed(&charge)).await?;
        assert!(matches!(change, Change::AwaitingTransfer { .. }), "{change:?}");
        self.hear().await?;
        assert_eq!(self.license(id).await?.seats, 3);
        Ok(charge)
    }

    /// The partner does not go on.
    async fn cancelled_by(&self, partner: &Partner, id: &LicenseId) -> anyhow::Result<()> {
        let cx = self.act_as(&partner.user.id);
        let cancelled = cancel_subscription(&self.commerce, &cx, id, &CancelReason::default()).await?;
        assert!(matches!(cancelled, Cancellation::Cancelling { .. }), "{cancelled:?}");
        self.hear().await
    }

    /// The partner agrees to what it was shown, and is held in the call to Stripe that comes after so many others.
    async fn agreeing(
        &self,
        partner: &Partner,
        (wanted, charge): (ChangeRequest, &ChargeNow),
        held: (usize, Cut),
    ) -> anyhow::Result<JoinHandle<Result<Change, CommerceError>>> {
        self.cut(Some(held));
        let (commerce, cx, agreed) = (self.commerce.clone(), self.act_as(&partner.user.id), agreed(charge));
        let agreeing = tokio::spawn(async move { change_subscription(&commerce, &cx, &wanted, agreed).await });
        while self.was_cut().is_none() {
            anyhow::ensure!(!agreeing.is_finished(), "Stripe was not asked");
            // Another task is waited for, not time.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(agreeing)
    }

    /// What is held goes on.
    fn let_go(&self) {
        self.release();
        self.cut(None);
    }

    /// The client's page of the order looks what became of it.
    async fn look_at(&self, order: &Order) -> anyhow::Result<Fulfilment> {
        Ok(fulfil_order(&self.commerce, &self.cx(), &order.id).await?)
    }

    /// The order to go on with three seats is given up, because the partner has five by now; then the client goes on with those.
    async fn goes_on_with_five(&self, partner: &Partner, order: &Order, charge: &ChargeNow) -> anyhow::Result<()> {
        let id = order.license_id.clone().expect("a license");
        let was = self.subscription(&id).await?;
        assert_eq!((was.seats, was.changing_until, self.license(&id).await?.seats), (5, None, 5));
        assert_eq!(self.look_at(order).await?, Fulfilment::Closed(OrderStatus::Cancelled));
        assert_eq!((&was.account_id, self.charged().await?), (&partner.account.id, 0));
        let paid = self.paid_invoices(partner).await?;
        assert!(paid.len() == 2 && paid.contains(&charge.amount_due.amount_minor), "{paid:?}");
        let order = self.continued(&id).await?;
        assert_eq!((order.status, order.seats, order.amount_minor), (OrderStatus::Paid, 5, MONTHLY + 2 * SEAT));
        let row = self.subscription(&id).await?;
        assert_eq!((&row.account_id, row.begins_at, row.seats), (&self.account.id, Some(was.period_end), 5));
        Ok(())
    }

    /// What the partner has transferred and nothing took.
    async fn kept_of(&self, partner: &Partner) -> anyhow::Result<Vec<Money>> {
        let (vendor_id, id) = (self.vendor.id.clone(), partner.account.id.clone());
        Ok(self.db.read(|tx| Box::pin(async move { list_cash_balance(tx, &vendor_id, &id).await })).await?)
    }

    /// What the partner has paid, invoice by invoice.
    async fn paid_invoices(&self, partner: &Partner) -> anyhow::Result<Vec<i64>> {
        let all = self.invoices_of(&partner.account.id).await?;
        let paid = all.iter().filter(|invoice| invoice.status == InvoiceStatus::Paid);
        Ok(paid.map(|invoice| invoice.paid_minor).collect())
    }
}

fn agreed(charge: &ChargeNow) -> Agreed {
    Agreed::ChargeNow { proration_date: charge.proration_date, amount_due_minor: charge.amount_due.amount_minor }
}

/// Three seats of `startup` for the buyer, which the partner has paid and does not go on with.
async fn paid_and_cancelled(db: Db, payment: Payment) -> anyhow::Result<(Shop, Partner, LicenseId)> {
    let shop = Shop::open(db).await?;
    let partner = shop.partner().await?;
    let by_transfer = payment == Payment::Transfer;
    let id = if by_transfer { shop.transferred_by(&partner).await? } else { shop.paid_by(&partner).await? };
    shop.cancelled_by(&partner, &id).await?;
    Ok((shop, partner, id))
}

/// The client takes over what the partner pays, after the partner's agreement has found who pays and before Stripe is asked
/// what the change costs. Nothing comes of the agreement; answers what the partner paid.
async fn agree_when_it_is_taken_over(db: Db, payment: Payment) -> anyhow::Result<(Shop, LicenseId, Subscription)> {
    let (shop, partner, id) = paid_and_cancelled(db, payment).await?;
    let was = shop.subscription(&id).await?;
    let (wanted, charge) = shop.five_seats(&partner, &id).await?;
    let (_, url) = shop.ordered(&id).await?;
    let agreeing = shop.agreeing(&partner, (wanted, &charge), (0, Cut::Before)).await?;
    shop.pay(&url, "4242").await?;
    shop.hear().await?;
    assert_eq!(shop.subscription(&id).await?.account_id, shop.account.id);
    shop.let_go();
    assert_eq!(agreeing.await??, Change::Refused(ChangeRefusal::NotAllowed));

    shop.hear().await?;
    shop.hear().await?;
    assert_eq!(shop.invoices_of(&partner.account.id).await?.len(), 1);
    let old = shop.stripe().fetch_subscription(&was.stripe_subscription_id).await?;
    assert_eq!(old.items.iter().map(|item| item.quantity).sum::<i64>(), 2, "the plan, and one seat beyond");
    Ok((shop, id, was))
}

/// The client agrees on Stripe's page while the partner's card is charged: before Stripe has done it, or after.
async fn agree_while_a_card_is_charged(db: Db, cut: Cut) -> anyhow::Result<()> {
    let (shop, partner, id) = paid_and_cancelled(db, Payment::Card).await?;
    let (wanted, charge) = shop.five_seats(&partner, &id).await?;
    let (order, url) = shop.ordered(&id).await?;
    let agreeing = shop.agreeing(&partner, (wanted, &charge), (CHARGING, cut)).await?;
    let charging = format!("POST /v1/subscriptions/{}", shop.subscription(&id).await?.stripe_subscription_id);
    assert_eq!(shop.was_cut(), Some(charging));
    shop.pay(&url, "4242").await?;
    assert_eq!(shop.look_at(&order).await?, Fulfilment::AwaitingPayment);
    // Nor is it ordered anew meanwhile.
    assert_eq!(shop.refused(&id).await?, Obstacle::PaymentDue);
    shop.hear().await?;
    assert_eq!(shop.subscription(&id).await?.account_id, partner.account.id);

    shop.let_go();
    let change = agreeing.await??;
    assert!(matches!(change, Change::Applied { .. }), "{change:?}");
    shop.hear().await?;
    shop.goes_on_with_five(&partner, &order, &charge).await
}

on_both_engines! {
    async fn a_change_that_waits_for_the_partners_money_comes_first_and_its_money_buys_once(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.transferred_by(&partner).await?;
        let charge = shop.wants_five_seats(&partner, &id).await?;
        shop.part(&partner).await?;
        shop.hear().await?;
        let was = shop.subscription(&id).await?;
        assert!(was.cancel_at_period_end);
        assert_eq!(shop.refused(&id).await?, Obstacle::PaymentDue);
        // What the client has is none of the partner's business any more.
        let withdrawn = withdraw_change(&shop.commerce, &shop.act_as(&partner.user.id), &id).await?;
        assert_eq!(withdrawn, Withdrawal::NotAllowed);

        shop.transfer_of(&partner, charge.amount_due.amount_minor).await?;
        assert_eq!((shop.license(&id).await?.seats, shop.waiting(&id).await?), (5, None));
        let order = shop.continued(&id).await?;
        assert_eq!((order.status, order.seats, order.amount_minor), (OrderStatus::Paid, 5, MONTHLY + 2 * SEAT));
        let row = shop.subscription(&id).await?;
        assert_eq!((&row.account_id, row.begins_at), (&shop.account.id, Some(was.period_end)));
        assert_eq!((shop.license(&id).await?.seats, shop.charged().await?), (5, 0));
        shop.set_clock(was.period_end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Active, MONTHLY + 2 * SEAT));
        let paid = shop.paid_invoices(&partner).await?;
        assert!(paid.len() == 2 && paid.contains(&charge.amount_due.amount_minor), "{paid:?}");
        assert_eq!(shop.kept_of(&partner).await?, vec![]);
        Ok(())
    }

    async fn a_change_that_begins_while_the_page_is_open_is_settled_before_the_client_goes_on(db: Db) {
        let (shop, partner, id) = paid_and_cancelled(db, Payment::Transfer).await?;
        let was = shop.subscription(&id).await?;
        let (cx, key) = (shop.cx(), master());
        shop.db.write(move |tx| Box::pin(async move { start_watching(tx, &cx, &key).await })).await?;
        let (order, url) = shop.ordered(&id).await?;
        let charge = shop.wants_five_seats(&partner, &id).await?;
        shop.pay(&url, "4242").await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        assert_eq!((shop.subscription(&id).await?.account_id, shop.charged().await?), (partner.account.id.clone(), 0));
        let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
        let made = shop.objects_of("subscription", &customer);
        assert!(made.iter().all(|it| it["status"] == "canceled"), "{made:?}");

        // Its money does not come in time; then nothing is left of it, and the client goes on with what there is.
        shop.set_clock(charge.by_transfer.expect("by transfer"))?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.seats, shop.waiting(&id).await?), (3, None));
        let order = shop.continued(&id).await?;
        assert_eq!((order.status, order.amount_minor), (OrderStatus::Paid, MONTHLY));
        shop.transfer_of(&partner, charge.amount_due.amount_minor).await?;
        assert_eq!(shop.kept_of(&partner).await?, vec![charge.amount_due]);
        shop.set_clock(was.period_end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        shop.hear().await?;
        let (license, row) = (shop.license(&id).await?, shop.subscription(&id).await?);
        assert_eq!((license.status, license.seats, &row.account_id), (LicenseStatus::Active, 3, &shop.account.id));
        assert_eq!((row.stripe_status, shop.charged().await?), (SubscriptionState::Active, MONTHLY));
        assert_eq!((shop.paid_invoices(&partner).await?.len(), shop.kept_of(&partner).await?), (1, vec![charge.amount_due]));
        Ok(())
    }

    async fn who_agrees_to_a_change_when_somebody_else_has_just_taken_over_is_invoiced_nothing(db: Db) {
        let (shop, id, was) = agree_when_it_is_taken_over(db, Payment::Transfer).await?;
        assert_eq!(shop.waiting(&id).await?, None);
        // Nothing of the partner's is in the client's way.
        let more = request(&shop, &id, "startup", 9).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::NotBegun { begins_at: was.period_end }));
        Ok(())
    }

    async fn no_card_is_charged_for_a_change_of_what_somebody_else_has_just_taken_over(db: Db) {
        let (shop, id, _) = agree_when_it_is_taken_over(db, Payment::Card).await?;
        let row = shop.subscription(&id).await?;
        assert_eq!((row.seats, row.changing_until, shop.license(&id).await?.seats), (3, None, 3));
        Ok(())
    }

    async fn the_client_goes_on_when_the_partners_card_is_charged_or_not(db: Db) {
        agree_while_a_card_is_charged(db, Cut::Before).await
    }

    async fn the_client_goes_on_with_what_the_partners_card_was_charged_for(db: Db) {
        agree_while_a_card_is_charged(db, Cut::After).await
    }

    async fn a_charge_whose_end_nobody_has_seen_is_looked_at_before_the_client_goes_on(db: Db) {
        let (shop, partner, id) = paid_and_cancelled(db, Payment::Card).await?;
        let was = shop.subscription(&id).await?;
        let (wanted, charge) = shop.five_seats(&partner, &id).await?;
        let (order, url) = shop.ordered(&id).await?;
        let agreeing = shop.agreeing(&partner, (wanted, &charge), (CHARGING, Cut::Before)).await?;
        agreeing.abort();
        assert!(agreeing.await.is_err_and(|error| error.is_cancelled()));
        shop.cut(None);
        shop.pay(&url, "4242").await?;
        let begun = shop.now();
        for minutes in [0, 9] {
            shop.set_clock(begun.plus(minutes * MINUTE_MS))?;
            shop.hear().await?;
            assert_eq!(shop.look_at(&order).await?, Fulfilment::AwaitingPayment);
        }
        shop.set_clock(begun.plus(10 * MINUTE_MS))?;
        shop.hear().await?;
        let done = shop.look_at(&order).await?;
        assert!(matches!(&done, Fulfilment::Fulfilled { license_id, .. } if *license_id == id), "{done:?}");
        let row = shop.subscription(&id).await?;
        assert_eq!((&row.account_id, row.begins_at), (&shop.account.id, Some(was.period_end)));
        assert_eq!((shop.license(&id).await?.seats, shop.charged().await?), (3, 0));
        assert_eq!(shop.invoices_of(&partner.account.id).await?.len(), 1);
        Ok(())
    }

    async fn a_change_that_the_partners_bank_wants_confirmed_is_settled_before_the_client_goes_on(db: Db) {
        let (shop, partner, id) = paid_and_cancelled(db, Payment::Card).await?;
        shop.use_card(&id, "pm_card_authenticationRequired").await?;
        let was = shop.subscription(&id).await?;
        let (wanted, charge) = shop.five_seats(&partner, &id).await?;
        let (order, url) = shop.ordered(&id).await?;
        let cx = shop.act_as(&partner.user.id);
        let change = change_subscription(&shop.commerce, &cx, &wanted, agreed(&charge)).await?;
        assert!(matches!(change, Change::AwaitingPayment { .. }), "{change:?}");
        // Nobody has told of its invoice yet.
        shop.pay(&url, "4242").await?;
        assert_eq!(shop.look_at(&order).await?, Fulfilment::AwaitingPayment);
        let asked = shop.stripe().fetch_subscription(&was.stripe_subscription_id).await?;
        let invoice_id = asked.latest_invoice_id.expect("an invoice");
        shop.call(&format!("invoices/{invoice_id}/pay"), "payment_method=pm_card_visa").await?;
        assert_eq!(shop.look_at(&order).await?, Fulfilment::AwaitingPayment);
        shop.hear().await?;
        shop.hear().await?;
        shop.goes_on_with_five(&partner, &order, &charge).await
    }
}
