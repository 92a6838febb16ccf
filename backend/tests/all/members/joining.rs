//! Inviting people, and how they join.

use backend::Actor;
use backend::accounts::members::{Acceptance, InvitationSent, Joining, Withdrawal, rules};
use backend::accounts::{self, Limit, Role};
use backend::clock::HOUR_MS;
use backend::db::{Db, Tx};

use super::{Portal, member};
use crate::support::{NOW, on_both_engines};

on_both_engines! {
    async fn somebody_with_a_login_accepts_once_and_the_owner_is_told(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let sent = portal.invite(&ada, member(&account, Role::Technical), " Bob@example.org ").await?;
        let InvitationSent::Sent(invitation) = sent else { panic!("{sent:?}") };
        assert_eq!(invitation.expires_at, NOW.plus(rules::INVITATION_MS));
        let mails = portal.mails().await?;
        let [(to, subject, secret)] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((to.as_str(), subject.as_str()), ("Bob@example.org", "ada invites you to Weser GmbH"));
        assert!(secret.len() >= 32, "at least 128 bits");
        assert_eq!(portal.role(&account, &bob).await?, None, "nothing happens before one accepts");

        let Acceptance::Joined(joined) = portal.accept(&bob, secret).await? else { panic!("not joined") };
        assert_eq!(joined.account.map(|account| account.id), Some(account.clone()));
        assert_eq!(portal.role(&account, &bob).await?, Some(Role::Technical));
        let mails = portal.mails().await?;
        let [(to, subject, _)] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((to.as_str(), subject.as_str()), ("ada@example.org", "bob has joined Weser GmbH"));
        assert_eq!(portal.accept(&bob, secret).await?, Acceptance::Spent);
        assert_eq!(portal.accept(&bob, "nonsense").await?, Acceptance::Spent);
        Ok(())
    }

    async fn somebody_new_signs_up_by_the_link_which_proves_the_address(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), "new@example.org").await?;
        let Joining::Refused(problems) = portal.join(&secret, "  ").await? else { panic!("a name is asked for") };
        assert_eq!(problems.len(), 1);
        let Joining::Joined(joined) = portal.join(&secret, "Nia").await? else { panic!("not joined") };
        assert_eq!((joined.user.email.as_str(), joined.user.email_verified_at), ("new@example.org", Some(NOW)));
        assert_eq!(portal.role(&account, &joined.user).await?, Some(Role::Viewer));
        assert_eq!(portal.join(&secret, "Nia").await?, Joining::Spent);

        // Whoever has a login logs in with it; the invitation stays good for that.
        let eve = portal.user("eve").await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), "eve@example.org").await?;
        assert_eq!(portal.join(&secret, "Eve").await?, Joining::Registered);
        assert!(matches!(portal.accept(&eve, &secret).await?, Acceptance::Joined(_)));
        Ok(())
    }

    async fn nobody_joins_an_account_that_was_closed_meanwhile(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let (_, of_bob) = portal.invited(&ada, member(&account, Role::Viewer), "bob@example.org").await?;
        let (_, of_nia) = portal.invited(&ada, member(&account, Role::Viewer), "nia@example.org").await?;
        // As it is for whoever has waited for the account's lock: the invitation is still what it was when it was read.
        let closed: Result<(), anyhow::Error> = portal.db.write(|tx| Box::pin(async move {
            let sql = "UPDATE accounts SET closed_at = 1";
            let _rows = match tx {
                Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await?.rows_affected(),
                Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await?.rows_affected(),
            };
            Ok(())
        })).await;
        closed?;
        assert_eq!(portal.accept(&bob, &of_bob).await?, Acceptance::Spent);
        assert_eq!(portal.join(&of_nia, "Nia").await?, Joining::Spent);
        assert_eq!(portal.role(&account, &bob).await?, None);
        Ok(())
    }

    async fn an_invitation_is_good_for_its_address_only(db: Db) {
        let portal = Portal::open(db.clone(), "acme").await?;
        let (ada, bob, eve) = (portal.user("ada").await?, portal.user("bob").await?, portal.user("eve").await?);
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Owner), "bob@example.org").await?;
        assert_eq!(portal.accept(&eve, &secret).await?, Acceptance::OtherPerson);
        assert_eq!(portal.role(&account, &eve).await?, None);
        let other = Portal::open(db, "beta").await?;
        let namesake = other.user("bob").await?;
        assert_eq!(other.accept(&namesake, &secret).await?, Acceptance::Spent, "another vendor knows of nothing");
        let Acceptance::Joined(joined) = portal.accept(&bob, &secret).await? else { panic!("not joined") };
        assert_eq!(joined.user.id, bob.id);
        Ok(())
    }

    async fn sending_again_kills_the_link_before_and_withdrawing_kills_all(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let (id, first) = portal.invited(&ada, member(&account, Role::Viewer), "bob@example.org").await?;
        portal.clock.set(NOW.plus(rules::INVITATION_MS));
        assert_eq!(portal.accept(&bob, &first).await?, Acceptance::Spent, "too old");
        assert!(matches!(portal.resend(&ada, &id).await?, InvitationSent::Sent(_)));
        let second = portal.mails().await?.remove(0).2;
        assert_eq!(portal.accept(&bob, &first).await?, Acceptance::Spent, "only the newest link counts");
        assert_eq!(portal.withdraw(&ada, &id).await?, Withdrawal::Withdrawn);
        assert_eq!(portal.accept(&bob, &second).await?, Acceptance::Spent);
        assert_eq!(portal.resend(&ada, &id).await?, InvitationSent::Gone);
        assert_eq!(portal.withdraw(&ada, &id).await?, Withdrawal::Gone);
        assert!(portal.mails().await?.is_empty());
        Ok(())
    }

    async fn one_invitation_to_an_address_waits_at_a_time_and_mails_are_limited(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let invite = |email: &'static str| portal.invite(&ada, member(&account, Role::Viewer), email);
        assert!(matches!(invite("nobody").await?, InvitationSent::Refused(_)));
        assert_eq!(invite("ADA@example.org").await?, InvitationSent::AlreadyIn);
        let (id, _) = portal.invited(&ada, member(&account, Role::Viewer), "bob@example.org").await?;
        assert_eq!(invite("BOB@example.org").await?, InvitationSent::AlreadyInvited);
        let (most, _) = Limit::InvitePair.allowance();
        for _ in 1..most {
            assert!(matches!(portal.resend(&ada, &id).await?, InvitationSent::Sent(_)));
        }
        assert!(matches!(portal.resend(&ada, &id).await?, InvitationSent::Limited { .. }));
        assert_eq!(portal.mails().await?.len() as i64, most - 1);
        // Others may still write to the same mailbox.
        let eve = portal.user("eve").await?;
        let theirs = portal.account(&eve).await?;
        let (other, _) = portal.invited(&eve, member(&theirs, Role::Viewer), "bob@example.org").await?;
        assert_eq!(portal.withdraw(&eve, &other).await?, Withdrawal::Withdrawn);
        // One that nobody answered in time makes room for a new one.
        portal.clock.set(NOW.plus(rules::INVITATION_MS));
        let (_, secret) = portal.invited(&ada, member(&account, Role::Billing), "bob@example.org").await?;
        assert!(matches!(portal.accept(&bob, &secret).await?, Acceptance::Joined(_)));
        assert_eq!(portal.role(&account, &bob).await?, Some(Role::Billing));
        Ok(())
    }

    async fn of_two_who_invite_one_address_at_once_one_does(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        let both: Vec<_> = (0..2).map(|_| {
            let (portal, ada, position) = (portal.clone(), ada.clone(), member(&account, Role::Viewer));
            tokio::spawn(async move { portal.invite(&ada, position, "bob@example.org").await })
        }).collect();
        let mut sent = 0;
        for one in both {
            match one.await?? {
                InvitationSent::Sent(_) => sent += 1,
                other => assert_eq!(other, InvitationSent::AlreadyInvited),
            }
        }
        assert_eq!((sent, portal.mails().await?.len()), (1, 1));
        Ok(())
    }

    async fn no_more_invitations_wait_than_may_and_one_account_mails_so_many_an_hour(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        let (hourly, _) = Limit::InviteAccount.allowance();
        for number in 0..rules::OPEN_INVITATIONS_MAX {
            if number == hourly {
                let sent = portal.invite(&ada, member(&account, Role::Viewer), "late@example.org").await?;
                assert!(matches!(sent, InvitationSent::Limited { .. }), "{sent:?}");
                portal.clock.set(NOW.plus(HOUR_MS));
            }
            let sent = portal.invite(&ada, member(&account, Role::Viewer), &format!("p{number}@example.org")).await?;
            assert!(matches!(sent, InvitationSent::Sent(_)), "{number}: {sent:?}");
        }
        let sent = portal.invite(&ada, member(&account, Role::Viewer), "late@example.org").await?;
        assert_eq!(sent, InvitationSent::TooManyOpen);
        Ok(())
    }

    async fn nobody_whose_own_address_is_unproven_has_mails_sent_to_others(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (eve, secret) = portal.unproven("eve").await?;
        let account = portal.account(&eve).await?;
        let invite = || portal.invite(&eve, member(&account, Role::Viewer), "victim@example.org");
        assert_eq!(invite().await?, InvitationSent::Unconfirmed);
        assert!(portal.mails().await?.is_empty());
        let cx = portal.cx(Actor::Visitor);
        portal.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &secret).await })).await?;
        assert!(matches!(invite().await?, InvitationSent::Sent(_)));
        Ok(())
    }

    async fn one_person_mails_so_many_a_day_for_however_many_accounts(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let (most, _) = Limit::InviteUser.allowance();
        let (hourly, _) = Limit::InviteAccount.allowance();
        let mut sent = 0;
        // Each account alone stays below its own limit.
        for company in 0..4 {
            let account = portal.account(&ada).await?;
            for number in 0..hourly {
                let email = format!("p{company}-{number}@example.org");
                match portal.invite(&ada, member(&account, Role::Viewer), &email).await? {
                    InvitationSent::Sent(_) => sent += 1,
                    other => assert!(matches!(other, InvitationSent::Limited { .. }), "{other:?}"),
                }
            }
        }
        assert_eq!(sent, most);
        Ok(())
    }

    async fn of_two_uses_of_an_invitation_at_once_one_counts(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        for round in 0..4 {
            let bob = portal.user(&format!("bob{round}")).await?;
            let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), &bob.email).await?;
            let both: Vec<_> = (0..2).map(|_| {
                let (portal, bob, secret) = (portal.clone(), bob.clone(), secret.clone());
                tokio::spawn(async move { portal.accept(&bob, &secret).await })
            }).collect();
            let mut joined = 0;
            for one in both {
                joined += i32::from(matches!(one.await??, Acceptance::Joined(_)));
            }
            assert_eq!(joined, 1, "round {round}");
            assert_eq!(portal.mails().await?.len(), 1, "the owner is told once");
        }
        Ok(())
    }

    async fn of_two_sign_ups_by_one_invitation_at_once_one_counts(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), "new@example.org").await?;
        let both: Vec<_> = ["Nia", "Mallory"].into_iter().map(|name| {
            let (portal, secret) = (portal.clone(), secret.clone());
            tokio::spawn(async move { portal.join(&secret, name).await })
        }).collect();
        let mut joined = 0;
        for one in both {
            joined += i32::from(matches!(one.await??, Joining::Joined(_)));
        }
        assert_eq!(joined, 1);
        assert_eq!(portal.page(&account, None, 10).await?.len(), 2);
        Ok(())
    }

    async fn of_accepting_and_withdrawing_at_once_one_wins(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        for round in 0..4 {
            let bob = portal.user(&format!("bob{round}")).await?;
            let (id, secret) = portal.invited(&ada, member(&account, Role::Viewer), &bob.email).await?;
            let accepting = {
                let (portal, bob) = (portal.clone(), bob.clone());
                tokio::spawn(async move { portal.accept(&bob, &secret).await })
            };
            let withdrawing = {
                let (portal, ada) = (portal.clone(), ada.clone());
                tokio::spawn(async move { portal.withdraw(&ada, &id).await })
            };
            let joined = matches!(accepting.await??, Acceptance::Joined(_));
            let withdrawn = withdrawing.await?? == Withdrawal::Withdrawn;
            assert!(joined ^ withdrawn, "round {round}: {joined} {withdrawn}");
            assert_eq!(portal.role(&account, &bob).await?.is_some(), joined);
        }
        Ok(())
    }
}
