//! Who earns by an order: noted with it, so that it holds for everything that is paid of it later.

use super::parties::Parties;
use crate::campaigns::Wanted;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::partners::{self, Partner};

/// A partner, and its share.
pub(super) struct Earner {
    pub(super) partner_id: AccountId,
    /// Of what is paid, in hundredths of a percent.
    pub(super) commission_bp: i64,
}

/// The partner that orders for its client, whoever pays; else the one whose campaign the code is one of, unless it is the
/// buyer itself, or a partner no more.
pub(super) async fn find_earner(
    tx: &mut Tx,
    cx: &Cx,
    parties: &Parties,
    code: Option<&Wanted>,
) -> Result<Option<Earner>, DbError> {
    if let Some(clientele) = &parties.clientele {
        let (partner_id, commission_bp) = (clientele.partner.id.clone(), clientele.terms.commission_bp);
        return Ok(Some(Earner { partner_id, commission_bp }));
    }
    let Some(owner_id) = code.and_then(|code| code.owner_id.as_ref()) else { return Ok(None) };
    if *owner_id == parties.payer.id || *owner_id == parties.licensee.id {
        return Ok(None);
    }
    let owner = partners::find_partner(tx, &cx.vendor_id, owner_id).await?.filter(Partner::is_live);
    Ok(owner.map(|owner| Earner { partner_id: owner.account_id, commission_bp: owner.commission_bp }))
}
