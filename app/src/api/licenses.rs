//! The forms of a license's page: its name, its key, its seats.

use backend::accounts::{self, Act, Field, FieldProblem, Problem};
use backend::billing;
use backend::clock::{MINUTE_MS, UnixMs};
use backend::db::DbError;
use backend::ids::{InstanceId, LicenseId};
use backend::leases::{self, Freed};
use backend::licenses::{self, KeyReplacement};
use backend::partners;
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::partners::client_page;
use super::refusal::Refusal;
use super::step_up::{confirm_and_repeat, confirm_first, fresh_authentication};
use crate::request::Visit;

/// The form that names a license.
pub const RENAME: &str = "rename-license";
/// The session's note that the key of a license may be shown, once.
const REVEAL_KEY: &str = "reveal_key";
/// How long such a note waits for its page, in milliseconds.
const REVEAL_MS: i64 = MINUTE_MS;

/// Names a license.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for licenses of other accounts.
#[server(prefix = "/act", endpoint = "rename-license")]
pub async fn rename_license(
    /// The license.
    license_id: String,
    /// The name; empty removes it.
    #[server(default)]
    name: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let page = local_path(&format!("/licenses/{license_id}"));
    match licenses::rules::check_name(&name) {
        Ok(name) => {
            let (cx, id) = (visit.viewer_cx(), LicenseId::from_untrusted(&license_id));
            let renamed = visit
                .state
                .db
                .write(move |tx| Box::pin(async move { licenses::rename_license(tx, &cx, &id, &name).await }));
            if !renamed.await? {
                return Err(FormFailure::not_allowed());
            }
            say_done("license_renamed").await;
            redirect(&page);
        }
        Err(max) => {
            let refused = Refused::new(RENAME).value("name", &name);
            let problems = vec![FieldProblem { field: Field::Name, problem: Problem::TooLong { max } }];
            Refusal::fields(refused, problems).go_back(&page).await;
        }
    }
    Ok(())
}

/// A note that a license's key may be shown.
#[derive(Debug, Serialize, Deserialize)]
struct Reveal {
    license_id: LicenseId,
    asked_at: UnixMs,
}

/// Lets the license's page show the key once, after asking for the password unless it was typed lately. The key itself never waits in a session: the page opens it, and
/// that it was shown is recorded then.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for licenses of other accounts.
#[server(prefix = "/act", endpoint = "reveal-key")]
pub async fn reveal_key(
    /// The license.
    license_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let license_id = own_license(&visit, &license_id, Act::SeeKeys).await?;
    let page = format!("/licenses/{license_id}#key");
    let note = Reveal { license_id, asked_at: visit.state.clock.now() };
    visit.session.insert(REVEAL_KEY, note).await?;
    match fresh_authentication(&visit).await? {
        Some(_) => redirect(&page),
        None => redirect(&confirm_first(&page)),
    }
    Ok(())
}

/// Whether the key of this license was asked for a moment ago by somebody who has typed the password lately;
/// answers so once. A note that still waits for the password stays.
pub async fn take_reveal(visit: &Visit, license_id: &LicenseId) -> bool {
    let Ok(Some(note)) = visit.session.get::<Reveal>(REVEAL_KEY).await else { return false };
    let Ok(Some(authenticated_at)) = fresh_authentication(visit).await else { return false };
    if note.license_id != *license_id {
        return false;
    }
    // A note that cannot be forgotten would show the key again and again.
    let forgotten = visit.session.remove_value(REVEAL_KEY).await.is_ok();
    forgotten && visit.state.clock.now() < note.asked_at.max(authenticated_at).plus(REVEAL_MS)
}

/// Replaces a license's key. The old one goes on working for the days of the overlap; where it shall end at once, the
/// password is asked for unless it was typed lately. The license's page shows the new one to whoever has typed it lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, for licenses of other accounts, and for an overlap out of range.
#[server(prefix = "/act", endpoint = "replace-key")]
pub async fn replace_key(
    /// The license.
    license_id: String,
    /// Days for which the old key goes on working, 0 to 30.
    #[server(default)]
    overlap_days: i64,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    // Whatever starts with the old key from now on is turned away.
    if overlap_days == 0 {
        let id = own_license(&visit, &license_id, Act::ReplaceKeys).await?;
        if fresh_authentication(&visit).await?.is_none() {
            redirect(&confirm_and_repeat(&visit, &format!("/licenses/{id}")).await?);
            return Ok(());
        }
    }
    let license_id = LicenseId::from_untrusted(&license_id);
    let (cx, master, id) = (visit.viewer_cx(), visit.state.master.clone(), license_id.clone());
    let replaced = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { licenses::replace_key(tx, &cx, &master, &id, overlap_days).await }));
    match replaced.await? {
        KeyReplacement::Replaced { .. } => say_done("key_replaced").await,
        KeyReplacement::OverlapOutOfRange => return Err(FormFailure::malformed()),
        KeyReplacement::NotFound | KeyReplacement::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    let page = format!("/licenses/{license_id}#key");
    visit.session.insert(REVEAL_KEY, Reveal { license_id, asked_at: visit.state.clock.now() }).await?;
    redirect(&page);
    Ok(())
}

/// Frees the seat of an instance.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for instances of other accounts.
#[server(prefix = "/act", endpoint = "free-seat")]
pub async fn free_seat(
    /// The license.
    license_id: String,
    /// The instance whose seat it is.
    instance_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let license_id = LicenseId::from_untrusted(&license_id);
    let (cx, instance_id) = (visit.viewer_cx(), InstanceId::from_untrusted(&instance_id));
    let now = cx.now;
    let freed = visit.state.db.write(move |tx| Box::pin(async move { leases::free_seat(tx, &cx, &instance_id).await }));
    match freed.await? {
        Freed::NotFound => return Err(FormFailure::not_allowed()),
        Freed::FreeAt(at) if at > now => say_done("seat_free_later").await,
        Freed::FreeAt(_) => say_done("seat_freed").await,
        Freed::WasFree => say_done("seat_was_free").await,
    }
    redirect(&local_path(&format!("/licenses/{license_id}#instances")));
    Ok(())
}

/// The license of this id, if it belongs to an account in which the one who acts may do this.
pub(super) async fn own_license(visit: &Visit, license_id: &str, act: Act) -> Result<LicenseId, FormFailure> {
    let (cx, id) = (visit.viewer_cx(), LicenseId::from_untrusted(license_id));
    let account_id = visit.account().map(|(account, _)| account.id);
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let license = licenses::find_license(tx, &cx.vendor_id, &id).await?.map(|view| view.license);
            let license = license.filter(|license| Some(&license.account_id) == account_id.as_ref());
            let Some(license) = license else { return Ok(None) };
            let may = accounts::may_act(tx, &cx, &license.account_id, act).await?;
            Ok::<_, DbError>(may.then_some(license.id))
        })
    });
    found.await?.ok_or_else(FormFailure::not_allowed)
}

/// A license that the account that is acted for pays, and that the one who acts may change, with the page to go back to:
/// the license's own, or that of the client for whom it is paid.
pub(super) async fn paid_license(visit: &Visit, license_id: &str) -> Result<(LicenseId, String), FormFailure> {
    let (cx, id) = (visit.viewer_cx(), LicenseId::from_untrusted(license_id));
    let (account, _) = visit.account().ok_or_else(FormFailure::not_allowed)?;
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let license = licenses::find_license(tx, &cx.vendor_id, &id).await?.map(|view| view.license);
            let Some(license) = license else { return Ok(None) };
            let payer_id = billing::payer_of(tx, &cx.vendor_id, &license).await?;
            if payer_id != account.id || !billing::may_change_payment(tx, &cx, &license).await? {
                return Ok(None);
            }
            let clientele = partners::find_clientele_of(tx, &cx, &payer_id, &license.account_id).await?;
            let page = match clientele {
                Some(clientele) => client_page(&clientele.relation.id),
                None => format!("/licenses/{}", license.id),
            };
            Ok::<_, DbError>(Some((license.id, page)))
        })
    });
    found.await?.ok_or_else(FormFailure::not_allowed)
}
