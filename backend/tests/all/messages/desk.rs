//! A customer with a license, a vendor with staff, and what they write to each other.

use backend::accounts::{
    NewStaff, Password, Passwords, Role, SignUp, SignUpOutcome, StaffCreation, StaffRole, create_staff, sign_up,
};
use backend::clock::{Clock, UnixMs};
use backend::db::{Db, DbError, Tx};
use backend::ids::{ConversationId, LicenseId, UserId};
use backend::invoices::Parties;
use backend::licenses::{LicenseStatus, NewLicense, create_license};
use backend::mail::Mail;
use backend::messages::{
    self, Answering, Assignment, Closing, ConversationStatus, ListedConversation, NewConversation, Opening, Place,
    Reply, Replying, Resolution, StaffFilter, Thread,
};
use backend::{Actor, Cx};
use sqlx::{Postgres, Sqlite};

use crate::licenses::stage::Stage;
use crate::support::{NOW, account, cx, master, vendor};

pub(crate) struct Desk {
    pub(crate) stage: Stage,
    clock: Clock,
}

impl Desk {
    pub(crate) async fn new(db: Db) -> anyhow::Result<Self> {
        Ok(Self { stage: Stage::new(db, "startup", 2).await?, clock: Clock::fixed(NOW) })
    }

    pub(crate) fn now(&self) -> UnixMs {
        self.clock.now()
    }

    pub(crate) fn later(&self, ms: i64) {
        self.clock.set(self.now().plus(ms));
    }

    pub(crate) fn person(&self, id: &UserId) -> Cx {
        self.stage.person(id, self.now())
    }

    /// Somebody who belongs to no account.
    pub(crate) async fn stranger(&self, email: &str) -> anyhow::Result<UserId> {
        let request = SignUp {
            email: email.to_owned(),
            password: Password::new("correct horse battery staple".to_owned()),
            name: String::new(),
            address: [192, 0, 2, 2].into(),
        };
        let cx = Cx { actor: Actor::Visitor, ..self.stage.operator(self.now()) };
        let signed_up = sign_up(&self.stage.db, &Passwords::default(), &master(), &cx, &request).await?;
        // What signing up has mailed is none of these tests' business.
        self.sent().await?;
        match signed_up {
            SignUpOutcome::SignedUp(user) => Ok(user.id),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// The member with this role, `role@example.test`; made where there is none.
    pub(crate) async fn member(&self, role: Role) -> anyhow::Result<UserId> {
        let (vendor_id, email) = (self.stage.vendor.id.clone(), format!("{}@example.test", role.as_str()));
        let known = email.clone();
        let found: Result<_, DbError> = self
            .stage
            .db
            .read(move |tx| {
                Box::pin(async move { backend::accounts::find_user_by_email(tx, &vendor_id, &known).await })
            })
            .await;
        if let Some(user) = found? {
            return Ok(user.id);
        }
        let id = self.stranger(&email).await?;
        let insert = "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                      SELECT vendor_id, $1, id, $2, 2 FROM users WHERE id = $3";
        self.execute(insert, vec![self.stage.account_id.to_string(), role.as_str().to_owned(), id.to_string()]).await?;
        Ok(id)
    }

    pub(crate) async fn leave(&self, id: &UserId) -> anyhow::Result<()> {
        self.execute("DELETE FROM memberships WHERE user_id = $1", vec![id.to_string()]).await
    }

    /// Writes rows that no use case of this area makes.
    pub(crate) async fn execute(&self, sql: &'static str, values: Vec<String>) -> anyhow::Result<()> {
        let done = self.stage.write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => {
                        let query =
                            values.into_iter().fold(sqlx::query::<Sqlite>(sql), |query, value| query.bind(value));
                        query.execute(&mut **tx).await?;
                    }
                    Tx::Postgres(tx) => {
                        let query =
                            values.into_iter().fold(sqlx::query::<Postgres>(sql), |query, value| query.bind(value));
                        query.execute(&mut **tx).await?;
                    }
                }
                Ok(())
            })
        });
        Ok(done.await?)
    }

    /// A conversation `con_NAME` about something of a kind, in which the staff have written last.
    pub(crate) async fn plant(&self, name: &str, opener: &UserId, kind: &str) -> anyhow::Result<()> {
        let insert = "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id,
                          status, message_count, answered_place, created_at, last_at)
                      SELECT 'con_' || $1, vendor_id, $2, $3, 'x', $4, '', 'answered', 1, 1, 1, 1
                      FROM accounts WHERE id = $2";
        let account_id = self.stage.account_id.to_string();
        self.execute(insert, vec![name.to_owned(), account_id, opener.to_string(), kind.to_owned()]).await
    }

    /// An invoice `inv_planted` of the account.
    pub(crate) async fn plant_invoice(&self) -> anyhow::Result<()> {
        let insert = "INSERT INTO invoices (id, vendor_id, account_id, stripe_invoice_id, number, status, currency,
                          subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes,
                          billing_reason, parties, issued_at, created_at)
                      SELECT 'inv_planted', vendor_id, id, 'in_planted', 'A-1', 'open', 'usd', 100, 0, 0, 100, 0, 100,
                          '[]', 'manual', $2, 1, 1 FROM accounts WHERE id = $1";
        let parties = serde_json::to_string(&Parties::default())?;
        self.execute(insert, vec![self.stage.account_id.to_string(), parties]).await
    }

    pub(crate) async fn license_of_another_account(&self) -> anyhow::Result<LicenseId> {
        let (cx, plan) = (self.stage.operator(NOW), self.stage.plan("startup").await?);
        let made: Result<LicenseId, anyhow::Error> = self
            .stage
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let account_id = account(tx, &cx).await?;
                    let new = NewLicense {
                        account_id: &account_id,
                        plan: &plan,
                        seats: 1,
                        status: LicenseStatus::Active,
                        starts_at: NOW,
                        ends_at: None,
                        updates_until: None,
                        name: "",
                    };
                    Ok(create_license(tx, &cx, &master(), &new).await?.0.id)
                })
            })
            .await;
        made
    }

    /// The mails that are sent now.
    pub(crate) async fn sent(&self) -> anyhow::Result<Vec<Mail>> {
        self.stage.mails(self.now()).await
    }

    /// The same, where it is known how many there are.
    pub(crate) async fn mails<const N: usize>(&self) -> anyhow::Result<[Mail; N]> {
        <[Mail; N]>::try_from(self.sent().await?).map_err(|mails| anyhow::anyhow!("{mails:?}"))
    }

    pub(crate) async fn open(&self, who: &UserId, about: &str, subject: &str, text: &str) -> anyhow::Result<Opening> {
        let new = NewConversation {
            account_id: self.stage.account_id.clone(),
            about: about.to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
        };
        let cx = self.person(who);
        let opened = self
            .stage
            .write(move |tx| Box::pin(async move { messages::open_conversation(tx, &cx, &master(), &new).await }));
        Ok(opened.await?)
    }

    pub(crate) async fn opened(
        &self,
        who: &UserId,
        about: &str,
        subject: &str,
        text: &str,
    ) -> anyhow::Result<ConversationId> {
        match self.open(who, about, subject, text).await? {
            Opening::Opened(id) => Ok(id),
            other => anyhow::bail!("{other:?}"),
        }
    }

    fn reply_of(id: &ConversationId, seen: i64, text: &str) -> Reply {
        Reply { conversation_id: id.clone(), seen, text: text.to_owned() }
    }

    pub(crate) async fn reply(
        &self,
        who: &UserId,
        id: &ConversationId,
        seen: i64,
        text: &str,
    ) -> anyhow::Result<Replying> {
        let (cx, reply) = (self.person(who), Self::reply_of(id, seen, text));
        let sent = self.stage.write(move |tx| {
            Box::pin(async move { messages::reply_to_conversation(tx, &cx, &master(), &reply).await })
        });
        Ok(sent.await?)
    }

    pub(crate) async fn answer(
        &self,
        who: &UserId,
        id: &ConversationId,
        seen: i64,
        text: &str,
    ) -> anyhow::Result<Answering> {
        let (cx, reply) = (self.person(who), Self::reply_of(id, seen, text));
        let sent = self
            .stage
            .write(move |tx| Box::pin(async move { messages::answer_conversation(tx, &cx, &master(), &reply).await }));
        Ok(sent.await?)
    }

    /// An admin of another vendor.
    pub(crate) async fn foreign_staff(&self) -> anyhow::Result<Cx> {
        let other = vendor(&self.stage.db, "other").await?;
        let cx = cx(&other.id, self.now());
        let new = NewStaff {
            email: "admin@other.test".to_owned(),
            name: String::new(),
            role: StaffRole::Admin,
            password: Password::new("correct horse battery staple".to_owned()),
        };
        match create_staff(&self.stage.db, &Passwords::default(), &cx, &new).await? {
            StaffCreation::Created(user) => Ok(Cx { actor: Actor::User(user.id), ..cx }),
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(crate) async fn answer_abroad(&self, cx: &Cx, id: &ConversationId) -> anyhow::Result<Answering> {
        let (cx, reply) = (cx.clone(), Self::reply_of(id, 1, "x"));
        let sent = self
            .stage
            .write(move |tx| Box::pin(async move { messages::answer_conversation(tx, &cx, &master(), &reply).await }));
        Ok(sent.await?)
    }

    pub(crate) async fn resolve(&self, who: &UserId, id: &ConversationId, seen: i64) -> anyhow::Result<Resolution> {
        let (cx, id) = (self.person(who), id.clone());
        let done = self
            .stage
            .write(move |tx| Box::pin(async move { messages::resolve_conversation(tx, &cx, &id, seen).await }));
        Ok(done.await?)
    }

    pub(crate) async fn close(&self, who: &UserId, id: &ConversationId) -> anyhow::Result<Closing> {
        let (cx, id) = (self.person(who), id.clone());
        let done =
            self.stage.write(move |tx| Box::pin(async move { messages::close_conversation(tx, &cx, &id).await }));
        Ok(done.await?)
    }

    pub(crate) async fn assign(
        &self,
        who: &UserId,
        id: &ConversationId,
        held_by: Option<&UserId>,
        takes: bool,
    ) -> anyhow::Result<Assignment> {
        let (cx, id, held_by) = (self.person(who), id.clone(), held_by.cloned());
        let done = self.stage.write(move |tx| {
            Box::pin(async move { messages::assign_conversation(tx, &cx, &id, held_by.as_ref(), takes).await })
        });
        Ok(done.await?)
    }

    pub(crate) async fn read(&self, who: &UserId, id: &ConversationId) -> anyhow::Result<Option<Thread>> {
        let (cx, id) = (self.person(who), id.clone());
        let read: Result<_, DbError> = self
            .stage
            .db
            .read(move |tx| Box::pin(async move { messages::read_conversation(tx, &cx, &id, None, 50).await }))
            .await;
        Ok(read?)
    }

    pub(crate) async fn read_as_staff(&self, who: &UserId, id: &ConversationId) -> anyhow::Result<Option<Thread>> {
        let (cx, id) = (self.person(who), id.clone());
        let read: Result<_, DbError> = self
            .stage
            .db
            .read(move |tx| Box::pin(async move { messages::read_as_staff(tx, &cx, &id, None, 50).await }))
            .await;
        Ok(read?)
    }

    pub(crate) async fn status(&self, id: &ConversationId) -> anyhow::Result<ConversationStatus> {
        let all = self.everything().await?;
        let found = all.into_iter().find(|it| it.conversation.id == *id);
        Ok(found.expect("the conversation").conversation.status)
    }

    pub(crate) async fn everything(&self) -> anyhow::Result<Vec<ListedConversation>> {
        self.list_for_staff(StaffFilter::default(), None, 500).await
    }

    pub(crate) async fn list_for_staff(
        &self,
        filter: StaffFilter,
        after: Option<Place>,
        limit: i64,
    ) -> anyhow::Result<Vec<ListedConversation>> {
        let vendor_id = self.stage.vendor.id.clone();
        let list: Result<_, DbError> = self
            .stage
            .db
            .read(move |tx| {
                Box::pin(async move { messages::list_for_staff(tx, &vendor_id, &filter, after.as_ref(), limit).await })
            })
            .await;
        Ok(list?)
    }

    pub(crate) async fn list(&self, who: &UserId) -> anyhow::Result<Vec<ListedConversation>> {
        self.list_from(who, None, 500).await
    }

    pub(crate) async fn list_from(
        &self,
        who: &UserId,
        after: Option<&Place>,
        limit: i64,
    ) -> anyhow::Result<Vec<ListedConversation>> {
        let (cx, account_id, after) = (self.person(who), self.stage.account_id.clone(), after.cloned());
        let list: Result<_, DbError> = self
            .stage
            .db
            .read(move |tx| {
                Box::pin(async move { messages::list_conversations(tx, &cx, &account_id, after.as_ref(), limit).await })
            })
            .await;
        Ok(list?)
    }

    pub(crate) async fn unread(&self, who: &UserId) -> anyhow::Result<i64> {
        let (cx, account_id) = (self.person(who), self.stage.account_id.clone());
        let count: Result<_, DbError> = self
            .stage
            .db
            .read(move |tx| Box::pin(async move { messages::count_unread(tx, &cx, &account_id).await }))
            .await;
        Ok(count?)
    }

    pub(crate) async fn mark_read(&self, who: &UserId, id: &ConversationId, place: i64) -> anyhow::Result<()> {
        let (cx, id) = (self.person(who), id.clone());
        let done = self.stage.write(move |tx| Box::pin(async move { messages::mark_read(tx, &cx, &id, place).await }));
        Ok(done.await?)
    }
}
