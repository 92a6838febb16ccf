//! `claims/start`: a product asks for the codes.

use std::net::IpAddr;

use data_encoding::BASE64URL_NOPAD;
use sdk::wire::{ClaimStartRequest, ClaimStartResponse, InvalidMember, Secret};

use super::{Claim, ClaimRefusal, ClaimStatus, rules, store};
use crate::accounts::{Limit, RateVerdict, hit, subject_of};
use crate::catalog::find_product_by_code;
use crate::clock::SECOND_MS;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{MasterKey, sha256};
use crate::text::en::claims as text;

/// How often a fresh user code may turn out to be taken before something must be wrong: with a million claims that
/// wait, one draw in 25,000 is.
const DRAWS: usize = 8;

/// Where a claim comes from and where its codes are typed.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The vendor's origin, without a slash at its end.
    pub origin: String,
    /// Network address of the product.
    pub address: IpAddr,
}

/// Starts a claim: two codes that live for 15 minutes.
///
/// # Errors
/// [`DbError`] when the database fails. Refusals are the inner result.
pub async fn start_claim(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    asker: &Asker,
    request: &ClaimStartRequest,
) -> Result<Result<ClaimStartResponse, ClaimRefusal>, DbError> {
    if let Err(invalid) = request.validate() {
        return Ok(Err(ClaimRefusal::Invalid(invalid)));
    }
    let verdict = hit(tx, cx, master, Limit::ClaimStartAddress, &subject_of(asker.address)).await?;
    if let RateVerdict::Limited { retry_after_s } = verdict {
        return Ok(Err(ClaimRefusal::Limited { retry_after_s }));
    }
    let Some(product) = find_product_by_code(tx, &cx.vendor_id, &request.product).await? else {
        return Ok(Err(ClaimRefusal::Invalid(InvalidMember::new("product", text::UNKNOWN_PRODUCT))));
    };
    let device_code = BASE64URL_NOPAD.encode(&cx.entropy.bytes::<32>());
    let mut claim = Claim {
        id: cx.id(),
        product_id: product.id,
        user_code: String::new(),
        version: request.version.clone(),
        identity: request.identity.clone(),
        address: asker.address.to_canonical().to_string(),
        status: ClaimStatus::Pending,
        account_id: None,
        license_id: None,
        decided_by: None,
        decided_at: None,
        interval_s: rules::INTERVAL_S,
        polled_at: None,
        created_at: cx.now,
        expires_at: cx.now.plus(rules::EXPIRES_IN_S * SECOND_MS),
    };
    let hash = sha256(device_code.as_bytes());
    for _ in 0..DRAWS {
        claim.user_code = rules::user_code(cx.entropy.bytes());
        if store::insert_claim(tx, cx, &claim, &hash).await? {
            return Ok(Ok(answer(asker, &claim, device_code)));
        }
    }
    Ok(Err(ClaimRefusal::NotReady))
}

fn answer(asker: &Asker, claim: &Claim, device_code: String) -> ClaimStartResponse {
    let user_code = rules::shown_user_code(&claim.user_code);
    let verification_uri = format!("{}/claim", asker.origin);
    ClaimStartResponse {
        device_code: Secret::new(device_code),
        verification_uri_complete: format!("{verification_uri}/{user_code}"),
        user_code,
        verification_uri,
        interval: claim.interval_s,
        expires_in: rules::EXPIRES_IN_S,
    }
}
