//! Whose passkeys they are: none before the address is proven, and none left when somebody had to be helped in.

use backend::accounts::email_change::rules::FACTOR_IN_DOUBT_MS;
use backend::accounts::email_change::{
    Disowning, EmailChangeRequest, NOT_ME_PATH, disown_email_change, request_email_change,
};
use backend::accounts::factor_resets::rules::DELAY_MS;
use backend::accounts::factor_resets::{
    AskFactorReset, CarryingOut, ResetAsking, ResetStatus, ask_factor_reset, carry_out_factor_reset, find_reset_ground,
};
use backend::accounts::{
    ConfirmPassword, FactorDue, FactorGift, FactorReset, PasswordConfirmation, PasswordReset, RequestLink,
    ResetPassword, TotpSecret,
};
use backend::clock::MINUTE_MS;
use backend::db::Tx;
use backend::ids::{FactorResetId, UserId};

use super::*;
use crate::support::people::plant_person;

const PASSWORD: &str = "correct horse battery staple";

on_both_engines! {
    async fn showing_a_passkey_calls_off_a_reset_of_passkeys_and_says_nothing_about_an_app(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("not lost");
        portal.with(&mut device).await?;
        plant_admin(&portal).await?;
        give_factor(&portal).await?;
        for (passkeys_too, status) in [(true, ResetStatus::Shown), (false, ResetStatus::Waiting)] {
            ask_reset(&portal, passkeys_too).await?;
            portal.clock.set(portal.clock.now().plus(MINUTE_MS));
            assert!(matches!(portal.log_in(&mut device).await?, PasskeyLogIn::LoggedIn(_)));
            assert_eq!(reset_status(&portal).await?, Some(status), "{passkeys_too}");
        }
        Ok(())
    }

    async fn a_passkey_and_its_reset_at_the_same_moment_do_not_both_happen_and_nobody_is_alarmed(db: Db) {
        let portal = Portal::open(db).await?;
        plant_admin(&portal).await?;
        // Only a passkey that is taken away right after it was found shows what must not be, so it is tried more than once.
        for round in 0..6 {
            let mut device = Device::new("lost, or not");
            portal.with(&mut device).await?;
            let reset = ask_reset(&portal, true).await?;
            portal.clock.set(portal.clock.now().plus(DELAY_MS));
            let begun = portal.begin(&portal.visitor(), PasskeyPurpose::LogIn).await?;
            let answer = portal.answer(&begun.challenge, device.get(&begun.options, ORIGIN));
            let (logged_in, carried_out) = tokio::join!(portal.log_in_answer(answer), carry_out(&portal, &reset));
            let (logged_in, carried_out) = (logged_in?, carried_out?);
            let (left, status) = (portal.list().await?.len(), reset_status(&portal).await?);
            if matches!(logged_in, PasskeyLogIn::LoggedIn(_)) {
                let not_reset = (CarryingOut::Over, 1, Some(ResetStatus::Shown));
                assert_eq!((carried_out, left, status), not_reset, "round {round}");
            } else {
                assert_eq!(logged_in, PasskeyLogIn::Refused(Flaw::Unknown), "round {round}");
                assert_eq!((carried_out, left, status), (CarryingOut::Done, 0, Some(ResetStatus::Done)), "round {round}");
            }
            let told = portal.subjects().await?;
            assert!(told.iter().all(|subject| !subject.contains("copied")), "round {round}: {told:?}");
            run(&portal.db, "DELETE FROM passkeys").await?;
        }
        Ok(())
    }

    async fn nobody_adds_one_before_the_address_is_proven(db: Db) {
        let portal = Portal::open(db).await?;
        let eve = person(&portal.db, &portal.vendor, "eve@example.org").await?;
        let eve = portal.cx(Actor::User(eve.id));
        portal.subjects().await?;
        assert!(matches!(portal.ask(&eve, PasskeyPurpose::Add).await?, PasskeyBeginning::Unproven));
        // Nor with the answer to a challenge from somewhere else.
        let begun = portal.begin(&portal.as_ada(), PasskeyPurpose::Add).await?;
        let mut device = Device::new("stranger's");
        let answer = portal.answer(&begun.challenge, device.create(&begun.options, ORIGIN));
        assert_eq!(portal.add_answer(&eve, answer, "mine").await?, PasskeyAddition::Unproven);
        assert!(portal.subjects().await?.is_empty());
        assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(Flaw::Unknown));
        Ok(())
    }

    async fn a_first_proof_by_a_visitor_takes_what_was_added_before(db: Db) {
        let portal = Portal::open(db).await?;
        let mut strangers = Device::new("stranger's");
        portal.with(&mut strangers).await?;
        // As if it had been added before anybody asked for the proof.
        run(&portal.db, "UPDATE users SET email_verified_at = NULL").await?;
        let (cx, id) = (portal.as_ada(), portal.ada.id.clone());
        let sent = portal.db.write(move |tx| {
            Box::pin(async move { accounts::send_verification(tx, &cx, &master(), &id).await.map(drop) })
        });
        sent.await?;
        let (cx, proof) = (portal.visitor(), secret_in(&portal.mails().await?));
        let verified = portal.db.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &proof).await }));
        assert!(matches!(verified.await?, EmailVerification::Verified(_)));
        assert_eq!(portal.log_in(&mut strangers).await?, PasskeyLogIn::Refused(Flaw::Unknown));
        Ok(())
    }

    async fn a_password_that_is_set_by_mail_takes_all_of_them_and_says_so(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("perhaps a thief's");
        portal.with(&mut device).await?;
        for said in [true, false] {
            let text = reset_by_mail(&portal).await?;
            assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(Flaw::Unknown));
            assert_eq!(text.contains("Your passkeys were removed"), said, "{text}");
            portal.clock.set(portal.clock.now().plus(MINUTE_MS));
        }
        Ok(())
    }

    async fn a_passkey_on_which_somebodys_work_rests_is_due_and_outlives_a_password_that_is_set_by_mail(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("the only one");
        portal.with(&mut device).await?;
        for shown in [false, true] {
            assert_eq!(due(&portal, shown).await?, FactorDue::Nothing, "customers may go without");
        }
        run(&portal.db, "UPDATE users SET staff_role = 'support'").await?;
        assert_eq!(due(&portal, false).await?, FactorDue::ShowPasskey);
        assert_eq!(due(&portal, true).await?, FactorDue::Nothing);
        let text = reset_by_mail(&portal).await?;
        assert!(!text.contains("Your passkeys were removed"), "{text}");
        assert!(matches!(portal.log_in(&mut device).await?, PasskeyLogIn::LoggedIn(_)));
        assert_eq!(due(&portal, false).await?, FactorDue::ShowPasskey, "by the password alone");
        run(&portal.db, "DELETE FROM passkeys").await?;
        for shown in [false, true] {
            assert_eq!(due(&portal, shown).await?, FactorDue::SetUp, "what was shown once is gone");
        }
        Ok(())
    }

    async fn whoever_reads_the_old_address_gets_rid_of_no_passkey_on_which_work_rests_but_of_young_ones(db: Db) {
        let portal = Portal::open(db).await?;
        run(&portal.db, "UPDATE users SET staff_role = 'support'").await?;
        let (mut old, mut young) = (Device::new("old"), Device::new("young"));
        portal.with(&mut old).await?;
        portal.clock.set(portal.clock.now().plus(1));
        portal.with(&mut young).await?;
        portal.clock.set(portal.clock.now().plus(FACTOR_IN_DOUBT_MS));
        disown(&portal).await?;
        assert!(matches!(portal.log_in(&mut old).await?, PasskeyLogIn::LoggedIn(_)));
        assert_eq!(portal.log_in(&mut young).await?, PasskeyLogIn::Refused(Flaw::Unknown));
        // Customers have to be let in by their password alone.
        run(&portal.db, "UPDATE users SET staff_role = NULL").await?;
        disown(&portal).await?;
        assert_eq!(portal.log_in(&mut old).await?, PasskeyLogIn::Refused(Flaw::Unknown));
        Ok(())
    }

    async fn where_work_rests_on_a_passkey_the_password_confirms_nothing(db: Db) {
        let portal = Portal::open(db).await?;
        let mut device = Device::new("the only one");
        portal.with(&mut device).await?;
        assert_eq!(confirm(&portal, "wrong").await?, PasswordConfirmation::Wrong);
        assert_eq!(confirm(&portal, PASSWORD).await?, PasswordConfirmation::Confirmed, "customers may go without");
        run(&portal.db, "UPDATE users SET staff_role = 'support'").await?;
        assert_eq!(confirm(&portal, "wrong").await?, PasswordConfirmation::Wrong);
        assert_eq!(confirm(&portal, PASSWORD).await?, PasswordConfirmation::PasskeyNeeded);
        assert_eq!(portal.confirm(&portal.as_ada(), &mut device).await?, PasskeyConfirmation::Confirmed);
        run(&portal.db, "DELETE FROM passkeys").await?;
        assert_eq!(confirm(&portal, PASSWORD).await?, PasswordConfirmation::Confirmed, "before one is set up");
        Ok(())
    }

    async fn the_passkey_for_which_work_has_waited_ends_the_sessions_that_began_without(db: Db) {
        let portal = Portal::open(db).await?;
        let store = Arc::new(DbSessionStore::new(portal.db.clone(), portal.clock.clone(), entropy()));
        let session = Session::new(None, store.clone(), None);
        accounts::begin_session(&session, &portal.ada, "Firefox", from(1), portal.clock.now()).await?;
        for (before, name, stays) in [
            ("UPDATE users SET staff_role = NULL", "a customer's", true),
            ("UPDATE users SET staff_role = 'support'", "a second one", true),
            ("DELETE FROM passkeys", "the first", false),
        ] {
            run(&portal.db, before).await?;
            portal.with(&mut Device::new(name)).await?;
            let again = Session::new(session.id(), store.clone(), None);
            let identity = accounts::session_identity(&again, &portal.vendor.id).await?;
            assert_eq!(identity.is_some(), stays, "{name}");
        }
        Ok(())
    }

    async fn the_operators_reset_takes_all_of_them_with_a_second_factor_and_without(db: Db) {
        let portal = Portal::open(db).await?;
        let reset = || {
            let (cx, id) = (portal.cx(Actor::Operator), portal.ada.id.clone());
            portal.db.write(move |tx| {
                Box::pin(async move { accounts::reset_second_factor(tx, &cx, &master(), &id).await })
            })
        };
        for (has_factor, subject) in [
            (false, "Your passkeys for acme Software were removed"),
            (true, "Your second factor for acme Software was reset"),
        ] {
            let mut device = Device::new("lost");
            portal.with(&mut device).await?;
            if has_factor {
                give_factor(&portal).await?;
            }
            assert_eq!(reset().await?, FactorReset::Reset);
            assert_eq!(portal.subjects().await?, [subject]);
            assert_eq!(portal.log_in(&mut device).await?, PasskeyLogIn::Refused(Flaw::Unknown));
            assert_eq!(reset().await?, FactorReset::NoFactor);
        }
        Ok(())
    }
}

/// The secret of the first link in these mails that has one.
fn secret_in(mails: &[(String, String)]) -> String {
    let secret = mails.iter().find_map(|(_, text)| text.split_once("?token=")?.1.split_whitespace().next());
    secret.unwrap_or_default().to_owned()
}

/// What is due of the person, in a session in which a passkey was shown or not.
async fn due(portal: &Portal, passkey_shown: bool) -> anyhow::Result<FactorDue> {
    let (vendor_id, id) = (portal.vendor.id.clone(), portal.ada.id.clone());
    let found: Result<Option<FactorDue>, DbError> = portal
        .db
        .read(move |tx| {
            Box::pin(async move {
                let Some(user) = accounts::find_user(tx, &vendor_id, &id).await? else { return Ok(None) };
                let memberships = accounts::list_memberships(tx, &vendor_id, &id).await?;
                accounts::factor_due(tx, &user, &memberships, passkey_shown).await.map(Some)
            })
        })
        .await;
    found?.ok_or_else(|| anyhow::anyhow!("nobody"))
}

fn as_admin(portal: &Portal) -> Cx {
    portal.cx(Actor::Staff(UserId::from_untrusted("usr_admin")))
}

/// Ada has an app as well.
async fn give_factor(portal: &Portal) -> anyhow::Result<()> {
    let (cx, id, secret) = (portal.cx(Actor::Operator), portal.ada.id.clone(), TotpSecret::generate(&entropy()));
    let given = portal
        .db
        .write(move |tx| Box::pin(async move { accounts::give_second_factor(tx, &cx, &master(), &id, &secret).await }));
    anyhow::ensure!(given.await? == FactorGift::Given);
    Ok(())
}

async fn plant_admin(portal: &Portal) -> anyhow::Result<()> {
    let vendor_id = portal.vendor.id.clone();
    portal
        .db
        .write(move |tx| Box::pin(async move { plant_person(tx, &vendor_id, "admin", Some("admin"), None).await }))
        .await
}

async fn ask_reset(portal: &Portal, passkeys_too: bool) -> anyhow::Result<FactorResetId> {
    let reason = "showed a passport at the desk".to_owned();
    let (cx, request) = (as_admin(portal), AskFactorReset { user_id: portal.ada.id.clone(), reason, passkeys_too });
    let asked =
        portal.db.write(move |tx| Box::pin(async move { ask_factor_reset(tx, &cx, &master(), &request).await }));
    match asked.await? {
        ResetAsking::Asked(reset) => Ok(reset.id),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn carry_out(portal: &Portal, reset: &FactorResetId) -> Result<CarryingOut, DbError> {
    let (cx, reset) = (portal.cx(Actor::Job("test")), reset.clone());
    let carried_out =
        portal.db.write(move |tx| Box::pin(async move { carry_out_factor_reset(tx, &cx, &master(), &reset).await }));
    carried_out.await
}

async fn reset_status(portal: &Portal) -> anyhow::Result<Option<ResetStatus>> {
    let (cx, id) = (as_admin(portal), portal.ada.id.clone());
    let read = portal.db.read(move |tx| Box::pin(async move { find_reset_ground(tx, &cx, &id).await }));
    Ok(read.await?.and_then(|ground| ground.latest).map(|reset| reset.status))
}

async fn run(db: &Db, sql: &'static str) -> Result<(), DbError> {
    db.write(move |tx| {
        Box::pin(async move {
            match tx {
                Tx::Sqlite(tx) => {
                    sqlx::query(sql).execute(&mut **tx).await?;
                }
                Tx::Postgres(tx) => {
                    sqlx::query(sql).execute(&mut **tx).await?;
                }
            }
            Ok::<_, DbError>(())
        })
    })
    .await
}

/// Whoever sits at the session types this password.
async fn confirm(portal: &Portal, password: &str) -> Result<PasswordConfirmation, DbError> {
    let request = ConfirmPassword {
        user_id: portal.ada.id.clone(),
        password: Password::new(password.to_owned()),
        code: String::new(),
    };
    accounts::confirm_password(&portal.db, &Passwords::default(), &master(), &portal.as_ada(), &request).await
}

/// Somebody with the session asks for another address, and whoever reads the old one's mail says that it was somebody else.
async fn disown(portal: &Portal) -> anyhow::Result<()> {
    let cx = portal.as_ada();
    let asked = portal
        .db
        .write(move |tx| Box::pin(async move { request_email_change(tx, &cx, &master(), "ada@example.net").await }));
    let asked = asked.await?;
    anyhow::ensure!(matches!(asked, EmailChangeRequest::Asked(_)), "{asked:?}");
    let link = format!("{NOT_ME_PATH}?token=");
    let mails = portal.mails().await?;
    let secret = mails.iter().find_map(|(_, text)| text.split_once(&link)?.1.split_whitespace().next());
    let (cx, secret) = (portal.visitor(), secret.unwrap_or_default().to_owned());
    let disowned =
        portal.db.write(move |tx| Box::pin(async move { disown_email_change(tx, &cx, &master(), &secret).await }));
    anyhow::ensure!(matches!(disowned.await?, Disowning::Disowned { .. }));
    portal.mails().await?;
    Ok(())
}

/// Whoever reads the address's mail sets another password by it; the text of the mail that tells of that.
async fn reset_by_mail(portal: &Portal) -> anyhow::Result<String> {
    let (cx, request) = (
        portal.visitor(),
        RequestLink { link: MailedLink::PasswordReset, email: "ada@example.org".to_owned(), address: from(2) },
    );
    let asked =
        portal.db.write(move |tx| Box::pin(async move { accounts::request_link(tx, &cx, &master(), &request).await }));
    asked.await?;
    let request = ResetPassword {
        secret: secret_in(&portal.mails().await?),
        password: Password::new("another four word phrase".to_owned()),
        address: from(2),
    };
    let passwords = Passwords::default();
    let reset = accounts::reset_password(&portal.db, &passwords, &master(), &portal.visitor(), &request).await?;
    anyhow::ensure!(matches!(reset, PasswordReset::Reset(_)), "{reset:?}");
    let mails = portal.mails().await?;
    anyhow::ensure!(mails.len() == 1, "{mails:?}");
    Ok(mails[0].1.split_whitespace().collect::<Vec<_>>().join(" "))
}
