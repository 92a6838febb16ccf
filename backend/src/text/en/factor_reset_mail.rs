//! Letters about the reset of a lost second factor: to the person, and to the administrator who asked for it.

use super::sign_in_mail::{REASON, moment};
use crate::accounts::factor_resets::PlannedReset;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};

/// Tells the person what was asked for, with the link that refuses it.
#[must_use]
pub fn asked(sender: &Sender, reset: &PlannedReset, link: &str) -> Letter {
    let (goes, shows) = if reset.passkeys_too {
        (
            "Then your app, your recovery codes and the passkeys that you have now are worth nothing any more, and every \
             browser is logged out.",
            "your app, a recovery code or a passkey",
        )
    } else {
        (
            "Then your app and your recovery codes are worth nothing any more, and every browser is logged out.",
            "your app or a recovery code",
        )
    };
    Letter {
        subject: format!("Your second factor for {} is to be reset", sender.name),
        heading: "Your second factor is to be reset".to_owned(),
        paragraphs: vec![
            format!(
                "An administrator of {} was told that you have lost your second factor, and wants to take it off your \
                 account.",
                sender.name
            ),
            goes.to_owned(),
            "If you asked for this, there is nothing to do but wait. Afterwards you log in with your password, and set up a \
             new second factor."
                .to_owned(),
        ],
        facts: vec![
            ("Reason".to_owned(), reset.reason.clone()),
            ("It happens on".to_owned(), moment(reset.due_at)),
        ],
        button: Some(("I have it: refuse the reset".to_owned(), link.to_owned())),
        notes: vec![format!(
            "If you know nothing of it, press the button, and set a new password: somebody may be after your account. Logging \
             in with {shows} calls the reset off as well."
        )],
        reason: REASON.to_owned(),
    }
}

/// Tells the person that an administrator took it back.
#[must_use]
pub fn withdrawn(sender: &Sender, at: UnixMs) -> Letter {
    let why = format!("On {} an administrator took it back. Your second factor stays as it is.", moment(at));
    stays_lost(sender, "The reset of your second factor was taken back", why)
}

/// Tells the person that it was to happen at this moment and did not, because whoever asked may not any more.
#[must_use]
pub fn void(sender: &Sender, due_at: UnixMs) -> Letter {
    let why = format!(
        "It was to happen on {}, but whoever asked for it may not do that any more. Your second factor stays as it is.",
        moment(due_at)
    );
    stays_lost(sender, "The reset of your second factor was not carried out", why)
}

/// Tells the person that showing the second factor has called its reset off.
#[must_use]
pub fn called_off(sender: &Sender, at: UnixMs) -> Letter {
    let why = format!(
        "On {} somebody used your second factor, or made new recovery codes, so it is not lost, and its reset is called \
         off. It stays as it is.",
        moment(at)
    );
    let what_next = "If it was not you, set a new password at once, and write to us.";
    not_reset(
        sender,
        "You have your second factor after all",
        [why, what_next.to_owned()],
        ("It was not me", "/forgot-password"),
    )
}

/// It is not reset, and whoever has lost it has to ask once more.
fn stays_lost(sender: &Sender, heading: &str, why: String) -> Letter {
    let what_next = "If you have lost it, write to us.".to_owned();
    not_reset(sender, heading, [why, what_next], ("Log in", "/log-in"))
}

fn not_reset(sender: &Sender, heading: &str, paragraphs: [String; 2], (label, path): (&str, &str)) -> Letter {
    Letter {
        subject: format!("Your second factor for {} is not reset", sender.name),
        heading: heading.to_owned(),
        paragraphs: paragraphs.into(),
        button: Some((label.to_owned(), format!("{}{path}", sender.origin))),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells the administrator that the person refused it.
#[must_use]
pub fn refused(sender: &Sender, email: &str, at: UnixMs) -> Letter {
    let became = format!("On {} it was refused.", moment(at));
    let what_next = "Whoever told you that it was lost may have been somebody else. Be careful with the next request.";
    to_asker(sender, email, ("was refused", "The person refused the reset"), &became, what_next)
}

/// Tells the administrator that the person has what was said to be lost.
#[must_use]
pub fn disproved(sender: &Sender, email: &str, at: UnixMs) -> Letter {
    let became = format!("On {} it was used, or got new recovery codes, so the reset is called off.", moment(at));
    let what_next = "If the person has found it, there is nothing to do.";
    to_asker(sender, email, ("is called off", "The second factor is not lost"), &became, what_next)
}

fn to_asker(sender: &Sender, email: &str, (end, heading): (&str, &str), became: &str, what_next: &str) -> Letter {
    Letter {
        subject: format!("A reset of a second factor at {} {end}", sender.name),
        heading: heading.to_owned(),
        paragraphs: vec![
            format!("You asked for the reset of the second factor of {email}. {became}"),
            what_next.to_owned(),
        ],
        button: Some(("Open the console".to_owned(), format!("{}/staff", sender.origin))),
        reason: format!("You get this mail because you asked for this reset in the console of {}.", sender.name),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::factor_resets::ResetStatus;
    use crate::ids::{FactorResetId, UserId, VendorId};

    #[test]
    fn every_letter_is_complete_and_the_first_says_when_why_and_how_to_refuse() {
        let sender = Sender {
            name: "Acme & Söhne".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        };
        let (at, link) = (UnixMs(1_795_255_200_000), "https://acme.test/factor-reset?token=x");
        let reset = PlannedReset {
            id: FactorResetId::from_untrusted("frs_x"),
            vendor_id: VendorId::from_untrusted("ven_x"),
            user_id: UserId::from_untrusted("usr_x"),
            asked_by: UserId::from_untrusted("usr_admin"),
            reason: "called from the number in the contract".to_owned(),
            passkeys_too: true,
            status: ResetStatus::Waiting,
            created_at: at,
            due_at: at,
            settled_at: None,
        };
        for letter in [
            asked(&sender, &reset, link),
            withdrawn(&sender, at),
            void(&sender, at),
            called_off(&sender, at),
            refused(&sender, "ada@example.org", at),
            disproved(&sender, "ada@example.org", at),
        ] {
            let subject = letter.subject.clone();
            assert!(!subject.is_empty() && subject.chars().count() <= 78 && !subject.contains('\n'), "{subject}");
            assert!(letter.button.is_some() && !letter.reason.is_empty(), "{subject}");
            let mail = sender.mail("ada@example.org", "Ada", letter);
            let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("21 November 2026, 10:00 UTC"), "{text}");
        }
        let told = asked(&sender, &reset, link);
        assert!(told.paragraphs.join(" ").contains("passkeys that you have now"), "{told:?}");
        assert!(told.notes.join(" ").contains("your app, a recovery code or a passkey calls"), "{told:?}");
        let text = sender.mail("ada@example.org", "", told).text;
        assert!(text.contains(link) && text.contains("called from the number in the contract"), "{text}");
        let less = asked(&sender, &PlannedReset { passkeys_too: false, ..reset }, link);
        assert!(!less.paragraphs.join(" ").contains("passkey"), "{less:?}");
        assert!(less.notes.join(" ").contains("with your app or a recovery code calls"), "{less:?}");
    }
}
