//! Everything that happened at a vendor, as its staff look through it, and the tables of long lists.

use backend::accounts::StaffRole;
use backend::clock::{DAY_MS, MINUTE_MS};
use backend::db::{Db, DbError};
use backend::events::activity::{ActivityFilter, TYPES, export_activity, search_activity};
use backend::ids::UserId;
use backend::leases::instance_list::{InstanceFilter, export_instances};

use crate::licenses::stage::{Stage, granted};
use crate::support::{NOW, cx, on_both_engines, vendor};

/// Rows of a page: so few that the list has several.
const FEW: i64 = 2;

/// A license with two instances, of which the first has checked in, and a refusal of a third on the next day.
async fn busy(db: Db) -> anyhow::Result<(Stage, String)> {
    let stage = Stage::new(db, "startup", 2).await?;
    let first = granted(stage.activate("node-a", None, NOW.plus(MINUTE_MS)).await?)?;
    granted(stage.activate("node-b", None, NOW.plus(2 * MINUTE_MS)).await?)?;
    granted(stage.check(&first, NOW.plus(3 * MINUTE_MS)).await?)?;
    assert!(stage.activate("node-c", None, NOW.plus(4 * MINUTE_MS)).await?.is_err());
    Ok((stage, first.instance_id))
}

/// The types of all events that pass a filter, from page to page.
async fn listed(stage: &Stage, filter: &ActivityFilter) -> anyhow::Result<Vec<String>> {
    let (mut types, mut after) = (Vec::new(), None);
    loop {
        let (vendor_id, filter, place) = (stage.vendor.id.clone(), filter.clone(), after.clone());
        let page: Result<_, DbError> = stage
            .db
            .read(move |tx| {
                Box::pin(async move { search_activity(tx, &vendor_id, &filter, place.as_ref(), FEW).await })
            })
            .await;
        let page = page?;
        let Some(last) = page.last() else { return Ok(types) };
        after = Some(last.place());
        types.extend(page.into_iter().map(|it| it.event.event_type));
    }
}

fn asked(pairs: &[(&str, &str)]) -> ActivityFilter {
    ActivityFilter::of_address(|asked| {
        pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
    })
}

async fn tables(stage: &Stage, who: &UserId) -> anyhow::Result<(Option<String>, Option<String>)> {
    let cx = stage.person(who, NOW.plus(5 * MINUTE_MS));
    let tables: Result<_, DbError> = stage
        .db
        .read(move |tx| {
            Box::pin(async move {
                let activity = export_activity(tx, &cx, &ActivityFilter::default(), None).await?;
                let instances = export_instances(tx, &cx, &InstanceFilter::default(), None).await?;
                Ok((activity.map(|part| part.text), instances.map(|part| part.text)))
            })
        })
        .await;
    Ok(tables?)
}

on_both_engines! {
    async fn what_happened_is_found_by_type_customer_license_instance_and_day(db: Db) {
        let (stage, instance) = busy(db).await?;
        let all = ["instance.refused", "instance.activated", "instance.activated", "license.created"];
        let (account, license) = (stage.account_id.as_str(), stage.license_id.as_str());
        for (pairs, found) in [
            (&[("type", "instance.activated")][..], &all[1..3]),
            (&[], &all),
            (&[("type", "lease.renewed")], &["lease.renewed"]),
            (&[("type", "lease.revoked")], &[]),
            (&[("customer", account)], &all),
            (&[("customer", "EXAMPLE g")], &all),
            (&[("customer", "ex%gmbh")], &[]),
            (&[("customer", account), ("type", "license.created")], &all[3..]),
            (&[("about", license)], &all),
            (&[("about", license), ("customer", "nobody")], &[]),
            (&[("about", license), ("type", "lease.renewed")], &["lease.renewed"]),
            (&[("about", instance.as_str())], &all[2..3]),
            (&[("about", "ins_none")], &[]),
            (&[("from", "2026-11-21"), ("to", "2026-11-21")], &all),
            (&[("from", "2026-11-22")], &[]),
            (&[("to", "2026-11-20"), ("customer", account)], &[]),
            (&[("to", "2026-11-20"), ("about", license)], &[]),
            (&[("to", "2026-11-20"), ("type", "license.created")], &[]),
        ] {
            assert_eq!(listed(&stage, &asked(pairs)).await?, found, "{pairs:?}");
        }
        Ok(())
    }

    async fn whatever_happened_can_be_asked_for(db: Db) {
        let (stage, _) = busy(db).await?;
        let lapsed = stage.activate("node-d", None, NOW.plus(40 * DAY_MS)).await?;
        assert!(lapsed.is_err(), "the license has ended");
        for event_type in listed(&stage, &ActivityFilter::default()).await? {
            assert!(TYPES.contains(&event_type.as_str()), "{event_type}");
        }
        Ok(())
    }

    async fn what_another_vendor_has_is_not_listed(db: Db) {
        let (stage, instance) = busy(db).await?;
        let abroad = vendor(&stage.db, "abroad").await?;
        let (account, license) = (stage.account_id.as_str(), stage.license_id.as_str());
        for pairs in [
            &[("customer", account)][..],
            &[("customer", "Example")],
            &[],
            &[("about", license)],
            &[("about", instance.as_str())],
            &[("type", "license.created")],
        ] {
            let (vendor_id, filter) = (abroad.id.clone(), asked(pairs));
            let found: Result<_, DbError> = stage
                .db
                .read(move |tx| Box::pin(async move { search_activity(tx, &vendor_id, &filter, None, FEW).await }))
                .await;
            assert!(found?.is_empty(), "{pairs:?}");
        }
        let cx = cx(&abroad.id, NOW);
        let table: Result<_, DbError> = stage
            .db
            .read(move |tx| Box::pin(async move { export_instances(tx, &cx, &InstanceFilter::default(), None).await }))
            .await;
        assert_eq!(table?.map(|part| part.text.lines().count()), Some(1));
        Ok(())
    }

    async fn staff_take_the_tables_along_and_customers_do_not(db: Db) {
        let (stage, instance) = busy(db).await?;
        let clerk = stage.staff(StaffRole::ReadOnly).await?;
        let (activity, instances) = tables(&stage, &clerk).await?;
        let (activity, instances) = (activity.expect("a table"), instances.expect("a table"));
        assert_eq!(activity.lines().count(), 5, "{activity}");
        assert!(activity.contains(",license.created,Example GmbH,"), "{activity}");
        assert_eq!(instances.lines().count(), 3, "{instances}");
        let row = instances.lines().find(|line| line.starts_with(&instance)).expect("the instance");
        assert!(row.contains(",instance,node-a,,,active,4.2.1,true,2026-11-"), "{row}");
        assert_eq!(tables(&stage, &stage.owner).await?, (None, None));
        Ok(())
    }
}
