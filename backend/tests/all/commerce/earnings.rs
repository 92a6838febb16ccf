//! Since when a subscription brings something in, and whether its license is one that renews.

use backend::billing::earnings::{EarningFilter, EarningState, PlanEarnings, Sum, list_earnings, sum_earnings};
use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::{Db, DbError};
use backend::ids::LicenseId;
use backend::licenses::search::{Ending, LicenseFilter, Page, search_vendor};

use super::cancel;
use super::shop::Shop;
use crate::support::{NOW, master, on_both_engines};

impl Shop {
    pub(super) async fn earned(&self) -> anyhow::Result<Vec<PlanEarnings>> {
        let (vendor_id, now) = (self.vendor.id.clone(), self.now());
        let sums: Result<_, DbError> =
            self.db.read(move |tx| Box::pin(async move { sum_earnings(tx, &vendor_id, now).await })).await;
        Ok(sums?)
    }

    pub(super) async fn earning(&self, state: EarningState) -> anyhow::Result<Vec<(LicenseId, i64)>> {
        let (vendor_id, now) = (self.vendor.id.clone(), self.now());
        let filter = EarningFilter { state, ..EarningFilter::default() };
        let rows: Result<_, DbError> = self
            .db
            .read(move |tx| Box::pin(async move { list_earnings(tx, &vendor_id, &filter, now, None, 100).await }))
            .await;
        Ok(rows?.into_iter().map(|it| (it.license_id.clone(), it.monthly().amount_minor)).collect())
    }

    /// Licenses that end within 90 days and that nothing renews.
    async fn ending(&self) -> anyhow::Result<Vec<LicenseId>> {
        let (vendor_id, now) = (self.vendor.id.clone(), self.now());
        let filter = LicenseFilter { ends: Some(Ending::Quarter), ..LicenseFilter::default() };
        let found: Result<_, DbError> = self
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let page = Page { now, after: None, limit: 100 };
                    search_vendor(tx, &vendor_id, &master(), &filter, page).await
                })
            })
            .await;
        Ok(found?.licenses.into_iter().map(|it| it.view.license.id).collect())
    }
}

on_both_engines! {
    async fn a_purchase_earns_from_its_payment_until_its_end(db: Db) {
        let shop = Shop::open(db).await?;
        assert!(shop.earned().await?.is_empty());
        let id = shop.buy("startup", BillingInterval::Month, 2).await?.id;
        let monthly = shop.subscription(&id).await?.recurring_minor;
        let one = Sum { subscriptions: 1, monthly_minor: monthly };
        let earned = shop.earned().await?;
        assert_eq!((earned.len(), earned[0].running, earned[0].new, earned[0].ended), (1, one, one, Sum::default()));
        assert_eq!(shop.earning(EarningState::New).await?, [(id.clone(), monthly)]);
        assert!(shop.ending().await?.is_empty());

        // A cancelled one counts until it ends, and is no longer new in the next month.
        cancel(&shop, &id).await?;
        assert_eq!(shop.ending().await?, std::slice::from_ref(&id));
        shop.set_clock(NOW.plus(15 * DAY_MS))?;
        let earned = shop.earned().await?;
        assert_eq!((earned[0].running, earned[0].new, earned[0].ended), (one, Sum::default(), Sum::default()));
        shop.set_clock(NOW.plus(30 * DAY_MS + 2 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let earned = shop.earned().await?;
        assert_eq!((earned[0].running, earned[0].new, earned[0].ended), (Sum::default(), Sum::default(), one));
        assert_eq!(shop.earning(EarningState::Ended).await?, [(id, monthly)]);
        assert!(shop.earning(EarningState::Running).await?.is_empty());
        Ok(())
    }

    async fn a_trial_earns_from_its_end_on(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.buy("prototype", BillingInterval::Month, 1).await?.id;
        assert!(shop.earned().await?.is_empty());
        assert!(shop.ending().await?.is_empty());
        shop.set_clock(NOW.plus(14 * DAY_MS + 2 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.earning(EarningState::New).await?, [(id, 3_900)]);
        Ok(())
    }

    async fn an_order_by_transfer_earns_once_it_is_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        assert!(shop.earned().await?.is_empty());
        let (_, transfer) = shop.awaited(&order).await?;
        shop.transfer(transfer.total_minor).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.earning(EarningState::Running).await?.len(), 1);
        Ok(())
    }
}
