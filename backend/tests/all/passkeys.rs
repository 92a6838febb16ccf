//! Passkeys: adding, using, naming and removing them, and everything that an answer can get wrong.

mod authenticator;
mod recovery;

use std::net::IpAddr;
use std::sync::Arc;

use backend::accounts::{
    self, AddPasskey, Begun, CHALLENGE_MS, DbSessionStore, EmailVerification, Flaw, Limit, MailedLink, Passkey,
    PasskeyAddition, PasskeyBeginning, PasskeyConfirmation, PasskeyLogIn, PasskeyPurpose, PasskeyRemoval,
    PasskeyRenaming, Password, Passwords, Problem, RelyingParty, SendLink, SignUp, SignUpOutcome, UsePasskey, User,
};
use backend::clock::Clock;
use backend::db::{Db, DbError};
use backend::ids::PasskeyId;
use backend::jobs::{Handlers, Runner};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use tower_sessions::Session;

use crate::support::{NOW, Outbox, cx, entropy, master, on_both_engines, vendor};
use authenticator::{BACKED_UP, Bent, Device, USER_PRESENT, USER_VERIFIED};

const ORIGIN: &str = "https://acme.test";

/// A vendor's portal with one person.
struct Portal {
    db: Db,
    vendor: Vendor,
    outbox: Outbox,
    clock: Clock,
    ada: User,
}

fn from(n: u8) -> IpAddr {
    [192, 0, 2, n].into()
}

async fn person(db: &Db, vendor: &Vendor, email: &str) -> anyhow::Result<User> {
    let request = SignUp {
        email: email.to_owned(),
        password: Password::new("correct horse battery staple".to_owned()),
        name: String::new(),
        address: from(1),
    };
    let cx = Cx { actor: Actor::Visitor, ..cx(&vendor.id, NOW) };
    match accounts::sign_up(db, &Passwords::default(), &master(), &cx, &request).await? {
        SignUpOutcome::SignedUp(user) => Ok(user),
        other => anyhow::bail!("{other:?}"),
    }
}

/// Somebody who has shown the address to be theirs, with the link from the mail.
async fn proven(db: &Db, vendor: &Vendor, email: &str) -> anyhow::Result<User> {
    person(db, vendor, email).await?;
    let outbox = Outbox::default();
    let handlers = Handlers::new().with(outbox.clone());
    Runner::new(db.clone(), Clock::fixed(NOW), entropy(), master(), handlers).run_until_idle().await?;
    let mails = outbox.take();
    let text = mails.iter().find(|mail| mail.to == email).map_or("", |mail| mail.text.as_str());
    let (_, rest) = text.split_once("?token=").unwrap_or_default();
    let secret = rest.split_whitespace().next().unwrap_or_default().to_owned();
    let cx = Cx { actor: Actor::Visitor, ..cx(&vendor.id, NOW) };
    let verified = db.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &secret).await }));
    match verified.await? {
        EmailVerification::Verified(user) => Ok(user),
        other => anyhow::bail!("{other:?}"),
    }
}

impl Portal {
    async fn open(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        let ada = proven(&db, &vendor, "ada@example.org").await?;
        let portal = Self { db, vendor, outbox: Outbox::default(), clock: Clock::fixed(NOW), ada };
        portal.subjects().await?;
        Ok(portal)
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    fn as_ada(&self) -> Cx {
        self.cx(Actor::User(self.ada.id.clone()))
    }

    fn visitor(&self) -> Cx {
        self.cx(Actor::Visitor)
    }

    fn relying_party(&self) -> RelyingParty {
        RelyingParty::of(&self.vendor).expect("a host name")
    }

    async fn ask(&self, cx: &Cx, purpose: PasskeyPurpose) -> Result<PasskeyBeginning, DbError> {
        let (cx, party) = (cx.clone(), self.relying_party());
        let begun = self.db.write(move |tx| {
            Box::pin(async move { accounts::begin_passkey(tx, &cx, &master(), &party, purpose, from(1)).await })
        });
        begun.await
    }

    async fn begin(&self, cx: &Cx, purpose: PasskeyPurpose) -> anyhow::Result<Begun> {
        match self.ask(cx, purpose).await? {
            PasskeyBeginning::Begun(begun) => Ok(begun),
            PasskeyBeginning::Limited { .. } | PasskeyBeginning::Unproven | PasskeyBeginning::NotAllowed => {
                anyhow::bail!("not begun")
            }
        }
    }

    fn answer(&self, challenge: &str, answer: String) -> UsePasskey {
        UsePasskey { relying_party: self.relying_party(), challenge: challenge.to_owned(), answer }
    }

    async fn add_answer(&self, cx: &Cx, answer: UsePasskey, name: &str) -> Result<PasskeyAddition, DbError> {
        let (cx, request) = (cx.clone(), AddPasskey { answer, name: name.to_owned() });
        let added = self
            .db
            .write(move |tx| Box::pin(async move { accounts::add_passkey(tx, &cx, &master(), &request, None).await }));
        added.await
    }

    /// Whoever acts adds the device's passkey, which is called like it.
    async fn add(&self, cx: &Cx, device: &mut Device) -> anyhow::Result<PasskeyAddition> {
        let begun = self.begin(cx, PasskeyPurpose::Add).await?;
        let answer = self.answer(&begun.challenge, device.create(&begun.options, ORIGIN));
        Ok(self.add_answer(cx, answer, "My key").await?)
    }

    /// Ada, with this device's passkey.
    async fn with(&self, device: &mut Device) -> anyhow::Result<PasskeyId> {
        let added = self.add(&self.as_ada(), device).await?;
        self.subjects().await?;
        let PasskeyAddition::Added(id) = added else { anyhow::bail!("{added:?}") };
        Ok(id)
    }

    async fn log_in_answer(&self, request: UsePasskey) -> Result<PasskeyLogIn, DbError> {
        let cx = self.visitor();
        let logged_in = self.db.write(move |tx| {
            Box::pin(async move { accounts::log_in_with_passkey(tx, &cx, &master(), &request).await })
        });
        logged_in.await
    }

    async fn log_in(&self, device: &mut Device) -> anyhow::Result<PasskeyLogIn> {
        let begun = self.begin(&self.visitor(), PasskeyPurpose::LogIn).await?;
        let answer = self.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
        Ok(self.log_in_answer(answer).await?)
    }

    async fn confirm_answer(&self, cx: &Cx, request: UsePasskey) -> Result<PasskeyConfirmation, DbError> {
        let cx = cx.clone();
        let confirmed = self.db.write(move |tx| {
            Box::pin(async move { accounts::confirm_with_passkey(tx, &cx, &master(), &request).await })
        });
        confirmed.await
    }

    async fn confirm(&self, cx: &Cx, device: &mut Device) -> anyhow::Result<PasskeyConfirmation> {
        let begun = self.begin(cx, PasskeyPurpose::Confirm).await?;
        let answer = self.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
        Ok(self.confirm_answer(cx, answer).await?)
    }

    async fn rename(&self, cx: &Cx, id: &PasskeyId, name: &str) -> Result<PasskeyRenaming, DbError> {
        let (cx, id, name) = (cx.clone(), id.clone(), name.to_owned());
        let renamed =
            self.db.write(move |tx| Box::pin(async move { accounts::rename_passkey(tx, &cx, &id, &name).await }));
        renamed.await
    }

    async fn remove(&self, cx: &Cx, id: &PasskeyId) -> Result<PasskeyRemoval, DbError> {
        let (cx, id) = (cx.clone(), id.clone());
        let removed = self
            .db
            .write(move |tx| Box::pin(async move { accounts::remove_passkey(tx, &cx, &master(), &id, None).await }));
        removed.await
    }

    async fn list(&self) -> Result<Vec<Passkey>, DbError> {
        let (cx, id) = (self.as_ada(), self.ada.id.clone());
        self.db.read(move |tx| Box::pin(async move { accounts::list_passkeys(tx, &cx, &id).await })).await
    }

    /// Subjects and texts of the mails that are sent now.
    async fn mails(&self) -> Result<Vec<(String, String)>, DbError> {
        let handlers = Handlers::new().with(self.outbox.clone()).with(SendLink::new(
            MailedLink::PasswordReset,
            self.db.clone(),
            master(),
        ));
        Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers).run_until_idle().await?;
        Ok(self.outbox.take().into_iter().map(|mail| (mail.subject, mail.text)).collect())
    }

    async fn subjects(&self) -> Result<Vec<String>, DbError> {
        Ok(self.mails().await?.into_iter().map(|(subject, _)| subject).collect())
    }
}

/// What is bent, and what it is found to be.
fn bends() -> Vec<(Flaw, Bent)> {
    let straight = Bent::default();
    vec![
        (Flaw::Challenge, Bent { challenge: Some("another".to_owned()), ..straight.clone() }),
        (Flaw::Origin, Bent { origin: Some("https://acme.test.evil.example"), ..straight.clone() }),
        (Flaw::Origin, Bent { origin: Some("http://acme.test"), ..straight.clone() }),
        (Flaw::Origin, Bent { origin: Some("https://acme.test:8443"), ..straight.clone() }),
        (Flaw::Framed, Bent { cross_origin: true, ..straight.clone() }),
        (Flaw::RelyingParty, Bent { rp_id: Some("evil.example"), ..straight }),
    ]
}

/// What the flags say, and what they are found to be.
const FLAGS: [(Flaw, u8); 3] = [
    (Flaw::NotPresent, USER_VERIFIED),
    (Flaw::NotVerified, USER_PRESENT),
    (Flaw::BackedUp, USER_PRESENT | USER_VERIFIED | BACKED_UP),
];

on_both_engines! {
    async fn a_passkey_lets_its_owner_in_without_address_password_and_code(db: Db) {
        let portal = Portal::open(db).await?;
        for mut device in [Device::new("counts"), Device::synchronised("never counts")] {
            let added = portal.add(&portal.as_ada(), &mut device).await?;
            assert!(matches!(added, PasskeyAddition::Added(_)), "{added:?}");
            assert_eq!(portal.subjects().await?, ["A new passkey for acme Software"]);
            for _ in 0..2 {
                assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::LoggedIn(portal.ada.clone()));
                let confirmed = portal.confirm(&portal.as_ada(), &mut device).await?;
                assert_eq!(confirmed, PasskeyConfirmation::Confirmed);
            }
        }
        let listed: Vec<_> = portal.list().await?.into_iter().map(|it| (it.name, it.backed_up, it.last_used_at)).collect();
        let expected = [false, true].map(|backed_up| ("My key".to_owned(), backed_up, Some(NOW)));
        assert!(expected.iter().all(|it| listed.contains(it)) && listed.len() == 2, "{listed:?}");
        Ok(())
    }

    async fn the_browser_is_asked_for_what_stands_for_both_factors(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("known");
        portal.with(&mut device).await?;
        let asked = portal.begin(&portal.as_ada(), PasskeyPurpose::Add).await?.options;
        assert_eq!(asked["rp"]["id"], "acme.test");
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(asked["attestation"], "none");
        assert_eq!(asked["excludeCredentials"].as_array().map(Vec::len), Some(1));
        let asked = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?.options;
        assert_eq!((&asked["rpId"], &asked["userVerification"]), (&"acme.test".into(), &"required".into()));
        // A visitor learns of nobody's passkeys; whoever is signed in is asked for an own one.
        assert_eq!(asked["allowCredentials"].as_array().map(Vec::len), Some(0));
        let asked = portal.begin(&portal.as_ada(), PasskeyPurpose::Confirm).await?.options;
        assert_eq!(asked["allowCredentials"].as_array().map(Vec::len), Some(1));
        Ok(())
    }

    async fn no_passkey_is_added_by_an_answer_with_a_flaw(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.as_ada();
        let mut flawed = bends();
        flawed.push((Flaw::Kind, Bent { kind: Some("webauthn.get"), ..Bent::default() }));
        flawed.push((Flaw::CredentialId, Bent { raw_id: Some(b"another".to_vec()), ..Bent::default() }));
        flawed.push((Flaw::PublicKey, Bent { algorithm: Some(-9), ..Bent::default() }));
        for (at, (flaw, bent)) in flawed.into_iter().enumerate() {
            let mut device = Device { bent, ..Device::new("device") };
            assert_eq!(portal.add(&ada, &mut device).await?, PasskeyAddition::Refused(flaw), "{at}");
        }
        for (flaw, flags) in FLAGS {
            let mut device = Device { flags, ..Device::new("device") };
            assert_eq!(portal.add(&ada, &mut device).await?, PasskeyAddition::Refused(flaw), "{flags}");
        }
        for nonsense in ["", "{}", "null", "[1]", r#"{"rawId":"!","type":"public-key","response":{}}"#] {
            let begun = portal.begin(&ada, PasskeyPurpose::Add).await?;
            let answer = portal.answer(&begun.challenge, nonsense.to_owned());
            let added = portal.add_answer(&ada, answer, "x").await?;
            assert_eq!(added, PasskeyAddition::Refused(Flaw::Malformed), "{nonsense}");
        }
        assert!(portal.list().await?.is_empty() && portal.subjects().await?.is_empty());
        let added = portal.add(&ada, &mut Device::new("device")).await?;
        assert!(matches!(added, PasskeyAddition::Added(_)), "{added:?}");
        Ok(())
    }

    async fn nobody_is_logged_in_by_an_answer_with_a_flaw(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("device");
        portal.with(&mut device).await?;
        let (handle, straight) = (device.user_handle.clone(), device.flags);
        let mut flawed = bends();
        flawed.push((Flaw::Kind, Bent { kind: Some("webauthn.create"), ..Bent::default() }));
        flawed.push((Flaw::Unknown, Bent { raw_id: Some(b"another".to_vec()), ..Bent::default() }));
        flawed.push((Flaw::Signature, Bent { signature: true, ..Bent::default() }));
        flawed.push((Flaw::Signature, Bent { after_signing: true, ..Bent::default() }));
        for (at, (flaw, bent)) in flawed.into_iter().enumerate() {
            device.bent = bent;
            assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(flaw), "{at}");
        }
        device.bent = Bent::default();
        for (flaw, flags) in FLAGS {
            device.flags = flags;
            assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(flaw), "{flags}");
        }
        device.flags = straight;
        // "dXNyX2V2ZQ" is usr_eve.
        for claimed in [None, Some("dXNyX2V2ZQ".to_owned())] {
            device.user_handle = claimed;
            assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(Flaw::User));
        }
        device.user_handle = handle;
        let mut other = Device { user_handle: device.user_handle.clone(), ..Device::new("device") };
        assert_eq!(portal.log_in(&mut other).await?, PasskeyLogIn::Refused(Flaw::Signature), "another key of that name");
        assert_eq!(portal.list().await?[0].last_used_at, None);
        assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::LoggedIn(portal.ada.clone()));
        Ok(())
    }

    async fn a_challenge_is_good_once_in_time_and_for_what_it_was_made_for(db: Db) {
        let portal = Portal::open(db).await?;
        let eve = proven(&portal.db, &portal.vendor, "eve@example.org").await?;
        let (ada, eve) = (portal.as_ada(), portal.cx(Actor::User(eve.id)));
        let mut device = Device::new("device");
        portal.with(&mut device).await?;

        let begun = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
        let (first, second) = (device.get(&begun.options, ORIGIN), device.get(&begun.options, ORIGIN));
        let first = portal.log_in_answer(portal.answer(&begun.challenge, first)).await?;
        assert!(matches!(first, PasskeyLogIn::LoggedIn(_)), "{first:?}");
        assert_eq!(portal.log_in_answer(portal.answer(&begun.challenge, second)).await?, PasskeyLogIn::Late);

        // A wrong answer uses it up as well.
        let begun = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
        let wrong = portal.log_in_answer(portal.answer(&begun.challenge, String::new())).await?;
        assert_eq!(wrong, PasskeyLogIn::Refused(Flaw::Malformed));
        let right = device.get(&begun.options, ORIGIN);
        assert_eq!(portal.log_in_answer(portal.answer(&begun.challenge, right)).await?, PasskeyLogIn::Late);

        // For another purpose, another person, or nobody's at all.
        let begun = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
        let answer = portal.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
        assert_eq!(portal.confirm_answer(&ada, answer).await?, PasskeyConfirmation::Late);
        let begun = portal.begin(&eve, PasskeyPurpose::Confirm).await?;
        let answer = portal.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
        assert_eq!(portal.confirm_answer(&ada, answer).await?, PasskeyConfirmation::Late);
        let invented = serde_json::json!({ "rpId": "acme.test", "challenge": "invented" });
        let answer = portal.answer("invented", device.get(&invented, ORIGIN));
        assert_eq!(portal.log_in_answer(answer).await?, PasskeyLogIn::Late);

        for (after_ms, in_time) in [(CHALLENGE_MS - 1, true), (CHALLENGE_MS, false)] {
            let begun = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
            let answer = portal.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
            portal.clock.set(portal.clock.now().plus(after_ms));
            let logged_in = portal.log_in_answer(answer).await?;
            assert_eq!(matches!(logged_in, PasskeyLogIn::LoggedIn(_)), in_time, "{after_ms}: {logged_in:?}");
        }
        let now = portal.clock.now();
        let gone = portal.db.write(move |tx| Box::pin(async move { accounts::delete_old_challenges(tx, now).await }));
        assert!(gone.await? >= 1);
        Ok(())
    }

    async fn of_two_answers_to_one_challenge_at_once_one_counts(db: Db) {
        let portal = Arc::new(Portal::open(db).await?);
        // One that never counts: its counter does not tell the answers apart.
        let mut device = Device::synchronised("device");
        portal.with(&mut device).await?;
        let begun = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
        let answer = portal.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
        let tries: Vec<_> = (0..8).map(|_| {
            let (portal, answer) = (portal.clone(), answer.clone());
            tokio::spawn(async move { portal.log_in_answer(answer).await })
        }).collect();
        let mut logged_in = 0;
        for one in tries {
            match one.await?? {
                PasskeyLogIn::LoggedIn(_) => logged_in += 1,
                other => assert_eq!(other, PasskeyLogIn::Late),
            }
        }
        assert_eq!(logged_in, 1);
        Ok(())
    }

    async fn a_counter_that_does_not_rise_is_refused_and_told(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("device");
        portal.with(&mut device).await?;
        device.count = Some(7);
        assert!(matches!(portal.log_in(&mut device).await?, PasskeyLogIn::LoggedIn(_)));
        // The next says 8, as the one before did; then less, and then nothing.
        for count in [Some(7), Some(3), None] {
            device.count = count;
            assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Copied, "{count:?}");
            assert_eq!(portal.subjects().await?, ["A passkey for acme Software may have been copied"]);
        }
        device.count = Some(8);
        assert!(matches!(portal.log_in(&mut device).await?, PasskeyLogIn::LoggedIn(_)));
        Ok(())
    }

    async fn nobody_has_the_passkeys_of_another(db: Db) {
        let portal = Portal::open(db).await?;
        let eve = proven(&portal.db, &portal.vendor, "eve@example.org").await?;
        let (ada, eve) = (portal.as_ada(), portal.cx(Actor::User(eve.id)));
        let mut device = Device::new("device");
        let id = portal.with(&mut device).await?;
        assert_eq!(portal.add(&eve, &mut Device::new("device")).await?, PasskeyAddition::Present);
        let confirmed = portal.confirm(&eve, &mut device).await?;
        assert_eq!(confirmed, PasskeyConfirmation::Refused(Flaw::User));
        assert_eq!(portal.rename(&eve, &id, "mine").await?, PasskeyRenaming::NotFound);
        assert_eq!(portal.remove(&eve, &id).await?, PasskeyRemoval::NotFound);
        for cx in [portal.visitor(), portal.cx(Actor::Operator)] {
            assert_eq!(portal.rename(&cx, &id, "mine").await?, PasskeyRenaming::NotFound);
            assert_eq!(portal.remove(&cx, &id).await?, PasskeyRemoval::NotFound);
            assert!(matches!(portal.ask(&cx, PasskeyPurpose::Add).await?, PasskeyBeginning::NotAllowed));
            assert!(matches!(portal.ask(&cx, PasskeyPurpose::Confirm).await?, PasskeyBeginning::NotAllowed));
        }

        // Another vendor's portal does not know it, though it be asked under the same name.
        let other = vendor(&portal.db, "other").await?;
        let abroad = Portal {
            db: portal.db.clone(), outbox: Outbox::default(), clock: portal.clock.clone(), ada: portal.ada.clone(),
            vendor: Vendor { id: other.id, ..portal.vendor.clone() },
        };
        assert_eq!(abroad.log_in(&mut device).await?, PasskeyLogIn::Refused(Flaw::Unknown));
        assert_eq!(portal.confirm(&ada, &mut device).await?, PasskeyConfirmation::Confirmed);
        Ok(())
    }

    async fn a_passkey_is_named_and_one_that_is_removed_lets_nobody_in(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.as_ada();
        let mut device = Device::new("device");
        let id = portal.with(&mut device).await?;
        assert_eq!(portal.rename(&ada, &id, "  Blue key ").await?, PasskeyRenaming::Renamed);
        assert_eq!(portal.rename(&ada, &id, " ").await?, PasskeyRenaming::BadName(Problem::Missing));
        assert_eq!(portal.list().await?[0].name, "Blue key");

        let store = Arc::new(DbSessionStore::new(portal.db.clone(), portal.clock.clone(), entropy()));
        let session = Session::new(None, store.clone(), None);
        accounts::begin_session(&session, &portal.ada, "Firefox", from(1), portal.clock.now()).await?;
        assert_eq!(portal.remove(&ada, &id).await?, PasskeyRemoval::Removed);
        let mails = portal.mails().await?;
        assert!(mails.len() == 1 && mails[0].0 == "A passkey for acme Software was removed", "{mails:?}");
        assert!(mails[0].1.contains("Blue key"), "{mails:?}");
        let next = Session::new(session.id(), store, None);
        assert!(accounts::session_identity(&next, &portal.vendor.id).await?.is_none(), "the device may be stolen");

        assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(Flaw::Unknown));
        assert_eq!(portal.remove(&ada, &id).await?, PasskeyRemoval::NotFound);
        assert!(portal.list().await?.is_empty());
        Ok(())
    }

    async fn challenges_are_limited_by_network_address(db: Db) {
        let portal = Portal::open(db).await?;
        for _ in 0..Limit::PasskeyAddress.allowance().0 {
            portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
        }
        let asked = portal.ask(&portal.visitor(), PasskeyPurpose::LogIn).await?;
        assert!(matches!(asked, PasskeyBeginning::Limited { .. }));
        Ok(())
    }
}
