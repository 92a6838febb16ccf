//! Activating, checking and releasing: seats are never oversold, and a lost reply locks nobody out.

mod acts;
mod api;
mod at_once;
mod conflicts;
mod lapse;
mod live;
mod query_plans;
mod standing;
mod surge;
mod usage;

use std::collections::BTreeMap;

use backend::Cx;
use backend::catalog::{
    CatalogApplication, Plan, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog,
};
use backend::clock::{Clock, DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::{Db, Tx};
use backend::events::{Timeline, list_timeline};
use backend::ids::{AccountId, InstanceId, LicenseId, UserId, VendorId};
use backend::jobs::{Handlers, Runner};
use backend::leases::{
    Freed, Granted, Issuer, Refusal, activate_instance, check_instance, free_seat, list_holders, release_instance,
};
use backend::licenses::rules::Inactive;
use backend::licenses::{
    LicenseStatus, NewLicense, PlanChange, apply_plan, create_license, find_license, set_standing,
};
use backend::vendors::Vendor;
use sdk::lease::Expect;
use sdk::license_key::LicenseKey;
use sdk::trust::TrustBundle;
use sdk::wire::{ActivateRequest, CheckRequest, Identity, LeaseResponse, Nonce, ReleaseRequest, Secret};

use crate::support::{NOW, Outbox, cx, entropy, master, on_both_engines};

const ORIGIN: &str = "https://portal.test";

/// A license of the demo vendor, and what instances need to use it.
struct Stage {
    db: Db,
    vendor: Vendor,
    license_id: LicenseId,
    key: LicenseKey,
}

impl Stage {
    async fn new(db: Db, plan: &'static str, seats: i64) -> anyhow::Result<Self> {
        Self::with(db, plan, seats, |_| {}).await
    }

    /// A license under a plan that differs from the catalog's.
    async fn with(
        db: Db,
        plan: &'static str,
        seats: i64,
        differ: impl FnOnce(&mut Plan) + Send + 'static,
    ) -> anyhow::Result<Self> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let operator = cx(&VendorId::from_untrusted(""), NOW);
        let applied = db
            .write(move |tx| Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, ORIGIN).await }))
            .await?;
        let CatalogApplication::Applied { vendor, .. } = applied else { anyhow::bail!("the demo catalog is refused") };
        let cx = cx(&vendor.id, NOW);
        let (license_id, key) = db
            .write(move |tx| {
                Box::pin(async move {
                    let account = account(tx, &cx).await?;
                    let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.expect("the product");
                    let mut plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, plan).await?.expect("the plan");
                    differ(&mut plan);
                    let new = NewLicense {
                        account_id: &account,
                        plan: &plan,
                        seats,
                        status: LicenseStatus::Active,
                        starts_at: NOW,
                        ends_at: (plan.terms.maintenance_percent.is_none()).then(|| NOW.plus(33 * DAY_MS)),
                        updates_until: plan.terms.maintenance_percent.map(|_| NOW.plus(365 * DAY_MS)),
                        name: "",
                    };
                    let (license, key) = create_license(tx, &cx, &master(), &new).await?;
                    Ok::<_, anyhow::Error>((license.id, key))
                })
            })
            .await?;
        Ok(Self { db, vendor: *vendor, license_id, key })
    }

    fn issuer(&self) -> Issuer {
        Issuer { vendor: self.vendor.clone(), master: master() }
    }

    fn cx(&self, now: UnixMs) -> Cx {
        cx(&self.vendor.id, now)
    }

    fn request(&self, node: &str, nonce: Nonce) -> ActivateRequest {
        ActivateRequest {
            license_key: Secret::new(self.key.expose()),
            product: "iot-platform".to_owned(),
            version: "4.2.1".to_owned(),
            released_on: None,
            identity: Identity::instance(node),
            nonce,
            features: None,
            borrow_s: None,
            secret: None,
            known_seq: None,
        }
    }

    async fn activate_as(
        &self,
        request: ActivateRequest,
        now: UnixMs,
    ) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        let (cx, issuer) = (self.cx(now), self.issuer());
        let answer = self
            .db
            .write(move |tx| Box::pin(async move { activate_instance(tx, &cx, &issuer, &request).await }))
            .await?;
        Ok(answer.map(|Granted { response }| response))
    }

    async fn activate(&self, node: &str, now: UnixMs) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        self.activate_as(self.request(node, nonce()), now).await
    }

    async fn check_as(&self, request: CheckRequest, now: UnixMs) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        let (cx, issuer) = (self.cx(now), self.issuer());
        let answer =
            self.db.write(move |tx| Box::pin(async move { check_instance(tx, &cx, &issuer, &request).await })).await?;
        Ok(answer.map(|Granted { response }| response))
    }

    async fn check(&self, last: &LeaseResponse, now: UnixMs) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        self.check_as(check_request(last, nonce()), now).await
    }

    async fn release(&self, last: &LeaseResponse, now: UnixMs) -> anyhow::Result<Result<UnixMs, Refusal>> {
        let (cx, issuer) = (self.cx(now), self.issuer());
        let request = ReleaseRequest { instance_id: last.instance_id.clone(), secret: last.secret.clone() };
        let answer = self
            .db
            .write(move |tx| Box::pin(async move { release_instance(tx, &cx, &issuer, &request).await }))
            .await?;
        Ok(answer.map(|released| released.free_at.into()))
    }

    async fn change(&self, plan: &'static str, seats: i64, now: UnixMs) -> anyhow::Result<()> {
        let (cx, id) = (self.cx(now), self.license_id.clone());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.expect("the product");
                    let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, plan).await?.expect("the plan");
                    apply_plan(tx, &cx, &id, &PlanChange { plan: &plan, seats, ends_at: Some(now.plus(33 * DAY_MS)) })
                        .await
                })
            })
            .await?;
        Ok(())
    }

    async fn holders(&self, now: UnixMs) -> anyhow::Result<Vec<String>> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.license_id.clone());
        let holders =
            self.db.read(move |tx| Box::pin(async move { list_holders(tx, &vendor_id, &id, now, None).await })).await?;
        Ok(holders.listed.into_iter().map(|holder| holder.identity.id).collect())
    }

    async fn account_id(&self) -> anyhow::Result<AccountId> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.license_id.clone());
        let found = self.db.read(move |tx| Box::pin(async move { find_license(tx, &vendor_id, &id).await }));
        Ok(found.await?.expect("the license").license.account_id)
    }

    /// The key of another license of the same account.
    async fn second_license(&self) -> anyhow::Result<LicenseKey> {
        let (cx, account_id) = (self.cx(NOW), self.account_id().await?);
        let created = self.db.write(move |tx| {
            Box::pin(async move {
                let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.expect("the product");
                let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, "maker").await?.expect("the plan");
                let new = NewLicense {
                    account_id: &account_id,
                    plan: &plan,
                    seats: 1,
                    status: LicenseStatus::Active,
                    starts_at: NOW,
                    ends_at: None,
                    updates_until: None,
                    name: "",
                };
                create_license(tx, &cx, &master(), &new).await
            })
        });
        Ok(created.await?.1)
    }

    /// How often each type of event was recorded under the license, coalesced ones by their count.
    async fn events(&self) -> anyhow::Result<BTreeMap<String, i64>> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.license_id.clone());
        let events = self.db.read(move |tx| {
            Box::pin(async move { list_timeline(tx, &vendor_id, &id, Timeline::Everything, None, 1_000).await })
        });
        let mut counts = BTreeMap::new();
        for event in events.await? {
            *counts.entry(event.event_type).or_default() += event.occurrences;
        }
        Ok(counts)
    }

    async fn count_events(&self, event_type: &str) -> anyhow::Result<i64> {
        Ok(self.events().await?.get(event_type).copied().unwrap_or(0))
    }

    /// Acts of the audit about this object.
    async fn audited(&self, object_id: &str) -> anyhow::Result<Vec<String>> {
        let object_id = object_id.to_owned();
        let acts = self.db.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT act FROM audit WHERE object_id = $1 ORDER BY occurred_at, id";
                let rows: Vec<(String,)> = match tx {
                    Tx::Sqlite(tx) => sqlx::query_as(select).bind(&object_id).fetch_all(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_as(select).bind(&object_id).fetch_all(&mut **tx).await?,
                };
                Ok::<_, anyhow::Error>(rows.into_iter().map(|(act,)| act).collect())
            })
        });
        acts.await
    }

    /// Puts somebody into the account who may manage its instances.
    async fn add_owner(&self, email: &str) -> anyhow::Result<()> {
        let (cx, account_id, email) = (self.cx(NOW), self.account_id().await?, email.to_owned());
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    let user: UserId = cx.id();
                    let insert_user = "INSERT INTO users (id, vendor_id, email, email_key, password_hash,
                                                          password_set_at, created_at)
                                       VALUES ($1, $2, $3, $3, '', $4, $4)";
                    let insert_member = "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                                         VALUES ($1, $2, $3, 'owner', $4)";
                    let (vendor_id, now) = (cx.vendor_id.clone(), cx.now);
                    match tx {
                        Tx::Sqlite(tx) => {
                            let user_row = sqlx::query(insert_user).bind(&user).bind(&vendor_id).bind(&email).bind(now);
                            user_row.execute(&mut **tx).await?;
                            let member = sqlx::query(insert_member).bind(&vendor_id).bind(&account_id).bind(&user);
                            member.bind(now).execute(&mut **tx).await?;
                        }
                        Tx::Postgres(tx) => {
                            let user_row = sqlx::query(insert_user).bind(&user).bind(&vendor_id).bind(&email).bind(now);
                            user_row.execute(&mut **tx).await?;
                            let member = sqlx::query(insert_member).bind(&vendor_id).bind(&account_id).bind(&user);
                            member.bind(now).execute(&mut **tx).await?;
                        }
                    }
                    Ok::<_, anyhow::Error>(())
                })
            })
            .await
    }

    /// Subjects of the mails that wait, sent at `now`.
    async fn mails(&self, now: UnixMs) -> anyhow::Result<Vec<String>> {
        let outbox = Outbox::default();
        let handlers = Handlers::new().with(outbox.clone());
        Runner::new(self.db.clone(), Clock::fixed(now), entropy(), master(), handlers).run_until_idle().await?;
        Ok(outbox.take().into_iter().map(|mail| mail.subject).collect())
    }

    async fn trust(&self) -> anyhow::Result<TrustBundle> {
        let vendor_id = self.vendor.id.clone();
        let keys = self
            .db
            .read(move |tx| Box::pin(async move { backend::keys::published_keys(tx, &vendor_id).await }))
            .await?;
        Ok(TrustBundle { iss: self.vendor.origin.clone(), keys, seq: 0 })
    }
}

/// An account, owned by nobody in particular: licensing asks only that it exists.
async fn account(tx: &mut Tx, cx: &Cx) -> anyhow::Result<AccountId> {
    let id: AccountId = cx.id();
    let insert = "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
                  VALUES ($1, $2, 'customer', 'Example GmbH', 'DE', '{}', 'a@example.test', $3)";
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(insert).bind(&id).bind(&cx.vendor_id).bind(cx.now).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query(insert).bind(&id).bind(&cx.vendor_id).bind(cx.now).execute(&mut **tx).await?;
        }
    }
    Ok(id)
}

fn nonce() -> Nonce {
    Nonce::from_random(entropy().bytes())
}

fn check_request(last: &LeaseResponse, nonce: Nonce) -> CheckRequest {
    CheckRequest {
        instance_id: last.instance_id.clone(),
        secret: last.secret.clone(),
        nonce,
        version: "4.2.1".to_owned(),
        released_on: None,
        levels: None,
        counters: None,
        borrow_s: None,
        known_seq: None,
    }
}

fn granted(answer: Result<LeaseResponse, Refusal>) -> anyhow::Result<LeaseResponse> {
    answer.map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))
}

fn code(answer: &Result<LeaseResponse, Refusal>) -> &'static str {
    answer.as_ref().map_or_else(|refusal| refusal.code().as_str(), |_| "granted")
}

/// The end of a lease, read from the token.
fn exp(lease: &LeaseResponse, trust: &TrustBundle, now: UnixMs) -> anyhow::Result<UnixMs> {
    let verified = sdk::lease::verify(&lease.lease, trust, &Expect::of("iot-platform", now.seconds()))?;
    Ok(UnixMs::from_seconds(verified.claims().exp))
}

on_both_engines! {
    async fn a_lease_says_what_the_license_says_and_verifies_offline(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let nonce = nonce();
        let answer = granted(stage.activate_as(stage.request("node-a", nonce.clone()), NOW).await?)?;
        let expect = Expect { nonce: Some(&nonce), ..Expect::of("iot-platform", NOW.seconds()) };
        let lease = sdk::lease::verify(&answer.lease, &stage.trust().await?, &expect)?;
        let claims = lease.claims();
        assert_eq!((claims.iss.as_str(), claims.sub.as_str()), (ORIGIN, answer.instance_id.as_str()));
        assert_eq!((claims.lic.as_str(), claims.pln.as_str()), (stage.license_id.as_str(), "startup"));
        assert_eq!((claims.lim["devices"], claims.seats), (500, 2));
        assert_eq!((claims.iat, claims.nbf), (NOW.seconds(), NOW.seconds()));
        assert_eq!(claims.chk, answer.check_after_s);
        assert!(claims.chk * 3 <= claims.exp - claims.iat);
        Ok(())
    }

    async fn of_64_activations_on_the_last_seat_one_is_granted(db: Db) {
        let stage = std::sync::Arc::new(Stage::new(db, "startup", 3).await?);
        // Several times, hours apart, when all seats are free again: once they may happen to come one after the other.
        for round in 0..8 {
            let now = NOW.plus(round * 6 * HOUR_MS);
            granted(stage.activate("first", now).await?)?;
            granted(stage.activate("second", now).await?)?;
            let tasks: Vec<_> = (0..64)
                .map(|n| {
                    let stage = stage.clone();
                    tokio::spawn(async move { stage.activate(&format!("node-{n}"), now).await })
                })
                .collect();
            let mut codes = Vec::new();
            for task in tasks {
                codes.push(code(&task.await??));
            }
            assert_eq!(codes.iter().filter(|code| **code == "granted").count(), 1, "{codes:?}");
            assert_eq!(codes.iter().filter(|code| **code == "seats_exhausted").count(), 63, "{codes:?}");
            assert_eq!(stage.holders(now).await?.len(), 3);
        }
        Ok(())
    }

    async fn whoever_holds_a_seat_gets_that_seat_and_never_a_second_one(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let first = granted(stage.activate("node-a", NOW).await?)?;
        // A restart without its data file: a new epoch of the same instance.
        let again = granted(stage.activate("node-a", NOW.plus(1_000)).await?)?;
        assert_eq!(first.instance_id, again.instance_id);
        assert_ne!(first.secret, again.secret);
        let other = stage.activate("node-b", NOW.plus(2_000)).await?;
        let Err(Refusal::SeatsExhausted(holders)) = &other else { anyhow::bail!("{other:?}") };
        assert_eq!(holders.listed.iter().map(|holder| holder.identity.id.as_str()).collect::<Vec<_>>(), ["node-a"]);
        // The copy that still has the old epoch's secret is stale.
        assert_eq!(code(&stage.check(&first, NOW.plus(3_000)).await?), "instance_stale");
        assert_eq!(code(&stage.check(&again, NOW.plus(3_000)).await?), "granted");
        Ok(())
    }

    async fn a_retried_activation_begins_no_new_epoch(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let request = stage.request("node-a", nonce());
        let first = granted(stage.activate_as(request.clone(), NOW).await?)?;
        let retry = granted(stage.activate_as(request, NOW.plus(5_000)).await?)?;
        assert_eq!((first.instance_id, first.secret.expose()), (retry.instance_id, retry.secret.expose()));
        Ok(())
    }

    async fn a_lost_reply_a_retry_and_concurrent_checks_lock_nobody_out(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let start = granted(stage.activate("node-a", NOW).await?)?;
        // The reply is lost; the client asks again with the same secret and nonce, then late.
        let request = check_request(&start, nonce());
        let lost = granted(stage.check_as(request.clone(), NOW.plus(1_000)).await?)?;
        let retry = granted(stage.check_as(request.clone(), NOW.plus(2_000)).await?)?;
        let late = granted(stage.check_as(request, NOW.plus(5 * MINUTE_MS)).await?)?;
        assert_eq!(lost.secret, retry.secret);
        assert_eq!(lost.secret, late.secret);
        // Two checks at once with the same secret agree on the next one.
        let at = NOW.plus(6 * MINUTE_MS);
        let (one, two) = tokio::join!(stage.check(&late, at), stage.check(&late, at));
        let (one, two) = (granted(one?)?, granted(two?)?);
        assert_eq!(one.secret, two.secret);
        // The secret before the newest one is still good for a minute, and then stale.
        assert_eq!(code(&stage.check(&one, at.plus(1_000)).await?), "granted");
        assert_eq!(code(&stage.check(&late, at.plus(2_000)).await?), "granted");
        assert_eq!(code(&stage.check(&late, at.plus(62_000)).await?), "instance_stale");
        Ok(())
    }

    async fn forged_and_foreign_secrets_prove_nothing(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let b = granted(stage.activate("node-b", NOW).await?)?;
        let crossed = LeaseResponse { secret: b.secret.clone(), ..a.clone() };
        assert_eq!(code(&stage.check(&crossed, NOW).await?), "invalid_secret");
        let unknown = LeaseResponse { instance_id: "ins_unknown".to_owned(), ..a };
        assert_eq!(code(&stage.check(&unknown, NOW).await?), "instance_not_found");
        Ok(())
    }

    async fn a_dead_nodes_seat_is_free_one_lease_and_a_minute_later(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let dead = granted(stage.activate("node-a", NOW).await?)?;
        let end = exp(&dead, &stage.trust().await?, NOW)?;
        assert_eq!(code(&stage.activate("node-b", end.plus(59_999)).await?), "seats_exhausted");
        assert_eq!(code(&stage.activate("node-b", end.plus(60_000)).await?), "granted");
        // The dead one comes back and finds its seat taken.
        assert_eq!(code(&stage.check(&dead, end.plus(61_000)).await?), "seats_exhausted");
        Ok(())
    }

    async fn a_released_seat_is_free_at_once_and_releasing_can_be_repeated(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let at = NOW.plus(1_000);
        assert_eq!(stage.release(&a, at).await?, Ok(at));
        assert_eq!(stage.release(&a, at.plus(5_000)).await?, Ok(at));
        assert_eq!(code(&stage.check(&a, at).await?), "instance_released");
        assert_eq!(code(&stage.activate("node-b", at).await?), "granted");
        assert_eq!(code(&stage.activate("node-a", at).await?), "seats_exhausted");
        Ok(())
    }

    async fn seats_that_are_reduced_go_from_the_most_recent_holders(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let b = granted(stage.activate("node-b", NOW.plus(1_000)).await?)?;
        let c = granted(stage.activate("node-c", NOW.plus(2_000)).await?)?;
        stage.change("startup", 2, NOW.plus(3_000)).await?;
        let at = NOW.plus(4_000);
        assert_eq!(code(&stage.activate("node-d", at).await?), "seats_exhausted");
        assert_eq!(code(&stage.check(&c, at).await?), "seats_exhausted");
        assert_eq!(code(&stage.activate("node-c", at).await?), "seats_exhausted");
        let b = granted(stage.check(&b, at).await?)?;
        let a = granted(stage.check(&a, at).await?)?;
        // More seats: the refused one is welcome again at its next check.
        stage.change("startup", 3, at).await?;
        assert_eq!(code(&stage.check(&c, at.plus(1_000)).await?), "granted");
        assert_eq!(code(&stage.check(&a, at.plus(1_000)).await?), "granted");
        assert_eq!(code(&stage.check(&b, at.plus(1_000)).await?), "granted");
        Ok(())
    }

    async fn a_change_of_plan_reaches_a_running_instance_at_its_next_check(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert_eq!(a.plan.limits["devices"], 10);
        let over = CheckRequest {
            levels: Some([("devices".to_owned(), 12)].into()),
            ..check_request(&a, nonce())
        };
        let a = granted(stage.check_as(over, NOW.plus(1_000)).await?)?;
        let named: Vec<_> = a.over_limit.iter().flatten().map(|it| (it.name.as_str(), it.used, it.limit)).collect();
        assert_eq!(named, [("devices", 12, 10)]);
        stage.change("prototype", 1, NOW.plus(2_000)).await?;
        let a = granted(stage.check(&a, NOW.plus(3_000)).await?)?;
        assert_eq!((a.plan.code.as_str(), a.plan.limits["devices"], a.over_limit), ("prototype", 50, None));
        Ok(())
    }
}
