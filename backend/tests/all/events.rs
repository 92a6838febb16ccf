//! The feed of events: whose they are, in which order, and what an account is not told.

use std::collections::BTreeSet;

use backend::clock::{HOUR_MS, UnixMs};
use backend::db::{Db, DbError};
use backend::events::feed::{FedEvent, FeedFilter, list_feed};
use backend::events::{About, Event, record, record_hourly};
use backend::ids::{AccountId, LicenseId, VendorId};
use serde_json::json;

use crate::support::{NOW, account, cx, on_both_engines, vendor};

/// Two vendors. Of the first, two accounts with a license each; so many events at the same moment that pages end within it.
struct Stage {
    db: Db,
    vendor_id: VendorId,
    own: AccountId,
    license: LicenseId,
}

const AT_ONCE: usize = 7;

async fn stage(db: Db) -> anyhow::Result<Stage> {
    let (here, abroad) = (vendor(&db, "acme").await?, vendor(&db, "other").await?);
    let vendor_id = here.id.clone();
    let made = db.write(move |tx| {
        Box::pin(async move {
            let cx_here = cx(&here.id, NOW);
            let (own, other) = (account(tx, &cx_here).await?, account(tx, &cx_here).await?);
            let (license, others): (LicenseId, LicenseId) = (cx_here.id(), cx_here.id());
            let later = cx(&here.id, NOW.plus(HOUR_MS));
            let note = json!({ "after": { "vendor_reason": "does not pay", "seats": 3 }, "stripe_id": "sub_1" });
            for (account_id, license_id) in [(&own, &license), (&other, &others)] {
                let about = About { account_id: Some(account_id), license_id: Some(license_id), instance_id: None };
                for _ in 0..AT_ONCE {
                    record(tx, &cx_here, "license.changed", about, &note).await?;
                }
                for _ in 0..2 {
                    record_hourly(tx, &later, "lease.renewed", about, "", &json!({})).await?;
                }
                let about = About { account_id: Some(account_id), ..About::default() };
                record(tx, &later, "payment.reminded", about, &json!({})).await?;
            }
            let nobody = About::default();
            record(tx, &cx(&abroad.id, NOW), "license.changed", nobody, &json!({})).await?;
            Ok::<_, anyhow::Error>((own, license))
        })
    });
    let (own, license) = made.await?;
    Ok(Stage { db, vendor_id, own, license })
}

impl Stage {
    /// One page.
    async fn page(
        &self,
        account_id: Option<&AccountId>,
        filter: &FeedFilter,
        after: Option<&FedEvent>,
        limit: i64,
    ) -> Result<Vec<FedEvent>, DbError> {
        let (vendor_id, account_id, filter) = (self.vendor_id.clone(), account_id.cloned(), filter.clone());
        let after = after.and_then(|fed| Event::parse_place(&fed.event.place()));
        let read = self.db.read(move |tx| {
            Box::pin(
                async move { list_feed(tx, &vendor_id, account_id.as_ref(), &filter, after.as_ref(), limit).await },
            )
        });
        read.await
    }

    /// Everything, in pages of so many rows.
    async fn all(
        &self,
        account_id: Option<&AccountId>,
        filter: &FeedFilter,
        limit: i64,
    ) -> Result<Vec<FedEvent>, DbError> {
        let mut found: Vec<FedEvent> = Vec::new();
        loop {
            let page = self.page(account_id, filter, found.last(), limit).await?;
            if page.is_empty() {
                return Ok(found);
            }
            found.extend(page);
        }
    }
}

fn ids(found: &[FedEvent]) -> Vec<String> {
    found.iter().map(|fed| fed.event.id.to_string()).collect()
}

fn times(found: &[FedEvent]) -> Vec<UnixMs> {
    found.iter().map(|fed| fed.event.occurred_at).collect()
}

on_both_engines! {
    async fn pages_from_either_end_miss_nothing_and_repeat_nothing(db: Db) {
        let stage = stage(db).await?;
        for (account_id, license_id, expected) in [
            (Some(&stage.own), None, AT_ONCE + 2),
            (Some(&stage.own), Some(&stage.license), AT_ONCE + 1),
            (None, Some(&stage.license), AT_ONCE + 1),
            (None, None, 2 * AT_ONCE + 4),
        ] {
            let newest = FeedFilter { license_id: license_id.cloned(), ..FeedFilter::default() };
            let oldest = FeedFilter { oldest_first: true, ..newest.clone() };
            let whole = stage.all(account_id, &newest, 100).await?;
            assert_eq!(ids(&whole).into_iter().collect::<BTreeSet<_>>().len(), expected);
            assert_eq!(whole.len(), expected);
            assert!(times(&whole).is_sorted_by(|newer, older| newer >= older));
            for limit in [1, 3, 4] {
                assert_eq!(ids(&stage.all(account_id, &newest, limit).await?), ids(&whole), "{limit}");
                let mut backwards = ids(&stage.all(account_id, &oldest, limit).await?);
                backwards.reverse();
                assert_eq!(backwards, ids(&whole), "{limit}");
            }
        }
        Ok(())
    }

    async fn filters_narrow_and_an_hour_is_one_event(db: Db) {
        let stage = stage(db).await?;
        let own = Some(&stage.own);
        let of = |type_prefix: &str, since: Option<UnixMs>| FeedFilter {
            type_prefix: type_prefix.to_owned(),
            since,
            ..FeedFilter::default()
        };
        for (prefix, since, expected) in [
            ("license.", None, AT_ONCE),
            ("license.changed", None, AT_ONCE),
            ("license.changed.", None, 0),
            ("changed", None, 0),
            ("l", None, AT_ONCE + 1),
            ("", Some(NOW), AT_ONCE + 2),
            ("", Some(NOW.plus(1)), 2),
            ("", Some(NOW.plus(HOUR_MS + 1)), 0),
        ] {
            for oldest_first in [false, true] {
                let filter = FeedFilter { oldest_first, ..of(prefix, since) };
                assert_eq!(stage.all(own, &filter, 2).await?.len(), expected, "{filter:?}");
            }
        }
        let renewed = stage.all(own, &of("lease.renewed", None), 10).await?;
        assert_eq!(renewed.iter().map(|fed| fed.event.occurrences).collect::<Vec<_>>(), [2]);
        assert_eq!(renewed[0].subject, stage.license.as_str());
        let reminded = stage.all(own, &of("payment.", None), 10).await?;
        assert_eq!((reminded[0].subject.as_str(), &reminded[0].license_id), (stage.own.as_str(), &None));
        Ok(())
    }

    async fn an_account_is_not_told_what_the_vendor_noted(db: Db) {
        let stage = stage(db).await?;
        let filter = FeedFilter {
            type_prefix: "license.changed".to_owned(),
            license_id: Some(stage.license.clone()),
            ..FeedFilter::default()
        };
        let told = stage.page(Some(&stage.own), &filter, None, 1).await?;
        assert_eq!(told[0].event.data.0, json!({ "after": { "seats": 3 } }));
        let known = stage.page(None, &filter, None, 1).await?;
        assert_eq!(known[0].event.data.0["after"]["vendor_reason"], "does not pay");
        Ok(())
    }
}
