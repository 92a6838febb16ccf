//! The forms of an instance's page: blocking, deleting, and deciding which of two copies may go on.

use backend::cx::Cx;
use backend::db::{DbError, Tx, TxFuture};
use backend::ids::InstanceId;
use backend::leases::{self, Acted, Decision};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, say_done};
use super::next::local_path;
use crate::request::Visit;

/// Keeps an instance from running, whatever it shows.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for instances of other accounts.
#[server(prefix = "/act", endpoint = "block-instance")]
pub async fn block_instance(
    /// The license.
    license_id: String,
    /// The instance.
    instance_id: String,
) -> Result<(), FormFailure> {
    let done = ("instance_blocked", "instance_blocked_later", "nothing_changed");
    let acted = act(&instance_id, |tx, cx, id| Box::pin(async move { leases::block_instance(tx, cx, id).await }));
    acted.await?.say(done).await;
    redirect(&local_path(&format!("/licenses/{license_id}/instances/{instance_id}")));
    Ok(())
}

/// Lets a blocked instance run again.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for instances of other accounts.
#[server(prefix = "/act", endpoint = "unblock-instance")]
pub async fn unblock_instance(
    /// The license.
    license_id: String,
    /// The instance.
    instance_id: String,
) -> Result<(), FormFailure> {
    let done = ("instance_unblocked", "instance_unblocked", "nothing_changed");
    let acted = act(&instance_id, |tx, cx, id| Box::pin(async move { leases::unblock_instance(tx, cx, id).await }));
    acted.await?.say(done).await;
    redirect(&local_path(&format!("/licenses/{license_id}/instances/{instance_id}")));
    Ok(())
}

/// Forgets an instance.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for instances of other accounts.
#[server(prefix = "/act", endpoint = "delete-instance")]
pub async fn delete_instance(
    /// The license.
    license_id: String,
    /// The instance.
    instance_id: String,
) -> Result<(), FormFailure> {
    let done = ("instance_deleted", "instance_deleted_later", "nothing_changed");
    let acted = act(&instance_id, |tx, cx, id| Box::pin(async move { leases::delete_instance(tx, cx, id).await }));
    acted.await?.say(done).await;
    redirect(&local_path(&format!("/licenses/{license_id}#instances")));
    Ok(())
}

/// Decides which of two copies under one identity may go on: `keep_running` or `let_next_in`.
///
/// # Errors
/// [`FormFailure`] for whoever may not, for instances of other accounts, and for any other decision.
#[server(prefix = "/act", endpoint = "resolve-conflict")]
pub async fn resolve_conflict(
    /// The license.
    license_id: String,
    /// The instance.
    instance_id: String,
    /// What was decided.
    decision: Decision,
) -> Result<(), FormFailure> {
    let acted = act(&instance_id, move |tx, cx, id| {
        Box::pin(async move { leases::resolve_conflict(tx, cx, id, decision).await })
    });
    let acted = acted.await?;
    acted.say(("conflict_decided", "conflict_decided", "nothing_changed")).await;
    redirect(&local_path(&format!("/licenses/{license_id}/instances/{instance_id}")));
    Ok(())
}

/// What an act did, and when it was.
struct Answer {
    acted: Acted,
    now: backend::clock::UnixMs,
}

impl Answer {
    /// Says on the next page that it was done, that it was done and the seat is free later, or that there was
    /// nothing to do.
    async fn say(&self, (done, later, nothing): (&str, &str, &str)) {
        let code = match self.acted {
            Acted::Done { free_at } if free_at > self.now => later,
            Acted::Done { .. } => done,
            Acted::Unchanged | Acted::NotFound => nothing,
        };
        say_done(code).await;
    }
}

/// Does something to an instance.
async fn act<F>(instance_id: &str, work: F) -> Result<Answer, FormFailure>
where
    F: for<'t> Fn(&'t mut Tx, &'t Cx, &'t InstanceId) -> TxFuture<'t, Acted, DbError> + Send + Sync + 'static,
{
    let visit = Visit::here();
    let (cx, id) = (visit.viewer_cx(), InstanceId::from_untrusted(instance_id));
    let now = cx.now;
    let acted = visit.state.db.write(move |tx| Box::pin(async move { work(tx, &cx, &id).await })).await?;
    match acted {
        Acted::NotFound => Err(FormFailure::not_allowed()),
        acted => Ok(Answer { acted, now }),
    }
}
