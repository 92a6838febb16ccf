//! People who delete themselves.

use backend::Actor;
use backend::accounts::members::Acceptance;
use backend::accounts::{self, LogIn, LogInOutcome, Password, Role, User};
use backend::db::Db;
use backend::deletion::{PersonDeletion, delete_person};

use super::{GOOD, Portal, member};
use crate::dump::{is_only_in, where_is};
use crate::support::{master, on_both_engines};

/// The columns of the audit log, which nobody can change.
const LOG: [&str; 2] = ["audit.before", "audit.after"];

async fn delete(portal: &Portal, who: &User, typed: &str) -> anyhow::Result<PersonDeletion> {
    let (cx, typed) = (portal.cx_of(who), typed.to_owned());
    let deleted =
        portal.write(move |tx| Box::pin(async move { delete_person(tx, &cx, &master(), &typed).await })).await?;
    Ok(deleted)
}

async fn log_in(portal: &Portal, email: &str) -> anyhow::Result<LogInOutcome> {
    let request = LogIn {
        email: email.to_owned(),
        password: Password::new(GOOD.to_owned()),
        address: [192, 0, 2, 9].into(),
        browser: None,
    };
    Ok(accounts::log_in(&portal.db, &portal.passwords, &master(), &portal.cx(Actor::Visitor), &request).await?)
}

on_both_engines! {
    async fn whoever_is_deleted_is_in_no_table_but_the_log_and_may_come_back(db: Db) {
        let portal = Portal::open(db.clone(), "acme").await?;
        let (ada, zoe) = (portal.user("ada").await?, portal.user("zoe-planted").await?);
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), &zoe.email).await?;
        assert!(matches!(portal.accept(&zoe, &secret).await?, Acceptance::Joined(_)));
        portal.mails().await?;
        assert!(!where_is(&db, "zoe-planted").await?.is_empty(), "the search finds what is there");

        assert_eq!(delete(&portal, &zoe, "ada@example.org").await?, PersonDeletion::OtherAddress);
        assert_eq!(delete(&portal, &zoe, " ZOE-planted@example.org").await?, PersonDeletion::Deleted);
        is_only_in(&db, "zoe-planted", &LOG).await?;
        assert_eq!(portal.role(&account, &zoe).await?, None);
        assert_eq!((portal.audited("user.delete").await?, portal.audited("member.leave").await?), (1, 1));
        let told: Vec<_> = portal.mails().await?.into_iter().map(|(to, subject, _)| (to, subject)).collect();
        assert!(told.contains(&(zoe.email.clone(), "Your sign-in is deleted".to_owned())), "{told:?}");
        assert!(told.iter().any(|(to, subject)| *to == ada.email && subject.contains("has left")), "{told:?}");
        is_only_in(&db, "zoe-planted", &LOG).await?;

        // To everybody else it is as if there had never been such an address; nor does the id let anybody in.
        assert!(matches!(log_in(&portal, &zoe.email).await?, LogInOutcome::Wrong));
        assert!(matches!(log_in(&portal, zoe.id.as_str()).await?, LogInOutcome::Wrong));
        assert_eq!(delete(&portal, &zoe, &zoe.email).await?, PersonDeletion::OtherAddress, "once");
        let again = portal.user("zoe-planted").await?;
        assert_ne!(again.id, zoe.id);
        Ok(())
    }

    async fn whoever_is_deleted_takes_nothing_of_others_out_of_the_log(db: Db) {
        let portal = Portal::open(db.clone(), "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        // Called like a part of everybody's subjects, at an address that it has not proved and to which others write.
        let (mallory, _) = portal.unproven("invites").await?;
        for to in [&bob.email, &mallory.email] {
            portal.invite(&ada, member(&account, Role::Viewer), to).await?;
        }
        assert_eq!(delete(&portal, &mallory, &mallory.email).await?, PersonDeletion::Deleted);
        let sent: Vec<_> = portal.mails().await?.into_iter().map(|(to, subject, _)| (to, subject)).collect();
        let is_invited = |email: &str| sent.iter().any(|(to, subject)| to == email && subject.contains("invites you"));
        assert!(is_invited(&bob.email) && is_invited(&mallory.email), "what others wrote is sent: {sent:?}");
        assert!(where_is(&db, "ada invites you").await?.contains("mails.subject"));
        assert!(where_is(&db, &mallory.email).await?.contains("mails.recipient"));
        Ok(())
    }

    async fn the_only_owner_and_the_staff_stay(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob, root) = (portal.user("ada").await?, portal.user("bob").await?, portal.admin("root").await?);
        let account = portal.account(&ada).await?;
        assert_eq!(delete(&portal, &root, &root.email).await?, PersonDeletion::IsStaff);
        let PersonDeletion::OwnedAlone(owned) = delete(&portal, &ada, &ada.email).await? else { panic!("deleted") };
        assert_eq!(owned.iter().map(|it| &it.id).collect::<Vec<_>>(), [&account]);
        assert_eq!(portal.role(&account, &ada).await?, Some(Role::Owner));
        let (_, secret) = portal.invited(&ada, member(&account, Role::Owner), &bob.email).await?;
        portal.accept(&bob, &secret).await?;
        assert_eq!(delete(&portal, &ada, &ada.email).await?, PersonDeletion::Deleted);
        assert!(matches!(delete(&portal, &bob, &bob.email).await?, PersonDeletion::OwnedAlone(_)));
        Ok(())
    }

    async fn of_two_owners_who_go_at_once_one_stays(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Owner), &bob.email).await?;
        portal.accept(&bob, &secret).await?;
        let (one, other) = tokio::join!(delete(&portal, &ada, &ada.email), delete(&portal, &bob, &bob.email));
        let gone = [one?, other?].into_iter().filter(|it| *it == PersonDeletion::Deleted).count();
        assert_eq!(gone, 1);
        let left = [portal.role(&account, &ada).await?, portal.role(&account, &bob).await?];
        assert_eq!(left.into_iter().flatten().collect::<Vec<_>>(), [Role::Owner]);
        Ok(())
    }
}
