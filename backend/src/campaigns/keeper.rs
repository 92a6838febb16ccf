//! Who looks after codes: the vendor's staff after those of every campaign, a partner after those of its own.

use super::add_codes::MOST_AT_ONCE;
use super::{Campaign, owned, store};
use crate::accounts::{Act, StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::CampaignId;

/// As whom somebody looks after codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    /// As one of the vendor's staff.
    Vendor,
    /// As a member of the partner whose campaign it is.
    Owner,
}

/// A campaign, for whoever wants to look after its codes.
pub(super) enum Kept {
    /// It is there, and the one who acts may.
    Campaign(Box<Campaign>),
    /// There is none.
    NotFound,
    /// The one who acts may not.
    NotAllowed,
}

impl Keeper {
    /// Most codes of one campaign.
    pub(super) fn most_codes(self) -> i64 {
        match self {
            Self::Vendor => 100_000,
            Self::Owner => owned::MOST_CODES,
        }
    }

    /// Most codes that are drawn at once.
    pub(super) fn most_at_once(self) -> i64 {
        match self {
            Self::Vendor => MOST_AT_ONCE,
            Self::Owner => owned::MOST_AT_ONCE,
        }
    }

    /// The campaign, where the one who acts may look after its codes so.
    pub(super) async fn find(self, tx: &mut Tx, cx: &Cx, id: &CampaignId) -> Result<Kept, DbError> {
        let found = match self {
            Self::Vendor => {
                if !staff_may_act(tx, cx, StaffAct::ManageCampaigns).await? {
                    return Ok(Kept::NotAllowed);
                }
                store::find_campaign(tx, &cx.vendor_id, id).await?
            }
            Self::Owner => owned::find_owned(tx, cx, id, Act::Buy).await?,
        };
        Ok(found.map_or(Kept::NotFound, |campaign| Kept::Campaign(Box::new(campaign))))
    }
}
