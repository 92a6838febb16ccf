//! A client goes on at its own expense with what its partner has paid for: the same license, once, without a gap, and nothing is
//! paid twice.

use backend::billing::{
    ChangePreview, ChangeRefusal, Projection, find_subscription_of_license, preview_change, project_subscription,
};
use backend::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::commissions::{Month, find_statement};
use backend::db::{Db, DbError};
use backend::ids::LicenseId;
use backend::licenses::LicenseStatus;
use backend::licenses::rules::standing;
use backend::orders::continuing::rules::{Obstacle, WITHIN_MS, begins_at as begins_at_of, over_at};
use backend::orders::rules::ChoiceProblem;
use backend::orders::{Fulfilment, GivenUp, Order, OrderPlacement, OrderStatus, Purchase, cancel_order, fulfil_order};
use backend::stripe::SubscriptionState;
use futures::future::{join, join_all};

use super::for_clients::Partner;
use super::shop::Shop;
use super::{cancel, request};
use crate::support::on_both_engines;

/// `startup` with three seats, at the price that everybody pays.
pub(super) const MONTHLY: i64 = 44_800;

impl Shop {
    /// A license that the partner has ordered for the buyer and pays.
    pub(super) async fn paid_by(&self, partner: &Partner) -> anyhow::Result<LicenseId> {
        let (order, url) = self.placed_for_client(partner, &partner.account.id).await?;
        self.pay(&url, "4242").await?;
        self.hear().await?;
        Ok(self.find_order(&order.id).await?.license_id.expect("a license"))
    }

    /// The same, after the buyer has ended the relation.
    pub(super) async fn left_by(&self, partner: &Partner) -> anyhow::Result<LicenseId> {
        let id = self.paid_by(partner).await?;
        self.part(partner).await?;
        self.outbox.take();
        Ok(id)
    }

    /// As its page shows it now.
    pub(super) async fn place_continuation(&self, id: &LicenseId) -> anyhow::Result<OrderPlacement> {
        let begins_at = match self.license(id).await {
            Ok(license) => over_at(&license, Some(&self.subscription(id).await?)),
            Err(_) => None,
        };
        let begins_at = begins_at.and_then(|at| begins_at_of(at, self.now()));
        self.place(Purchase::Continuation { license_id: id.clone(), currency: self.currency, begins_at }).await
    }

    pub(super) async fn ordered(&self, id: &LicenseId) -> anyhow::Result<(Order, String)> {
        match self.place_continuation(id).await? {
            OrderPlacement::Placed { order, checkout_url } => Ok((*order, checkout_url)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// Ordered, agreed to on Stripe's page, and heard of.
    pub(super) async fn continued(&self, id: &LicenseId) -> anyhow::Result<Order> {
        let (order, url) = self.ordered(id).await?;
        self.pay(&url, "4242").await?;
        self.hear().await?;
        self.find_order(&order.id).await
    }

    pub(super) async fn refused(&self, id: &LicenseId) -> anyhow::Result<Obstacle> {
        match self.place_continuation(id).await? {
            OrderPlacement::Refused(ChoiceProblem::CannotContinue { why }) => Ok(why),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// What the buyer's invoices come to, before tax.
    pub(super) async fn charged(&self) -> anyhow::Result<i64> {
        Ok(self.invoices().await?.iter().map(|invoice| invoice.subtotal_minor).sum())
    }

    /// How many lines the partner's statement of a month has.
    async fn earnings_of(&self, partner: &Partner, at: UnixMs) -> anyhow::Result<usize> {
        let (cx, id) = (self.act_as(&partner.user.id), partner.account.id.clone());
        let month = Month::of(at);
        let found: Result<_, DbError> =
            self.db.read(|tx| Box::pin(async move { find_statement(tx, &cx, &id, month, None, 100).await })).await;
        Ok(found?.map_or(0, |statement| statement.lines.len()))
    }
}

on_both_engines! {
    async fn the_client_goes_on_with_the_same_license_and_is_charged_when_what_is_paid_is_over(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let begun = shop.now();
        let id = shop.left_by(&partner).await?;
        let (before, was) = (shop.license(&id).await?, shop.subscription(&id).await?);
        let end = was.period_end;
        let order = shop.continued(&id).await?;
        assert_eq!((order.status, order.license_id.as_ref()), (OrderStatus::Paid, Some(&id)));
        assert_eq!((order.amount_minor, order.discount_bp, order.partner_id.as_ref()), (MONTHLY, None, None));

        let (license, row) = (shop.license(&id).await?, shop.subscription(&id).await?);
        assert_eq!((&row.account_id, row.begins_at, row.period_end), (&shop.account.id, Some(end), end));
        assert_eq!((row.stripe_status, row.cancel_at_period_end), (SubscriptionState::Active, false));
        assert_eq!((license.status, license.trial_until), (LicenseStatus::Active, None));
        assert_eq!((&license.key_hint, license.seats), (&before.key_hint, before.seats));
        assert_eq!((shop.licenses().await?, shop.charged().await?), (1, 0));
        // The partner's runs out, as it was.
        let old = shop.stripe().fetch_subscription(&was.stripe_subscription_id).await?;
        assert!(old.cancel_at_period_end && old.ended_at.is_none());
        // It brings in what it will cost, and no month without it.
        let running = shop.earned().await?[0].running;
        assert_eq!((running.subscriptions, running.monthly_minor), (1, MONTHLY));
        let mails: Vec<(String, String)> = shop.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        let told = |to: &str, text: &str| mails.iter().any(|(who, subject)| who == to && subject.contains(text));
        assert!(told("ada@example.com", "goes on") && told("pia@partner.test", "continues its license"), "{mails:?}");

        // Whatever is heard late, there is no gap.
        shop.set_clock(end.plus(MINUTE_MS))?;
        assert_eq!(standing(&shop.license(&id).await?, shop.now()), Ok(()));
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        let (license, row) = (shop.license(&id).await?, shop.subscription(&id).await?);
        assert_eq!((license.status, row.stripe_status), (LicenseStatus::Active, SubscriptionState::Active));
        assert!(row.period_end > end.plus(27 * DAY_MS) && license.ends_at > Some(row.period_end));
        assert_eq!((shop.charged().await?, shop.invoices_of(&partner.account.id).await?.len()), (MONTHLY, 1));
        // By what the client pays for itself nobody else earns.
        assert_eq!((shop.earnings_of(&partner, begun).await?, shop.earnings_of(&partner, end).await?), (1, 0));
        Ok(())
    }

    async fn it_goes_on_once_whoever_comes_first_and_the_old_one_steers_it_no_more(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let was = shop.subscription(&id).await?;
        let (order, url) = shop.ordered(&id).await?;
        shop.pay(&url, "4242").await?;
        let (cx, old) = (shop.cx(), was.stripe_subscription_id.as_str());
        let fulfilling = join_all((0..4).map(|_| fulfil_order(&shop.commerce, &cx, &order.id)));
        let projecting = join_all((0..3).map(|_| project_subscription(&shop.commerce, &cx, old)));
        let (fulfilled, projected) = join(fulfilling, projecting).await;
        let mut newly = 0;
        for done in fulfilled {
            let Fulfilment::Fulfilled { license_id, newly: is_new } = done? else { anyhow::bail!("not fulfilled") };
            assert_eq!(license_id, id);
            newly += usize::from(is_new);
        }
        assert_eq!(newly, 1);
        for done in projected {
            done?;
        }
        shop.hear().await?;
        shop.hear().await?;
        let row = shop.subscription(&id).await?;
        assert_eq!((&row.account_id, row.begins_at), (&shop.account.id, Some(was.period_end)));
        assert_eq!(project_subscription(&shop.commerce, &cx, old).await?, Projection::Unknown);

        // Its end comes while the new one goes on, and is heard of more than once.
        shop.set_clock(was.period_end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!(shop.stripe().fetch_subscription(old).await?.state, SubscriptionState::Canceled);
        assert_eq!(project_subscription(&shop.commerce, &shop.cx(), old).await?, Projection::Unknown);
        assert_eq!(shop.license(&id).await?.status, LicenseStatus::Active);
        assert_eq!(shop.charged().await?, MONTHLY);
        Ok(())
    }

    async fn what_has_ended_goes_on_at_once_for_a_while(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let end = shop.subscription(&id).await?.period_end;
        let (order, _) = shop.ordered(&id).await?;
        assert_eq!(cancel_order(&shop.commerce, &shop.cx(), &order.id).await?, GivenUp::Closed(OrderStatus::Cancelled));
        // Giving it up takes nothing away.
        assert_eq!(shop.license(&id).await?.status, LicenseStatus::Active);
        // Too near for Stripe to begin later, and too early to begin: the rest would be paid twice.
        for hours in [48, 1] {
            shop.set_clock(end.plus(-hours * HOUR_MS))?;
            assert_eq!(shop.refused(&id).await?, Obstacle::NotYet { from: end });
        }
        shop.set_clock(end.plus(DAY_MS))?;
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.status, LicenseStatus::Ended);
        let order = shop.continued(&id).await?;
        assert_eq!(order.license_id.as_ref(), Some(&id));
        let (license, row) = (shop.license(&id).await?, shop.subscription(&id).await?);
        assert_eq!((license.status, row.begins_at, &row.account_id), (LicenseStatus::Active, None, &shop.account.id));
        assert_eq!((row.ended_at, shop.charged().await?), (None, MONTHLY));
        shop.activate(&id, "node-a").await?;
        Ok(())
    }

    async fn it_is_refused_while_the_partner_pays_after_a_while_and_where_an_order_waits(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.paid_by(&partner).await?;
        assert_eq!(shop.refused(&id).await?, Obstacle::StillPaid);
        let own = shop.buy("startup", backend::catalog::BillingInterval::Month, 3).await?.id;
        assert_eq!(shop.refused(&own).await?, Obstacle::NotPaidByAnother);
        assert!(matches!(shop.place_continuation(&LicenseId::from_untrusted("lic_none")).await?, OrderPlacement::NotAllowed));
        shop.part(&partner).await?;
        // Two of them at once: one page, and one payment.
        let (one, two) = join(shop.place_continuation(&id), shop.place_continuation(&id)).await;
        let placed = [one?, two?];
        let pages = placed.iter().filter(|it| matches!(it, OrderPlacement::Placed { .. })).count();
        assert_eq!(pages, 1, "{placed:?}");
        let Obstacle::OpenOrder { order_id } = shop.refused(&id).await? else { anyhow::bail!("no order waits") };
        cancel_order(&shop.commerce, &shop.cx(), &order_id).await?;
        let end = shop.subscription(&id).await?.period_end;
        shop.set_clock(end.plus(WITHIN_MS))?;
        shop.hear().await?;
        assert_eq!(shop.refused(&id).await?, Obstacle::TooLate);
        Ok(())
    }

    async fn a_former_subscription_that_somebody_resumes_is_called_off_again(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let was = shop.subscription(&id).await?;
        shop.continued(&id).await?;
        let old = was.stripe_subscription_id.as_str();
        shop.call(&format!("subscriptions/{old}"), "cancel_at_period_end=false").await?;
        assert!(!shop.stripe().fetch_subscription(old).await?.cancel_at_period_end);
        shop.hear().await?;
        assert!(shop.stripe().fetch_subscription(old).await?.cancel_at_period_end);
        shop.set_clock(was.period_end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!(shop.invoices_of(&partner.account.id).await?.len(), 1);
        Ok(())
    }

    async fn until_it_is_charged_nothing_more_is_given_and_it_can_be_called_off(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let id = shop.left_by(&partner).await?;
        let end = shop.subscription(&id).await?.period_end;
        shop.continued(&id).await?;
        let more = request(&shop, &id, "startup", 9).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::NotBegun { begins_at: end }));
        cancel(&shop, &id).await?;
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!((shop.license(&id).await?.status, shop.charged().await?), (LicenseStatus::Ended, 0));
        let (vendor_id, license_id) = (shop.vendor.id.clone(), id.clone());
        let row: Result<_, DbError> = shop
            .db
            .read(|tx| Box::pin(async move { find_subscription_of_license(tx, &vendor_id, &license_id).await }))
            .await;
        assert!(row?.is_some_and(|row| row.account_id == shop.account.id && row.ended_at.is_some()));
        Ok(())
    }
}
