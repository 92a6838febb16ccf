//! Letters about logging in: the link that does it, a new browser, and everything that happens to a second factor.

use std::net::IpAddr;

use jiff::tz::TimeZone;

use super::passkey_mail::TakenPasskeys;
use super::{documents, portal_accounts};
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};

/// Why such a letter comes.
pub(super) const REASON: &str =
    "You get this mail because it concerns the safety of your account; it cannot be switched off.";

/// `21 November 2026, 11:00 UTC`.
pub(super) fn moment(at: UnixMs) -> String {
    let time = at.timestamp().to_zoned(TimeZone::UTC).time();
    format!("{}, {:02}:{:02} UTC", documents::date(at.date()), time.hour(), time.minute())
}

/// The button that leads to a new password, which logs everybody out.
pub(super) fn not_me(sender: &Sender) -> Option<(String, String)> {
    Some(("It was not me".to_owned(), format!("{}/forgot-password", sender.origin)))
}

/// Where browsers and second factor are looked after.
fn to_account(sender: &Sender) -> Option<(String, String)> {
    Some(("Look at my account".to_owned(), format!("{}/account", sender.origin)))
}

/// Lets somebody in without a password.
#[must_use]
pub fn sign_in_link(sender: &Sender, link: &str, until: UnixMs) -> Letter {
    Letter {
        subject: format!("Log in to {}", sender.name),
        heading: "Your link to log in".to_owned(),
        paragraphs: vec![format!(
            "Somebody, probably you, asked to log in to {} without a password. The button opens a page with one more \
             button, which logs you in there.",
            sender.name
        )],
        button: Some(("Log in".to_owned(), link.to_owned())),
        notes: vec![format!(
            "The link works once, until {}. It lets in whoever has it, so do not pass it on.",
            moment(until)
        )],
        reason: "You get this mail because a link to log in was asked for with this address. If that was not you, do \
                 nothing: without this mail nobody is let in."
            .to_owned(),
        ..Letter::default()
    }
}

/// Tells that the password is gone that was set before anybody had shown the address to be theirs.
#[must_use]
pub fn password_withdrawn(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("Set a new password for {}", sender.name),
        heading: "Your address is confirmed, and the old password is gone".to_owned(),
        paragraphs: vec![
            format!(
                "On {} you logged in by a mailed link. That was the first time that anybody has shown this address to be \
                 theirs.",
                moment(at)
            ),
            "Somebody else could have signed up with it before. Therefore the password from then is gone, a second \
             factor too, and every other browser is logged out."
                .to_owned(),
            "Set a new password whenever you like. Until then, a mailed link lets you in.".to_owned(),
        ],
        button: Some(("Set a password".to_owned(), format!("{}/forgot-password", sender.origin))),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells of a log-in with a browser that the user has not been known to use.
#[must_use]
pub fn new_browser(sender: &Sender, at: UnixMs, user_agent: &str, address: IpAddr) -> Letter {
    Letter {
        subject: format!("New log-in to {}", sender.name),
        heading: "Somebody has logged in with a browser that we do not know".to_owned(),
        paragraphs: vec![
            "If that was you, there is nothing to do: from now on we know this browser.".to_owned(),
            "If it was not, set a new password at once. That logs every browser out, this one too.".to_owned(),
        ],
        facts: vec![
            ("When".to_owned(), moment(at)),
            ("Browser".to_owned(), portal_accounts::browser(user_agent)),
            ("Network address".to_owned(), address.to_canonical().to_string()),
        ],
        button: not_me(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that a second factor was set up.
#[must_use]
pub fn factor_set(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("A second factor protects your account with {}", sender.name),
        heading: "Your second factor is set up".to_owned(),
        paragraphs: vec![
            format!("Since {} we ask for a code of your app whenever you log in.", moment(at)),
            "Keep the recovery codes where you find them without your phone: each lets you in once when the app is \
             lost."
                .to_owned(),
            "If it was not you who set it up, write to us at once.".to_owned(),
        ],
        button: to_account(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that a second factor was turned off by its user.
#[must_use]
pub fn factor_removed(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("Your second factor for {} was turned off", sender.name),
        heading: "Your second factor was turned off".to_owned(),
        paragraphs: vec![
            format!("Since {} your password alone lets you in. Your recovery codes are worth nothing now.", moment(at)),
            "If it was not you who turned it off, set a new password at once: that logs everybody else out.".to_owned(),
        ],
        button: not_me(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that a second factor is gone that was set up shortly before a change of address that was disowned.
#[must_use]
pub fn factor_withdrawn(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("The second factor for {} was removed", sender.name),
        heading: "A second factor that may not be yours is gone".to_owned(),
        paragraphs: vec![
            format!(
                "On {} you said that it was not you who changed the address. A second factor had been set up shortly \
                 before or after that, so we took it away: it would have let in whoever set it up, and not you.",
                moment(at)
            ),
            "If it was yours, set it up once more after you have logged in.".to_owned(),
        ],
        button: to_account(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that we took a second factor away, and which passkeys went with it.
#[must_use]
pub fn factor_reset(sender: &Sender, at: UnixMs, passkeys: Option<TakenPasskeys>) -> Letter {
    let next = "Log in with your password, and set up a new second factor.";
    let next = match passkeys {
        Some(TakenPasskeys::All) => format!("Your passkeys are gone as well. {next}"),
        Some(TakenPasskeys::Until(asked_at)) => format!(
            "The passkeys that you had on {} are gone as well; those that you have added since stay. {next}",
            moment(asked_at)
        ),
        None => next.to_owned(),
    };
    Letter {
        subject: format!("Your second factor for {} was reset", sender.name),
        heading: "Your second factor was reset by us".to_owned(),
        paragraphs: vec![
            format!(
                "On {} we took the second factor off your account, because we were told that app and recovery codes \
                 are lost. Every browser is logged out.",
                moment(at)
            ),
            next,
            "If you did not ask for this, set a new password at once and write to us.".to_owned(),
        ],
        button: Some(("Log in".to_owned(), format!("{}/log-in", sender.origin))),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that new recovery codes were made.
#[must_use]
pub fn codes_renewed(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("New recovery codes for {}", sender.name),
        heading: "You have new recovery codes".to_owned(),
        paragraphs: vec![
            format!("They were made on {}. The ones that you had before are worth nothing now.", moment(at)),
            "If it was not you who made them, set a new password at once, and make new codes then.".to_owned(),
        ],
        button: not_me(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells that a recovery code was used.
#[must_use]
pub fn recovery_code_used(sender: &Sender, at: UnixMs, left: i64) -> Letter {
    let left = match left {
        0 => "It was the last one. Make new codes on your account page.".to_owned(),
        1 => "One is left. Make new codes on your account page before it is used.".to_owned(),
        left => format!("{left} are left. You can make new ones on your account page at any time."),
    };
    Letter {
        subject: format!("A recovery code for {} was used", sender.name),
        heading: "A recovery code was used".to_owned(),
        paragraphs: vec![
            format!("On {} one of your recovery codes took the place of your app's code.", moment(at)),
            left,
            "If it was not you, set a new password at once, and make new codes then.".to_owned(),
        ],
        button: to_account(sender),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_complete_and_says_what_to_do() {
        let sender = Sender {
            name: "Acme & Söhne".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        };
        let at = UnixMs(1_795_255_200_000);
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let letters = [
            sign_in_link(&sender, "https://acme.test/log-in/by-link?token=x", at),
            password_withdrawn(&sender, at),
            new_browser(&sender, at, agent, [192, 0, 2, 7].into()),
            factor_set(&sender, at),
            factor_removed(&sender, at),
            factor_withdrawn(&sender, at),
            factor_reset(&sender, at, None),
            factor_reset(&sender, at, Some(TakenPasskeys::All)),
            factor_reset(&sender, at, Some(TakenPasskeys::Until(at))),
            codes_renewed(&sender, at),
            recovery_code_used(&sender, at, 0),
            recovery_code_used(&sender, at, 9),
        ];
        for letter in letters {
            let subject = letter.subject.clone();
            assert!(!subject.is_empty() && subject.chars().count() <= 78 && !subject.contains('\n'), "{subject}");
            let mail = sender.mail("ada@example.org", "Ada", letter);
            let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("21 November 2026, 10:00 UTC"), "{text}");
            assert!(text.contains("https://acme.test/"), "{text}");
        }
        let told = sender.mail("ada@example.org", "", new_browser(&sender, at, agent, [192, 0, 2, 7].into())).text;
        assert!(told.contains("Firefox on Linux") && told.contains("192.0.2.7"), "{told}");
    }
}
