//! The device flow: a product gets its key from a person with a browser, at the pace that it was told.

use std::net::IpAddr;

use backend::accounts::Role;
use backend::catalog::{CatalogApplication, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog};
use backend::claims::{
    Asker, ClaimRefusal, Decided, Decision, LookUp, Seeker, decide_claim, list_candidates, look_up_claim, poll_claim,
    start_claim,
};
use backend::clock::{DAY_MS, SECOND_MS, UnixMs};
use backend::db::{Db, DbError, Tx};
use backend::ids::{AccountId, LicenseId, UserId, VendorId};
use backend::licenses::{LicenseStatus, NewLicense, create_license, set_standing};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use sdk::wire::{ClaimPollRequest, ClaimStartRequest, ClaimStartResponse, Identity, Secret};

use crate::support::{NOW, cx, entropy, master, on_both_engines};

const ORIGIN: &str = "https://portal.test";
const HOME: [u8; 4] = [192, 0, 2, 7];

/// An account with a license of the demo vendor, and one member of each role.
struct Stage {
    db: Db,
    vendor: Vendor,
    account_id: AccountId,
    license_id: LicenseId,
    key: String,
}

impl Stage {
    async fn new(db: Db) -> anyhow::Result<Self> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let operator = cx(&VendorId::from_untrusted(""), NOW);
        let applied = db
            .write(move |tx| Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, ORIGIN).await }))
            .await?;
        let CatalogApplication::Applied { vendor, .. } = applied else { anyhow::bail!("the demo catalog is refused") };
        let account_id: AccountId = entropy().id();
        let stage = Self { db, vendor: *vendor, account_id, license_id: entropy().id(), key: String::new() };
        let account_id = stage.account("a", stage.account_id.clone()).await?;
        let (license_id, key) = stage.license(&account_id, "startup").await?;
        Ok(Self { account_id, license_id, key, ..stage })
    }

    /// An account in which `usr_{name}_{role}` has each role.
    async fn account(&self, name: &'static str, id: AccountId) -> anyhow::Result<AccountId> {
        let vendor_id = self.vendor.id.clone();
        let account_id = id.clone();
        let made = self.db.write(move |tx| {
            Box::pin(async move {
                let account = "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email,
                                                     created_at)
                               VALUES ($1, $2, 'customer', 'Example GmbH', 'DE', '{}', 'a@example.test', $3)";
                run(tx, account, &[id.as_str(), vendor_id.as_str()], NOW).await?;
                for role in Role::ALL {
                    let user = user(name, *role);
                    let insert = "INSERT INTO users (id, vendor_id, email, email_key, password_hash, password_set_at,
                                                     created_at)
                                  VALUES ($1, $2, $1, $1, '', $3, $3)";
                    run(tx, insert, &[user.as_str(), vendor_id.as_str()], NOW).await?;
                    let insert = "INSERT INTO memberships (account_id, vendor_id, user_id, role, created_at)
                                  VALUES ($1, $2, $3, $4, $5)";
                    let values = [id.as_str(), vendor_id.as_str(), user.as_str(), role.as_str()];
                    run(tx, insert, &values, NOW).await?;
                }
                Ok::<_, DbError>(())
            })
        });
        made.await?;
        Ok(account_id)
    }

    async fn license(&self, account_id: &AccountId, plan: &'static str) -> anyhow::Result<(LicenseId, String)> {
        let (cx, account_id) = (cx(&self.vendor.id, NOW), account_id.clone());
        let created = self.db.write(move |tx| {
            Box::pin(async move {
                let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.expect("the product");
                let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, plan).await?.expect("the plan");
                let new = NewLicense {
                    account_id: &account_id,
                    plan: &plan,
                    seats: 2,
                    status: LicenseStatus::Active,
                    starts_at: NOW,
                    ends_at: Some(NOW.plus(33 * DAY_MS)),
                    updates_until: None,
                    name: "",
                };
                let (license, key) = create_license(tx, &cx, &master(), &new).await?;
                Ok::<_, anyhow::Error>((license.id, key.expose().to_owned()))
            })
        });
        created.await
    }

    fn cx(&self, actor: Actor, now: UnixMs) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, now) }
    }

    async fn start_from(
        &self,
        address: impl Into<IpAddr>,
        request: ClaimStartRequest,
        now: UnixMs,
    ) -> anyhow::Result<Result<ClaimStartResponse, ClaimRefusal>> {
        let cx = self.cx(Actor::Instance(String::new()), now);
        let asker = Asker { origin: self.vendor.origin.clone(), address: address.into() };
        let started =
            self.db.write(move |tx| Box::pin(async move { start_claim(tx, &cx, &master(), &asker, &request).await }));
        Ok(started.await?)
    }

    async fn start(&self) -> anyhow::Result<ClaimStartResponse> {
        self.start_from(HOME, asked("iot-platform", Identity::instance("node-a")), NOW)
            .await?
            .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
    }

    /// The key, or the code of the refusal and the seconds to wait.
    async fn poll(&self, device_code: &Secret, after_s: i64) -> anyhow::Result<Result<String, (&'static str, i64)>> {
        let cx = self.cx(Actor::Instance(String::new()), at(after_s));
        let request = ClaimPollRequest { device_code: device_code.clone() };
        let polled = self.db.write(move |tx| Box::pin(async move { poll_claim(tx, &cx, &master(), &request).await }));
        Ok(match polled.await? {
            Ok(answer) => Ok(answer.license_key.expose().to_owned()),
            Err(refusal) => {
                let code = refusal.code().as_str();
                Err((code, refusal.problem().retry_after_s.unwrap_or_default()))
            }
        })
    }

    fn seeker(&self) -> Seeker {
        Seeker { account_id: self.account_id.clone(), address: IpAddr::from(HOME) }
    }

    async fn decide(&self, user: UserId, code: &str, decision: Decision, after_s: i64) -> anyhow::Result<Decided> {
        let (cx, seeker, code) = (self.cx(Actor::User(user), at(after_s)), self.seeker(), code.to_owned());
        let decided = self.db.write(move |tx| {
            Box::pin(async move { decide_claim(tx, &cx, &master(), &seeker, &code, &decision).await })
        });
        Ok(decided.await?)
    }

    async fn approve(&self, code: &str, after_s: i64) -> anyhow::Result<Decided> {
        self.decide(user("a", Role::Owner), code, Decision::Approve(self.license_id.clone()), after_s).await
    }

    async fn look_up(&self, code: &str, after_s: i64) -> anyhow::Result<LookUp> {
        let cx = self.cx(Actor::User(user("a", Role::Owner)), at(after_s));
        let (seeker, code) = (self.seeker(), code.to_owned());
        let found =
            self.db.write(move |tx| Box::pin(async move { look_up_claim(tx, &cx, &master(), &seeker, &code).await }));
        Ok(found.await?)
    }

    async fn count(&self, query: &'static str) -> anyhow::Result<i64> {
        let counted = self.db.read(move |tx| {
            Box::pin(async move {
                let (count,): (i64,) = match tx {
                    Tx::Sqlite(tx) => sqlx::query_as(query).fetch_one(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_as(query).fetch_one(&mut **tx).await?,
                };
                Ok::<_, DbError>(count)
            })
        });
        Ok(counted.await?)
    }
}

async fn run(tx: &mut Tx, statement: &'static str, values: &[&str], at: UnixMs) -> Result<(), DbError> {
    match tx {
        Tx::Sqlite(tx) => {
            let query = values.iter().fold(sqlx::query(statement), |query, value| query.bind((*value).to_owned()));
            query.bind(at).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            let query = values.iter().fold(sqlx::query(statement), |query, value| query.bind((*value).to_owned()));
            query.bind(at).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

fn user(name: &str, role: Role) -> UserId {
    UserId::from_untrusted(&format!("usr_{name}_{}", role.as_str()))
}

fn at(seconds: i64) -> UnixMs {
    NOW.plus(seconds * SECOND_MS)
}

fn asked(product: &str, identity: Identity) -> ClaimStartRequest {
    ClaimStartRequest { product: product.to_owned(), version: "4.2.1".to_owned(), identity }
}

const PENDING: Result<String, (&str, i64)> = Err(("authorization_pending", 5));

on_both_engines! {
    async fn a_product_gets_the_key_of_the_license_that_a_person_chose(db: Db) {
        let stage = Stage::new(db).await?;
        let started = stage.start().await?;
        assert_eq!(started.verification_uri, "https://portal.test/claim");
        assert_eq!(started.verification_uri_complete, format!("https://portal.test/claim/{}", started.user_code));
        assert_eq!((started.interval, started.expires_in), (5, 900));
        assert!(started.device_code.expose().len() >= 43, "256 bits in base64url");

        assert_eq!(stage.poll(&started.device_code, 5).await?, PENDING);
        let typed = started.user_code.to_lowercase().replace('-', "");
        assert_eq!(stage.approve(&typed, 60).await?, Decided::Done);
        // The same key again and again for ten minutes, then no more.
        for after_s in [61, 62, 659] {
            assert_eq!(stage.poll(&started.device_code, after_s).await?, Ok(stage.key.clone()), "{after_s} s");
        }
        assert_eq!(stage.poll(&started.device_code, 660).await?, Err(("expired_token", 0)));
        assert_eq!(stage.count("SELECT COUNT(*) FROM events WHERE event_type = 'license.claimed'").await?, 1);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'claim.approve'").await?, 1);
        let leaked = "SELECT COUNT(*) FROM audit WHERE after LIKE '%LH-%'";
        assert_eq!(stage.count(leaked).await?, 0, "no key in the audit");
        Ok(())
    }

    async fn asking_faster_than_told_slows_down_for_good(db: Db) {
        let stage = Stage::new(db).await?;
        let code = stage.start().await?.device_code;
        let slow = |interval_s| Err(("slow_down", interval_s));
        let pending = |interval_s| Err(("authorization_pending", interval_s));
        for (after_s, expected) in
            [(0, PENDING), (2, slow(10)), (11, slow(15)), (26, pending(15)), (41, pending(15)), (54, slow(20))]
        {
            assert_eq!(stage.poll(&code, after_s).await?, expected, "{after_s} s");
        }
        Ok(())
    }

    async fn of_two_polls_at_once_one_was_too_soon(db: Db) {
        let stage = Stage::new(db).await?;
        let code = stage.start().await?.device_code;
        let (one, two) = tokio::join!(stage.poll(&code, 5), stage.poll(&code, 5));
        let mut answers = [one?, two?];
        answers.sort();
        assert_eq!(answers, [PENDING, Err(("slow_down", 10))]);
        Ok(())
    }

    async fn approving_twice_is_approving_once(db: Db) {
        let stage = Stage::new(db).await?;
        let started = stage.start().await?;
        let (one, two) = tokio::join!(stage.approve(&started.user_code, 10), stage.approve(&started.user_code, 10));
        assert_eq!((one?, two?), (Decided::Done, Decided::Done));
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'claim.approve'").await?, 1);
        assert_eq!(stage.count("SELECT COUNT(*) FROM events WHERE event_type = 'license.claimed'").await?, 1);
        Ok(())
    }

    async fn of_two_who_disagree_the_first_counts(db: Db) {
        let stage = Stage::new(db).await?;
        let started = stage.start().await?;
        let technical = user("a", Role::Technical);
        let (yes, no) = tokio::join!(
            stage.approve(&started.user_code, 10),
            stage.decide(technical, &started.user_code, Decision::Decline, 10),
        );
        let mut said = [yes?, no?];
        let approved = said[0] == Decided::Done;
        said.sort_by_key(|decided| *decided != Decided::Done);
        assert_eq!(said, [Decided::Done, Decided::DecidedBefore]);
        let expected = if approved { Ok(stage.key.clone()) } else { Err(("access_denied", 0)) };
        assert_eq!(stage.poll(&started.device_code, 20).await?, expected);
        Ok(())
    }

    async fn a_code_that_ended_cannot_be_approved_any_more(db: Db) {
        let stage = Stage::new(db).await?;
        let started = stage.start().await?;
        assert_eq!(stage.approve(&started.user_code, 900).await?, Decided::Ended);
        assert_eq!(stage.poll(&started.device_code, 901).await?, Err(("expired_token", 0)));
        // Nor by a clock that moves back after the product has seen the end.
        assert_eq!(stage.approve(&started.user_code, 30).await?, Decided::Ended);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'claim.approve'").await?, 0);
        Ok(())
    }

    async fn a_declined_product_is_told_so(db: Db) {
        let stage = Stage::new(db).await?;
        let started = stage.start().await?;
        let technical = user("a", Role::Technical);
        assert_eq!(stage.decide(technical, &started.user_code, Decision::Decline, 30).await?, Decided::Done);
        assert_eq!(stage.poll(&started.device_code, 31).await?, Err(("access_denied", 0)));
        assert_eq!(stage.approve(&started.user_code, 40).await?, Decided::DecidedBefore);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'claim.decline'").await?, 1);
        let declined = stage.decide(user("a", Role::Owner), &started.user_code, Decision::Decline, 50).await?;
        assert_eq!(declined, Decided::Done, "the same again changes nothing");
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'claim.decline'").await?, 1);
        Ok(())
    }

    async fn only_roles_that_may_see_keys_give_them_out_and_only_the_account_s_own(db: Db) {
        let stage = Stage::new(db).await?;
        let other: AccountId = stage.account("b", entropy().id()).await?;
        let (foreign, _) = stage.license(&other, "startup").await?;
        let code = stage.start().await?.user_code;
        let mine = Decision::Approve(stage.license_id.clone());
        for who in [user("a", Role::Billing), user("a", Role::Viewer), user("b", Role::Owner)] {
            for decision in [mine.clone(), Decision::Decline] {
                assert_eq!(stage.decide(who.clone(), &code, decision, 10).await?, Decided::NotAllowed, "{who}");
            }
        }
        let theirs = Decision::Approve(foreign);
        assert_eq!(stage.decide(user("a", Role::Owner), &code, theirs, 10).await?, Decided::Unfit);
        assert_eq!(stage.decide(user("a", Role::Technical), &code, mine, 10).await?, Decided::Done);
        Ok(())
    }

    async fn a_license_that_could_not_let_the_product_run_is_neither_offered_nor_taken(db: Db) {
        let stage = Stage::new(db).await?;
        let code = stage.start().await?.user_code;
        let offered = async || {
            let LookUp::Found(view) = stage.look_up(&code, 1).await? else { anyhow::bail!("nothing found") };
            let (cx, account_id) = (cx(&stage.vendor.id, NOW), stage.account_id.clone());
            let candidates = stage.db.read(move |tx| {
                Box::pin(async move { list_candidates(tx, &cx, &account_id, &view.claim, NOW).await })
            });
            anyhow::Ok(candidates.await?.into_iter().map(|it| (it.view.license.id.clone(), it.free())).collect::<Vec<_>>())
        };
        assert_eq!(offered().await?, [(stage.license_id.clone(), 2)]);
        let (cx, id) = (cx(&stage.vendor.id, NOW), stage.license_id.clone());
        let suspended = stage.db.write(move |tx| {
            Box::pin(async move { set_standing(tx, &cx, &id, LicenseStatus::Suspended, "test").await })
        });
        suspended.await?;
        assert_eq!(offered().await?, []);
        assert_eq!(stage.approve(&code, 10).await?, Decided::Unfit);
        Ok(())
    }

    async fn starting_is_limited_per_address(db: Db) {
        let stage = Stage::new(db).await?;
        let request = || asked("iot-platform", Identity::instance("node-a"));
        for _ in 0..30 {
            stage.start().await?;
        }
        let refused = stage.start_from(HOME, request(), NOW).await?;
        assert!(matches!(refused, Err(ClaimRefusal::Limited { retry_after_s: 1..=181 })), "{refused:?}");
        assert!(stage.start_from([198, 51, 100, 1], request(), NOW).await?.is_ok(), "another address");
        assert!(stage.start_from(HOME, request(), at(180)).await?.is_ok(), "three minutes later");
        Ok(())
    }

    async fn guessing_is_limited_and_looking_at_one_s_own_code_is_not(db: Db) {
        let stage = Stage::new(db).await?;
        let code = stage.start().await?.user_code;
        for _ in 0..50 {
            assert!(matches!(stage.look_up(&code, 1).await?, LookUp::Found(_)));
        }
        for _ in 0..20 {
            assert_eq!(stage.look_up("BBBB-BBBB", 1).await?, LookUp::Unknown);
        }
        let refused = stage.look_up(&code, 1).await?;
        assert!(matches!(refused, LookUp::Limited { retry_after_s: 1..=901 }), "{refused:?}");
        let refused = stage.approve(&code, 1).await?;
        assert!(matches!(refused, Decided::Limited { .. }), "{refused:?}");
        Ok(())
    }

    async fn what_cannot_be_asked_for_is_refused_by_name(db: Db) {
        let stage = Stage::new(db).await?;
        for (request, member) in [
            (asked("another-product", Identity::instance("a")), "product"),
            (asked("", Identity::instance("a")), "product"),
            (asked("iot-platform", Identity::instance("")), "identity.id"),
            (ClaimStartRequest { version: "4\n2".to_owned(), ..asked("iot-platform", Identity::instance("a")) }, "version"),
        ] {
            match stage.start_from(HOME, request, NOW).await? {
                Err(ClaimRefusal::Invalid(invalid)) => assert_eq!(invalid.member, member),
                other => panic!("{member}: {other:?}"),
            }
        }
        for unknown in ["", "x", "\u{0}"] {
            assert_eq!(stage.poll(&Secret::new(unknown), 0).await?, Err(("expired_token", 0)), "{unknown:?}");
        }
        Ok(())
    }

    async fn codes_mean_nothing_at_another_vendor(db: Db) {
        let stage = Stage::new(db).await?;
        let started = stage.start().await?;
        let other = crate::support::vendor(&stage.db, "other").await?;
        let elsewhere = Stage { vendor: other, db: stage.db.clone(), account_id: stage.account_id.clone(),
                                license_id: stage.license_id.clone(), key: String::new() };
        assert_eq!(elsewhere.poll(&started.device_code, 5).await?, Err(("expired_token", 0)));
        assert_eq!(elsewhere.look_up(&started.user_code, 5).await?, LookUp::Unknown);
        Ok(())
    }

    async fn claims_long_over_are_thrown_away(db: Db) {
        let stage = Stage::new(db).await?;
        stage.start().await?;
        for (after_s, left) in [(900 + 86_400, 1), (901 + 86_400, 0)] {
            backend::jobs::housekeep(&stage.db, at(after_s)).await?;
            assert_eq!(stage.count("SELECT COUNT(*) FROM claims").await?, left, "{after_s} s");
        }
        Ok(())
    }
}
