//! The job of partners: when a relation has ended, what the partner pays for the client runs until the end of what is
//! paid, and does not renew. It asks again whether both are related by then, so that a relation that began anew in
//! between keeps what it has.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{are_related, client_store, store};
use crate::billing::{CancelReason, Commerce, cancel_subscription};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, RelationId};
use crate::jobs::{self, Handler, Handlers, Job, JobFuture, JobRun};
use crate::keys::MasterKey;
use crate::orders::Order;

const STOP_RENEWALS: &str = "partners.stop_renewals";

/// With the handler of partners added.
#[must_use]
pub fn register(handlers: Handlers, commerce: &Commerce) -> Handlers {
    handlers.with(StopRenewals(commerce.clone()))
}

#[derive(Serialize, Deserialize)]
struct Payload {
    relation_id: RelationId,
}

/// Queues that nothing renews that the partner pays for the client.
pub(super) async fn enqueue_stop_renewals(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    relation_id: &RelationId,
) -> Result<(), DbError> {
    let job = Job::new(STOP_RENEWALS, &Payload { relation_id: relation_id.clone() });
    jobs::enqueue(tx, cx, master, job.queued_by(format!("{STOP_RENEWALS}:{relation_id}"))).await.map(drop)
}

/// After an order was paid: a relation that ended in between does not go on paying by it. Whether it has ended is asked by
/// the job, once this is committed: asked here, an end that is being committed at this moment would be missed by both.
pub(crate) async fn check_relation_of(tx: &mut Tx, cx: &Cx, master: &MasterKey, order: &Order) -> Result<(), DbError> {
    match (&order.relation_id, &order.licensee_id) {
        (Some(relation_id), Some(_)) => enqueue_stop_renewals(tx, cx, master, relation_id).await,
        _ => Ok(()),
    }
}

struct StopRenewals(Commerce);

impl Handler for StopRenewals {
    fn kind(&self) -> &'static str {
        STOP_RENEWALS
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: Payload = run.payload()?;
            let (vendor_id, id) = (run.cx.vendor_id.clone(), payload.relation_id);
            let found = self.0.db.read(|tx| {
                Box::pin(async move {
                    let relation = store::find_relation(tx, &vendor_id, &id).await?;
                    let sides = relation.and_then(|relation| Some((relation.partner_id, relation.client_id?)));
                    let Some((partner_id, client_id)) = sides else { return Ok(Vec::new()) };
                    if are_related(tx, &vendor_id, &partner_id, &client_id).await? {
                        return Ok(Vec::new());
                    }
                    client_store::list_paid_for(tx, &vendor_id, &partner_id, &client_id).await
                })
            });
            let licenses: Result<Vec<LicenseId>, DbError> = found.await;
            let cx = Cx { actor: Actor::Job(STOP_RENEWALS), ..run.cx.clone() };
            let mut failed = None;
            for license_id in licenses? {
                // One that cannot be called off does not keep the others renewing.
                if let Err(error) = cancel_subscription(&self.0, &cx, &license_id, &CancelReason::default()).await {
                    tracing::warn!(%error, %license_id, "what a partner pays for a former client cannot be called off");
                    failed = failed.or(Some(error));
                }
            }
            failed.map_or(Ok(()), |error| Err(error.into()))
        })
    }
}
