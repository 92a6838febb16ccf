//! Tables of lists that may be very long: `/staff/activity.csv` and `/staff/instances.csv` for the vendor's staff, with the same
//! questions in the address as their pages. They are sent part by part; where a part cannot be read the answer breaks off, so
//! that nobody takes a piece for the whole.

use app::request::Visit;
use axum::body::Body;
use axum::extract::Extension;
use axum::response::Response;
use backend::db::DbError;
use backend::events::activity::{ActivityFilter, export_activity};
use backend::leases::instance_list::{InstanceFilter, VendorInstancePlace, export_instances};
use backend::listing::{TablePart, TimePlace};
use futures::stream::{self, StreamExt as _};

use super::exports::{CSV, failed, file, nothing_here};

/// What happened.
pub(crate) async fn activity(Extension(visit): Extension<Visit>) -> Response {
    let filter = ActivityFilter::of_address(|name| visit.query(name));
    let part = move |visit: Visit, after: Option<TimePlace>| activity_part(visit, filter.clone(), after);
    send(visit, "activity.csv", part).await
}

async fn activity_part(
    visit: Visit,
    filter: ActivityFilter,
    after: Option<TimePlace>,
) -> Result<Option<TablePart<TimePlace>>, DbError> {
    let cx = visit.staff_cx();
    let read =
        visit.state.db.read(move |tx| Box::pin(async move { export_activity(tx, &cx, &filter, after.as_ref()).await }));
    read.await
}

/// The instances of all customers.
pub(crate) async fn instances(Extension(visit): Extension<Visit>) -> Response {
    let filter = InstanceFilter::of_address(|name| visit.query(name));
    let part = move |visit: Visit, after: Option<VendorInstancePlace>| instances_part(visit, filter.clone(), after);
    send(visit, "instances.csv", part).await
}

async fn instances_part(
    visit: Visit,
    filter: InstanceFilter,
    after: Option<VendorInstancePlace>,
) -> Result<Option<TablePart<VendorInstancePlace>>, DbError> {
    let cx = visit.staff_cx();
    let read = visit
        .state
        .db
        .read(move |tx| Box::pin(async move { export_instances(tx, &cx, &filter, after.as_ref()).await }));
    read.await
}

/// Answers with all parts, one after the other; each is read when the one before has been sent.
async fn send<P, F, R>(visit: Visit, name: &'static str, part: F) -> Response
where
    P: Send + 'static,
    F: Fn(Visit, Option<P>) -> R + Send + 'static,
    R: Future<Output = Result<Option<TablePart<P>>, DbError>> + Send + 'static,
{
    // The first part decides what is answered.
    let first = match part(visit.clone(), None).await {
        Ok(Some(first)) => first,
        Ok(None) => return nothing_here(),
        Err(error) => return failed(&visit, &error),
    };
    let begun = stream::iter([Ok(first.text)]);
    let rest = stream::try_unfold(first.next, move |place: Option<P>| {
        let next = place.map(|place| part(visit.clone(), Some(place)));
        async move {
            let Some(next) = next else { return Ok(None) };
            // Whoever may not see it any more gets no more of it.
            next.await?
                .map_or(Err(DbError::GivenUp("the list may not be seen any more")), |it| Ok(Some((it.text, it.next))))
        }
    });
    file(Body::from_stream(begun.chain(rest)), CSV, name)
}
