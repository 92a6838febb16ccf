//! Checks answered from memory: the same answers as from the database, nothing after a change, and nothing lost that
//! was promised. SQLite only, as the table is.

use std::sync::Arc;
use std::time::Duration;

use backend::clock::{Clock, DAY_MS, MINUTE_MS, SECOND_MS, UnixMs};
use backend::cx::Entropy;
use backend::db::{Db, DbError, Options, Synchronous};
use backend::ids::InstanceId;
use backend::keys::{KeyRotation, rotate_signing_key, withdraw_retired_keys};
use backend::leases::live::{LiveTable, Settings};
use backend::leases::{Instance, find_instance, free_seat, revoke_lease};
use backend::licenses::{LicenseStatus, set_standing};
use sdk::lease::{Expect, LeaseClaims};
use sdk::wire::{CheckRequest, LeaseResponse, Secret};
use tokio::sync::oneshot;

use super::{Stage, check_request, granted, nonce};
use crate::support::{NOW, master, run_on_sqlite};

/// A stage with a table beside its database, that writes only when it is told to.
struct LiveStage {
    stage: Stage,
    table: Arc<LiveTable>,
}

impl LiveStage {
    async fn new(db: Db, plan: &'static str, seats: i64) -> anyhow::Result<Self> {
        let settings = Settings { coalesce: Duration::from_secs(1), capacity: 3 };
        let (table, writing) = LiveTable::start(&db, Clock::fixed(NOW), Entropy::seeded(3), settings).expect("SQLite");
        writing.abort();
        Ok(Self { stage: Stage::new(db, plan, seats).await?, table })
    }

    /// Activates and checks once, after which the instance is in the table.
    async fn node(&self, name: &str, now: UnixMs) -> anyhow::Result<LeaseResponse> {
        let activated = granted(self.stage.activate(name, now).await?)?;
        granted(self.stage.check(&activated, now).await?)
    }

    async fn check_in_memory(&self, request: &CheckRequest, now: UnixMs) -> Option<LeaseResponse> {
        let cx = self.stage.cx(now);
        // A check that has to wait for a commit gets one.
        let writing = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                self.table.write().await.expect("a commit");
            }
        };
        tokio::select! {
            answer = self.table.check(&cx, request) => answer,
            () = writing => None,
        }
    }

    /// What the database knows of the instance.
    async fn stored(&self, answer: &LeaseResponse) -> anyhow::Result<Instance> {
        let (vendor_id, id) = (self.stage.vendor.id.clone(), InstanceId::from_untrusted(&answer.instance_id));
        let found = self.stage.db.read(move |tx| Box::pin(async move { find_instance(tx, &vendor_id, &id).await }));
        Ok(found.await?.expect("the instance"))
    }

    async fn claims(&self, answer: &LeaseResponse, now: UnixMs) -> anyhow::Result<LeaseClaims> {
        let trust = self.stage.trust().await?;
        Ok(sdk::lease::verify(&answer.lease, &trust, &Expect::of("iot-platform", now.seconds()))?.claims().clone())
    }

    async fn set_standing(&self, db: &Db, status: LicenseStatus, now: UnixMs) -> Result<(), DbError> {
        let (cx, id) = (self.stage.cx(now), self.stage.license_id.clone());
        db.write(move |tx| Box::pin(async move { set_standing(tx, &cx, &id, status, "fraud").await })).await
    }

    /// What the sweep does about keys; answers how many it withdrew.
    async fn withdraw_keys(&self, now: UnixMs) -> Result<usize, DbError> {
        let cx = self.stage.cx(now);
        let work =
            self.stage.db.write(move |tx| Box::pin(async move { withdraw_retired_keys(tx, &cx, &master()).await }));
        work.await
    }

    /// A write that goes on until it is let go. What is written meanwhile waits, and then shares its commit.
    async fn hold(&self, held: oneshot::Receiver<()>) -> Result<(), DbError> {
        let work = self.stage.db.write(move |_| {
            Box::pin(async move {
                let _ = held.await;
                Ok(())
            })
        });
        work.await
    }

    async fn fail_to_suspend(&self, now: UnixMs) -> Result<(), DbError> {
        let (cx, id) = (self.stage.cx(now), self.stage.license_id.clone());
        let work = self.stage.db.write(move |tx| {
            Box::pin(async move {
                set_standing(tx, &cx, &id, LicenseStatus::Suspended, "planted").await?;
                Err(DbError::GivenUp("planted"))
            })
        });
        work.await
    }

    async fn renew(&self, last: &LeaseResponse, now: UnixMs) -> Option<LeaseResponse> {
        self.check_in_memory(&check_request(last, nonce()), now).await
    }
}

#[test]
fn a_check_from_memory_answers_what_the_database_would() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 2).await?;
        let first = live.node("node-a", NOW).await?;
        let later = NOW.plus(3 * MINUTE_MS);
        let mut remembered = live.renew(&first, later).await.expect("it is in the table");
        let mut decided = granted(live.stage.check_as(check_request(&first, nonce()), later).await?)?;
        assert_eq!(remembered.secret, decided.secret, "both answer the same secret");
        let (from_memory, from_database) =
            (live.claims(&remembered, later).await?, live.claims(&decided, later).await?);
        assert_eq!(from_memory.exp, from_database.exp);
        assert_eq!(
            (&from_memory.lim, &from_memory.fea, from_memory.seats),
            (&from_database.lim, &from_database.fea, 2)
        );
        // What differs by chance.
        for answer in [&mut remembered, &mut decided] {
            answer.lease.clear();
            answer.check_after_s = 0;
        }
        assert_eq!(remembered, decided);
        Ok(())
    });
}

#[test]
fn the_seat_is_durable_before_the_answer_and_the_rest_soon_after() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 2).await?;
        let mut last = live.node("node-a", NOW).await?;
        for seconds in [180, 190, 200] {
            let now = NOW.plus(seconds * SECOND_MS);
            last = live.renew(&last, now).await.expect("it is in the table");
            let exp = UnixMs::from_seconds(live.claims(&last, now).await?.exp);
            let stored = live.stored(&last).await?;
            assert!(stored.held_until >= exp.plus(MINUTE_MS), "{seconds}: {:?} for {exp:?}", stored.held_until);
            assert!(
                stored.held_until <= now.plus(12 * MINUTE_MS),
                "a dead node's seat is free within two minutes more"
            );
        }
        let stored = live.stored(&last).await?;
        assert_eq!(stored.last_contact_at, NOW.plus(180 * SECOND_MS), "not yet written");
        live.table.write().await?;
        let stored = live.stored(&last).await?;
        assert_eq!(stored.last_contact_at, NOW.plus(200 * SECOND_MS));
        assert_eq!(live.stage.count_events("lease.renewed").await?, 4, "one by the use case, three from memory");
        Ok(())
    });
}

#[test]
fn what_a_crash_loses_locks_nobody_out() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 1).await?;
        let first = live.node("node-a", NOW).await?;
        let ahead = live.renew(&first, NOW.plus(10 * SECOND_MS)).await.expect("it is in the table");
        let ahead = live.renew(&ahead, NOW.plus(20 * SECOND_MS)).await.expect("it is in the table");
        // The process dies: the database knows nothing of the last checks.
        let after = live.stage.check(&ahead, NOW.plus(30 * SECOND_MS)).await?;
        assert!(after.is_ok(), "a secret ahead of the database is good");
        Ok(())
    });
}

#[test]
fn nothing_is_answered_from_memory_after_a_change() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 2).await?;
        let (a, b) = (live.node("node-a", NOW).await?, live.node("node-b", NOW).await?);
        let later = NOW.plus(MINUTE_MS);
        live.set_standing(&live.stage.db, LicenseStatus::Suspended, later).await?;
        for node in [&a, &b] {
            assert_eq!(live.renew(node, later).await, None);
            assert!(live.stage.check(node, later).await?.is_err());
        }
        Ok(())
    });
}

#[test]
fn freeing_one_seat_leaves_the_others_in_memory() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 2).await?;
        let (a, b) = (live.node("node-a", NOW).await?, live.node("node-b", NOW).await?);
        let later = NOW.plus(MINUTE_MS);
        let cx = live.stage.cx(later);
        let instance = live.stored(&a).await?.id;
        live.stage.db.write(move |tx| Box::pin(async move { free_seat(tx, &cx, &instance).await })).await?;
        assert_eq!(live.renew(&a, later).await, None);
        assert!(live.renew(&b, later).await.is_some());
        Ok(())
    });
}

#[test]
fn a_lease_revoked_in_this_second_is_not_followed_by_one_of_the_same_date() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 2).await?;
        let last = live.node("node-a", NOW).await?;
        let (cx, instance) = (live.stage.cx(NOW.plus(200)), live.stored(&last).await?.id);
        live.stage.db.write(move |tx| Box::pin(async move { revoke_lease(tx, &cx, &instance).await })).await?;
        assert_eq!(live.renew(&last, NOW.plus(300)).await, None);
        let last = granted(live.stage.check(&last, NOW.plus(400)).await?)?;
        assert_eq!(live.claims(&last, NOW).await?.iat, NOW.seconds() + 1);
        assert_eq!(live.renew(&last, NOW.plus(500)).await, None, "memory would date it back");
        let last = granted(live.stage.check(&last, NOW.plus(SECOND_MS)).await?)?;
        assert!(live.renew(&last, NOW.plus(SECOND_MS)).await.is_some());
        Ok(())
    });
}

#[test]
fn a_sweep_that_finds_no_key_to_withdraw_leaves_the_table_as_it_is() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 2).await?;
        let first = live.node("node-a", NOW).await?;
        let last = live.renew(&first, NOW.plus(SECOND_MS)).await.expect("it is in the table");
        let last = live.renew(&last, NOW.plus(2 * SECOND_MS)).await.expect("it is in the table");
        assert_eq!(live.withdraw_keys(NOW.plus(2 * SECOND_MS)).await?, 0);
        let stored = live.stored(&last).await?;
        assert_eq!(stored.last_contact_at, NOW.plus(SECOND_MS), "nothing was written out of turn");
        assert!(live.renew(&last, NOW.plus(3 * SECOND_MS)).await.is_some(), "it is in the table still");

        let cx = live.stage.cx(NOW.plus(4 * SECOND_MS));
        let rotated =
            live.stage.db.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master()).await }));
        assert!(matches!(rotated.await?, KeyRotation::Rotated { .. }));
        // Minutes after a rotation there is something to note, which is asked of what memory knew as well.
        let noted = NOW.plus(6 * MINUTE_MS);
        let last = granted(live.stage.check(&last, noted).await?)?;
        assert_eq!(live.withdraw_keys(noted).await?, 0);
        assert_eq!(live.renew(&last, noted).await, None);
        // Once it is noted there is nothing to do until it has come.
        let last = granted(live.stage.check(&last, noted.plus(SECOND_MS)).await?)?;
        assert_eq!(live.withdraw_keys(noted.plus(2 * SECOND_MS)).await?, 0);
        assert!(live.renew(&last, noted.plus(3 * SECOND_MS)).await.is_some());
        Ok(())
    });
}

#[test]
fn a_use_case_that_takes_the_license_writes_what_only_memory_knew() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 1).await?;
        let first = live.node("node-a", NOW).await?;
        let now = NOW.plus(30 * SECOND_MS);
        let last = live.renew(&first, now).await.expect("it is in the table");
        // Another node asks for the seat: whoever decides that sees the renewal.
        assert!(live.stage.activate("node-b", now).await?.is_err());
        assert_eq!(live.stored(&last).await?.last_contact_at, now);
        assert!(live.renew(&last, now.plus(SECOND_MS)).await.is_some(), "the refused one changed nothing");
        Ok(())
    });
}

#[test]
fn a_use_case_that_fails_puts_back_nothing_that_one_before_it_in_the_commit_has_written() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 1).await?;
        let mut last = live.node("node-a", NOW).await?;
        for seconds in [1, 2, 3] {
            last = live.renew(&last, NOW.plus(seconds * SECOND_MS)).await.expect("it is in the table");
        }
        let (let_go, held) = oneshot::channel();
        let (first, failing) = (live.hold(held), live.fail_to_suspend(NOW.plus(4 * SECOND_MS)));
        // Each is begun in this order before the last lets them go.
        let release = async { let_go.send(()) };
        let (first, written, failed, released) = futures::join!(first, live.table.write(), failing, release);
        first?;
        written?;
        assert!(failed.is_err() && released.is_ok());
        live.table.write().await?;
        assert_eq!(live.stage.count_events("lease.renewed").await?, 4, "one by the use case, three from memory");
        assert!(live.renew(&last, NOW.plus(5 * SECOND_MS)).await.is_some(), "the failed one changed nothing");
        live.table.write().await?;
        assert_eq!(live.stage.count_events("lease.renewed").await?, 5);
        Ok(())
    });
}

#[test]
fn a_use_case_that_fails_takes_nothing_from_one_before_it_in_the_commit_that_has_it_in_hand() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 1).await?;
        let first = live.node("node-a", NOW).await?;
        let last = live.renew(&first, NOW.plus(SECOND_MS)).await.expect("it is in the table");
        let (now, request) = (NOW.plus(2 * SECOND_MS), check_request(&last, nonce()));
        let (let_go, held) = oneshot::channel();
        let (reached, at_the_last) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let cx = live.stage.cx(now);
        // Everything is handed over to this one.
        let failing = live.stage.db.write(move |tx| {
            Box::pin(async move {
                rotate_signing_key(tx, &cx, &master()).await?;
                Err::<(), _>(DbError::GivenUp("planted"))
            })
        });
        let last_of_all = live.stage.db.write(move |_| {
            Box::pin(async move {
                let _ = reached.send(());
                let _ = ended.await;
                Ok::<_, DbError>(())
            })
        });
        let cx = live.stage.cx(now);
        let checking = async {
            let _ = let_go.send(());
            let _ = at_the_last.await;
            let mut check = std::pin::pin!(live.table.check(&cx, &request));
            let waits = futures::poll!(check.as_mut()).is_pending();
            let _ = end.send(());
            (waits, if waits { check.await } else { None })
        };
        let suspending = live.set_standing(&live.stage.db, LicenseStatus::Suspended, now);
        let (first, suspended, failed, third, (waits, answer)) =
            futures::join!(live.hold(held), suspending, failing, last_of_all, checking);
        first?;
        suspended?;
        third?;
        assert!(failed.is_err());
        assert!(waits, "the suspension is written and not yet durable");
        assert_eq!(answer, None);
        Ok(())
    });
}

#[test]
fn another_process_that_writes_empties_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("shared.db").display());
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let options = Options { max_connections: 4, synchronous: Synchronous::Off };
        let db = Db::open(&url, options).await.expect("a database");
        db.migrate().await.expect("migrations");
        let live = LiveStage::new(db, "startup", 1).await.expect("a stage");
        let first = live.node("node-a", NOW).await.expect("a node");
        let last = live.renew(&first, NOW.plus(SECOND_MS)).await.expect("it is in the table");
        let command_line = Db::open(&url, options).await.expect("the same database");
        live.set_standing(&command_line, LicenseStatus::Revoked, NOW).await.expect("it is revoked");
        assert_eq!(live.renew(&last, NOW.plus(2 * SECOND_MS)).await, None);
        assert!(live.stage.check(&last, NOW.plus(2 * SECOND_MS)).await.expect("an answer").is_err());
    });
}

#[test]
fn whatever_is_not_simple_is_left_to_the_use_case() {
    run_on_sqlite(|db| async {
        let live = LiveStage::new(db, "startup", 1).await?;
        let last = live.node("node-a", NOW).await?;
        let plain = || check_request(&last, nonce());
        let levels = Some([("devices".to_owned(), 3)].into());
        let odd = [
            ("borrowing", CheckRequest { borrow_s: Some(3_600), ..plain() }, NOW),
            ("another build", CheckRequest { version: "4.3.0".to_owned(), ..plain() }, NOW),
            ("changed use", CheckRequest { levels, ..plain() }, NOW),
            ("key sets that are not known", CheckRequest { known_seq: Some(0), ..plain() }, NOW),
            ("a forged secret", CheckRequest { secret: Secret::new("AAAA"), ..plain() }, NOW),
            ("a lapsed seat", plain(), NOW.plus(30 * MINUTE_MS)),
            ("the end of the license", plain(), NOW.plus(40 * DAY_MS)),
            ("a clock that went back", plain(), NOW.plus(-MINUTE_MS)),
        ];
        for (what, request, now) in odd {
            assert_eq!(live.check_in_memory(&request, now).await, None, "{what}");
        }
        assert!(live.renew(&last, NOW).await.is_some(), "and the plain one is not");
        Ok(())
    });
}
