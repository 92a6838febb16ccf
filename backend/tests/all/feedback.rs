//! Feedback: nobody is asked without consent or twice, nothing is answered without consent.

use backend::accounts::{Role, StaffRole};
use backend::clock::DAY_MS;
use backend::db::{Db, DbError};
use backend::feedback::{
    Answer, ConsentChange, Feedback, Giving, Problem, Summary, ask_for_feedback, change_consent, export_feedback,
    find_given, give_feedback, summarize,
};
use backend::ids::UserId;

use crate::messages::desk::Desk;
use crate::support::{NOW, master, on_both_engines};

async fn agree(desk: &Desk, who: &UserId, agrees: bool) -> anyhow::Result<ConsentChange> {
    let cx = desk.person(who);
    Ok(desk.stage.write(move |tx| Box::pin(async move { change_consent(tx, &cx, agrees).await })).await?)
}

/// The account's first purchase, so many days before now.
async fn bought(desk: &Desk, days_ago: i64) -> anyhow::Result<()> {
    let insert = "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval, seats,
                      currency, amount_minor, status, payment, items, created_at, paid_at)
                  SELECT 'ord_' || $3, vendor_id, account_id, $1, 'subscription', plan_id, id, 'month', 1, 'usd', 100, 'paid',
                      'card', '[]', 1, CAST(CAST($3 AS TEXT) AS BIGINT) FROM licenses WHERE id = $2";
    let at = desk.now().plus(-days_ago * DAY_MS).0.to_string();
    desk.execute(insert, vec![desk.stage.owner.to_string(), desk.stage.license_id.to_string(), at]).await
}

async fn ask(desk: &Desk) -> anyhow::Result<u64> {
    Ok(ask_for_feedback(&desk.stage.db, &master(), &desk.stage.operator(desk.now())).await?)
}

async fn give(desk: &Desk, who: &UserId, answer: Answer) -> anyhow::Result<Giving> {
    let (cx, account_id) = (desk.person(who), desk.stage.account_id.clone());
    let given = desk
        .stage
        .write(move |tx| Box::pin(async move { give_feedback(tx, &cx, &master(), &account_id, &answer).await }));
    Ok(given.await?)
}

async fn given(desk: &Desk, who: &UserId) -> anyhow::Result<Option<Feedback>> {
    let (vendor_id, account_id, who) = (desk.stage.vendor.id.clone(), desk.stage.account_id.clone(), who.clone());
    let found: Result<_, DbError> = desk
        .stage
        .db
        .read(move |tx| Box::pin(async move { find_given(tx, &vendor_id, &account_id, &who).await }))
        .await;
    Ok(found?)
}

fn answer(score: &str, comment: &str, may_contact: bool) -> Answer {
    Answer { score: score.to_owned(), comment: comment.to_owned(), may_contact, may_quote: false }
}

on_both_engines! {
    async fn an_owner_who_agreed_is_asked_once_a_month_after_the_first_purchase(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        bought(&desk, 29).await?;
        assert_eq!(agree(&desk, &owner, true).await?, ConsentChange::Agreed);
        assert_eq!(agree(&desk, &owner, true).await?, ConsentChange::Unchanged);
        assert_eq!(ask(&desk).await?, 0, "it is too early");
        desk.later(2 * DAY_MS);
        agree(&desk, &owner, false).await?;
        assert_eq!(ask(&desk).await?, 0, "it was taken back");
        agree(&desk, &owner, true).await?;
        // Several nodes at once.
        let asked = futures::future::try_join_all((0..6).map(|_| ask(&desk))).await?;
        assert_eq!(asked.iter().sum::<u64>(), 1, "{asked:?}");
        let [mail] = desk.mails().await?;
        assert_eq!(mail.to, "ada@example.test");
        assert!(mail.text.contains("https://portal.test/feedback"), "{}", mail.text);
        desk.later(DAY_MS);
        bought(&desk, 0).await?;
        assert_eq!(ask(&desk).await?, 0, "never again");
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM audit WHERE act = 'feedback.consent'").await?, 3);
        Ok(())
    }

    async fn nobody_else_is_asked(db: Db) {
        let desk = Desk::new(db).await?;
        bought(&desk, 31).await?;
        assert_eq!(ask(&desk).await?, 0, "nobody has agreed");
        let billing = desk.member(Role::Billing).await?;
        agree(&desk, &billing, true).await?;
        assert_eq!(ask(&desk).await?, 0, "only owners are asked");
        desk.later(60 * DAY_MS);
        agree(&desk, &desk.stage.owner.clone(), true).await?;
        assert_eq!(ask(&desk).await?, 0, "the first month is long over");
        assert!(desk.sent().await?.is_empty());
        Ok(())
    }

    async fn an_answer_can_be_changed_and_becomes_a_message_only_with_consent(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        let stranger = desk.stranger("eve@example.test").await?;
        assert_eq!(give(&desk, &stranger, answer("9", "", false)).await?, Giving::NotAllowed);
        let refused = Giving::Refused(vec![Problem::Score, Problem::CommentTooLong]);
        assert_eq!(give(&desk, &owner, answer("11", &"x".repeat(4_001), false)).await?, refused);
        assert_eq!(given(&desk, &owner).await?, None);

        assert_eq!(give(&desk, &owner, answer("9", "Good.", false)).await?, Giving::Given);
        assert!(desk.sent().await?.is_empty(), "nobody may answer it");
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM conversations").await?, 0);
        // Both at once: one row, one conversation.
        let again = (0..4).map(|_| give(&desk, &owner, answer("4", "Worse.", true)));
        futures::future::try_join_all(again).await?;
        let kept = given(&desk, &owner).await?.expect("the answer");
        assert_eq!((kept.score, kept.comment.as_str(), kept.may_contact), (Some(4), "Worse.", true));
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM feedback").await?, 1);
        let [mail] = desk.mails().await?;
        assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("support@nordwind.example", "My feedback"));
        let all = desk.everything().await?;
        assert_eq!(all.iter().map(|it| Some(&it.conversation.id)).collect::<Vec<_>>(), [kept.conversation_id.as_ref()]);
        assert_eq!(desk.stage.count("SELECT COUNT(*) FROM audit WHERE act = 'feedback.give'").await?, 5);

        let billing = desk.member(Role::Billing).await?;
        give(&desk, &billing, answer("9", "", true)).await?;
        assert_eq!(desk.everything().await?.len(), 1, "there is nothing to answer");
        let vendor_id = desk.stage.vendor.id.clone();
        let summary: Result<_, DbError> =
            desk.stage.db.read(move |tx| Box::pin(async move { summarize(tx, &vendor_id).await })).await;
        assert_eq!(summary?, Summary { scores: 2, average_tenths: Some(65), cancellations: 0 });
        Ok(())
    }

    async fn the_table_takes_nothing_for_a_formula_and_is_for_staff(db: Db) {
        let desk = Desk::new(db).await?;
        let owner = desk.stage.owner.clone();
        give(&desk, &owner, answer("0", "=HYPERLINK(\"https://evil.test\")\n@SUM(A1)", false)).await?;
        let export = |who: &UserId| {
            let (cx, db) = (desk.person(who), desk.stage.db.clone());
            async move { db.read(move |tx| Box::pin(async move { export_feedback(tx, &cx).await })).await }
        };
        assert_eq!(export(&owner).await?, None::<String>);
        let reader = desk.stage.staff(StaffRole::ReadOnly).await?;
        let table = export(&reader).await?.expect("the table");
        let expected = format!(
            "{},month,Example GmbH,ada@example.test,0,,\"'=HYPERLINK(\"\"https://evil.test\"\")\n@SUM(A1)\",no,no\r\n",
            NOW.date()
        );
        assert_eq!(table.split_once("\r\n").map(|(_, rows)| rows), Some(expected.as_str()), "{table}");
        Ok(())
    }
}
