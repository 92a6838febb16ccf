//! Who hears of tokens: whoever may make them for the same holder.

use super::{ApiToken, Holder, store};
use crate::accounts::{self, Act, StaffAct};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::MasterKey;
use crate::mail::{self, Letter, Sender};

/// Mails a letter about a token, which is made from the sender and the address of the page that lists it.
pub(super) async fn tell(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    token: &ApiToken,
    letter: impl Fn(&Sender, &str) -> Letter + Send,
) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let (path, people) = match token.holder() {
        Holder::Account(id) => {
            let members = accounts::list_members(tx, &cx.vendor_id, &id).await?;
            let owners = members.into_iter().filter(|(_, role)| accounts::may(*role, Act::ManageTokens));
            ("/account/tokens", owners.map(|(user, _)| (user.email, user.name)).collect::<Vec<_>>())
        }
        Holder::Vendor => {
            let staff = store::list_staff(tx, &cx.vendor_id).await?;
            let admins = staff.into_iter().filter(|(_, _, role)| accounts::staff_may(*role, StaffAct::ManageTokens));
            ("/staff/tokens", admins.map(|(email, name, _)| (email, name)).collect())
        }
    };
    let page = format!("{}{path}", sender.origin);
    for (email, name) in people {
        mail::enqueue(tx, cx, master, &sender.mail(&email, &name, letter(&sender, &page))).await?;
    }
    Ok(())
}

/// What the person who made a token is called; `None` is the operator.
pub(super) async fn maker(tx: &mut Tx, cx: &Cx, token: &ApiToken) -> Result<Option<String>, DbError> {
    let Some(id) = &token.created_by else { return Ok(None) };
    let user = accounts::find_user(tx, &cx.vendor_id, id).await?;
    Ok(user.map(|user| if user.name.is_empty() { user.email } else { user.name }))
}
