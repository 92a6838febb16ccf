//! "It was not me": undoing a change of address, and what is kept for it.

use backend::accounts::email_change::rules::FACTOR_IN_DOUBT_MS;

use super::*;

/// The user has a second factor since now.
async fn give_factor(portal: &Portal, user: &User) -> anyhow::Result<()> {
    let (cx, id, secret) = (portal.cx(Actor::Operator), user.id.clone(), TotpSecret::generate(&entropy()));
    let given = portal
        .write(move |tx| Box::pin(async move { accounts::give_second_factor(tx, &cx, &master(), &id, &secret).await }));
    anyhow::ensure!(given.await? == FactorGift::Given);
    Ok(())
}

on_both_engines! {
    async fn whoever_did_not_ask_has_the_old_address_back_for_a_week(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, [first, second]) = portal.changed().await?;
        let thief = portal.browser(&ada).await?;
        portal.later(UNDO_MS - 1);
        let Some(reset) = portal.disown(&second).await? else { panic!("not disowned") };
        assert_eq!(told(&portal.mails().await?), [(NEW, "The change of your address for acme Software was undone")]);
        assert_eq!(portal.now(&ada).await?.email, OLD);
        assert_eq!(portal.user_of(&thief).await?, None);
        for email in [OLD, NEW] {
            assert_eq!(portal.log_in(email, PASSWORD).await?, LogInOutcome::Wrong, "{email}");
        }
        assert_eq!((portal.disown(&second).await?, portal.disown(&first).await?), (None, None));
        assert!(matches!(portal.reset(&reset).await?, PasswordReset::Reset(_)));
        assert!(matches!(portal.log_in(OLD, FRESH).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn the_first_mail_undoes_as_well_as_the_second_and_neither_after_the_week(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, [first, second]) = portal.changed().await?;
        portal.later(UNDO_MS);
        assert_eq!((portal.disown(&first).await?, portal.disown(&second).await?), (None, None));
        assert_eq!(portal.now(&ada).await?.email, NEW);
        portal.clock.set(NOW.plus(DAY_MS));
        assert!(portal.disown(&first).await?.is_some());
        assert_eq!(portal.now(&ada).await?.email, OLD);
        Ok(())
    }

    async fn a_second_factor_that_may_be_the_thiefs_does_not_keep_the_owner_out(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, [_, undo]) = portal.changed().await?;
        portal.later(1);
        give_factor(&portal, &ada).await?;
        let Some(reset) = portal.disown(&undo).await? else { panic!("not disowned") };
        let undone = (NEW, "The change of your address for acme Software was undone");
        assert_eq!(told(&portal.mails().await?), [undone, (OLD, "The second factor for acme Software was removed")]);
        assert!(matches!(portal.reset(&reset).await?, PasswordReset::Reset(_)));
        assert!(matches!(portal.log_in(OLD, FRESH).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn a_second_factor_from_long_before_stays(db: Db) {
        let portal = Portal::open(db).await?;
        for (name, before_ms, is_asked) in
            [("young", FACTOR_IN_DOUBT_MS, false), ("old", FACTOR_IN_DOUBT_MS + 1, true)]
        {
            let email = format!("{name}@example.org");
            let user = portal.user(&email).await?;
            give_factor(&portal, &user).await?;
            portal.later(before_ms);
            portal.asked(&user, &format!("{name}@example.net")).await?;
            let not_me = secret_in(&portal.mails().await?, &email, NOT_ME_PATH);
            let Some(reset) = portal.disown(&not_me).await? else { panic!("not disowned") };
            assert_eq!(portal.mails().await?.is_empty(), is_asked, "what goes is told");
            assert!(matches!(portal.reset(&reset).await?, PasswordReset::Reset(_)));
            let logged_in = portal.log_in(&email, FRESH).await?;
            assert_eq!(matches!(logged_in, LogInOutcome::CodeNeeded(_)), is_asked, "{logged_in:?}");
            portal.mails().await?;
        }
        Ok(())
    }

    async fn of_two_who_disown_at_once_one_does(db: Db) {
        let portal = Arc::new(Portal::open(db).await?);
        let (_, secrets) = portal.changed().await?;
        let tries: Vec<_> = secrets.into_iter().map(|secret| {
            let portal = portal.clone();
            tokio::spawn(async move { portal.disown(&secret).await })
        }).collect();
        let mut done = 0;
        for one in tries {
            done += i32::from(one.await??.is_some());
        }
        assert_eq!(done, 1);
        Ok(())
    }

    async fn a_change_that_is_disowned_before_it_happens_never_does(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user(OLD).await?;
        portal.asked(&ada, NEW).await?;
        let mails = portal.mails().await?;
        let (confirm, not_me) = (secret_in(&mails, NEW, CONFIRM_EMAIL_PATH), secret_in(&mails, OLD, NOT_ME_PATH));
        assert!(portal.disown(&not_me).await?.is_some());
        assert!(portal.mails().await?.is_empty(), "the new address has nothing to do with it");
        assert_eq!(portal.confirm(&ada, &confirm).await?, EmailChangeConfirmation::Spent);
        assert_eq!(portal.log_in(OLD, PASSWORD).await?, LogInOutcome::Wrong, "whoever asked knows the password");
        Ok(())
    }

    async fn a_thief_who_changes_the_address_twice_keeps_nothing(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, [first, _]) = portal.changed().await?;
        portal.later(1);
        portal.asked(&ada, "third@example.net").await?;
        let mails = portal.mails().await?;
        let thiefs = secret_in(&mails, NEW, NOT_ME_PATH);
        portal.confirm(&ada, &secret_in(&mails, "third@example.net", CONFIRM_EMAIL_PATH)).await?;
        assert!(portal.disown(&first).await?.is_some());
        assert_eq!(portal.now(&ada).await?.email, OLD);
        assert_eq!(portal.disown(&thiefs).await?, None);
        Ok(())
    }

    async fn the_old_address_is_kept_for_as_long_as_it_can_come_back(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, [_, undo]) = portal.changed().await?;
        assert_eq!(portal.sign_up("ADA@example.org").await?, SignUpOutcome::CheckMail);
        assert_eq!(told(&portal.mails().await?), [("ADA@example.org", "This address is not free yet at acme Software")]);
        let eve = portal.user("eve@example.org").await?;
        portal.asked(&eve, OLD).await?;
        let secret = secret_in(&portal.mails().await?, OLD, CONFIRM_EMAIL_PATH);
        assert_eq!(portal.confirm(&eve, &secret).await?, EmailChangeConfirmation::Taken);
        assert!(portal.disown(&undo).await?.is_some());
        assert_eq!(portal.now(&ada).await?.email, OLD);
        Ok(())
    }

    async fn after_the_week_the_old_address_is_anybodys(db: Db) {
        let portal = Portal::open(db).await?;
        portal.changed().await?;
        portal.later(UNDO_MS);
        assert!(matches!(portal.sign_up(OLD).await?, SignUpOutcome::SignedUp(_)));
        Ok(())
    }

    async fn an_address_that_nobody_proved_undoes_nothing_and_is_free_at_once(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.unproved(OLD).await?;
        portal.mails().await?;
        portal.asked(&ada, NEW).await?;
        let mails = portal.mails().await?;
        assert_eq!(told(&mails), [(NEW, CONFIRM), (OLD, ASKED)]);
        assert_eq!(secret_in(&mails, OLD, NOT_ME_PATH), "");
        portal.confirm(&ada, &secret_in(&mails, NEW, CONFIRM_EMAIL_PATH)).await?;
        assert_eq!(secret_in(&portal.mails().await?, OLD, NOT_ME_PATH), "");
        assert!(matches!(portal.sign_up(OLD).await?, SignUpOutcome::SignedUp(_)));
        assert_eq!(portal.disown("").await?, None);
        Ok(())
    }
}
