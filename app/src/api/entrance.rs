//! The way in, after a password or a code was right: the browser's session, and the cookie by which it is known.

use axum::http::request::Parts;
use backend::accounts::{self, Arrival, Browser, BrowserToken, KNOWN_BROWSER_MS, User};
use backend::clock::SECOND_MS;
use http::{HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::{ResponseOptions, redirect};

use super::entered_voucher;
use super::form::FormFailure;
use super::next::{local_path, with_next};
use crate::request::Visit;

/// The page of the second step.
pub const CODE: &str = "/log-in/code";
/// Where members of the vendor's staff begin.
const STAFF: &str = "/staff";

/// Signs somebody in and goes on to `next`. Whoever calls it has seen the second factor, where there is one.
pub(super) async fn enter(visit: &Visit, user: &User, arrival: Arrival, next: &str) -> Result<(), FormFailure> {
    begin(visit, user, arrival).await?;
    let at_work = next.is_empty() && user.staff_role.is_some();
    redirect(&if at_work { STAFF.to_owned() } else { local_path(next) });
    Ok(())
}

/// Signs somebody in, in a browser that is known from then on.
pub(super) async fn begin(visit: &Visit, user: &User, arrival: Arrival) -> Result<(), FormFailure> {
    let (cx, master, user_of, token) =
        (visit.cx(backend::Actor::User(user.id.clone())), visit.state.master.clone(), user.clone(), known_as(visit));
    let browser = Browser { user_agent: visit.user_agent.clone(), address: visit.address, token };
    let remembered = visit.state.db.write(move |tx| {
        Box::pin(async move { accounts::remember_browser(tx, &cx, &master, &user_of, &browser, arrival).await })
    });
    keep(visit, &remembered.await?);
    let now = visit.state.clock.now();
    // All that goes along: whoever planted the session before can do nothing with it.
    let entered = entered_voucher::take_along(visit).await?;
    accounts::begin_session(&visit.session, user, &visit.user_agent, visit.address, now).await?;
    Ok(entered_voucher::put_down(visit, entered).await?)
}

/// Asks somebody whose password was right for the second factor, and goes on to `next` after that.
pub(super) async fn ask_for_code(visit: &Visit, user: &User, next: &str) -> Result<(), FormFailure> {
    let now = visit.state.clock.now();
    let entered = entered_voucher::take_along(visit).await?;
    accounts::begin_half_session(&visit.session, user, &visit.user_agent, now).await?;
    entered_voucher::put_down(visit, entered).await?;
    // Staff go on to their console, unless they came for something else.
    let at_work = next.is_empty() && user.staff_role.is_some();
    redirect(&with_next(CODE, if at_work { STAFF } else { next }));
    Ok(())
}

/// The cookie of a known browser, where the browser at hand has one.
pub(super) fn known_as(visit: &Visit) -> Option<BrowserToken> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let name = cookie_name(visit);
    pairs.find(|(key, _)| *key == name).and_then(|(_, value)| BrowserToken::from_cookie(value))
}

fn cookie_name(visit: &Visit) -> &'static str {
    if visit.state.tls { "__Host-leasehold-browser" } else { "leasehold-browser" }
}

/// Lets the browser keep its token for as long as it is known. Like the session's cookie: no script reads it.
fn keep(visit: &Visit, token: &BrowserToken) {
    let secure = if visit.state.tls { "; Secure" } else { "" };
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        cookie_name(visit),
        token.expose(),
        KNOWN_BROWSER_MS / SECOND_MS
    );
    if let (Some(options), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        options.append_header(header::SET_COOKIE, cookie);
    }
}
