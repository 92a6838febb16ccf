//! When a lost second factor is taken away, and what keeps it from happening. Pure.

use serde::{Deserialize, Serialize};

use super::{PlannedReset, ResetStatus};
use crate::acting::rules::ReasonFault;
use crate::clock::{DAY_MS, UnixMs};
use crate::ids::UserId;

/// So long after it was asked for a reset happens, in milliseconds: the person reads the mail in that time, and refuses it.
pub const DELAY_MS: i64 = DAY_MS;
/// Resets that are settled are forgotten so long after they were asked for, in milliseconds; the audit log keeps them.
pub const KEEP_MS: i64 = 90 * DAY_MS;

/// What somebody shows by a code or a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The authenticator app.
    App,
    /// A recovery code.
    RecoveryCode,
    /// A passkey.
    Passkey,
}

/// What somebody has beside the password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Since when there is an app.
    pub factor_at: Option<UnixMs>,
    /// Since when there is each of the passkeys.
    pub passkeys_at: Vec<UnixMs>,
}

/// Why a reset cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskFault {
    /// The reason will not do.
    Reason(ReasonFault),
    /// Nobody resets their own.
    Own,
    /// There is neither app nor passkey.
    NothingHeld,
    /// There are passkeys alone, and they were to stay.
    PasskeysAlone,
}

/// Whether somebody may ask for the reset of what somebody holds.
///
/// # Errors
/// The [`AskFault`].
pub fn check_ask(asker: &UserId, whose: &UserId, held: &Held, passkeys_too: bool) -> Result<(), AskFault> {
    if asker == whose {
        return Err(AskFault::Own);
    }
    match (held.factor_at.is_some(), held.passkeys_at.is_empty()) {
        (false, true) => Err(AskFault::NothingHeld),
        (false, false) if !passkeys_too => Err(AskFault::PasskeysAlone),
        _ => Ok(()),
    }
}

/// Whether showing this calls the reset off: it is what was said to be lost. A passkey says nothing about the app.
#[must_use]
pub fn is_disproved_by(reset: &PlannedReset, shown: Shown) -> bool {
    match shown {
        Shown::App | Shown::RecoveryCode => true,
        Shown::Passkey => reset.passkeys_too,
    }
}

/// What a reset takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// The app and its recovery codes.
    pub factor: bool,
    /// Passkeys.
    pub passkeys: bool,
}

/// What is to be done about a reset now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is settled.
    Nothing,
    /// Its time has not come.
    Wait,
    /// It comes to nothing: nothing is left of what was lost.
    Lapse,
    /// It comes to nothing: whoever asked may not any more. The person still waits for it.
    Void,
    /// This goes.
    Take(Takes),
}

/// What is to be done about a reset now. Whoever asked must still be somebody who may ask, so that an administrator who is
/// taken out leaves nothing behind; and what was set up after that was never lost.
#[must_use]
pub fn next_step(reset: &PlannedReset, held: &Held, asker_may: bool, now: UnixMs) -> Step {
    if reset.status != ResetStatus::Waiting {
        return Step::Nothing;
    }
    if now < reset.due_at {
        return Step::Wait;
    }
    let was_there = |at: &UnixMs| *at <= reset.created_at;
    let factor = held.factor_at.as_ref().is_some_and(was_there);
    let passkeys = reset.passkeys_too && held.passkeys_at.iter().any(was_there);
    match (factor || passkeys, asker_may) {
        (true, true) => Step::Take(Takes { factor, passkeys }),
        (true, false) => Step::Void,
        (false, _) => Step::Lapse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FactorResetId, VendorId};

    const ASKED: UnixMs = UnixMs(1_795_255_200_000);

    fn reset(passkeys_too: bool, status: ResetStatus) -> PlannedReset {
        PlannedReset {
            id: FactorResetId::from_untrusted("frs_x"),
            vendor_id: VendorId::from_untrusted("ven_x"),
            user_id: UserId::from_untrusted("usr_x"),
            asked_by: UserId::from_untrusted("usr_admin"),
            reason: "showed a passport at the desk".to_owned(),
            passkeys_too,
            status,
            created_at: ASKED,
            due_at: ASKED.plus(DELAY_MS),
            settled_at: (status != ResetStatus::Waiting).then_some(ASKED),
        }
    }

    fn held(factor_ms: Option<i64>, passkeys_ms: &[i64]) -> Held {
        let at = |ms: i64| ASKED.plus(ms);
        Held { factor_at: factor_ms.map(at), passkeys_at: passkeys_ms.iter().map(|ms| at(*ms)).collect() }
    }

    #[test]
    fn a_reset_is_asked_for_what_somebody_else_has() {
        let (admin, ada) = (UserId::from_untrusted("usr_admin"), UserId::from_untrusted("usr_ada"));
        let (app, keys, both, none) = (held(Some(-1), &[]), held(None, &[-1]), held(Some(-1), &[-1]), held(None, &[]));
        for (whose, held, passkeys_too, expected) in [
            (&ada, &app, false, Ok(())),
            (&ada, &app, true, Ok(())),
            (&ada, &both, false, Ok(())),
            (&ada, &keys, true, Ok(())),
            (&ada, &keys, false, Err(AskFault::PasskeysAlone)),
            (&ada, &none, false, Err(AskFault::NothingHeld)),
            (&ada, &none, true, Err(AskFault::NothingHeld)),
            (&admin, &both, true, Err(AskFault::Own)),
            (&admin, &none, false, Err(AskFault::Own)),
        ] {
            assert_eq!(check_ask(&admin, whose, held, passkeys_too), expected, "{whose} {held:?} {passkeys_too}");
        }
    }

    #[test]
    fn whoever_shows_what_was_lost_has_it_after_all() {
        for (passkeys_too, shown, expected) in [
            (false, Shown::App, true),
            (false, Shown::RecoveryCode, true),
            (false, Shown::Passkey, false),
            (true, Shown::App, true),
            (true, Shown::RecoveryCode, true),
            (true, Shown::Passkey, true),
        ] {
            let reset = reset(passkeys_too, ResetStatus::Waiting);
            assert_eq!(is_disproved_by(&reset, shown), expected, "{passkeys_too} {shown:?}");
        }
    }

    #[test]
    fn it_happens_a_day_later_and_takes_only_what_was_there() {
        let take = |factor, passkeys| Step::Take(Takes { factor, passkeys });
        for (passkeys_too, factor_ms, passkeys_ms, asker_may, after_ms, expected) in [
            (false, Some(-1), &[][..], true, 0, Step::Wait),
            (false, Some(-1), &[][..], true, DELAY_MS - 1, Step::Wait),
            (false, Some(-1), &[][..], true, DELAY_MS, take(true, false)),
            (false, Some(0), &[][..], true, 9 * DELAY_MS, take(true, false)),
            (false, Some(-1), &[-1][..], true, DELAY_MS, take(true, false)),
            (true, Some(-1), &[-1][..], true, DELAY_MS, take(true, true)),
            (true, Some(1), &[-1, 1][..], true, DELAY_MS, take(false, true)),
            (true, None, &[0][..], true, DELAY_MS, take(false, true)),
            (true, Some(1), &[1][..], true, DELAY_MS, Step::Lapse),
            (false, None, &[-1][..], true, DELAY_MS, Step::Lapse),
            (false, Some(-1), &[][..], false, DELAY_MS, Step::Void),
            (true, None, &[0][..], false, DELAY_MS, Step::Void),
            (false, Some(1), &[-1][..], false, DELAY_MS, Step::Lapse),
            (false, Some(-1), &[][..], false, DELAY_MS - 1, Step::Wait),
        ] {
            let (reset, held) = (reset(passkeys_too, ResetStatus::Waiting), held(factor_ms, passkeys_ms));
            let found = next_step(&reset, &held, asker_may, ASKED.plus(after_ms));
            assert_eq!(found, expected, "{passkeys_too} {held:?} {asker_may} {after_ms}");
        }
    }

    #[test]
    fn what_is_settled_stays_so() {
        for status in ResetStatus::ALL.iter().filter(|status| **status != ResetStatus::Waiting) {
            let found = next_step(&reset(true, *status), &held(Some(-1), &[-1]), true, ASKED.plus(DELAY_MS));
            assert_eq!(found, Step::Nothing, "{status:?}");
        }
    }
}
