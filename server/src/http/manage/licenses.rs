//! Licenses: lists, one, its name, its use.

use std::collections::BTreeMap;

use app::api::management::endpoints::{LIST_LICENSES, RENAME_LICENSE, SHOW_LICENSE, SHOW_USAGE};
use app::api::management::wire::{
    AboutLicense, FeatureUsage, LicenseResponse, LimitUsage, Page, RenameLicenseRequest, UsageResponse,
};
use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use backend::accounts::find_account;
use backend::clock::DAY_MS;
use backend::db::Tx;
use backend::leases::instance_list::search_instances;
use backend::leases::{count_seats, feature_use, license_usage};
use backend::licenses::rules::{NAME_MAX_CHARS, check_name};
use backend::licenses::search::{
    self, LastContact, LicenseFilter, LicenseOrder, ListedStatus, Place, search_account, search_vendor,
};
use backend::licenses::{LicenseView, rename_license};
use backend::text::en::management_docs::refused as text;

use super::Refused;
use super::call::{Call, Caller};

/// Days over which the use of features is counted, today included.
const COUNTED_DAYS: i64 = 30;
/// The last contact is among so many instances whose seats are held longest, as in the lists.
const LOOKED_AT: i64 = 100;

/// `GET /licenses`.
pub(super) async fn list(call: Call) -> Result<Json<Page<LicenseResponse>>, Refused> {
    let asked = asked(&call);
    let master = call.visit().state.master.clone();
    let found = call.read(&LIST_LICENSES, move |tx, caller| {
        Box::pin(async move {
            let (filter, limit, after) = asked?;
            let (vendor_id, now) = (&caller.cx.vendor_id, caller.cx.now);
            let page = search::Page { now, after: after.as_ref(), limit };
            let found = match caller.account_id() {
                Some(account_id) => search_account(tx, vendor_id, &master, account_id, &filter, page).await?,
                None => search_vendor(tx, vendor_id, &master, &filter, page).await?,
            };
            let next_cursor = found.next.map(|place| place.to_string());
            let items = found.licenses.into_iter().map(|listed| {
                let about = AboutLicense {
                    company: listed.company,
                    held: listed.held,
                    last_contact_at: listed.last_contact_at,
                };
                LicenseResponse::of(&listed.view, about, now)
            });
            Ok::<_, Refused>(Page { items: items.collect(), next_cursor })
        })
    });
    Ok(Json(found.await?))
}

/// What the query asks for: filter, rows, place.
fn asked(call: &Call) -> Result<(LicenseFilter, i64, Option<Place>), Refused> {
    let query = call.query(&LIST_LICENSES)?;
    let typed = |name: &str| query.get(name).unwrap_or_default().trim().to_owned();
    let filter = LicenseFilter {
        text: typed("find"),
        product: typed("product"),
        status: query.read("status", ListedStatus::parse)?,
        contact: query.read("contact", LastContact::parse)?,
        version: typed("version"),
        order: query.read("order", LicenseOrder::parse)?,
        ..LicenseFilter::default()
    };
    Ok((filter, query.limit()?, query.cursor(Place::parse)?))
}

/// `GET /licenses/{license_id}`.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Result<Json<LicenseResponse>, Refused> {
    let found = call.read(&SHOW_LICENSE, move |tx, caller| {
        Box::pin(async move {
            let view = caller.license(tx, &id).await?;
            describe(tx, &caller, &view).await
        })
    });
    Ok(Json(found.await?))
}

/// `PATCH /licenses/{license_id}`.
pub(super) async fn rename(call: Call, Path(id): Path<String>, body: Body) -> Result<Json<LicenseResponse>, Refused> {
    let asked = call.json::<RenameLicenseRequest>(body).await;
    let renamed = call.write(&RENAME_LICENSE, move |tx, caller| {
        Box::pin(async move {
            // A stranger hears what is wrong with the token, not with the body.
            let view = caller.license(tx, &id).await?;
            let too_long = || Refused::invalid("name", &text::name_too_long(NAME_MAX_CHARS));
            let asked = asked?.name;
            if asked.chars().count() > NAME_MAX_CHARS {
                return Err(too_long());
            }
            let name = check_name(&asked).map_err(|_| too_long())?;
            if !rename_license(tx, &caller.cx, &view.license.id, &name).await? {
                return Err(Refused::nothing());
            }
            let view = caller.license(tx, &id).await?;
            describe(tx, &caller, &view).await
        })
    });
    Ok(Json(renamed.await?))
}

async fn describe(tx: &mut Tx, caller: &Caller, view: &LicenseView) -> Result<LicenseResponse, Refused> {
    let (license, vendor_id, now) = (&view.license, &caller.cx.vendor_id, caller.cx.now);
    let account = find_account(tx, vendor_id, &license.account_id).await?;
    let latest = search_instances(tx, vendor_id, &license.id, "", None, LOOKED_AT).await?;
    let about = AboutLicense {
        company: account.map(|account| account.company).unwrap_or_default(),
        held: count_seats(tx, &license.id, license.license_type, now).await?,
        last_contact_at: latest.iter().map(|instance| instance.last_contact_at).max(),
    };
    Ok(LicenseResponse::of(view, about, now))
}

/// `GET /licenses/{license_id}/usage`.
pub(super) async fn usage(call: Call, Path(id): Path<String>) -> Result<Json<UsageResponse>, Refused> {
    let found = call.read(&SHOW_USAGE, move |tx, caller| {
        Box::pin(async move {
            let view = caller.license(tx, &id).await?;
            let (license, vendor_id, now) = (&view.license, &caller.cx.vendor_id, caller.cx.now);
            let used = license_usage(tx, vendor_id, &view, now).await?;
            let (from, until) = (now.plus(-(COUNTED_DAYS - 1) * DAY_MS).date(), now.date());
            let seats_held = count_seats(tx, &license.id, license.license_type, now).await?;
            let features = feature_use(tx, vendor_id, &license.id, from, until).await?;
            // What is reported without being licensed is told too: it is over a limit of none.
            let mut limits: BTreeMap<&String, i64> = used.keys().map(|name| (name, 0)).collect();
            limits.extend(license.terms.limits.iter().map(|(name, limit)| (name, *limit)));
            let limits = limits.into_iter().map(|(name, limit)| LimitUsage {
                name: name.clone(),
                used: used.get(name).copied().unwrap_or(0),
                limit,
            });
            Ok::<_, Refused>(UsageResponse {
                license_id: license.id.to_string(),
                seats_held,
                seats: license.seats,
                limits: limits.collect(),
                features: features.into_iter().map(|(name, count)| FeatureUsage { name, count }).collect(),
                counted_from: from,
                counted_until: until,
            })
        })
    });
    Ok(Json(found.await?))
}
