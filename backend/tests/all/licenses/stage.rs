//! A license of the demo vendor with its people, and what instances need to use it.

use backend::accounts::{
    AccountCreation, AccountDetails, Address, NewStaff, Password, Passwords, SignUp, SignUpOutcome, StaffCreation,
    StaffRole, create_account, create_staff, sign_up,
};
use backend::catalog::{
    CatalogApplication, Plan, apply_catalog, find_plan_by_code, find_product_by_code, load_catalog,
};
use backend::clock::{Clock, DAY_MS, UnixMs};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::events::{Event, list_by_account};
use backend::ids::{AccountId, LicenseId, UserId, VendorId};
use backend::jobs::{Handlers, Runner};
use backend::leases::{Granted, Issuer, Refusal, activate_instance, check_instance};
use backend::licenses::{self, License, LicenseStatus, NewLicense, SendKeyRecovery, create_license, find_license};
use backend::mail::Mail;
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use sdk::license_key::LicenseKey;
use sdk::trust::TrustBundle;
use sdk::wire::{ActivateRequest, CheckRequest, Identity, LeaseResponse, Nonce, Secret};

use crate::support::{NOW, Outbox, cx, entropy, master};

pub(crate) const ORIGIN: &str = "https://portal.test";
pub(crate) const PRODUCT: &str = "iot-platform";

pub(crate) struct Stage {
    pub(crate) db: Db,
    pub(crate) vendor: Vendor,
    pub(crate) owner: UserId,
    pub(crate) account_id: AccountId,
    pub(crate) license_id: LicenseId,
    pub(crate) key: LicenseKey,
    outbox: Outbox,
}

impl Stage {
    pub(crate) async fn new(db: Db, plan: &'static str, seats: i64) -> anyhow::Result<Self> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let operator = cx(&VendorId::from_untrusted(""), NOW);
        let applied = db
            .write(move |tx| Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, ORIGIN).await }))
            .await?;
        let CatalogApplication::Applied { vendor, .. } = applied else { anyhow::bail!("the demo catalog is refused") };
        let cx = cx(&vendor.id, NOW);
        let request = SignUp {
            email: "ada@example.test".to_owned(),
            password: Password::new("correct horse battery staple".to_owned()),
            name: "Ada".to_owned(),
            address: [192, 0, 2, 1].into(),
        };
        let SignUpOutcome::SignedUp(owner) = sign_up(&db, &Passwords::default(), &master(), &cx, &request).await?
        else {
            anyhow::bail!("the sign-up was refused")
        };
        let owner_id = owner.id.clone();
        let (account_id, license, key) = db
            .write(move |tx| {
                Box::pin(async move {
                    let details = AccountDetails {
                        company: "Example GmbH".to_owned(),
                        country: "DE".to_owned(),
                        address: Address {
                            line1: "Hauptstraße 1".to_owned(),
                            postal_code: "20095".to_owned(),
                            city: "Hamburg".to_owned(),
                            ..Address::default()
                        },
                        ..AccountDetails::default()
                    };
                    let AccountCreation::Created(account) = create_account(tx, &cx, &owner_id, &details).await? else {
                        anyhow::bail!("the account was refused")
                    };
                    let plan = plan_of(tx, &cx.vendor_id, plan).await?;
                    let new = NewLicense {
                        account_id: &account.id,
                        plan: &plan,
                        seats,
                        status: LicenseStatus::Active,
                        starts_at: NOW,
                        ends_at: (plan.terms.maintenance_percent.is_none()).then(|| NOW.plus(33 * DAY_MS)),
                        updates_until: plan.terms.maintenance_percent.map(|_| NOW.plus(365 * DAY_MS)),
                        name: "",
                    };
                    let (license, key) = create_license(tx, &cx, &master(), &new).await?;
                    Ok::<_, anyhow::Error>((account.id, license.id, key))
                })
            })
            .await?;
        let stage = Self {
            db,
            vendor: *vendor,
            owner: owner.id,
            account_id,
            license_id: license,
            key,
            outbox: Outbox::default(),
        };
        // What signing up has mailed is none of these tests' business.
        stage.mails(NOW).await?;
        Ok(stage)
    }

    pub(crate) fn operator(&self, now: UnixMs) -> Cx {
        cx(&self.vendor.id, now)
    }

    pub(crate) fn person(&self, id: &UserId, now: UnixMs) -> Cx {
        Cx { actor: Actor::User(id.clone()), ..self.operator(now) }
    }

    pub(crate) async fn staff(&self, role: StaffRole) -> anyhow::Result<UserId> {
        let new = NewStaff {
            email: format!("{}@portal.test", role.as_str()),
            name: String::new(),
            role,
            password: Password::new("correct horse battery staple".to_owned()),
        };
        match create_staff(&self.db, &Passwords::default(), &self.operator(NOW), &new).await? {
            StaffCreation::Created(user) => Ok(user.id),
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    pub(crate) async fn license(&self) -> anyhow::Result<License> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.license_id.clone());
        let found: Result<_, DbError> =
            self.db.read(move |tx| Box::pin(async move { find_license(tx, &vendor_id, &id).await })).await;
        Ok(found?.expect("the license").license)
    }

    /// The account's events of a type, newest first.
    pub(crate) async fn events(&self, event_type: &str) -> anyhow::Result<Vec<Event>> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.account_id.clone());
        let events: Result<_, DbError> =
            self.db.read(move |tx| Box::pin(async move { list_by_account(tx, &vendor_id, &id, 500).await })).await;
        Ok(events?.into_iter().filter(|event| event.event_type == event_type).collect())
    }

    /// How many rows a query counts.
    pub(crate) async fn count(&self, query: &'static str) -> anyhow::Result<i64> {
        let count: Result<i64, anyhow::Error> = self
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let (count,): (i64,) = match tx {
                        Tx::Sqlite(tx) => sqlx::query_as(query).fetch_one(&mut **tx).await?,
                        Tx::Postgres(tx) => sqlx::query_as(query).fetch_one(&mut **tx).await?,
                    };
                    Ok(count)
                })
            })
            .await;
        count
    }

    /// Works the jobs that are due and takes the mails that they send.
    pub(crate) async fn mails(&self, now: UnixMs) -> anyhow::Result<Vec<Mail>> {
        let handlers = Handlers::new().with(self.outbox.clone()).with(SendKeyRecovery::new(self.db.clone(), master()));
        Runner::new(self.db.clone(), Clock::fixed(now), entropy(), master(), handlers).run_until_idle().await?;
        Ok(self.outbox.take())
    }

    pub(crate) async fn plan(&self, code: &'static str) -> anyhow::Result<Plan> {
        let vendor_id = self.vendor.id.clone();
        self.db.read(move |tx| Box::pin(async move { plan_of(tx, &vendor_id, code).await })).await
    }

    pub(crate) fn issuer(&self) -> Issuer {
        Issuer { vendor: self.vendor.clone(), master: master() }
    }

    pub(crate) async fn activate(
        &self,
        node: &str,
        borrow_s: Option<i64>,
        now: UnixMs,
    ) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        self.activate_by(self.issuer(), node, borrow_s, now).await
    }

    /// The same, at a server that issues with other keys than usual.
    pub(crate) async fn activate_by(
        &self,
        issuer: Issuer,
        node: &str,
        borrow_s: Option<i64>,
        now: UnixMs,
    ) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        let request = ActivateRequest {
            license_key: Secret::new(self.key.expose()),
            product: PRODUCT.to_owned(),
            version: "4.2.1".to_owned(),
            released_on: None,
            identity: Identity::instance(node),
            nonce: nonce(),
            features: None,
            borrow_s,
            secret: None,
            known_seq: None,
        };
        let cx = self.operator(now);
        let answer = self
            .db
            .write(move |tx| Box::pin(async move { activate_instance(tx, &cx, &issuer, &request).await }))
            .await?;
        Ok(answer.map(|Granted { response, .. }| response))
    }

    pub(crate) async fn check(
        &self,
        last: &LeaseResponse,
        now: UnixMs,
    ) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        self.check_by(self.issuer(), last, now).await
    }

    /// The check as another node answers it.
    pub(crate) async fn check_by(
        &self,
        issuer: Issuer,
        last: &LeaseResponse,
        now: UnixMs,
    ) -> anyhow::Result<Result<LeaseResponse, Refusal>> {
        let request = CheckRequest {
            instance_id: last.instance_id.clone(),
            secret: last.secret.clone(),
            nonce: nonce(),
            version: "4.2.1".to_owned(),
            released_on: None,
            levels: None,
            counters: None,
            borrow_s: None,
            known_seq: None,
        };
        let cx = self.operator(now);
        let answer =
            self.db.write(move |tx| Box::pin(async move { check_instance(tx, &cx, &issuer, &request).await })).await?;
        Ok(answer.map(|Granted { response, .. }| response))
    }

    /// What JOSE users see now.
    pub(crate) async fn published(&self) -> anyhow::Result<TrustBundle> {
        let vendor_id = self.vendor.id.clone();
        let keys: Result<_, DbError> =
            self.db.read(move |tx| Box::pin(async move { backend::keys::published_keys(tx, &vendor_id).await })).await;
        Ok(TrustBundle { iss: ORIGIN.to_owned(), keys: keys?, seq: 0 })
    }

    /// The links of the chain after number `known_seq`.
    pub(crate) async fn chain(&self, known_seq: i64) -> anyhow::Result<Vec<String>> {
        let vendor_id = self.vendor.id.clone();
        let chain: Result<_, DbError> = self
            .db
            .read(move |tx| Box::pin(async move { backend::keys::key_sets_after(tx, &vendor_id, known_seq).await }))
            .await;
        Ok(chain?)
    }

    /// The published list of revocations, verified.
    pub(crate) async fn revocations(&self, now: UnixMs) -> anyhow::Result<sdk::revocations::RevocationsClaims> {
        let vendor = self.vendor.clone();
        let signed: Result<_, DbError> = self
            .db
            .read(move |tx| {
                Box::pin(async move { backend::revocations::signed_revocations(tx, &master(), &vendor, now).await })
            })
            .await;
        let token = signed?.expect("a key that signs");
        Ok(sdk::revocations::verify(&token, &self.published().await?, now.seconds())?)
    }

    pub(crate) async fn find_by_key(&self, key: &LicenseKey, now: UnixMs) -> anyhow::Result<licenses::KeyFound> {
        let (vendor_id, hash) = (self.vendor.id.clone(), master().license_key_hash(key));
        let found: Result<_, DbError> = self
            .db
            .read(move |tx| Box::pin(async move { licenses::find_by_key(tx, &vendor_id, &hash, now).await }))
            .await;
        Ok(found?)
    }
}

async fn plan_of(tx: &mut Tx, vendor_id: &VendorId, code: &str) -> anyhow::Result<Plan> {
    let product = find_product_by_code(tx, vendor_id, PRODUCT).await?.expect("the product");
    Ok(find_plan_by_code(tx, vendor_id, &product.id, code).await?.expect("the plan"))
}

pub(crate) fn nonce() -> Nonce {
    Nonce::from_random(entropy().bytes())
}

pub(crate) fn granted(answer: Result<LeaseResponse, Refusal>) -> anyhow::Result<LeaseResponse> {
    answer.map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))
}

pub(crate) fn code(answer: &Result<LeaseResponse, Refusal>) -> &'static str {
    answer.as_ref().map_or_else(|refusal| refusal.code().as_str(), |_| "granted")
}
