//! A person approves or declines what asks.

use serde_json::json;

use super::{ClaimStatus, LookUp, Seeker, look_up_claim, rules, store};
use crate::accounts::{Act, may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::LicenseId;
use crate::keys::MasterKey;
use crate::licenses::find_license;
use crate::{audit, events};

/// What a person says to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It gets the key of this license.
    Approve(LicenseId),
    /// It gets nothing.
    Decline,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The claim stands as asked for, now or since the same was said before.
    Done,
    /// No such code.
    Unknown,
    /// Too many codes that named nothing.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Whoever acts may not give out keys in the account.
    NotAllowed,
    /// The code has ended.
    Ended,
    /// Somebody decided otherwise before.
    DecidedBefore,
    /// The license is not the account's, or could not let run what asks.
    Unfit,
}

/// Decides about a claim for the account of `seeker`. Saying the same twice changes nothing; of two who say different
/// things the first counts.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn decide_claim(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    seeker: &Seeker,
    typed_code: &str,
    decision: &Decision,
) -> Result<Decided, DbError> {
    if !may_act(tx, cx, &seeker.account_id, Act::SeeKeys).await? {
        return Ok(Decided::NotAllowed);
    }
    let found = match look_up_claim(tx, cx, master, seeker, typed_code).await? {
        LookUp::Found(view) => view.claim.id,
        LookUp::Unknown => return Ok(Decided::Unknown),
        LookUp::Limited { retry_after_s } => return Ok(Decided::Limited { retry_after_s }),
    };
    let Some(mut claim) = store::lock_claim(tx, &cx.vendor_id, &found).await? else { return Ok(Decided::Unknown) };
    match rules::standing(&claim, cx.now) {
        rules::Standing::Open => {}
        rules::Standing::Ended => return Ok(Decided::Ended),
        rules::Standing::Approved | rules::Standing::Declined => {
            let same = claim.account_id.as_ref() == Some(&seeker.account_id)
                && match decision {
                    Decision::Approve(license_id) => claim.license_id.as_ref() == Some(license_id),
                    Decision::Decline => claim.status == ClaimStatus::Declined,
                };
            return Ok(if same { Decided::Done } else { Decided::DecidedBefore });
        }
    }
    let about_account = events::About { account_id: Some(&seeker.account_id), ..events::About::default() };
    let what = json!({ "identity": claim.identity, "version": claim.version, "address": claim.address });
    claim.account_id = Some(seeker.account_id.clone());
    claim.decided_at = Some(cx.now);
    claim.decided_by = cx.actor.person().cloned();
    let act = match decision {
        Decision::Decline => {
            claim.status = ClaimStatus::Declined;
            "claim.decline"
        }
        Decision::Approve(license_id) => {
            let view = find_license(tx, &cx.vendor_id, license_id).await?;
            let fits = view.is_some_and(|view| {
                view.license.account_id == seeker.account_id && rules::may_serve(&view.license, &claim, cx.now)
            });
            if !fits {
                return Ok(Decided::Unfit);
            }
            claim.status = ClaimStatus::Approved;
            claim.license_id = Some(license_id.clone());
            let about = events::About { license_id: Some(license_id), ..about_account };
            events::record(tx, cx, "license.claimed", about, &what).await?;
            "claim.approve"
        }
    };
    store::update_decision(tx, cx, &claim).await?;
    let after = json!({ "license_id": claim.license_id, "product_id": claim.product_id, "asked_by": what });
    audit::record(tx, cx, Some(&seeker.account_id), act, claim.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(Decided::Done)
}
