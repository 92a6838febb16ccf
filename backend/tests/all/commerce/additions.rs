//! What is added to a perpetual license: several years of updates at once, and seats.

use backend::billing::maintenance::{
    AutoRenewalStart, AutoRenewalUrls, StartAutoRenewal, find_auto_renewal, start_auto_renewal,
};
use backend::billing::reconcile;
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, MINUTE_MS};
use backend::db::Db;
use backend::ids::LicenseId;
use backend::licenses::rules::updates_after_renewal;
use backend::licenses::{License, LicenseStatus, suspend_license};
use backend::money::Money;
use backend::orders::rules::ChoiceProblem;
use backend::orders::{Order, OrderPlacement, OrderStatus, Payment, Purchase};
use backend::{Actor, Cx};

use super::reversals::{balance, payment, status};
use super::shop::Shop;
use crate::support::{NOW, master, on_both_engines};

impl Shop {
    /// A perpetual license with so many instances and an add-on that is sold by the instance.
    async fn perpetual(&self, seats: i64) -> anyhow::Result<License> {
        let plan_id = self.plan("perpetual").await?.id;
        let choice = Composition::new(plan_id, BillingInterval::Once, seats, self.currency);
        let choice = choice.with_addons(["audit_log".to_owned()].into());
        let placed = self.place(Purchase::Plan(choice)).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        self.pay(&checkout_url, "4242").await?;
        self.hear().await?;
        self.subjects();
        let license_id = self.find_order(&order.id).await?.license_id;
        self.license(&license_id.ok_or_else(|| anyhow::anyhow!("no license"))?).await
    }

    fn years(&self, id: &LicenseId, years: i16) -> Purchase {
        Purchase::Maintenance { license_id: id.clone(), years, currency: self.currency }
    }

    fn more(&self, id: &LicenseId, more: i64) -> Purchase {
        Purchase::Seats { license_id: id.clone(), more, currency: self.currency }
    }

    /// Orders and pays by card; the invoice is what was shown.
    async fn add(&self, purchase: Purchase) -> anyhow::Result<Order> {
        // So that its invoice is the newest.
        self.set_clock(self.now().plus(MINUTE_MS))?;
        let placed = self.place(purchase).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        self.pay(&checkout_url, "4242").await?;
        self.hear().await?;
        assert_eq!(self.invoices().await?[0].subtotal_minor, order.amount_minor);
        self.find_order(&order.id).await
    }

    /// Lets updates renew by themselves.
    async fn renew_by_itself(&self, license: &License, year_minor: i64) -> anyhow::Result<()> {
        let start = StartAutoRenewal {
            license_id: license.id.clone(),
            user_id: self.user.id.clone(),
            agreed: Money::new(year_minor, self.currency),
            urls: AutoRenewalUrls {
                success: "https://portal.test/ok".to_owned(),
                cancel: "https://portal.test".to_owned(),
            },
        };
        let started = start_auto_renewal(&self.commerce, &self.cx(), &start).await?;
        let AutoRenewalStart::Opened { url } = started else { anyhow::bail!("{started:?}") };
        self.pay(&url, "4242").await?;
        self.hear().await
    }

    async fn renews_by_itself(&self, id: &LicenseId) -> anyhow::Result<bool> {
        let (vendor_id, id) = (self.vendor.id.clone(), id.clone());
        let found = self.db.read(|tx| Box::pin(async move { find_auto_renewal(tx, &vendor_id, &id).await }));
        Ok(found.await?.is_some())
    }
}

/// What an instance of the plan costs with its add-on, and a year of updates of both.
const SEAT: i64 = 499_900 + 25_000;
const YEAR: i64 = 199_960 + 10_000;

on_both_engines! {
    async fn several_years_of_updates_are_bought_at_once_and_count_from_the_old_end(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.perpetual(2).await?;
        let until = license.updates_until.expect("updates");
        // Late by more than a year: three years from the old end.
        shop.set_clock(until.plus(400 * DAY_MS))?;
        let order = shop.add(shop.years(&license.id, 3)).await?;
        assert_eq!((order.amount_minor, order.years, order.status), (3 * 2 * YEAR, 3, OrderStatus::Paid));
        shop.hear().await?;
        reconcile(&shop.commerce, &shop.cx()).await?;
        let after = shop.license(&license.id).await?;
        assert_eq!(after.updates_until, Some(updates_after_renewal(until, 3)));
        assert_eq!(after.seats, 2);
        assert!(shop.subjects().iter().any(|it| it == "Your updates for Nordwind IoT Platform are renewed"));
        for years in [0, 6, -1] {
            let placed = shop.place(shop.years(&license.id, years)).await?;
            assert_eq!(placed, OrderPlacement::Refused(ChoiceProblem::NotOffered), "{years}");
        }
        balance(&shop).await?;
        Ok(())
    }

    async fn seats_are_added_to_a_perpetual_license_with_the_addons_that_count_by_the_seat(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.perpetual(2).await?;
        shop.activate(&license.id, "a").await?;
        shop.activate(&license.id, "b").await?;
        assert!(shop.activate(&license.id, "c").await.is_err());
        shop.set_clock(NOW.plus(100 * DAY_MS))?;
        let order = shop.add(shop.more(&license.id, 3)).await?;
        assert_eq!((order.amount_minor, order.seats, order.years), (3 * SEAT, 3, 0));
        shop.hear().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, after.updates_until), (5, license.updates_until));
        assert_eq!(after.terms.features, license.terms.features);
        shop.activate(&license.id, "c").await?;
        assert!(shop.subjects().iter().any(|it| it == "3 more machines for Nordwind IoT Platform"));
        // A year more is for all of them.
        assert_eq!(shop.add(shop.years(&license.id, 1)).await?.amount_minor, 5 * YEAR);
        balance(&shop).await?;
        Ok(())
    }

    async fn seats_by_transfer_are_there_with_the_money_and_an_order_that_is_given_up_changes_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.perpetual(1).await?;
        let placed = shop.place_by(shop.more(&license.id, 2), Payment::Transfer, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        shop.hear().await?;
        let (_, transfer) = shop.awaited(&shop.find_order(&order.id).await?).await?;
        let waiting = shop.license(&license.id).await?;
        assert_eq!((waiting.seats, waiting.status), (1, LicenseStatus::Active));
        shop.transfer(transfer.total_minor).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license.id).await?.seats, 3);

        let placed = shop.place_by(shop.more(&license.id, 4), Payment::Transfer, None).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        backend::orders::cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        shop.hear().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, after.status), (3, LicenseStatus::Active));
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        Ok(())
    }

    async fn what_cannot_be_added_is_refused(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.perpetual(2).await?;
        let max = shop.plan("perpetual").await?.max_seats;
        let too_many = shop.place(shop.more(&license.id, max - 1)).await?;
        assert_eq!(too_many, OrderPlacement::Refused(ChoiceProblem::TooManySeats { max }));
        for more in [0, -3] {
            let none = shop.place(shop.more(&license.id, more)).await?;
            assert_eq!(none, OrderPlacement::Refused(ChoiceProblem::TooFewSeats { min: 1 }));
        }
        let rented = shop.buy("startup", BillingInterval::Month, 2).await?;
        for purchase in [shop.more(&rented.id, 1), shop.years(&rented.id, 1)] {
            assert_eq!(shop.place(purchase).await?, OrderPlacement::NotAllowed);
        }
        // Nothing is sold on top of what does not work.
        let (cx, id) = (Cx { actor: Actor::Operator, ..shop.cx() }, license.id.clone());
        let suspended = shop.db.write(move |tx| {
            Box::pin(async move { suspend_license(tx, &cx, &master(), &id, "under review").await })
        });
        suspended.await?;
        for purchase in [shop.more(&license.id, 1), shop.years(&license.id, 1)] {
            assert_eq!(shop.place(purchase).await?, OrderPlacement::Refused(ChoiceProblem::NotForSale));
        }
        Ok(())
    }

    async fn seats_that_are_added_end_an_automatic_renewal_that_was_agreed_to_for_fewer(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.perpetual(2).await?;
        shop.set_clock(NOW.plus(DAY_MS))?;
        shop.renew_by_itself(&license, 2 * YEAR).await?;
        assert!(shop.renews_by_itself(&license.id).await?);
        shop.set_clock(NOW.plus(2 * DAY_MS))?;
        shop.add(shop.more(&license.id, 1)).await?;
        shop.hear().await?;
        assert!(!shop.renews_by_itself(&license.id).await?);
        let until = license.updates_until.expect("updates");
        shop.set_clock(until.plus(DAY_MS))?;
        shop.hear().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, after.updates_until), (3, Some(until)));
        // Agreed to anew, it is for all of them.
        shop.set_clock(until.plus(2 * DAY_MS))?;
        shop.add(shop.years(&license.id, 1)).await?;
        shop.renew_by_itself(&license, 3 * YEAR).await?;
        assert!(shop.renews_by_itself(&license.id).await?);
        Ok(())
    }

    async fn seats_whose_price_is_given_back_leave_the_license_working(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.perpetual(1).await?;
        shop.set_clock(NOW.plus(DAY_MS))?;
        shop.add(shop.more(&license.id, 1)).await?;
        let invoice = shop.invoices().await?.remove(0);
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active);
        balance(&shop).await?;
        Ok(())
    }
}
