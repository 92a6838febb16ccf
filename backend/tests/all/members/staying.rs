//! What members and staff become, and who must stay.

use backend::accounts::members::{Acceptance, InvitationSent, Joining, MemberChange, Position, Withdrawal};
use backend::accounts::{self, Act, Role, StaffAct, StaffRole};
use backend::db::Db;
use backend::ids::UserId;

use super::{Portal, member};
use crate::support::on_both_engines;

on_both_engines! {
    async fn only_owners_decide_about_members(db: Db) {
        let portal = Portal::open(db.clone(), "acme").await?;
        let (ada, eve) = (portal.user("ada").await?, portal.user("eve").await?);
        let account = portal.account(&ada).await?;
        let (id, _) = portal.invited(&ada, member(&account, Role::Viewer), "x@example.org").await?;
        let mut others = vec![eve, portal.admin("root").await?];
        for (name, role) in [("bea", Role::Billing), ("tom", Role::Technical), ("vic", Role::Viewer)] {
            let user = portal.user(name).await?;
            let (_, secret) = portal.invited(&ada, member(&account, role), &user.email).await?;
            assert!(matches!(portal.accept(&user, &secret).await?, Acceptance::Joined(_)));
            others.push(user);
        }
        portal.mails().await?;
        for other in &others {
            let invited = portal.invite(other, member(&account, Role::Viewer), "y@example.org").await?;
            assert_eq!(invited, InvitationSent::NotAllowed);
            assert_eq!(portal.resend(other, &id).await?, InvitationSent::NotAllowed);
            assert_eq!(portal.withdraw(other, &id).await?, Withdrawal::NotAllowed);
            assert_eq!(portal.change_role(other, &account, other, Role::Owner).await?, MemberChange::NotAllowed);
            assert_eq!(portal.remove(other, &account, &ada).await?, MemberChange::NotAllowed);
            assert_eq!(portal.hand_over(other, &account, other).await?, MemberChange::NotAllowed);
        }
        assert_eq!(portal.leave(&others[0], &account).await?, MemberChange::NotAllowed, "a stranger has nothing to leave");
        assert!(portal.mails().await?.is_empty());
        Ok(())
    }

    async fn a_role_counts_at_once_and_the_person_is_told(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), "bob@example.org").await?;
        portal.accept(&bob, &secret).await?;
        portal.mails().await?;
        assert_eq!(portal.change_role(&ada, &account, &bob, Role::Viewer).await?, MemberChange::Unchanged);
        assert!(!portal.may(&bob, &account, Act::ManageInstances).await?);
        assert_eq!(portal.change_role(&ada, &account, &bob, Role::Technical).await?, MemberChange::Done);
        assert!(portal.may(&bob, &account, Act::ManageInstances).await?);
        let mails = portal.mails().await?;
        let [(to, subject, _)] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((to.as_str(), subject.as_str()), ("bob@example.org", "Your role at Weser GmbH has changed"));

        // Whoever is taken out can bring nobody in by a link that is out.
        portal.change_role(&ada, &account, &bob, Role::Owner).await?;
        let eve = portal.user("eve").await?;
        let (_, of_bob) = portal.invited(&bob, member(&account, Role::Owner), "eve@example.org").await?;
        assert_eq!(portal.remove(&ada, &account, &bob).await?, MemberChange::Done);
        assert!(!portal.may(&bob, &account, Act::See).await?);
        assert_eq!(portal.accept(&eve, &of_bob).await?, Acceptance::Spent);
        assert_eq!(portal.audited("invitation.withdraw").await?, 1, "what goes with the role is written down too");
        let told: Vec<_> = portal.mails().await?.into_iter().map(|(to, subject, _)| (to, subject)).collect();
        assert!(told.contains(&("bob@example.org".to_owned(), "You do not belong to Weser GmbH any more".to_owned())));
        assert_eq!(portal.remove(&ada, &account, &bob).await?, MemberChange::NotAllowed, "there is no such member");
        Ok(())
    }

    async fn the_last_owner_stays_until_the_account_is_handed_over(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), "bob@example.org").await?;
        portal.accept(&bob, &secret).await?;
        assert_eq!(portal.leave(&ada, &account).await?, MemberChange::LastOne);
        assert_eq!(portal.remove(&ada, &account, &ada).await?, MemberChange::LastOne);
        assert_eq!(portal.change_role(&ada, &account, &ada, Role::Viewer).await?, MemberChange::LastOne);
        assert_eq!(portal.role(&account, &ada).await?, Some(Role::Owner));
        portal.mails().await?;

        assert_eq!(portal.hand_over(&ada, &account, &ada).await?, MemberChange::NotAllowed);
        assert_eq!(portal.hand_over(&ada, &account, &bob).await?, MemberChange::Done);
        assert_eq!(portal.role(&account, &ada).await?, Some(Role::Billing));
        assert_eq!(portal.role(&account, &bob).await?, Some(Role::Owner));
        assert_eq!(portal.mails().await?[0].0, "bob@example.org");
        assert_eq!(portal.hand_over(&ada, &account, &bob).await?, MemberChange::NotAllowed);
        assert_eq!(portal.leave(&ada, &account).await?, MemberChange::Done);
        assert_eq!(portal.mails().await?[0].1, "ada has left Weser GmbH");
        assert_eq!(portal.leave(&bob, &account).await?, MemberChange::LastOne);
        Ok(())
    }

    async fn of_two_owners_who_remove_each_other_at_once_one_stays(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let (ada, bob) = (portal.user("ada").await?, portal.user("bob").await?);
        let account = portal.account(&ada).await?;
        let mut owner = ada.clone();
        for round in 0..5 {
            let other = if owner.id == ada.id { &bob } else { &ada };
            let (_, secret) = portal.invited(&owner, member(&account, Role::Owner), &other.email).await?;
            assert!(matches!(portal.accept(other, &secret).await?, Acceptance::Joined(_)));
            let both: Vec<_> = [(&ada, &bob), (&bob, &ada)].into_iter().map(|(by, who)| {
                let (portal, account, by, who) = (portal.clone(), account.clone(), by.clone(), who.clone());
                tokio::spawn(async move {
                    // One takes the other out, in one round; in the next both leave.
                    if round % 2 == 0 {
                        portal.remove(&by, &account, &who).await
                    } else {
                        portal.leave(&by, &account).await
                    }
                })
            }).collect();
            let mut done = 0;
            for one in both {
                done += i32::from(one.await?? == MemberChange::Done);
            }
            assert_eq!(done, 1, "round {round}");
            let left = portal.page(&account, None, 10).await?;
            assert_eq!(left.len(), 1);
            owner = if left[0] == ada.id { ada.clone() } else { bob.clone() };
        }
        Ok(())
    }

    async fn a_long_list_of_members_is_read_in_pages(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let ada = portal.user("ada").await?;
        let account = portal.account(&ada).await?;
        for number in 0..4 {
            let (_, secret) = portal.invited(&ada, member(&account, Role::Viewer), &format!("m{number}@example.org")).await?;
            assert!(matches!(portal.join(&secret, "Em").await?, Joining::Joined(_)));
        }
        let all = portal.page(&account, None, 10).await?;
        assert_eq!(all.len(), 5);
        let first = portal.page(&account, None, 2).await?;
        let second = portal.page(&account, first.last(), 2).await?;
        let third = portal.page(&account, second.last(), 2).await?;
        assert_eq!([first, second, third].concat(), all);
        assert!(portal.page(&account, Some(&UserId::from_untrusted("usr_nobody")), 2).await?.is_empty());
        Ok(())
    }

    async fn staff_join_by_invitation_and_are_ordinary_again_once_they_are_out(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        let root = portal.admin("root").await?;
        let (_, secret) = portal.invited(&root, Position::Staff(StaffRole::Support), "sue@acme.test").await?;
        let Joining::Joined(joined) = portal.join(&secret, "Sue").await? else { panic!("not joined") };
        let sue = joined.user;
        assert_eq!((joined.account, portal.staff_role(&sue).await?), (None, Some(StaffRole::Support)));
        assert_eq!(portal.mails().await?[0].1, "Sue has joined the staff of acme Software");
        let again = portal.invite(&root, Position::Staff(StaffRole::Admin), "SUE@acme.test").await?;
        assert_eq!(again, InvitationSent::AlreadyIn);

        let by_sue = portal.invite(&sue, Position::Staff(StaffRole::Admin), "x@acme.test").await?;
        assert_eq!(by_sue, InvitationSent::NotAllowed);
        assert_eq!(portal.change_colleague(&sue, &sue, Some(StaffRole::Admin)).await?, MemberChange::NotAllowed);
        assert_eq!(portal.change_colleague(&sue, &root, None).await?, MemberChange::NotAllowed);
        assert_eq!(portal.change_colleague(&root, &root, None).await?, MemberChange::LastOne);
        assert_eq!(portal.change_colleague(&root, &root, Some(StaffRole::Support)).await?, MemberChange::LastOne);

        assert_eq!(portal.change_colleague(&root, &sue, Some(StaffRole::Finance)).await?, MemberChange::Done);
        assert_eq!(portal.staff_role(&sue).await?, Some(StaffRole::Finance));
        assert_eq!(portal.change_colleague(&root, &sue, None).await?, MemberChange::Done);
        assert_eq!(portal.staff_role(&sue).await?, None);
        let cx = portal.cx_of(&sue);
        let may = portal.write(move |tx| Box::pin(async move { accounts::staff_may_act(tx, &cx, StaffAct::See).await }));
        assert!(!may.await?);
        let mut subjects: Vec<_> = portal.mails().await?.into_iter().map(|(_, subject, _)| subject).collect();
        subjects.sort();
        assert_eq!(subjects, [
            "You do not belong to the staff of acme Software any more",
            "Your role at the staff of acme Software has changed",
        ]);
        assert_eq!(portal.change_colleague(&root, &sue, None).await?, MemberChange::NotAllowed, "not staff any more");
        Ok(())
    }

    async fn of_two_administrators_who_take_each_other_out_at_once_one_stays(db: Db) {
        let portal = Portal::open(db, "acme").await?;
        for round in 0..3 {
            let (one, two) = (portal.admin(&format!("a{round}")).await?, portal.admin(&format!("b{round}")).await?);
            // Those of the rounds before are out of the way.
            for earlier in 0..round {
                for name in ["a", "b"] {
                    let (vendor_id, email) = (portal.vendor.id.clone(), format!("{name}{earlier}@acme.test"));
                    let found = portal.write(move |tx| Box::pin(async move {
                        accounts::find_user_by_email(tx, &vendor_id, &email).await
                    })).await?;
                    let found = found.expect("a colleague of before");
                    portal.change_colleague(&one, &found, None).await?;
                }
            }
            let both: Vec<_> = [(&one, &two), (&two, &one)].into_iter().map(|(by, who)| {
                let (portal, by, who) = (portal.clone(), by.clone(), who.clone());
                tokio::spawn(async move { portal.change_colleague(&by, &who, None).await })
            }).collect();
            let mut done = 0;
            for one in both {
                done += i32::from(one.await?? == MemberChange::Done);
            }
            assert_eq!(done, 1, "round {round}");
            let left = [portal.staff_role(&one).await?, portal.staff_role(&two).await?];
            assert_eq!(left.iter().flatten().count(), 1, "{left:?}");
        }
        Ok(())
    }
}
