//! What forms of people and accounts say.

use crate::accounts::{Field, FieldProblem, Problem, StaffRole, VatIdState};

/// What a field is called.
#[must_use]
pub fn field(field: Field) -> &'static str {
    match field {
        Field::Email => "E-mail address",
        Field::Password => "Password",
        Field::Name => "Your name",
        Field::Company => "Company",
        Field::Country => "Country",
        Field::VatId => "VAT id",
        Field::Line1 => "Street and number",
        Field::Line2 => "Building, floor or department",
        Field::PostalCode => "Postal code",
        Field::City => "City",
        Field::State => "State, province or region",
        Field::BillingEmail => "E-mail address for invoices",
        Field::PurchaseOrder => "Your order number",
    }
}

/// What is wrong with a field and what to do, in one sentence or two.
#[must_use]
pub fn problem(found: &FieldProblem) -> String {
    match &found.problem {
        Problem::Missing => missing(found.field).to_owned(),
        Problem::TooLong { max } => format!("Shorten this to {max} characters."),
        Problem::Unprintable { character } if character.is_control() => {
            "This contains an invisible character. Type it again instead of pasting it.".to_owned()
        }
        Problem::Unprintable { character } => format!(
            "Invoices cannot print “{character}”. Write this in Latin, Greek or Cyrillic letters, \
             as it stands in your register or on your letterhead."
        ),
        Problem::EmailMalformed => "This is not an e-mail address. One looks like name@example.com.".to_owned(),
        Problem::EmailUnchanged => "This is your address already. Enter the one that you want to change to.".to_owned(),
        Problem::PasswordTooShort { min } => format!("Use at least {min} characters. A few words in a row are good."),
        Problem::PasswordTooLong { max } => format!("Use at most {max} bytes."),
        Problem::PasswordCommon => {
            "This password is easily guessed. Use a few words that do not belong together, or let your browser \
             suggest one."
                .to_owned()
        }
        Problem::PasswordPersonal => {
            "This is your address or name, which is tried first. Choose something else.".to_owned()
        }
        Problem::CountryUnknown => "Choose a country from the list.".to_owned(),
        Problem::VatIdMalformed { example } => {
            format!("A VAT id of your country looks like {example}. Leave this empty if you have none.")
        }
    }
}

fn missing(field: Field) -> &'static str {
    match field {
        Field::Email | Field::BillingEmail => "Enter an e-mail address.",
        Field::Password => "Enter a password.",
        Field::Name => "Enter your name.",
        Field::Company => "Enter the company's name as invoices shall show it.",
        Field::Country => "Choose a country.",
        Field::VatId => "Enter the VAT id.",
        Field::Line1 => "Enter street and number.",
        Field::Line2 => "Enter the second line of the address.",
        Field::PostalCode => "Enter the postal code.",
        Field::City => "Enter the city.",
        Field::State => "Enter the state, province or region.",
        Field::PurchaseOrder => "Enter your order number.",
    }
}

/// What is known about a VAT id, in a word; empty where nothing is.
#[must_use]
pub fn vat_id_state(state: VatIdState) -> &'static str {
    match state {
        VatIdState::Unchecked => "",
        VatIdState::Pending => "Being checked",
        VatIdState::Verified => "Confirmed",
        VatIdState::Unverified => "Not confirmed",
        VatIdState::Unavailable => "Not checked",
        VatIdState::Refused => "Not accepted",
    }
}

/// What that means for the invoices.
#[must_use]
pub fn vat_id_means(state: VatIdState) -> &'static str {
    match state {
        VatIdState::Unchecked => "It is checked when you buy.",
        VatIdState::Pending => "The tax office's register was asked; that can take a day.",
        VatIdState::Verified => "The tax office's register knows it.",
        VatIdState::Unverified => {
            "The tax office's register does not know it, so invoices may carry VAT. Look whether it is typed right, and \
             whether it is open for trade within the EU."
        }
        VatIdState::Unavailable => "Ids of this country are not checked.",
        VatIdState::Refused => {
            "Our payment service does not take it for a VAT id, so invoices may carry VAT. Look whether it is typed right."
        }
    }
}

/// What too many attempts are answered with.
#[must_use]
pub fn limited(retry_after_s: i64) -> String {
    let minutes = retry_after_s.max(0).div_euclid(60) + 1;
    match minutes {
        1 => "Too many attempts. Try again in a minute.".to_owned(),
        _ => format!("Too many attempts. Try again in {minutes} minutes."),
    }
}

/// What a wrong address or password is answered with; which of them, is not said.
pub const WRONG_LOG_IN: &str = "Address or password is not right. Check both, or reset the password.";
/// What a wrong present password is answered with.
pub const WRONG_PASSWORD: &str = "This is not your present password.";
/// What a spent link is answered with.
pub const LINK_SPENT: &str = "This link has been used or is too old. Ask for a new one.";
/// What a sign-up is answered with that begins no session.
pub const CHECK_MAIL: &str = "We have sent you a mail. It says how to go on.";
/// What a request for a reset is answered with, whoever asks.
pub const RESET_ACCEPTED: &str =
    "If this address is registered, a mail with a link is on its way. The link works for an hour.";
/// The banner until the address is verified.
pub const VERIFY_BANNER: &str = "Please confirm your e-mail address with the link that we have mailed to you.";

/// What a staff role is called.
#[must_use]
pub fn staff_role(role: StaffRole) -> &'static str {
    match role {
        StaffRole::Admin => "Administrator",
        StaffRole::Support => "Support",
        StaffRole::Finance => "Finance",
        StaffRole::ReadOnly => "Read only",
    }
}
