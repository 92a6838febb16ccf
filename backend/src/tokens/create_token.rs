//! Making a token.

use std::collections::BTreeSet;

use serde_json::json;

use super::rules::{self, TokenFault};
use super::{ApiToken, Holder, Scope, TokenText, may_manage, recipients, store};
use crate::clock::DAY_MS;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx};
use crate::keys::MasterKey;
use crate::text::en::token_mail as letters;
use crate::{accounts, audit, vendors};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whom it acts for.
    pub holder: Holder,
    /// What people will call it, as typed.
    pub name: String,
    /// What it opens.
    pub scopes: BTreeSet<Scope>,
    /// For how many days.
    pub days: i64,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenCreation {
    /// It is made, and those who may make tokens are told by mail. The text exists in this answer alone.
    Created {
        /// The token.
        token: Box<ApiToken>,
        /// Its text.
        text: TokenText,
    },
    /// It cannot be made like this.
    Refused(Vec<TokenFault>),
    /// Nobody has shown yet that the address of whoever acts is theirs: the token would go on when its owner comes.
    Unproven,
    /// The holder has [`rules::MAX_LIVE`] live tokens.
    TooMany,
    /// Whoever acts may not.
    NotAllowed,
}

/// Makes a token.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn create_token(tx: &mut Tx, cx: &Cx, master: &MasterKey, new: &NewToken) -> Result<TokenCreation, DbError> {
    if !may_manage(tx, cx, &new.holder).await? {
        return Ok(TokenCreation::NotAllowed);
    }
    let name = match rules::check(&new.holder, &new.name, &new.scopes, new.days) {
        Ok(name) => name,
        Err(faults) => return Ok(TokenCreation::Refused(faults)),
    };
    if is_unproven(tx, cx, &new.holder).await? {
        return Ok(TokenCreation::Unproven);
    }
    // Under the holder's lock, so that of several at once no two take the last place.
    let is_there = match &new.holder {
        Holder::Account(id) => accounts::lock_account(tx, &cx.vendor_id, id).await?.is_some(),
        Holder::Vendor => vendors::lock_vendor(tx, &cx.vendor_id).await?.is_some(),
    };
    if !is_there {
        return Ok(TokenCreation::NotAllowed);
    }
    if store::count_live(tx, &cx.vendor_id, &new.holder, cx.now).await? >= rules::MAX_LIVE {
        return Ok(TokenCreation::TooMany);
    }
    let text = TokenText::generate(&cx.entropy);
    let token = ApiToken {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: new.holder.account_id().cloned(),
        name,
        hint: text.hint(),
        scopes: JsonText(new.scopes.clone()),
        created_by: cx.actor.person().cloned(),
        created_at: cx.now,
        expires_at: cx.now.plus(new.days.saturating_mul(DAY_MS)),
        last_used_at: None,
        last_used_address: None,
        revoked_at: None,
    };
    store::insert_token(tx, &token, &text.hash()).await?;
    let after = json!({
        "name": token.name, "hint": token.hint, "scopes": token.scopes.0,
        "expires_at": token.expires_at.timestamp().to_string(),
    });
    let id = token.id.as_str();
    audit::record(tx, cx, token.account_id.as_ref(), "token.create", id, audit::NOTHING, Some(&after)).await?;
    let maker = recipients::maker(tx, cx, &token).await?;
    recipients::tell(tx, cx, master, &token, |sender, page| {
        letters::token_created(sender, &token, maker.as_deref(), cx.now, page)
    })
    .await?;
    Ok(TokenCreation::Created { token: Box::new(token), text })
}

/// Whether it is a customer who acts, with an address that may be a stranger's. Staff have shown theirs before they were made
/// staff.
async fn is_unproven(tx: &mut Tx, cx: &Cx, holder: &Holder) -> Result<bool, DbError> {
    let (Holder::Account(_), Some(user_id)) = (holder, cx.actor.person()) else { return Ok(false) };
    let user = accounts::find_user(tx, &cx.vendor_id, user_id).await?;
    Ok(user.is_none_or(|user| user.email_verified_at.is_none()))
}
