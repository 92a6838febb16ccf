//! Letters about what runs under a license.

use sdk::wire::OverLimit;

use super::licenses::humanised;
use crate::mail::{Letter, Sender};

/// Why somebody gets these letters.
fn reason(sender: &Sender) -> String {
    format!("You get this mail because you look after your company's licenses from {}.", sender.name)
}

/// Tells that two copies run under one identity.
#[must_use]
pub fn cloned(sender: &Sender, product: &str, who: &str, license_page: &str) -> Letter {
    Letter {
        subject: format!("Two copies of {product} use one identity"),
        heading: format!("“{who}” runs more than once"),
        paragraphs: vec![
            format!(
                "At least two copies of {product} present themselves as “{who}”. This happens when a machine \
                 or its data is copied. The one that checked in last goes on; the other is refused."
            ),
            "Give each copy an identity of its own. If the wrong one is running, decide on the license's page which \
             one stays. Without a decision the identity can be activated again after a day."
                .to_owned(),
        ],
        facts: vec![("Product".to_owned(), product.to_owned()), ("Identity".to_owned(), who.to_owned())],
        button: Some(("Decide".to_owned(), license_page.to_owned())),
        reason: reason(sender),
        ..Letter::default()
    }
}

/// Tells that a seat was freed through the API: by another instance, or by somebody with the bare license key.
#[must_use]
pub fn seat_freed(sender: &Sender, product: &str, who: &str, by: Option<&str>, license_page: &str) -> Letter {
    let by = by.map_or_else(|| "with the license key".to_owned(), |by| format!("by “{by}”"));
    Letter {
        subject: format!("A seat of {product} was freed"),
        heading: format!("The seat of “{who}” was freed"),
        paragraphs: vec![
            format!("“{who}” was deactivated {by}, through the licensing API. It stops as its plan says."),
            "If somebody in your company did this, there is nothing to do. If not, replace the license key: whoever \
             has it can free seats."
                .to_owned(),
        ],
        facts: vec![("Product".to_owned(), product.to_owned()), ("Freed".to_owned(), who.to_owned())],
        button: Some(("See the license".to_owned(), license_page.to_owned())),
        reason: reason(sender),
        ..Letter::default()
    }
}

/// Tells that use exceeds a limit.
#[must_use]
pub fn limit_exceeded(sender: &Sender, product: &str, exceeded: &OverLimit, license_page: &str) -> Letter {
    let name = humanised(&exceeded.name);
    Letter {
        subject: format!("{product} uses more than its license allows"),
        heading: format!("{name}: {} in use, {} licensed", exceeded.used, exceeded.limit),
        paragraphs: vec![
            format!(
                "Your instances of {product} report {} where the license allows {}. What runs goes on; the \
                 product may refuse to add more.",
                exceeded.used, exceeded.limit
            ),
            "Use less, or change to a larger plan. We write at most once a day about each limit.".to_owned(),
        ],
        facts: vec![
            ("Limit".to_owned(), name),
            ("In use".to_owned(), exceeded.used.to_string()),
            ("Licensed".to_owned(), exceeded.limit.to_string()),
        ],
        button: Some(("See the license".to_owned(), license_page.to_owned())),
        reason: reason(sender),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const PAGE: &str = "https://acme.test/licenses/lic_1";

    #[test]
    fn every_letter_says_what_happened_and_where_to_act() {
        let sender = Sender {
            name: "Acme".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        };
        let exceeded = OverLimit { name: "devices".to_owned(), used: 12, limit: 10 };
        for letter in [
            cloned(&sender, "Hearth", "node-a", PAGE),
            seat_freed(&sender, "Hearth", "node-a", None, PAGE),
            seat_freed(&sender, "Hearth", "node-a", Some("node-b"), PAGE),
            limit_exceeded(&sender, "Hearth", &exceeded, PAGE),
        ] {
            let subject = letter.subject.clone();
            assert!(subject.chars().count() <= 78, "{subject}");
            assert!(!letter.paragraphs.is_empty() && !letter.reason.is_empty(), "{subject}");
            assert_eq!(letter.button.as_ref().unwrap().1, PAGE);
            let mail = sender.mail("ada@example.org", "Ada", letter);
            assert!(mail.text.contains(PAGE) && mail.html.contains(PAGE), "{subject}");
        }
    }
}
