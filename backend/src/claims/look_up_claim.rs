//! What a person sees behind a user code: what asks, and which licenses could answer it.

use std::net::IpAddr;

use super::{Claim, rules, store};
use crate::accounts::{Limit, RateVerdict, give_back, hit, subject_of};
use crate::catalog::{Product, find_product};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;
use crate::leases::count_seats;
use crate::licenses::{LicenseView, list_by_account};

/// Licenses of an account that are looked through.
const LICENSES: i64 = 500;

/// Who looks a code up: guesses are limited for both.
#[derive(Clone, Debug)]
pub struct Seeker {
    /// The account that is acted for.
    pub account_id: AccountId,
    /// Network address of the browser.
    pub address: IpAddr,
}

/// A claim and what it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimView {
    /// The claim.
    pub claim: Claim,
    /// The product that asks.
    pub product: Product,
}

/// What a user code names.
#[derive(Clone, Debug, PartialEq)]
pub enum LookUp {
    /// A claim, which may have ended; see [`rules::standing`].
    Found(Box<ClaimView>),
    /// Nothing.
    Unknown,
    /// Too many codes that named nothing.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

/// Looks up what a person typed. Only codes that name nothing count against the limits, and they are counted before
/// they are judged: of many guesses at once none is free.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn look_up_claim(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    seeker: &Seeker,
    typed: &str,
) -> Result<LookUp, DbError> {
    let Some(code) = rules::parse_user_code(typed) else { return Ok(LookUp::Unknown) };
    let address = subject_of(seeker.address);
    let subjects = [(Limit::ClaimCodeAddress, address.as_str()), (Limit::ClaimCodeAccount, seeker.account_id.as_str())];
    for (limit, subject) in subjects {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(LookUp::Limited { retry_after_s });
        }
    }
    let Some(claim) = store::find_by_user_code(tx, &cx.vendor_id, &code).await? else { return Ok(LookUp::Unknown) };
    for (limit, subject) in subjects {
        give_back(tx, cx, master, limit, subject).await?;
    }
    let product = find_product(tx, &cx.vendor_id, &claim.product_id).await?;
    Ok(product.map_or(LookUp::Unknown, |product| LookUp::Found(Box::new(ClaimView { claim, product }))))
}

/// A license that could let run what asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The license.
    pub view: LicenseView,
    /// Seats that are held now.
    pub held: i64,
}

impl Candidate {
    /// Seats that are free now.
    #[must_use]
    pub fn free(&self) -> i64 {
        (self.view.license.seats - self.held).max(0)
    }
}

/// The account's licenses that could let run what asks, those with free seats first, then the newest.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_candidates(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    claim: &Claim,
    now: UnixMs,
) -> Result<Vec<Candidate>, DbError> {
    let mut candidates = Vec::new();
    for view in list_by_account(tx, &cx.vendor_id, account_id, None, LICENSES).await? {
        if rules::may_serve(&view.license, claim, now) {
            let held = count_seats(tx, &view.license.id, view.license.license_type, now).await?;
            candidates.push(Candidate { view, held });
        }
    }
    candidates.sort_by_key(|candidate| candidate.free() == 0);
    Ok(candidates)
}
