//! Letters about people: who is invited, has joined, may do something else, or has gone.

use super::{members, moments};
use crate::accounts::User;
use crate::accounts::members::Position;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};

/// Asks somebody to join. `inviter` is a person, or the vendor's name; `company` is `None` for the vendor's staff.
#[must_use]
pub fn invitation(
    sender: &Sender,
    inviter: &str,
    company: Option<&str>,
    position: &Position,
    link: &str,
    until: UnixMs,
) -> Letter {
    let whom = whom(sender, company);
    let (role, may) = (members::position_name(position), members::position_may(position));
    Letter {
        subject: short(&format!("{inviter} invites you to {whom}")),
        heading: format!("Join {whom}"),
        paragraphs: vec![match company {
            Some(company) => {
                format!("{inviter} asks you to act for {company} in the portal of {}, as {role}: {may}.", sender.name)
            }
            None => format!("{inviter} asks you to join the staff of {}, as {role}: {may}.", sender.name),
        }],
        button: Some(("See the invitation".to_owned(), link.to_owned())),
        notes: vec![format!(
            "The link works once, until {}, and for this address only. Nothing happens before you accept.",
            moment(until)
        )],
        reason: "You get this mail because somebody entered this address as that of a colleague. If you do not know \
                 them, do nothing."
            .to_owned(),
        ..Letter::default()
    }
}

/// Tells who decides about people that somebody has accepted an invitation.
#[must_use]
pub fn joined(sender: &Sender, user: &User, company: Option<&str>, position: &Position) -> Letter {
    let (whom, who) = (whom(sender, company), members::called(user));
    let role = members::position_name(position);
    Letter {
        subject: short(&format!("{who} has joined {whom}")),
        heading: format!("{who} has joined {whom}"),
        paragraphs: vec![format!(
            "{who} has accepted the invitation and is {role} now: {}.",
            members::position_may(position)
        )],
        facts: vec![("E-mail address".to_owned(), user.email.clone()), ("Role".to_owned(), role.to_owned())],
        button: Some(("See who is there".to_owned(), list(sender, company))),
        notes: vec!["If this is a surprise, take the person out there; it counts at once.".to_owned()],
        reason: decider(company),
    }
}

/// Tells the owners that somebody has left.
#[must_use]
pub fn left(sender: &Sender, user: &User, company: Option<&str>) -> Letter {
    let (whom, who) = (whom(sender, company), members::called(user));
    Letter {
        subject: short(&format!("{who} has left {whom}")),
        heading: format!("{who} has left {whom}"),
        paragraphs: vec![format!(
            "{who} ({}) does not act for {whom} any more. Licenses and running instances are not touched.",
            user.email
        )],
        button: Some(("See who is there".to_owned(), list(sender, company))),
        notes: vec![
            "Keys that the person has seen go on working. Replace those that nobody else shall have.".to_owned(),
        ],
        reason: decider(company),
        ..Letter::default()
    }
}

/// Tells somebody about a new role.
#[must_use]
pub fn role_changed(sender: &Sender, company: Option<&str>, position: &Position) -> Letter {
    let whom = whom(sender, company);
    let role = members::position_name(position);
    let home = if company.is_some() { "/overview" } else { "/staff" };
    Letter {
        subject: short(&format!("Your role at {whom} has changed")),
        heading: format!("You are {role} now"),
        paragraphs: vec![format!(
            "Your role at {whom} is {role} from now on. You may: {}.",
            members::position_may(position)
        )],
        button: Some(("Open the portal".to_owned(), format!("{}{home}", sender.origin))),
        reason: format!("You get this mail because you belong to {whom}."),
        ..Letter::default()
    }
}

/// Tells somebody that it is out.
#[must_use]
pub fn removed(sender: &Sender, company: Option<&str>) -> Letter {
    let whom = whom(sender, company);
    Letter {
        subject: short(&format!("You do not belong to {whom} any more")),
        heading: format!("You do not belong to {whom} any more"),
        paragraphs: vec![match company {
            Some(company) => format!(
                "An owner of {company} has taken you out of it. You cannot see its licenses and invoices in the portal \
                 of {} any more. Your login stays, and so does whatever else you belong to.",
                sender.name
            ),
            None => format!(
                "An administrator has taken you out of the staff of {}. Your login stays, without the console.",
                sender.name
            ),
        }],
        button: Some(("Open the portal".to_owned(), format!("{}/log-in", sender.origin))),
        reason: format!("You get this mail because you belonged to {whom}."),
        ..Letter::default()
    }
}

/// What one joins, in words.
fn whom(sender: &Sender, company: Option<&str>) -> String {
    company.map_or_else(|| format!("the staff of {}", sender.name), str::to_owned)
}

fn list(sender: &Sender, company: Option<&str>) -> String {
    let page = if company.is_some() { "/account/members" } else { "/staff/people" };
    format!("{}{page}", sender.origin)
}

fn decider(company: Option<&str>) -> String {
    match company {
        Some(company) => format!("You get this mail because you own the account of {company}."),
        None => "You get this mail because you are an administrator.".to_owned(),
    }
}

/// A subject that fits its line, however long names are.
fn short(subject: &str) -> String {
    const MAX_CHARS: usize = 78;
    if subject.chars().count() <= MAX_CHARS {
        return subject.to_owned();
    }
    subject.chars().take(MAX_CHARS - 1).chain(['…']).collect()
}

fn moment(at: UnixMs) -> String {
    format!("{}, {}", moments::day(at), moments::time_of_day(at))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::accounts::{Role, StaffRole};
    use crate::ids::{AccountId, UserId, VendorId};

    const AT: UnixMs = UnixMs(1_795_255_200_000);
    const LINK: &str = "https://acme.test/join?token=k5v9d0q2m7h4x1c8b3n6";

    #[test]
    fn every_letter_is_complete_and_its_subject_fits_a_line_however_long_names_are() {
        let sender = Sender {
            name: "Acme & Söhne".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        };
        let user = User {
            id: UserId::from_untrusted("usr_1"),
            vendor_id: VendorId::from_untrusted("ven_1"),
            email: "ada@example.org".to_owned(),
            name: "Ada ".repeat(30).trim().to_owned(),
            staff_role: None,
            email_verified_at: None,
            password_set_at: AT,
            created_at: AT,
        };
        let member = Position::Member { account_id: AccountId::from_untrusted("acc_1"), role: Role::Viewer };
        for (company, position) in [(Some("Weser GmbH"), member), (None, Position::Staff(StaffRole::Support))] {
            for letter in [
                invitation(&sender, &user.name, company, &position, LINK, AT),
                joined(&sender, &user, company, &position),
                left(&sender, &user, company),
                role_changed(&sender, company, &position),
                removed(&sender, company),
            ] {
                let (subject, (_, address)) = (letter.subject.clone(), letter.button.clone().unwrap());
                assert!(!subject.is_empty() && subject.chars().count() <= 78, "{subject}");
                assert!(!letter.heading.is_empty() && !letter.reason.is_empty(), "{subject}");
                let mail = sender.mail("bob@example.org", "", letter);
                assert!(mail.text.contains(&address) && mail.html.contains(&address), "{subject}");
            }
        }
        let letter = invitation(&sender, "Ada", Some("Weser GmbH"), &Position::Staff(StaffRole::Admin), LINK, AT);
        assert!(letter.notes[0].contains("until 21 November 2026, 10:00 UTC"), "{:?}", letter.notes);
    }
}
