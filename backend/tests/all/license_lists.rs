//! The lists of licenses, instances and events: what passes a filter, and that pages by key miss nothing.

use std::collections::BTreeSet;

use backend::catalog::{
    CatalogApplication, Plan, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog,
};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::{Db, DbError, Tx};
use backend::events::{self, Event, Timeline};
use backend::ids::{AccountId, LicenseId, VendorId};
use backend::leases::instance_list::{count_instances, find_listed, search_instances};
use backend::leases::{Issuer, activate_instance};
use backend::licenses::rules::{Inactive, standing};
use backend::licenses::search::{
    FoundLicenses, LastContact, LicenseFilter, LicenseOrder, ListedStatus, Page, Place, search_account, search_vendor,
};
use backend::licenses::{LicenseStatus, NewLicense, create_license, set_standing, suspend_license};
use backend::vendors::Vendor;
use sdk::license_key::LicenseKey;
use sdk::wire::{ActivateRequest, Identity, Nonce, Secret};

use crate::support::{NOW, cx, entropy, master, on_both_engines};

/// A vendor with an account, and licenses in it.
struct Stage {
    db: Db,
    vendor: Vendor,
    account_id: AccountId,
    plan: Plan,
}

impl Stage {
    async fn new(db: Db) -> anyhow::Result<Self> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let operator = cx(&VendorId::from_untrusted(""), NOW);
        let applied = db
            .write(move |tx| {
                Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, "https://portal.test").await })
            })
            .await?;
        let CatalogApplication::Applied { vendor, .. } = applied else { anyhow::bail!("the demo catalog is refused") };
        let (vendor_id, account_id) = (vendor.id.clone(), account(&db, &vendor.id, "Weser Sensorik GmbH").await?);
        let plan = db
            .read(move |tx| {
                Box::pin(async move {
                    let product = find_product_by_code(tx, &vendor_id, "iot-platform").await?.expect("the product");
                    find_plan_by_code(tx, &vendor_id, &product.id, "business").await
                })
            })
            .await?;
        Ok(Self { db, vendor: *vendor, account_id, plan: plan.expect("the plan") })
    }

    /// A license that was created `hours` after the beginning.
    async fn license(
        &self,
        account_id: &AccountId,
        name: &'static str,
        hours: i64,
        ends_at: Option<UnixMs>,
    ) -> anyhow::Result<(LicenseId, LicenseKey)> {
        let (cx, plan, account_id) = (cx(&self.vendor.id, at(hours)), self.plan.clone(), account_id.clone());
        let made = self.db.write(move |tx| {
            Box::pin(async move {
                let new = NewLicense {
                    account_id: &account_id,
                    plan: &plan,
                    seats: 20,
                    status: LicenseStatus::Active,
                    starts_at: NOW,
                    ends_at,
                    updates_until: None,
                    name,
                };
                let (license, key) = create_license(tx, &cx, &master(), &new).await?;
                Ok::<_, DbError>((license.id, key))
            })
        });
        Ok(made.await?)
    }

    async fn activate(&self, key: &LicenseKey, node: &str, version: &str, now: UnixMs) -> anyhow::Result<()> {
        let request = ActivateRequest {
            license_key: Secret::new(key.expose()),
            product: "iot-platform".to_owned(),
            version: version.to_owned(),
            released_on: None,
            identity: Identity::instance(node).named(format!("Node {node}")),
            nonce: Nonce::from_random(entropy().bytes()),
            features: None,
            borrow_s: None,
            secret: None,
            known_seq: None,
        };
        let (cx, issuer) = (cx(&self.vendor.id, now), Issuer { vendor: self.vendor.clone(), master: master() });
        let answer = self
            .db
            .write(move |tx| Box::pin(async move { activate_instance(tx, &cx, &issuer, &request).await }))
            .await?;
        answer.map(drop).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
    }

    async fn search(
        &self,
        filter: LicenseFilter,
        after: Option<Place>,
        limit: i64,
        now: UnixMs,
    ) -> anyhow::Result<FoundLicenses> {
        let (vendor_id, account_id) = (self.vendor.id.clone(), self.account_id.clone());
        let found = self.db.read(move |tx| {
            Box::pin(async move {
                let page = Page { now, after: after.as_ref(), limit };
                search_account(tx, &vendor_id, &master(), &account_id, &filter, page).await
            })
        });
        Ok(found.await?)
    }

    async fn search_all(
        &self,
        filter: LicenseFilter,
        after: Option<Place>,
        limit: i64,
    ) -> anyhow::Result<FoundLicenses> {
        let vendor_id = self.vendor.id.clone();
        let found = self.db.read(move |tx| {
            Box::pin(async move {
                let page = Page { now: NOW, after: after.as_ref(), limit };
                search_vendor(tx, &vendor_id, &master(), &filter, page).await
            })
        });
        Ok(found.await?)
    }

    /// The names that pass a filter at a moment, in order.
    async fn names(&self, filter: LicenseFilter, now: UnixMs) -> anyhow::Result<Vec<String>> {
        Ok(names(&self.search(filter, None, 100, now).await?))
    }
}

fn names(found: &FoundLicenses) -> Vec<String> {
    found.licenses.iter().map(|listed| listed.view.license.name.clone()).collect()
}

fn at(hours: i64) -> UnixMs {
    NOW.plus(hours * HOUR_MS)
}

async fn account(db: &Db, vendor_id: &VendorId, company: &'static str) -> anyhow::Result<AccountId> {
    let cx = cx(vendor_id, NOW);
    let id: AccountId = cx.id();
    let made = id.clone();
    let insert = "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
                  VALUES ($1, $2, 'customer', $3, 'DE', '{}', 'bills@example.test', $4)";
    db.write(move |tx| {
        Box::pin(async move {
            match tx {
                Tx::Sqlite(tx) => {
                    let query = sqlx::query(insert).bind(&id).bind(&cx.vendor_id).bind(company).bind(cx.now);
                    query.execute(&mut **tx).await?;
                }
                Tx::Postgres(tx) => {
                    let query = sqlx::query(insert).bind(&id).bind(&cx.vendor_id).bind(company).bind(cx.now);
                    query.execute(&mut **tx).await?;
                }
            }
            Ok::<_, DbError>(())
        })
    })
    .await?;
    Ok(made)
}

fn by_text(text: &str) -> LicenseFilter {
    LicenseFilter { text: text.to_owned(), ..LicenseFilter::default() }
}

on_both_engines! {
    async fn a_list_finds_by_name_key_id_and_version_and_takes_no_text_for_a_pattern(db: Db) {
        let stage = Stage::new(db).await?;
        let (plant, key) = stage.license(&stage.account_id, "Plant 50%", 0, None).await?;
        stage.license(&stage.account_id, "Office", 1, None).await?;
        stage.activate(&key, "a", "4.2.1", NOW).await?;
        let end = key.expose().chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect::<String>();
        for text in ["plant", "50%", key.expose(), &end, plant.as_str()] {
            assert_eq!(stage.names(by_text(text), NOW).await?, ["Plant 50%"], "{text}");
        }
        assert_eq!(stage.names(by_text("BUSINESS"), NOW).await?, ["Office", "Plant 50%"]);
        for text in ["0_", "Plant%50", "nowhere", "'"] {
            assert!(stage.names(by_text(text), NOW).await?.is_empty(), "{text}");
        }
        let version = |version: &str| LicenseFilter { version: version.to_owned(), ..LicenseFilter::default() };
        assert_eq!(stage.names(version("4.2"), NOW).await?, ["Plant 50%"]);
        assert!(stage.names(version("4._"), NOW).await?.is_empty());
        let product = |product: &str| LicenseFilter { product: product.to_owned(), ..LicenseFilter::default() };
        assert_eq!(stage.names(product("iot-platform"), NOW).await?.len(), 2);
        assert!(stage.names(product("other"), NOW).await?.is_empty());
        Ok(())
    }

    async fn the_status_of_a_list_is_the_standing_of_the_license(db: Db) {
        let stage = Stage::new(db).await?;
        let mut made = Vec::new();
        for (name, ends_at) in [("active", None), ("expired", Some(at(1))), ("later", Some(at(99)))] {
            made.push(stage.license(&stage.account_id, name, 0, ends_at).await?.0);
        }
        for status in [LicenseStatus::Pending, LicenseStatus::Suspended, LicenseStatus::Revoked, LicenseStatus::Ended] {
            let (id, _) = stage.license(&stage.account_id, status.as_str(), 0, None).await?;
            let (cx, changed) = (cx(&stage.vendor.id, NOW), id.clone());
            stage
                .db
                .write(move |tx| Box::pin(async move { set_standing(tx, &cx, &changed, status, "") .await }))
                .await?;
            made.push(id);
        }
        let (by_staff, _) = stage.license(&stage.account_id, "by staff", 0, None).await?;
        let (operator, changed) = (cx(&stage.vendor.id, NOW), by_staff.clone());
        stage
            .db
            .write(move |tx| Box::pin(async move { suspend_license(tx, &operator, &master(), &changed, "asked").await }))
            .await?;
        made.push(by_staff);

        for now in [NOW.plus(-1), NOW, at(2)] {
            let mut seen = BTreeSet::new();
            for status in ListedStatus::ALL {
                let filter = LicenseFilter { status: Some(*status), ..LicenseFilter::default() };
                for listed in stage.search(filter, None, 100, now).await?.licenses {
                    let expected = match standing(&listed.view.license, now) {
                        Ok(()) => ListedStatus::Active,
                        Err(Inactive::NotPaid | Inactive::NotStarted) => ListedStatus::Waiting,
                        Err(Inactive::PastDue | Inactive::Suspended) => ListedStatus::Suspended,
                        Err(Inactive::Cancelled | Inactive::Expired) => ListedStatus::Ended,
                        Err(Inactive::Revoked) => ListedStatus::Revoked,
                    };
                    assert_eq!(*status, expected, "{} at {now:?}", listed.view.license.name);
                    seen.insert(listed.view.license.id);
                }
            }
            assert_eq!(seen.len(), made.len(), "each license has one status at {now:?}");
        }
        Ok(())
    }

    async fn the_last_contact_is_that_of_any_instance(db: Db) {
        let stage = Stage::new(db).await?;
        let (_, busy) = stage.license(&stage.account_id, "busy", 0, None).await?;
        let (_, quiet) = stage.license(&stage.account_id, "quiet", 0, None).await?;
        stage.license(&stage.account_id, "never", 0, None).await?;
        stage.activate(&busy, "a", "1", NOW).await?;
        stage.activate(&busy, "b", "1", at(47)).await?;
        stage.activate(&quiet, "a", "1", NOW).await?;
        let now = at(48);
        for (contact, expected) in [
            (LastContact::Hour, vec!["busy"]),
            (LastContact::Month, vec!["busy", "quiet"]),
            (LastContact::SilentDay, vec!["quiet"]),
            (LastContact::SilentWeek, vec![]),
            (LastContact::Never, vec!["never"]),
        ] {
            let filter = LicenseFilter { contact: Some(contact), ..LicenseFilter::default() };
            let mut names = stage.names(filter, now).await?;
            names.sort();
            assert_eq!(names, expected, "{contact:?}");
        }
        let found = stage.search(by_text("busy"), None, 10, now).await?;
        assert_eq!((found.licenses[0].last_contact_at, found.licenses[0].held), (Some(at(47)), 0));
        assert_eq!(stage.search(by_text("busy"), None, 10, NOW).await?.licenses[0].held, 2, "at the start of the leases");
        Ok(())
    }

    async fn pages_by_key_show_everything_once_in_each_order(db: Db) {
        let stage = Stage::new(db).await?;
        for (place, name) in ["a", "b", "c", "d", "e", "f", "g"].into_iter().enumerate() {
            // Pairs that were created at the same moment, and ends in the other direction.
            let place = i64::try_from(place)?;
            let ends_at = (place > 0).then(|| at(100 - place / 2));
            stage.license(&stage.account_id, name, place / 2, ends_at).await?;
        }
        for order in [None, Some(LicenseOrder::EndsSoonest)] {
            let filter = LicenseFilter { order, ..LicenseFilter::default() };
            let whole = stage.search(filter.clone(), None, 100, NOW).await?;
            assert_eq!((whole.licenses.len(), whole.total, &whole.next), (7, 7, &None));
            if order.is_some() {
                assert_eq!(names(&whole).last().map(String::as_str), Some("a"), "what has no end comes last");
            }
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = stage.search(filter.clone(), after, 3, NOW).await?;
                assert_eq!(page.total, 7, "the count is that of the whole list");
                paged.extend(names(&page));
                after = page.next.map(|place| Place::parse(&place.to_string()).expect("it survives its address"));
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, names(&whole), "{order:?}");
        }
        Ok(())
    }

    async fn the_vendor_sees_all_customers_and_an_account_only_its_own(db: Db) {
        let stage = Stage::new(db).await?;
        let other = account(&stage.db, &stage.vendor.id, "Aurora Wind ApS").await?;
        let (_, key) = stage.license(&stage.account_id, "ours", 0, None).await?;
        let (theirs, their_key) = stage.license(&other, "theirs", 1, None).await?;
        assert_eq!(stage.names(by_text(""), NOW).await?, ["ours"]);
        for text in [theirs.as_str(), their_key.expose(), "theirs"] {
            assert!(stage.names(by_text(text), NOW).await?.is_empty(), "{text}");
        }
        for (text, expected) in [
            ("", vec!["theirs", "ours"]),
            ("aurora", vec!["theirs"]),
            (key.expose(), vec!["ours"]),
            (other.as_str(), vec!["theirs"]),
            ("bills@", vec!["theirs", "ours"]),
        ] {
            assert_eq!(names(&stage.search_all(by_text(text), None, 10).await?), expected, "{text}");
        }
        let first = stage.search_all(by_text(""), None, 1).await?;
        assert_eq!((first.licenses[0].company.as_str(), first.total), ("Aurora Wind ApS", 2));
        let second = stage.search_all(by_text(""), first.next, 1).await?;
        assert_eq!((names(&second), second.next), (vec!["ours".to_owned()], None));
        Ok(())
    }

    async fn instances_are_found_by_what_they_are_called_and_paged_by_key(db: Db) {
        let stage = Stage::new(db).await?;
        let (id, key) = stage.license(&stage.account_id, "cluster", 0, None).await?;
        for (place, node) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            stage.activate(&key, node, "4.2.1", NOW.plus(i64::try_from(place)? * DAY_MS)).await?;
        }
        let vendor_id = stage.vendor.id.clone();
        stage
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let all = search_instances(tx, &vendor_id, &id, "", None, 10).await?;
                    let called: Vec<_> = all.iter().map(|it| it.identity().id).collect();
                    assert_eq!(called, ["e", "d", "c", "b", "a"], "what is held longest comes first");
                    let (mut paged, mut after) = (Vec::new(), None);
                    loop {
                        let page = search_instances(tx, &vendor_id, &id, "", after.as_ref(), 2).await?;
                        let Some(last) = page.last() else { break };
                        after = Some(last.place());
                        paged.extend(page);
                    }
                    assert_eq!(paged, all);
                    for (text, count) in [("node C", 1), ("4.2", 5), ("%", 0), (all[0].id.as_str(), 1), ("z", 0)] {
                        let found = search_instances(tx, &vendor_id, &id, text, None, 10).await?;
                        assert_eq!(found.len(), count, "{text}");
                    }
                    assert_eq!(count_instances(tx, &id, 3).await?, 3);
                    let other = LicenseId::from_untrusted("lic_other");
                    assert_eq!(find_listed(tx, &vendor_id, &id, &all[0].id).await?.as_ref(), Some(&all[0]));
                    assert_eq!(find_listed(tx, &vendor_id, &other, &all[0].id).await?, None, "of another license");
                    Ok::<_, DbError>(())
                })
            })
            .await?;
        Ok(())
    }

    async fn a_timeline_goes_on_by_key_and_leaves_out_what_only_goes_on(db: Db) {
        let stage = Stage::new(db).await?;
        let (id, key) = stage.license(&stage.account_id, "cluster", 0, None).await?;
        for node in ["a", "b", "c"] {
            stage.activate(&key, node, "4.2.1", NOW).await?;
        }
        let (cx, license_id, account_id) = (cx(&stage.vendor.id, at(1)), id.clone(), stage.account_id.clone());
        stage
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let about = events::About {
                        account_id: Some(&account_id),
                        license_id: Some(&license_id),
                        instance_id: None,
                    };
                    events::record_hourly(tx, &cx, "lease.renewed", about, "", &serde_json::json!({})).await
                })
            })
            .await?;
        let vendor_id = stage.vendor.id.clone();
        stage
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let everything = events::list_timeline(tx, &vendor_id, &id, Timeline::Everything, None, 50).await?;
                    let types: Vec<_> = everything.iter().map(|event| event.event_type.as_str()).collect();
                    assert_eq!(types[0], "lease.renewed", "newest first");
                    let changes = events::list_timeline(tx, &vendor_id, &id, Timeline::Changes, None, 50).await?;
                    assert_eq!(changes.len(), everything.len() - 1);
                    let (mut paged, mut before): (Vec<Event>, Option<(UnixMs, backend::ids::EventId)>) = (Vec::new(), None);
                    loop {
                        let key = before.as_ref().map(|(at, id)| (*at, id));
                        let page = events::list_timeline(tx, &vendor_id, &id, Timeline::Everything, key, 2).await?;
                        let Some(last) = page.last() else { break };
                        before = Event::parse_place(&last.place());
                        paged.extend(page);
                    }
                    let ids = |events: &[Event]| events.iter().map(|event| event.id.clone()).collect::<Vec<_>>();
                    assert_eq!(ids(&paged), ids(&everything));
                    let instance = changes.iter().find_map(|event| event.instance_id.clone()).expect("an activation");
                    let own =
                        events::list_timeline(tx, &vendor_id, &id, Timeline::Instance(&instance), None, 50).await?;
                    assert!(!own.is_empty() && own.iter().all(|event| event.instance_id.as_ref() == Some(&instance)));
                    Ok::<_, DbError>(())
                })
            })
            .await?;
        Ok(())
    }
}
