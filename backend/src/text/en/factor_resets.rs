//! The reset of a lost second factor: the administrator's page, and the person's own.

use super::{documents, members, moments, sign_in_mail};
use crate::accounts::User;
use crate::accounts::factor_resets::rules::{AskFault, Held};
use crate::accounts::factor_resets::{PlannedReset, ResetStatus};
use crate::acting::rules::{REASON_MAX_CHARS, REASON_MIN_CHARS, ReasonFault};
use crate::clock::UnixMs;

/// The link that leads to the administrator's page.
pub const TITLE: &str = "Second factor";
/// The same, of somebody.
#[must_use]
pub fn title(who: &str) -> String {
    format!("Second factor of {who}")
}

/// What the page is for.
pub const LEAD: &str = "For somebody who has lost the authenticator app and all recovery codes.";
/// Label of the app.
pub const APP: &str = "Authenticator app";
/// Label of the passkeys.
pub const PASSKEYS: &str = "Passkeys";

/// What the person has beside the password, as the two facts say it.
#[must_use]
pub fn held(held: &Held) -> [String; 2] {
    let app = match held.factor_at {
        Some(at) => format!("since {}", documents::date(at.date())),
        None => "none".to_owned(),
    };
    let keys = match held.passkeys_at.len() {
        0 => "none".to_owned(),
        count => count.to_string(),
    };
    [app, keys]
}

/// Heading of the form.
pub const ASK_TITLE: &str = "Reset it";
/// What it does.
pub const ASK_LEAD: &str = "First make sure, not by mail, that it is the person who asks. The reset happens in 24 hours, and \
     every browser of the person is logged out then. The person is told at once, and can refuse it; using the app or a \
     recovery code calls it off.";
/// The question.
pub const REASON: &str = "Reason";
/// What helps to answer it.
pub const REASON_HINT: &str = "How you made sure who asks. The person reads it, word for word.";
/// Whether the passkeys go.
pub const PASSKEYS_TOO: &str = "The device with the passkeys is lost as well";
/// What that means.
pub const PASSKEYS_TOO_HINT: &str = "Then the passkeys that there are now are removed, too, and using one calls the reset \
     off. Otherwise they stay, and go on letting the person in.";
/// The act.
pub const ASK: &str = "Reset in 24 hours";
/// You get no way in.
pub const AFTERWARDS: &str = "You get no way in by this. The person logs in with the password or a passkey, and sets up a new \
     second factor where the work needs one.";

/// Where there is nothing to be reset.
pub const NOTHING_HELD: &str = "This person has neither an app nor a passkey, so there is nothing to reset.";
/// On one's own page.
pub const OWN: &str = "Nobody resets their own second factor.";
/// What to do instead.
pub const OWN_TEXT: &str = "Ask another administrator. If you are the only one, whoever runs this server helps you with the \
     command “server admin reset-factor”. To change to a new phone while you have the old one, use your account page.";

/// Why it cannot be asked for like this.
#[must_use]
pub fn fault(fault: AskFault) -> String {
    match fault {
        AskFault::Reason(ReasonFault::TooShort) => {
            format!("Say why, in at least {REASON_MIN_CHARS} characters: the person reads it.")
        }
        AskFault::Reason(ReasonFault::TooLong) => format!("Use at most {REASON_MAX_CHARS} characters."),
        AskFault::Own => OWN.to_owned(),
        AskFault::NothingHeld => NOTHING_HELD.to_owned(),
        AskFault::PasskeysAlone => {
            "This person has passkeys and no app. Tick that their device is lost, or there is nothing to reset."
                .to_owned()
        }
    }
}

/// That one waits, for administrators.
#[must_use]
pub fn waits(reset: &PlannedReset) -> String {
    format!("The reset happens on {}.", sign_in_mail::moment(reset.due_at))
}

/// Who asked for it, and why.
#[must_use]
pub fn waits_because(reset: &PlannedReset, asked_by: Option<&User>) -> String {
    let who = asked_by.map_or_else(|| "Somebody".to_owned(), members::called);
    let too = if reset.passkeys_too { " The passkeys of that time go as well." } else { "" };
    format!("{who} asked for it, on {}. Reason: {}{too}", moments::day(reset.created_at), sentence(&reset.reason))
}

/// Takes it back.
pub const WITHDRAW: &str = "Take the reset back";

/// What became of the one before; `None` for one that waits.
#[must_use]
pub fn became(reset: &PlannedReset) -> Option<String> {
    let what = match reset.status {
        ResetStatus::Waiting => return None,
        ResetStatus::Done => "It was reset",
        ResetStatus::Refused => "The person refused a reset",
        ResetStatus::Withdrawn => "A reset was taken back",
        ResetStatus::Shown => "The second factor was used, which called a reset off",
        ResetStatus::Lapsed => "A reset came to nothing",
    };
    let at: UnixMs = reset.settled_at.unwrap_or(reset.due_at);
    Some(format!("{what} on {}.", sign_in_mail::moment(at)))
}

/// Heading of the person's notice and of the page behind the link.
pub const TO_BE_RESET: &str = "Your second factor is to be reset";

/// When and why, for the person.
#[must_use]
pub fn to_be_reset(reset: &PlannedReset) -> String {
    let too = if reset.passkeys_too { ", with the passkeys that you had when this was asked for" } else { "" };
    format!(
        "An administrator was told that you have lost it, and takes away your app and recovery codes on {}{too}. Every browser \
         is logged out then. Reason: {}",
        sign_in_mail::moment(reset.due_at),
        sentence(&reset.reason)
    )
}

/// What to do where one did ask.
pub const ASKED_FOR: &str = "If you asked for it, close this page: nothing has to be done.";
/// What to do where one did not.
pub const NOT_ASKED_FOR: &str = "If you know nothing of it, refuse it, and set a new password: somebody may be after your \
     account.";
/// The act.
pub const REFUSE: &str = "I have it: refuse the reset";

/// Title of the page behind the link, once it was refused.
pub const SPENT: &str = "There is nothing to refuse";
/// Why, and what to do.
pub const SPENT_LEAD: &str = "The reset was refused or taken back, was called off, or has happened. If it has happened and you \
     did not ask for it, set a new password and write to us.";
/// Way on.
pub const SET_PASSWORD: &str = "Set a new password";

/// With a full stop, where there is no end of a sentence yet.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;
    use crate::ids::{FactorResetId, UserId, VendorId};

    #[test]
    fn every_end_of_a_reset_has_its_sentence_and_waiting_has_none() {
        let at = UnixMs(1_795_255_200_000);
        let reset = |status| PlannedReset {
            id: FactorResetId::from_untrusted("frs_x"),
            vendor_id: VendorId::from_untrusted("ven_x"),
            user_id: UserId::from_untrusted("usr_x"),
            asked_by: UserId::from_untrusted("usr_admin"),
            reason: "showed a passport".to_owned(),
            passkeys_too: false,
            status,
            created_at: at,
            due_at: at.plus(DAY_MS),
            settled_at: Some(at),
        };
        for status in ResetStatus::ALL {
            let said = became(&reset(*status));
            assert_eq!(said.is_none(), *status == ResetStatus::Waiting, "{status:?}");
            assert!(said.is_none_or(|said| said.ends_with("on 21 November 2026, 10:00 UTC.")), "{status:?}");
        }
        let told = to_be_reset(&reset(ResetStatus::Waiting));
        assert!(told.contains("22 November 2026, 10:00 UTC") && told.ends_with("showed a passport."), "{told}");
    }
}
