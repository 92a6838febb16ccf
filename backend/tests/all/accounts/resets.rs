//! Passwords that are set anew by a link, and who can ask for one.

use std::sync::Arc;

use backend::accounts::{self, Limit, LinkRequest, LinkState, LogInOutcome, PasswordReset};
use backend::clock::HOUR_MS;
use backend::db::Db;

use super::{GOOD, OTHER, Portal, client};
use crate::support::on_both_engines;

on_both_engines! {
    async fn a_reset_works_once_within_the_hour_and_ends_every_session(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let session = portal.browser(&user).await?;
        portal.mails().await?;
        assert_eq!(portal.request_reset("Ada@example.org").await?, LinkRequest::Accepted);
        let (to, subject, token) = portal.mails().await?.remove(0);
        assert_eq!((to.as_str(), subject.as_str()), ("ada@example.org", "Set a new password for acme Software"));

        assert!(matches!(portal.reset(&token, "password123").await?, PasswordReset::Refused(_)));
        let check = |token: String| {
            let cx = portal.cx();
            portal.write(move |tx| Box::pin(async move { accounts::check_reset_link(tx, &cx, &token).await }))
        };
        assert_eq!(check(token.clone()).await?, LinkState::Good, "a refused password spends nothing");
        assert_eq!(portal.user_of(&session).await?, Some(user.id.clone()));
        let PasswordReset::Reset(after) = portal.reset(&token, OTHER).await? else { panic!("not reset") };
        assert!(after.email_verified_at.is_some(), "whoever has the link reads the mailbox");
        assert_eq!(portal.user_of(&session).await?, None, "sessions have ended");
        assert_eq!(portal.log_in("ada@example.org", GOOD).await?, LogInOutcome::Wrong);
        assert!(matches!(portal.log_in("ada@example.org", OTHER).await?, LogInOutcome::LoggedIn(_)));
        assert_eq!(portal.mails().await?[0].1, "Your password for acme Software was changed");
        assert_eq!(portal.reset(&token, GOOD).await?, PasswordReset::LinkSpent);
        assert_eq!(check(token).await?, LinkState::Spent);
        Ok(())
    }

    async fn a_reset_link_dies_after_an_hour_and_with_another_one_used(db: Db) {
        let portal = Portal::open(db).await?;
        portal.user("ada@example.org").await?;
        portal.mails().await?;
        portal.request_reset("ada@example.org").await?;
        portal.request_reset("ada@example.org").await?;
        let mails = portal.mails().await?;
        portal.later(HOUR_MS - 1);
        assert!(matches!(portal.reset(&mails[0].2, OTHER).await?, PasswordReset::Reset(_)));
        assert_eq!(portal.reset(&mails[1].2, GOOD).await?, PasswordReset::LinkSpent);
        portal.mails().await?;
        portal.request_reset("ada@example.org").await?;
        let late = portal.mails().await?.remove(0).2;
        portal.later(HOUR_MS);
        assert_eq!(portal.reset(&late, GOOD).await?, PasswordReset::LinkSpent);
        Ok(())
    }

    async fn of_two_uses_of_a_reset_link_at_once_one_counts(db: Db) {
        let portal = Arc::new(Portal::open(db).await?);
        portal.user("ada@example.org").await?;
        portal.mails().await?;
        portal.request_reset("ada@example.org").await?;
        let token = portal.mails().await?.remove(0).2;
        let both: Vec<_> = [OTHER, "another four word phrase"].into_iter().map(|password| {
            let (portal, token) = (portal.clone(), token.clone());
            tokio::spawn(async move { portal.reset(&token, password).await })
        }).collect();
        let mut resets = 0;
        for one in both {
            resets += i32::from(matches!(one.await??, PasswordReset::Reset(_)));
        }
        assert_eq!(resets, 1);
        Ok(())
    }

    async fn a_reset_for_an_unknown_address_is_accepted_and_mails_nobody(db: Db) {
        let portal = Portal::open(db).await?;
        for _ in 0..Limit::ResetPair.allowance().0 {
            assert_eq!(portal.request_reset("eve@example.org").await?, LinkRequest::Accepted);
        }
        assert!(matches!(portal.request_reset("eve@example.org").await?, LinkRequest::Limited { .. }));
        assert!(portal.mails().await?.is_empty());
        Ok(())
    }

    async fn a_stranger_who_asks_for_resets_keeps_no_owner_from_asking(db: Db) {
        let portal = Portal::open(db).await?;
        portal.user("ada@example.org").await?;
        portal.mails().await?;
        let (most, window_ms) = Limit::ResetPair.allowance();
        for _ in 0..most {
            assert_eq!(portal.request_reset_from(client(66), "ada@example.org").await?, LinkRequest::Accepted);
        }
        for _ in 0..5 * most {
            let limited = portal.request_reset_from(client(66), "ada@example.org").await?;
            assert!(matches!(limited, LinkRequest::Limited { .. }), "{limited:?}");
        }
        assert_eq!(portal.request_reset("ada@example.org").await?, LinkRequest::Accepted, "the owner");
        assert_eq!(portal.mails().await?.len() as i64, most + 1);
        // Many together fill the mailbox no further than this.
        portal.later(window_ms);
        let (all, _) = Limit::ResetEmail.allowance();
        for number in 0..all {
            let from = client(u8::try_from(number)?);
            assert_eq!(portal.request_reset_from(from, "ada@example.org").await?, LinkRequest::Accepted, "{number}");
        }
        assert!(matches!(portal.request_reset("ada@example.org").await?, LinkRequest::Limited { .. }));
        Ok(())
    }
}
