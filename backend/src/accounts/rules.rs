//! What people may call themselves, and which passwords are good enough.

use serde::{Deserialize, Serialize};

use super::{AccountDetails, Address, vat_ids};
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use crate::db::text_enum;
use crate::pdf::fonts::unprintable;
use crate::text::en::countries::country;

/// Fewest characters of a password. OWASP ASVS 5.0 6.2.1 asks for 8 at least.
pub const PASSWORD_MIN_CHARS: usize = 10;
/// Most bytes of a password: long enough for any passphrase, short enough to hash without harm.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// A session that is not used for this long ends, in milliseconds.
pub const SESSION_IDLE_MS: i64 = 14 * DAY_MS;
/// A session ends this long after sign-in, however much it is used, in milliseconds.
pub const SESSION_ABSOLUTE_MS: i64 = 30 * DAY_MS;
/// What only the user itself may do asks for the password when it was last typed longer ago than this, in
/// milliseconds.
pub const STEP_UP_MS: i64 = 10 * MINUTE_MS;
/// The second step of a log-in has to follow the first one within this, in milliseconds.
pub const HALF_LOG_IN_MS: i64 = 10 * MINUTE_MS;
/// How far the clocks of two nodes may be apart.
const CLOCKS_APART_MS: i64 = 10 * SECOND_MS;
/// A reset link works for this long, in milliseconds (OWASP ASVS 5.0 asks for an hour at most).
pub const RESET_LINK_MS: i64 = HOUR_MS;
/// A link that logs in works for this long, in milliseconds.
pub const SIGN_IN_LINK_MS: i64 = 15 * MINUTE_MS;
/// A verification link works for this long, in milliseconds.
pub const VERIFICATION_LINK_MS: i64 = 7 * DAY_MS;

/// RFC 5321 §4.5.3.1.3: a path has at most 256 octets, two of them angle brackets.
const EMAIL_MAX_BYTES: usize = 254;
/// As long as Stripe takes for the parts of a customer and as an invoice can print.
const LINE_MAX_CHARS: usize = 100;
const COMPANY_MAX_CHARS: usize = 150;
const POSTAL_CODE_MAX_CHARS: usize = 20;

text_enum! {
    /// A field of this area's forms.
    Field {
        /// E-mail address.
        Email = "email",
        /// A new password.
        Password = "password",
        /// A person's name.
        Name = "name",
        /// An organisation's registered name.
        Company = "company",
        /// Country.
        Country = "country",
        /// VAT id.
        VatId = "vat_id",
        /// Street and number.
        Line1 = "line1",
        /// Second line of the address.
        Line2 = "line2",
        /// Postal code.
        PostalCode = "postal_code",
        /// City.
        City = "city",
        /// State, province or region.
        State = "state",
        /// Where invoices are mailed.
        BillingEmail = "billing_email",
        /// The buyer's own order number.
        PurchaseOrder = "purchase_order",
    }
}

/// What is wrong with a field; `text::en::accounts::problem` says it in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Problem {
    /// Nothing was entered.
    Missing,
    /// Longer than `max` characters.
    TooLong {
        /// Most characters.
        max: usize,
    },
    /// A script that documents cannot print, or a control character.
    Unprintable {
        /// The first such character.
        character: char,
    },
    /// Not an e-mail address.
    EmailMalformed,
    /// The address that the person has already.
    EmailUnchanged,
    /// Fewer than `min` characters.
    PasswordTooShort {
        /// Fewest characters.
        min: usize,
    },
    /// More than `max` bytes.
    PasswordTooLong {
        /// Most bytes.
        max: usize,
    },
    /// One of the first million that somebody would try.
    PasswordCommon,
    /// The e-mail address or the company's name.
    PasswordPersonal,
    /// No country has this code.
    CountryUnknown,
    /// Not how VAT ids of the country look.
    VatIdMalformed {
        /// One that looks right.
        example: String,
    },
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// What is wrong.
    pub problem: Problem,
}

impl FieldProblem {
    pub(super) fn new(field: Field, problem: Problem) -> Self {
        Self { field, problem }
    }
}

/// The form under which addresses are compared: without blanks around it, in lower case.
///
/// Local parts are case-sensitive by RFC 5321, but no mailbox provider of note makes two people of one
/// spelling, and people do not remember which they used.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// An e-mail address as it is kept: without blanks around it.
///
/// # Errors
/// The problem: empty, too long, or not an address that mail can be sent to without SMTPUTF8 (RFC 6531),
/// which few servers speak.
pub fn check_email(email: &str) -> Result<String, Problem> {
    let email = email.trim();
    if email.is_empty() {
        return Err(Problem::Missing);
    }
    let malformed = !email.is_ascii()
        || email.len() > EMAIL_MAX_BYTES
        || email.parse::<lettre::Address>().map_or(true, |address| {
            let domain = address.domain();
            !domain.contains('.') || domain.starts_with(['.', '[']) || domain.ends_with('.') || domain.contains("..")
        });
    if malformed { Err(Problem::EmailMalformed) } else { Ok(email.to_owned()) }
}

/// Whether a password may be chosen by somebody with these `personal` words (address, company, name).
///
/// Any character and any length up to [`PASSWORD_MAX_BYTES`] is welcome and no mixture is asked for
/// (NIST SP 800-63B §5.1.1.2). Refused is what a guesser would try within the first million: lists of
/// leaked passwords, names, keyboard rows, repetitions and dates, as the `zxcvbn` estimator counts them.
///
/// # Errors
/// The problem.
pub fn check_password(password: &str, personal: &[&str]) -> Result<(), Problem> {
    if password.is_empty() {
        return Err(Problem::Missing);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return Err(Problem::PasswordTooLong { max: PASSWORD_MAX_BYTES });
    }
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return Err(Problem::PasswordTooShort { min: PASSWORD_MIN_CHARS });
    }
    let same = |word: &&str| !word.is_empty() && word.trim().to_lowercase() == password.trim().to_lowercase();
    if personal.iter().any(|word| same(word) || word.split(['@', ' ']).any(|part| same(&part))) {
        return Err(Problem::PasswordPersonal);
    }
    if zxcvbn::zxcvbn(password, personal).score() < zxcvbn::Score::Two {
        return Err(Problem::PasswordCommon);
    }
    Ok(())
}

/// A person's name: optional, short, printable.
///
/// # Errors
/// The problem.
pub fn check_name(name: &str) -> Result<String, Problem> {
    line(name, LINE_MAX_CHARS)
}

/// An account's details in the form in which they are kept, with every problem at once.
///
/// # Errors
/// All fields that cannot stay as they are, in the order of the form.
pub fn check_details(details: &AccountDetails, own_email: &str) -> Result<CheckedDetails, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut keep = |field: Field, checked: Result<String, Problem>| {
        checked.unwrap_or_else(|problem| {
            problems.push(FieldProblem::new(field, problem));
            String::new()
        })
    };
    let company = keep(Field::Company, required(line(&details.company, COMPANY_MAX_CHARS)));
    let code = details.country.trim().to_ascii_uppercase();
    let known = match code.as_str() {
        "" => Err(Problem::Missing),
        code if country(code).is_none() => Err(Problem::CountryUnknown),
        _ => Ok(code.clone()),
    };
    let country = keep(Field::Country, known);
    let vat_id = keep(Field::VatId, vat_ids::normalise(&details.vat_id, &country));
    let from = &details.address;
    let address = Address {
        line1: keep(Field::Line1, required(line(&from.line1, LINE_MAX_CHARS))),
        line2: keep(Field::Line2, line(&from.line2, LINE_MAX_CHARS)),
        postal_code: keep(Field::PostalCode, line(&from.postal_code, POSTAL_CODE_MAX_CHARS)),
        city: keep(Field::City, required(line(&from.city, LINE_MAX_CHARS))),
        state: keep(Field::State, line(&from.state, LINE_MAX_CHARS)),
    };
    let typed = details.billing_email.trim();
    let billing_email = keep(Field::BillingEmail, check_email(if typed.is_empty() { own_email } else { typed }));
    let purchase_order = keep(Field::PurchaseOrder, line(&details.purchase_order, PURCHASE_ORDER_MAX_CHARS));
    if !problems.is_empty() {
        return Err(problems);
    }
    let vat_id = Some(vat_id).filter(|vat_id| !vat_id.is_empty());
    Ok(CheckedDetails { company, country, vat_id, address, billing_email, purchase_order })
}

/// Details that [`check_details`] found good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedDetails {
    /// Registered name.
    pub company: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Normal form.
    pub vat_id: Option<String>,
    /// Where it is.
    pub address: Address,
    /// Where invoices are mailed.
    pub billing_email: String,
    /// The buyer's own order number; may be empty.
    pub purchase_order: String,
}

/// The parts of an address that stood there and are empty now. Where the country changes, all that are empty: what somebody
/// has added to them elsewhere, as buyers do on Stripe's payment page, belongs to an address in the other country.
#[must_use]
pub fn emptied(before: &CheckedDetails, after: &CheckedDetails) -> Vec<Field> {
    let parts = |address: &Address| {
        [
            (Field::Line1, address.line1.is_empty()),
            (Field::Line2, address.line2.is_empty()),
            (Field::PostalCode, address.postal_code.is_empty()),
            (Field::City, address.city.is_empty()),
            (Field::State, address.state.is_empty()),
        ]
    };
    let moves = before.country != after.country;
    let both = parts(&before.address).into_iter().zip(parts(&after.address));
    both.filter(|((_, was_empty), (_, is_empty))| *is_empty && (moves || !was_empty))
        .map(|(_, (part, _))| part)
        .collect()
}

/// Most characters of the buyer's own order number.
const PURCHASE_ORDER_MAX_CHARS: usize = 60;

/// One line of text for people: blanks trimmed, short enough, in a script that documents can print.
fn line(text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(Problem::TooLong { max });
    }
    match unprintable(text) {
        Some(character) => Err(Problem::Unprintable { character }),
        None => Ok(text.to_owned()),
    }
}

fn required(checked: Result<String, Problem>) -> Result<String, Problem> {
    checked.and_then(|text| if text.is_empty() { Err(Problem::Missing) } else { Ok(text) })
}

/// Whether somebody who proved who it is at `authenticated_at` need not do so again for what only the user
/// itself may do. A moment that lies ahead, on a clock that was moved back, is not believed.
#[must_use]
pub fn is_fresh(authenticated_at: UnixMs, now: UnixMs) -> bool {
    (-CLOCKS_APART_MS..STEP_UP_MS).contains(&now.0.saturating_sub(authenticated_at.0))
}

/// Whether a log-in whose password was right then may go on with its second step.
#[must_use]
pub fn half_log_in_stands(password_given_at: UnixMs, now: UnixMs) -> bool {
    (-CLOCKS_APART_MS..HALF_LOG_IN_MS).contains(&now.0.saturating_sub(password_given_at.0))
}

/// When a session ends that was begun and last used then.
#[must_use]
pub fn session_ends(begun_at: UnixMs, last_seen_at: UnixMs) -> UnixMs {
    last_seen_at.plus(SESSION_IDLE_MS).min(begun_at.plus(SESSION_ABSOLUTE_MS))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
