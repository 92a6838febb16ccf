//! The form of the mail log. Who may is asked by the use case.

use backend::ids::JobId;
use backend::jobs::JobReplay;
use backend::mail::log::resend_mail as send_again;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, say_done};
use super::next::local_path;
use crate::request::Visit;

/// The list's address.
pub const MAILS: &str = "/staff/mails";

/// The page of a mail.
#[must_use]
pub fn mail_page(id: &JobId) -> String {
    local_path(&format!("{MAILS}/{id}"))
}

/// Sends a mail again that was given up.
///
/// # Errors
/// [`FormFailure`] for whoever may not replay.
#[server(prefix = "/act", endpoint = "resend-mail")]
pub async fn resend_mail(
    /// The mail.
    mail_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = JobId::from_untrusted(&mail_id);
    let (cx, wanted) = (visit.staff_cx(), id.clone());
    let sent = visit.state.db.write(move |tx| Box::pin(async move { send_again(tx, &cx, &wanted).await })).await?;
    match sent {
        JobReplay::Begun => say_done("mail_resent").await,
        JobReplay::NothingToDo => say_done("mail_not_resent").await,
        JobReplay::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&mail_page(&id));
    Ok(())
}
