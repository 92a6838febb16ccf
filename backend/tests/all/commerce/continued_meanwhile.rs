//! What changes around a license that its client goes on with: money that is missing, comes back or is disputed, and what
//! happens while Stripe's page is open.

use backend::billing::{SubscriptionEnd, end_subscription};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use backend::db::Db;
use backend::invoices::{Invoice, import_invoice};
use backend::licenses::LicenseStatus;
use backend::orders::continuing::rules::Obstacle;
use backend::orders::{
    CheckoutUrls, ForClient, GivenUp, OrderPlacement, OrderStatus, Payment, PlaceOrder, Purchase, cancel_order,
    place_order,
};
use backend::{Actor, Cx};

use super::continued::MONTHLY;
use super::for_clients::{Partner, TENTH};
use super::reversals::{payment, status};
use super::shop::{Shop, run_sql};
use crate::support::on_both_engines;

impl Shop {
    /// Money arrives for a partner.
    pub(super) async fn transfer_of(&self, partner: &Partner, minor: i64) -> anyhow::Result<()> {
        let (vendor_id, id) = (self.vendor.id.clone(), partner.account.id.clone());
        let found =
            self.db.read(|tx| Box::pin(async move { backend::accounts::find_account(tx, &vendor_id, &id).await }));
        let customer = found.await?.and_then(|account| account.stripe_customer_id).expect("a customer");
        let path = format!("test_helpers/customers/{customer}/fund_cash_balance");
        self.call(&path, &format!("amount={minor}&currency=usd")).await?;
        self.hear().await?;
        self.hear().await
    }

    /// The partner's newest invoice.
    async fn last_billed(&self, partner: &Partner) -> anyhow::Result<Invoice> {
        Ok(self.invoices_of(&partner.account.id).await?.remove(0))
    }
}

on_both_engines! {
    async fn time_that_the_partner_has_not_paid_is_no_paid_time(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let placed = shop.order_for_client_by(Payment::Transfer, &partner, &partner.account.id, TENTH).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let order = shop.find_order(&order.id).await?;
        let id = order.license_id.clone().expect("a license");
        shop.transfer_of(&partner, shop.awaited(&order).await?.1.total_minor).await?;
        assert_eq!(shop.license(&id).await?.status, LicenseStatus::Active);

        // Renewed, and for an hour there is only a draft.
        let renewed_at = shop.subscription(&id).await?.period_end;
        shop.set_clock(renewed_at.plus(20 * MINUTE_MS))?;
        shop.hear().await?;
        shop.part(&partner).await?;
        shop.hear().await?;
        let row = shop.subscription(&id).await?;
        assert!(row.cancel_at_period_end && row.period_end > renewed_at && row.past_due_since.is_none());
        assert_eq!(shop.refused(&id).await?, Obstacle::PaymentDue);
        shop.set_clock(renewed_at.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        let owed = shop.last_billed(&partner).await?;
        assert!(owed.due_minor > 0, "{owed:?}");
        assert_eq!(shop.refused(&id).await?, Obstacle::PaymentDue);

        shop.transfer_of(&partner, owed.due_minor).await?;
        let order = shop.continued(&id).await?;
        assert_eq!((order.status, order.license_id.as_ref()), (OrderStatus::Paid, Some(&id)));
        let after = shop.subscription(&id).await?;
        assert_eq!((&after.account_id, after.begins_at), (&shop.account.id, Some(row.period_end)));
        assert_eq!(shop.charged().await?, 0);
        Ok(())
    }

    async fn what_the_partner_gets_back_takes_the_license_with_it_while_it_runs(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let end = shop.subscription(&id).await?.period_end;
        shop.continued(&id).await?;
        let payment = payment(&shop, &shop.last_billed(&partner).await?).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        shop.hear().await?;
        assert_eq!(status(&shop, &id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        let row = shop.subscription(&id).await?;
        assert!(row.account_id == shop.account.id && row.cancel_at_period_end, "nobody pays for what does not work");
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!(shop.charged().await?, 0);
        Ok(())
    }

    async fn a_dispute_of_the_partner_freezes_what_it_has_paid_and_nothing_after(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let end = shop.subscription(&id).await?.period_end;
        shop.continued(&id).await?;
        let invoice = shop.last_billed(&partner).await?;
        let disputed = format!(
            "INSERT INTO disputes (id, vendor_id, account_id, invoice_id, stripe_dispute_id, status, currency, amount_minor,
                                   reason, opened_at, updated_at)
             VALUES ('dsp_1', '{}', '{}', '{}', 'dp_1', 'open', 'usd', {}, 'fraudulent', {now}, {now})",
            shop.vendor.id, partner.account.id, invoice.id, invoice.total_minor, now = shop.now().0
        );
        run_sql(&shop.db, vec![disputed]).await?;
        import_invoice(&shop.commerce, &shop.cx(), &invoice.stripe_invoice_id).await?;
        assert!(shop.license(&id).await?.disputed_at.is_some());
        // From then on it is the client's money.
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.disputed_at, shop.charged().await?), (None, MONTHLY));
        import_invoice(&shop.commerce, &shop.cx(), &invoice.stripe_invoice_id).await?;
        assert_eq!(shop.license(&id).await?.disputed_at, None);
        Ok(())
    }

    async fn what_the_client_gets_back_takes_the_license_also_where_the_order_that_made_it_was_given_up(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let placed = shop.order_for_client_by(Payment::Transfer, &partner, &partner.account.id, TENTH).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let given_up = cancel_order(&shop.commerce, &shop.act_as(&partner.user.id), &order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.status, LicenseStatus::Ended);
        assert_eq!(shop.continued(&id).await?.status, OrderStatus::Paid);
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Active, MONTHLY));
        let payment = payment(&shop, &shop.invoices().await?.remove(0)).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        shop.hear().await?;
        assert_eq!(status(&shop, &id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        Ok(())
    }

    async fn nothing_is_charged_at_another_time_than_was_shown(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let end = shop.subscription(&id).await?.period_end;
        for begins_at in [None, Some(end.plus(-DAY_MS)), Some(end.plus(DAY_MS))] {
            let purchase = Purchase::Continuation { license_id: id.clone(), currency: shop.currency, begins_at };
            let placed = shop.place(purchase).await?;
            assert!(matches!(placed, OrderPlacement::DiscountChanged), "{placed:?}");
        }
        shop.ordered(&id).await?;
        Ok(())
    }

    async fn a_page_that_was_opened_before_the_end_is_not_paid_after_it(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let end = shop.subscription(&id).await?.period_end;
        shop.set_clock(end.plus(-50 * HOUR_MS))?;
        let (order, url) = shop.ordered(&id).await?;
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert!(shop.pay(&url, "4242").await.is_err(), "it has run out");
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Expired);
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Ended, 0));
        assert_eq!(shop.continued(&id).await?.status, OrderStatus::Paid);
        assert_eq!((shop.subscription(&id).await?.begins_at, shop.charged().await?), (None, MONTHLY));
        Ok(())
    }

    async fn what_ends_while_the_page_is_open_is_not_given_for_nothing_nor_charged_earlier(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let (order, url) = shop.ordered(&id).await?;
        let operator = Cx { actor: Actor::Operator, ..shop.cx() };
        assert_eq!(end_subscription(&shop.commerce, &operator, &id, "").await?, SubscriptionEnd::Ended);
        shop.outbox.take();
        shop.pay(&url, "4242").await?;
        shop.hear().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Ended, 0));
        assert_eq!(shop.subscription(&id).await?.account_id, partner.account.id);
        let mails = shop.subjects();
        assert_eq!(mails.iter().filter(|subject| subject.contains("was cancelled")).count(), 1, "{mails:?}");
        // Agreed to anew, it is charged at once, and once.
        assert_eq!(shop.continued(&id).await?.status, OrderStatus::Paid);
        shop.set_clock(shop.now().plus(5 * DAY_MS))?;
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Active, MONTHLY));
        Ok(())
    }

    async fn what_changes_while_the_page_is_open_is_agreed_to_anew(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        shop.hear().await?;
        let (order, url) = shop.ordered(&id).await?;
        run_sql(&shop.db, vec![format!("UPDATE licenses SET seats = 4 WHERE id = '{id}'")]).await?;
        shop.pay(&url, "4242").await?;
        shop.hear().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        assert_eq!((shop.license(&id).await?.seats, shop.charged().await?), (4, 0));
        assert_eq!(shop.subscription(&id).await?.account_id, partner.account.id);
        Ok(())
    }

    async fn what_costs_nothing_goes_on_for_nothing_at_once(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let plan_id = shop.plan("community").await?.id;
        let place = PlaceOrder {
            account_id: partner.account.id.clone(),
            user_id: partner.user.id.clone(),
            session_hash: None,
            purchase: Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 1, shop.currency)),
            payment: Payment::None,
            promotion: None,
            for_client: Some(ForClient { relation_id: partner.relation_id.clone(), takes_off_minor: 0, request: None }),
            urls: CheckoutUrls {
                success: "https://portal.test/orders/{ORDER_ID}".to_owned(),
                cancel: "https://portal.test/pricing".to_owned(),
            },
        };
        let placed = place_order(&shop.commerce, &shop.act_as(&partner.user.id), &place).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let id = shop.find_order(&order.id).await?.license_id.expect("a license");
        shop.part(&partner).await?;
        shop.hear().await?;
        let was = shop.subscription(&id).await?;
        let purchase = Purchase::Continuation { license_id: id.clone(), currency: shop.currency, begins_at: None };
        let placed = shop.place_by(purchase, Payment::None, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        shop.hear().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        let row = shop.subscription(&id).await?;
        assert_eq!((&row.account_id, row.begins_at, row.recurring_minor), (&shop.account.id, None, 0));
        assert!(!row.cancel_at_period_end && row.stripe_subscription_id != was.stripe_subscription_id);
        shop.set_clock(was.period_end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Active, 0));
        Ok(())
    }
}
