//! How long invitations live, and who must stay.

use super::{Invitation, Position};
use crate::accounts::rules::email_key;
use crate::accounts::{Role, StaffRole};
use crate::clock::{DAY_MS, UnixMs};
use crate::ids::UserId;

/// An invitation's link works for this long, in milliseconds.
pub const INVITATION_MS: i64 = 7 * DAY_MS;
/// Most invitations of one account, or to the staff, that nobody has answered yet.
pub const OPEN_INVITATIONS_MAX: i64 = 50;

/// What an invitation is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be accepted.
    Open,
    /// Nobody answered in time; it can be sent again.
    Expired,
    /// It was accepted or taken back.
    Over,
}

/// What an invitation is worth now.
#[must_use]
pub fn standing(invitation: &Invitation, now: UnixMs) -> Standing {
    if invitation.accepted_at.is_some() || invitation.withdrawn_at.is_some() {
        Standing::Over
    } else if invitation.expires_at <= now {
        Standing::Expired
    } else {
        Standing::Open
    }
}

/// Whether it was sent to the address of this person.
#[must_use]
pub fn is_for(invitation: &Invitation, email: &str) -> bool {
    email_key(&invitation.email) == email_key(email)
}

/// Whether a position includes deciding about others, so that whoever gives it away is asked for the password.
#[must_use]
pub fn is_powerful(position: &Position) -> bool {
    match position {
        Position::Member { role, .. } => *role == Role::Owner,
        Position::Staff(role) => *role == StaffRole::Admin,
    }
}

/// Whether one of `top` is left among `all` once `who` has the role `becomes`, or none. A change that takes nothing from
/// the top is always right.
#[must_use]
pub fn leaves_one<R: Copy + PartialEq>(all: &[(UserId, R)], top: R, who: &UserId, becomes: Option<R>) -> bool {
    let is_top = all.iter().any(|(id, role)| id == who && *role == top);
    !is_top || becomes == Some(top) || all.iter().any(|(id, role)| id != who && *role == top)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, InvitationId};

    const NOW: UnixMs = UnixMs(1_795_255_200_000);

    fn invitation() -> Invitation {
        let account_id = AccountId::from_untrusted("acc_1");
        Invitation {
            id: InvitationId::from_untrusted("ivt_1"),
            position: Position::Member { account_id, role: Role::Viewer },
            email: "Ada@Example.org".to_owned(),
            invited_by: None,
            created_at: NOW,
            sent_at: NOW,
            expires_at: NOW.plus(INVITATION_MS),
            accepted_at: None,
            withdrawn_at: None,
        }
    }

    #[test]
    fn an_invitation_is_good_once_and_for_seven_days() {
        let open = invitation();
        assert_eq!(standing(&open, NOW.plus(7 * DAY_MS - 1)), Standing::Open);
        assert_eq!(standing(&open, NOW.plus(7 * DAY_MS)), Standing::Expired);
        for over in [
            Invitation { accepted_at: Some(NOW), ..invitation() },
            Invitation { withdrawn_at: Some(NOW), ..invitation() },
        ] {
            assert_eq!(standing(&over, NOW), Standing::Over);
            assert_eq!(standing(&over, NOW.plus(30 * DAY_MS)), Standing::Over);
        }
    }

    #[test]
    fn an_address_is_the_same_in_any_case() {
        assert!(is_for(&invitation(), " ada@example.ORG "));
        assert!(!is_for(&invitation(), "ada@example.com"));
    }

    #[test]
    fn somebody_always_stays_who_may_do_everything() {
        let id = UserId::from_untrusted;
        let all = |roles: &[(&str, Role)]| roles.iter().map(|(name, role)| (id(name), *role)).collect::<Vec<_>>();
        let one = all(&[("ada", Role::Owner), ("bob", Role::Billing)]);
        let two = all(&[("ada", Role::Owner), ("bob", Role::Owner)]);
        for (members, who, becomes, stays) in [
            (&one, "ada", None, false),
            (&one, "ada", Some(Role::Viewer), false),
            (&one, "ada", Some(Role::Owner), true),
            (&one, "bob", None, true),
            (&one, "bob", Some(Role::Viewer), true),
            (&two, "ada", None, true),
            (&two, "ada", Some(Role::Technical), true),
        ] {
            assert_eq!(leaves_one(members, Role::Owner, &id(who), becomes), stays, "{members:?} {who} {becomes:?}");
        }
    }

    #[test]
    fn only_positions_that_decide_about_others_are_powerful() {
        let member = |role| Position::Member { account_id: AccountId::from_untrusted("acc_1"), role };
        for role in Role::ALL {
            assert_eq!(is_powerful(&member(*role)), *role == Role::Owner);
        }
        for role in StaffRole::ALL {
            assert_eq!(is_powerful(&Position::Staff(*role)), *role == StaffRole::Admin);
        }
    }
}
