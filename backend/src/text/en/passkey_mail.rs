//! Letters about passkeys: everything that happens to one.

use super::sign_in_mail::{REASON, moment, not_me};
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};

/// Where passkeys are looked after.
fn to_passkeys(sender: &Sender) -> Option<(String, String)> {
    Some(("Look at my passkeys".to_owned(), format!("{}/account/passkeys", sender.origin)))
}

/// Tells that a passkey was added.
#[must_use]
pub fn passkey_added(sender: &Sender, at: UnixMs, name: &str) -> Letter {
    Letter {
        subject: format!("A new passkey for {}", sender.name),
        heading: "You have a new passkey".to_owned(),
        paragraphs: vec![
            "From now on it lets you in without your password.".to_owned(),
            "If it was not you who added it, remove it at once, and set a new password.".to_owned(),
        ],
        facts: vec![("When".to_owned(), moment(at)), ("Passkey".to_owned(), name.to_owned())],
        button: to_passkeys(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that a passkey was removed by its owner.
#[must_use]
pub fn passkey_removed(sender: &Sender, at: UnixMs, name: &str) -> Letter {
    Letter {
        subject: format!("A passkey for {} was removed", sender.name),
        heading: "One of your passkeys was removed".to_owned(),
        paragraphs: vec![
            "It lets nobody in any more, and every other browser is logged out.".to_owned(),
            "If it was not you who removed it, set a new password at once: that logs everybody else out.".to_owned(),
        ],
        facts: vec![("When".to_owned(), moment(at)), ("Passkey".to_owned(), name.to_owned())],
        button: not_me(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that a passkey was refused, because its counter says that there are two of it.
#[must_use]
pub fn passkey_copied(sender: &Sender, at: UnixMs, name: &str) -> Letter {
    Letter {
        subject: format!("A passkey for {} may have been copied", sender.name),
        heading: "Somebody may have a copy of your passkey".to_owned(),
        paragraphs: vec![
            "It was used, and we refused it: it counts how often it is used, and what it said has been said before. \
             That is so when there are two of it."
                .to_owned(),
            "Log in with your password, remove the passkey, and add a new one.".to_owned(),
        ],
        facts: vec![("When".to_owned(), moment(at)), ("Passkey".to_owned(), name.to_owned())],
        button: to_passkeys(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Which passkeys a reset has taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenPasskeys {
    /// All of them.
    All,
    /// Those that there were at this moment, when the reset was asked for; what was added since stays.
    Until(UnixMs),
}

/// Tells that we took passkeys away, and no second factor with them.
#[must_use]
pub fn passkeys_reset(sender: &Sender, at: UnixMs, taken: TakenPasskeys) -> Letter {
    let taken = match taken {
        TakenPasskeys::All => {
            "We took all passkeys off your account, because we were told that you cannot log in. They let nobody in any \
             more, and every browser is logged out."
                .to_owned()
        }
        TakenPasskeys::Until(asked_at) => format!(
            "We took the passkeys off your account that you had on {}, because we were told that they are lost. They let \
             nobody in any more, and every browser is logged out. What you have added since stays.",
            moment(asked_at)
        ),
    };
    Letter {
        subject: format!("Your passkeys for {} were removed", sender.name),
        heading: "Your passkeys were removed by us".to_owned(),
        paragraphs: vec![
            taken,
            "Log in with your password, and add a new passkey.".to_owned(),
            "If you did not ask for this, set a new password at once and write to us.".to_owned(),
        ],
        facts: vec![("When".to_owned(), moment(at))],
        button: Some(("Log in".to_owned(), format!("{}/log-in", sender.origin))),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;

    #[test]
    fn every_letter_names_the_passkey_and_says_when_and_what_to_do() {
        let sender = Sender {
            name: "Acme & Söhne".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        };
        let at = UnixMs(1_795_255_200_000);
        for letter in [
            passkey_added(&sender, at, "My phone"),
            passkey_removed(&sender, at, "My phone"),
            passkey_copied(&sender, at, "My phone"),
        ] {
            let subject = letter.subject.clone();
            assert!(!subject.is_empty() && subject.chars().count() <= 78 && !subject.contains('\n'), "{subject}");
            let mail = sender.mail("ada@example.org", "Ada", letter);
            let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in ["21 November 2026, 10:00 UTC", "My phone", "https://acme.test/"] {
                assert!(text.contains(part), "{text}");
            }
        }
        for (taken, said, unsaid) in [
            (TakenPasskeys::All, "all passkeys", "added since stays"),
            (TakenPasskeys::Until(at.plus(-DAY_MS)), "that you had on 20 November 2026, 10:00 UTC", "all passkeys"),
        ] {
            let text = sender.mail("ada@example.org", "Ada", passkeys_reset(&sender, at, taken)).text;
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in ["21 November 2026, 10:00 UTC", "https://acme.test/log-in", said] {
                assert!(text.contains(part), "{part}: {text}");
            }
            assert!(!text.contains(unsaid), "{text}");
        }
    }
}
