//! Instances: lists, one, and the acts on it.

use app::api::management::endpoints::{
    BLOCK_INSTANCE, Endpoint, FREE_SEAT, LIST_INSTANCES, LIST_INSTANCES_OF_LICENSE, SHOW_INSTANCE, UNBLOCK_INSTANCE,
};
use app::api::management::wire::{InstanceActResponse, InstanceResponse, Page};
use axum::Json;
use axum::extract::Path;
use backend::clock::UnixMs;
use backend::cx::Cx;
use backend::db::{DbError, Tx, TxFuture};
use backend::ids::InstanceId;
use backend::leases::instance_list::{
    InstancePlace, ListedInstance, find_listed, list_of_all_licenses, search_instances,
};
use backend::leases::{self, Acted, Freed};

use super::Refused;
use super::call::{Call, Caller};
use super::query::named;

/// `GET /licenses/{license_id}/instances`.
pub(super) async fn list_of_license(
    call: Call,
    Path(id): Path<String>,
) -> Result<Json<Page<InstanceResponse>>, Refused> {
    let asked = call.query(&LIST_INSTANCES_OF_LICENSE).and_then(|query| {
        let find = query.get("find").unwrap_or_default().trim().to_owned();
        Ok((find, query.limit()?, query.cursor(InstancePlace::parse)?))
    });
    let found = call.read(&LIST_INSTANCES_OF_LICENSE, move |tx, caller| {
        Box::pin(async move {
            let license = caller.license(tx, &id).await?.license;
            let (find, limit, after) = asked?;
            let vendor_id = &caller.cx.vendor_id;
            let found = search_instances(tx, vendor_id, &license.id, &find, after.as_ref(), limit + 1).await?;
            let (found, next_cursor) = cut(found, limit, |last| last.place().to_string());
            let items = found.iter().map(|it| InstanceResponse::of(license.id.as_str(), it, caller.cx.now));
            Ok::<_, Refused>(Page { items: items.collect(), next_cursor })
        })
    });
    Ok(Json(found.await?))
}

/// `GET /instances`.
pub(super) async fn list(call: Call) -> Result<Json<Page<InstanceResponse>>, Refused> {
    let asked = call
        .query(&LIST_INSTANCES)
        .and_then(|query| Ok((query.limit()?, query.cursor(|text| Some(InstanceId::from_untrusted(text)))?)));
    let found = call.read(&LIST_INSTANCES, move |tx, caller| {
        Box::pin(async move {
            let (limit, after) = asked?;
            let (vendor_id, account_id) = (&caller.cx.vendor_id, caller.account_id());
            let found = list_of_all_licenses(tx, vendor_id, account_id, after.as_ref(), limit + 1).await?;
            let (found, next_cursor) = cut(found, limit, |last| last.instance.id.to_string());
            let items =
                found.iter().map(|it| InstanceResponse::of(it.license_id.as_str(), &it.instance, caller.cx.now));
            Ok::<_, Refused>(Page { items: items.collect(), next_cursor })
        })
    });
    Ok(Json(found.await?))
}

/// One row more than is shown tells whether there is a page after this one.
pub(super) fn cut<T>(mut rows: Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> String) -> (Vec<T>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| goes_on).map(cursor);
    (rows, next)
}

/// `GET /licenses/{license_id}/instances/{instance_id}`.
pub(super) async fn show(
    call: Call,
    Path((license_id, instance_id)): Path<(String, String)>,
) -> Result<Json<InstanceResponse>, Refused> {
    let named = Named { license_id, instance_id };
    let found = call.read(&SHOW_INSTANCE, move |tx, caller| {
        Box::pin(async move {
            let instance = named.find(tx, &caller).await?;
            Ok::<_, Refused>(InstanceResponse::of(&named.license_id, &instance, caller.cx.now))
        })
    });
    Ok(Json(found.await?))
}

/// `POST …/free`.
pub(super) async fn free(
    call: Call,
    Path((license_id, instance_id)): Path<(String, String)>,
) -> Result<Json<InstanceActResponse>, Refused> {
    let named = Named { license_id, instance_id };
    act(&call, &FREE_SEAT, named, |tx, cx, id| {
        Box::pin(async move {
            Ok::<_, DbError>(match leases::free_seat(tx, cx, id).await? {
                Freed::FreeAt(free_at) => Acted::Done { free_at },
                Freed::WasFree => Acted::Unchanged,
                Freed::NotFound => Acted::NotFound,
            })
        })
    })
    .await
}

/// `POST …/block`.
pub(super) async fn block(
    call: Call,
    Path((license_id, instance_id)): Path<(String, String)>,
) -> Result<Json<InstanceActResponse>, Refused> {
    let named = Named { license_id, instance_id };
    act(&call, &BLOCK_INSTANCE, named, |tx, cx, id| Box::pin(async move { leases::block_instance(tx, cx, id).await }))
        .await
}

/// `POST …/unblock`.
pub(super) async fn unblock(
    call: Call,
    Path((license_id, instance_id)): Path<(String, String)>,
) -> Result<Json<InstanceActResponse>, Refused> {
    let named = Named { license_id, instance_id };
    act(&call, &UNBLOCK_INSTANCE, named, |tx, cx, id| {
        Box::pin(async move { leases::unblock_instance(tx, cx, id).await })
    })
    .await
}

async fn act<F>(
    call: &Call,
    endpoint: &'static Endpoint,
    named: Named,
    work: F,
) -> Result<Json<InstanceActResponse>, Refused>
where
    F: for<'t> Fn(&'t mut Tx, &'t Cx, &'t InstanceId) -> TxFuture<'t, Acted, DbError> + Send + Sync + 'static,
{
    let acted = call.write(endpoint, move |tx, caller| {
        Box::pin(async move {
            // Of another license it is not found, and so it is under the license that the address names.
            let instance = named.find(tx, &caller).await?;
            let (changed, free_at): (bool, Option<UnixMs>) = match work(tx, &caller.cx, &instance.id).await? {
                Acted::Done { free_at } => (true, Some(free_at)),
                Acted::Unchanged => (false, None),
                Acted::NotFound => return Err(Refused::nothing()),
            };
            let instance = named.find(tx, &caller).await?;
            let instance = InstanceResponse::of(&named.license_id, &instance, caller.cx.now);
            Ok::<_, Refused>(InstanceActResponse { changed, free_at: free_at.map(UnixMs::timestamp), instance })
        })
    });
    Ok(Json(acted.await?))
}

/// An instance of a license, as an address names it.
struct Named {
    license_id: String,
    instance_id: String,
}

impl Named {
    async fn find(&self, tx: &mut Tx, caller: &Caller) -> Result<ListedInstance, Refused> {
        let license = caller.license(tx, &self.license_id).await?.license;
        let id = InstanceId::from_untrusted(named(&self.instance_id)?);
        let found = find_listed(tx, &caller.cx.vendor_id, &license.id, &id).await?;
        found.ok_or_else(Refused::nothing)
    }
}
