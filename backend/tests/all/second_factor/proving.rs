//! Showing that the address is one's own: what that takes from whoever came before, and what it opens.

use super::*;

on_both_engines! {
    async fn whoever_has_not_shown_the_address_to_be_theirs_is_not_made_staff(db: Db) {
        let door = Door::open(db).await?;
        let new = NewStaff {
            email: EMAIL.to_owned(), name: String::new(), role: StaffRole::Admin, password: typed(OTHER),
        };
        let make = || async {
            accounts::create_staff(&door.db, &door.passwords, &door.cx(Actor::Operator), &new).await
        };
        assert!(matches!(make().await?, StaffCreation::Unproven(_)));
        let LogInOutcome::LoggedIn(ada) = door.log_in(PASSWORD).await? else { anyhow::bail!("not let in") };
        assert_eq!(ada.staff_role, None);
        door.prove().await?;
        assert!(matches!(make().await?, StaffCreation::Promoted(_)));
        Ok(())
    }

    async fn a_first_proof_by_a_visitor_takes_the_factor_and_one_by_its_user_leaves_it(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        let (cx, proof) = (door.cx(Actor::Visitor), door.proof.clone());
        door.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &proof).await.map(drop) })).await?;
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::LoggedIn(_)), "it may have been a stranger's");

        let other = vendor(&door.db, "other").await?;
        let door = Door::of(door.db.clone(), other).await?;
        assert!(matches!(door.set_up(&door.code()).await?, FactorSetup::Set(_)));
        door.prove().await?;
        assert!(matches!(door.log_in(PASSWORD).await?, LogInOutcome::CodeNeeded(_)), "the user proved it");
        Ok(())
    }

    async fn a_reset_takes_the_factor_of_whoever_signed_up_with_the_address_of_another(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        assert!(matches!(door.reset_by_mail().await?, PasswordReset::Reset(_)));
        assert!(matches!(door.log_in(OTHER).await?, LogInOutcome::LoggedIn(_)));
        Ok(())
    }

    async fn a_reset_leaves_the_factor_of_whoever_had_shown_the_address_to_be_theirs(db: Db) {
        let (door, _) = Door::with_factor(db).await?;
        door.prove().await?;
        assert!(matches!(door.reset_by_mail().await?, PasswordReset::Reset(_)));
        assert!(matches!(door.log_in(OTHER).await?, LogInOutcome::CodeNeeded(_)));
        Ok(())
    }
}
