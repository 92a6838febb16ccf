//! The audit log: how it is sealed, that nothing in it can be changed unseen, and who sees what of it.

use std::collections::BTreeSet;

use backend::accounts::{Act, StaffRole, may_act};
use backend::audit::{
    self, AuditEntry, AuditFilter, AuditPlace, AuditReport, AuditScope, Break, Head, Who, export_audit, list_audit,
    seal, seal_rows, verify_audit,
};
use backend::clock::{DAY_MS, UnixMs};
use backend::db::{Db, DbError, Tx};
use backend::ids::{UserId, VendorId};
use backend::licenses::{VendorDecision, rename_license, suspend_license};
use backend::{Actor, Cx};

use crate::licenses::stage::Stage;
use crate::support::{NOW, cx, master, on_both_engines, vendor};

/// Writes `count` rows of a vendor, as if one happened at each of so many milliseconds from `at` on.
async fn write_rows(db: &Db, vendor_id: &VendorId, at: UnixMs, count: i64) -> anyhow::Result<()> {
    for number in 0..count {
        let cx = cx(vendor_id, at.plus(number));
        let after = serde_json::json!({ "number": number });
        let wrote: Result<(), DbError> = db
            .write(move |tx| {
                Box::pin(async move {
                    audit::record(tx, &cx, None, "plan.update", "pln_1", audit::NOTHING, Some(&after)).await
                })
            })
            .await;
        wrote?;
    }
    Ok(())
}

async fn verify(db: &Db, vendor_id: &VendorId, expected: Option<Head>) -> anyhow::Result<AuditReport> {
    let id = vendor_id.clone();
    let report: Result<_, DbError> =
        db.read(move |tx| Box::pin(async move { verify_audit(tx, &id, expected).await })).await;
    Ok(report?)
}

/// Does to the database what only somebody with access to it can do.
async fn tamper(db: &Db, statement: &'static str) -> Result<(), anyhow::Error> {
    db.write(move |tx| {
        Box::pin(async move {
            match tx {
                Tx::Sqlite(tx) => sqlx::query(statement).execute(&mut **tx).await.map(drop),
                Tx::Postgres(tx) => sqlx::query(statement).execute(&mut **tx).await.map(drop),
            }
            .map_err(|error| anyhow::Error::from(DbError::from(error)))
        })
    })
    .await
}

/// Takes away what refuses changes.
async fn unguard(db: &Db) -> anyhow::Result<()> {
    let is_sqlite = db.engine_name().to_ascii_lowercase().contains("sqlite");
    if is_sqlite {
        tamper(db, "DROP TRIGGER audit_stays").await?;
        tamper(db, "DROP TRIGGER audit_remains").await
    } else {
        tamper(db, "DROP TRIGGER audit_stays ON audit").await
    }
}

async fn list(
    stage: &Stage,
    cx: &Cx,
    scope: &AuditScope,
    filter: &AuditFilter,
    after: Option<AuditPlace>,
    limit: i64,
) -> anyhow::Result<Option<Vec<AuditEntry>>> {
    let (cx, scope, filter) = (cx.clone(), scope.clone(), filter.clone());
    let read: Result<_, DbError> = stage
        .db
        .read(move |tx| Box::pin(async move { list_audit(tx, &cx, &scope, &filter, after.as_ref(), limit).await }))
        .await;
    Ok(read?)
}

/// The owner names the license, from an address of their own.
async fn rename(stage: &Stage, name: &'static str, now: UnixMs) -> anyhow::Result<bool> {
    let cx = stage.person(&stage.owner, now).of_request("req-1", [203, 0, 113, 7].into());
    let id = stage.license_id.clone();
    Ok(stage.write(move |tx| Box::pin(async move { rename_license(tx, &cx, &id, name).await })).await?)
}

/// Staff suspend the license, from an address of theirs.
async fn suspend(stage: &Stage, staff: &UserId, now: UnixMs) -> anyhow::Result<VendorDecision> {
    let cx = Cx { actor: Actor::Staff(staff.clone()), ..stage.operator(now) };
    let (cx, id) = (cx.of_request("req-2", [198, 51, 100, 9].into()), stage.license_id.clone());
    Ok(stage
        .write(move |tx| Box::pin(async move { suspend_license(tx, &cx, &master(), &id, "does not pay us").await }))
        .await?)
}

on_both_engines! {
    async fn rows_are_sealed_in_their_order_and_a_late_one_gets_the_next_place(db: Db) {
        let (acme, other) = (vendor(&db, "acme").await?, vendor(&db, "other").await?);
        let (made, of_other) = (verify(&db, &acme.id, None).await?, verify(&db, &other.id, None).await?);
        assert_eq!((made.chain, made.tail.count), (Ok(Head::start()), 1));
        write_rows(&db, &acme.id, NOW, 450).await?;
        assert_eq!(seal(&db).await?, 452, "of every vendor, in more than one batch");
        let report = verify(&db, &acme.id, None).await?;
        let head = report.chain.expect("an untouched chain");
        assert_eq!((head.seq, report.tail.count, report.tail.span), (451, 0, None));
        assert_eq!(verify(&db, &other.id, None).await?.chain.map(|head| head.seq), Ok(1));
        assert_eq!(of_other.tail.count, 1);

        write_rows(&db, &acme.id, NOW.plus(-DAY_MS), 3).await?;
        let report = verify(&db, &acme.id, Some(head.clone())).await?;
        assert_eq!(report.chain, Ok(head.clone()));
        assert_eq!(report.tail.count, 3);
        assert_eq!(report.tail.span, Some((NOW.plus(-DAY_MS), NOW.plus(2 - DAY_MS))));
        assert_eq!(seal(&db).await?, 3);
        assert_eq!(seal(&db).await?, 0);
        let grown = verify(&db, &acme.id, Some(head)).await?.chain.expect("it passes through the head from before");
        assert_eq!(grown.seq, 454);
        Ok(())
    }

    async fn a_chain_is_one_however_many_seal_it_while_rows_are_written(db: Db) {
        let acme = vendor(&db, "acme").await?;
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (db, id) = (db.clone(), acme.id.clone());
                // Each its own time, so that late rows come before those that are sealed.
                tokio::spawn(async move { write_rows(&db, &id, NOW.plus(-1_000 * writer), 25).await })
            })
            .collect();
        let sealers: Vec<_> = (0..4)
            .map(|sealer| {
                let (db, id) = (db.clone(), acme.id.clone());
                tokio::spawn(async move {
                    for _ in 0..25 {
                        let id = id.clone();
                        let sealed: Result<usize, DbError> = db
                            .write(move |tx| Box::pin(async move { seal_rows(tx, &id, 3 + sealer).await }))
                            .await;
                        sealed?;
                    }
                    Ok::<_, anyhow::Error>(())
                })
            })
            .collect();
        for task in writers.into_iter().chain(sealers) {
            task.await??;
        }
        seal(&db).await?;
        let report = verify(&db, &acme.id, None).await?;
        assert_eq!((report.chain.map(|head| head.seq), report.tail.count), (Ok(101), 0));
        Ok(())
    }

    async fn the_database_refuses_to_change_or_delete_a_row(db: Db) {
        let acme = vendor(&db, "acme").await?;
        write_rows(&db, &acme.id, NOW, 2).await?;
        let attempts = [
            "UPDATE audit SET before = 'x'",
            "UPDATE audit SET address = '203.0.113.9', seq = 99, chain = '\\x00' WHERE act = 'vendor.create'",
            "UPDATE audit SET act = 'x'",
            "UPDATE audit SET seq = 7 WHERE act = 'vendor.create'",
            "DELETE FROM audit",
        ];
        for sealed in [false, true] {
            for statement in attempts {
                assert!(tamper(&db, statement).await.is_err(), "{statement}, sealed: {sealed}");
            }
            if sealed {
                let again = "UPDATE audit SET seq = NULL, chain = NULL";
                assert!(tamper(&db, again).await.is_err(), "{again}");
            }
            seal(&db).await?;
        }
        assert_eq!(verify(&db, &acme.id, None).await?.chain.map(|head| head.seq), Ok(3));
        Ok(())
    }

    async fn whoever_gets_past_the_database_is_found_by_the_check(db: Db) {
        let acme = vendor(&db, "acme").await?;
        write_rows(&db, &acme.id, NOW, 9).await?;
        seal(&db).await?;
        let kept = verify(&db, &acme.id, None).await?.chain.expect("an untouched chain");
        unguard(&db).await?;

        let found = |report: AuditReport| report.chain.expect_err("a break");
        tamper(&db, "UPDATE audit SET before = '{}' WHERE seq = 8").await?;
        assert!(matches!(found(verify(&db, &acme.id, None).await?), Break::Changed { seq: 8, .. }));
        tamper(&db, "UPDATE audit SET seq = seq + 100 WHERE seq = 5").await?;
        assert_eq!(found(verify(&db, &acme.id, None).await?), Break::Missing { seq: 5 });
        // The end cut off, and the note of it changed to fit: only a head that was kept elsewhere shows it.
        tamper(&db, "UPDATE audit_chains SET sealed_seq = 4, head = (SELECT chain FROM audit WHERE seq = 4)").await?;
        assert!(matches!(found(verify(&db, &acme.id, None).await?), Break::Inserted { seq: 6, .. }));
        tamper(&db, "DELETE FROM audit WHERE seq > 4").await?;
        assert_eq!(verify(&db, &acme.id, None).await?.chain.map(|head| head.seq), Ok(4));
        let report = verify(&db, &acme.id, Some(kept.clone())).await?;
        assert_eq!(found(report), Break::NotAsExpected { expected: kept });
        Ok(())
    }

    async fn a_change_is_in_the_log_with_who_from_where_and_what_it_was_before(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        assert!(rename(&stage, "Werk 1", NOW).await?);
        assert!(rename(&stage, "Werk 2", NOW.plus(1)).await?);
        let owner = stage.person(&stage.owner, NOW);
        let scope = AuditScope::Account(stage.account_id.clone());
        let entries = list(&stage, &owner, &scope, &AuditFilter::default(), None, 100).await?.expect("the owner sees it");
        let newest = &entries[0];
        assert_eq!(newest.act, "license.rename");
        assert_eq!(newest.who, Who::Person("Ada".to_owned(), "ada@example.test".to_owned()));
        assert_eq!(newest.address.as_deref(), Some("203.0.113.7"));
        let changes = newest.changes();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].path, ["name"]);
        assert_eq!((&changes[0].before, &changes[0].after), (&Some("Werk 1".into()), &Some("Werk 2".into())));
        let acts: BTreeSet<_> = entries.iter().map(|entry| entry.act.as_str()).collect();
        assert!(acts.is_superset(&["account.create", "license.create"].into()), "{acts:?}");
        Ok(())
    }

    async fn a_customer_sees_that_the_vendor_acted_and_no_more(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let staff = stage.staff(StaffRole::Admin).await?;
        assert!(matches!(suspend(&stage, &staff, NOW.plus(1)).await?, VendorDecision::Done(_)));
        // What was written before acts of staff were told apart says `user`.
        let (before, account_id) = (stage.person(&staff, NOW.plus(2)), stage.account_id.clone());
        stage
            .write(move |tx| {
                Box::pin(async move {
                    let object = "lic_1";
                    audit::record(tx, &before, Some(&account_id), "license.override", object, audit::NOTHING, audit::NOTHING)
                        .await
                })
            })
            .await?;
        let owner = stage.person(&stage.owner, NOW);
        let scope = AuditScope::Account(stage.account_id.clone());
        let all = AuditFilter::default();
        let seen = list(&stage, &owner, &scope, &all, None, 100).await?.expect("the owner sees it");
        assert_eq!((&seen[0].who, &seen[1].who), (&Who::Vendor, &Who::Vendor));
        assert_eq!((seen[0].act.as_str(), seen[1].act.as_str()), ("license.override", "license.suspend"));
        assert!(seen[1].changes().iter().any(|change| change.path == ["vendor_standing"]), "{seen:?}");
        for secret in ["does not pay us", "198.51.100.9", "admin@portal.test", "req-2"] {
            assert!(!format!("{seen:?}").contains(secret), "{secret}");
        }
        let by_staff = AuditFilter { person: "admin@portal.test".to_owned(), ..all.clone() };
        assert_eq!(list(&stage, &owner, &scope, &by_staff, None, 100).await?, Some(vec![]), "nor by asking for it");

        let admin = Cx { actor: Actor::Staff(staff), ..stage.operator(NOW) };
        let seen = list(&stage, &admin, &AuditScope::Vendor, &by_staff, None, 100).await?.expect("an admin sees it");
        assert_eq!(seen.len(), 2);
        for (customer, count) in [(stage.account_id.as_str(), 2), ("EXAMPLE", 2), ("acc_other", 0), ("%", 0)] {
            let of_customer = AuditFilter { customer: customer.to_owned(), ..by_staff.clone() };
            let found = list(&stage, &admin, &AuditScope::Vendor, &of_customer, None, 100).await?;
            assert_eq!(found.map(|found| found.len()), Some(count), "{customer}");
        }
        assert!(format!("{seen:?}").contains("does not pay us") && format!("{seen:?}").contains("198.51.100.9"));
        Ok(())
    }

    async fn only_owners_see_an_accounts_log_and_only_some_staff_the_vendors(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let (own, all) = (AuditScope::Account(stage.account_id.clone()), AuditFilter::default());
        for (role, sees) in [
            (StaffRole::Admin, true),
            (StaffRole::Support, false),
            (StaffRole::Finance, false),
            (StaffRole::ReadOnly, true),
        ] {
            let cx = Cx { actor: Actor::Staff(stage.staff(role).await?), ..stage.operator(NOW) };
            assert_eq!(list(&stage, &cx, &AuditScope::Vendor, &all, None, 1).await?.is_some(), sees, "{role:?}");
            assert_eq!(list(&stage, &cx, &own, &all, None, 1).await?, None, "{role:?} is no member");
        }
        let owner = stage.person(&stage.owner, NOW);
        assert_eq!(list(&stage, &owner, &AuditScope::Vendor, &all, None, 1).await?, None);
        for role in ["billing", "technical", "viewer"] {
            let statement = match role {
                "billing" => "UPDATE memberships SET role = 'billing'",
                "technical" => "UPDATE memberships SET role = 'technical'",
                _ => "UPDATE memberships SET role = 'viewer'",
            };
            tamper(&stage.db, statement).await?;
            assert_eq!(list(&stage, &owner, &own, &all, None, 1).await?, None, "{role}");
            let (cx, account_id) = (owner.clone(), stage.account_id.clone());
            let sees = stage.write(move |tx| Box::pin(async move { may_act(tx, &cx, &account_id, Act::See).await }));
            assert!(sees.await?, "{role} is a member all the same");
        }
        Ok(())
    }

    async fn the_log_is_narrowed_and_pages_miss_nothing(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        for (at, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            // Two of them at the same moment.
            assert!(rename(&stage, name, NOW.plus(DAY_MS * i64::try_from(at / 2)?)).await?);
        }
        let owner = stage.person(&stage.owner, NOW);
        let scope = AuditScope::Account(stage.account_id.clone());
        let count = async |filter: AuditFilter| {
            anyhow::Ok(list(&stage, &owner, &scope, &filter, None, 100).await?.expect("the owner sees it").len())
        };
        let all = AuditFilter::default();
        let total = count(all.clone()).await?;
        assert!(total >= 7, "{total}");
        let of_licenses = AuditFilter { area: "license".to_owned(), ..all.clone() };
        assert_eq!(count(of_licenses.clone()).await?, 6, "created, and named five times");
        assert_eq!(count(AuditFilter { area: "licens_".to_owned(), ..all.clone() }).await?, 0, "no pattern");
        assert_eq!(count(AuditFilter { person: "ADA@example.test".to_owned(), ..of_licenses.clone() }).await?, 5);
        assert_eq!(count(AuditFilter { object: stage.license_id.to_string(), ..all.clone() }).await?, 6);
        assert_eq!(count(AuditFilter { object: "lic_other".to_owned(), ..all.clone() }).await?, 0);
        let days = |from: i64, until: i64| AuditFilter {
            from: Some(NOW.plus(from * DAY_MS)),
            until: Some(NOW.plus(until * DAY_MS)),
            ..of_licenses.clone()
        };
        assert_eq!((count(days(1, 2)).await?, count(days(2, 9)).await?, count(days(3, 9)).await?), (2, 1, 0));

        let (mut found, mut after) = (BTreeSet::new(), None);
        loop {
            let page = list(&stage, &owner, &scope, &all, after, 2).await?.expect("the owner sees it");
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            assert!(page.iter().all(|entry| found.insert(entry.id.clone())), "an entry twice");
        }
        assert_eq!(found.len(), total);
        Ok(())
    }

    async fn the_table_has_every_entry_and_no_formula(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        assert!(rename(&stage, "=HYPERLINK(\"http://evil\")", NOW).await?);
        let (account_id, evil) = (stage.account_id.clone(), stage.person(&stage.owner, NOW.plus(1)));
        stage
            .write(move |tx| {
                Box::pin(async move {
                    for _ in 0..1_500 {
                        let none = audit::NOTHING;
                        audit::record(tx, &evil, Some(&account_id), "license.change", "=1+1", none, Some(&"+cmd")).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        let scope = AuditScope::Account(stage.account_id.clone());
        let (mut text, mut after, mut parts) = (String::new(), None, 0);
        loop {
            let (cx, scope) = (stage.person(&stage.owner, NOW), scope.clone());
            let part: Result<_, DbError> = stage
                .db
                .read(move |tx| {
                    Box::pin(async move { export_audit(tx, &cx, &scope, &AuditFilter::default(), after.as_ref()).await })
                })
                .await;
            let part = part?.expect("the owner sees it");
            text += &part.text;
            parts += 1;
            match part.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(parts, 2);
        let lines: Vec<_> = text.split("\r\n").filter(|line| !line.is_empty()).collect();
        assert!(lines[0].starts_with("occurred_at,id,actor_kind,"));
        assert_eq!(lines.iter().filter(|line| line.contains(",'=1+1,")).count(), 1_500);
        assert!(!text.contains(",=") && !text.contains(",+") && !text.contains(",\"="), "a formula");
        assert_eq!(lines.iter().filter(|line| line.starts_with("occurred_at")).count(), 1);
        let stranger = stage.person(&UserId::from_untrusted("usr_x"), NOW);
        let refused: Result<_, DbError> = stage
            .db
            .read(move |tx| {
                Box::pin(async move { export_audit(tx, &stranger, &scope, &AuditFilter::default(), None).await })
            })
            .await;
        assert_eq!(refused?, None);
        Ok(())
    }
}
