//! The forms that hand licenses over: asking, agreeing, ending.

use backend::Cx;
use backend::accounts::Act;
use backend::handovers::rules::Obstacle;
use backend::handovers::{self, Agreement, Asked, Ending, Side, find_handover};
use backend::ids::{AccountId, HandoverId, LicenseId};
use backend::text::en::handovers as text;
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::form::{FormFailure, Refused, say_done};
use super::licenses::own_license;
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The form of the owner that asks.
pub const ASK: &str = "ask-handover";
/// The form of staff that ask.
pub const PROPOSE: &str = "propose-handover";
/// The form that decides.
pub const AGREE: &str = "agree-to-handover";

/// Offers a license to whoever has an address, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for licenses of other accounts.
#[server(prefix = "/act", endpoint = "ask-handover")]
pub async fn ask_handover(
    /// The license.
    license_id: String,
    /// The address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let license_id = own_license(&visit, &license_id, Act::TransferLicenses).await?;
    let page = format!("/licenses/{license_id}/hand-over");
    let refused = Refused::new(ASK).value("email", &email);
    if fresh_authentication(&visit).await?.is_none() {
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let done = format!("/licenses/{license_id}");
    ask(&visit, visit.viewer_cx(), license_id, email, refused, &page, &done).await
}

/// Asks both sides whether a license may go over, for staff.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "propose-handover")]
pub async fn propose_handover(
    /// The license.
    license_id: String,
    /// The address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    // An owner asks on the license's own page, where the password is asked for.
    if visit.viewer.as_ref().is_none_or(|viewer| viewer.staff.is_none()) {
        return Err(FormFailure::not_allowed());
    }
    let page = local_path(&format!("/staff/licenses/{license_id}#handover"));
    let refused = Refused::new(PROPOSE).value("email", &email);
    ask(&visit, visit.staff_cx(), LicenseId::from_untrusted(&license_id), email, refused, &page, &page).await
}

async fn ask(
    visit: &Visit,
    cx: Cx,
    license_id: LicenseId,
    email: String,
    refused: Refused,
    page: &str,
    done: &str,
) -> Result<(), FormFailure> {
    let (master, request) = (visit.state.master.clone(), handovers::AskHandover { license_id, email });
    let asked = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { handovers::ask_handover(tx, &cx, &master, &request).await }));
    let fault = match asked.await? {
        Asked::Done(_) => {
            say_done("handover_asked").await;
            redirect(done);
            return Ok(());
        }
        Asked::NotFound => return Err(FormFailure::not_allowed()),
        Asked::NoAddress => Fault::NoAddress,
        Asked::OwnAddress => Fault::OwnAddress,
        Asked::AskedBefore => Fault::AskedBefore,
        Asked::Obstacle(obstacle) => Fault::Obstacle(obstacle),
        Asked::Limited(retry_after_s) => Fault::Limited { retry_after_s },
    };
    fault.of(refused).go_back(page).await;
    Ok(())
}

/// Agrees to a handover. The one who gives is asked for the password, unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever has no say in it.
#[server(prefix = "/act", endpoint = "agree-to-handover")]
pub async fn agree_to_handover(
    /// The handover.
    handover_id: String,
    /// The account that takes the license, as the page named it; empty for the one that is acted for.
    #[server(default)]
    for_account: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let Some((account, _)) = visit.account() else { return Err(FormFailure::not_allowed()) };
    let id = HandoverId::from_untrusted(&handover_id);
    let (cx, wanted) = (visit.viewer_cx(), id.clone());
    let found = visit.state.db.read(|tx| Box::pin(async move { find_handover(tx, &cx, &wanted).await })).await?;
    let found = found.ok_or_else(FormFailure::not_allowed)?;
    let page = format!("/handovers/{id}");
    if found.side == Side::Giver && fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let account_id = if for_account.is_empty() { account.id } else { AccountId::from_untrusted(&for_account) };
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let agreed = visit.state.db.write(move |tx| {
        Box::pin(async move { handovers::agree_to_handover(tx, &cx, &master, &id, &account_id).await })
    });
    match agreed.await? {
        Agreement::Done if found.side == Side::Receiver => {
            say_done("handover_done").await;
            redirect(&format!("/licenses/{}", found.view.license.id));
            return Ok(());
        }
        Agreement::Done => say_done("handover_done").await,
        Agreement::Waits => say_done("handover_agreed").await,
        Agreement::NotFound => return Err(FormFailure::not_allowed()),
        Agreement::Obstacle(obstacle) => {
            Fault::Obstacle(obstacle).of(Refused::new(AGREE)).go_back(&page).await;
            return Ok(());
        }
        // The page says why.
        Agreement::Over(_) | Agreement::Unconfirmed | Agreement::OwnAccount => say_done("nothing_changed").await,
    }
    redirect(&page);
    Ok(())
}

/// Declines a handover, or takes it back.
///
/// # Errors
/// [`FormFailure`] for whoever has no say in it.
#[server(prefix = "/act", endpoint = "end-handover")]
pub async fn end_handover(
    /// The handover.
    handover_id: String,
    /// The license whose page is gone back to; empty for the handover's own.
    #[server(default)]
    back: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master, id) = (visit.viewer_cx(), visit.state.master.clone(), HandoverId::from_untrusted(&handover_id));
    let ended =
        visit.state.db.write(move |tx| Box::pin(async move { handovers::end_handover(tx, &cx, &master, &id).await }));
    match ended.await? {
        Ending::Ended(_) => say_done("handover_ended").await,
        Ending::Over(_) => say_done("nothing_changed").await,
        Ending::NotFound => return Err(FormFailure::not_allowed()),
    }
    let page = if back.is_empty() { format!("/handovers/{handover_id}") } else { back };
    redirect(&local_path(&page));
    Ok(())
}

/// Why a form is refused, as a code that waits in the session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fault {
    NoAddress,
    OwnAddress,
    AskedBefore,
    Obstacle(Obstacle),
    Limited { retry_after_s: i64 },
}

impl Fault {
    fn of(&self, refused: Refused) -> Refused {
        let field = if matches!(self, Self::NoAddress | Self::OwnAddress) { "email" } else { "" };
        refused.problem(field, &serde_json::to_string(self).unwrap_or_default())
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoAddress => text::NO_ADDRESS.to_owned(),
            Self::OwnAddress => text::OWN_ADDRESS.to_owned(),
            Self::AskedBefore => text::ASKED_BEFORE.to_owned(),
            Self::Obstacle(obstacle) => text::obstacle(*obstacle).to_owned(),
            Self::Limited { retry_after_s } => text::limited(*retry_after_s),
        }
    }
}

/// The sentences of a refused form of these.
#[must_use]
pub fn handover_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let fault: Fault = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), fault.sentence()))
    };
    refused.problems.iter().filter_map(known).collect()
}
