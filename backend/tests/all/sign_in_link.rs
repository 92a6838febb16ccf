//! Logging in by a mailed link.

use std::net::IpAddr;
use std::sync::Arc;

use backend::accounts::email_change::{EmailChangeRequest, find_open_email_change, request_email_change};
use backend::accounts::{self, rules};
use backend::accounts::{
    FactorSetup, FinishLogIn, FinishedLogIn, Limit, LinkRequest, LinkSignIn, LogIn, LogInOutcome, MailedLink, Password,
    Passwords, RequestLink, ResetPassword, SendLink, SignInByLink, SignUp, SignUpOutcome, TotpSecret, User,
};
use backend::clock::{Clock, HOUR_MS, SECOND_MS};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::jobs::{Handlers, Runner};
use backend::mail::Mail;
use backend::vendors::Vendor;
use backend::{Actor, Cx};

use crate::support::{NOW, Outbox, cx, entropy, master, on_both_engines, vendor};

const PASSWORD: &str = "correct horse battery staple";
const OTHER: &str = "another four word phrase";
const EMAIL: &str = "ada@example.org";

/// A vendor's portal with one person, whose address is not proved yet.
struct Door {
    db: Db,
    vendor: Vendor,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
    ada: User,
    /// What the link in the first mail says that proves the address.
    proof: String,
}

fn client(n: u8) -> IpAddr {
    [192, 0, 2, n].into()
}

fn typed(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// The secret of the first link in a mail that leads to this path.
fn secret_in(mail: &Mail, path: &str) -> String {
    let rest = mail.text.split_once(&format!("{path}?token=")).map_or("", |(_, rest)| rest);
    rest.split_whitespace().next().unwrap_or_default().to_owned()
}

impl Door {
    async fn open(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        Self::of(db, vendor).await
    }

    async fn of(db: Db, vendor: Vendor) -> anyhow::Result<Self> {
        let (passwords, cx) = (Passwords::default(), Cx { actor: Actor::Visitor, ..cx(&vendor.id, NOW) });
        let request =
            SignUp { email: EMAIL.to_owned(), password: typed(PASSWORD), name: "Ada".to_owned(), address: client(1) };
        let signed_up = accounts::sign_up(&db, &passwords, &master(), &cx, &request).await?;
        let SignUpOutcome::SignedUp(ada) = signed_up else { anyhow::bail!("{signed_up:?}") };
        let (outbox, clock) = (Outbox::default(), Clock::fixed(NOW));
        let mut door = Self { db, vendor, passwords, outbox, clock, ada, proof: String::new() };
        door.proof = door.mails().await?.first().map(|mail| secret_in(mail, "/verify-email")).unwrap_or_default();
        Ok(door)
    }

    /// Ada, whose address is proved.
    async fn proved(db: Db) -> anyhow::Result<Self> {
        let door = Self::open(db).await?;
        let (cx, proof) = (door.cx(Actor::Visitor), door.proof.clone());
        door.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &proof).await.map(drop) })).await?;
        Ok(door)
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

    async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    async fn mails(&self) -> Result<Vec<Mail>, DbError> {
        let handlers = Handlers::new()
            .with(self.outbox.clone())
            .with(SendLink::new(MailedLink::PasswordReset, self.db.clone(), master()))
            .with(SendLink::new(MailedLink::SignIn, self.db.clone(), master()));
        let runner = Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers);
        runner.run_until_idle().await?;
        Ok(self.outbox.take())
    }

    async fn subjects(&self) -> Result<Vec<String>, DbError> {
        let mut subjects: Vec<_> = self.mails().await?.into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        Ok(subjects)
    }

    async fn ask_from(&self, address: IpAddr, email: &str) -> Result<LinkRequest, DbError> {
        let (cx, request) =
            (self.cx(Actor::Visitor), RequestLink { link: MailedLink::SignIn, email: email.to_owned(), address });
        self.write(move |tx| Box::pin(async move { accounts::request_link(tx, &cx, &master(), &request).await })).await
    }

    /// The secret of a link that Ada has asked for.
    async fn link(&self) -> anyhow::Result<String> {
        anyhow::ensure!(self.ask_from(client(1), "ADA@example.org").await? == LinkRequest::Accepted);
        let mails = self.mails().await?;
        let [mail] = mails.as_slice() else { anyhow::bail!("{mails:?}") };
        anyhow::ensure!((mail.to.as_str(), mail.subject.as_str()) == (EMAIL, "Log in to acme Software"), "{mail:?}");
        Ok(secret_in(mail, accounts::SIGN_IN_PATH))
    }

    async fn follow(&self, secret: &str) -> Result<LinkSignIn, DbError> {
        let (cx, request) = (self.cx(Actor::Visitor), SignInByLink { secret: secret.to_owned(), address: client(9) });
        self.write(move |tx| Box::pin(async move { accounts::sign_in_by_link(tx, &cx, &master(), &request).await }))
            .await
    }

    async fn opens(&self, secret: &str) -> Result<bool, DbError> {
        let (cx, secret) = (self.cx(Actor::Visitor), secret.to_owned());
        let found =
            self.write(move |tx| Box::pin(async move { accounts::find_sign_in_link(tx, &cx, &secret).await })).await?;
        Ok(found.is_some())
    }

    async fn log_in(&self, password: &str) -> Result<LogInOutcome, DbError> {
        let request = LogIn { email: EMAIL.to_owned(), password: typed(password), address: client(9), browser: None };
        accounts::log_in(&self.db, &self.passwords, &master(), &self.cx(Actor::Visitor), &request).await
    }

    async fn set_factor(&self) -> anyhow::Result<TotpSecret> {
        let secret = TotpSecret::generate(&entropy());
        let (cx, code, given) = (self.as_ada(), secret.code_at(self.clock.now()), secret.clone());
        let set = self
            .write(move |tx| {
                Box::pin(async move { accounts::set_second_factor(tx, &cx, &master(), &given, &code, None).await })
            })
            .await?;
        anyhow::ensure!(matches!(set, FactorSetup::Set(_)));
        self.later(2 * accounts::STEP_S * SECOND_MS);
        self.mails().await?;
        Ok(secret)
    }

    async fn has_password(&self) -> Result<bool, DbError> {
        let (vendor_id, id) = (self.vendor.id.clone(), self.ada.id.clone());
        self.write(move |tx| Box::pin(async move { accounts::has_password(tx, &vendor_id, &id).await })).await
    }
}

on_both_engines! {
    async fn a_link_lets_in_once_within_a_quarter_of_an_hour(db: Db) {
        let door = Door::proved(db).await?;
        let secret = door.link().await?;
        assert!(secret.len() >= 52, "256 bits: {}", secret.len());
        assert!(door.opens(&secret).await? && door.opens(&secret).await?, "opening the page uses nothing up");
        let LinkSignIn::LoggedIn { user, is_first_proof } = door.follow(&secret).await? else { panic!("not let in") };
        assert_eq!((&user.id, is_first_proof), (&door.ada.id, false));
        assert!(!door.opens(&secret).await?);
        assert_eq!(door.follow(&secret).await?, LinkSignIn::Spent);
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::LoggedIn(_)), "the password stays");

        let late = door.link().await?;
        door.later(rules::SIGN_IN_LINK_MS);
        assert!(!door.opens(&late).await?);
        assert_eq!(door.follow(&late).await?, LinkSignIn::Spent);
        assert_eq!(door.follow("nonsense").await?, LinkSignIn::Spent);
        Ok(())
    }

    async fn using_a_link_ends_the_others(db: Db) {
        let door = Door::proved(db).await?;
        let (first, second) = (door.link().await?, door.link().await?);
        assert!(matches!(door.follow(&first).await?, LinkSignIn::LoggedIn { .. }));
        assert_eq!(door.follow(&second).await?, LinkSignIn::Spent);
        Ok(())
    }

    async fn of_two_who_use_a_link_at_once_one_gets_in(db: Db) {
        let door = Arc::new(Door::proved(db).await?);
        let secret = door.link().await?;
        let tries: Vec<_> = (0..4).map(|_| {
            let (door, secret) = (door.clone(), secret.clone());
            tokio::spawn(async move { door.follow(&secret).await })
        }).collect();
        let mut in_by_it = 0;
        for one in tries {
            in_by_it += i32::from(matches!(one.await??, LinkSignIn::LoggedIn { .. }));
        }
        assert_eq!(in_by_it, 1);
        Ok(())
    }

    async fn a_link_lets_nobody_past_the_second_factor(db: Db) {
        let door = Door::proved(db).await?;
        let factor = door.set_factor().await?;
        let secret = door.link().await?;
        let LinkSignIn::CodeNeeded(user) = door.follow(&secret).await? else { panic!("no code was asked for") };
        assert_eq!(user.id, door.ada.id);
        let finish = |code: String| {
            let (cx, now) = (door.cx(Actor::Visitor), door.clock.now());
            let (user_id, email_key) = (door.ada.id.clone(), EMAIL.to_owned());
            let request = FinishLogIn { user_id, password_given_at: now, email_key, code };
            door.write(move |tx| Box::pin(async move { accounts::finish_log_in(tx, &cx, &master(), &request).await }))
        };
        assert_eq!(finish("000000".to_owned()).await?, FinishedLogIn::WrongCode);
        assert!(matches!(finish(factor.code_at(door.clock.now())).await?, FinishedLogIn::LoggedIn(_)));
        Ok(())
    }

    async fn the_first_proof_of_an_address_takes_what_a_stranger_may_have_set_up(db: Db) {
        let door = Door::open(db).await?;
        door.set_factor().await?;
        // Whoever signed up would also have the address changed to one of theirs.
        let cx = door.as_ada();
        let asked = door.write(move |tx| Box::pin(async move {
            request_email_change(tx, &cx, &master(), "mallory@example.org").await
        })).await?;
        assert!(matches!(asked, EmailChangeRequest::Asked(_)), "{asked:?}");
        door.mails().await?;
        let LinkSignIn::LoggedIn { user, is_first_proof } = door.follow(&door.link().await?).await? else {
            panic!("not let in")
        };
        assert!(is_first_proof && user.email_verified_at.is_some());
        assert_eq!(door.subjects().await?, ["Set a new password for acme Software"]);
        assert!(!door.has_password().await?);
        assert_eq!(door.log_in(PASSWORD).await?, LogInOutcome::Wrong);
        let (cx, id) = (door.as_ada(), door.ada.id.clone());
        let (factor, change) = door.write(move |tx| Box::pin(async move {
            let factor = accounts::find_second_factor(tx, &cx, &id).await?;
            Ok((factor, find_open_email_change(tx, &cx, &id).await?))
        })).await?;
        assert_eq!((factor, change), (None, None));
        // The second time it is an address like any other.
        let LinkSignIn::LoggedIn { is_first_proof, .. } = door.follow(&door.link().await?).await? else {
            panic!("not let in")
        };
        assert!(!is_first_proof);
        Ok(())
    }

    async fn who_has_no_password_sets_one_by_mail(db: Db) {
        let door = Door::open(db).await?;
        door.follow(&door.link().await?).await?;
        door.mails().await?;
        let (cx, request) =
            (door.cx(Actor::Visitor), RequestLink { link: MailedLink::PasswordReset, email: EMAIL.to_owned(), address: client(1) });
        door.write(move |tx| Box::pin(async move {
            accounts::request_link(tx, &cx, &master(), &request).await.map(drop)
        })).await?;
        let mails = door.mails().await?;
        let secret = mails.first().map(|mail| secret_in(mail, accounts::RESET_PASSWORD_PATH)).unwrap_or_default();
        let request = ResetPassword { secret, password: typed(OTHER), address: client(1) };
        accounts::reset_password(&door.db, &door.passwords, &master(), &door.cx(Actor::Visitor), &request).await?;
        assert!(door.has_password().await?);
        assert!(matches!(door.log_in(OTHER).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn an_unknown_address_is_answered_alike_and_mails_nobody(db: Db) {
        let door = Door::open(db).await?;
        assert_eq!(door.ask_from(client(1), "eve@example.org").await?, LinkRequest::Accepted);
        assert!(door.mails().await?.is_empty());
        Ok(())
    }

    async fn a_stranger_who_asks_keeps_no_owner_from_asking(db: Db) {
        let door = Door::open(db).await?;
        let (most, _) = Limit::SignInLinkPair.allowance();
        for _ in 0..most {
            assert_eq!(door.ask_from(client(66), EMAIL).await?, LinkRequest::Accepted);
        }
        for _ in 0..3 {
            assert!(matches!(door.ask_from(client(66), EMAIL).await?, LinkRequest::Limited { .. }));
        }
        assert_eq!(door.ask_from(client(1), EMAIL).await?, LinkRequest::Accepted);
        assert_eq!(door.mails().await?.len() as i64, most + 1);
        door.later(HOUR_MS);
        assert_eq!(door.ask_from(client(66), EMAIL).await?, LinkRequest::Accepted);
        Ok(())
    }

    async fn a_link_gets_in_whoever_guesses_and_forgives_the_guessing(db: Db) {
        let door = Door::proved(db).await?;
        let (most, _) = Limit::SignInPair.allowance();
        for _ in 0..most {
            assert_eq!(door.log_in("guess").await?, LogInOutcome::Wrong);
        }
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::Limited { .. }));
        // Asking for a link forgives nothing yet.
        let secret = door.link().await?;
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::Limited { .. }));
        assert!(matches!(door.follow(&secret).await?, LinkSignIn::LoggedIn { .. }));
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn a_link_of_one_vendor_is_worth_nothing_to_another(db: Db) {
        let door = Door::proved(db.clone()).await?;
        let beta = vendor(&db, "beta").await?;
        let other = Door::of(db, beta).await?;
        let secret = door.link().await?;
        assert!(!other.opens(&secret).await?);
        assert_eq!(other.follow(&secret).await?, LinkSignIn::Spent);
        assert!(matches!(door.follow(&secret).await?, LinkSignIn::LoggedIn { .. }));
        Ok(())
    }
}
