//! Guessing and known browsers: what strangers are limited to, and what they lock nobody out of.

use super::*;

on_both_engines! {
    async fn a_stranger_who_guesses_locks_out_neither_another_address_nor_a_known_browser(db: Db) {
        let door = Door::open(db).await?;
        let known = door.arrive(&door.ada, None, Arrival::SignedUp).await?;
        let (pair, _) = Limit::SignInPair.allowance();
        for _ in 0..pair {
            assert_eq!(door.log_in_with(from(66), "guess", None).await?, LogInOutcome::Wrong);
        }
        for _ in 0..100 {
            let guessed = door.log_in_with(from(66), PASSWORD, None).await?;
            assert!(matches!(guessed, LogInOutcome::Limited { .. }), "{guessed:?}");
        }
        // One address has not used up what all together may try.
        assert!(matches!(door.log_in_with(from(2), PASSWORD, None).await?, LogInOutcome::LoggedIn(_)));
        // Behind the same address, the owner's own browser is let in, however busy the stranger is.
        let own = door.log_in_with(from(66), PASSWORD, Some(known.clone())).await?;
        assert!(matches!(own, LogInOutcome::LoggedIn(_)), "{own:?}");
        // It has a limit of its own.
        let (most, _) = Limit::SignInBrowser.allowance();
        for _ in 0..most {
            assert_eq!(door.log_in_with(from(9), "guess", Some(known.clone())).await?, LogInOutcome::Wrong);
        }
        let own = door.log_in_with(from(9), PASSWORD, Some(known)).await?;
        assert!(matches!(own, LogInOutcome::Limited { .. }), "{own:?}");
        Ok(())
    }

    async fn many_strangers_at_once_are_limited_and_known_browsers_are_not(db: Db) {
        let door = Door::open(db).await?;
        let known = door.arrive(&door.ada, None, Arrival::SignedUp).await?;
        // As many wrong passwords as an hour allows, counted without hashing a hundred of them.
        let (most, _) = Limit::SignInEmail.allowance();
        let cx = door.cx(Actor::Visitor);
        door.write(move |tx| Box::pin(async move {
            for _ in 0..most {
                accounts::hit(tx, &cx, &master(), Limit::SignInEmail, EMAIL).await?;
            }
            Ok(())
        })).await?;
        assert!(matches!(door.log_in_with(from(3), PASSWORD, None).await?, LogInOutcome::Limited { .. }));
        let planted = BrowserToken::from_cookie(&"a".repeat(32)).expect("it looks like one");
        assert!(matches!(door.log_in_with(from(3), PASSWORD, Some(planted)).await?, LogInOutcome::Limited { .. }));
        assert!(matches!(door.log_in_with(from(3), PASSWORD, Some(known)).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn a_log_in_with_an_unknown_browser_is_told_once_and_sign_up_is_not(db: Db) {
        let door = Door::open(db).await?;
        let own = door.arrive(&door.ada, None, Arrival::SignedUp).await?;
        assert!(door.arrive(&door.ada, Some(own.clone()), Arrival::LoggedIn).await? == own);
        assert!(door.subjects().await?.is_empty());
        let other = door.arrive(&door.ada, None, Arrival::LoggedIn).await?;
        assert!(other != own);
        assert_eq!(door.subjects().await?, ["New log-in to acme Software"]);
        door.arrive(&door.ada, Some(other.clone()), Arrival::LoggedIn).await?;
        assert!(door.subjects().await?.is_empty());
        // What we never gave out is not taken on.
        let planted = BrowserToken::from_cookie(&"a".repeat(32)).expect("it looks like one");
        assert!(door.arrive(&door.ada, Some(planted.clone()), Arrival::LoggedIn).await? != planted);
        assert_eq!(door.subjects().await?.len(), 1);
        door.later(KNOWN_BROWSER_MS);
        door.arrive(&door.ada, Some(own), Arrival::LoggedIn).await?;
        assert_eq!(door.subjects().await?.len(), 1, "it was not seen for too long");
        let now = door.clock.now();
        let gone = door.write(move |tx| Box::pin(async move { accounts::delete_old_browsers(tx, now).await }));
        assert_eq!(gone.await?, 2);
        Ok(())
    }

    async fn a_browser_of_two_people_is_known_to_both_and_a_new_password_forgets_it(db: Db) {
        let door = Door::open(db).await?;
        let request = SignUp {
            email: "eve@example.org".to_owned(), password: typed(OTHER), name: String::new(), address: from(1),
        };
        let cx = door.cx(Actor::Visitor);
        let signed_up = accounts::sign_up(&door.db, &door.passwords, &master(), &cx, &request).await?;
        let SignUpOutcome::SignedUp(eve) = signed_up else { panic!("{signed_up:?}") };
        let shared = door.arrive(&door.ada, None, Arrival::SignedUp).await?;
        assert!(door.arrive(&eve, Some(shared.clone()), Arrival::SignedUp).await? == shared);
        door.subjects().await?;
        door.later(1);
        let change = ChangePassword {
            user_id: door.ada.id.clone(), current: typed(PASSWORD), new: typed(OTHER), keep: None,
        };
        accounts::change_password(&door.db, &door.passwords, &master(), &door.as_ada(), &change).await?;
        door.subjects().await?;
        door.arrive(&eve, Some(shared.clone()), Arrival::LoggedIn).await?;
        assert!(door.subjects().await?.is_empty());
        door.arrive(&door.ada, Some(shared), Arrival::LoggedIn).await?;
        assert_eq!(door.subjects().await?, ["New log-in to acme Software"]);
        Ok(())
    }
}
