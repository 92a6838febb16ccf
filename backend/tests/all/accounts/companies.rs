//! Accounts: who makes and changes them, and who is made staff.

use super::*;

on_both_engines! {
    async fn one_person_makes_so_many_accounts_a_day_also_when_asking_for_all_at_once(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user("ada@example.org").await?;
        let most = usize::try_from(accounts::NEW_ACCOUNTS_A_DAY)?;
        let create = || {
            let (cx, id) = (portal.cx_of(&ada), ada.id.clone());
            portal.write(move |tx| {
                Box::pin(async move { accounts::create_account(tx, &cx, &id, &details()).await })
            })
        };
        let mut made = 0;
        for outcome in futures::future::join_all((0..most + 4).map(|_| create())).await {
            match outcome? {
                AccountCreation::Created(_) => made += 1,
                other => assert!(matches!(other, AccountCreation::Limited { .. }), "{other:?}"),
            }
        }
        assert_eq!(made, most);
        portal.later(DAY_MS);
        assert!(matches!(create().await?, AccountCreation::Created(_)));
        Ok(())
    }

    async fn the_creator_of_an_account_owns_it_and_strangers_have_no_part_in_it(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, eve) = (portal.user("ada@example.org").await?, portal.user("eve@example.org").await?);
        let account = portal.account(&ada).await?;
        assert_eq!((account.country.as_str(), account.vat_id.as_deref()), ("GR", Some("EL094014201")));
        assert_eq!(account.billing_email, "ada@example.org");
        assert!(portal.may(&ada, &account.id, Act::ManageMembers).await?);
        assert!(!portal.may(&eve, &account.id, Act::See).await?);
        let (vendor_id, id) = (portal.vendor.id.clone(), ada.id.clone());
        let member = portal.write(move |tx| Box::pin(async move { accounts::list_memberships(tx, &vendor_id, &id).await })).await?;
        assert_eq!(member.len(), 1);
        assert_eq!((&member[0].account, member[0].role), (&account, Role::Owner));
        let (vendor_id, id) = (portal.vendor.id.clone(), account.id.clone());
        let members = portal.write(move |tx| Box::pin(async move { accounts::list_members(tx, &vendor_id, &id).await })).await?;
        assert_eq!(members, [(ada, Role::Owner)]);
        Ok(())
    }

    async fn details_are_changed_by_those_who_may_and_every_change_is_audited(db: Db) {
        let portal = Portal::open(db).await?;
        let (ada, eve) = (portal.user("ada@example.org").await?, portal.user("eve@example.org").await?);
        let account = portal.account(&ada).await?;
        let update = |user: &User, company: &str| {
            let (cx, id) = (portal.cx_of(user), account.id.clone());
            let details = AccountDetails { company: company.to_owned(), ..details() };
            portal.write(move |tx| Box::pin(async move { accounts::update_account(tx, &cx, &id, &details).await }))
        };
        assert_eq!(update(&eve, "Mine").await?, AccountUpdate::NotAllowed);
        assert!(matches!(update(&ada, "Παράδειγμα Α.Ε.").await?, AccountUpdate::Unchanged(_)));
        assert!(matches!(update(&ada, "株式会社").await?, AccountUpdate::Refused(_)));
        let AccountUpdate::Updated { account: after, emptied } = update(&ada, "Công ty Ví dụ").await? else {
            panic!("not updated")
        };
        assert!(emptied.is_empty());
        assert_eq!(after, Account { company: "Công ty Ví dụ".to_owned(), ..account });
        Ok(())
    }

    async fn of_two_check_outs_at_once_both_get_the_same_customer(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user("ada@example.org").await?;
        let account = portal.account(&ada).await?;
        let set = |customer: &'static str| {
            let (vendor_id, id) = (portal.vendor.id.clone(), account.id.clone());
            portal.write(move |tx| Box::pin(async move {
                accounts::set_stripe_customer(tx, &vendor_id, &id, customer).await
            }))
        };
        assert_eq!(set("cus_1").await?, "cus_1");
        assert_eq!(set("cus_2").await?, "cus_1");
        let vendor_id = portal.vendor.id.clone();
        let found = portal.write(move |tx| Box::pin(async move {
            accounts::find_account_by_stripe_customer(tx, &vendor_id, "cus_1").await
        })).await?;
        assert_eq!(found.map(|found| found.id), Some(account.id));
        Ok(())
    }

    async fn staff_are_made_by_the_operator_and_by_admins_only(db: Db) {
        let portal = Portal::open(db).await?;
        let ada = portal.user("ada@example.org").await?;
        let make = |actor: Actor, email: &str, role: StaffRole| {
            let new = NewStaff { email: email.to_owned(), name: "Staff".to_owned(), role, password: secret(OTHER) };
            let (portal, cx) = (&portal, Cx { actor, ..portal.cx() });
            async move { accounts::create_staff(&portal.db, &portal.passwords, &cx, &new).await }
        };
        assert_eq!(make(Actor::User(ada.id.clone()), "eve@example.org", StaffRole::Admin).await?, StaffCreation::NotAllowed);
        assert_eq!(make(Actor::Visitor, "eve@example.org", StaffRole::Admin).await?, StaffCreation::NotAllowed);
        let StaffCreation::Created(admin) = make(Actor::Operator, "admin@example.org", StaffRole::Admin).await? else { panic!() };
        assert_eq!((admin.staff_role, admin.email_verified_at), (Some(StaffRole::Admin), Some(NOW)));
        // Anybody could have signed up with the address, until somebody has read its mail.
        let unproven = make(Actor::User(admin.id.clone()), "ADA@example.org", StaffRole::Support).await?;
        assert!(matches!(unproven, StaffCreation::Unproven(_)));
        let (_, _, proof) = portal.mails().await?.into_iter().find(|(to, _, _)| to == "ada@example.org").expect("a mail");
        assert!(matches!(portal.verify(&proof).await?, EmailVerification::Verified(_)));
        let StaffCreation::Promoted(promoted) = make(Actor::User(admin.id), "ADA@example.org", StaffRole::Support).await? else { panic!() };
        assert_eq!((promoted.id, promoted.staff_role), (ada.id, Some(StaffRole::Support)));
        assert!(matches!(portal.log_in("ada@example.org", GOOD).await?, LogInOutcome::LoggedIn(_)), "keeps its password");
        portal.later(MINUTE_MS);
        Ok(())
    }
}
