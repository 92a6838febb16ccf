//! `/account/export/company.zip` and `/account/export/me.zip`: everything about an account for its owner, and about a person
//! for that person, to whoever has typed the password lately. They are sent part by part; where a part cannot be read the
//! answer breaks off, so that nobody takes a piece for the whole.

use app::api::step_up::confirm_first;
use app::pages::account_export::PATH;
use app::request::Visit;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use backend::accounts::{Act, fresh_authentication, may};
use backend::billing::CommerceError;
use backend::takeout::{Taking, take_account, take_own};
use backend::text::en::takeout as text;
use futures::stream;

use super::exports::{failed, file, nothing_here};

/// Everything about the account that is acted for.
pub(crate) async fn of_account(Extension(visit): Extension<Visit>) -> Response {
    let Some((account, role)) = visit.account() else { return nothing_here() };
    // Whoever may not is not asked for the password first; the use case asks again.
    if !may(role, Act::CloseAccount) {
        return nothing_here();
    }
    if let Some(answer) = step_up(&visit).await {
        return answer;
    }
    let taking = take_account(&visit.state.db, &visit.viewer_cx(), &visit.state.master, &account.id).await;
    send(&visit, taking, "company.zip")
}

/// Everything about whoever is signed in.
pub(crate) async fn of_person(Extension(visit): Extension<Visit>) -> Response {
    if let Some(answer) = step_up(&visit).await {
        return answer;
    }
    let taking = take_own(&visit.state.db, &visit.viewer_cx(), &visit.state.master).await;
    send(&visit, taking, "me.zip")
}

/// What is answered to whoever has not typed the password lately.
async fn step_up(visit: &Visit) -> Option<Response> {
    match fresh_authentication(&visit.session, &visit.vendor.id, visit.state.clock.now()).await {
        Ok(Some(_)) => None,
        Ok(None) => Some(Redirect::to(&confirm_first(PATH)).into_response()),
        Err(error) => Some(failed(visit, &error)),
    }
}

fn send(visit: &Visit, taking: Result<Taking, CommerceError>, name: &str) -> Response {
    let takeout = match taking {
        Ok(Taking::Begun(takeout)) => takeout,
        Ok(Taking::Limited { retry_after_s }) => return limited(retry_after_s),
        Ok(Taking::NotAllowed) => return nothing_here(),
        Err(error) => return failed(visit, &error),
    };
    let db = visit.state.db.clone();
    let parts = stream::try_unfold(takeout, move |mut takeout| {
        let db = db.clone();
        async move { Ok::<_, CommerceError>(takeout.next(&db).await?.map(|part| (part, takeout))) }
    });
    file(Body::from_stream(parts), "application/zip", name)
}

fn limited(retry_after_s: i64) -> Response {
    let headers = [
        (header::RETRY_AFTER, HeaderValue::from(retry_after_s)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, text::limited(retry_after_s)).into_response()
}
