//! Refusals of instances with a genuine key or secret, of all licenses, newest first: one entry for each instance, reason and
//! hour.

mod store;

use sdk::wire::Identity;

use crate::clock::{DAY_MS, UnixMs};
use crate::db::{JsonText, text_enum};
use crate::ids::{AccountId, EventId, InstanceId, LicenseId};
use crate::listing::{TimePlace, asked, told};

pub use store::{DenialCount, count_denials, list_denials};

text_enum! {
    /// How long ago.
    Within {
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// 30 days.
        Month = "month",
    }
}

impl Within {
    /// The first moment of the time that ends `now`.
    #[must_use]
    pub fn since(self, now: UnixMs) -> UnixMs {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
        };
        now.plus(-days * DAY_MS)
    }
}

/// Refusals of one instance for one reason within an hour.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Denial {
    /// The event's id.
    pub id: EventId,
    /// Why: a code of the licensing API.
    pub code: String,
    /// The license that was asked for.
    pub license_id: LicenseId,
    /// The owner's name for it.
    pub license_name: String,
    /// What it is for.
    pub product_name: String,
    /// Under which plan.
    pub plan_name: String,
    /// Whose it is.
    pub account_id: AccountId,
    /// The owner's company.
    pub company: String,
    /// The instance, where it is known.
    pub instance_id: Option<InstanceId>,
    data: JsonText<serde_json::Value>,
    /// How often within the hour.
    pub occurrences: i64,
    /// The last time.
    pub last_at: UnixMs,
}

impl Denial {
    /// Who was refused, as the application named it.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        serde_json::from_value(self.data.0["identity"].clone()).ok()
    }

    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.last_at, self.id.as_str())
    }
}

/// Which refusals a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DenialFilter {
    /// A code of the licensing API; empty for all.
    pub code: String,
    /// How long ago the last of them was.
    pub within: Option<Within>,
}

impl DenialFilter {
    /// The filter that an address asks for; `value` is the value of a name in it. Whatever it does not know asks for
    /// nothing.
    #[must_use]
    pub fn of_address(value: impl Fn(&str) -> Option<String>) -> Self {
        Self { code: asked(value("code")), within: Within::parse(&asked(value("within"))) }
    }

    /// The names and values of the address that asks for this filter.
    #[must_use]
    pub fn to_address(&self) -> Vec<(&'static str, String)> {
        told([("code", self.code.clone()), ("within", self.within.map_or("", Within::as_str).to_owned())])
    }

    /// Whether it leaves anything out.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        *self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_filter_and_back() {
        let address = [("code", "seats_exhausted"), ("within", "day")];
        let filter = DenialFilter::of_address(|asked| {
            address.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
        });
        assert!(filter.is_narrow());
        assert_eq!(filter.to_address(), address.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(filter.within.map(|it| it.since(UnixMs(DAY_MS))), Some(UnixMs(0)));
        assert_eq!(DenialFilter::of_address(|_| Some(String::new())), DenialFilter::default());
    }
}
