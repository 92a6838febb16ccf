//! The second factor, known browsers, and who can lock whom out.

mod known_browsers;
mod proving;

use std::net::IpAddr;
use std::sync::Arc;

use backend::accounts::{self, rules};
use backend::accounts::{
    Arrival, Browser, BrowserToken, ChangePassword, CodesRenewal, ConfirmPassword, DbSessionStore, FactorGift,
    FactorRemoval, FactorReset, FactorSetup, FinishLogIn, FinishedLogIn, KNOWN_BROWSER_MS, Limit, LogIn, LogInOutcome,
    MailedLink, NewStaff, Password, PasswordConfirmation, PasswordReset, Passwords, RECOVERY_CODES, RequestLink,
    ResetPassword, SendLink, SignUp, SignUpOutcome, StaffCreation, StaffRole, TotpSecret, User,
};
use backend::clock::{Clock, MINUTE_MS, SECOND_MS, UnixMs};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::ids::UserId;
use backend::jobs::{Handlers, Runner};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use tower_sessions::Session;

use crate::support::{NOW, Outbox, cx, entropy, master, on_both_engines, vendor};

const PASSWORD: &str = "correct horse battery staple";
const OTHER: &str = "another four word phrase";
const EMAIL: &str = "ada@example.org";
/// One step of the app.
const STEP_MS: i64 = accounts::STEP_S * SECOND_MS;

/// A vendor's portal with one person.
struct Door {
    db: Db,
    vendor: Vendor,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
    ada: User,
    secret: TotpSecret,
    /// What the link in the first mail says that shows the address to be Ada's.
    proof: String,
}

fn from(n: u8) -> IpAddr {
    [192, 0, 2, n].into()
}

fn typed(text: &str) -> Password {
    Password::new(text.to_owned())
}

impl Door {
    /// Ada, without a second factor.
    async fn open(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        Self::of(db, vendor).await
    }

    async fn of(db: Db, vendor: Vendor) -> anyhow::Result<Self> {
        let (passwords, cx) = (Passwords::default(), Cx { actor: Actor::Visitor, ..cx(&vendor.id, NOW) });
        let request =
            SignUp { email: EMAIL.to_owned(), password: typed(PASSWORD), name: "Ada".to_owned(), address: from(1) };
        let signed_up = accounts::sign_up(&db, &passwords, &master(), &cx, &request).await?;
        let SignUpOutcome::SignedUp(ada) = signed_up else { anyhow::bail!("{signed_up:?}") };
        let (outbox, clock) = (Outbox::default(), Clock::fixed(NOW));
        let secret = TotpSecret::generate(&entropy());
        let mut door = Self { db, vendor, passwords, outbox, clock, ada, secret, proof: String::new() };
        door.proof = door.mails().await?.into_iter().map(|(_, token)| token).next().unwrap_or_default();
        Ok(door)
    }

    /// Ada, with a second factor since a minute ago, and her recovery codes.
    async fn with_factor(db: Db) -> anyhow::Result<(Self, Vec<String>)> {
        let door = Self::open(db).await?;
        let FactorSetup::Set(codes) = door.set_up(&door.code()).await? else { anyhow::bail!("not set up") };
        door.later(2 * STEP_MS);
        door.subjects().await?;
        Ok((door, codes.expose().to_vec()))
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    fn as_ada(&self) -> Cx {
        self.cx(Actor::User(self.ada.id.clone()))
    }

    fn later(&self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
    }

    /// What Ada's app shows now.
    fn code(&self) -> String {
        self.secret.code_at(self.clock.now())
    }

    async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    async fn set_up(&self, code: &str) -> Result<FactorSetup, DbError> {
        let (cx, secret, code) = (self.as_ada(), self.secret.clone(), code.to_owned());
        self.write(move |tx| {
            Box::pin(async move { accounts::set_second_factor(tx, &cx, &master(), &secret, &code, None).await })
        })
        .await
    }

    async fn log_in_with(
        &self,
        address: IpAddr,
        password: &str,
        browser: Option<BrowserToken>,
    ) -> Result<LogInOutcome, DbError> {
        let request = LogIn { email: EMAIL.to_owned(), password: typed(password), address, browser };
        accounts::log_in(&self.db, &self.passwords, &master(), &self.cx(Actor::Visitor), &request).await
    }

    async fn log_in(&self, password: &str) -> Result<LogInOutcome, DbError> {
        self.log_in_with(from(1), password, None).await
    }

    async fn finish(&self, code: &str) -> Result<FinishedLogIn, DbError> {
        self.finish_since(self.clock.now(), code).await
    }

    async fn finish_since(&self, password_given_at: UnixMs, code: &str) -> Result<FinishedLogIn, DbError> {
        let (cx, user_id, code) = (self.cx(Actor::Visitor), self.ada.id.clone(), code.to_owned());
        let request = FinishLogIn { user_id, password_given_at, email_key: EMAIL.to_owned(), code };
        self.write(move |tx| Box::pin(async move { accounts::finish_log_in(tx, &cx, &master(), &request).await })).await
    }

    async fn confirm(&self, password: &str, code: &str) -> Result<PasswordConfirmation, DbError> {
        let request =
            ConfirmPassword { user_id: self.ada.id.clone(), password: typed(password), code: code.to_owned() };
        accounts::confirm_password(&self.db, &self.passwords, &master(), &self.as_ada(), &request).await
    }

    /// Comes in with a browser, and answers what it keeps.
    async fn arrive(
        &self,
        user: &User,
        token: Option<BrowserToken>,
        arrival: Arrival,
    ) -> Result<BrowserToken, DbError> {
        let browser = Browser { user_agent: "Firefox".to_owned(), address: from(7), token };
        let (cx, user) = (self.cx(Actor::User(user.id.clone())), user.clone());
        self.write(move |tx| {
            Box::pin(async move { accounts::remember_browser(tx, &cx, &master(), &user, &browser, arrival).await })
        })
        .await
    }

    /// Subjects and link secrets of the mails that are sent now.
    async fn mails(&self) -> Result<Vec<(String, String)>, DbError> {
        let handlers = Handlers::new().with(self.outbox.clone()).with(SendLink::new(
            MailedLink::PasswordReset,
            self.db.clone(),
            master(),
        ));
        let runner = Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers);
        runner.run_until_idle().await?;
        let token = |text: &str| {
            let rest = text.split_once("?token=").map_or("", |(_, rest)| rest);
            rest.split_whitespace().next().unwrap_or_default().to_owned()
        };
        Ok(self.outbox.take().into_iter().map(|mail| (mail.subject, token(&mail.text))).collect())
    }

    /// Subjects of the mails that are sent now, in the order of the alphabet.
    async fn subjects(&self) -> Result<Vec<String>, DbError> {
        let mut subjects: Vec<_> = self.mails().await?.into_iter().map(|(subject, _)| subject).collect();
        subjects.sort();
        Ok(subjects)
    }

    /// Ada shows that the address is hers.
    async fn prove(&self) -> Result<(), DbError> {
        let (cx, proof) = (self.as_ada(), self.proof.clone());
        self.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &proof).await.map(drop) })).await
    }

    /// Whoever reads the address's mail sets another password by it.
    async fn reset_by_mail(&self) -> Result<PasswordReset, DbError> {
        let cx = self.cx(Actor::Visitor);
        let (asking, request) =
            (cx.clone(), RequestLink { link: MailedLink::PasswordReset, email: EMAIL.to_owned(), address: from(2) });
        self.write(move |tx| {
            Box::pin(async move { accounts::request_link(tx, &asking, &master(), &request).await.map(drop) })
        })
        .await?;
        let secret = self.mails().await?.into_iter().map(|(_, token)| token).find(|token| !token.is_empty());
        let request = ResetPassword { secret: secret.unwrap_or_default(), password: typed(OTHER), address: from(2) };
        accounts::reset_password(&self.db, &self.passwords, &master(), &cx, &request).await
    }

    async fn codes_left(&self) -> Result<Option<i64>, DbError> {
        let cx = self.as_ada();
        let id = self.ada.id.clone();
        let found =
            self.write(move |tx| Box::pin(async move { accounts::find_second_factor(tx, &cx, &id).await })).await?;
        Ok(found.map(|factor| factor.codes_left))
    }

    fn store(&self) -> Arc<DbSessionStore> {
        Arc::new(DbSessionStore::new(self.db.clone(), self.clock.clone(), entropy()))
    }

    async fn session(&self) -> anyhow::Result<Session> {
        let session = Session::new(None, self.store(), None);
        accounts::begin_session(&session, &self.ada, "Firefox", from(1), self.clock.now()).await?;
        Ok(session)
    }

    /// The session as the next request sees it: who is signed in, and who is half-way.
    async fn seen(&self, session: &Session) -> anyhow::Result<(Option<UserId>, Option<UserId>)> {
        let next = Session::new(session.id(), self.store(), None);
        let identity = accounts::session_identity(&next, &self.vendor.id).await?;
        let half = accounts::half_log_in(&next, &self.vendor.id, self.clock.now()).await?;
        Ok((identity.and_then(|identity| identity.user_id), half.map(|half| half.user_id)))
    }
}

on_both_engines! {
    async fn a_password_alone_signs_nobody_in_who_has_a_second_factor(db: Db) {
        let door = Door::open(db).await?;
        assert_eq!(door.log_in(PASSWORD).await?, LogInOutcome::LoggedIn(door.ada.clone()));
        assert_eq!(door.set_up("000000").await?, FactorSetup::WrongCode);
        assert_eq!(door.codes_left().await?, None);
        let FactorSetup::Set(codes) = door.set_up(&door.code()).await? else { panic!("not set up") };
        assert_eq!((codes.expose().len(), door.codes_left().await?), (RECOVERY_CODES, Some(RECOVERY_CODES as i64)));
        assert_eq!(door.subjects().await?, ["A second factor protects your account with acme Software"]);
        assert_eq!(door.log_in("wrong").await?, LogInOutcome::Wrong);
        assert_eq!(door.log_in(PASSWORD).await?, LogInOutcome::CodeNeeded(door.ada.clone()));
        assert_eq!(door.finish(&door.code()).await?, FinishedLogIn::WrongCode, "it was used to set up");
        door.later(STEP_MS);
        assert_eq!(door.finish(&door.code()).await?, FinishedLogIn::LoggedIn(door.ada.clone()));
        assert_eq!(door.set_up(&door.secret.code_at(door.clock.now().plus(STEP_MS))).await?, FactorSetup::AlreadySet);
        Ok(())
    }

    async fn signing_up_with_ones_own_password_is_no_way_around_the_second_factor(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        let request = SignUp {
            email: EMAIL.to_owned(), password: typed(PASSWORD), name: String::new(), address: from(1),
        };
        let cx = door.cx(Actor::Visitor);
        let signed_up = accounts::sign_up(&door.db, &door.passwords, &master(), &cx, &request).await?;
        assert_eq!(signed_up, SignUpOutcome::CodeNeeded(door.ada.clone()));
        Ok(())
    }

    async fn sign_up_counts_against_the_limits_of_log_in(db: Db) {
        let door = Door::open(db).await?;
        let (most, _) = Limit::SignInPair.allowance();
        for _ in 0..most {
            assert_eq!(door.log_in("wrong").await?, LogInOutcome::Wrong);
        }
        let request = SignUp {
            email: EMAIL.to_owned(), password: typed(PASSWORD), name: String::new(), address: from(1),
        };
        let cx = door.cx(Actor::Visitor);
        let signed_up = accounts::sign_up(&door.db, &door.passwords, &master(), &cx, &request).await?;
        assert_eq!(signed_up, SignUpOutcome::CheckMail);
        Ok(())
    }

    async fn of_two_uses_of_one_code_at_once_one_counts(db: Db) {
        let (door, codes) = Door::with_factor(db).await?;
        let door = Arc::new(door);
        for code in [door.code(), codes[0].clone()] {
            let tries: Vec<_> = (0..4).map(|_| {
                let (door, code) = (door.clone(), code.clone());
                tokio::spawn(async move { door.finish(&code).await })
            }).collect();
            let mut logged_in = 0;
            for one in tries {
                logged_in += i32::from(matches!(one.await??, FinishedLogIn::LoggedIn(_)));
            }
            assert_eq!(logged_in, 1, "{code}");
            door.later(15 * MINUTE_MS);
        }
        Ok(())
    }

    async fn a_code_is_refused_the_second_time_and_so_is_every_one_before_it(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        let (before, code) = (door.secret.code_at(door.clock.now().plus(-STEP_MS)), door.code());
        assert!(matches!(door.finish(&code).await?, FinishedLogIn::LoggedIn(_)));
        assert_eq!(door.finish(&code).await?, FinishedLogIn::WrongCode);
        assert_eq!(door.finish(&before).await?, FinishedLogIn::WrongCode);
        assert_eq!(door.confirm(PASSWORD, &code).await?, PasswordConfirmation::WrongCode, "nor anywhere else");
        Ok(())
    }

    async fn a_recovery_code_lets_in_once_and_its_user_is_told(db: Db) {
        let (door, codes) = Door::with_factor(db).await?;
        assert!(matches!(door.finish(&codes[3].to_uppercase().replace('-', " ")).await?, FinishedLogIn::LoggedIn(_)));
        assert_eq!(door.subjects().await?, ["A recovery code for acme Software was used"]);
        assert_eq!(door.finish(&codes[3]).await?, FinishedLogIn::WrongCode);
        assert_eq!(door.codes_left().await?, Some(RECOVERY_CODES as i64 - 1));

        let cx = door.as_ada();
        let renewed = door.write(move |tx| Box::pin(async move {
            accounts::renew_recovery_codes(tx, &cx, &master()).await
        })).await?;
        let CodesRenewal::Renewed(fresh) = renewed else { panic!("not renewed") };
        assert_eq!(door.subjects().await?, ["New recovery codes for acme Software"]);
        assert_eq!(door.finish(&codes[4]).await?, FinishedLogIn::WrongCode, "the old ones are worth nothing");
        assert!(matches!(door.finish(&fresh.expose()[0]).await?, FinishedLogIn::LoggedIn(_)));
        Ok(())
    }

    async fn codes_cannot_be_guessed_and_the_wait_ends(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        let (most, window_ms) = Limit::SecondFactorUser.allowance();
        for _ in 0..most {
            assert_eq!(door.finish("000000").await?, FinishedLogIn::WrongCode);
        }
        assert!(matches!(door.finish(&door.code()).await?, FinishedLogIn::Limited { .. }));
        assert!(matches!(door.confirm(PASSWORD, &door.code()).await?, PasswordConfirmation::Limited { .. }));
        door.later(window_ms);
        assert!(matches!(door.finish(&door.code()).await?, FinishedLogIn::LoggedIn(_)));
        Ok(())
    }

    async fn a_new_password_leaves_the_factor_and_ends_what_was_half_way(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        let half_since = door.clock.now();
        door.later(1);
        let change = ChangePassword {
            user_id: door.ada.id.clone(), current: typed(PASSWORD), new: typed(OTHER), keep: None,
        };
        accounts::change_password(&door.db, &door.passwords, &master(), &door.as_ada(), &change).await?;
        assert_eq!(door.finish_since(half_since, &door.code()).await?, FinishedLogIn::StartOver);
        assert!(matches!(door.log_in(OTHER).await?, LogInOutcome::CodeNeeded(_)));
        assert!(matches!(door.finish(&door.code()).await?, FinishedLogIn::LoggedIn(_)), "the code was not spent");
        Ok(())
    }

    async fn being_half_way_signs_nobody_in_changes_the_sessions_id_and_ends_after_ten_minutes(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        let session = Session::new(None, door.store(), None);
        accounts::begin_visit(&session, &door.vendor.id, "Firefox").await?;
        session.save().await?;
        let planted = session.id();
        accounts::begin_half_session(&session, &door.ada, "Firefox", door.clock.now()).await?;
        let half = session.id();
        assert_ne!(half, planted);
        assert_eq!(door.seen(&session).await?, (None, Some(door.ada.id.clone())));
        door.later(rules::HALF_LOG_IN_MS - 1);
        assert_eq!(door.seen(&session).await?, (None, Some(door.ada.id.clone())));
        door.later(1);
        assert_eq!(door.seen(&session).await?, (None, None));
        accounts::begin_session(&session, &door.ada, "Firefox", from(1), door.clock.now()).await?;
        assert_ne!(session.id(), half);
        assert_eq!(door.seen(&session).await?, (Some(door.ada.id.clone()), None));
        Ok(())
    }

    async fn a_wrong_code_after_the_right_password_is_written_down(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        assert_eq!(door.finish("no code at all").await?, FinishedLogIn::WrongCode);
        let vendor_id = door.vendor.id.clone();
        let counted: Result<i64, anyhow::Error> = door
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "SELECT COUNT(*) FROM audit WHERE vendor_id = $1 AND act = 'user.wrong_code'";
                    Ok(match tx {
                        Tx::Sqlite(tx) => sqlx::query_scalar(sql).bind(&vendor_id).fetch_one(&mut **tx).await?,
                        Tx::Postgres(tx) => sqlx::query_scalar(sql).bind(&vendor_id).fetch_one(&mut **tx).await?,
                    })
                })
            })
            .await;
        assert_eq!(counted?, 1);
        Ok(())
    }

    async fn the_password_is_confirmed_together_with_a_code(db: Db) {
        let (door, codes) = Door::with_factor(db).await?;
        assert_eq!(door.confirm("wrong", &door.code()).await?, PasswordConfirmation::Wrong);
        assert_eq!(door.confirm(PASSWORD, "").await?, PasswordConfirmation::WrongCode);
        assert_eq!(door.confirm(PASSWORD, &door.code()).await?, PasswordConfirmation::Confirmed, "it was not spent");
        assert_eq!(door.confirm(PASSWORD, &door.code()).await?, PasswordConfirmation::WrongCode);
        assert_eq!(door.confirm(PASSWORD, &codes[0]).await?, PasswordConfirmation::Confirmed);
        Ok(())
    }

    async fn setting_up_and_turning_off_end_other_sessions_and_are_told(db: Db) {
        let door = Door::open(db).await?;
        let (here, there) = (door.session().await?, door.session().await?);
        let keep = accounts::session_handle(&here);
        let (cx, secret, code) = (door.as_ada(), door.secret.clone(), door.code());
        let kept = keep.clone();
        let set = door.write(move |tx| Box::pin(async move {
            accounts::set_second_factor(tx, &cx, &master(), &secret, &code, kept.as_ref()).await
        }));
        assert!(matches!(set.await?, FactorSetup::Set(_)));
        assert_eq!(door.seen(&here).await?.0, Some(door.ada.id.clone()));
        assert_eq!(door.seen(&there).await?.0, None);
        let there = door.session().await?;
        door.subjects().await?;
        let remove = || {
            let (cx, keep) = (door.as_ada(), keep.clone());
            door.write(move |tx| Box::pin(async move {
                accounts::remove_second_factor(tx, &cx, &master(), keep.as_ref()).await
            }))
        };
        assert_eq!(remove().await?, FactorRemoval::Removed);
        assert_eq!(remove().await?, FactorRemoval::NoFactor);
        assert_eq!(door.seen(&here).await?.0, Some(door.ada.id.clone()));
        assert_eq!(door.seen(&there).await?.0, None);
        assert_eq!(door.subjects().await?, ["Your second factor for acme Software was turned off"]);
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn the_operator_alone_gives_and_resets_a_factor(db: Db) {
        let (door, codes) = Door::with_factor(db).await?;
        let session = door.session().await?;
        let reset = |actor: Actor| {
            let (cx, id) = (door.cx(actor), door.ada.id.clone());
            door.write(move |tx| Box::pin(async move {
                accounts::reset_second_factor(tx, &cx, &master(), &id).await
            }))
        };
        let give = |actor: Actor| {
            let (cx, id, secret) = (door.cx(actor), door.ada.id.clone(), door.secret.clone());
            door.write(move |tx| Box::pin(async move {
                accounts::give_second_factor(tx, &cx, &master(), &id, &secret).await
            }))
        };
        let ada = || Actor::User(door.ada.id.clone());
        assert_eq!(reset(ada()).await?, FactorReset::NotAllowed);
        assert_eq!(give(ada()).await?, FactorGift::NotAllowed);
        assert_eq!(give(Actor::Operator).await?, FactorGift::AlreadySet);
        assert_eq!(reset(Actor::Operator).await?, FactorReset::Reset);
        assert_eq!(reset(Actor::Operator).await?, FactorReset::NoFactor);
        assert_eq!(door.seen(&session).await?.0, None);
        assert_eq!(door.subjects().await?, ["Your second factor for acme Software was reset"]);
        assert_eq!(door.finish(&codes[0]).await?, FinishedLogIn::StartOver, "whoever was half-way begins again");
        assert_eq!(give(Actor::Operator).await?, FactorGift::Given);
        assert_eq!(door.codes_left().await?, Some(0), "the old recovery codes do not come back");
        Ok(())
    }

    async fn staff_keep_a_factor_that_they_had_as_customers(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        door.prove().await?;
        let new = NewStaff {
            email: EMAIL.to_owned(), name: String::new(), role: StaffRole::Admin, password: typed(OTHER),
        };
        let made = accounts::create_staff(&door.db, &door.passwords, &door.cx(Actor::Operator), &new).await?;
        assert!(matches!(made, StaffCreation::Promoted(_)));
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::CodeNeeded(_)));
        Ok(())
    }
}
