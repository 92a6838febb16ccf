//! Reading: one's account's conversations, one of them, and how many have news.

use super::store::{self, Reader};
use super::{About, Conversation, ListedConversation, Message, Place, find_about, find_about_for_staff, person, rules};
use crate::accounts::{self, Account, Act, StaffAct, User, may};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, ConversationId, UserId};

/// A conversation with what a page shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The conversation.
    pub conversation: Conversation,
    /// What it is about; `None` where that is gone, or where the account that looks has nothing to do with it any more.
    pub about: Option<About>,
    /// The account.
    pub account: Account,
    /// The member who began it.
    pub opener: Option<User>,
    /// The member of the staff who cares for it.
    pub assignee: Option<User>,
    /// The messages that are shown, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether an answer in it was not read yet by the member who looks; never for staff.
    pub is_unread: bool,
}

/// The one who acts and the conversation, where it is a member who reads it.
pub(super) async fn find_for_member(
    tx: &mut Tx,
    cx: &Cx,
    id: &ConversationId,
) -> Result<Option<(UserId, Conversation)>, DbError> {
    let Some(user_id) = person(cx) else { return Ok(None) };
    let Some(conversation) = store::find_conversation(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let role = accounts::member_role(tx, &cx.vendor_id, &conversation.account_id, user_id).await?;
    let is_own = conversation.opened_by == *user_id;
    let reads = role.is_some_and(|role| rules::may_read(conversation.about_kind, role, is_own));
    Ok(reads.then(|| (user_id.clone(), conversation)))
}

/// A conversation for a member who reads it, with its newest `limit` messages before a place. [`mark_read`] notes that it
/// was read.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn read_conversation(
    tx: &mut Tx,
    cx: &Cx,
    id: &ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Option<Thread>, DbError> {
    let Some((user_id, conversation)) = find_for_member(tx, cx, id).await? else { return Ok(None) };
    let seen = store::find_seen(tx, &cx.vendor_id, id, &user_id).await?;
    let is_unread = conversation.answered_place > seen;
    let about = find_about(tx, &cx.vendor_id, &conversation.account_id, &conversation.about_id).await?;
    let found = thread(tx, cx, (conversation, about), before, limit).await?;
    Ok(found.map(|thread| Thread { is_unread, ..thread }))
}

/// Notes that the one who acts has read a conversation up to a place.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn mark_read(tx: &mut Tx, cx: &Cx, id: &ConversationId, place: i64) -> Result<(), DbError> {
    match find_for_member(tx, cx, id).await? {
        Some((user_id, _)) => store::set_seen(tx, &cx.vendor_id, id, &user_id, place).await,
        None => Ok(()),
    }
}

/// A conversation for the vendor's staff, with its newest `limit` messages before a place.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn read_as_staff(
    tx: &mut Tx,
    cx: &Cx,
    id: &ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Option<Thread>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let Some(conversation) = store::find_conversation(tx, &cx.vendor_id, id).await? else { return Ok(None) };
    let about = find_about_for_staff(tx, &cx.vendor_id, &conversation.account_id, &conversation.about_id).await?;
    thread(tx, cx, (conversation, about), before, limit).await
}

async fn thread(
    tx: &mut Tx,
    cx: &Cx,
    (conversation, about): (Conversation, Option<About>),
    before: Option<i64>,
    limit: i64,
) -> Result<Option<Thread>, DbError> {
    let vendor_id = &cx.vendor_id;
    let Some(account) = accounts::find_account(tx, vendor_id, &conversation.account_id).await? else { return Ok(None) };
    let messages = store::list_messages(tx, vendor_id, &conversation.id, before, limit).await?;
    let assignee = match &conversation.assigned_to {
        Some(id) => accounts::find_user(tx, vendor_id, id).await?,
        None => None,
    };
    Ok(Some(Thread {
        about,
        opener: accounts::find_user(tx, vendor_id, &conversation.opened_by).await?,
        assignee,
        has_older: messages.first().is_some_and(|message| message.place > 1),
        is_unread: false,
        account,
        messages,
        conversation,
    }))
}

/// The account's conversations that the one who acts reads, the newest message first; none for a stranger.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_conversations(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ListedConversation>, DbError> {
    match reader(tx, cx, account_id).await? {
        Some(reader) => store::list_for_member(tx, &cx.vendor_id, &reader, after, limit).await,
        None => Ok(Vec::new()),
    }
}

/// In how many of the account's conversations the one who acts has an answer to read.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_unread(tx: &mut Tx, cx: &Cx, account_id: &AccountId) -> Result<i64, DbError> {
    match reader(tx, cx, account_id).await? {
        Some(reader) => store::count_unread(tx, &cx.vendor_id, &reader).await,
        None => Ok(0),
    }
}

async fn reader<'a>(tx: &mut Tx, cx: &'a Cx, account_id: &'a AccountId) -> Result<Option<Reader<'a>>, DbError> {
    let Some(user_id) = person(cx) else { return Ok(None) };
    let role = accounts::member_role(tx, &cx.vendor_id, account_id, user_id).await?;
    let role = role.filter(|role| may(*role, Act::See));
    Ok(role.map(|role| Reader { account_id, user_id, sees_money: may(role, Act::SeeInvoices) }))
}
