//! What billing brings to a license, and what it must leave alone.

use backend::billing::project_subscription;
use backend::catalog::BillingInterval;
use backend::clock::DAY_MS;
use backend::db::{Db, DbError, Tx};
use backend::licenses::rules::{Inactive, standing};
use backend::licenses::{LicenseStatus, VendorDecision, suspend_license};
use backend::stripe::SubscriptionState;

use super::shop::Shop;
use crate::support::{NOW, cx, master, on_both_engines};

async fn give_startup_a_trial(db: &Db) -> anyhow::Result<()> {
    let update = "UPDATE plans SET terms = REPLACE(terms, '\"trial_days\":0', '\"trial_days\":14')
                  WHERE code = 'startup'";
    let updated: Result<u64, DbError> = db
        .write(move |tx| {
            Box::pin(async move {
                Ok(match tx {
                    Tx::Sqlite(tx) => sqlx::query(update).execute(&mut **tx).await?.rows_affected(),
                    Tx::Postgres(tx) => sqlx::query(update).execute(&mut **tx).await?.rows_affected(),
                })
            })
        })
        .await;
    assert_eq!(updated?, 1);
    Ok(())
}

on_both_engines! {
    async fn the_first_license_of_a_product_begins_with_the_plans_trial(db: Db) {
        let shop = Shop::open(db).await?;
        give_startup_a_trial(&shop.db).await?;
        let first = shop.buy("startup", BillingInterval::Month, 2).await?;
        assert_eq!(shop.subscription(&first.id).await?.stripe_status, SubscriptionState::Trialing);
        assert_eq!((first.status, first.trial_until), (LicenseStatus::Active, Some(NOW.plus(14 * DAY_MS))));
        let second = shop.buy("startup", BillingInterval::Month, 2).await?;
        assert_eq!(shop.subscription(&second.id).await?.stripe_status, SubscriptionState::Active);
        assert_eq!(second.trial_until, None);
        Ok(())
    }

    async fn what_stripe_says_lifts_no_suspension_of_the_vendor(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let (operator, id) = (cx(&shop.vendor.id, NOW), license.id.clone());
        let decided = shop
            .db
            .write(move |tx| Box::pin(async move { suspend_license(tx, &operator, &master(), &id, "fraud").await }))
            .await?;
        assert!(matches!(decided, VendorDecision::Done(_)), "{decided:?}");
        let subscription = shop.subscription(&license.id).await?;
        project_subscription(&shop.commerce, &shop.cx(), &subscription.stripe_subscription_id).await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!(after.status, LicenseStatus::Active, "billing has nothing against it");
        assert_eq!(standing(&after, NOW), Err(Inactive::Suspended));
        Ok(())
    }
}
