//! What is given up or ended while something else happens at Stripe: who has paid has what was paid for, or credit for it, and
//! what is said to be over is over.

use std::time::Duration;

use backend::billing::{CommerceError, SubscriptionEnd, end_subscription};
use backend::catalog::BillingInterval;
use backend::clock::DAY_MS;
use backend::db::Db;
use backend::licenses::LicenseStatus;
use backend::orders::{GivenUp, Order, OrderStatus, cancel_order};
use backend::stripe::{InvoiceState, StripeErrorKind, SubscriptionState};
use backend::{Actor, Cx};
use stripe_sandbox::Cut;

use super::reversals::balance;
use super::shop::Shop;
use crate::support::{NOW, on_both_engines};

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
        assert_ne!(shop.license(license_id).await?.status, LicenseStatus::Active);
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
        let mut act = std::pin::pin!(act);
        self.cut(Some((calls, Cut::Before)));
        let held = async {
            while self.was_cut().is_none() {
                // Another task is waited for, not time.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            _ = &mut act => anyhow::bail!("Stripe was not asked so often"),
            () = held => {}
        }
        let call = self.was_cut().unwrap_or_default();
        happens.await?;
        self.release();
        self.cut(None);
        Ok((call, act.await))
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

    async fn what_was_paid_for_a_later_period_is_credit_when_staff_end_what_never_began(db: Db) {
        let shop = Shop::open(db).await?;
        let late = Renewed::order(&shop).await?;
        shop.call(&format!("invoices/{}/pay", late.renewal), "payment_method=pm_card_visa").await?;
        let license_id = late.order.license_id.as_ref().expect("a license");
        let ended = end_subscription(&shop.commerce, &shop.operator(), license_id, "ordered twice").await?;
        assert_eq!(ended, SubscriptionEnd::Ended);
        late.became_credit(&shop).await
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
