//! `claims/poll`: has somebody decided?

use sdk::wire::{ClaimPollRequest, ClaimPollResponse, Secret};

use super::{ClaimRefusal, rules, store};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{MasterKey, sha256};
use crate::licenses;

/// Answers a poll. The claim's row is locked, so of two polls at once the second is judged by the first.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals, "not yet" among them, are the inner result.
pub async fn poll_claim(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &ClaimPollRequest,
) -> Result<Result<ClaimPollResponse, ClaimRefusal>, DbError> {
    let hash = sha256(request.device_code.expose().as_bytes());
    let Some(claim) = store::lock_by_device_code(tx, &cx.vendor_id, &hash).await? else {
        return Ok(Err(ClaimRefusal::Expired));
    };
    let poll = rules::judge_poll(&claim, cx.now);
    store::update_pace(tx, cx, &claim.id, poll.interval_s, poll.polled_at).await?;
    let interval_s = poll.interval_s;
    let license_id = match poll.answer {
        rules::Answer::Pending => return Ok(Err(ClaimRefusal::Pending { interval_s })),
        rules::Answer::SlowDown => return Ok(Err(ClaimRefusal::SlowDown { interval_s })),
        rules::Answer::Declined => return Ok(Err(ClaimRefusal::Declined)),
        rules::Answer::Expired => return Ok(Err(ClaimRefusal::Expired)),
        rules::Answer::Key(license_id) => license_id,
    };
    // The license may have gone over to another account since, and its new key with it.
    let view = licenses::find_license(tx, &cx.vendor_id, &license_id).await?;
    if view.map(|view| view.license.account_id) != claim.account_id {
        return Ok(Err(ClaimRefusal::Declined));
    }
    // Who gave it out is in the audit since the approval; a poll is instance traffic.
    let key = licenses::open_key(tx, cx, master, &license_id).await?;
    Ok(match key {
        Some(key) => Ok(ClaimPollResponse { license_key: Secret::new(key.expose()) }),
        None => Err(ClaimRefusal::NotReady),
    })
}
