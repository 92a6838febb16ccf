//! What happened, in CloudEvents 1.0.

use app::api::management::endpoints::{ENDS, LIST_EVENTS};
use app::api::management::wire::Page;
use app::api::management::wire_events::EventResponse;
use axum::Json;
use backend::clock::UnixMs;
use backend::events::Event;
use backend::events::feed::{FeedFilter, list_feed, parse_moment};
use backend::ids::{EventId, LicenseId};

use super::Refused;
use super::call::Call;
use super::instances::cut;

/// `GET /events`.
pub(super) async fn list(call: Call) -> Result<Json<Page<EventResponse>>, Refused> {
    let (asked, source) = (asked(&call), call.visit().vendor.origin.clone());
    let found = call.read(&LIST_EVENTS, move |tx, caller| {
        Box::pin(async move {
            let (filter, limit, after) = asked?;
            let (vendor_id, account_id) = (&caller.cx.vendor_id, caller.account_id());
            let found = list_feed(tx, vendor_id, account_id, &filter, after.as_ref(), limit + 1).await?;
            let (found, next_cursor) = cut(found, limit, |last| last.event.place());
            let items = found.into_iter().map(|fed| EventResponse::of(fed, &source));
            Ok::<_, Refused>(Page { items: items.collect(), next_cursor })
        })
    });
    Ok(Json(found.await?))
}

/// What a query asks for: filter, rows, place.
type Asked = (FeedFilter, i64, Option<(UnixMs, EventId)>);

fn asked(call: &Call) -> Result<Asked, Refused> {
    let query = call.query(&LIST_EVENTS)?;
    let filter = FeedFilter {
        type_prefix: query.read("type", type_of)?.unwrap_or_default(),
        license_id: query.get("license").filter(|id| !id.is_empty()).map(LicenseId::from_untrusted),
        since: query.read("since", parse_moment)?,
        oldest_first: query.read("first", |text| ENDS.iter().position(|end| *end == text))? == Some(1),
    };
    Ok((filter, query.limit()?, query.cursor(Event::parse_place)?))
}

/// The beginning of a type, unless no type can begin like that.
fn type_of(text: &str) -> Option<String> {
    let is_one = text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'));
    is_one.then(|| text.to_owned())
}
