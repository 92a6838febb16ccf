//! The API's front: key, route, parameters, idempotency, then one step of the world.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri, header},
};
use serde_json::Value;

use crate::{
    Cut, Sandbox,
    amend::amend,
    error::{Answer, ApiError},
    expand,
    form::Form,
    idempotency::Kept,
    object::{public, text},
    resources,
    webhooks::FailNext,
    world::{API_VERSION, Cause, World},
};

/// A call that has passed the front.
#[derive(Debug)]
pub(crate) struct Call {
    /// The ids in the path, in order.
    pub(crate) ids: Vec<String>,
    /// Query and body together.
    pub(crate) form: Form,
}

impl Call {
    /// The first id in the path.
    pub(crate) fn id(&self) -> &str {
        self.ids.first().map(String::as_str).unwrap_or_default()
    }
}

/// One endpoint.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// Below `/v1/`; `{}` is an id.
    pub(crate) path: &'static str,
    /// Parameters in the notation of [`Form::check`]; `expand` is always allowed.
    pub(crate) allowed: &'static str,
    pub(crate) answer: fn(&mut World, &Call) -> Answer,
}

/// `GET` endpoint.
pub(crate) const fn get(path: &'static str, allowed: &'static str, answer: fn(&mut World, &Call) -> Answer) -> Route {
    Route { method: "GET", path, allowed, answer }
}

/// `POST` endpoint.
pub(crate) const fn post(path: &'static str, allowed: &'static str, answer: fn(&mut World, &Call) -> Answer) -> Route {
    Route { method: "POST", path, allowed, answer }
}

/// `DELETE` endpoint.
pub(crate) const fn delete(
    path: &'static str,
    allowed: &'static str,
    answer: fn(&mut World, &Call) -> Answer,
) -> Route {
    Route { method: "DELETE", path, allowed, answer }
}

/// Parameters that every list takes; see [`page`].
pub(crate) const PAGING: &str = "limit starting_after ending_before";

/// One page of a list, newest first, as `limit`, `starting_after` and `ending_before` ask.
///
/// # Errors
/// An unknown cursor or a limit outside 1–100.
pub(crate) fn page<'a>(url: &str, form: &Form, found: impl Iterator<Item = &'a Value>) -> Answer {
    let limit = form.int("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::invalid("This value must be between 1 and 100.").with_param("limit"));
    }
    let limit = usize::try_from(limit).unwrap_or(10);
    let found: Vec<&Value> = found.collect();
    let position = |cursor: &str, param: &str| {
        let at = found.iter().position(|object| text(object, "id") == cursor);
        at.ok_or_else(|| ApiError::no_such("object", cursor, param))
    };
    let (rest, has_more): (&[&Value], bool) = if let Some(cursor) = form.text("ending_before") {
        let end = position(cursor, "ending_before")?;
        (&found[end.saturating_sub(limit)..end], end > limit)
    } else {
        let start = match form.text("starting_after") {
            Some(cursor) => position(cursor, "starting_after")? + 1,
            None => 0,
        };
        let end = (start + limit).min(found.len());
        (&found[start..end], end < found.len())
    };
    let mut list = crate::object::list(url, rest.iter().map(|object| (*object).clone()).collect());
    list["has_more"] = has_more.into();
    Ok(list)
}

/// Every call below `/v1/`.
pub(crate) async fn handle(
    State(sandbox): State<Arc<Sandbox>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let cut = sandbox.next_cut();
    if cut == Some(Cut::Before) {
        sandbox.hold(format!("{method} {}", uri.path())).await;
    }
    let answered = answer(&sandbox, &method, &uri, &headers, &body);
    sandbox.wake.notify_one();
    if cut == Some(Cut::After) {
        sandbox.hold(format!("{method} {}", uri.path())).await;
    }
    if answered.withheld {
        // Longer than any client waits; the connection then breaks without a word.
        tokio::time::sleep(Duration::from_secs(120)).await;
    }
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header("request-id", &answered.request_id)
        .header("stripe-version", API_VERSION);
    if let Some(original) = &answered.replay_of {
        response = response.header("idempotent-replayed", "true").header("original-request", original);
    }
    if let Some(key) = headers.get("idempotency-key") {
        response = response.header("idempotency-key", key);
    }
    let text = serde_json::to_string_pretty(&answered.body).unwrap_or_default();
    response.body(Body::from(text)).unwrap_or_default()
}

struct Answered {
    status: u16,
    body: Value,
    request_id: String,
    replay_of: Option<String>,
    withheld: bool,
}

fn answer(sandbox: &Sandbox, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answered {
    let mut world = sandbox.world();
    sandbox.catch_up(&mut world);
    let request_id = world.new_id("req");
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).filter(|_| method == Method::POST);
    world.cause = Cause { request: Some(request_id.clone()), idempotency_key: key.map(str::to_owned) };
    let chaos = world.chaos.fail_next.take();
    let outcome = match chaos {
        Some(FailNext::ServerError) => Err(ApiError::server_error()),
        Some(FailNext::RateLimited) => Err(ApiError::rate_limited()),
        Some(FailNext::Declined) => {
            Err(ApiError::card("card_declined", Some("generic_decline"), "Your card was declined."))
        }
        Some(FailNext::Refused) => Err(ApiError::invalid("This is not possible.")),
        _ => attempt(sandbox, &mut world, method, uri, headers, body, key, &request_id),
    };
    world.cause = Cause::default();
    let withheld = chaos == Some(FailNext::Timeout);
    match outcome {
        Ok(Outcome::Replayed(mut kept)) => {
            amend(&mut kept.body, &world.chaos.amend);
            let replay_of = Some(kept.request_id);
            Answered { status: kept.status, body: kept.body, request_id, replay_of, withheld }
        }
        Ok(Outcome::Fresh(mut body)) => {
            amend(&mut body, &world.chaos.amend);
            Answered { status: 200, body, request_id, replay_of: None, withheld }
        }
        Err(error) => {
            tracing::warn!(%method, path = uri.path(), status = error.status, message = error.message, "refused");
            let time = world.now;
            world.refusals.push(format!("{time} {method} {} → {} {}", uri.path(), error.status, error.message));
            if world.refusals.len() > 200 {
                world.refusals.remove(0);
            }
            Answered { status: error.status, body: error.body(), request_id, replay_of: None, withheld }
        }
    }
}

enum Outcome {
    Fresh(Value),
    Replayed(Kept),
}

#[expect(clippy::too_many_arguments, reason = "one call in all its parts")]
fn attempt(
    sandbox: &Sandbox,
    world: &mut World,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    key: Option<&str>,
    request_id: &str,
) -> Result<Outcome, ApiError> {
    authorize(sandbox, headers)?;
    let path = uri.path().trim_start_matches("/v1/").trim_end_matches('/');
    let (route, ids) =
        find_route(method.as_str(), path).ok_or_else(|| ApiError::unrecognized(method.as_str(), uri.path()))?;
    let body = std::str::from_utf8(body).map_err(|_| ApiError::invalid("The body is not UTF-8."))?;
    let mut form = Form::decode(uri.query().unwrap_or_default())?;
    form.join(Form::decode(body)?);
    // Requests that name no version, or another one, come from clients that are older than this sandbox.
    let older = headers.get("stripe-version").is_none_or(|version| version != API_VERSION);
    form.check(route.allowed, older)?;
    // Parameters count, not the order in which they come.
    let mut parameters: Vec<&str> = body.split('&').collect();
    parameters.sort_unstable();
    let fingerprint = format!("{method} {uri}\n{}", parameters.join("&"));
    if let Some(key) = key
        && let Some(kept) = world.keys.begin(key, &fingerprint, world.now)?
    {
        return Ok(Outcome::Replayed(kept));
    }
    let call = Call { ids, form };
    let answer = world
        .in_time_of(&named(&call), |world| (route.answer)(world, &call))
        .and_then(|object| expand::render(world, &object, &call.form.texts("expand")));
    if let Some(key) = key {
        let request_id = request_id.to_owned();
        match &answer {
            Ok(body) => world.keys.finish(key, Kept { status: 200, body: body.clone(), request_id }),
            Err(error) if error.executed => {
                world.keys.finish(key, Kept { status: error.status, body: error.body(), request_id });
            }
            Err(_) => world.keys.abandon(key),
        }
    }
    answer.map(|object| Outcome::Fresh(public(&object)))
}

/// Objects that a call names, of which one may follow a test clock.
fn named(call: &Call) -> Vec<&str> {
    let parameters = ["customer", "subscription", "invoice", "payment_intent", "charge", "from_subscription"];
    call.ids.iter().map(String::as_str).chain(parameters.iter().filter_map(|name| call.form.text(name))).collect()
}

fn find_route(method: &str, path: &str) -> Option<(&'static Route, Vec<String>)> {
    let segments: Vec<&str> = path.split('/').collect();
    resources::all().find_map(|route| {
        let pattern: Vec<&str> = route.path.split('/').collect();
        if route.method != method || pattern.len() != segments.len() {
            return None;
        }
        let mut ids = Vec::new();
        for (part, segment) in pattern.iter().zip(&segments) {
            match *part {
                "{}" => ids.push((*segment).to_owned()),
                part if part == *segment => {}
                _ => return None,
            }
        }
        Some((route, ids))
    })
}

/// Bearer or Basic, a test key; a live key never works here.
fn authorize(sandbox: &Sandbox, headers: &HeaderMap) -> Result<(), ApiError> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = match header.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim().to_owned(),
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
            let decoded = data_encoding::BASE64.decode(encoded.trim().as_bytes()).unwrap_or_default();
            String::from_utf8_lossy(&decoded).trim_end_matches(':').to_owned()
        }
        _ => return Err(ApiError::unauthorized("You did not provide an API key.")),
    };
    let known = if sandbox.api_keys.is_empty() {
        key.starts_with("sk_test_") || key.starts_with("rk_test_")
    } else {
        sandbox.api_keys.contains(&key)
    };
    if known {
        return Ok(());
    }
    let live = key.starts_with("sk_live") || key.starts_with("rk_live");
    let shown: String = key.chars().take(8).collect();
    Err(ApiError::unauthorized(if live {
        "A live key must never reach the sandbox.".to_owned()
    } else {
        format!("Invalid API Key provided: {shown}****")
    }))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::{Value, json};

    use super::{find_route, page};
    use crate::{form::Form, object::text};

    #[test]
    fn routes_match_by_method_and_segments() {
        let (route, ids) = find_route("POST", "checkout/sessions/cs_1/expire").unwrap();
        assert_eq!((route.path, ids), ("checkout/sessions/{}/expire", vec!["cs_1".to_owned()]));
        assert!(find_route("GET", "balance/unknown").is_none());
    }

    #[test]
    fn pages_follow_their_cursors() {
        let objects: Vec<Value> = (0..5).rev().map(|n| json!({ "id": format!("o_{n}") })).collect();
        let ids = |query: &str| {
            let list = page("/v1/o", &Form::decode(query).unwrap(), objects.iter()).unwrap();
            let ids: Vec<String> = list["data"].as_array().unwrap().iter().map(|o| text(o, "id").to_owned()).collect();
            (ids.join(" "), list["has_more"] == true)
        };
        assert_eq!(ids("limit=2"), ("o_4 o_3".into(), true));
        assert_eq!(ids("limit=2&starting_after=o_3"), ("o_2 o_1".into(), true));
        assert_eq!(ids("limit=2&starting_after=o_1"), ("o_0".into(), false));
        assert_eq!(ids("limit=2&ending_before=o_1"), ("o_3 o_2".into(), true));
    }
}
