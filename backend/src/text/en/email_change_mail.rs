//! Letters about a change of the e-mail address: to the new one, and to the old one.

use super::sign_in_mail::{REASON, moment};
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};

/// Asks the reader of the new address to confirm it.
#[must_use]
pub fn confirm(sender: &Sender, link: &str, until: UnixMs) -> Letter {
    Letter {
        subject: format!("Confirm your new e-mail address for {}", sender.name),
        heading: "Confirm your new e-mail address".to_owned(),
        paragraphs: vec![format!(
            "You want to log in to {} with this address from now on. Press the button, log in if you are asked to, and \
             confirm it there.",
            sender.name
        )],
        button: Some(("Confirm the new address".to_owned(), link.to_owned())),
        notes: vec![format!(
            "The link works once, until {}, and only for the login that it was asked for with.",
            moment(until)
        )],
        reason: "You get this mail because this address was entered as somebody's new one. If that was not you, do \
                 nothing: nothing changes."
            .to_owned(),
        ..Letter::default()
    }
}

/// Tells the owner of an address that somebody else wanted to change to it.
#[must_use]
pub fn already_used(sender: &Sender) -> Letter {
    Letter {
        subject: format!("Somebody tried to use your address at {}", sender.name),
        heading: "This address is yours already".to_owned(),
        paragraphs: vec![
            format!(
                "Somebody who is logged in to {} wanted to change to this address. You log in with it already, so nothing \
                 was changed.",
                sender.name
            ),
            "If it was you with another login of yours, log in with this address instead.".to_owned(),
        ],
        button: Some(("Log in".to_owned(), format!("{}/log-in", sender.origin))),
        reason:
            "You get this mail because this address was entered as somebody's new one. If that was not you, there is \
                 nothing to do."
                .to_owned(),
        ..Letter::default()
    }
}

/// Tells the old address what was asked for, with the link that calls it off where the address was confirmed.
#[must_use]
pub fn asked(sender: &Sender, new_email: &str, at: UnixMs, not_me: Option<&str>) -> Letter {
    Letter {
        subject: format!("Your e-mail address for {} is to change", sender.name),
        heading: "Somebody wants to change your address".to_owned(),
        paragraphs: vec![
            format!(
                "On {} somebody who knows your password asked to log in to {} as {new_email} from now on.",
                moment(at),
                sender.name
            ),
            "If that was you, follow the link that went to the new address. Until then nothing changes.".to_owned(),
        ],
        button: not_me_button(sender, not_me),
        notes: not_me_notes(not_me),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells the old address that the change has happened, with the link that undoes it where the address was confirmed.
#[must_use]
pub fn changed(sender: &Sender, new_email: &str, at: UnixMs, not_me: Option<&str>) -> Letter {
    Letter {
        subject: format!("Your e-mail address for {} was changed", sender.name),
        heading: "Your address was changed".to_owned(),
        paragraphs: vec![
            format!("Since {} you log in to {} as {new_email}.", moment(at), sender.name),
            "If it was you, there is nothing to do.".to_owned(),
        ],
        button: not_me_button(sender, not_me),
        notes: not_me_notes(not_me),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells the address that somebody had until now that the old one is back.
#[must_use]
pub fn undone(sender: &Sender, at: UnixMs) -> Letter {
    Letter {
        subject: format!("The change of your address for {} was undone", sender.name),
        heading: "The old address is back".to_owned(),
        paragraphs: vec![
            format!(
                "On {} the reader of the old address said that the change to this one was somebody else's. This address \
                 logs nobody in to {} any more, and every browser is logged out.",
                moment(at),
                sender.name
            ),
            "If both addresses are yours, set a new password with the old one.".to_owned(),
        ],
        button: Some(("Set a new password".to_owned(), format!("{}/forgot-password", sender.origin))),
        reason: REASON.to_owned(),
        ..Letter::default()
    }
}

/// Tells somebody who signs up that the address is not free yet.
#[must_use]
pub fn kept(sender: &Sender, until: UnixMs) -> Letter {
    Letter {
        subject: format!("This address is not free yet at {}", sender.name),
        heading: "Somebody had this address until some days ago".to_owned(),
        paragraphs: vec![
            format!(
                "Somebody, probably you, has just tried to sign up at {} with this address. Another login had it lately, \
                 and it is kept until {} in case that somebody wants it back.",
                sender.name,
                moment(until)
            ),
            "Sign up after that, or with another address today.".to_owned(),
        ],
        button: Some(("Sign up".to_owned(), format!("{}/sign-up", sender.origin))),
        reason:
            "You get this mail because this address was entered on the sign-up page. If that was not you, there is \
                 nothing to do: nobody was let in."
                .to_owned(),
        ..Letter::default()
    }
}

fn not_me_button(sender: &Sender, not_me: Option<&str>) -> Option<(String, String)> {
    Some(match not_me {
        Some(link) => ("It was not me".to_owned(), link.to_owned()),
        None => ("Log in".to_owned(), format!("{}/log-in", sender.origin)),
    })
}

fn not_me_notes(not_me: Option<&str>) -> Vec<String> {
    let note = match not_me {
        Some(_) => {
            "If it was not you, press the button: your address stays or comes back, everybody is logged out, and you set a \
             new password. That works until seven days after the change."
        }
        None => {
            "This address was never confirmed, so nothing can be done with it. If you know nothing of it, do nothing."
        }
    };
    vec![note.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_complete_and_only_a_confirmed_address_can_say_that_it_was_somebody_else() {
        let sender = Sender {
            name: "Acme & Söhne".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        };
        let (at, link) = (UnixMs(1_795_255_200_000), "https://acme.test/not-me?token=x");
        let new = "ada@new.example.org";
        for (letter, button) in [
            (confirm(&sender, link, at), "Confirm the new address"),
            (already_used(&sender), "Log in"),
            (asked(&sender, new, at, Some(link)), "It was not me"),
            (asked(&sender, new, at, None), "Log in"),
            (changed(&sender, new, at, Some(link)), "It was not me"),
            (changed(&sender, new, at, None), "Log in"),
            (undone(&sender, at), "Set a new password"),
            (kept(&sender, at), "Sign up"),
        ] {
            let subject = letter.subject.clone();
            assert!(!subject.is_empty() && subject.chars().count() <= 78 && !subject.contains('\n'), "{subject}");
            assert_eq!(letter.button.as_ref().map(|(label, _)| label.as_str()), Some(button), "{subject}");
            let mail = sender.mail("ada@example.org", "Ada", letter);
            assert!(mail.text.contains("https://acme.test/") && mail.text.contains("Questions? Write to"), "{subject}");
        }
        let told = changed(&sender, new, at, Some(link)).paragraphs.join(" ");
        assert!(told.contains(new) && told.contains("21 November 2026, 10:00 UTC"), "{told}");
    }
}
