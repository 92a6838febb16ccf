//! The product under test: licenses of the model's catalog, and calls of its use cases.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use backend::Cx;
use backend::catalog::{
    CatalogApplication, Plan, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog,
};
use backend::clock::{Clock, UnixMs};
use backend::db::{Db, DbError};
use backend::ids::{AccountId, InstanceId, LicenseId, VendorId};
use backend::leases::live::{LiveTable, Settings};
use backend::leases::{
    Acted, Decision, Freed, Issuer, Refusal, activate_instance, block_instance, check_instance, close_lapsed,
    deactivate_instance, delete_instance, find_instance, free_seat, release_instance, resolve_conflict, revoke_lease,
    unblock_instance,
};
use backend::licenses::{LicenseStatus, NewLicense, PlanChange, apply_plan, create_license, set_standing};
use data_encoding::BASE64URL_NOPAD;
use sdk::lease::Expect;
use sdk::license_key::LicenseKey;
use sdk::trust::TrustBundle;
use sdk::wire::{
    ActivateRequest, CheckRequest, DeactivateRequest, Identity, LeaseResponse, Nonce, ReleaseRequest, Secret,
};

use super::pool::{Answer, Call, DEVICES, Kind, Lease, Presented, Stored, Terms, Who, Wish};
use super::{DAY, MINUTE, SECOND};
use crate::support::{NOW, account, cx, entropy, master};

const PRODUCT: &str = "engine";

/// What the catalog file says of each plan, for the model, and which one a license of it may change to.
pub(super) fn plans() -> [[Terms; 2]; 3] {
    let terms = |code, kind, lease_s| Terms {
        code,
        kind,
        lease_s,
        reclaim_s: 0,
        max_borrow_s: 0,
        surge_seats: 0,
        surge: 0,
        devices_per_user: None,
        ends_updates: false,
    };
    let minutes = |minutes: i64| minutes * 60 * SECOND;
    let (cluster, machines, people) = (Kind::Floating, Kind::Machine, Kind::User);
    [
        [
            Terms { max_borrow_s: 172_800, surge_seats: 2, surge: minutes(30), ..terms("cluster", cluster, 600) },
            terms("cluster-steady", cluster, 1_800),
        ],
        [
            Terms {
                reclaim_s: 7_200,
                surge_seats: 1,
                surge: minutes(45),
                ends_updates: true,
                ..terms("machines", machines, 3_600)
            },
            Terms { reclaim_s: 2_592_000, ends_updates: true, ..terms("machines-month", machines, 86_400) },
        ],
        [
            Terms {
                reclaim_s: 14_400,
                surge_seats: 1,
                surge: minutes(60),
                devices_per_user: Some(2),
                ..terms("people", people, 3_600)
            },
            Terms { reclaim_s: 86_400, ..terms("people-anywhere", people, 1_800) },
        ],
    ]
}

/// A vendor that sells the model's catalog.
#[derive(Clone)]
pub(super) struct Product {
    db: Db,
    issuer: Issuer,
    account_id: AccountId,
    trust: Arc<TrustBundle>,
    plans: Arc<Vec<Plan>>,
    /// Answers checks from memory, where it can.
    table: Option<Arc<LiveTable>>,
    answered_from_memory: Arc<AtomicUsize>,
}

/// A license of the product's.
#[derive(Clone)]
pub(super) struct Handle {
    id: LicenseId,
    key: LicenseKey,
    kind: Kind,
}

/// An answer and, where it was a lease, the secret that came with it.
pub(super) struct Answered {
    pub answer: Answer,
    pub secret: Option<Secret>,
}

impl Product {
    pub(super) async fn new(db: Db) -> anyhow::Result<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/model/catalog.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let operator = cx(&VendorId::from_untrusted(""), NOW);
        let applied = db
            .write(move |tx| {
                Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, "https://model.test").await })
            })
            .await?;
        let CatalogApplication::Applied { vendor, .. } = applied else { bail!("the catalog is refused: {applied:?}") };
        let cx = cx(&vendor.id, NOW);
        let (account_id, keys, plans) = db
            .write(move |tx| {
                Box::pin(async move {
                    let account_id = account(tx, &cx).await?;
                    let product = find_product_by_code(tx, &cx.vendor_id, PRODUCT).await?.context("no product")?;
                    let mut plans = Vec::new();
                    for terms in self::plans().iter().flatten() {
                        let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, terms.code).await?;
                        plans.push(plan.context("no plan")?);
                    }
                    let keys = backend::keys::published_keys(tx, &cx.vendor_id).await?;
                    Ok::<_, anyhow::Error>((account_id, keys, plans))
                })
            })
            .await?;
        let trust = Arc::new(TrustBundle { iss: vendor.origin.clone(), keys, seq: 0 });
        let issuer = Issuer { vendor: *vendor, master: master() };
        Ok(Self {
            db,
            issuer,
            account_id,
            trust,
            plans: Arc::new(plans),
            table: None,
            answered_from_memory: Arc::default(),
        })
    }

    /// The same with checks answered from memory.
    pub(super) async fn with_memory(db: Db) -> anyhow::Result<Self> {
        let settings = Settings { coalesce: Duration::from_millis(50), capacity: 1_000 };
        // Its own clock only tidies up.
        let started = LiveTable::start(&db, Clock::fixed(UnixMs(0)), entropy(), settings);
        let (table, _writing) = started.context("no table beside this database")?;
        Ok(Self { table: Some(table), ..Self::new(db).await? })
    }

    fn cx(&self, now: i64) -> Cx {
        cx(&self.issuer.vendor.id, UnixMs(now))
    }

    fn plan(&self, code: &str) -> anyhow::Result<&Plan> {
        self.plans.iter().find(|plan| plan.code == code).context("no plan")
    }

    /// A new license.
    pub(super) async fn license(&self, terms: &Terms, seats: i64, ends_at: Option<i64>) -> anyhow::Result<Handle> {
        let (cx, plan, account_id) = (self.cx(NOW.0), self.plan(terms.code)?.clone(), self.account_id.clone());
        let updates_until = terms.ends_updates.then(|| NOW.plus(365 * DAY));
        let (license, key) = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let new = NewLicense {
                        account_id: &account_id,
                        plan: &plan,
                        seats,
                        status: LicenseStatus::Active,
                        starts_at: UnixMs(0),
                        ends_at: ends_at.map(UnixMs),
                        updates_until,
                        name: "",
                    };
                    create_license(tx, &cx, &master(), &new).await
                })
            })
            .await?;
        Ok(Handle { id: license.id, key, kind: terms.kind })
    }

    /// Makes a call. `secret` is the text of the one that the call presents.
    pub(super) async fn call(
        &self,
        license: &Handle,
        call: &Call,
        secret: Option<Secret>,
        now: i64,
    ) -> anyhow::Result<Answered> {
        let cx = self.cx(now);
        let forged = || Secret::new(BASE64URL_NOPAD.encode(&[7; 48]));
        let shown = |presented: &Presented| match presented {
            Presented::Genuine { .. } => secret.clone().unwrap_or_else(forged),
            Presented::Forged => forged(),
        };
        let target = |id: &str| InstanceId::from_untrusted(id);
        let answer = match call {
            Call::Activate { who, wish, shows } => {
                return self.activate(license, *who, wish, shows.as_ref().map(shown), now).await;
            }
            Call::Check { id, secret, wish } => return self.check(id, shown(secret), wish, now).await,
            Call::Release { id, secret } => {
                let request = ReleaseRequest { instance_id: id.clone(), secret: shown(secret) };
                let issuer = self.issuer.clone();
                let released = self
                    .db
                    .write(move |tx| Box::pin(async move { release_instance(tx, &cx, &issuer, &request).await }))
                    .await?;
                done(released.map(|released| released.free_at))
            }
            Call::Deactivate { by, id } => {
                let mut request = DeactivateRequest {
                    license_key: None,
                    instance_id: None,
                    secret: None,
                    target_instance_id: id.clone(),
                };
                match by {
                    Some((asker, secret)) => {
                        request.instance_id = Some(asker.clone());
                        request.secret = Some(shown(secret));
                    }
                    None => request.license_key = Some(Secret::new(license.key.expose())),
                }
                let issuer = self.issuer.clone();
                let done_or_not = self
                    .db
                    .write(move |tx| Box::pin(async move { deactivate_instance(tx, &cx, &issuer, &request).await }))
                    .await?;
                done(done_or_not.map(|done| done.free_at))
            }
            Call::FreeSeat { id } => {
                let id = target(id);
                match self.db.write(move |tx| Box::pin(async move { free_seat(tx, &cx, &id).await })).await? {
                    Freed::FreeAt(at) => Answer::Done { free_at: at.0 },
                    Freed::WasFree | Freed::NotFound => Answer::Nothing,
                }
            }
            Call::Block { id } => {
                let id = target(id);
                acted(self.db.write(move |tx| Box::pin(async move { block_instance(tx, &cx, &id).await })).await?)
            }
            Call::Unblock { id } => {
                let id = target(id);
                let write = self.db.write(move |tx| Box::pin(async move { unblock_instance(tx, &cx, &id).await }));
                acted(write.await?)
            }
            Call::Delete { id } => {
                let id = target(id);
                acted(self.db.write(move |tx| Box::pin(async move { delete_instance(tx, &cx, &id).await })).await?)
            }
            Call::RevokeLease { id } => {
                let id = target(id);
                let write = self.db.write(move |tx| Box::pin(async move { revoke_lease(tx, &cx, &id).await }));
                acted(write.await?)
            }
            Call::KeepRunning { id } => acted(self.decide(id, Decision::KeepRunning, now).await?),
            Call::LetNextIn { id } => acted(self.decide(id, Decision::LetNextIn, now).await?),
            Call::Change { plan, seats, ends_at } => {
                let (plan, seats, ends_at) = (self.plan(plan.code)?.clone(), *seats, ends_at.map(UnixMs));
                let id = license.id.clone();
                let write = self.db.write(move |tx| {
                    Box::pin(async move { apply_plan(tx, &cx, &id, &PlanChange { plan: &plan, seats, ends_at }).await })
                });
                write.await?;
                Answer::Nothing
            }
            Call::Suspend => self.stand(license, LicenseStatus::Suspended, now).await?,
            Call::Reinstate => self.stand(license, LicenseStatus::Active, now).await?,
            Call::Revoke => self.stand(license, LicenseStatus::Revoked, now).await?,
            Call::Sweep => {
                self.db.write(move |tx| Box::pin(async move { close_lapsed(tx, &cx, 1_000).await })).await?;
                Answer::Nothing
            }
        };
        Ok(Answered { answer, secret: None })
    }

    async fn activate(
        &self,
        license: &Handle,
        who: Who,
        wish: &Wish,
        secret: Option<Secret>,
        now: i64,
    ) -> anyhow::Result<Answered> {
        let request = ActivateRequest {
            license_key: Secret::new(license.key.expose()),
            product: PRODUCT.to_owned(),
            version: version(wish),
            released_on: None,
            identity: identity(license.kind, who),
            nonce: Nonce::parse(&wish.nonce)?,
            features: None,
            borrow_s: wish.borrow_s,
            secret,
            known_seq: None,
        };
        let (cx, issuer) = (self.cx(now), self.issuer.clone());
        let answer = self
            .db
            .write(move |tx| Box::pin(async move { activate_instance(tx, &cx, &issuer, &request).await }))
            .await?;
        let answer = answer.map(|granted| granted.response);
        self.read_lease(answer, Some(&identity(license.kind, who)), wish, now)
    }

    async fn check(&self, id: &str, secret: Secret, wish: &Wish, now: i64) -> anyhow::Result<Answered> {
        let request = CheckRequest {
            instance_id: id.to_owned(),
            secret,
            nonce: Nonce::parse(&wish.nonce)?,
            version: version(wish),
            released_on: None,
            levels: None,
            counters: None,
            borrow_s: wish.borrow_s,
            known_seq: None,
        };
        let (cx, issuer) = (self.cx(now), self.issuer.clone());
        let from_memory = match &self.table {
            Some(table) => table.check(&cx, &request).await,
            None => None,
        };
        let answer = match from_memory {
            Some(response) => {
                self.answered_from_memory.fetch_add(1, Ordering::Relaxed);
                Ok(response)
            }
            None => {
                let write =
                    self.db.write(move |tx| Box::pin(async move { check_instance(tx, &cx, &issuer, &request).await }));
                write.await?.map(|granted| granted.response)
            }
        };
        self.read_lease(answer, None, wish, now)
    }

    async fn decide(&self, id: &str, decision: Decision, now: i64) -> Result<Acted, DbError> {
        let (cx, id) = (self.cx(now), InstanceId::from_untrusted(id));
        self.db.write(move |tx| Box::pin(async move { resolve_conflict(tx, &cx, &id, decision).await })).await
    }

    async fn stand(&self, license: &Handle, status: LicenseStatus, now: i64) -> Result<Answer, DbError> {
        let (cx, id) = (self.cx(now), license.id.clone());
        self.db.write(move |tx| Box::pin(async move { set_standing(tx, &cx, &id, status, "").await })).await?;
        Ok(Answer::Nothing)
    }

    /// Verifies a lease as a product would, and takes from it what the model judges.
    fn read_lease(
        &self,
        answer: Result<LeaseResponse, Refusal>,
        identity: Option<&Identity>,
        wish: &Wish,
        now: i64,
    ) -> anyhow::Result<Answered> {
        let response = match answer {
            Ok(response) => response,
            Err(refusal) => {
                return Ok(Answered { answer: Answer::Refused(refusal.code().as_str()), secret: None });
            }
        };
        let nonce = Nonce::parse(&wish.nonce)?;
        let expect = Expect {
            nonce: Some(&nonce),
            identity,
            instance_id: Some(&response.instance_id),
            ..Expect::of(PRODUCT, now.div_euclid(SECOND))
        };
        let lease = sdk::lease::verify(&response.lease, &self.trust, &expect)?;
        let claims = lease.claims();
        anyhow::ensure!(claims.lic == response.license_id, "a lease of another license");
        let (epoch, n) = position(&response.secret)?;
        let lease = Lease {
            id: response.instance_id.clone(),
            epoch,
            n,
            iat_s: claims.iat,
            exp_s: claims.exp,
            borrowed: claims.brw,
        };
        Ok(Answered { answer: Answer::Lease(lease), secret: Some(response.secret) })
    }

    /// How much longer than necessary a seat may be held, so that not every heartbeat has to be stored.
    pub(super) fn ahead(&self) -> i64 {
        if self.table.is_some() { MINUTE } else { 0 }
    }

    /// Checks that were answered from memory.
    pub(super) fn answered_from_memory(&self) -> usize {
        self.answered_from_memory.load(Ordering::Relaxed)
    }

    /// What the product has stored about an installation's seat.
    pub(super) async fn stored(&self, id: &str) -> anyhow::Result<Option<Stored>> {
        let (vendor_id, id) = (self.issuer.vendor.id.clone(), InstanceId::from_untrusted(id));
        let found = self.db.read(move |tx| Box::pin(async move { find_instance(tx, &vendor_id, &id).await })).await?;
        Ok(found.map(|it| Stored { held_since: it.held_since.0, held_until: it.held_until.0 }))
    }
}

/// How far a secret is along its chain: anybody who has one can read that.
pub(super) fn position(secret: &Secret) -> anyhow::Result<(i64, i64)> {
    let bytes = BASE64URL_NOPAD.decode(secret.expose().as_bytes())?;
    let number = |at: usize| -> anyhow::Result<i64> {
        Ok(i64::from_be_bytes(bytes.get(at..at + 8).context("a short secret")?.try_into()?))
    };
    Ok((number(0)?, number(8)?))
}

fn identity(kind: Kind, who: Who) -> Identity {
    match kind {
        Kind::Floating => Identity::instance(format!("node-{who}")),
        Kind::Machine => Identity::machine(format!("press-{who}")),
        Kind::User => Identity::user(format!("user-{}", who / DEVICES), format!("device-{}", who % DEVICES)),
    }
}

fn version(wish: &Wish) -> String {
    if wish.covered { "1.0.0".to_owned() } else { "9.0.0".to_owned() }
}

fn done(answer: Result<jiff::Timestamp, Refusal>) -> Answer {
    match answer {
        Ok(free_at) => Answer::Done { free_at: UnixMs::from(free_at).0 },
        Err(refusal) => Answer::Refused(refusal.code().as_str()),
    }
}

fn acted(acted: Acted) -> Answer {
    match acted {
        Acted::Done { free_at } => Answer::Done { free_at: free_at.0 },
        Acted::Unchanged | Acted::NotFound => Answer::Nothing,
    }
}
