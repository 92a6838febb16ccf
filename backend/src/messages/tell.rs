//! Mails about messages: to the vendor what a customer wrote, to the one member what the staff answered.

use super::{About, Conversation, rules, store};
use crate::accounts::{self, Account, User};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::MessageId;
use crate::keys::MasterKey;
use crate::mail::{self, MailThread, Sender};
use crate::text::en::message_mail as letters;

/// Who a message to the vendor is mailed to, as its row says it.
pub(super) const TO_VENDOR: &str = "vendor";
/// So many earlier mails are named by a new one.
const NAMED: i64 = 20;

/// Where a mail about this message stands among those that the same mailbox has got.
async fn thread(
    tx: &mut Tx,
    cx: &Cx,
    conversation: &Conversation,
    id: &MessageId,
    mailbox: &str,
) -> Result<MailThread, DbError> {
    let mailed = store::list_mailed_to(tx, &cx.vendor_id, &conversation.id, mailbox, NAMED).await?;
    let before = mailed.iter().map(MessageId::to_string);
    let before = std::iter::once(conversation.id.to_string()).chain(before).collect();
    Ok(MailThread { id: id.to_string(), before })
}

/// Queues the mail to the vendor's support address; `false` where it has none.
pub(super) async fn tell_vendor(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    conversation: &Conversation,
    about: &About,
    (id, author, text): (&MessageId, &User, &str),
) -> Result<bool, DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(false) };
    let Some(account) = accounts::find_account(tx, &cx.vendor_id, &conversation.account_id).await? else {
        return Ok(false);
    };
    if sender.support_email.is_empty() {
        return Ok(false);
    }
    let thread = thread(tx, cx, conversation, id, TO_VENDOR).await?;
    let is_first = conversation.message_count <= 1;
    let letter = letters::received(
        &sender,
        (&conversation.id, conversation.subject.as_str(), is_first),
        &account,
        author,
        about,
        text,
    );
    let (to, to_name) = (sender.support_email.clone(), sender.name.clone());
    let mut mail = sender.mail(&to, &to_name, letter);
    // An answer to this mail would reach neither the customer nor the conversation; nor may the vendor's own mailbox,
    // which usually takes answers, answer itself.
    mail.reply_to = None;
    mail.thread = Some(thread);
    mail::enqueue(tx, cx, master, &mail).await?;
    Ok(true)
}

/// The member who is answered: whoever wrote last and still reads the conversation. `None` where they all have left.
pub(super) async fn find_answered(tx: &mut Tx, cx: &Cx, conversation: &Conversation) -> Result<Option<User>, DbError> {
    for writer in store::list_writers(tx, &cx.vendor_id, &conversation.id).await? {
        let role = accounts::member_role(tx, &cx.vendor_id, &conversation.account_id, &writer).await?;
        let is_own = writer == conversation.opened_by;
        if role.is_some_and(|role| rules::may_read(conversation.about_kind, role, is_own)) {
            return accounts::find_user(tx, &cx.vendor_id, &writer).await;
        }
    }
    Ok(None)
}

/// Queues the mail to the member who is answered.
pub(super) async fn tell_member(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    conversation: &Conversation,
    member: &User,
    (id, author, text): (&MessageId, &User, &str),
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let account: Option<Account> = accounts::find_account(tx, &cx.vendor_id, &conversation.account_id).await?;
    let company = account.map(|account| account.company).unwrap_or_default();
    let letter =
        letters::answered(&sender, (&conversation.id, conversation.subject.as_str()), &company, &author.name, text);
    let mut mail = sender.mail(&member.email, &member.name, letter);
    mail.thread = Some(thread(tx, cx, conversation, id, member.id.as_str()).await?);
    mail::enqueue(tx, cx, master, &mail).await
}
