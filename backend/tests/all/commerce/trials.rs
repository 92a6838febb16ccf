//! A trial that begins without a card, and ends by itself where none was given.

use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::licenses::LicenseStatus;
use backend::stripe::SubscriptionState;

use super::shop::Shop;
use crate::support::{NOW, on_both_engines};

on_both_engines! {
    async fn a_trial_without_a_card_ends_by_itself_and_leaves_nothing_owed(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("prototype", BillingInterval::Month, 1).await?;
        assert_eq!(order.trial_days, 14);
        shop.pay(&url, "pay").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let license = shop.license(&license_id).await?;
        assert_eq!((license.status, license.trial_until), (LicenseStatus::Active, Some(NOW.plus(14 * DAY_MS))));
        assert_eq!(shop.subscription(&license_id).await?.stripe_status, SubscriptionState::Trialing);

        shop.set_clock(NOW.plus(14 * DAY_MS + 2 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        assert_eq!(shop.subscription(&license_id).await?.stripe_status, SubscriptionState::Canceled);
        let owed: i64 = shop.invoices().await?.iter().map(|invoice| invoice.due_minor).sum();
        assert_eq!(owed, 0);
        Ok(())
    }

    async fn a_trial_with_a_card_goes_on_at_its_price(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("prototype", BillingInterval::Month, 1).await?;
        shop.set_clock(NOW.plus(14 * DAY_MS + 2 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.subscription(&license.id).await?.stripe_status, SubscriptionState::Active);
        assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Active);
        assert_eq!(shop.invoices().await?[0].subtotal_minor, 3_900);
        Ok(())
    }
}
