//! A mail by which staff see that mails go out, and what they look like.

use crate::accounts::{Limit, RateVerdict, StaffAct, find_user, hit, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::console_settings as letters;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestMail {
    /// It is queued; the mail log says when it was taken.
    Queued,
    /// Too many of them.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Whoever acts may not, or is no person.
    NotAllowed,
}

/// Sends the person who acts a mail.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn send_test_mail(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<TestMail, DbError> {
    if !staff_may_act(tx, cx, StaffAct::EditSettings).await? {
        return Ok(TestMail::NotAllowed);
    }
    let Some(user_id) = cx.actor.person() else { return Ok(TestMail::NotAllowed) };
    let Some(user) = find_user(tx, &cx.vendor_id, user_id).await? else { return Ok(TestMail::NotAllowed) };
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(TestMail::NotAllowed) };
    if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, Limit::TestMailUser, user_id.as_str()).await? {
        return Ok(TestMail::Limited { retry_after_s });
    }
    let letter = letters::test_mail(&sender, cx.now);
    mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    audit::record(tx, cx, None, "vendor.send_test_mail", user_id.as_str(), audit::NOTHING, audit::NOTHING).await?;
    Ok(TestMail::Queued)
}
