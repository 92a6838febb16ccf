//! A partner's change that waits for its transfer, of a license that its client goes on with: what the money is for is settled
//! first, it buys once, and what comes too late stays the partner's.

use std::time::Duration;

use backend::billing::unpaid_changes::{Withdrawal, withdraw_change};
use backend::billing::{
    Agreed, CancelReason, Cancellation, Change, ChangePreview, ChangeRefusal, ChangeRequest, ChargeNow,
    cancel_subscription, change_subscription, preview_change,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::ids::LicenseId;
use backend::invoices::InvoiceStatus;
use backend::invoices::transfers::list_cash_balance;
use backend::licenses::LicenseStatus;
use backend::money::Money;
use backend::orders::continuing::rules::Obstacle;
use backend::orders::handlers::start_watching;
use backend::orders::{OrderPlacement, OrderStatus, Payment};
use backend::stripe::SubscriptionState;
use stripe_sandbox::Cut;

use super::continued::MONTHLY;
use super::for_clients::{Partner, TENTH};
use super::request;
use super::shop::Shop;
use crate::support::{master, on_both_engines};

/// A further seat of `startup`.
const SEAT: i64 = 14_900;

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
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.transferred_by(&partner).await?;
        shop.cancelled_by(&partner, &id).await?;
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
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.transferred_by(&partner).await?;
        shop.cancelled_by(&partner, &id).await?;
        let was = shop.subscription(&id).await?;
        let (wanted, charge) = shop.five_seats(&partner, &id).await?;
        let (_, url) = shop.ordered(&id).await?;

        // The partner's agreement has found who pays, and asks Stripe.
        shop.cut(Some((0, Cut::Before)));
        let (commerce, cx) = (shop.commerce.clone(), shop.act_as(&partner.user.id));
        let agreeing =
            tokio::spawn(async move { change_subscription(&commerce, &cx, &wanted, agreed(&charge)).await });
        while shop.was_cut().is_none() {
            anyhow::ensure!(!agreeing.is_finished(), "Stripe was not asked");
            // Another task is waited for, not time.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        shop.pay(&url, "4242").await?;
        shop.hear().await?;
        assert_eq!(shop.subscription(&id).await?.account_id, shop.account.id);
        shop.release();
        shop.cut(None);
        assert_eq!(agreeing.await??, Change::Refused(ChangeRefusal::NotAllowed));

        shop.hear().await?;
        shop.hear().await?;
        assert_eq!((shop.waiting(&id).await?, shop.invoices_of(&partner.account.id).await?.len()), (None, 1));
        let old = shop.stripe().fetch_subscription(&was.stripe_subscription_id).await?;
        assert_eq!(old.items.iter().map(|item| item.quantity).sum::<i64>(), 2, "the plan, and one seat beyond");
        // Nothing of the partner's is in the client's way.
        let more = request(&shop, &id, "startup", 9).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::NotBegun { begins_at: was.period_end }));
        Ok(())
    }
}
