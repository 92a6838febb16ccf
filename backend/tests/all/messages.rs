//! Messages: who reads and answers what, that each side is told, and that nobody answers what they have not read.

pub(crate) mod desk;

use std::collections::BTreeSet;

use backend::accounts::{Role, StaffRole};
use backend::clock::{HOUR_MS, MINUTE_MS};
use backend::db::Db;
use backend::messages::rules::{TEXT_MAX_CHARS, may_read};
use backend::messages::{
    AboutKind, Answering, Assignment, Closing, ConversationStatus, Opening, Place, Problem, Replying, Resolution,
    StaffFilter,
};
use desk::Desk;

use crate::support::on_both_engines;

on_both_engines! {
    async fn a_question_is_answered_and_each_side_is_told_by_mail(db: Db) {
        let desk = Desk::new(db).await?;
        let (owner, license) = (desk.stage.owner.clone(), desk.stage.license_id.to_string());
        let id = desk.opened(&owner, &license, "Seats?", "How many?\r\n\r\nThanks").await?;
        let [mail] = desk.mails().await?;
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("support@nordwind.example", "Seats?"));
        assert!(mail.text.contains(&format!("https://portal.test/staff/messages/{id}")), "{}", mail.text);
        assert!(mail.text.contains("How many?\n\nThanks") && mail.text.contains("About: License"), "{}", mail.text);
        assert_eq!(mail.reply_to, None, "an answer to it would reach nobody");
        let first = mail.thread.expect("a thread");
        assert_eq!(first.before, [id.to_string()]);
        assert_eq!((desk.status(&id).await?, desk.unread(&owner).await?), (ConversationStatus::Open, 0));

        let support = desk.stage.staff(StaffRole::Support).await?;
        assert_eq!(desk.answer(&support, &id, 1, "Two.").await?, Answering::Sent { is_mailed: true });
        let [mail] = desk.mails().await?;
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.test", "Re: Seats?"));
        assert!(mail.text.contains(&format!("https://portal.test/messages/{id}")), "{}", mail.text);
        let answer = mail.thread.expect("a thread");
        assert_eq!(answer.before, [id.to_string()], "what only the vendor got is not named");
        assert_eq!((desk.status(&id).await?, desk.unread(&owner).await?), (ConversationStatus::Answered, 1));
        desk.mark_read(&owner, &id, 2).await?;
        assert_eq!(desk.unread(&owner).await?, 0);

        assert_eq!(desk.reply(&owner, &id, 2, "And surge seats?").await?, Replying::Sent);
        let [mail] = desk.mails().await?;
        assert_eq!(mail.subject, "Re: Seats?");
        assert_eq!(mail.thread.expect("a thread").before, [id.to_string(), first.id]);
        assert_eq!(desk.status(&id).await?, ConversationStatus::Open);
        desk.answer(&support, &id, 3, "None.").await?;
        let [mail] = desk.mails().await?;
        assert_eq!(mail.thread.expect("a thread").before, [id.to_string(), answer.id]);

        assert_eq!(desk.resolve(&support, &id, 4).await?, Resolution::Closed);
        assert_eq!(desk.resolve(&support, &id, 4).await?, Resolution::Unchanged);
        assert_eq!(desk.reply(&owner, &id, 4, "One more thing").await?, Replying::Sent);
        assert_eq!(desk.status(&id).await?, ConversationStatus::Open, "a new message opens it again");
        assert_eq!(desk.close(&owner, &id).await?, Closing::Closed);
        let audited = "SELECT COUNT(*) FROM audit WHERE act IN ('message.answer', 'message.close')";
        assert_eq!(desk.stage.count(audited).await?, 4, "two answers, and each side closed it");
        let audited = "SELECT COUNT(*) FROM audit WHERE account_id IS NOT NULL AND act IN ('message.open', 'message.reply')";
        assert_eq!(desk.stage.count(audited).await?, 3, "asked, and wrote on twice");
        Ok(())
    }

    async fn members_find_what_the_rules_let_them_read(db: Db) {
        let desk = Desk::new(db).await?;
        for kind in AboutKind::ALL {
            desk.plant(kind.as_str(), &desk.stage.owner, kind.as_str()).await?;
        }
        for role in Role::ALL.iter().filter(|role| **role != Role::Owner) {
            let member = desk.member(*role).await?;
            for kind in AboutKind::ALL {
                desk.plant(&format!("{}_{}", role.as_str(), kind.as_str()), &member, kind.as_str()).await?;
            }
        }
        let everything = desk.everything().await?;
        assert_eq!(everything.len(), AboutKind::ALL.len() * Role::ALL.len());
        for role in Role::ALL {
            let member = if *role == Role::Owner { desk.stage.owner.clone() } else { desk.member(*role).await? };
            let listed: BTreeSet<_> = desk.list(&member).await?.into_iter().map(|it| it.conversation.id).collect();
            for it in &everything {
                let conversation = &it.conversation;
                let is_own = conversation.opened_by == member;
                let expected = may_read(conversation.about_kind, *role, is_own);
                assert_eq!(listed.contains(&conversation.id), expected, "{role:?} lists {}", conversation.id);
                let read = desk.read(&member, &conversation.id).await?;
                assert_eq!(read.is_some(), expected, "{role:?} reads {}", conversation.id);
                let written = desk.reply(&member, &conversation.id, 0, "x").await?;
                assert_eq!(written != Replying::NotFound, expected, "{role:?} writes in {}", conversation.id);
            }
            assert_eq!(desk.unread(&member).await?, i64::try_from(listed.len())?, "{role:?}");
        }
        Ok(())
    }

    async fn nothing_of_others_can_be_written_about(db: Db) {
        let desk = Desk::new(db).await?;
        let (owner, stranger) = (desk.stage.owner.clone(), desk.stranger("eve@example.test").await?);
        let license = desk.stage.license_id.to_string();
        assert_eq!(desk.open(&stranger, &license, "x", "x").await?, Opening::NotFound);
        let others = desk.license_of_another_account().await?.to_string();
        for about in [others.as_str(), "lic_none", "inv_none", "ord_none", "ins_none", "acc_x", "x", "lic_\0"] {
            assert_eq!(desk.open(&owner, about, "x", "x").await?, Opening::NotFound, "{about:?}");
        }
        desk.plant_invoice().await?;
        let technical = desk.member(Role::Technical).await?;
        assert_eq!(desk.open(&technical, "inv_planted", "x", "x").await?, Opening::NotFound);
        let billing = desk.member(Role::Billing).await?;
        let id = desk.opened(&billing, "inv_planted", "x", "x").await?;
        for outsider in [&stranger, &technical] {
            assert_eq!(desk.reply(outsider, &id, 1, "x").await?, Replying::NotFound);
            assert_eq!(desk.close(outsider, &id).await?, Closing::NotFound);
        }
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM messages").await?, 1);
        Ok(())
    }

    async fn only_one_of_many_answers_the_same_message(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        let id = desk.opened(&owner, "", "x", "x").await?;
        desk.sent().await?;
        let support = desk.stage.staff(StaffRole::Support).await?;
        let answers = (0..8).map(|_| desk.answer(&support, &id, 1, "yes"));
        let answers = futures::future::try_join_all(answers).await?;
        let sent = answers.iter().filter(|it| **it == Answering::Sent { is_mailed: true }).count();
        let stale = answers.iter().filter(|it| **it == Answering::Refused(Problem::Unread)).count();
        assert_eq!((sent, stale), (1, 7), "{answers:?}");
        assert_eq!(desk.sent().await?.len(), 1);
        // Nor is anything closed, or replied to, over a message that was not read.
        assert_eq!(desk.resolve(&support, &id, 1).await?, Resolution::Unread);
        assert_eq!(desk.reply(&owner, &id, 1, "x").await?, Replying::Refused(Problem::Unread));
        assert_eq!(desk.status(&id).await?, ConversationStatus::Answered);
        Ok(())
    }

    async fn an_answer_is_mailed_to_whoever_wrote_last_and_is_still_there(db: Db) {
        let desk = Desk::new(db).await?;
        let (owner, technical) = (desk.stage.owner.clone(), desk.member(Role::Technical).await?);
        let support = desk.stage.staff(StaffRole::Support).await?;
        let license = desk.stage.license_id.to_string();
        let id = desk.opened(&owner, &license, "x", "x").await?;
        desk.reply(&technical, &id, 1, "me too").await?;
        desk.sent().await?;
        let addresses = |mails: Vec<backend::mail::Mail>| mails.into_iter().map(|mail| mail.to).collect::<Vec<_>>();
        desk.answer(&support, &id, 2, "one").await?;
        assert_eq!(addresses(desk.sent().await?), ["technical@example.test"]);
        desk.leave(&technical).await?;
        desk.answer(&support, &id, 3, "two").await?;
        assert_eq!(addresses(desk.sent().await?), ["ada@example.test"], "the technician has left");
        desk.leave(&owner).await?;
        assert_eq!(desk.answer(&support, &id, 4, "three").await?, Answering::Sent { is_mailed: false });
        assert!(desk.sent().await?.is_empty());
        Ok(())
    }

    async fn staff_answer_by_their_role_and_other_vendors_staff_find_nothing(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        let id = desk.opened(&owner, "", "x", "x").await?;
        let reader = desk.stage.staff(StaffRole::ReadOnly).await?;
        for outsider in [&reader, &owner] {
            assert_eq!(desk.answer(outsider, &id, 1, "x").await?, Answering::NotAllowed);
            assert_eq!(desk.resolve(outsider, &id, 1).await?, Resolution::NotAllowed);
            assert_eq!(desk.assign(outsider, &id, None, true).await?, Assignment::NotAllowed);
        }
        assert!(desk.read_as_staff(&reader, &id).await?.is_some());
        assert!(desk.read_as_staff(&owner, &id).await?.is_none());
        let foreign = desk.foreign_staff().await?;
        assert_eq!(desk.answer_abroad(&foreign, &id).await?, Answering::NotFound);
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM messages").await?, 1);
        Ok(())
    }

    async fn nobody_sends_without_end_and_no_subject_begins_a_header(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        for subject in ["x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\rBcc: eve@example.org"] {
            let refused = Opening::Refused(vec![Problem::SubjectLines]);
            assert_eq!(desk.open(&owner, "", subject, "x").await?, refused, "{subject:?}");
        }
        let refused = Opening::Refused(vec![Problem::SubjectMissing, Problem::TextTooLong]);
        assert_eq!(desk.open(&owner, "", "", &"x".repeat(TEXT_MAX_CHARS + 1)).await?, refused);
        assert!(desk.sent().await?.is_empty());
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM conversations").await?, 0);
        for _ in 0..30 {
            desk.opened(&owner, "", "x", "x").await?;
        }
        assert!(matches!(desk.open(&owner, "", "x", "x").await?, Opening::Limited { retry_after_s: 1..=3601 }));
        desk.later(HOUR_MS);
        desk.opened(&owner, "", "x", "x").await?;
        Ok(())
    }

    async fn the_staffs_list_begins_with_what_waits_and_pages_miss_nothing(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        let support = desk.stage.staff(StaffRole::Support).await?;
        let mut ids = Vec::new();
        for n in 0..9 {
            // Some at the same moment: the id decides then.
            if n % 2 == 0 {
                desk.later(MINUTE_MS);
            }
            let id = desk.opened(&owner, "", "x", "x").await?;
            if n % 3 == 1 {
                desk.answer(&support, &id, 1, "x").await?;
            } else if n % 3 == 2 {
                desk.resolve(&support, &id, 1).await?;
            }
            ids.push(id);
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = desk.list_for_staff(StaffFilter::default(), after.clone(), 2).await?;
            let Some(last) = page.last() else { break };
            after = Place::parse(&last.place().to_text());
            seen.extend(page.into_iter().map(|it| it.conversation));
        }
        let statuses: Vec<_> = seen.iter().map(|it| it.status.as_str()).collect();
        assert_eq!(statuses, [["open"; 3], ["answered"; 3], ["closed"; 3]].concat());
        assert!(seen.chunks(3).all(|part| part.is_sorted_by(|a, b| a.last_at >= b.last_at)));
        let found: BTreeSet<_> = seen.into_iter().map(|it| it.id).collect();
        assert_eq!(found, ids.iter().cloned().collect::<BTreeSet<_>>());
        let (mut own, mut at) = (Vec::new(), None);
        loop {
            let page = desk.list_from(&owner, at.as_ref(), 4).await?;
            let Some(last) = page.last() else { break };
            at = Some(last.place());
            own.extend(page.into_iter().map(|it| it.conversation.id));
        }
        assert_eq!(own.len(), 9);
        assert_eq!(own.iter().cloned().collect::<BTreeSet<_>>(), found);

        assert_eq!(desk.assign(&support, &ids[0], None, true).await?, Assignment::Taken);
        let mine = StaffFilter { assigned_to: Some(support.clone()), ..StaffFilter::default() };
        assert_eq!(desk.list_for_staff(mine, None, 10).await?.len(), 1);
        let answered = StaffFilter { status: Some(ConversationStatus::Answered), ..StaffFilter::default() };
        assert_eq!(desk.list_for_staff(answered, None, 10).await?.len(), 3);
        let invoices = StaffFilter { about: Some(AboutKind::Invoice), ..StaffFilter::default() };
        assert!(desk.list_for_staff(invoices, None, 10).await?.is_empty());
        Ok(())
    }

    async fn a_conversation_is_not_taken_from_somebody_unawares(db: Db) {
        let desk = Desk::new(db).await?;
        let id = desk.opened(&desk.stage.owner.clone(), "", "x", "x").await?;
        let (support, admin) = (desk.stage.staff(StaffRole::Support).await?, desk.stage.staff(StaffRole::Admin).await?);
        assert_eq!(desk.assign(&support, &id, None, true).await?, Assignment::Taken);
        assert_eq!(desk.assign(&admin, &id, None, true).await?, Assignment::Changed, "it was free on the page only");
        assert_eq!(desk.assign(&admin, &id, None, false).await?, Assignment::Changed);
        assert_eq!(desk.assign(&admin, &id, Some(&support), true).await?, Assignment::Taken);
        assert_eq!(desk.assign(&support, &id, Some(&support), false).await?, Assignment::Changed);
        assert_eq!(desk.assign(&admin, &id, Some(&admin), false).await?, Assignment::Freed);
        let audited = "SELECT COUNT(*) FROM audit WHERE act = 'message.assign' AND account_id IS NULL";
        assert_eq!(desk.stage.count(audited).await?, 3, "and none of them in the customer's log");
        Ok(())
    }
}
