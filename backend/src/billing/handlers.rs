//! The jobs of commerce: what is queued, and who does it.
//!
//! Everything about one Stripe customer shares a queue key, so a worker never projects two of its events
//! at once. Handlers fetch before they write, so doing a job twice is the same as once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::plan_again::{Released, plan_again_in_vain};
use super::{
    Commerce, CommerceError, REMIND_EVERY_MS, maintenance, project_event, project_subscription, reconcile, remind,
    stop_renewal, sync_customer,
};
use crate::accounts::Field;
use crate::clock::{HOUR_MS, MINUTE_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId, OrderId};
use crate::invoices;
use crate::jobs::{self, DeadJob, Handler, Handlers, Job, JobError, JobFuture, JobRun};
use crate::keys::MasterKey;
use crate::orders::{self, Order};
use crate::partners;
use crate::stripe::StripeSubscription;

const PROJECT_EVENT: &str = "stripe.project_event";
const PROJECT_SUBSCRIPTION: &str = "stripe.project_subscription";
const SYNC_CUSTOMER: &str = "stripe.sync_customer";
const PLAN_AGAIN: &str = "stripe.plan_again";
const STOP_RENEWAL: &str = "stripe.stop_renewal";
const END_AUTO_RENEWAL: &str = "stripe.end_auto_renewal";
const IMPORT_INVOICE: &str = "stripe.import_invoice";
const RECONCILE: &str = "stripe.reconcile";
const REMIND: &str = "billing.remind";
const LICENSE_READY: &str = "orders.license_ready";

/// How often the reconciler asks Stripe what no webhook told.
pub const RECONCILE_EVERY_MS: i64 = 10 * MINUTE_MS;

/// How often is asked what became of a change, before what was planned is planned again.
const LOOK_AGAIN_MS: i64 = HOUR_MS;

/// With the handlers of commerce added: a process that works jobs registers all of them.
#[must_use]
pub fn register(handlers: Handlers, commerce: &Commerce) -> Handlers {
    let handlers = handlers
        .with(ProjectEvent(commerce.clone()))
        .with(ProjectSubscription(commerce.clone()))
        .with(StopRenewal(commerce.clone()))
        .with(PlanAgain(commerce.clone()))
        .with(EndAutoRenewal(commerce.clone()))
        .with(SyncCustomer(commerce.clone()))
        .with(ImportInvoice(commerce.clone()))
        .with(Reconcile(commerce.clone()))
        .with(Remind(commerce.clone()))
        .with(LicenseReady(commerce.clone()));
    let handlers = invoices::handlers::register(handlers, commerce);
    partners::handlers::register(orders::handlers::register(handlers, commerce), commerce)
}

/// Starts the rounds of reconciler and reminders for the acting vendor, unless they turn already: at start-up.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn start_reconciling(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<(), DbError> {
    orders::handlers::start_watching(tx, cx, master).await?;
    enqueue_reconcile(tx, cx, master, cx.now).await?;
    enqueue_remind(tx, cx, master, cx.now).await
}

/// Which queue a customer's work stands in.
fn queue_of(customer_id: Option<&str>, otherwise: &str) -> String {
    format!("stripe:{}", customer_id.filter(|id| !id.is_empty()).unwrap_or(otherwise))
}

#[derive(Serialize, Deserialize)]
struct EventPayload {
    event_id: String,
}

pub(super) async fn enqueue_event(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    event_id: &str,
    customer_id: &str,
) -> Result<(), DbError> {
    let job = Job::new(PROJECT_EVENT, &EventPayload { event_id: event_id.to_owned() })
        .queued_by(queue_of(Some(customer_id), event_id))
        .once(format!("{PROJECT_EVENT}:{event_id}"));
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

/// Whether a job that was given up is that of this event.
pub(super) fn is_of_event(job: &DeadJob, event_id: &str) -> bool {
    job.kind == PROJECT_EVENT && job.about() == Some(event_id)
}

/// The event is handled: what was given up for it is done after all.
pub(super) async fn settle_event(tx: &mut Tx, cx: &Cx, event_id: &str) -> Result<(), DbError> {
    jobs::settle(tx, cx, &format!("{PROJECT_EVENT}:{event_id}")).await
}

#[derive(Serialize, Deserialize)]
struct SubscriptionPayload {
    subscription_id: String,
}

pub(crate) async fn enqueue_projection(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    subscription: &StripeSubscription,
    at: UnixMs,
) -> Result<(), DbError> {
    let job = Job::new(PROJECT_SUBSCRIPTION, &SubscriptionPayload { subscription_id: subscription.id.clone() })
        .queued_by(queue_of(Some(&subscription.customer_id), &subscription.id))
        .once(projection_key(&subscription.id, at))
        .not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

fn projection_key(subscription_id: &str, at: UnixMs) -> String {
    format!("{PROJECT_SUBSCRIPTION}:{subscription_id}:{}", at.0)
}

/// The projection that was queued for a later moment is due now.
pub(super) async fn hasten_projection(tx: &mut Tx, cx: &Cx, subscription_id: &str, at: UnixMs) -> Result<(), DbError> {
    jobs::hasten(tx, cx, &projection_key(subscription_id, at)).await
}

/// Queues the projection of a subscription of which only the id is known.
pub(crate) async fn enqueue_projection_of(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    subscription_id: &str,
    at: UnixMs,
) -> Result<(), DbError> {
    let job = Job::new(PROJECT_SUBSCRIPTION, &SubscriptionPayload { subscription_id: subscription_id.to_owned() })
        .queued_by(queue_of(None, subscription_id))
        .once(projection_key(subscription_id, at))
        .not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

#[derive(Serialize, Deserialize)]
struct CustomerPayload {
    account_id: AccountId,
    /// Parts of its address that go at Stripe. `None` in what an older program queued, which did not note what the customer
    /// has from us.
    #[serde(default)]
    emptied: Option<Vec<Field>>,
}

/// Queues that an account's details reach Stripe, and that the parts of its address that were `emptied` go there.
pub(crate) async fn enqueue_customer_sync(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    emptied: &[Field],
) -> Result<(), DbError> {
    let queue = format!("{SYNC_CUSTOMER}:{account_id}");
    // One that waits knows nothing of what is emptied after it, so that is another job.
    let parts = emptied.iter().map(|part| format!(":{}", part.as_str()));
    let once = parts.fold(queue.clone(), |key, part| key + &part);
    let payload = CustomerPayload { account_id: account_id.clone(), emptied: Some(emptied.to_vec()) };
    let job = Job::new(SYNC_CUSTOMER, &payload).queued_by(queue).once(once);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

/// Queues that a subscription shall not renew.
pub(crate) async fn enqueue_stop_renewal(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    subscription_id: &str,
) -> Result<(), DbError> {
    let job = Job::new(STOP_RENEWAL, &SubscriptionPayload { subscription_id: subscription_id.to_owned() })
        .queued_by(queue_of(None, subscription_id))
        .once(format!("{STOP_RENEWAL}:{subscription_id}"));
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

/// Where the job stands that looks first, and the one that looks again.
fn plan_again_keys(subscription_id: &str) -> [String; 2] {
    [format!("{PLAN_AGAIN}:{subscription_id}"), format!("{PLAN_AGAIN}:{subscription_id}:again")]
}

/// Queues to look, from `at` on, whether what was planned has to be planned again, in place of anything planned before.
pub(super) async fn enqueue_plan_again(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    released: &Released,
    at: UnixMs,
) -> Result<(), DbError> {
    forget_plan_again(tx, cx, &released.subscription_id).await?;
    let [first, _] = plan_again_keys(&released.subscription_id);
    let job = Job::new(PLAN_AGAIN, released).queued_by(first.clone()).once(first).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

/// What was planned for a subscription is not planned again: somebody has decided otherwise.
pub(super) async fn forget_plan_again(tx: &mut Tx, cx: &Cx, subscription_id: &str) -> Result<(), DbError> {
    for key in plan_again_keys(subscription_id) {
        jobs::withdraw(tx, cx, &key).await?;
    }
    Ok(())
}

/// What a change waited for may be decided: that is looked at now. Before the first look, its charge may still be under way.
pub(super) async fn hasten_plan_again(tx: &mut Tx, cx: &Cx, subscription_id: &str) -> Result<(), DbError> {
    let [_, again] = plan_again_keys(subscription_id);
    jobs::hasten(tx, cx, &again).await
}

#[derive(Serialize, Deserialize)]
struct LicensePayload {
    license_id: LicenseId,
}

/// Queues that updates of a license do not renew by themselves any more.
pub(crate) async fn enqueue_end_auto_renewal(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    license_id: &LicenseId,
) -> Result<(), DbError> {
    let queue = format!("{END_AUTO_RENEWAL}:{license_id}");
    let job = Job::new(END_AUTO_RENEWAL, &LicensePayload { license_id: license_id.clone() });
    jobs::enqueue(tx, cx, master, job.queued_by(queue.clone()).once(queue)).await.map(drop)
}

#[derive(Serialize, Deserialize)]
struct InvoicePayload {
    invoice_id: String,
}

/// Queues the import of a Stripe invoice.
pub(crate) async fn enqueue_invoice(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    invoice_id: &str,
    customer_id: Option<&str>,
) -> Result<(), DbError> {
    let job = Job::new(IMPORT_INVOICE, &InvoicePayload { invoice_id: invoice_id.to_owned() })
        .queued_by(queue_of(customer_id, invoice_id))
        .once(format!("{IMPORT_INVOICE}:{invoice_id}"));
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

async fn enqueue_reconcile(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(RECONCILE, &()).queued_by(RECONCILE).once(RECONCILE).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

async fn enqueue_remind(tx: &mut Tx, cx: &Cx, master: &MasterKey, at: UnixMs) -> Result<(), DbError> {
    let job = Job::new(REMIND, &()).queued_by(REMIND).once(REMIND).not_before(at);
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

#[derive(Serialize, Deserialize)]
struct LicenseReadyPayload {
    order_id: OrderId,
    license_id: LicenseId,
}

/// Queues the mail that tells the buyer that what was ordered is there.
pub(crate) async fn enqueue_license_ready(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    order: &Order,
    license_id: &LicenseId,
) -> Result<(), DbError> {
    let payload = LicenseReadyPayload { order_id: order.id.clone(), license_id: license_id.clone() };
    let job = Job::new(LICENSE_READY, &payload).once(format!("{LICENSE_READY}:{}", order.id));
    jobs::enqueue(tx, cx, master, job).await.map(drop)
}

impl From<CommerceError> for JobError {
    fn from(error: CommerceError) -> Self {
        // Also what contradicts our records is tried again: the order of arrival may be all that is wrong,
        // and what stays wrong ends among the dead jobs, where it can be looked at and replayed.
        Self::retry(error)
    }
}

struct ProjectEvent(Commerce);

impl Handler for ProjectEvent {
    fn kind(&self) -> &'static str {
        PROJECT_EVENT
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: EventPayload = run.payload()?;
            project_event(&self.0, &run.cx, &payload.event_id).await?;
            Ok(())
        })
    }
}

struct ProjectSubscription(Commerce);

impl Handler for ProjectSubscription {
    fn kind(&self) -> &'static str {
        PROJECT_SUBSCRIPTION
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: SubscriptionPayload = run.payload()?;
            project_subscription(&self.0, &run.cx, &payload.subscription_id).await?;
            Ok(())
        })
    }
}

struct SyncCustomer(Commerce);

impl Handler for SyncCustomer {
    fn kind(&self) -> &'static str {
        SYNC_CUSTOMER
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: CustomerPayload = run.payload()?;
            sync_customer(&self.0, &run.cx, &payload.account_id, payload.emptied).await?;
            Ok(())
        })
    }
}

struct StopRenewal(Commerce);

impl Handler for StopRenewal {
    fn kind(&self) -> &'static str {
        STOP_RENEWAL
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: SubscriptionPayload = run.payload()?;
            stop_renewal(&self.0, &run.cx, &payload.subscription_id).await?;
            Ok(())
        })
    }
}

struct PlanAgain(Commerce);

impl Handler for PlanAgain {
    fn kind(&self) -> &'static str {
        PLAN_AGAIN
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let released: Released = run.payload()?;
            if plan_again_in_vain(&self.0, &run.cx, &released).await? {
                return Ok(());
            }
            let (master, cx) = (self.0.master.clone(), run.cx.clone());
            let [_, again] = plan_again_keys(&released.subscription_id);
            let job = Job::new(PLAN_AGAIN, &released).queued_by(again.clone()).once(again);
            let job = job.not_before(cx.now.plus(LOOK_AGAIN_MS));
            self.0
                .db
                .write(move |tx| Box::pin(async move { jobs::enqueue(tx, &cx, &master, job).await.map(drop) }))
                .await?;
            Ok(())
        })
    }
}

struct EndAutoRenewal(Commerce);

impl Handler for EndAutoRenewal {
    fn kind(&self) -> &'static str {
        END_AUTO_RENEWAL
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: LicensePayload = run.payload()?;
            maintenance::end_auto_renewal(&self.0, &run.cx, &payload.license_id).await?;
            Ok(())
        })
    }
}

struct ImportInvoice(Commerce);

impl Handler for ImportInvoice {
    fn kind(&self) -> &'static str {
        IMPORT_INVOICE
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: InvoicePayload = run.payload()?;
            invoices::import_invoice(&self.0, &run.cx, &payload.invoice_id).await?;
            Ok(())
        })
    }
}

struct Reconcile(Commerce);

impl Handler for Reconcile {
    fn kind(&self) -> &'static str {
        RECONCILE
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // The next round is queued first: a failing one must not stop them.
            let (master, cx) = (self.0.master.clone(), run.cx.clone());
            let next = cx.now.plus(RECONCILE_EVERY_MS);
            self.0.db.write(move |tx| Box::pin(async move { enqueue_reconcile(tx, &cx, &master, next).await })).await?;
            if let Err(error) = reconcile(&self.0, &run.cx).await {
                tracing::warn!(%error, vendor_id = %run.cx.vendor_id, "a round of reconciling failed; the next one follows");
            }
            Ok(())
        })
    }
}

struct Remind(Commerce);

impl Handler for Remind {
    fn kind(&self) -> &'static str {
        REMIND
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            // As with the reconciler: a round that fails must not be the last one.
            let (master, cx) = (self.0.master.clone(), run.cx.clone());
            let next = cx.now.plus(REMIND_EVERY_MS);
            self.0.db.write(move |tx| Box::pin(async move { enqueue_remind(tx, &cx, &master, next).await })).await?;
            let reminded = remind(&self.0.db, &self.0.master, &run.cx).await?;
            if reminded != super::Reminded::default() {
                tracing::info!(?reminded, vendor_id = %run.cx.vendor_id, "reminded");
            }
            Ok(())
        })
    }
}

struct LicenseReady(Commerce);

impl Handler for LicenseReady {
    fn kind(&self) -> &'static str {
        LICENSE_READY
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: LicenseReadyPayload = run.payload()?;
            let (master, cx) = (self.0.master.clone(), run.cx.clone());
            self.0
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        orders::mail_license_ready(tx, &cx, &master, &payload.order_id, &payload.license_id).await
                    })
                })
                .await?;
            Ok(())
        })
    }
}
