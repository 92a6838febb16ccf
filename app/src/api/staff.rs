//! The forms of the vendor's console.

use backend::billing::inbox::{FailureReplay, replay_failures as begin_again};
use backend::billing::{self, EventReplay, Projected};
use backend::ids::JobId;
use backend::jobs::{self, JobDismissal, JobReplay};
use leptos::prelude::*;

use super::form::{FormFailure, say_done};
use crate::request::Visit;

const FAILED: &str = "/staff/failed";
const FAILED_JOBS: &str = "/staff/failed/jobs";

/// Handles a stored event of Stripe once more.
///
/// # Errors
/// [`FormFailure`] for whoever may not replay.
#[server(prefix = "/act", endpoint = "replay-event")]
pub async fn replay_event(
    /// Stripe's id of the event.
    event_id: String,
    /// `event` to come back to its page; else to the list.
    #[server(default)]
    back: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let code = match billing::replay_event(&visit.state.commerce(), &visit.staff_cx(), &event_id).await {
        Ok(EventReplay::NotAllowed) => return Err(FormFailure::not_allowed()),
        Ok(EventReplay::Projected(Projected::Done | Projected::Ignored)) => "event_replayed",
        Ok(EventReplay::Projected(Projected::NotFound)) => return Err(FormFailure::malformed()),
        Err(error) => {
            tracing::warn!(request_id = visit.request_id, %error, event_id, "a replayed event failed again");
            "event_failed_again"
        }
    };
    say_done(code).await;
    // The event is there, so its id is one of Stripe's and safe in an address.
    let page = if back == "event" { format!("/staff/events/{event_id}") } else { FAILED.to_owned() };
    leptos_axum::redirect(&page);
    Ok(())
}

/// Starts a job again that was given up.
///
/// # Errors
/// [`FormFailure`] for whoever may not replay.
#[server(prefix = "/act", endpoint = "replay-job")]
pub async fn replay_job(
    /// The job's id.
    job_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, job_id) = (visit.staff_cx(), JobId::from_untrusted(&job_id));
    let replayed =
        visit.state.db.write(move |tx| Box::pin(async move { jobs::replay(tx, &cx, &job_id).await })).await?;
    match replayed {
        JobReplay::Begun => say_done("job_replayed").await,
        JobReplay::NothingToDo => say_done("job_not_replayed").await,
        JobReplay::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    leptos_axum::redirect(FAILED);
    Ok(())
}

/// Takes a job that was given up off the list.
///
/// # Errors
/// [`FormFailure`] for whoever may not replay.
#[server(prefix = "/act", endpoint = "dismiss-job")]
pub async fn dismiss_job(
    /// The job's id.
    job_id: String,
    /// Where it was asked from: `jobs`, the list of all of them, or else the page of everything that failed.
    #[server(default)]
    back: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, job_id) = (visit.staff_cx(), JobId::from_untrusted(&job_id));
    let dismissed =
        visit.state.db.write(move |tx| Box::pin(async move { jobs::dismiss(tx, &cx, &job_id).await })).await?;
    match dismissed {
        JobDismissal::Dismissed => say_done("job_dismissed").await,
        JobDismissal::NothingToDo => say_done("job_not_dismissed").await,
        JobDismissal::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    leptos_axum::redirect(if back == "jobs" { FAILED_JOBS } else { FAILED });
    Ok(())
}

/// Begins everything again that failed.
///
/// # Errors
/// [`FormFailure`] for whoever may not replay.
#[server(prefix = "/act", endpoint = "replay-failures")]
pub async fn replay_failures() -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let begun = visit.state.db.write(move |tx| Box::pin(async move { begin_again(tx, &cx, &master).await })).await?;
    match begun {
        FailureReplay::NotAllowed => return Err(FormFailure::not_allowed()),
        FailureReplay::Begun { events: 0, jobs: 0 } => say_done("nothing_changed").await,
        FailureReplay::Begun { .. } => {
            jobs::wake();
            say_done("failures_replayed").await;
        }
    }
    leptos_axum::redirect(FAILED);
    Ok(())
}
