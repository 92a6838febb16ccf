//! A partner writes to the vendor about its clients' licenses: as long as it is their partner, and past the client.

use backend::accounts::StaffRole;
use backend::db::{Db, DbError};
use backend::ids::{AccountId, ConversationId, UserId};
use backend::messages::{
    self, About, AboutKind, ListedConversation, NewConversation, Opening, Reply, Replying, Thread, find_about,
};
use backend::partners::{RelationEnd, TermsSet};

use super::{TERMS, end, owner_of, person, related, set_terms};
use crate::licenses::stage::Stage;
use crate::support::people::Person;
use crate::support::{NOW, master, on_both_engines};

async fn open(stage: &Stage, who: &Person, about: &str) -> anyhow::Result<Opening> {
    let new = NewConversation {
        account_id: who.account_id.clone(),
        about: about.to_owned(),
        subject: "Seats?".to_owned(),
        text: "How many?".to_owned(),
    };
    let cx = stage.person(&who.id, NOW);
    let opened =
        stage.write(move |tx| Box::pin(async move { messages::open_conversation(tx, &cx, &master(), &new).await }));
    Ok(opened.await?)
}

async fn reply(stage: &Stage, who: &Person, id: &ConversationId, seen: i64) -> anyhow::Result<Replying> {
    let reply = Reply { conversation_id: id.clone(), seen, text: "And now?".to_owned() };
    let cx = stage.person(&who.id, NOW);
    let sent = stage
        .write(move |tx| Box::pin(async move { messages::reply_to_conversation(tx, &cx, &master(), &reply).await }));
    Ok(sent.await?)
}

async fn read(stage: &Stage, who: &UserId, id: &ConversationId) -> anyhow::Result<Option<Thread>> {
    let (cx, id) = (stage.person(who, NOW), id.clone());
    let read: Result<_, DbError> = stage
        .db
        .read(move |tx| Box::pin(async move { messages::read_conversation(tx, &cx, &id, None, 50).await }))
        .await;
    Ok(read?)
}

async fn read_as_staff(stage: &Stage, who: &UserId, id: &ConversationId) -> anyhow::Result<Thread> {
    let (cx, id) = (stage.person(who, NOW), id.clone());
    let read: Result<_, DbError> =
        stage.db.read(move |tx| Box::pin(async move { messages::read_as_staff(tx, &cx, &id, None, 50).await })).await;
    read?.ok_or_else(|| anyhow::anyhow!("staff find no such conversation"))
}

async fn list(stage: &Stage, who: &Person) -> anyhow::Result<Vec<ListedConversation>> {
    let (cx, account_id) = (stage.person(&who.id, NOW), who.account_id.clone());
    let list: Result<_, DbError> = stage
        .db
        .read(move |tx| Box::pin(async move { messages::list_conversations(tx, &cx, &account_id, None, 50).await }))
        .await;
    Ok(list?)
}

async fn about(stage: &Stage, account_id: &AccountId, id: String) -> anyhow::Result<Option<About>> {
    let (vendor_id, account_id) = (stage.vendor.id.clone(), account_id.clone());
    let found: Result<_, DbError> =
        stage.db.read(move |tx| Box::pin(async move { find_about(tx, &vendor_id, &account_id, &id).await })).await;
    Ok(found?)
}

/// The company of a thing that belongs to another account, and whether there is a way to it.
fn whose(about: Option<&About>) -> Option<(AccountId, bool)> {
    let client = about?.client.as_ref()?;
    Some((client.account_id.clone(), client.relation_id.is_some()))
}

on_both_engines! {
    async fn a_partner_writes_about_a_clients_license_and_the_client_sees_nothing_of_it(db: Db) {
        let (stage, partner, relation_id) = related(db).await?;
        let license = stage.license_id.to_string();
        let opened = open(&stage, &partner, &license).await?;
        let Opening::Opened(id) = opened else { anyhow::bail!("{opened:?}") };
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.len(), 1, "only the vendor is told");
        assert!(mails[0].to.starts_with("support@"), "{}", mails[0].to);
        assert!(mails[0].text.contains("About: License") && mails[0].text.contains("Belongs to: "), "{}", mails[0].text);

        let seen = read(&stage, &partner.id, &id).await?.expect("the partner's own");
        let found = seen.about.expect("the client's license");
        assert_eq!((found.kind, found.license_id.as_ref()), (AboutKind::License, Some(&stage.license_id)));
        let client = found.client.expect("a client");
        assert_eq!((&client.account_id, client.relation_id.as_ref()), (&stage.account_id, Some(&relation_id)));
        let listed = list(&stage, &partner).await?;
        assert_eq!(listed.iter().map(|it| &it.conversation.account_id).collect::<Vec<_>>(), [&partner.account_id]);

        let client = owner_of(&stage);
        assert!(list(&stage, &client).await?.is_empty());
        assert!(read(&stage, &client.id, &id).await?.is_none());
        assert_eq!(reply(&stage, &client, &id, 1).await?, Replying::NotFound);
        let audited = "SELECT COUNT(*) FROM audit a JOIN client_relations r ON r.client_id = a.account_id
                       WHERE a.act LIKE 'message.%'";
        assert_eq!(stage.count(audited).await?, 0, "nor does its audit log say a word");

        let support = stage.staff(StaffRole::Support).await?;
        let thread = read_as_staff(&stage, &support, &id).await?;
        assert_eq!(thread.account.id, partner.account_id);
        assert_eq!(whose(thread.about.as_ref()), Some((stage.account_id.clone(), true)));
        Ok(())
    }

    async fn who_is_no_partner_of_a_company_writes_about_nothing_that_it_has(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let license = stage.license_id.to_string();
        let stranger = person(&stage, "eve@other.test").await?;
        assert_eq!(open(&stage, &stranger, &license).await?, Opening::NotFound);
        // Being a partner of somebody is not being everybody's.
        let finance = stage.staff(StaffRole::Finance).await?;
        assert_eq!(set_terms(&stage, &finance, &stranger.account_id, TERMS, NOW).await?, TermsSet::Made);
        assert_eq!(open(&stage, &stranger, &license).await?, Opening::NotFound);
        // To the client it is its own, whoever looks after it.
        let client = owner_of(&stage);
        assert!(matches!(open(&stage, &client, &license).await?, Opening::Opened(_)));
        assert_eq!(about(&stage, &partner.account_id, license).await?.map(|it| it.client.is_some()), Some(true));
        Ok(())
    }

    async fn a_former_partner_reads_on_and_nothing_leads_to_the_license(db: Db) {
        let (stage, partner, relation_id) = related(db).await?;
        let license = stage.license_id.to_string();
        let opened = open(&stage, &partner, &license).await?;
        let Opening::Opened(id) = opened else { anyhow::bail!("{opened:?}") };
        let ended = end(&stage, &stage.owner, &relation_id, NOW).await?;
        assert!(matches!(ended, RelationEnd::Ended(_)), "{ended:?}");
        stage.mails(NOW).await?;

        assert_eq!(open(&stage, &partner, &license).await?, Opening::NotFound);
        let seen = read(&stage, &partner.id, &id).await?.expect("still its own");
        assert_eq!(seen.about, None, "it does not see the license any more");
        assert_eq!(seen.messages.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["How many?"]);
        assert_eq!(list(&stage, &partner).await?.len(), 1);

        // It may write on, and the vendor still knows about what.
        assert_eq!(reply(&stage, &partner, &id, 1).await?, Replying::Sent);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("About: License") && mails[0].text.contains("Belongs to: "), "{}", mails[0].text);
        let support = stage.staff(StaffRole::Support).await?;
        let thread = read_as_staff(&stage, &support, &id).await?;
        assert_eq!(whose(thread.about.as_ref()), Some((stage.account_id.clone(), false)));
        Ok(())
    }
}
