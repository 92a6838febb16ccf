//! People: signing up, in and out, passwords, accounts, staff, limits.

mod companies;
mod resets;
mod sessions;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use backend::accounts::{self, rules};
use backend::accounts::{
    Account, AccountCreation, AccountDetails, AccountUpdate, Act, Address, ChangePassword, DbSessionStore,
    EmailVerification, Limit, LinkRequest, LogIn, LogInOutcome, MailedLink, NewStaff, Password, PasswordChange,
    PasswordReset, Passwords, Problem, RateVerdict, RequestLink, ResetPassword, Role, SendLink, SignUp, SignUpOutcome,
    StaffCreation, StaffRole, User, VerificationRequest,
};
use backend::clock::{Clock, DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::ids::{AccountId, SessionId};
use backend::jobs::{Handlers, Runner};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use tower_sessions::Session;

use crate::support::{NOW, Outbox, cx, entropy, master, on_both_engines, vendor};

const GOOD: &str = "correct horse battery staple";
const OTHER: &str = "жили-были дед да баба";

/// A vendor's portal with a mail server that keeps everything.
struct Portal {
    db: Db,
    vendor: Vendor,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
}

impl Portal {
    async fn open(db: Db) -> Result<Self, DbError> {
        let vendor = vendor(&db, "acme").await?;
        Ok(Self { db, vendor, passwords: Passwords::default(), outbox: Outbox::default(), clock: Clock::fixed(NOW) })
    }

    fn cx(&self) -> Cx {
        Cx { actor: Actor::Visitor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    fn cx_of(&self, user: &User) -> Cx {
        Cx { actor: Actor::User(user.id.clone()), ..self.cx() }
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

    async fn sign_up(&self, email: &str, password: &str) -> Result<SignUpOutcome, DbError> {
        let request =
            SignUp { email: email.to_owned(), password: secret(password), name: "Ada".to_owned(), address: client(1) };
        accounts::sign_up(&self.db, &self.passwords, &master(), &self.cx(), &request).await
    }

    async fn user(&self, email: &str) -> anyhow::Result<User> {
        match self.sign_up(email, GOOD).await? {
            SignUpOutcome::SignedUp(user) => Ok(user),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn log_in(&self, email: &str, password: &str) -> Result<LogInOutcome, DbError> {
        self.log_in_from(client(1), email, password).await
    }

    async fn log_in_from(&self, address: IpAddr, email: &str, password: &str) -> Result<LogInOutcome, DbError> {
        let request = LogIn { email: email.to_owned(), password: secret(password), address, browser: None };
        accounts::log_in(&self.db, &self.passwords, &master(), &self.cx(), &request).await
    }

    async fn request_reset(&self, email: &str) -> Result<LinkRequest, DbError> {
        self.request_reset_from(client(1), email).await
    }

    async fn request_reset_from(&self, address: IpAddr, email: &str) -> Result<LinkRequest, DbError> {
        let (cx, request) =
            (self.cx(), RequestLink { link: MailedLink::PasswordReset, email: email.to_owned(), address });
        self.write(move |tx| Box::pin(async move { accounts::request_link(tx, &cx, &master(), &request).await })).await
    }

    async fn reset(&self, token: &str, password: &str) -> Result<PasswordReset, DbError> {
        let request = ResetPassword { secret: token.to_owned(), password: secret(password), address: client(1) };
        accounts::reset_password(&self.db, &self.passwords, &master(), &self.cx(), &request).await
    }

    async fn verify(&self, token: &str) -> Result<EmailVerification, DbError> {
        let (cx, token) = (self.cx(), token.to_owned());
        self.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &token).await })).await
    }

    /// Subjects and link secrets of the mails that are sent now.
    async fn mails(&self) -> Result<Vec<(String, String, String)>, DbError> {
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
        Ok(self.outbox.take().into_iter().map(|mail| (mail.to, mail.subject, token(&mail.text))).collect())
    }

    fn store(&self) -> Arc<DbSessionStore> {
        Arc::new(DbSessionStore::new(self.db.clone(), self.clock.clone(), entropy()))
    }

    /// A browser that is signed in.
    async fn browser(&self, user: &User) -> anyhow::Result<Session> {
        let session = Session::new(None, self.store(), None);
        accounts::begin_session(&session, user, "Firefox", client(1), self.clock.now()).await?;
        Ok(session)
    }

    /// The session as the next request sees it.
    async fn user_of(&self, session: &Session) -> anyhow::Result<Option<backend::ids::UserId>> {
        let next = Session::new(session.id(), self.store(), None);
        let identity = accounts::session_identity(&next, &self.vendor.id).await?;
        Ok(identity.and_then(|identity| identity.user_id))
    }

    async fn account(&self, user: &User) -> anyhow::Result<Account> {
        let (cx, user_id) = (self.cx_of(user), user.id.clone());
        let created = self
            .write(move |tx| Box::pin(async move { accounts::create_account(tx, &cx, &user_id, &details()).await }))
            .await?;
        match created {
            AccountCreation::Created(account) => Ok(account),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn may(&self, user: &User, account: &AccountId, act: Act) -> Result<bool, DbError> {
        let (cx, account) = (self.cx_of(user), account.clone());
        self.write(move |tx| Box::pin(async move { accounts::may_act(tx, &cx, &account, act).await })).await
    }
}

fn secret(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn client(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, number))
}

fn details() -> AccountDetails {
    AccountDetails {
        company: "Παράδειγμα Α.Ε.".to_owned(),
        country: "gr".to_owned(),
        vat_id: "094014201".to_owned(),
        address: Address { line1: "Ερμού 1".to_owned(), city: "Αθήνα".to_owned(), ..Address::default() },
        ..AccountDetails::default()
    }
}

on_both_engines! {
    async fn a_new_buyer_is_signed_in_at_once_and_confirms_the_address_later(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user(" Ada@Example.org ").await?;
        assert_eq!((user.email.as_str(), user.email_verified_at), ("Ada@Example.org", None));
        let mails = portal.mails().await?;
        let [(to, subject, token)] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((to.as_str(), subject.as_str()), ("Ada@Example.org", "Confirm your e-mail address for acme Software"));
        assert!(token.len() >= 32, "at least 128 bits");
        assert_eq!(portal.verify("nonsense").await?, EmailVerification::LinkSpent);
        let EmailVerification::Verified(verified) = portal.verify(token).await? else { panic!("not verified") };
        assert_eq!(verified.email_verified_at, Some(NOW));
        assert_eq!(portal.verify(token).await?, EmailVerification::AlreadyVerified);
        Ok(())
    }

    async fn a_verification_link_dies_of_age_and_can_be_asked_for_again(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let first = portal.mails().await?.remove(0).2;
        portal.later(rules::VERIFICATION_LINK_MS);
        assert_eq!(portal.verify(&first).await?, EmailVerification::LinkSpent);
        let again = || {
            let (cx, id) = (portal.cx_of(&user), user.id.clone());
            portal.write(move |tx| Box::pin(async move { accounts::send_verification(tx, &cx, &master(), &id).await }))
        };
        assert_eq!(again().await?, VerificationRequest::Sent);
        let second = portal.mails().await?.remove(0).2;
        assert!(matches!(portal.verify(&second).await?, EmailVerification::Verified(_)));
        assert_eq!(again().await?, VerificationRequest::AlreadyVerified);
        Ok(())
    }

    async fn signing_up_with_a_registered_address_lets_nobody_in_and_tells_its_owner(db: Db) {
        let portal = Portal::open(db).await?;
        let owner = portal.user("ada@example.org").await?;
        portal.mails().await?;
        assert_eq!(portal.sign_up("ADA@example.org", OTHER).await?, SignUpOutcome::CheckMail);
        let mails = portal.mails().await?;
        assert_eq!(mails[0].0, "ada@example.org");
        assert_eq!(mails[0].1, "You already have an account with acme Software");
        assert_eq!(portal.log_in("ada@example.org", OTHER).await?, LogInOutcome::Wrong);
        // With the address's own password it is the owner.
        assert_eq!(portal.sign_up("ada@example.org", GOOD).await?, SignUpOutcome::Recognised(owner));
        Ok(())
    }

    async fn sign_up_cannot_be_used_to_guess_passwords_or_to_flood_a_mailbox(db: Db) {
        let portal = Portal::open(db).await?;
        portal.user("ada@example.org").await?;
        portal.mails().await?;
        let (most, _) = Limit::SignInPair.allowance();
        for _ in 0..most {
            assert_eq!(portal.sign_up("ada@example.org", OTHER).await?, SignUpOutcome::CheckMail);
        }
        assert_eq!(portal.sign_up("ada@example.org", GOOD).await?, SignUpOutcome::CheckMail, "no tries left");
        let (mails, _) = Limit::SignUpEmail.allowance();
        assert_eq!(portal.mails().await?.len() as i64, mails);
        Ok(())
    }

    async fn of_two_sign_ups_at_once_one_makes_the_user(db: Db) {
        let portal = Arc::new(Portal::open(db).await?);
        let both: Vec<_> = [GOOD, OTHER]
            .into_iter()
            .map(|password| {
                let portal = portal.clone();
                tokio::spawn(async move { portal.sign_up("ada@example.org", password).await })
            })
            .collect();
        let mut made = 0;
        for one in both {
            match one.await?? {
                SignUpOutcome::SignedUp(_) => made += 1,
                SignUpOutcome::CheckMail => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(made, 1);
        Ok(())
    }

    async fn every_problem_of_a_sign_up_is_named_and_nothing_is_made(db: Db) {
        let portal = Portal::open(db).await?;
        let SignUpOutcome::Refused(problems) = portal.sign_up("nobody", "password123").await? else { panic!() };
        let problems: Vec<_> = problems.into_iter().map(|found| found.problem).collect();
        assert_eq!(problems, [Problem::EmailMalformed, Problem::PasswordCommon]);
        assert!(portal.mails().await?.is_empty());
        Ok(())
    }

    async fn log_in_takes_the_address_in_any_case_and_says_not_what_was_wrong(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        assert_eq!(portal.log_in("ADA@EXAMPLE.ORG", GOOD).await?, LogInOutcome::LoggedIn(user));
        assert_eq!(portal.log_in("ada@example.org", "wrong").await?, LogInOutcome::Wrong);
        assert_eq!(portal.log_in("eve@example.org", GOOD).await?, LogInOutcome::Wrong);
        Ok(())
    }

    async fn users_of_one_vendor_are_strangers_to_another(db: Db) {
        let portal = Portal::open(db.clone()).await?;
        let user = portal.user("ada@example.org").await?;
        let account = portal.account(&user).await?;
        let beta = vendor(&db, "beta").await?;
        let other = Portal { vendor: beta, outbox: Outbox::default(), db, passwords: Passwords::default(), clock: Clock::fixed(NOW) };
        assert_eq!(other.log_in("ada@example.org", GOOD).await?, LogInOutcome::Wrong);
        let namesake = other.user("ada@example.org").await?;
        assert!(!other.may(&namesake, &account.id, Act::See).await?);
        let (cx, id) = (other.cx(), account.id.clone());
        let seen = other.write(move |tx| Box::pin(async move { accounts::find_account(tx, &cx.vendor_id, &id).await })).await?;
        assert_eq!(seen, None);
        // A membership across vendors is refused by the database itself: a session likewise is none.
        let session = portal.browser(&user).await?;
        let seen = Session::new(session.id(), other.store(), None);
        assert_eq!(accounts::session_identity(&seen, &other.vendor.id).await?, None);
        Ok(())
    }

    async fn guessing_is_limited_and_the_right_password_forgives(db: Db) {
        let portal = Portal::open(db).await?;
        portal.user("ada@example.org").await?;
        let (most, window_ms) = Limit::SignInPair.allowance();
        for _ in 1..most {
            assert_eq!(portal.log_in("ada@example.org", "wrong").await?, LogInOutcome::Wrong);
        }
        assert!(matches!(portal.log_in("ada@example.org", GOOD).await?, LogInOutcome::LoggedIn(_)));
        for _ in 0..most {
            assert_eq!(portal.log_in("ada@example.org", "wrong").await?, LogInOutcome::Wrong);
        }
        let LogInOutcome::Limited { retry_after_s } = portal.log_in("ada@example.org", GOOD).await?
        else { panic!("not limited") };
        assert!((1..=window_ms / 1000 + 1).contains(&retry_after_s), "{retry_after_s}");
        // Unknown addresses are limited alike, so the limit tells nothing either.
        for _ in 0..most {
            assert_eq!(portal.log_in("eve@example.org", "wrong").await?, LogInOutcome::Wrong);
        }
        assert!(matches!(portal.log_in("eve@example.org", "wrong").await?, LogInOutcome::Limited { .. }));
        portal.later(retry_after_s * 1000);
        assert!(matches!(portal.log_in("ada@example.org", GOOD).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn a_limit_counts_exactly_under_concurrency_and_a_clock_set_back_wins_nothing(db: Db) {
        let portal = Arc::new(Portal::open(db).await?);
        let tries: Vec<_> = (0..12).map(|_| {
            let (portal, cx) = (portal.clone(), portal.cx());
            tokio::spawn(async move {
                portal.write(move |tx| Box::pin(async move {
                    accounts::hit(tx, &cx, &master(), Limit::ResetPair, "ada").await
                })).await
            })
        }).collect();
        let mut allowed = 0;
        for one in tries {
            allowed += i64::from(one.await?? == RateVerdict::Allowed);
        }
        assert_eq!(allowed, Limit::ResetPair.allowance().0);
        let back = Cx { now: UnixMs(NOW.0 - 3 * HOUR_MS), ..portal.cx() };
        let verdict = portal.write(move |tx| Box::pin(async move {
            accounts::hit(tx, &back, &master(), Limit::ResetPair, "ada").await
        })).await?;
        assert!(matches!(verdict, RateVerdict::Limited { .. }));
        Ok(())
    }

    async fn changing_the_password_needs_the_present_one_and_keeps_this_browser_only(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let (here, there) = (portal.browser(&user).await?, portal.browser(&user).await?);
        portal.mails().await?;
        let change = |current: &str, new: &str| {
            let request = ChangePassword {
                user_id: user.id.clone(),
                current: secret(current),
                new: secret(new),
                keep: accounts::session_handle(&here),
            };
            let (portal, cx) = (&portal, portal.cx_of(&user));
            async move { accounts::change_password(&portal.db, &portal.passwords, &master(), &cx, &request).await }
        };
        assert_eq!(change("wrong", OTHER).await?, PasswordChange::WrongPassword);
        assert!(matches!(change(GOOD, "ada@example.org").await?, PasswordChange::Refused(_)));
        assert!(portal.mails().await?.is_empty());
        assert_eq!(change(GOOD, OTHER).await?, PasswordChange::Changed { sessions_ended: 1 });
        assert_eq!(portal.user_of(&here).await?, Some(user.id.clone()));
        assert_eq!(portal.user_of(&there).await?, None);
        assert_eq!(portal.mails().await?.len(), 1);
        Ok(())
    }

    async fn a_session_ends_when_idle_and_after_thirty_days_however_much_it_is_used(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let idle = portal.browser(&user).await?;
        let busy = portal.browser(&user).await?;
        for day in 1..30 {
            portal.later(DAY_MS);
            assert!(portal.user_of(&busy).await?.is_some(), "day {day}");
        }
        assert_eq!(portal.user_of(&idle).await?, None);
        portal.later(DAY_MS);
        assert_eq!(portal.user_of(&busy).await?, None);
        let now = portal.clock.now();
        let deleted = portal.write(move |tx| Box::pin(async move { accounts::delete_expired_sessions(tx, now).await }));
        assert_eq!(deleted.await?, 2);
        Ok(())
    }

    async fn signing_in_gives_the_session_a_new_id_and_signing_out_ends_it(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let session = Session::new(None, portal.store(), None);
        accounts::begin_visit(&session, &portal.vendor.id, "Firefox").await?;
        session.insert("kept", 7).await?;
        session.save().await?;
        let planted = session.id();
        accounts::begin_visit(&session, &portal.vendor.id, "Firefox").await?;
        assert_eq!(session.get::<i32>("kept").await?, Some(7), "a visit that goes on keeps what it has");
        let next = Session::new(planted, portal.store(), None);
        accounts::begin_session(&next, &user, "Firefox", client(1), NOW).await?;
        assert_ne!(next.id(), planted);
        assert_eq!(portal.user_of(&next).await?, Some(user.id.clone()));
        let with_planted = Session::new(planted, portal.store(), None);
        assert_eq!(accounts::session_identity(&with_planted, &portal.vendor.id).await?, None);
        let gone = Session::new(next.id(), portal.store(), None);
        accounts::sign_out(&gone).await?;
        assert_eq!(portal.user_of(&next).await?, None);
        Ok(())
    }

    async fn a_session_that_was_ended_elsewhere_is_not_brought_back_by_a_request_under_way(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let browser = portal.browser(&user).await?;
        let under_way = Session::new(browser.id(), portal.store(), None);
        under_way.insert("something", 1).await?;
        let sessions = {
            let (cx, id) = (portal.cx_of(&user), user.id.clone());
            portal.write(move |tx| Box::pin(async move { accounts::list_sessions(tx, &cx, &id).await })).await?
        };
        assert_eq!(sessions.len(), 1);
        assert_eq!(Some(&sessions[0].id), accounts::session_handle(&browser).as_ref());
        assert_eq!((sessions[0].user_agent.as_str(), sessions[0].created_at), ("Firefox", NOW));
        assert_eq!(sessions[0].network_address, client(1).to_string());
        let end = |session: SessionId| {
            let (cx, id) = (portal.cx_of(&user), user.id.clone());
            portal.write(move |tx| Box::pin(async move { accounts::end_session(tx, &cx, &id, &session).await }))
        };
        assert!(end(sessions[0].id.clone()).await?);
        assert!(!end(sessions[0].id.clone()).await?);
        assert!(!end(SessionId::from_untrusted("ses_nonsense")).await?);
        under_way.save().await?;
        assert_eq!(portal.user_of(&browser).await?, None);
        Ok(())
    }
}
