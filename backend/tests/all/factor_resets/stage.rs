//! A vendor with people who have a second factor, and what they do about its reset.

use std::sync::Arc;

use backend::accounts::factor_resets::{
    self, AskFactorReset, CarryingOut, REFUSE_PATH, ResetAsking, ResetEnd, ResetStatus, ask_factor_reset,
    carry_out_factor_reset, find_reset_ground, keep_second_factor, refuse_factor_reset, withdraw_factor_reset,
};
use backend::accounts::{
    self, DbSessionStore, FactorGift, FinishLogIn, FinishedLogIn, TotpSecret, find_second_factor, finish_log_in,
    give_second_factor, list_passkeys,
};
use backend::clock::{Clock, MINUTE_MS};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::ids::{FactorResetId, UserId};
use backend::jobs::{Handlers, Runner};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use tower_sessions::Session;

use crate::support::people::plant_person;
use crate::support::{NOW, Outbox, account, cx, entropy, master, vendor};

/// Why Ada's is to be reset.
pub(super) const REASON: &str = "Showed her passport at our desk";

/// A vendor with two administrators and a colleague, and Ada, an owner with a second factor.
pub(super) struct Stage {
    pub(super) db: Db,
    pub(super) vendor: Vendor,
    pub(super) clock: Clock,
    pub(super) outbox: Outbox,
    pub(super) secret: TotpSecret,
}

pub(super) fn id(name: &str) -> UserId {
    UserId::from_untrusted(&format!("usr_{name}"))
}

pub(super) fn staff(name: &str) -> Actor {
    Actor::Staff(id(name))
}

impl Stage {
    pub(super) async fn new(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        let (cx, vendor_id) = (cx(&vendor.id, NOW), vendor.id.clone());
        let planted = db.write(move |tx| {
            Box::pin(async move {
                let account = account(tx, &cx).await?;
                plant_person(tx, &vendor_id, "ada", None, Some((&account, "owner"))).await?;
                for (name, role) in [("admin", "admin"), ("second", "admin"), ("support", "support")] {
                    plant_person(tx, &vendor_id, name, Some(role), None).await?;
                }
                Ok::<_, anyhow::Error>(())
            })
        });
        planted.await?;
        let secret = TotpSecret::generate(&entropy());
        let stage = Self { db, vendor, clock: Clock::fixed(NOW), outbox: Outbox::default(), secret };
        for name in ["ada", "admin", "support"] {
            stage.give_factor(name).await?;
        }
        stage.later(MINUTE_MS);
        Ok(stage)
    }

    pub(super) fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    pub(super) fn later(&self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    pub(super) async fn give_factor(&self, name: &str) -> anyhow::Result<()> {
        let (cx, secret, id) = (self.cx(Actor::Operator), self.secret.clone(), id(name));
        let given =
            self.write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master(), &id, &secret).await }));
        anyhow::ensure!(given.await? == FactorGift::Given, "{name}");
        Ok(())
    }

    pub(super) async fn ask_as(
        &self,
        actor: Actor,
        whose: &str,
        reason: &str,
        too: bool,
    ) -> Result<ResetAsking, DbError> {
        let request = AskFactorReset { user_id: id(whose), reason: reason.to_owned(), passkeys_too: too };
        let cx = self.cx(actor);
        self.write(move |tx| Box::pin(async move { ask_factor_reset(tx, &cx, &master(), &request).await })).await
    }

    /// An administrator asks for the reset of Ada's; its id.
    pub(super) async fn ask(&self, passkeys_too: bool) -> anyhow::Result<FactorResetId> {
        match self.ask_as(staff("admin"), "ada", REASON, passkeys_too).await? {
            ResetAsking::Asked(reset) => Ok(reset.id),
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(super) async fn carry_out(&self, reset: &FactorResetId) -> Result<CarryingOut, DbError> {
        let (cx, reset) = (self.cx(Actor::Job("test")), reset.clone());
        self.write(move |tx| Box::pin(async move { carry_out_factor_reset(tx, &cx, &master(), &reset).await })).await
    }

    pub(super) async fn withdraw(&self, actor: Actor, whose: &str) -> Result<ResetEnd, DbError> {
        let (cx, whose) = (self.cx(actor), id(whose));
        self.write(move |tx| Box::pin(async move { withdraw_factor_reset(tx, &cx, &master(), &whose).await })).await
    }

    pub(super) async fn refuse(&self, secret: &str) -> Result<ResetEnd, DbError> {
        let (cx, secret) = (self.cx(Actor::Visitor), secret.to_owned());
        self.write(move |tx| Box::pin(async move { refuse_factor_reset(tx, &cx, &master(), &secret).await })).await
    }

    pub(super) async fn keep(&self, actor: Actor) -> Result<ResetEnd, DbError> {
        let cx = self.cx(actor);
        self.write(move |tx| Box::pin(async move { keep_second_factor(tx, &cx, &master()).await })).await
    }

    /// Ada's password was right, and this is her code.
    pub(super) async fn finish(&self, code: &str) -> Result<FinishedLogIn, DbError> {
        let request = FinishLogIn {
            user_id: id("ada"),
            password_given_at: self.clock.now(),
            email_key: "ada@example.test".to_owned(),
            code: code.to_owned(),
        };
        let cx = self.cx(Actor::Visitor);
        self.write(move |tx| Box::pin(async move { finish_log_in(tx, &cx, &master(), &request).await })).await
    }

    pub(super) fn code(&self) -> String {
        self.secret.code_at(self.clock.now())
    }

    pub(super) async fn status(&self) -> anyhow::Result<Option<ResetStatus>> {
        let cx = self.cx(staff("second"));
        let ground =
            self.write(move |tx| Box::pin(async move { find_reset_ground(tx, &cx, &id("ada")).await })).await?;
        let ground = ground.ok_or_else(|| anyhow::anyhow!("an administrator sees Ada"))?;
        Ok(ground.latest.map(|reset| reset.status))
    }

    pub(super) async fn has_factor(&self) -> Result<bool, DbError> {
        let cx = self.cx(Actor::Operator);
        let found = self.write(move |tx| Box::pin(async move { find_second_factor(tx, &cx, &id("ada")).await }));
        Ok(found.await?.is_some())
    }

    pub(super) async fn passkeys(&self) -> Result<usize, DbError> {
        let cx = self.cx(Actor::Operator);
        let found = self.write(move |tx| Box::pin(async move { list_passkeys(tx, &cx, &id("ada")).await }));
        Ok(found.await?.len())
    }

    /// Ada adds a passkey now.
    pub(super) async fn plant_passkey(&self, name: &'static str) -> Result<(), DbError> {
        let at = self.clock.now();
        let insert =
            "INSERT INTO passkeys (id, vendor_id, user_id, credential_id, public_key, sign_count, backed_up, name,
                                            created_at)
                      SELECT $1, vendor_id, id, $2, $2, 0, FALSE, $1, $3 FROM users WHERE id = 'usr_ada'";
        self.write(move |tx| {
            Box::pin(async move {
                let key = name.as_bytes();
                match tx {
                    Tx::Sqlite(tx) => {
                        sqlx::query(insert).bind(name).bind(key).bind(at).execute(&mut **tx).await.map(drop)?
                    }
                    Tx::Postgres(tx) => {
                        sqlx::query(insert).bind(name).bind(key).bind(at).execute(&mut **tx).await.map(drop)?;
                    }
                }
                Ok(())
            })
        })
        .await
    }

    pub(super) fn runner(&self) -> Runner {
        let handlers = Handlers::new().with(self.outbox.clone());
        let handlers = factor_resets::handlers::register(handlers, &self.db, &master());
        Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers)
    }

    /// Does what is due, and answers who was told what, in the order of the alphabet.
    pub(super) async fn told(&self) -> Result<Vec<(String, String)>, DbError> {
        self.runner().run_until_idle().await?;
        // Mails that the work of a job has queued.
        self.runner().run_until_idle().await?;
        let mut told: Vec<_> = self.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        told.sort();
        Ok(told)
    }

    /// The secret in the mail that is sent now.
    pub(super) async fn mailed_secret(&self) -> anyhow::Result<String> {
        self.runner().run_until_idle().await?;
        let mails = self.outbox.take();
        let link = format!("https://acme.test{REFUSE_PATH}?token=");
        let found = mails.iter().find_map(|mail| mail.text.split_once(&link)?.1.split_whitespace().next());
        Ok(found.ok_or_else(|| anyhow::anyhow!("no link that refuses"))?.to_owned())
    }

    pub(super) fn store(&self) -> Arc<DbSessionStore> {
        Arc::new(DbSessionStore::new(self.db.clone(), self.clock.clone(), entropy()))
    }

    /// A browser in which Ada is logged in.
    pub(super) async fn session(&self) -> anyhow::Result<Session> {
        let vendor_id = self.vendor.id.clone();
        let ada = self.write(move |tx| Box::pin(async move { accounts::find_user(tx, &vendor_id, &id("ada")).await }));
        let ada = ada.await?.ok_or_else(|| anyhow::anyhow!("no Ada"))?;
        let session = Session::new(None, self.store(), None);
        accounts::begin_session(&session, &ada, "Firefox", [192, 0, 2, 1].into(), self.clock.now()).await?;
        Ok(session)
    }

    pub(super) async fn is_signed_in(&self, session: &Session) -> anyhow::Result<bool> {
        let next = Session::new(session.id(), self.store(), None);
        let identity = accounts::session_identity(&next, &self.vendor.id).await?;
        Ok(identity.and_then(|identity| identity.user_id).is_some())
    }

    /// What the audit log says about Ada, in the order of the alphabet.
    pub(super) async fn acts(&self) -> Result<Vec<String>, DbError> {
        let sql = "SELECT act FROM audit WHERE object_id = 'usr_ada' AND act LIKE '%factor%' ORDER BY act";
        self.write(move |tx| {
            Box::pin(async move {
                Ok(match tx {
                    Tx::Sqlite(tx) => sqlx::query_scalar(sql).fetch_all(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_scalar(sql).fetch_all(&mut **tx).await?,
                })
            })
        })
        .await
    }
}

pub(super) fn to(name: &str, subject: &str) -> (String, String) {
    (format!("{name}@example.test"), subject.to_owned())
}
