//! What is given up or ended while something else happens at Stripe: who has paid has what was paid for, or credit for it, and
//! what is said to be over is over.

use std::pin::{Pin, pin};
use std::time::Duration;

use backend::billing::{CommerceError, SubscriptionEnd, end_subscription, project_event};
use backend::catalog::BillingInterval;
use backend::clock::DAY_MS;
use backend::db::Db;
use backend::invoices::InvoiceStatus;
use backend::invoices::transfers::{PaysFor, TransferStatus};
use backend::licenses::LicenseStatus;
use backend::licenses::rules::REASON_CANCELLED;
use backend::orders::handlers::start_watching;
use backend::orders::{Fulfilment, GivenUp, Order, OrderStatus, cancel_order, fulfil_order};
use backend::stripe::{InvoiceState, StripeErrorKind, SubscriptionState};
use backend::{Actor, Cx};
use stripe_sandbox::Cut;

use super::closing::number;
use super::reversals::{balance, status};
use super::shop::{Shop, run_sql};
use crate::support::{NOW, master, on_both_engines};

/// An order by transfer that nobody has looked at until its subscription has renewed.
struct Renewed {
    order: Order,
    subscription_id: String,
    own: String,
    renewal: String,
    /// Of either invoice.
    total_minor: i64,
}

impl Renewed {
    async fn order(shop: &Shop) -> anyhow::Result<Self> {
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let total_minor = shop.awaited(&order).await?.1.total_minor;
        shop.set_clock(NOW.plus(40 * DAY_MS))?;
        let subscription_id = order.stripe_subscription_id.clone().expect("a subscription");
        let own = order.stripe_invoice_id.clone().expect("an invoice");
        let open = shop.stripe().list_open_invoices(&subscription_id).await?;
        let renewal = open.into_iter().find(|id| *id != own).expect("a renewal");
        Ok(Self { order, subscription_id, own, renewal, total_minor })
    }

    /// Its invoice and its renewal's, and whether its subscription is over.
    async fn at_stripe(&self, shop: &Shop) -> anyhow::Result<(InvoiceState, InvoiceState, bool)> {
        let stripe = shop.stripe();
        let (own, renewal) = (stripe.fetch_invoice(&self.own).await?, stripe.fetch_invoice(&self.renewal).await?);
        let subscription = stripe.fetch_subscription(&self.subscription_id).await?;
        Ok((own.state, renewal.state, subscription.is_over()))
    }

    /// Nothing of it is left but credit for what was paid for the renewal.
    async fn became_credit(&self, shop: &Shop) -> anyhow::Result<()> {
        assert_eq!(self.at_stripe(shop).await?, (InvoiceState::Void, InvoiceState::Paid, true));
        assert_eq!(shop.find_order(&self.order.id).await?.status, OrderStatus::Cancelled);
        for _ in 0..2 {
            shop.hear().await?;
        }
        assert_eq!((shop.credit().await?, shop.kept().await?), (self.total_minor, vec![]), "once");
        let license_id = self.order.license_id.as_ref().expect("a license");
        let ended = (LicenseStatus::Ended, REASON_CANCELLED.to_owned());
        assert_eq!(status(shop, license_id).await?, ended, "not revoked: nobody had anything of that money");
        balance(shop).await?;
        Ok(())
    }

    /// The renewal is paid by card.
    async fn renewal_is_paid(&self, shop: &Shop) -> anyhow::Result<()> {
        shop.call(&format!("invoices/{}/pay", self.renewal), "payment_method=pm_card_visa").await?;
        Ok(())
    }

    /// What the renewal was paid with.
    async fn renewal_payment(&self, shop: &Shop) -> anyhow::Result<String> {
        let payments = shop.look(&format!("invoice_payments?invoice={}", self.renewal)).await?;
        let payments = payments["data"].as_array().expect("payments");
        let paid = payments.iter().find(|payment| payment["status"] == "paid").expect("a payment");
        Ok(paid["payment"]["payment_intent"].as_str().expect("an intent").to_owned())
    }

    /// Whoever has paid for the renewal goes on, though the first invoice came to an end like this.
    async fn is_kept(&self, shop: &Shop, own: InvoiceState) -> anyhow::Result<()> {
        let fulfilled = fulfil_order(&shop.commerce, &shop.cx(), &self.order.id).await?;
        assert!(matches!(fulfilled, Fulfilment::Fulfilled { .. }), "{fulfilled:?}");
        for _ in 0..2 {
            shop.hear().await?;
        }
        assert_eq!(self.at_stripe(shop).await?, (own, InvoiceState::Paid, false));
        assert_eq!(shop.find_order(&self.order.id).await?.status, OrderStatus::Paid);
        let license_id = self.order.license_id.as_ref().expect("a license");
        assert_eq!(shop.license(license_id).await?.status, LicenseStatus::Active);
        assert_eq!((shop.credit().await?, shop.kept().await?), (0, vec![]));
        balance(shop).await?;
        Ok(())
    }

    /// Gives the order up; its money comes before the call to Stripe that comes after so many others, and is this one.
    async fn given_up_while_money_comes(&self, shop: &Shop, calls: usize, call: &str) -> anyhow::Result<GivenUp> {
        let (cx, money) = (shop.cx(), shop.transfer(self.total_minor));
        let (held, given_up) = shop.meanwhile(calls, cancel_order(&shop.commerce, &cx, &self.order.id), money).await?;
        assert_eq!(held, call);
        Ok(given_up?)
    }
}

impl Shop {
    /// What comes of an act if something else happens before its call to Stripe that comes after so many others; with that
    /// call.
    async fn meanwhile<T>(
        &self,
        calls: usize,
        act: impl Future<Output = T>,
        happens: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<(String, T)> {
        let mut act = pin!(act);
        let call = self.until_held((calls, Cut::Before), act.as_mut()).await?;
        happens.await?;
        self.release();
        self.cut(None);
        Ok((call, act.await))
    }

    /// Whoever acts dies in the call to Stripe that comes after so many others, when that is done; answers that call.
    async fn dies(&self, calls: usize, act: impl Future) -> anyhow::Result<String> {
        let call = {
            let act = pin!(act);
            self.until_held((calls, Cut::After), act).await?
        };
        self.release();
        self.cut(None);
        Ok(call)
    }

    /// Goes on with an act until its call to Stripe is held that comes after so many others; answers that call.
    async fn until_held(&self, at: (usize, Cut), act: Pin<&mut impl Future>) -> anyhow::Result<String> {
        self.cut(Some(at));
        let held = async {
            while self.was_cut().is_none() {
                // Another task is waited for, not time.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            _ = act => anyhow::bail!("Stripe was not asked so often"),
            () = held => {}
        }
        Ok(self.was_cut().unwrap_or_default())
    }

    /// What the buyer has as credit for coming invoices.
    async fn credit(&self) -> anyhow::Result<i64> {
        let customer = self.find_account().await?.stripe_customer_id.expect("a customer");
        Ok(-self.look(&format!("customers/{customer}")).await?["balance"].as_i64().expect("a balance"))
    }

    fn operator(&self) -> Cx {
        Cx { actor: Actor::Operator, ..self.cx() }
    }
}

on_both_engines! {
    async fn money_that_comes_before_its_invoice_is_taken_back_buys_what_was_ordered(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        let void = format!("POST /v1/invoices/{}/void", late.own);
        let license_id = late.order.license_id.clone().expect("a license");
        let given_up = late.given_up_while_money_comes(&shop, 3, &void).await?;
        assert_eq!(given_up, GivenUp::Paid(Some(license_id.clone())));
        // The period that runs is still to be paid.
        assert_eq!(late.at_stripe(&shop).await?, (InvoiceState::Paid, InvoiceState::Open, false));
        shop.hear().await?;
        assert_eq!(shop.find_order(&late.order.id).await?.status, OrderStatus::Paid);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        assert_eq!((shop.credit().await?, shop.kept().await?), (0, vec![]));
        shop.transfer(late.total_minor).await?;
        shop.hear().await?;
        assert_eq!(shop.subscription(&license_id).await?.stripe_status, SubscriptionState::Active);
        balance(&shop).await?;
        Ok(())
    }

    async fn money_that_comes_when_its_invoice_is_taken_back_becomes_credit(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        let end = format!("DELETE /v1/subscriptions/{}", late.subscription_id);
        let given_up = late.given_up_while_money_comes(&shop, 4, &end).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        late.became_credit(&shop).await
    }

    async fn money_that_comes_while_renewals_are_taken_back_becomes_credit(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        let void = format!("POST /v1/invoices/{}/void", late.renewal);
        let given_up = late.given_up_while_money_comes(&shop, 7, &void).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        late.became_credit(&shop).await
    }

    async fn who_pays_for_a_later_period_goes_on_when_the_first_invoice_is_written_off(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        shop.call(&format!("invoices/{}/mark_uncollectible", late.own), "").await?;
        late.is_kept(&shop, InvoiceState::Uncollectible).await
    }

    async fn who_pays_for_a_later_period_goes_on_when_somebody_voids_the_first_invoice(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        shop.call(&format!("invoices/{}/void", late.own), "").await?;
        late.is_kept(&shop, InvoiceState::Void).await
    }

    async fn what_is_still_owed_of_the_first_invoice_is_reminded_of_as_what_goes_on(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        let kept = cancel_order(&shop.commerce, &shop.cx(), &late.order.id).await?;
        assert_eq!(kept, GivenUp::Paid(late.order.license_id.clone()));
        let (own, transfer) = shop.awaited(&late.order).await?;
        assert_eq!((own.status, transfer.status), (InvoiceStatus::Open, TransferStatus::Awaited));
        assert_eq!((transfer.pays_for, transfer.void_at), (PaysFor::Renewal, None));
        let (cx, master) = (shop.cx(), master());
        shop.db.write(move |tx| Box::pin(async move { start_watching(tx, &cx, &master).await })).await?;
        for _ in 0..2 {
            shop.hear().await?;
        }
        let mut mails = shop.outbox.take();
        mails.retain(|mail| mail.subject.contains(&own.number) && mail.subject.contains("is overdue"));
        assert_eq!(mails.len(), 1);
        assert!(!mails[0].text.contains("cancelled"), "nothing of it is given up: {}", mails[0].text);
        Ok(())
    }

    async fn what_a_run_that_died_has_begun_ends_and_the_money_that_came_meanwhile_is_credit(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        let cx = shop.cx();
        let call = shop.dies(3, cancel_order(&shop.commerce, &cx, &late.order.id)).await?;
        assert_eq!(call, format!("POST /v1/invoices/{}/void", late.own));
        // Nobody can buy with the first one any more.
        shop.transfer(late.total_minor).await?;
        assert_eq!(late.at_stripe(&shop).await?, (InvoiceState::Void, InvoiceState::Paid, false));
        let fulfilled = fulfil_order(&shop.commerce, &cx, &late.order.id).await?;
        assert_eq!(fulfilled, Fulfilment::Closed(OrderStatus::Cancelled));
        late.became_credit(&shop).await
    }

    async fn of_two_runs_at_once_none_keeps_it_by_money_that_came_when_its_invoice_was_taken_back(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        let cx = shop.cx();
        let beside = async {
            let other = pin!(cancel_order(&shop.commerce, &cx, &late.order.id));
            let call = shop.until_held((3, Cut::After), other).await?;
            assert_eq!(call, format!("POST /v1/invoices/{}/void", late.own));
            shop.transfer(late.total_minor).await
        };
        let (call, given_up) = shop.meanwhile(2, cancel_order(&shop.commerce, &cx, &late.order.id), beside).await?;
        assert_eq!(call, format!("GET /v1/invoices/{}", late.own));
        assert_eq!(given_up?, GivenUp::Closed(OrderStatus::Cancelled));
        late.became_credit(&shop).await
    }

    async fn what_ends_a_closed_order_and_dies_is_completed_when_it_is_heard_of_again(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        shop.forget_what_stripe_made(&late.order.id).await?;
        shop.forget_events().await?;
        run_sql(&shop.db, vec![format!("UPDATE orders SET status = 'cancelled' WHERE id = '{}'", late.order.id)]).await?;
        let created = shop.news(&mut 0, &["customer.subscription.created"]).remove(0);
        shop.deliver(&created).await?;
        let call = shop.dies(6, project_event(&shop.commerce, &shop.cx(), &created.id)).await?;
        assert_eq!(call, format!("DELETE /v1/subscriptions/{}", late.subscription_id));
        shop.transfer(late.total_minor).await?;
        assert_eq!(late.at_stripe(&shop).await?, (InvoiceState::Void, InvoiceState::Paid, true));
        for _ in 0..2 {
            shop.hear().await?;
        }
        assert_eq!(shop.find_order(&late.order.id).await?.status, OrderStatus::Cancelled);
        assert_eq!((shop.credit().await?, shop.licenses().await?), (late.total_minor, 0), "once");
        Ok(())
    }

    async fn whose_money_for_a_later_period_was_given_back_is_not_kept_by_it(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        let payment = late.renewal_payment(&shop).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        let given_up = cancel_order(&shop.commerce, &shop.cx(), &late.order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        assert_eq!(late.at_stripe(&shop).await?, (InvoiceState::Void, InvoiceState::Paid, true));
        for _ in 0..2 {
            shop.hear().await?;
        }
        assert_eq!((shop.credit().await?, shop.kept().await?), (0, vec![]), "it has gone back once");
        let license_id = late.order.license_id.as_ref().expect("a license");
        assert_eq!(status(&shop, license_id).await?.0, LicenseStatus::Ended);
        balance(&shop).await?;
        Ok(())
    }

    async fn what_comes_meanwhile_and_is_disputed_waits_for_the_bank_and_is_then_credit(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        let cx = shop.cx();
        let money = async {
            shop.call(&format!("invoices/{}/pay", late.renewal), "payment_method=pm_card_createDispute").await?;
            anyhow::Ok(())
        };
        let (call, given_up) = shop.meanwhile(7, cancel_order(&shop.commerce, &cx, &late.order.id), money).await?;
        assert_eq!(call, format!("POST /v1/invoices/{}/void", late.renewal));
        assert!(matches!(given_up, Err(CommerceError::Contradiction(_))), "{given_up:?}");
        assert_eq!(shop.find_order(&late.order.id).await?.status, OrderStatus::Open, "it is asked about again");
        assert_eq!(shop.credit().await?, 0);

        let intent = late.renewal_payment(&shop).await?;
        let disputes = shop.look(&format!("disputes?payment_intent={intent}")).await?;
        let dispute = disputes["data"][0]["id"].as_str().expect("a dispute");
        let evidence = "evidence[uncategorized_text]=winning_evidence&submit=true";
        shop.call(&format!("disputes/{dispute}"), evidence).await?;
        let given_up = cancel_order(&shop.commerce, &cx, &late.order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        late.became_credit(&shop).await
    }

    async fn a_first_invoice_that_is_paid_is_found_after_a_renewal_though_nobody_knows_its_id(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let total_minor = shop.awaited(&order).await?.1.total_minor;
        shop.transfer(total_minor).await?;
        shop.forget_what_stripe_made(&order.id).await?;
        shop.forget_events().await?;
        shop.set_clock(NOW.plus(40 * DAY_MS))?;
        let given_up = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(given_up, GivenUp::Paid(Some(_))), "{given_up:?}");
        let after = shop.find_order(&order.id).await?;
        assert_eq!((after.status, &after.stripe_invoice_id), (OrderStatus::Paid, &order.stripe_invoice_id));
        let subscription_id = order.stripe_subscription_id.as_deref().expect("a subscription");
        assert!(!shop.stripe().fetch_subscription(subscription_id).await?.is_over());
        Ok(())
    }

    async fn what_is_paid_before_staff_end_it_is_told_to_them_first(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        let subscription_id = order.stripe_subscription_id.clone().expect("a subscription");
        // Paid, and nobody has heard of it.
        shop.transfer(shop.awaited(&order).await?.1.total_minor).await?;
        let operator = shop.operator();
        let told = end_subscription(&shop.commerce, &operator, &license_id, "not paid").await;
        assert!(matches!(told, Err(CommerceError::Contradiction(_))), "{told:?}");
        assert!(!shop.stripe().fetch_subscription(&subscription_id).await?.is_over());
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        let said = "SELECT COUNT(*) FROM events WHERE event_type = 'order.ended_by_vendor'";
        assert_eq!(number(&shop, said).await?, 0);
        // Now they know.
        let ended = end_subscription(&shop.commerce, &operator, &license_id, "moved").await?;
        assert_eq!(ended, SubscriptionEnd::Ended);
        assert_eq!(number(&shop, said).await?, 1);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        assert_eq!(shop.credit().await?, 0);
        Ok(())
    }

    async fn staff_who_end_it_pay_nothing_back_of_the_periods_that_were_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        let license_id = late.order.license_id.as_ref().expect("a license");
        let ended = end_subscription(&shop.commerce, &shop.operator(), license_id, "moved").await?;
        assert_eq!(ended, SubscriptionEnd::Ended);
        assert_eq!(late.at_stripe(&shop).await?, (InvoiceState::Void, InvoiceState::Paid, true));
        assert_eq!(shop.find_order(&late.order.id).await?.status, OrderStatus::Cancelled);
        for _ in 0..2 {
            shop.hear().await?;
        }
        assert_eq!((shop.credit().await?, shop.kept().await?), (0, vec![]));
        assert_eq!(shop.license(license_id).await?.status, LicenseStatus::Ended);
        balance(&shop).await?;
        Ok(())
    }

    async fn what_comes_while_staff_end_it_is_credit_and_what_came_before_is_not(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        shop.set_clock(NOW.plus(75 * DAY_MS))?;
        let license_id = late.order.license_id.as_ref().expect("a license");
        let (operator, money) = (shop.operator(), shop.transfer(late.total_minor));
        let (call, ended) =
            shop.meanwhile(5, end_subscription(&shop.commerce, &operator, license_id, "moved"), money).await?;
        assert_eq!(call, format!("DELETE /v1/subscriptions/{}", late.subscription_id));
        assert_eq!(ended?, SubscriptionEnd::Ended);
        for _ in 0..2 {
            shop.hear().await?;
        }
        assert_eq!((shop.credit().await?, shop.kept().await?), (late.total_minor, vec![]));
        assert_eq!(shop.license(license_id).await?.status, LicenseStatus::Ended);
        balance(&shop).await?;
        Ok(())
    }

    async fn staff_who_ask_again_complete_what_a_run_that_died_has_begun(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        late.renewal_is_paid(&shop).await?;
        let license_id = late.order.license_id.as_ref().expect("a license");
        let operator = shop.operator();
        let call = shop.dies(5, end_subscription(&shop.commerce, &operator, license_id, "moved")).await?;
        assert_eq!(call, format!("DELETE /v1/subscriptions/{}", late.subscription_id));
        assert_eq!(shop.find_order(&late.order.id).await?.status, OrderStatus::Open);
        for expected in [SubscriptionEnd::Ended, SubscriptionEnd::Over] {
            let ended = end_subscription(&shop.commerce, &operator, license_id, "moved").await?;
            assert_eq!(ended, expected);
            assert_eq!(shop.find_order(&late.order.id).await?.status, OrderStatus::Cancelled);
        }
        assert_eq!(shop.credit().await?, 0);
        assert_eq!(shop.license(license_id).await?.status, LicenseStatus::Ended);
        Ok(())
    }

    async fn what_stripe_does_not_end_is_not_said_to_be_over(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let license_id = order.license_id.clone().expect("a license");
        let subscription_id = order.stripe_subscription_id.clone().expect("a subscription");
        let (operator, refuses) = (shop.operator(), shop.control("chaos", r#"{"fail_next":"400"}"#));
        let ending = end_subscription(&shop.commerce, &operator, &license_id, "");
        let (call, ended) = shop.meanwhile(5, ending, refuses).await?;
        assert_eq!(call, format!("DELETE /v1/subscriptions/{subscription_id}"));
        let Err(CommerceError::Stripe(refusal)) = ended else { anyhow::bail!("{ended:?}") };
        assert_eq!(refusal.kind, StripeErrorKind::Refused);
        assert!(!shop.stripe().fetch_subscription(&subscription_id).await?.is_over());
        let ended = end_subscription(&shop.commerce, &operator, &license_id, "").await?;
        assert_eq!(ended, SubscriptionEnd::Ended);
        assert!(shop.stripe().fetch_subscription(&subscription_id).await?.is_over());
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        Ok(())
    }

    async fn what_somebody_else_ends_meanwhile_is_over(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let subscription_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        let operator = shop.operator();
        let ending = end_subscription(&shop.commerce, &operator, &license.id, "");
        let somebody_else = async {
            shop.stripe().cancel_subscription_now(&subscription_id).await?;
            anyhow::Ok(())
        };
        let (call, ended) = shop.meanwhile(2, ending, somebody_else).await?;
        assert_eq!(call, format!("DELETE /v1/subscriptions/{subscription_id}"));
        assert_eq!(ended?, SubscriptionEnd::Ended);
        assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Ended);
        Ok(())
    }
}
