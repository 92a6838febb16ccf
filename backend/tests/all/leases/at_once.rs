//! More renewals at once than a statement takes, of more than one vendor.

use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use backend::catalog::{CatalogApplication, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog};
use backend::clock::{Clock, MINUTE_MS, UnixMs};
use backend::cx::Entropy;
use backend::db::{Db, Tx};
use backend::ids::VendorId;
use backend::leases::live::{LiveTable, Settings};
use backend::licenses::{LicenseStatus, NewLicense, create_license};
use futures::future::try_join_all;
use sdk::wire::LeaseResponse;

use super::{Stage, account, check_request, granted, nonce};
use crate::support::{NOW, cx, master, run_on_sqlite};

/// One more than are written by a statement.
const MANY: i64 = 257;
/// The other vendor's.
const FEW: i64 = 2;

impl Stage {
    /// A license of another vendor, who sells the same.
    async fn of_another_vendor(db: Db, seats: i64) -> anyhow::Result<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let mut catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        catalog.vendor.code = "another".to_owned();
        catalog.vendor.host = Some("another.test".to_owned());
        let (operator, origin) = (cx(&VendorId::from_untrusted(""), NOW), "https://another.test");
        let applied = db
            .write(move |tx| Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, origin).await }));
        let CatalogApplication::Applied { vendor, .. } = applied.await? else { anyhow::bail!("it is refused") };
        let cx = cx(&vendor.id, NOW);
        let created = db.write(move |tx| {
            Box::pin(async move {
                let account_id = account(tx, &cx).await?;
                let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.expect("the product");
                let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, "startup").await?.expect("the plan");
                let new = NewLicense {
                    account_id: &account_id,
                    plan: &plan,
                    seats,
                    status: LicenseStatus::Active,
                    starts_at: NOW,
                    ends_at: None,
                    updates_until: None,
                    name: "",
                };
                let (license, key) = create_license(tx, &cx, &master(), &new).await?;
                Ok::<_, anyhow::Error>((license.id, key))
            })
        });
        let (license_id, key) = created.await?;
        Ok(Self { db, vendor: *vendor, license_id, key })
    }

    /// So many instances, each of which has checked once, after which it is in the table.
    async fn nodes(&self, count: i64) -> anyhow::Result<Vec<LeaseResponse>> {
        let node = |n: i64| async move {
            let activated = granted(self.activate(&format!("node-{n}"), NOW).await?)?;
            granted(self.check(&activated, NOW).await?)
        };
        try_join_all((0..count).map(node)).await
    }

    /// How many of the vendor's instances were in contact last at this moment, and how many leases it has issued.
    async fn counts(&self, at: UnixMs) -> anyhow::Result<(i64, i64)> {
        let vendor_id = self.vendor.id.clone();
        let select = "SELECT (SELECT COUNT(*) FROM instances WHERE vendor_id = $1 AND last_contact_at = $2),
                             (SELECT SUM(issued) FROM leases WHERE vendor_id = $1)";
        let counts = self.db.read(move |tx| {
            Box::pin(async move {
                let Tx::Sqlite(tx) = tx else { anyhow::bail!("another engine") };
                let counts: (i64, i64) = sqlx::query_as(select).bind(&vendor_id).bind(at).fetch_one(&mut **tx).await?;
                Ok::<_, anyhow::Error>(counts)
            })
        });
        counts.await
    }
}

#[test]
fn more_than_a_statement_takes_are_written_each_once_and_each_to_its_vendor() {
    run_on_sqlite(|db| async move {
        let settings = Settings { coalesce: Duration::from_secs(1), capacity: 2_000 };
        let (table, writing) = LiveTable::start(&db, Clock::fixed(NOW), Entropy::seeded(3), settings).expect("SQLite");
        writing.abort();
        let many = Stage::new(db.clone(), "startup", MANY).await?;
        let few = Stage::of_another_vendor(db.clone(), FEW).await?;
        let later = NOW.plus(MINUTE_MS);
        let mut calls = Vec::new();
        for (stage, count) in [(&many, MANY), (&few, FEW)] {
            for node in stage.nodes(count).await? {
                calls.push((stage.cx(later), check_request(&node, nonce())));
            }
        }
        let ((_, issued_to_many), (_, issued_to_few)) = (many.counts(later).await?, few.counts(later).await?);

        // All wait for the same commit.
        let mut waiting = Vec::new();
        for (cx, request) in &calls {
            let mut check = Box::pin(table.check(cx, request));
            match futures::poll!(check.as_mut()) {
                Poll::Ready(answer) => assert!(answer.is_some(), "it is in the table"),
                Poll::Pending => waiting.push(check),
            }
        }
        table.write().await?;
        for check in waiting {
            assert!(check.await.is_some(), "its seat is written");
        }
        assert_eq!(many.counts(later).await?, (MANY, issued_to_many + MANY));
        assert_eq!(few.counts(later).await?, (FEW, issued_to_few + FEW));
        Ok(())
    });
}
