//! The request at hand: its vendor, session and person. Middleware makes a [`Visit`]; pages and server
//! functions find it in their context.

use std::net::IpAddr;
use std::sync::Arc;

use backend::accounts::{Account, ActsAs, Membership, StaffRole, User};
use backend::acting::Acting;
use backend::cx::{Actor, Cx};
use backend::vendors::Vendor;
use leptos::prelude::*;
use tower_sessions::Session;

use crate::state::AppState;

/// One request.
#[derive(Clone)]
pub struct Visit {
    /// The process.
    pub state: AppState,
    /// The vendor whose host was asked.
    pub vendor: Arc<Vendor>,
    /// Names the request in logs, answers and error pages.
    pub request_id: String,
    /// Where it came from, as far as trusted proxies say.
    pub address: IpAddr,
    /// Path of the page.
    pub path: String,
    /// Query of the page, without the question mark.
    pub query: String,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// The browser's session; of no meaning for the licensing API.
    pub session: Session,
    /// Who is signed in.
    pub viewer: Option<Arc<Viewer>>,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The person.
    pub user: User,
    /// The account that the person acts for now, and as what.
    pub account: Option<(Account, ActsAs)>,
    /// Everything that the person belongs to, oldest first.
    pub memberships: Vec<Membership>,
    /// What the person may do as the vendor's staff; nothing while it acts for a customer.
    pub staff: Option<StaffRole>,
    /// Set while the person, one of the vendor's staff, acts for a customer: it is nobody else then.
    pub acting: Option<Acting>,
    /// Whether the person is staff, or acts for a partner, and has no second factor yet: then nothing is open but setting
    /// one up.
    pub must_set_factor: bool,
    /// Whether passkeys are the only second factor of such a person, and none was shown in this session: then nothing is open
    /// but showing one.
    pub must_show_passkey: bool,
}

impl Visit {
    /// The request that is being answered.
    #[must_use]
    pub fn here() -> Self {
        expect_context()
    }

    /// A context for an act of `actor`.
    #[must_use]
    pub fn cx(&self, actor: Actor) -> Cx {
        Cx::new(self.vendor.id.clone(), actor, self.state.clock.now(), self.state.entropy.clone())
            .of_request(&self.request_id, self.address)
    }

    /// A context for an act of whoever is signed in, or of a visitor. Staff who act for no account, or on a page of the
    /// staff's, act as staff; staff who are members of an account act as members elsewhere; staff who act for a customer do
    /// nothing else.
    #[must_use]
    pub fn viewer_cx(&self) -> Cx {
        let as_staff = self.path == "/staff" || self.path.starts_with("/staff/");
        match self.viewer.as_deref() {
            Some(Viewer { acting: Some(acting), .. }) => self.cx(Actor::ActingStaff(acting.id.clone())),
            Some(viewer) if viewer.account.is_none() || as_staff => self.staff_cx(),
            Some(viewer) => self.cx(Actor::User(viewer.user.id.clone())),
            None => self.cx(Actor::Visitor),
        }
    }

    /// A context for a form that only the vendor's staff send: whoever is signed in, as staff where the person is.
    #[must_use]
    pub fn staff_cx(&self) -> Cx {
        self.cx(match self.viewer.as_deref() {
            Some(Viewer { acting: Some(acting), .. }) => Actor::ActingStaff(acting.id.clone()),
            Some(Viewer { user, staff: Some(_), .. }) => Actor::Staff(user.id.clone()),
            Some(Viewer { user, staff: None, .. }) => Actor::User(user.id.clone()),
            None => Actor::Visitor,
        })
    }

    /// A value of the page's query, decoded; the first where there are several.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_pairs().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All values of this name in the page's query, decoded.
    #[must_use]
    pub fn queries(&self, name: &str) -> Vec<String> {
        self.query_pairs().into_iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// All names and values of the page's query, decoded and without NUL; none where it cannot be read.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        pairs_of(&self.query)
    }

    /// The account that is acted for, and as what.
    #[must_use]
    pub fn account(&self) -> Option<(Account, ActsAs)> {
        self.viewer.as_ref()?.account.clone()
    }
}

/// Names and values of a query. No key types NUL, and PostgreSQL does not take it as text.
fn pairs_of(query: &str) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    pairs.into_iter().map(|(name, value)| (name, value.replace('\0', ""))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_without_nul() {
        let pairs: [(String, String); 3] =
            [("find", "a b"), ("id", "lic_1"), ("page", "")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(pairs_of("find=a+b&id=lic%00_1&page=%00"), pairs);
        assert!(pairs_of("").is_empty());
    }
}
