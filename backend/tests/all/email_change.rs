//! Changing the address that one signs in with.

use std::net::IpAddr;
use std::sync::Arc;

use backend::accounts::email_change::rules::{CONFIRM_MS, UNDO_MS};
use backend::accounts::email_change::{
    self, CONFIRM_EMAIL_PATH, ConfirmEmailChange, Disowning, EmailChange, EmailChangeConfirmation, EmailChangeRequest,
    EmailChangeWithdrawal, NOT_ME_PATH,
};
use backend::accounts::{
    self, DbSessionStore, FactorGift, FieldProblem, FinishLogIn, FinishedLogIn, HalfLogIn, Limit, LogIn, LogInOutcome,
    MailedLink, Password, PasswordReset, Passwords, Problem, RequestLink, ResetPassword, SendLink, SignUp,
    SignUpOutcome, TotpSecret, User,
};
use backend::clock::{Clock, DAY_MS};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::deletion::{PersonDeletion, delete_person};
use backend::ids::UserId;
use backend::jobs::{Handlers, Runner};
use backend::mail::Mail;
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use tower_sessions::Session;

use crate::dump::{is_only_in, where_is};
use crate::support::{NOW, Outbox, cx, entropy, master, on_both_engines, vendor};

mod undoing;

const PASSWORD: &str = "correct horse battery staple";
const FRESH: &str = "another four word phrase";
const OLD: &str = "ada@example.org";
const NEW: &str = "ada@example.com";

/// A vendor's portal.
struct Portal {
    db: Db,
    vendor: Vendor,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
}

fn client(n: u8) -> IpAddr {
    [192, 0, 2, n].into()
}

fn typed(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// The secret of a mail's link that leads to this path; empty where there is none.
fn secret_in(mails: &[Mail], to: &str, path: &str) -> String {
    let of_mail = |mail: &Mail| {
        let (_, rest) = mail.text.split_once(&format!("{path}?token="))?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    mails.iter().filter(|mail| mail.to == to).find_map(of_mail).unwrap_or_default()
}

/// To whom what is mailed, in the order of the alphabet.
fn told(mails: &[Mail]) -> Vec<(&str, &str)> {
    let mut told: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    told.sort_unstable();
    told
}

const ASKED: &str = "Your e-mail address for acme Software is to change";
const CHANGED: &str = "Your e-mail address for acme Software was changed";
const CONFIRM: &str = "Confirm your new e-mail address for acme Software";

impl Portal {
    async fn open(db: Db) -> Result<Self, DbError> {
        let vendor = vendor(&db, "acme").await?;
        Ok(Self { db, vendor, passwords: Passwords::default(), outbox: Outbox::default(), clock: Clock::fixed(NOW) })
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    fn as_user(&self, user: &User) -> Cx {
        self.cx(Actor::User(user.id.clone()))
    }

    fn later(&self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
    }

    async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    async fn mails(&self) -> Result<Vec<Mail>, DbError> {
        let handlers = Handlers::new().with(self.outbox.clone()).with(SendLink::new(
            MailedLink::PasswordReset,
            self.db.clone(),
            master(),
        ));
        let runner = Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers);
        runner.run_until_idle().await?;
        Ok(self.outbox.take())
    }

    async fn sign_up(&self, email: &str) -> Result<SignUpOutcome, DbError> {
        let request =
            SignUp { email: email.to_owned(), password: typed(PASSWORD), name: String::new(), address: client(1) };
        accounts::sign_up(&self.db, &self.passwords, &master(), &self.cx(Actor::Visitor), &request).await
    }

    /// Somebody who has not proved the address.
    async fn unproved(&self, email: &str) -> anyhow::Result<User> {
        match self.sign_up(email).await? {
            SignUpOutcome::SignedUp(user) => Ok(user),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// Somebody who has.
    async fn user(&self, email: &str) -> anyhow::Result<User> {
        let user = self.unproved(email).await?;
        let (cx, proof) = (self.cx(Actor::Visitor), secret_in(&self.mails().await?, email, "/verify-email"));
        self.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &proof).await.map(drop) })).await?;
        Ok(user)
    }

    async fn ask(&self, user: &User, email: &str) -> Result<EmailChangeRequest, DbError> {
        let (cx, email) = (self.as_user(user), email.to_owned());
        self.write(move |tx| {
            Box::pin(async move { email_change::request_email_change(tx, &cx, &master(), &email).await })
        })
        .await
    }

    async fn asked(&self, user: &User, email: &str) -> anyhow::Result<EmailChange> {
        match self.ask(user, email).await? {
            EmailChangeRequest::Asked(change) => Ok(change),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn confirm(&self, user: &User, secret: &str) -> Result<EmailChangeConfirmation, DbError> {
        self.confirm_in(user, secret, None).await
    }

    async fn confirm_in(
        &self,
        user: &User,
        secret: &str,
        browser: Option<&Session>,
    ) -> Result<EmailChangeConfirmation, DbError> {
        let keep = browser.and_then(accounts::session_handle);
        let request = ConfirmEmailChange { secret: secret.to_owned(), keep };
        email_change::confirm_email_change(&self.db, &master(), &self.as_user(user), &request).await
    }

    /// The secret of the link that sets a new password, where the change was disowned.
    async fn disown(&self, secret: &str) -> Result<Option<String>, DbError> {
        let (cx, secret) = (self.cx(Actor::Visitor), secret.to_owned());
        let disowned = self.write(move |tx| {
            Box::pin(async move { email_change::disown_email_change(tx, &cx, &master(), &secret).await })
        });
        Ok(match disowned.await? {
            Disowning::Disowned { reset_secret } => Some(reset_secret),
            Disowning::Spent => None,
        })
    }

    /// Ada, with another address since now; the secret in the mail that asked about it, and in the one that told of it.
    async fn changed(&self) -> anyhow::Result<(User, [String; 2])> {
        let ada = self.user(OLD).await?;
        self.asked(&ada, NEW).await?;
        let mails = self.mails().await?;
        let (confirm, first) = (secret_in(&mails, NEW, CONFIRM_EMAIL_PATH), secret_in(&mails, OLD, NOT_ME_PATH));
        let confirmed = self.confirm(&ada, &confirm).await?;
        anyhow::ensure!(matches!(confirmed, EmailChangeConfirmation::Changed(_)), "{confirmed:?}");
        let second = secret_in(&self.mails().await?, OLD, NOT_ME_PATH);
        Ok((ada, [first, second]))
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, DbError> {
        let request = LogIn { email: email.to_owned(), password: typed(password), address: client(1), browser: None };
        accounts::log_in(&self.db, &self.passwords, &master(), &self.cx(Actor::Visitor), &request).await
    }

    async fn reset(&self, secret: &str) -> Result<PasswordReset, DbError> {
        let request = ResetPassword { secret: secret.to_owned(), password: typed(FRESH), address: client(1) };
        accounts::reset_password(&self.db, &self.passwords, &master(), &self.cx(Actor::Visitor), &request).await
    }

    async fn request_reset(&self, email: &str) -> Result<(), DbError> {
        let (cx, request) = (
            self.cx(Actor::Visitor),
            RequestLink { link: MailedLink::PasswordReset, email: email.to_owned(), address: client(1) },
        );
        self.write(move |tx| {
            Box::pin(async move { accounts::request_link(tx, &cx, &master(), &request).await.map(drop) })
        })
        .await
    }

    async fn now(&self, user: &User) -> anyhow::Result<User> {
        let (vendor_id, id) = (self.vendor.id.clone(), user.id.clone());
        let found = self.write(move |tx| Box::pin(async move { accounts::find_user(tx, &vendor_id, &id).await }));
        found.await?.ok_or_else(|| anyhow::anyhow!("nobody"))
    }

    async fn browser(&self, user: &User) -> anyhow::Result<Session> {
        let session = Session::new(None, self.store(), None);
        accounts::begin_session(&session, user, "Firefox", client(1), self.clock.now()).await?;
        Ok(session)
    }

    fn store(&self) -> Arc<DbSessionStore> {
        Arc::new(DbSessionStore::new(self.db.clone(), self.clock.clone(), entropy()))
    }

    /// Whose the session is as the next request sees it.
    async fn user_of(&self, session: &Session) -> anyhow::Result<Option<UserId>> {
        let next = Session::new(session.id(), self.store(), None);
        let identity = accounts::session_identity(&next, &self.vendor.id).await?;
        Ok(identity.and_then(|identity| identity.user_id))
    }
}

on_both_engines! {
    async fn an_address_changes_when_its_mail_is_answered_and_the_old_one_hears_of_it_twice(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        let (here, there) = (portal.browser(&ada).await?, portal.browser(&ada).await?);
        let change = portal.asked(&ada, &format!(" {NEW} ")).await?;
        assert_eq!((change.old_email.as_str(), change.new_email.as_str()), (OLD, NEW));
        let mails = portal.mails().await?;
        assert_eq!(told(&mails), [(NEW, CONFIRM), (OLD, ASKED)]);
        assert_eq!(portal.now(&ada).await?.email, OLD, "nothing has changed yet");

        let secret = secret_in(&mails, NEW, CONFIRM_EMAIL_PATH);
        assert!(secret.len() >= 52, "256 bits");
        portal.later(CONFIRM_MS - 1);
        let EmailChangeConfirmation::Changed(changed) = portal.confirm_in(&ada, &secret, Some(&here)).await? else {
            panic!("not changed")
        };
        assert_eq!((changed.email.as_str(), changed.email_verified_at), (NEW, Some(portal.clock.now())));
        assert_eq!(told(&portal.mails().await?), [(OLD, CHANGED)]);
        assert_eq!(portal.user_of(&here).await?, Some(ada.id.clone()), "the browser that confirms goes on");
        assert_eq!(portal.user_of(&there).await?, None);
        assert_eq!(portal.log_in(OLD, PASSWORD).await?, LogInOutcome::Wrong);
        assert!(matches!(portal.log_in(NEW, PASSWORD).await?, LogInOutcome::LoggedIn(_)));
        assert_eq!(portal.confirm(&ada, &secret).await?, EmailChangeConfirmation::Spent);
        Ok(())
    }

    async fn an_address_that_nobody_confirmed_is_forgotten_with_whoever_asked_for_it(db: Db) {
        let portal = Portal::open(db.clone()).await?;
        let ada = portal.user(OLD).await?;
        portal.asked(&ada, NEW).await?;
        assert!(where_is(&db, NEW).await?.contains("mails.recipient"));
        let cx = portal.as_user(&ada);
        let deleted = portal.write(move |tx| Box::pin(async move { delete_person(tx, &cx, &master(), OLD).await }));
        assert_eq!(deleted.await?, PersonDeletion::Deleted);
        is_only_in(&db, NEW, &["audit.before", "audit.after"]).await?;
        assert!(portal.mails().await?.iter().all(|mail| mail.to != NEW), "what waits is not sent");
        Ok(())
    }

    async fn a_change_dies_of_age_by_being_replaced_and_by_being_taken_back(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        let link = || async {
            portal.asked(&ada, NEW).await?;
            anyhow::Ok(secret_in(&portal.mails().await?, NEW, CONFIRM_EMAIL_PATH))
        };
        let first = link().await?;
        let second = link().await?;
        assert_eq!(portal.confirm(&ada, &first).await?, EmailChangeConfirmation::Spent);
        portal.later(CONFIRM_MS);
        assert_eq!(portal.confirm(&ada, &second).await?, EmailChangeConfirmation::Spent);
        let third = link().await?;
        let withdraw = || {
            let cx = portal.as_user(&ada);
            portal.write(move |tx| Box::pin(async move { email_change::withdraw_email_change(tx, &cx).await }))
        };
        assert_eq!(withdraw().await?, EmailChangeWithdrawal::Withdrawn);
        assert_eq!(withdraw().await?, EmailChangeWithdrawal::Nothing);
        assert_eq!(portal.confirm(&ada, &third).await?, EmailChangeConfirmation::Spent);
        assert_eq!(portal.now(&ada).await?.email, OLD);
        Ok(())
    }

    async fn nobody_else_confirms_a_change_whoever_reads_its_mail(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, eve) = (portal.user(OLD).await?, portal.user("eve@example.org").await?);
        portal.asked(&ada, NEW).await?;
        let secret = secret_in(&portal.mails().await?, NEW, CONFIRM_EMAIL_PATH);
        assert_eq!(portal.confirm(&eve, &secret).await?, EmailChangeConfirmation::Spent);
        let request = ConfirmEmailChange { secret: secret.clone(), keep: None };
        let by_visitor =
            email_change::confirm_email_change(&portal.db, &master(), &portal.cx(Actor::Visitor), &request).await?;
        assert_eq!(by_visitor, EmailChangeConfirmation::Spent);
        assert_eq!((portal.now(&ada).await?.email, portal.now(&eve).await?.email), (OLD.into(), "eve@example.org".into()));
        assert!(matches!(portal.confirm(&ada, &secret).await?, EmailChangeConfirmation::Changed(_)));
        Ok(())
    }

    async fn a_stranger_who_wants_an_address_keeps_its_owner_from_nothing(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, eve) = (portal.user(OLD).await?, portal.user("eve@example.org").await?);
        let (most, _) = Limit::EmailChangePair.allowance();
        for _ in 0..most {
            portal.asked(&eve, NEW).await?;
        }
        let limited = portal.ask(&eve, NEW).await?;
        assert!(matches!(limited, EmailChangeRequest::Limited { .. }), "{limited:?}");
        portal.asked(&ada, NEW).await?;
        Ok(())
    }

    async fn a_registered_address_is_answered_like_a_free_one_and_its_owner_is_told(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, _) = (portal.user(OLD).await?, portal.user("eve@example.org").await?);
        let change = portal.asked(&ada, "EVE@example.org").await?;
        let (cx, id) = (portal.as_user(&ada), ada.id.clone());
        let open = portal.write(move |tx| Box::pin(async move { email_change::find_open_email_change(tx, &cx, &id).await }));
        assert_eq!(open.await?, Some(change));
        let mails = portal.mails().await?;
        assert_eq!(told(&mails), [("EVE@example.org", "Somebody tried to use your address at acme Software"), (OLD, ASKED)]);
        assert_eq!(secret_in(&mails, "EVE@example.org", CONFIRM_EMAIL_PATH), "");
        Ok(())
    }

    async fn an_address_that_was_taken_meanwhile_is_refused(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        portal.asked(&ada, NEW).await?;
        let secret = secret_in(&portal.mails().await?, NEW, CONFIRM_EMAIL_PATH);
        portal.unproved(NEW).await?;
        assert_eq!(portal.confirm(&ada, &secret).await?, EmailChangeConfirmation::Taken);
        assert_eq!(portal.now(&ada).await?.email, OLD);
        assert!(matches!(portal.log_in(OLD, PASSWORD).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn of_two_who_confirm_the_same_address_at_once_one_has_it(db: Db) {
        let portal = Arc::new(Portal::open(db).await?);
        let mut tries = Vec::new();
        for name in ["ada", "bob", "cyd"] {
            let user = portal.user(&format!("{name}@example.org")).await?;
            portal.asked(&user, NEW).await?;
            let secret = secret_in(&portal.mails().await?, NEW, CONFIRM_EMAIL_PATH);
            tries.push((user, secret));
        }
        let tries: Vec<_> = tries.into_iter().map(|(user, secret)| {
            let portal = portal.clone();
            tokio::spawn(async move { portal.confirm(&user, &secret).await })
        }).collect();
        let mut changed = 0;
        for one in tries {
            match one.await?? {
                EmailChangeConfirmation::Changed(_) => changed += 1,
                EmailChangeConfirmation::Taken => {}
                EmailChangeConfirmation::Spent => panic!("a link was spent"),
            }
        }
        assert_eq!(changed, 1);
        Ok(())
    }

    async fn the_address_that_one_has_and_what_is_none_are_refused(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        for (email, expected) in [
            ("ADA@example.org", Problem::EmailUnchanged), ("ada", Problem::EmailMalformed), ("", Problem::Missing),
        ] {
            let asked = portal.ask(&ada, email).await?;
            let EmailChangeRequest::Refused(FieldProblem { problem, .. }) = asked else { panic!("{asked:?}") };
            assert_eq!(problem, expected, "{email}");
        }
        assert!(portal.mails().await?.is_empty());
        Ok(())
    }

    async fn nobody_mails_strangers_without_end(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        let (most, _) = Limit::EmailChangeUser.allowance();
        for n in 0..most {
            assert!(matches!(portal.ask(&ada, &format!("a{n}@example.net")).await?, EmailChangeRequest::Asked(_)));
        }
        assert!(matches!(portal.ask(&ada, NEW).await?, EmailChangeRequest::Limited { .. }));
        Ok(())
    }

    async fn links_to_the_old_address_are_worth_nothing_after_the_change(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        portal.request_reset(OLD).await?;
        let reset = secret_in(&portal.mails().await?, OLD, accounts::RESET_PASSWORD_PATH);
        assert!(!reset.is_empty());
        portal.asked(&ada, NEW).await?;
        let mails = portal.mails().await?;
        portal.confirm(&ada, &secret_in(&mails, NEW, CONFIRM_EMAIL_PATH)).await?;
        portal.mails().await?;
        assert_eq!(portal.reset(&reset).await?, PasswordReset::LinkSpent);
        portal.request_reset(OLD).await?;
        assert!(portal.mails().await?.is_empty(), "nobody has the old address");
        Ok(())
    }

    async fn a_new_password_by_mail_ends_a_change_that_waits(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        portal.asked(&ada, NEW).await?;
        let confirm = secret_in(&portal.mails().await?, NEW, CONFIRM_EMAIL_PATH);
        portal.request_reset(OLD).await?;
        let reset = secret_in(&portal.mails().await?, OLD, accounts::RESET_PASSWORD_PATH);
        assert!(matches!(portal.reset(&reset).await?, PasswordReset::Reset(_)));
        assert_eq!(portal.confirm(&ada, &confirm).await?, EmailChangeConfirmation::Spent);
        Ok(())
    }

    async fn whoever_is_half_way_in_at_the_change_begins_again(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        let (cx, id, secret) = (portal.cx(Actor::Operator), ada.id.clone(), TotpSecret::generate(&entropy()));
        let given = portal
            .write(move |tx| Box::pin(async move { accounts::give_second_factor(tx, &cx, &master(), &id, &secret).await }));
        assert_eq!(given.await?, FactorGift::Given);
        let session = Session::new(None, portal.store(), None);
        accounts::begin_half_session(&session, &ada, "Firefox", portal.clock.now()).await?;
        let finish = || async {
            let half = accounts::half_log_in(&session, &portal.vendor.id, portal.clock.now()).await?;
            let HalfLogIn { user_id, password_given_at, email_key } = half.ok_or_else(|| anyhow::anyhow!("not half-way"))?;
            let (cx, code) = (portal.cx(Actor::Visitor), "no code".to_owned());
            let request = FinishLogIn { user_id, password_given_at, email_key, code };
            let finished = portal.write(move |tx| {
                Box::pin(async move { accounts::finish_log_in(tx, &cx, &master(), &request).await })
            });
            anyhow::Ok(finished.await?)
        };
        assert_eq!(finish().await?, FinishedLogIn::WrongCode);
        portal.asked(&ada, NEW).await?;
        let confirm = secret_in(&portal.mails().await?, NEW, CONFIRM_EMAIL_PATH);
        assert!(matches!(portal.confirm(&ada, &confirm).await?, EmailChangeConfirmation::Changed(_)));
        assert_eq!(finish().await?, FinishedLogIn::StartOver);
        Ok(())
    }

    async fn changes_of_long_ago_are_forgotten(db: Db) {
        let portal = Portal::open(db).await?;
        portal.changed().await?;
        let delete = |after_ms: i64| {
            let at = NOW.plus(after_ms);
            portal.write(move |tx| Box::pin(async move { email_change::delete_old_email_changes(tx, at).await }))
        };
        assert_eq!(delete(UNDO_MS).await?, 0);
        assert_eq!(delete(31 * DAY_MS).await?, 1);
        Ok(())
    }
}
