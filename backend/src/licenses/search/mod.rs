//! Finding licenses: the lists of an account and of the vendor, with their filters.
//!
//! A filter is what the address of a list says, nothing more: [`LicenseFilter::of_address`] reads it and
//! [`LicenseFilter::to_address`] writes it, so that a list can be linked to, shared and come back to. Pages go on
//! by key ([`Place`]), so that what is added meanwhile shifts nothing.

mod query;
mod store;

use super::LicenseView;
use crate::catalog::PlanKind;
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::LicenseId;

pub(crate) use query::{anywhere, beginning};
pub use store::{Page, count_standing, search_account, search_vendor};

/// How many matching licenses are counted; beyond that it is "more than".
pub const COUNTED: i64 = 1_000;

text_enum! {
    /// Where a license stands, as lists filter it: each of these is one or several outcomes of
    /// [`standing`](super::rules::standing).
    ListedStatus {
        /// Grants leases.
        Active = "active",
        /// Ordered and not paid, or not started.
        Waiting = "waiting",
        /// Suspended by the vendor, or because a payment is overdue.
        Suspended = "suspended",
        /// Cancelled and over, or its window is over.
        Ended = "ended",
        /// Revoked.
        Revoked = "revoked",
    }
}

text_enum! {
    /// When anything that runs under a license was last heard of.
    LastContact {
        /// Within the last hour.
        Hour = "hour",
        /// Within the last day.
        Day = "day",
        /// Within the last 30 days.
        Month = "month",
        /// Not for a day.
        SilentDay = "silent_day",
        /// Not for a week.
        SilentWeek = "silent_week",
        /// Not for 30 days.
        SilentMonth = "silent_month",
        /// Nothing was ever activated.
        Never = "never",
    }
}

text_enum! {
    /// Within how many days a license ends that nothing renews.
    Ending {
        /// A week.
        Week = "7",
        /// 30 days.
        Month = "30",
        /// 90 days.
        Quarter = "90",
    }
}

text_enum! {
    /// The order of an account's list.
    LicenseOrder {
        /// Newest first.
        Newest = "newest",
        /// What ends or renews soonest first; what has no end comes last.
        EndsSoonest = "ends",
    }
}

/// Which licenses a list shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    /// Words in its name, its product and plan, its customer; or its id, its key, or the end of its key.
    pub text: String,
    /// Code of the product.
    pub product: String,
    /// Code of the plan.
    pub plan: String,
    /// Rented or bought.
    pub kind: Option<PlanKind>,
    /// Where it stands.
    pub status: Option<ListedStatus>,
    /// How soon it ends, unless its subscription renews it.
    pub ends: Option<Ending>,
    /// When it was last heard of.
    pub contact: Option<LastContact>,
    /// What the version of one of its instances begins with.
    pub version: String,
    /// The order; `None` is newest first.
    pub order: Option<LicenseOrder>,
}

/// The key of a row in its list, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    at: i64,
    id: LicenseId,
}

/// A license in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedLicense {
    /// The license.
    pub view: LicenseView,
    /// Whose it is.
    pub company: String,
    /// Seats that are held.
    pub held: i64,
    /// When anything that runs under it was last heard of.
    pub last_contact_at: Option<UnixMs>,
}

/// One page of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundLicenses {
    /// The licenses of the page.
    pub licenses: Vec<ListedLicense>,
    /// How many match in all; [`COUNTED`] + 1 stands for more than [`COUNTED`].
    pub total: i64,
    /// Where the next page goes on, where there is one.
    pub next: Option<Place>,
}
