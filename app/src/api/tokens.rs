//! The forms of API tokens: an account's, and the vendor's. Who may is asked by the use cases.
//!
//! A new token is shown once. Between the form and the page that shows it, it waits sealed in the session, for a
//! minute; what was typed waits there while the password is asked for.

use std::collections::BTreeSet;

use backend::Cx;
use backend::clock::{MINUTE_MS, UnixMs};
use backend::ids::ApiTokenId;
use backend::keys::Purpose;
use backend::text::en::tokens as text;
use backend::tokens::rules::{self, DEFAULT_DAYS, TokenFault};
use backend::tokens::{self, ApiToken, Holder, NewToken, Scope, TokenCreation, TokenRevocation, TokenText};
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::form::{FormFailure, Refused, say_done};
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The page of an account's tokens.
pub const ACCOUNT_TOKENS: &str = "/account/tokens";
/// The page of the vendor's tokens.
pub const STAFF_TOKENS: &str = "/staff/tokens";
/// The form that makes an account's token.
pub const CREATE: &str = "create-token";
/// The form that makes a token of the vendor's.
pub const CREATE_FOR_VENDOR: &str = "create-vendor-token";

/// What was typed, in the session, while the password is asked for.
const DRAFT_KEY: &str = "token_draft";
/// A new token that waits to be shown, in the session.
const NEW_KEY: &str = "new_token";
/// How long it waits, in milliseconds.
const NEW_MS: i64 = MINUTE_MS;
/// The code of a form that was refused because there are too many tokens.
const TOO_MANY: &str = "too_many";
/// The code of a form that was refused because the e-mail address is not confirmed.
const UNPROVEN: &str = "unproven";

/// The values of the form, as typed. Each scope is a box to tick, named by [`field_of`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenForm {
    /// What the token is for.
    pub name: String,
    /// For how many days it is good.
    pub days: String,
    /// `true` where it is ticked, like all that follow.
    pub licenses_read: String,
    /// Name licenses.
    pub licenses_write: String,
    /// See instances.
    pub instances_read: String,
    /// Free seats, block and unblock.
    pub instances_write: String,
    /// See what happened.
    pub events_read: String,
    /// See invoices.
    pub invoices_read: String,
    /// See use.
    pub usage_read: String,
    /// See orders and clients.
    pub orders_read: String,
    /// Order for clients, give orders up.
    pub orders_write: String,
    /// See products and releases.
    pub catalog_read: String,
    /// Publish releases.
    pub releases_write: String,
}

/// The name of the box of a scope.
#[must_use]
pub fn field_of(scope: Scope) -> &'static str {
    match scope {
        Scope::LicensesRead => "licenses_read",
        Scope::LicensesWrite => "licenses_write",
        Scope::InstancesRead => "instances_read",
        Scope::InstancesWrite => "instances_write",
        Scope::EventsRead => "events_read",
        Scope::InvoicesRead => "invoices_read",
        Scope::UsageRead => "usage_read",
        Scope::OrdersRead => "orders_read",
        Scope::OrdersWrite => "orders_write",
        Scope::CatalogRead => "catalog_read",
        Scope::ReleasesWrite => "releases_write",
    }
}

impl TokenForm {
    /// The form before anything was typed.
    #[must_use]
    pub fn fresh() -> Self {
        Self { days: DEFAULT_DAYS.to_string(), ..Self::default() }
    }

    /// What was typed into the box of a scope.
    #[must_use]
    pub fn ticked(&self, scope: Scope) -> &str {
        match scope {
            Scope::LicensesRead => &self.licenses_read,
            Scope::LicensesWrite => &self.licenses_write,
            Scope::InstancesRead => &self.instances_read,
            Scope::InstancesWrite => &self.instances_write,
            Scope::EventsRead => &self.events_read,
            Scope::InvoicesRead => &self.invoices_read,
            Scope::UsageRead => &self.usage_read,
            Scope::OrdersRead => &self.orders_read,
            Scope::OrdersWrite => &self.orders_write,
            Scope::CatalogRead => &self.catalog_read,
            Scope::ReleasesWrite => &self.releases_write,
        }
    }

    fn asks_for(&self, holder: Holder) -> NewToken {
        let scopes: BTreeSet<Scope> =
            Scope::ALL.iter().copied().filter(|scope| self.ticked(*scope) == "true").collect();
        // What is no number is no number of days either.
        let days = self.days.trim().parse().unwrap_or(0);
        NewToken { holder, name: self.name.clone(), scopes, days }
    }

    fn refused(&self, form: &str) -> Refused {
        let refused = Refused::new(form).value("name", &self.name).value("days", &self.days);
        Scope::ALL.iter().fold(refused, |refused, scope| refused.value(field_of(*scope), self.ticked(*scope)))
    }

    /// The form as it was refused; `None` where it was not.
    #[must_use]
    pub fn of_refused(refused: &Refused) -> Option<Self> {
        let values = serde_json::to_value(&refused.values).ok()?;
        if refused.values.is_empty() { None } else { serde_json::from_value(values).ok() }
    }
}

/// Makes a token of the account that is acted for, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for scopes that no form of ours offers.
#[server(prefix = "/act", endpoint = "create-token")]
pub async fn create_token(
    /// What is asked for.
    #[server(flatten)]
    form: TokenForm,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let holder = own_account(&visit)?;
    create(&visit, &form, holder, CREATE, ACCOUNT_TOKENS).await
}

/// Makes a token of the vendor's, likewise.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for scopes that no form of ours offers.
#[server(prefix = "/act", endpoint = "create-vendor-token")]
pub async fn create_vendor_token(
    /// What is asked for.
    #[server(flatten)]
    form: TokenForm,
) -> Result<(), FormFailure> {
    create(&Visit::here(), &form, Holder::Vendor, CREATE_FOR_VENDOR, STAFF_TOKENS).await
}

async fn create(
    visit: &Visit,
    form: &TokenForm,
    holder: Holder,
    form_name: &str,
    page: &str,
) -> Result<(), FormFailure> {
    let (cx, asked_for) = (acting(visit, &holder), holder.clone());
    let may = visit.state.db.read(|tx| Box::pin(async move { tokens::may_manage(tx, &cx, &asked_for).await }));
    if !may.await? {
        return Err(FormFailure::not_allowed());
    }
    let new = form.asks_for(holder);
    if let Err(faults) = rules::check(&new.holder, &new.name, &new.scopes, new.days) {
        return refuse(form, form_name, page, &new.holder, &faults).await;
    }
    if fresh_authentication(visit).await?.is_none() {
        visit.session.insert(DRAFT_KEY, (form_name, form)).await?;
        redirect(&confirm_first(&format!("{page}#make")));
        return Ok(());
    }
    let (cx, master, asked) = (acting(visit, &new.holder), visit.state.master.clone(), new.clone());
    let created =
        visit.state.db.write(move |tx| Box::pin(async move { tokens::create_token(tx, &cx, &master, &asked).await }));
    match created.await? {
        TokenCreation::Created { token, text } => {
            keep(visit, &token, &text, page).await?;
            redirect(&format!("{page}#new"));
            Ok(())
        }
        TokenCreation::TooMany => {
            form.refused(form_name).problem("", TOO_MANY).go_back(page).await;
            Ok(())
        }
        TokenCreation::Unproven => {
            form.refused(form_name).problem("", UNPROVEN).go_back(page).await;
            Ok(())
        }
        TokenCreation::Refused(faults) => refuse(form, form_name, page, &new.holder, &faults).await,
        TokenCreation::NotAllowed => Err(FormFailure::not_allowed()),
    }
}

async fn refuse(
    form: &TokenForm,
    form_name: &str,
    page: &str,
    holder: &Holder,
    faults: &[TokenFault],
) -> Result<(), FormFailure> {
    if faults.contains(&TokenFault::ForeignScope) {
        return Err(FormFailure::malformed());
    }
    let refused = faults.iter().fold(form.refused(form_name), |refused, fault| {
        let field = match fault {
            TokenFault::NameMissing | TokenFault::NameTooLong => "name",
            TokenFault::DaysOutOfRange => "days",
            // Of several boxes the first one is where to begin.
            TokenFault::NoScope | TokenFault::ForeignScope => holder.scopes().first().map_or("", |it| field_of(*it)),
        };
        refused.problem(field, &serde_json::to_string(fault).unwrap_or_default())
    });
    refused.go_back(page).await;
    Ok(())
}

/// The sentences of a refused form.
#[must_use]
pub fn errors_of(refused: &Refused) -> Vec<FieldError> {
    let sentence = |code: &str| match code {
        TOO_MANY => Some(text::too_many()),
        UNPROVEN => Some(text::UNPROVEN.to_owned()),
        code => text::fault(serde_json::from_str(code).ok()?),
    };
    let error = |(field, code): &(String, String)| Some(FieldError::new(field.clone(), sentence(code)?));
    refused.problems.iter().filter_map(error).collect()
}

/// What was typed before the password was asked for, once.
pub async fn take_draft(visit: &Visit, form_name: &str) -> Option<TokenForm> {
    let (name, form) = visit.session.get::<(String, TokenForm)>(DRAFT_KEY).await.ok().flatten()?;
    // Somebody who goes to the page without having typed the password does not lose the draft.
    let is_fresh = fresh_authentication(visit).await.ok().flatten().is_some();
    if name != form_name || !is_fresh {
        return None;
    }
    let taken = visit.session.remove_value(DRAFT_KEY).await;
    taken.is_ok().then_some(form)
}

/// A new token on its way to its page.
#[derive(Debug, Serialize, Deserialize)]
struct New {
    token_id: ApiTokenId,
    sealed: Vec<u8>,
    made_at: UnixMs,
    page: String,
}

async fn keep(visit: &Visit, token: &ApiToken, text: &TokenText, page: &str) -> Result<(), FormFailure> {
    let (master, entropy) = (&visit.state.master, &visit.state.entropy);
    let sealed = master.seal(Purpose::NewToken, token.id.as_str(), text.expose().as_bytes(), entropy);
    let new = New { token_id: token.id.clone(), sealed, made_at: token.created_at, page: page.to_owned() };
    Ok(visit.session.insert(NEW_KEY, new).await?)
}

/// What there is to show of a token that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// None was made.
    Nothing,
    /// This one, and never again.
    Token(TokenText),
    /// One was made, and its moment has passed.
    Lost,
}

/// The new token of the page that asks, once.
pub async fn take_new(visit: &Visit) -> Shown {
    let Ok(Some(new)) = visit.session.get::<New>(NEW_KEY).await else { return Shown::Nothing };
    if new.page != visit.path {
        return Shown::Nothing;
    }
    // One that cannot be forgotten would be shown again and again.
    let forgotten = visit.session.remove_value(NEW_KEY).await.is_ok();
    let is_in_time = visit.state.clock.now() < new.made_at.plus(NEW_MS);
    let opened = visit.state.master.unseal(Purpose::NewToken, new.token_id.as_str(), &new.sealed).ok();
    let text = opened.as_ref().and_then(|plain| std::str::from_utf8(plain).ok()).and_then(TokenText::parse);
    match text {
        Some(text) if forgotten && is_in_time => Shown::Token(text),
        _ => Shown::Lost,
    }
}

/// Revokes a token of the account that is acted for.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for tokens of others.
#[server(prefix = "/act", endpoint = "revoke-token")]
pub async fn revoke_token(
    /// The token.
    token_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let holder = own_account(&visit)?;
    revoke(&visit, holder, &token_id, ACCOUNT_TOKENS).await
}

/// Revokes a token of the vendor's.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for tokens of others.
#[server(prefix = "/act", endpoint = "revoke-vendor-token")]
pub async fn revoke_vendor_token(
    /// The token.
    token_id: String,
) -> Result<(), FormFailure> {
    revoke(&Visit::here(), Holder::Vendor, &token_id, STAFF_TOKENS).await
}

/// Whoever acts: as the vendor's staff for its own tokens.
fn acting(visit: &Visit, holder: &Holder) -> Cx {
    if matches!(holder, Holder::Vendor) { visit.staff_cx() } else { visit.viewer_cx() }
}

async fn revoke(visit: &Visit, holder: Holder, token_id: &str, page: &str) -> Result<(), FormFailure> {
    let (cx, id) = (acting(visit, &holder), ApiTokenId::from_untrusted(token_id));
    let revoked =
        visit.state.db.write(move |tx| Box::pin(async move { tokens::revoke_token(tx, &cx, &holder, &id).await }));
    match revoked.await? {
        TokenRevocation::Revoked => say_done("token_revoked").await,
        TokenRevocation::Over => say_done("nothing_changed").await,
        TokenRevocation::NotFound => return Err(FormFailure::not_allowed()),
    }
    redirect(page);
    Ok(())
}

fn own_account(visit: &Visit) -> Result<Holder, FormFailure> {
    visit.account().map(|(account, _)| Holder::Account(account.id)).ok_or_else(FormFailure::not_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ticked_is_asked_for_and_a_refused_form_comes_back_as_it_was_typed() {
        let form = TokenForm {
            name: "CI".to_owned(),
            days: "ninety".to_owned(),
            instances_write: "true".to_owned(),
            releases_write: "true".to_owned(),
            ..TokenForm::default()
        };
        let asked = form.asks_for(Holder::Vendor);
        assert_eq!(asked.scopes, [Scope::InstancesWrite, Scope::ReleasesWrite].into());
        assert_eq!(asked.days, 0);
        assert_eq!(TokenForm::of_refused(&form.refused(CREATE)), Some(form));
        assert_eq!(TokenForm::of_refused(&Refused::default()), None);
    }

    #[test]
    fn every_scope_has_a_box_of_its_own() {
        for scope in Scope::ALL {
            let fields = serde_json::json!({ field_of(*scope): "true" });
            let form: TokenForm = serde_json::from_value(fields).unwrap_or_default();
            assert_eq!(form.asks_for(Holder::Vendor).scopes, [*scope].into());
        }
    }

    #[test]
    fn faults_wait_as_codes_and_come_back_as_sentences() {
        let fault = serde_json::to_string(&TokenFault::NameMissing).unwrap_or_default();
        let refused = Refused::new(CREATE)
            .problem("name", &fault)
            .problem("", TOO_MANY)
            .problem("", UNPROVEN)
            .problem("days", "forged");
        let fields: Vec<_> = errors_of(&refused).into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "", ""]);
    }
}
