//! Every letter that people get.

use jiff::tz::TimeZone;

use super::documents;
use crate::clock::UnixMs;
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::pdf::amounts;

/// The language of these letters (BCP 47).
pub const LANGUAGE: &str = "en";
/// Stands before a button's address.
pub const BUTTON_FALLBACK: &str = "If the button does not work, open this address:";

/// The last line of every letter.
#[must_use]
pub fn footer(sender: &Sender) -> String {
    if sender.support_email.is_empty() {
        format!("{} · {}", sender.name, sender.origin)
    } else {
        format!("{} · {} · Questions? Write to {}", sender.name, sender.origin, sender.support_email)
    }
}

/// `21 November 2026, 11:00 UTC`.
fn moment(at: UnixMs) -> String {
    let time = at.timestamp().to_zoned(TimeZone::UTC).time();
    format!("{}, {:02}:{:02} UTC", documents::date(at.date()), time.hour(), time.minute())
}

/// Asks the owner of an address to confirm it.
#[must_use]
pub fn verification(sender: &Sender, link: &str, until: UnixMs) -> Letter {
    Letter {
        subject: format!("Confirm your e-mail address for {}", sender.name),
        heading: "Confirm your e-mail address".to_owned(),
        paragraphs: vec![format!(
            "Welcome to {}. One press of the button tells us that this address is yours, so that license keys, \
             invoices and password resets reach you and nobody else.",
            sender.name
        )],
        button: Some(("Confirm address".to_owned(), link.to_owned())),
        notes: vec![format!("The link works once, until {}.", moment(until))],
        reason: "You get this mail because this address was used to sign up. If that was not you, do nothing."
            .to_owned(),
        ..Letter::default()
    }
}

/// Tells the owner of a registered address that somebody signed up with it.
#[must_use]
pub fn already_registered(sender: &Sender) -> Letter {
    Letter {
        subject: format!("You already have an account with {}", sender.name),
        heading: "You already have an account".to_owned(),
        paragraphs: vec![
            format!(
                "Somebody, probably you, has just tried to sign up at {} with this address. It has an account \
                 already, so nothing was created.",
                sender.name
            ),
            "Log in with the password that you chose then, and go on with what you were about to buy.".to_owned(),
        ],
        button: Some(("Log in".to_owned(), format!("{}/log-in", sender.origin))),
        notes: vec![format!("Forgotten the password? Set a new one at {}/forgot-password", sender.origin)],
        reason: "You get this mail because this address was entered on the sign-up page. If that was not you, there \
                 is nothing to do: nobody was let in."
            .to_owned(),
        ..Letter::default()
    }
}

/// Lets somebody who forgot the password set a new one.
#[must_use]
pub fn password_reset(sender: &Sender, link: &str, until: UnixMs) -> Letter {
    Letter {
        subject: format!("Set a new password for {}", sender.name),
        heading: "Set a new password".to_owned(),
        paragraphs: vec![format!(
            "Somebody, probably you, asked for a new password for your account with {}. The one you have works until \
             you set another.",
            sender.name
        )],
        button: Some(("Set a new password".to_owned(), link.to_owned())),
        notes: vec![format!(
            "The link works once, until {}. Setting a new password ends all sessions that are signed in now.",
            moment(until)
        )],
        reason: "You get this mail because a reset was asked for with this address. If that was not you, do nothing: \
                 your password stays as it is."
            .to_owned(),
        ..Letter::default()
    }
}

/// Tells a user that the password was changed, and that passkeys went with the old one where there were any.
#[must_use]
pub fn password_changed(sender: &Sender, at: UnixMs, passkeys_are_gone: bool) -> Letter {
    let gone = "Your passkeys were removed, in case one was not yours. Add new ones after you have logged in.";
    let gone = passkeys_are_gone.then(|| gone.to_owned());
    Letter {
        subject: format!("Your password for {} was changed", sender.name),
        heading: "Your password was changed".to_owned(),
        paragraphs: [
            Some(format!("The password of your account with {} was changed on {}.", sender.name, moment(at))),
            gone,
            Some(
                "If that was you, there is nothing to do. If it was not, set a new password at once: that also signs \
                 everybody else out."
                    .to_owned(),
            ),
        ]
        .into_iter()
        .flatten()
        .collect(),
        button: Some(("It was not me".to_owned(), format!("{}/forgot-password", sender.origin))),
        reason: "You get this mail because it concerns the safety of your account; it cannot be switched off."
            .to_owned(),
        ..Letter::default()
    }
}

/// Tells a buyer that the license is ready. The key itself is not in the mail: it is shown in the portal.
#[must_use]
pub fn license_ready(sender: &Sender, product: &str, plan: &str, seats: i64, license_page: &str) -> Letter {
    let instances = if seats == 1 { "1 instance".to_owned() } else { format!("{seats} instances") };
    Letter {
        subject: format!("Your license for {product} is ready"),
        heading: format!("{product} is yours"),
        paragraphs: vec![
            format!("Thank you. Your payment has arrived and your license is ready for {instances}."),
            "The license key is on the license's page, with the lines that start the product. For safety it is not \
             in this mail."
                .to_owned(),
        ],
        facts: vec![
            ("Product".to_owned(), product.to_owned()),
            ("Plan".to_owned(), plan.to_owned()),
            ("Instances".to_owned(), seats.to_string()),
        ],
        button: Some(("Show the license key".to_owned(), license_page.to_owned())),
        reason: format!("You get this mail because you bought a license from {}.", sender.name),
        ..Letter::default()
    }
}

/// An invoice as its letter shows it.
#[derive(Clone, Debug)]
pub struct InvoiceFacts<'a> {
    /// Its number.
    pub number: &'a str,
    /// What it comes to, tax included.
    pub total: Money,
    /// Whether it is paid; else when payment is due.
    pub due: Due,
}

/// Whether something is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing: it is paid.
    Paid,
    /// Until this moment.
    Until(UnixMs),
}

/// Tells an account that an invoice can be fetched.
#[must_use]
pub fn invoice_available(sender: &Sender, invoice: &InvoiceFacts<'_>, invoice_page: &str) -> Letter {
    let total = amounts::format(invoice.total.currency, invoice.total.amount_minor);
    let (sentence, fact) = match invoice.due {
        Due::Paid => ("It is paid; there is nothing to do.".to_owned(), "Paid".to_owned()),
        Due::Until(at) => {
            let date = documents::date(at.date());
            (format!("Please pay it by {date}. The invoice says how."), format!("Due {date}"))
        }
    };
    Letter {
        subject: format!("Invoice {} from {}", invoice.number, sender.name),
        heading: format!("Invoice {} over {total}", invoice.number),
        paragraphs: vec![format!("Your invoice is in the portal, as PDF. {sentence}")],
        facts: vec![
            ("Number".to_owned(), invoice.number.to_owned()),
            ("Total".to_owned(), total),
            ("Payment".to_owned(), fact),
        ],
        button: Some(("See the invoice".to_owned(), invoice_page.to_owned())),
        reason: "You get this mail because this address is set for your account's invoices.".to_owned(),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::money::Currency;

    const AT: UnixMs = UnixMs(1_795_255_200_000);
    const LINK: &str = "https://acme.test/somewhere?token=k5v9d0q2m7h4x1c8b3n6";

    fn sender() -> Sender {
        Sender {
            name: "Acme & Söhne".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        }
    }

    fn letters() -> Vec<Letter> {
        let sender = sender();
        let total = Money::new(120_000, Currency::parse("eur").unwrap());
        let invoice = |due| InvoiceFacts { number: "ACME-0042", total, due };
        vec![
            verification(&sender, LINK, AT),
            already_registered(&sender),
            password_reset(&sender, LINK, AT),
            password_changed(&sender, AT, false),
            license_ready(&sender, "Hearth IoT", "Startup, yearly", 2, LINK),
            invoice_available(&sender, &invoice(Due::Paid), LINK),
            invoice_available(&sender, &invoice(Due::Until(AT)), LINK),
            password_changed(&sender, AT, true),
        ]
    }

    #[test]
    fn every_letter_is_complete_and_says_the_same_in_both_renderings() {
        for letter in letters() {
            let (_, address) = letter.button.clone().unwrap();
            let (subject, reason) = (letter.subject.clone(), letter.reason.clone());
            assert!(!subject.is_empty() && subject.chars().count() <= 78 && !subject.contains('\n'), "{subject}");
            assert!(!letter.heading.is_empty() && !letter.paragraphs.is_empty() && !reason.is_empty(), "{subject}");
            let mail = sender().mail("ada@example.org", "Ada", letter);
            assert!(mail.text.contains(&address) && mail.html.contains(&format!("href=\"{address}\"")), "{subject}");
            assert!(mail.text.contains("Questions? Write to help@acme.test"), "{}", mail.text);
        }
    }

    #[test]
    fn letters_name_moments_and_amounts_so_that_nobody_misreads_them() {
        let letters = letters();
        assert_eq!(
            letters[2].notes[0].split(". ").next().unwrap(),
            "The link works once, until 21 November 2026, 10:00 UTC"
        );
        assert_eq!(letters[6].heading, "Invoice ACME-0042 over €1,200.00");
        assert_eq!(letters[6].facts[2].1, "Due 21 November 2026");
    }
}
