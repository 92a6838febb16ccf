//! Conversations and their messages in the database.

use super::{AboutKind, Conversation, ConversationStatus, ListedConversation, Message, Place, StaffFilter, rules};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, ConversationId, MessageId, UserId, VendorId};

pub(super) async fn insert_conversation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    conversation: &Conversation,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id, status,
             message_count, created_at, last_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &conversation.id,
        vendor_id,
        &conversation.account_id,
        &conversation.opened_by,
        &conversation.subject,
        conversation.about_kind,
        &conversation.about_id,
        conversation.status,
        conversation.message_count,
        conversation.created_at,
        conversation.last_at
    )?;
    Ok(())
}

pub(super) async fn find_conversation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
) -> Result<Option<Conversation>, DbError> {
    fetch_optional!(tx, Conversation, "SELECT * FROM conversations WHERE vendor_id = $1 AND id = $2", vendor_id, id)
}

/// The conversation, locked until the transaction ends: whoever writes, closes or assigns goes through here.
pub(super) async fn lock_conversation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
) -> Result<Option<Conversation>, DbError> {
    fetch_optional!(
        tx,
        Conversation,
        "UPDATE conversations SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )
}

/// A message as it is written.
pub(super) struct NewMessage<'a> {
    pub(super) id: &'a MessageId,
    pub(super) conversation_id: &'a ConversationId,
    pub(super) place: i64,
    pub(super) author_id: &'a UserId,
    pub(super) is_staff: bool,
    pub(super) text: &'a str,
    pub(super) mailed_to: Option<&'a str>,
}

pub(super) async fn insert_message(tx: &mut Tx, cx: &Cx, message: &NewMessage<'_>) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, mailed_to, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        message.id,
        &cx.vendor_id,
        message.conversation_id,
        message.place,
        message.author_id,
        message.is_staff,
        message.text,
        message.mailed_to,
        cx.now
    )?;
    Ok(())
}

/// Notes that the message at `place` was written.
pub(super) async fn set_written(
    tx: &mut Tx,
    cx: &Cx,
    id: &ConversationId,
    place: i64,
    is_staff: bool,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE conversations SET status = $3, message_count = $4, last_at = $5,
             answered_place = CASE WHEN $6 THEN $4 ELSE answered_place END
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        rules::status_after(is_staff),
        place,
        cx.now,
        is_staff
    )?;
    Ok(())
}

pub(super) async fn set_status(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
    status: ConversationStatus,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE conversations SET status = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, status)?;
    Ok(())
}

pub(super) async fn set_assigned(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
    to: Option<&UserId>,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE conversations SET assigned_to = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, to)?;
    Ok(())
}

/// Notes that a member has read up to a place.
pub(super) async fn set_seen(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
    user_id: &UserId,
    place: i64,
) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO conversation_readers (vendor_id, conversation_id, user_id, seen_place) VALUES ($1, $2, $3, $4)
         ON CONFLICT (conversation_id, user_id) DO UPDATE SET seen_place = CASE
             WHEN excluded.seen_place > conversation_readers.seen_place THEN excluded.seen_place
             ELSE conversation_readers.seen_place END",
        vendor_id,
        id,
        user_id,
        place
    )?;
    Ok(())
}

pub(super) async fn find_seen(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
    user_id: &UserId,
) -> Result<i64, DbError> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT seen_place FROM conversation_readers WHERE vendor_id = $1 AND conversation_id = $2 AND user_id = $3",
        vendor_id,
        id,
        user_id
    )?;
    Ok(row.map_or(0, |(place,)| place))
}

/// The newest messages before a place, oldest first.
pub(super) async fn list_messages(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Message>, DbError> {
    let mut messages = fetch_all!(
        tx,
        Message,
        "SELECT m.id, m.place, m.author_id, m.is_staff, m.text, m.mailed_to, m.created_at,
                u.name AS author_name, u.email AS author_email
         FROM messages m JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.author_id
         WHERE m.vendor_id = $1 AND m.conversation_id = $2 AND m.place < $3
         ORDER BY m.place DESC LIMIT $4",
        vendor_id,
        id,
        before.unwrap_or(i64::MAX),
        limit
    )?;
    messages.reverse();
    Ok(messages)
}

/// The members who have written in a conversation, whoever wrote last first.
pub(super) async fn list_writers(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
) -> Result<Vec<UserId>, DbError> {
    let rows = fetch_all!(
        tx,
        (UserId,),
        "SELECT author_id FROM messages WHERE vendor_id = $1 AND conversation_id = $2 AND NOT is_staff
         GROUP BY author_id ORDER BY MAX(place) DESC",
        vendor_id,
        id
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The newest messages that were mailed to the same mailbox, oldest first.
pub(super) async fn list_mailed_to(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &ConversationId,
    mailed_to: &str,
    limit: i64,
) -> Result<Vec<MessageId>, DbError> {
    let mut rows = fetch_all!(
        tx,
        (MessageId,),
        "SELECT id FROM messages WHERE vendor_id = $1 AND conversation_id = $2 AND mailed_to = $3
         ORDER BY place DESC LIMIT $4",
        vendor_id,
        id,
        mailed_to,
        limit
    )?;
    rows.reverse();
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The member who looks at a list.
pub(super) struct Reader<'a> {
    pub(super) account_id: &'a AccountId,
    pub(super) user_id: &'a UserId,
    /// Whether it reads what is about invoices and orders.
    pub(super) sees_money: bool,
}

/// The account's conversations that a member reads, the newest message first. The condition is [`rules::may_read`] in SQL;
/// a contract test holds the two together.
pub(super) async fn list_for_member(
    tx: &mut Tx,
    vendor_id: &VendorId,
    reader: &Reader<'_>,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ListedConversation>, DbError> {
    let (at, id) = after.map_or((UnixMs(i64::MAX), ""), |place| (place.last_at, place.id.as_str()));
    fetch_all!(
        tx,
        ListedConversation,
        "SELECT c.*, a.company, o.name AS opener_name, o.email AS opener_email, CAST(NULL AS TEXT) AS assignee,
                c.answered_place > COALESCE(r.seen_place, 0) AS is_unread
         FROM conversations c
         JOIN accounts a ON a.vendor_id = c.vendor_id AND a.id = c.account_id
         JOIN users o ON o.vendor_id = c.vendor_id AND o.id = c.opened_by
         LEFT JOIN conversation_readers r ON r.conversation_id = c.id AND r.user_id = $3
         WHERE c.vendor_id = $1 AND c.account_id = $2
           AND (c.about_kind IN ('license', 'instance') OR c.about_kind = 'nothing' AND c.opened_by = $3
                OR c.about_kind IN ('invoice', 'order') AND $4)
           AND (c.last_at < $5 OR c.last_at = $5 AND c.id < $6)
         ORDER BY c.last_at DESC, c.id DESC LIMIT $7",
        vendor_id,
        reader.account_id,
        reader.user_id,
        reader.sees_money,
        at,
        id,
        limit
    )
}

/// In how many of the account's conversations a member has an answer to read.
pub(super) async fn count_unread(tx: &mut Tx, vendor_id: &VendorId, reader: &Reader<'_>) -> Result<i64, DbError> {
    let (count,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversations c
         LEFT JOIN conversation_readers r ON r.conversation_id = c.id AND r.user_id = $3
         WHERE c.vendor_id = $1 AND c.account_id = $2 AND c.answered_place > COALESCE(r.seen_place, 0)
           AND (c.about_kind IN ('license', 'instance') OR c.about_kind = 'nothing' AND c.opened_by = $3
                OR c.about_kind IN ('invoice', 'order') AND $4)",
        vendor_id,
        reader.account_id,
        reader.user_id,
        reader.sees_money
    )?;
    Ok(count)
}

/// The vendor's conversations, those that wait for an answer first, and in each part the newest message first: for the
/// vendor's staff.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_for_staff(
    tx: &mut Tx,
    vendor_id: &VendorId,
    filter: &StaffFilter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ListedConversation>, DbError> {
    let (turn, at, id) = after.map_or((-1, UnixMs(0), ""), |place| (place.turn, place.last_at, place.id.as_str()));
    fetch_all!(
        tx,
        ListedConversation,
        "SELECT c.*, a.company, o.name AS opener_name, o.email AS opener_email, FALSE AS is_unread,
                CASE WHEN s.name = '' THEN s.email ELSE s.name END AS assignee
         FROM conversations c
         JOIN accounts a ON a.vendor_id = c.vendor_id AND a.id = c.account_id
         JOIN users o ON o.vendor_id = c.vendor_id AND o.id = c.opened_by
         LEFT JOIN users s ON s.vendor_id = c.vendor_id AND s.id = c.assigned_to
         WHERE c.vendor_id = $1 AND ($2 = '' OR c.status = $2) AND ($3 = '' OR c.assigned_to = $3)
           AND ($4 = '' OR c.about_kind = $4)
           AND ((CASE c.status WHEN 'open' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END) > $5
                OR (CASE c.status WHEN 'open' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END) = $5
                   AND (c.last_at < $6 OR c.last_at = $6 AND c.id < $7))
         ORDER BY (CASE c.status WHEN 'open' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END), c.last_at DESC, c.id DESC
         LIMIT $8",
        vendor_id,
        filter.status.map_or("", ConversationStatus::as_str),
        filter.assigned_to.as_ref().map_or("", UserId::as_str),
        filter.about.map_or("", AboutKind::as_str),
        turn,
        at,
        id,
        limit
    )
}

/// How many conversations of the vendor's wait for whom.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_by_status(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<(ConversationStatus, i64)>, DbError> {
    fetch_all!(
        tx,
        (ConversationStatus, i64),
        "SELECT status, CAST(COUNT(*) AS BIGINT) FROM conversations WHERE vendor_id = $1 GROUP BY status",
        vendor_id
    )
}

/// How many conversations of the vendor's wait for an answer.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn count_open(tx: &mut Tx, vendor_id: &VendorId) -> Result<i64, DbError> {
    // Written like the index of the staff's list, so that it is counted in there.
    let (count,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT CAST(COUNT(*) AS BIGINT) FROM conversations
         WHERE vendor_id = $1 AND (CASE status WHEN 'open' THEN 0 WHEN 'answered' THEN 1 ELSE 2 END) = 0",
        vendor_id
    )?;
    Ok(count)
}
