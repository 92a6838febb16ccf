//! What becomes of a license's instances when it goes over to another account.

use std::collections::BTreeMap;

use super::rules::SEAT_MARGIN_MS;
use super::store;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::licenses::License;
use crate::revocations;

/// Deletes all instances of a license whose lock the caller holds, so that the next owner finds none of them: no check is
/// answered with a lease any more, and verifiers reject the leases that are out.
///
/// A machine that hears of neither runs on to the end of its lease, so its seat counts until then (rule 7): two accounts never
/// run more under a license than it has seats. Who holds such a seat is not told to the next owner: the names are wiped.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn end_for_handover(tx: &mut Tx, cx: &Cx, license: &License) -> Result<(), DbError> {
    let unfinished = store::list_unfinished(tx, license, cx.now).await?;
    let in_use = unfinished.iter().filter(|(_, _, lease_exp)| *lease_exp > cx.now);
    let in_use: Vec<_> = in_use.map(|(instance_id, _, lease_exp)| (instance_id.clone(), *lease_exp)).collect();
    revocations::revoke_instances(tx, cx, &license.id, &in_use).await?;
    let mut pseudonyms = BTreeMap::new();
    for (instance_id, identity, _) in unfinished {
        // Where users hold seats, the devices of one user go on counting as one.
        let pseudonym = pseudonyms.entry(identity).or_insert_with(|| instance_id.to_string());
        store::update_identity(tx, cx, &instance_id, pseudonym).await?;
    }
    store::close_all_leases(tx, license, cx.now).await?;
    store::delete_all(tx, license, SEAT_MARGIN_MS).await
}
