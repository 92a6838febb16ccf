//! Letters about partnerships, and about partners and their clients.

use super::{buying, documents, partner_relations, partners};
use crate::clock::UnixMs;
use crate::licenses::LicenseView;
use crate::mail::{Letter, Sender};
use crate::money::Money;
use crate::orders::OrderKind;
use crate::partners::PartnerTerms;

/// Tells the owners of an account that it is a partner.
#[must_use]
pub fn made(sender: &Sender, company: &str, terms: PartnerTerms) -> Letter {
    Letter {
        subject: format!("{company} is a partner of {}", sender.name),
        heading: "Welcome as a partner".to_owned(),
        paragraphs: vec![
            format!(
                "{company} is a partner of {} from now on. You can invite your clients, order for them, and see what \
                 they have and when it renews.",
                sender.name
            ),
            "Everybody who acts for your company needs a second factor from now on: the portal asks for it at the \
             next visit."
                .to_owned(),
        ],
        facts: agreed(terms),
        button: Some(("Open your clients".to_owned(), format!("{}/partner/clients", sender.origin))),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells them that something else is agreed.
#[must_use]
pub fn terms_changed(sender: &Sender, company: &str, terms: PartnerTerms) -> Letter {
    Letter {
        subject: format!("New terms for {company} as a partner of {}", sender.name),
        heading: "Your terms have changed".to_owned(),
        paragraphs: vec![
            "These terms hold for what is ordered from now on. What runs already stays as it was ordered.".to_owned(),
        ],
        facts: agreed(terms),
        button: Some(("Open your clients".to_owned(), format!("{}/partner/clients", sender.origin))),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells them that it is over.
#[must_use]
pub fn partnership_ended(sender: &Sender, company: &str) -> Letter {
    Letter {
        subject: format!("{company} is no longer a partner of {}", sender.name),
        heading: "The partnership has ended".to_owned(),
        paragraphs: vec![
            "You no longer see your clients, and order nothing for them. What you have yourself stays as it is, and so \
             do your invoices."
                .to_owned(),
            "What you pay for clients runs until the end of what is paid, and does not renew.".to_owned(),
            "What you have earned until now stays yours; nothing is earned by what is paid from now on.".to_owned(),
        ],
        button: Some(("Open your statements".to_owned(), format!("{}/partner/commissions", sender.origin))),
        notes: vec![format!("If you did not expect this, answer this mail: {} reads it.", sender.name)],
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Asks whoever has an address to become a client.
#[must_use]
pub fn invited(sender: &Sender, partner: &str, expires_at: UnixMs, page: &str) -> Letter {
    Letter {
        subject: format!("{partner} wants to look after your licenses of {}", sender.name),
        heading: format!("{partner} invites you as a client"),
        paragraphs: vec![
            format!(
                "{partner} is a partner of {}. As its client you let it order licenses for you, and see which you have, \
                 what runs under them and when they end. It sees no key and no invoice of yours, and you can end it at \
                 any time.",
                sender.name
            ),
            "To decide, log in with this address, or sign up with it and confirm it. If you do nothing, nothing happens."
                .to_owned(),
        ],
        facts: vec![("Decide by".to_owned(), documents::date(expires_at.date()))],
        button: Some(("Look at the invitation".to_owned(), page.to_owned())),
        reason: format!("You get this mail because {partner} gave this address."),
        ..Letter::default()
    }
}

/// Asks whoever has an address to take over the account that a partner has made for a company.
#[must_use]
pub fn take_over(sender: &Sender, partner: &str, company: &str, link: &str, until: UnixMs) -> Letter {
    let vendor = &sender.name;
    Letter {
        subject: format!("{partner} has made an account of {vendor} for you"),
        heading: format!("An account for {company}"),
        paragraphs: vec![
            format!(
                "{partner} is a partner of {vendor} and has made an account for {company}, in which it orders licenses \
                 for you. Take it over: you become its owner, and its licenses and keys are yours."
            ),
            format!(
                "{partner} goes on seeing which licenses you have, what runs under them and when they end, and orders \
                 for you. It sees no key and no invoice of yours. You can end that at any time, or decline the account."
            ),
        ],
        facts: vec![("Open until".to_owned(), documents::date(until.date()))],
        button: Some(("See the account".to_owned(), link.to_owned())),
        notes: vec!["The link works once, and for this address only. Nothing happens before you accept.".to_owned()],
        reason: format!("You get this mail because {partner} gave this address."),
    }
}

/// Tells the partner that its invitation was accepted.
#[must_use]
pub fn accepted(sender: &Sender, client: &str, page: &str) -> Letter {
    Letter {
        subject: format!("{client} is your client"),
        heading: "Your invitation was accepted".to_owned(),
        paragraphs: vec![format!(
            "{client} has accepted. You see its licenses with {} now, and can order for it.",
            sender.name
        )],
        button: Some(("Open the client".to_owned(), page.to_owned())),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells the client that the partner, or the vendor, has ended it.
#[must_use]
pub fn ended_for_client(sender: &Sender, partner: &str) -> Letter {
    Letter {
        subject: format!("{partner} no longer looks after your licenses"),
        heading: format!("{partner} is no longer your partner"),
        paragraphs: vec![
            format!(
                "{partner} sees nothing of your account any more. Your licenses, keys and instances stay as they are."
            ),
            partner_relations::STAYS.to_owned(),
        ],
        button: Some(("Open your licenses".to_owned(), format!("{}/licenses", sender.origin))),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells whoever has the address that the invitation is taken back.
#[must_use]
pub fn invitation_withdrawn(sender: &Sender, partner: &str) -> Letter {
    Letter {
        subject: format!("{partner} has taken its invitation back"),
        heading: "The invitation was taken back".to_owned(),
        paragraphs: vec![format!(
            "{partner} invited you as a client of a partner of {}. That is over, and there is nothing to do.",
            sender.name
        )],
        reason: format!("You get this mail because {partner} gave this address."),
        ..Letter::default()
    }
}

/// Tells the partner that the client declined, or has ended it.
#[must_use]
pub fn ended_for_partner(sender: &Sender, client: &str, was_client: bool) -> Letter {
    let (subject, heading) = if was_client {
        (format!("{client} is no longer your client"), "A client has ended the relation")
    } else {
        (format!("{client} has declined your invitation"), "Your invitation was declined")
    };
    let next = if was_client {
        "You no longer see what it has. What you pay for it runs until the end of what is paid, and does not renew."
    } else {
        "There is nothing to do."
    };
    Letter {
        subject,
        heading: heading.to_owned(),
        paragraphs: vec![next.to_owned()],
        button: Some(("Open your clients".to_owned(), format!("{}/partner/clients", sender.origin))),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// What a partner has ordered for its client to pay.
pub struct Ordered<'a> {
    /// The partner.
    pub partner: &'a str,
    /// Name of the product.
    pub product: &'a str,
    /// Name of the plan.
    pub plan: &'a str,
    /// Before tax and discounts.
    pub amount: Money,
}

/// Asks the client to pay what its partner has ordered.
#[must_use]
pub fn order_waits(sender: &Sender, ordered: &Ordered<'_>, page: &str) -> Letter {
    let Ordered { partner, product, plan, amount } = ordered;
    Letter {
        subject: format!("{partner} has ordered {product} for you"),
        heading: "An order waits for your payment".to_owned(),
        paragraphs: vec![format!(
            "{partner} has ordered {product}, {plan}, for you. The license is yours as soon as you have paid. If you do \
             not want it, give the order up there or do nothing."
        )],
        facts: vec![
            ("Ordered".to_owned(), format!("{product}, {plan}")),
            ("Price".to_owned(), partners::before_tax(*amount)),
        ],
        button: Some(("Look at the order".to_owned(), page.to_owned())),
        reason: format!("You get this mail because this address is set for invoices of {}.", sender.name),
        ..Letter::default()
    }
}

/// Tells the client that what its partner has ordered is there. The key is not in the mail.
#[must_use]
pub fn license_from_partner(sender: &Sender, partner: &str, view: &LicenseView, page: &str) -> Letter {
    Letter {
        subject: format!("{partner} has a license of {} for you", view.product_name),
        heading: "A license is in your account".to_owned(),
        paragraphs: vec![
            format!(
                "{partner} has ordered {}, {}, and pays for it. The license is yours.",
                view.product_name, view.plan_name
            ),
            "Its key is on its page: log in and press “Reveal”.".to_owned(),
        ],
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells the client what its partner has ordered for a license that it has: more seats, or years of updates.
#[must_use]
pub fn added_by_partner(sender: &Sender, partner: &str, kind: OrderKind, view: &LicenseView, page: &str) -> Letter {
    let (license, product) = (&view.license, &view.product_name);
    let (subject, heading, text) = if kind == OrderKind::Seats {
        let seats = buying::seats(license.license_type, license.seats);
        (
            format!("{partner} has added to your license of {product}"),
            "Your license has grown",
            format!("It may have {seats} from now on, with the key that you have."),
        )
    } else {
        let until = license.updates_until.map(|until| documents::date(until.date()));
        let until = until.map_or_else(String::new, |until| format!(" up to {until}"));
        (
            format!("{partner} has renewed your updates for {product}"),
            "Your updates are renewed",
            format!("{product} may run every release{until}, for ever."),
        )
    };
    Letter {
        subject,
        heading: heading.to_owned(),
        paragraphs: vec![format!("{partner} has ordered this for you, and pays for it. {text}")],
        button: Some(("Open the license".to_owned(), page.to_owned())),
        reason: owner(sender),
        ..Letter::default()
    }
}

/// Tells the one who has a license what has become of it because its partner did, or did not, pay.
#[must_use]
pub fn partner_has_not_paid(sender: &Sender, view: &LicenseView, is_suspended: bool) -> Letter {
    let product = &view.product_name;
    let (subject, heading, text) = if is_suspended {
        let text = "Your partner pays for this license, and its renewal was not paid. Instances get no more leases. \
                    Everything works again, with the same key, as soon as it is paid: please ask your partner.";
        (format!("Your license for {product} is suspended"), "Your license is suspended", text)
    } else {
        let text = "Your partner has paid the renewal of this license. Instances get leases again at their next check, \
                    without a restart.";
        (format!("Your license for {product} works again"), "Your license works again", text)
    };
    Letter {
        subject,
        heading: heading.to_owned(),
        paragraphs: vec![text.to_owned()],
        button: Some(("Open the license".to_owned(), format!("{}/licenses/{}", sender.origin, view.license.id))),
        reason: owner(sender),
        ..Letter::default()
    }
}

fn agreed(terms: PartnerTerms) -> Vec<(String, String)> {
    partners::agreed(terms).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn owner(sender: &Sender) -> String {
    format!("You get this mail because you own an account with {}.", sender.name)
}
