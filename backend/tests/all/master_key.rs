//! The master key is rotated: everything opens before, meanwhile and after, and in the end nothing needs the old key.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use backend::accounts::{FactorGift, FinishLogIn, FinishedLogIn, TotpSecret, finish_log_in, give_second_factor};
use backend::clock::{Clock, MINUTE_MS};
use backend::db::{Db, DbError, Tx};
use backend::ids::VendorId;
use backend::jobs::{Handler, Handlers, Job, JobFuture, JobRun, Runner, enqueue};
use backend::keys::{
    MasterKey, MasterOpening, MasterRotation, MasterStanding, SEALED_COLUMNS, SealReport, SealedColumn,
    active_signing_key, examine_seals, master_standing, open_master, rotate_master,
};
use backend::leases::Issuer;
use backend::licenses::{KeyFound, KeyReplacement, KeyReveal, find_by_key, replace_key, reveal_key};
use backend::{Actor, Cx};
use sdk::license_key::LicenseKey;
use sdk::wire::LeaseResponse;
use sqlx::AssertSqlSafe;

use crate::licenses::stage::{Stage, granted};
use crate::support::{NOW, cx, entropy, master, on_both_engines};

/// How many letters wait, a minute between them.
const LETTERS: i64 = 5;

/// The columns that hold bytes, of either engine, as table and column.
const SQLITE: &str = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
                      WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND c.type LIKE 'BLOB%'";
const POSTGRES: &str = "SELECT c.table_name::TEXT, c.column_name::TEXT FROM information_schema.columns c
                        WHERE c.table_schema = 'public' AND c.data_type = 'bytea'";

/// The key that takes the place of [`master`].
pub(crate) fn new_master() -> MasterKey {
    MasterKey::new([43; 32])
}

/// The new one, beside which the old one opens.
pub(crate) fn both() -> MasterKey {
    new_master().that_also_opens([master()])
}

fn operator() -> Cx {
    cx(&VendorId::from_untrusted(""), NOW)
}

/// The key as a server takes it when it starts.
pub(crate) async fn opened(db: &Db, key: &MasterKey) -> anyhow::Result<MasterKey> {
    match open_master(db, &operator(), key).await? {
        MasterOpening::Opened(key) => Ok(key),
        other => anyhow::bail!("{other:?}"),
    }
}

pub(crate) async fn rotated(db: &Db, key: &MasterKey) -> anyhow::Result<MasterRotation> {
    Ok(rotate_master(db, &operator(), key, |_, _| ()).await?)
}

async fn standing(db: &Db, key: MasterKey) -> anyhow::Result<MasterStanding> {
    let standing: Result<MasterStanding, DbError> =
        db.read(move |tx| Box::pin(async move { master_standing(tx, &key).await })).await;
    Ok(standing?)
}

/// The columns, as `table.column`, of which some value begins as what the old key has sealed.
pub(crate) async fn sealed_columns(db: &Db) -> anyhow::Result<BTreeSet<String>> {
    let head = master().seal_head();
    let looked: Result<BTreeSet<String>, anyhow::Error> = db
        .read(move |tx| {
            Box::pin(async move {
                let columns: Vec<(String, String)> = match tx {
                    Tx::Sqlite(tx) => sqlx::query_as(SQLITE).fetch_all(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_as(POSTGRES).fetch_all(&mut **tx).await?,
                };
                anyhow::ensure!(columns.len() > 20, "only {} columns hold bytes", columns.len());
                let mut found = BTreeSet::new();
                for (table, column) in &columns {
                    let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE SUBSTR(\"{column}\", 1, 9) = $1");
                    let (sql, head) = (AssertSqlSafe(sql), head.as_slice());
                    let rows: i64 = match tx {
                        Tx::Sqlite(tx) => sqlx::query_scalar(sql).bind(head).fetch_one(&mut **tx).await?,
                        Tx::Postgres(tx) => sqlx::query_scalar(sql).bind(head).fetch_one(&mut **tx).await?,
                    };
                    if rows > 0 || column.ends_with("_sealed") {
                        found.insert(format!("{table}.{column}"));
                    }
                }
                Ok(found)
            })
        })
        .await;
    looked
}

/// The columns that are known to hold something sealed.
pub(crate) fn registered() -> BTreeSet<String> {
    SEALED_COLUMNS.iter().map(|column| format!("{}.{}", column.table, column.column)).collect()
}

async fn values(db: &Db, column: &'static SealedColumn) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let sql = AssertSqlSafe(format!("SELECT {}, {} FROM {}", column.key, column.column, column.table));
    let read: Result<Vec<(String, Vec<u8>)>, anyhow::Error> = db
        .read(move |tx| {
            Box::pin(async move {
                Ok(match tx {
                    Tx::Sqlite(tx) => sqlx::query_as(sql).fetch_all(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_as(sql).fetch_all(&mut **tx).await?,
                })
            })
        })
        .await;
    read
}

/// Makes everything as it was sealed before a seal named its key.
pub(crate) async fn make_nameless(db: &Db) -> anyhow::Result<()> {
    let head = master().seal_head();
    for column in SEALED_COLUMNS {
        for (row_key, sealed) in values(db, column).await? {
            let Some(rest) = sealed.strip_prefix(head.as_slice()) else { continue };
            let old = [[1_u8].as_slice(), rest].concat();
            let sql = format!("UPDATE {} SET {} = $2 WHERE {} = $1", column.table, column.column, column.key);
            let sql = AssertSqlSafe(sql);
            let written: Result<(), anyhow::Error> = db
                .write(move |tx| {
                    Box::pin(async move {
                        match tx {
                            Tx::Sqlite(tx) => {
                                sqlx::query(sql).bind(row_key).bind(old).execute(&mut **tx).await?;
                            }
                            Tx::Postgres(tx) => {
                                sqlx::query(sql).bind(row_key).bind(old).execute(&mut **tx).await?;
                            }
                        }
                        Ok(())
                    })
                })
                .await;
            written?;
        }
    }
    Ok(())
}

/// Reads the letters that it is given.
#[derive(Clone, Default)]
struct Reader(Arc<Mutex<Vec<String>>>);

impl Handler for Reader {
    fn kind(&self) -> &'static str {
        "test.letter"
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let letter: String = run.payload()?;
            self.0.lock().expect("no poison").push(letter);
            Ok(())
        })
    }
}

/// Something of each kind that is kept sealed, but for vouchers.
struct Kept {
    stage: Stage,
    lease: LeaseResponse,
    secret: TotpSecret,
    reader: Reader,
    minutes: i64,
}

impl Kept {
    async fn new(db: Db) -> anyhow::Result<Self> {
        let stage = Stage::new(db, "startup", 20).await?;
        let lease = granted(stage.activate("node-a", None, NOW).await?)?;
        let secret = TotpSecret::generate(&entropy());
        let (cx, owner, given) = (stage.operator(NOW), stage.owner.clone(), secret.clone());
        let factor = stage
            .write(move |tx| {
                Box::pin(async move {
                    for n in 1..=LETTERS {
                        let job = Job::new("test.letter", &format!("letter {n}"));
                        enqueue(tx, &cx, &master(), job.not_before(NOW.plus(n * MINUTE_MS))).await?;
                    }
                    give_second_factor(tx, &cx, &master(), &owner, &given).await
                })
            })
            .await?;
        assert_eq!(factor, FactorGift::Given);
        Ok(Self { stage, lease, secret, reader: Reader::default(), minutes: 0 })
    }

    /// Everything opens and is found with this key. Each time is a minute later.
    async fn opens_with(&mut self, key: &MasterKey) -> anyhow::Result<()> {
        self.minutes += 1;
        let now = NOW.plus(self.minutes * MINUTE_MS);
        let stage = &self.stage;
        let issuer = Issuer { vendor: stage.vendor.clone(), master: key.clone() };
        self.lease = granted(stage.check_by(issuer, &self.lease, now).await?)?;
        let (operator, person) = (stage.operator(now), stage.person(&stage.owner, now));
        let (license, hash) = (stage.license().await?, key.license_key_hash(&stage.key));
        let log_in = FinishLogIn {
            user_id: stage.owner.clone(),
            password_given_at: now,
            email_key: "ada@example.test".to_owned(),
            code: self.secret.code_at(now),
        };
        let (opening, license_id) = (key.clone(), license.id.clone());
        let (found, revealed, logged_in, signs) = stage
            .write(move |tx| {
                Box::pin(async move {
                    let vendor_id = &operator.vendor_id;
                    let found = find_by_key(tx, vendor_id, &hash, now).await?;
                    let revealed = reveal_key(tx, &person, &opening, &license).await?;
                    let logged_in = finish_log_in(tx, &operator, &opening, &log_in).await?;
                    let signs = active_signing_key(tx, &opening, vendor_id).await?.is_some();
                    Ok((found, revealed, logged_in, signs))
                })
            })
            .await?;
        assert_eq!(found, KeyFound::Current(license_id));
        let KeyReveal::Shown(shown) = revealed else { anyhow::bail!("the license key does not open") };
        assert_eq!(shown.expose(), stage.key.expose());
        assert!(matches!(logged_in, FinishedLogIn::LoggedIn(_)), "{logged_in:?}");
        assert!(signs, "the signing key opens");
        let handlers = Handlers::new().with(self.reader.clone());
        let runner = Runner::new(stage.db.clone(), Clock::fixed(now), entropy(), key.clone(), handlers);
        runner.run_until_idle().await?;
        let letters: Vec<String> = (1..=self.minutes).map(|n| format!("letter {n}")).collect();
        assert_eq!(*self.reader.0.lock().expect("no poison"), letters);
        Ok(())
    }
}

on_both_engines! {
    async fn an_upgrade_and_a_rotation_in_one_go_lose_nothing(db: Db) {
        let mut kept = Kept::new(db.clone()).await?;
        make_nameless(&db).await?;
        let both = opened(&db, &both()).await?;
        kept.opens_with(&both).await?;
        let before = examine_seals(&db, &both).await?;
        assert!(before.with_others > 5 && before.unopened.is_empty(), "{before:?}");
        assert_eq!(
            rotated(&db, &both).await?,
            MasterRotation::Done { resealed: before.with_others, retired: vec![master().id().to_string()] }
        );
        let alone = opened(&db, &new_master()).await?;
        assert_eq!(examine_seals(&db, &alone).await?, SealReport::default());
        kept.opens_with(&alone).await?;
        Ok(())
    }

    async fn the_order_of_steps_for_several_nodes_never_leaves_one_without_a_key(db: Db) {
        let mut kept = Kept::new(db.clone()).await?;
        // As it was: one key on all nodes. Then each knows the new one, then each seals with it.
        let first = opened(&db, &master()).await?;
        let knows = opened(&db, &master().that_also_opens([new_master()])).await?;
        assert_eq!(standing(&db, new_master()).await?, MasterStanding::Missing(vec![master().id().to_string()]));
        let seals = opened(&db, &both()).await?;
        assert_eq!(standing(&db, first.clone()).await?, MasterStanding::Missing(vec![new_master().id().to_string()]));
        for key in [&knows, &seals] {
            assert_eq!(standing(&db, key.clone()).await?, MasterStanding::Current);
            kept.opens_with(key).await?;
        }
        let done = rotated(&db, &seals).await?;
        assert!(matches!(&done, MasterRotation::Done { retired, .. } if retired.len() == 1), "{done:?}");
        let nothing = MasterRotation::Done { resealed: 0, retired: Vec::new() };
        assert_eq!(rotated(&db, &seals).await?, nothing);
        assert_eq!(kept.stage.count("SELECT COUNT(*) FROM audit WHERE act = 'master_key.rotate'").await?, 1);
        // Who goes on with the old one is told, and does not start again.
        for key in [first, knows] {
            assert_eq!(standing(&db, key.clone()).await?, MasterStanding::Retired);
            assert!(matches!(open_master(&db, &operator(), &key).await?, MasterOpening::Retired));
        }
        // A node that went on for a moment has sealed with the old one: that is told, and mended by the next run.
        let late = kept.stage.operator(NOW);
        let queued: Result<_, DbError> = kept
            .stage
            .write(move |tx| {
                Box::pin(async move {
                    let job = Job::new("test.late", &()).not_before(NOW.plus(1_000 * MINUTE_MS));
                    enqueue(tx, &late, &master(), job).await
                })
            })
            .await;
        queued?;
        assert_eq!(examine_seals(&db, &seals).await?.with_retired, 1);
        let done = rotated(&db, &seals).await?;
        assert!(matches!(done, MasterRotation::Done { resealed: 1, .. }), "{done:?}");
        assert_eq!(examine_seals(&db, &seals).await?, SealReport::default());
        let alone = opened(&db, &new_master()).await?;
        assert_eq!(standing(&db, alone.clone()).await?, MasterStanding::Current);
        kept.opens_with(&alone).await?;
        Ok(())
    }

    async fn every_column_with_something_sealed_is_rotated(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        opened(&db, &master()).await?;
        let found = sealed_columns(&db).await?;
        assert_eq!(found, registered(), "SEALED_COLUMNS has to list them");
        drop(kept);
        Ok(())
    }

    async fn a_rotation_that_is_interrupted_goes_on_where_it_was(db: Db) {
        let mut kept = Kept::new(db.clone()).await?;
        opened(&db, &master()).await?;
        let both = opened(&db, &both()).await?;
        let all = examine_seals(&db, &both).await?.with_others;
        let stop = tokio::sync::Notify::new();
        let (stopping, cx) = (&stop, operator());
        let running = rotate_master(&db, &cx, &both, |table, _| {
            if table == "second_factors" {
                stopping.notify_one();
            }
        });
        tokio::select! {
            biased;
            () = stop.notified() => {}
            rotation = running => anyhow::bail!("it was not interrupted: {rotation:?}"),
        }
        let left = examine_seals(&db, &both).await?.with_others;
        assert!(0 < left && left < all, "{left} of {all}");
        assert_eq!(standing(&db, new_master()).await?, MasterStanding::Missing(vec![master().id().to_string()]));
        kept.opens_with(&both).await?;
        let done = rotated(&db, &both).await?;
        assert!(matches!(&done, MasterRotation::Done { resealed, retired } if *resealed > 0 && retired.len() == 1), "{done:?}");
        let alone = opened(&db, &new_master()).await?;
        kept.opens_with(&alone).await?;
        Ok(())
    }

    async fn what_is_written_meanwhile_is_not_lost(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        let stage = &kept.stage;
        opened(&db, &master()).await?;
        // A node that was not started again since it learned the new key: it opens with both, and seals with the old one.
        let late = opened(&db, &master().that_also_opens([new_master()])).await?;
        let both = opened(&db, &both()).await?;
        let activating = async {
            let mut leases = Vec::new();
            for n in 0..8 {
                let issuer = Issuer { vendor: stage.vendor.clone(), master: late.clone() };
                leases.push(granted(stage.activate_by(issuer, &format!("late-{n}"), None, NOW).await?)?);
            }
            Ok::<_, anyhow::Error>(leases)
        };
        let replacing = async {
            let mut last = None;
            for _ in 0..8 {
                let (person, id, late) = (stage.person(&stage.owner, NOW), stage.license_id.clone(), late.clone());
                let replaced = stage
                    .write(move |tx| Box::pin(async move { replace_key(tx, &person, &late, &id, 1).await }))
                    .await?;
                let KeyReplacement::Replaced { key, .. } = replaced else { anyhow::bail!("not replaced") };
                last = Some(key);
            }
            Ok::<Option<LicenseKey>, anyhow::Error>(last)
        };
        let rotating = async {
            for _ in 0..6 {
                let rotation = rotated(&db, &both).await?;
                assert!(matches!(rotation, MasterRotation::Done { .. } | MasterRotation::StillUsed), "{rotation:?}");
            }
            Ok::<_, anyhow::Error>(())
        };
        let (leases, last, ()) = tokio::try_join!(activating, replacing, rotating)?;
        rotated(&db, &both).await?;
        let alone = opened(&db, &new_master()).await?;
        assert_eq!(examine_seals(&db, &alone).await?, SealReport::default());
        for lease in &leases {
            let issuer = Issuer { vendor: stage.vendor.clone(), master: alone.clone() };
            granted(stage.check_by(issuer, lease, NOW.plus(MINUTE_MS)).await?)?;
        }
        let (person, license) = (stage.person(&stage.owner, NOW), stage.license().await?);
        let revealed = stage
            .write(move |tx| Box::pin(async move { reveal_key(tx, &person, &alone, &license).await }))
            .await?;
        let KeyReveal::Shown(shown) = revealed else { anyhow::bail!("the license key does not open") };
        assert_eq!(Some(shown.expose()), last.as_ref().map(LicenseKey::expose), "the key that was made last");
        Ok(())
    }

    async fn what_opens_with_no_key_is_named_and_kept(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        opened(&db, &master()).await?;
        let lost = MasterKey::new([9; 32]);
        let (cx, sealing) = (kept.stage.operator(NOW), lost.clone());
        kept.stage
            .write(move |tx| Box::pin(async move { enqueue(tx, &cx, &sealing, Job::new("test.lost", &"x")).await }))
            .await?;
        let two = opened(&db, &both()).await?;
        let left = vec![("jobs", 1)];
        let rotation = rotated(&db, &two).await?;
        assert!(matches!(&rotation, MasterRotation::Unopened { resealed, left: named } if *resealed > 0 && *named == left));
        assert_eq!(examine_seals(&db, &two).await?, SealReport { unopened: left, ..SealReport::default() });
        let three = opened(&db, &both().that_also_opens([lost])).await?;
        assert_eq!(rotated(&db, &three).await?, MasterRotation::Done { resealed: 1, retired: Vec::new() });
        Ok(())
    }

    async fn a_signing_key_that_is_damaged_does_not_hide_the_first_master_key(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        let sql = "UPDATE signing_keys SET private_sealed = (SELECT key_hash FROM licenses LIMIT 1)";
        let damaged: Result<(), DbError> = kept
            .stage
            .write(move |tx| {
                Box::pin(async move {
                    match tx {
                        Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                        Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                    }
                    Ok(())
                })
            })
            .await;
        damaged?;
        assert!(matches!(open_master(&db, &operator(), &new_master()).await?, MasterOpening::Foreign));
        let key = opened(&db, &both()).await?;
        let hash = master().license_key_hash(&kept.stage.key);
        assert_eq!(key.license_key_hash(&kept.stage.key), hash, "license keys tell it");
        Ok(())
    }

    async fn a_foreign_key_is_refused_and_leaves_no_trace(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        let foreign = MasterKey::new([9; 32]);
        for _ in 0..2 {
            let refused = open_master(&db, &operator(), &foreign).await?;
            assert!(matches!(refused, MasterOpening::Foreign), "{refused:?}");
            assert_eq!(standing(&db, master()).await?, MasterStanding::Current);
            // The second time, after the keys of lookup hashes were stored.
            opened(&db, &master()).await?;
        }
        assert_eq!(kept.stage.count("SELECT COUNT(*) FROM master_keys").await?, 1);
        assert_eq!(kept.stage.count("SELECT COUNT(*) FROM lookup_keys").await?, 5);
        Ok(())
    }

    async fn only_the_operator_rotates(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        let person = Cx { actor: Actor::User(kept.stage.owner.clone()), ..operator() };
        let rotation = rotate_master(&db, &person, &both(), |_, _| ()).await?;
        assert_eq!(rotation, MasterRotation::NotAllowed);
        assert_eq!(examine_seals(&db, &master()).await?, SealReport::default(), "all is as it was");
        Ok(())
    }

    async fn nodes_that_start_at_once_agree_on_the_keys_of_lookup_hashes(db: Db) {
        let kept = Kept::new(db.clone()).await?;
        let (one, two) = (both(), both());
        let (one, two) = tokio::join!(opened(&db, &one), opened(&db, &two));
        for key in [one?, two?] {
            assert_eq!(key.license_key_hash(&kept.stage.key), master().license_key_hash(&kept.stage.key));
        }
        assert_eq!(kept.stage.count("SELECT COUNT(*) FROM lookup_keys").await?, 5);
        Ok(())
    }
}
