//! A license keeps how its seats count: no plan of another license type takes its place.

use backend::billing::{Agreed, Change, ChangePreview, ChangeRefusal, change_subscription, preview_change};
use backend::catalog::{BillingInterval, CatalogApplication, LicenseType, apply_catalog, load_catalog, push_prices};
use backend::db::Db;

use super::request;
use super::shop::Shop;
use crate::support::{cx, master, on_both_engines};

/// Sells `business` by the user as well, under the code `people`.
async fn sell_by_the_user(shop: &Shop) -> anyhow::Result<()> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
    let mut catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    for product in &mut catalog.products {
        if let Some(mut plan) = product.plans.iter().find(|plan| plan.code == "business").cloned() {
            plan.code = "people".to_owned();
            plan.license_type = LicenseType::User;
            product.plans.push(plan);
        }
    }
    let operator = cx(&shop.vendor.id, shop.now());
    let applied = shop.db.write(move |tx| {
        Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, "https://portal.test").await })
    });
    let CatalogApplication::Applied { .. } = applied.await? else { anyhow::bail!("refused") };
    push_prices(&shop.db, shop.stripe(), &cx(&shop.vendor.id, shop.now())).await?;
    Ok(())
}

on_both_engines! {
    async fn a_license_by_the_instance_does_not_change_to_a_plan_by_the_user(db: Db) {
        let shop = Shop::open(db).await?;
        sell_by_the_user(&shop).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        assert_eq!(license.license_type, LicenseType::Floating);
        let wanted = request(&shop, &license.id, "people", 3).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &wanted).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::OtherLicenseType));
        let agreed = Agreed::ChargeNow { proration_date: shop.now(), amount_due_minor: 40_000 };
        let changed = change_subscription(&shop.commerce, &shop.cx(), &wanted, agreed).await?;
        assert_eq!(changed, Change::Refused(ChangeRefusal::OtherLicenseType));
        assert_eq!(shop.license(&license.id).await?, license);

        // Who bought it by the user changes its seats as ever.
        let by_user = shop.buy("people", BillingInterval::Month, 3).await?;
        assert_eq!(by_user.license_type, LicenseType::User);
        let more = request(&shop, &by_user.id, "people", 4).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        assert!(matches!(preview, ChangePreview::Now(_)), "{preview:?}");
        Ok(())
    }
}
