//! The voucher's code that somebody has entered, on its way to being redeemed. It is as good as money, so it stands in no
//! address, where history, logs and other sites would find it: it waits in the browser's session, sealed, and goes along when
//! whoever entered it signs up or logs in.

use backend::accounts;
use backend::clock::{HOUR_MS, UnixMs};
use backend::keys::Purpose;
use backend::vouchers::VoucherCode;
use serde::{Deserialize, Serialize};
use tower_sessions::session::Error;

use crate::request::Visit;

/// The session's note of a code.
const ENTERED: &str = "entered_voucher";
/// How long it waits, in milliseconds: long enough to sign up and to name a company.
const WAITS_MS: i64 = HOUR_MS;

/// The note.
#[derive(Serialize, Deserialize)]
pub(super) struct Entered {
    sealed: Vec<u8>,
    at: UnixMs,
}

/// Keeps a code for the page that says what it is, in place of one that was entered before.
///
/// # Errors
/// The session's.
pub async fn keep_code(visit: &Visit, code: &VoucherCode) -> Result<(), Error> {
    accounts::begin_visit(&visit.session, &visit.vendor.id, &visit.user_agent).await?;
    let (state, context) = (&visit.state, visit.vendor.id.as_str());
    let sealed = state.master.seal(Purpose::VoucherCode, context, code.expose().as_bytes(), &state.entropy);
    visit.session.insert(ENTERED, Entered { sealed, at: state.clock.now() }).await
}

/// The code that was entered in this browser; `None` where none was, or long ago.
///
/// # Errors
/// The session's.
pub async fn kept_code(visit: &Visit) -> Result<Option<VoucherCode>, Error> {
    let Some(entered) = visit.session.get::<Entered>(ENTERED).await? else { return Ok(None) };
    if entered.at.plus(WAITS_MS) <= visit.state.clock.now() {
        return Ok(None);
    }
    let context = visit.vendor.id.as_str();
    let opened = visit.state.master.unseal(Purpose::VoucherCode, context, &entered.sealed).ok();
    Ok(opened.and_then(|code| VoucherCode::parse(std::str::from_utf8(&code).ok()?)))
}

/// Forgets it: it was redeemed, or is none.
///
/// # Errors
/// The session's.
pub async fn forget_code(visit: &Visit) -> Result<(), Error> {
    visit.session.remove_value(ENTERED).await.map(drop)
}

/// What is to go along from a session that is about to be emptied.
///
/// # Errors
/// The session's.
pub(super) async fn take_along(visit: &Visit) -> Result<Option<Entered>, Error> {
    visit.session.get::<Entered>(ENTERED).await
}

/// Puts into the new session what went along.
///
/// # Errors
/// The session's.
pub(super) async fn put_down(visit: &Visit, entered: Option<Entered>) -> Result<(), Error> {
    match entered {
        Some(entered) => visit.session.insert(ENTERED, entered).await,
        None => Ok(()),
    }
}
