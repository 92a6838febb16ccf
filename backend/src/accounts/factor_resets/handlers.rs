//! The job of resets: carrying one out when its time has come. It asks again whether somebody has kept it from happening.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CarryingOut, PlannedReset, carry_out_factor_reset};
use crate::cx::{Actor, Cx};
use crate::db::{Db, DbError, Tx};
use crate::ids::FactorResetId;
use crate::jobs::{self, Handler, Handlers, Job, JobError, JobFuture, JobRun};
use crate::keys::MasterKey;

const RESET: &str = "accounts.reset_second_factor";

/// With the handler of resets added.
#[must_use]
pub fn register(handlers: Handlers, db: &Db, master: &MasterKey) -> Handlers {
    handlers.with(Reset { db: db.clone(), master: master.clone() })
}

#[derive(Serialize, Deserialize)]
struct Payload {
    reset_id: FactorResetId,
}

/// Queues that a reset is carried out at its time.
pub(super) async fn enqueue(tx: &mut Tx, cx: &Cx, master: &MasterKey, reset: &PlannedReset) -> Result<(), DbError> {
    let job = Job::new(RESET, &Payload { reset_id: reset.id.clone() }).not_before(reset.due_at);
    jobs::enqueue(tx, cx, master, job.queued_by(format!("{RESET}:{}", reset.user_id))).await.map(drop)
}

struct Reset {
    db: Db,
    master: MasterKey,
}

impl Handler for Reset {
    fn kind(&self) -> &'static str {
        RESET
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: Payload = run.payload()?;
            let cx = Cx { actor: Actor::Job(RESET), ..run.cx.clone() };
            let (master, now) = (self.master.clone(), cx.now);
            let carried_out = self.db.write(move |tx| {
                Box::pin(async move { carry_out_factor_reset(tx, &cx, &master, &payload.reset_id).await })
            });
            match carried_out.await? {
                CarryingOut::Done | CarryingOut::Lapsed | CarryingOut::Over => Ok(()),
                CarryingOut::NotDue(due_at) => Err(JobError::Retry {
                    reason: "its time has not come".to_owned(),
                    after_ms: Some(due_at.0.saturating_sub(now.0)),
                }),
            }
        })
    }
}
