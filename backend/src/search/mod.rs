//! Looking for anything of a vendor by what staff are told on the phone: the beginning of a company, of an e-mail address, of
//! an invoice number or of an instance's name; any id; a license key, its first group, or its last four characters.
//!
//! Everything is found through an index, by its beginning or as a whole, so a search costs the same however much there is.
//! Words within a name are found by the filters of the lists.

mod store;

use sdk::license_key::LicenseKey;

use crate::accounts::{StaffAct, staff_may_act};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, InstanceId, InvoiceId, LicenseId, OrderId, UserId};
use crate::keys::MasterKey;

/// Most rows of a group.
pub const MOST: usize = 10;
/// Fewest characters that are looked for.
pub const FEWEST_CHARS: usize = 2;
/// Most characters that are looked for.
const MOST_CHARS: usize = 200;
/// How many characters of a key are shown everywhere.
const SHOWN_OF_KEY: usize = 4;

/// A customer that was found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundCustomer {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub company: String,
    /// Where its invoices go.
    pub billing_email: String,
}

/// A license that was found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundLicense {
    /// Its id.
    pub id: LicenseId,
    /// Its owner's name for it; may be empty.
    pub name: String,
    /// Its product's name.
    pub product_name: String,
    /// Its plan's name.
    pub plan_name: String,
    /// Its key with all but the last characters hidden.
    pub key_hint: String,
    /// Whose it is.
    pub company: String,
}

/// An invoice that was found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// Whose it is.
    pub company: String,
}

/// An order that was found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundOrder {
    /// Its id.
    pub id: OrderId,
    /// Who ordered.
    pub account_id: AccountId,
    /// The account's name.
    pub company: String,
}

/// An instance that was found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundInstance {
    /// Its id.
    pub id: InstanceId,
    /// How the application calls its holder.
    pub identity: String,
    /// Its name; may be empty.
    pub name: String,
    /// Under which license it runs.
    pub license_id: LicenseId,
    /// Whose license that is.
    pub company: String,
}

/// A person without an account that was found.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct FoundPerson {
    /// Its id.
    pub id: UserId,
    /// Its address.
    pub email: String,
    /// What it is called; may be empty.
    pub name: String,
}

/// At most [`MOST`] of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<T> {
    /// What was found.
    pub rows: Vec<T>,
    /// Whether there is more.
    pub has_more: bool,
}

impl<T> Group<T> {
    fn of(mut rows: Vec<T>) -> Self {
        let has_more = rows.len() > MOST;
        rows.truncate(MOST);
        Self { rows, has_more }
    }
}

/// What was found, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Customers, by company.
    pub customers: Group<FoundCustomer>,
    /// People without an account, by e-mail address.
    pub people: Group<FoundPerson>,
    /// Licenses.
    pub licenses: Group<FoundLicense>,
    /// Invoices, by number.
    pub invoices: Group<FoundInvoice>,
    /// Orders.
    pub orders: Group<FoundOrder>,
    /// Instances, by name.
    pub instances: Group<FoundInstance>,
}

impl Findings {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.customers.rows.is_empty()
            && self.people.rows.is_empty()
            && self.licenses.rows.is_empty()
            && self.invoices.rows.is_empty()
            && self.orders.rows.is_empty()
            && self.instances.rows.is_empty()
    }
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// It was looked for.
    Done(Box<Findings>),
    /// There are fewer than [`FEWEST_CHARS`] characters to look for.
    TooShort,
    /// Whoever asks may not.
    NotAllowed,
}

/// What is typed, in the form in which it is looked for: without control characters, which neither engine keeps or nobody
/// typed, and without blanks around it.
#[must_use]
pub fn wanted(typed: &str) -> String {
    let kept: String = typed.chars().filter(|character| !character.is_control()).collect();
    kept.trim().chars().take(MOST_CHARS).collect()
}

/// Looks for `typed` among everything of the acting vendor.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_everything(tx: &mut Tx, cx: &Cx, master: &MasterKey, typed: &str) -> Result<Search, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(Search::NotAllowed);
    }
    let text = wanted(typed);
    if text.chars().count() < FEWEST_CHARS {
        return Ok(Search::TooShort);
    }
    let term = Term::of(&text, master);
    let vendor_id = &cx.vendor_id;
    Ok(Search::Done(Box::new(Findings {
        customers: Group::of(store::find_customers(tx, vendor_id, &term).await?),
        people: Group::of(store::find_people(tx, vendor_id, &term).await?),
        licenses: Group::of(store::find_licenses(tx, vendor_id, &term).await?),
        invoices: Group::of(store::find_invoices(tx, vendor_id, &term).await?),
        orders: Group::of(store::find_orders(tx, vendor_id, &term).await?),
        instances: Group::of(store::find_instances(tx, vendor_id, &term).await?),
    })))
}

/// What is looked for, as the queries take it.
struct Term {
    /// As typed: ids.
    exact: String,
    /// What begins with it begins here …
    from: String,
    /// … and ends before this.
    before: String,
    /// The keyed hash, where it is a license key; no key has the empty hash.
    key_hash: Vec<u8>,
    /// The keyed hash of a first group, where it is the beginning of a key; no key has the empty hash.
    key_start: Vec<u8>,
    /// How a key that ends like this is shown.
    key_hint: String,
}

impl Term {
    fn of(text: &str, master: &MasterKey) -> Self {
        let key = LicenseKey::parse(text).ok();
        let start = LicenseKey::parse_first_group(text).filter(|_| key.is_none());
        // ASCII letters small, as the generated columns have them; all else is compared byte by byte.
        let from = text.to_ascii_lowercase();
        Self {
            exact: text.to_owned(),
            before: format!("{from}{}", char::MAX),
            from,
            key_hash: key.map(|key| master.license_key_hash(&key)).unwrap_or_default(),
            // A whole key is found as a whole.
            key_start: start.map(|group| master.license_key_start_hash(&group)).unwrap_or_default(),
            key_hint: key_hint(text),
        }
    }
}

/// How a key is shown that ends like `text`, or `text` itself where it was copied from where a key is shown.
fn key_hint(text: &str) -> String {
    if text.chars().count() == SHOWN_OF_KEY && text.is_ascii() {
        // The hidden part is the same for all keys.
        let masked = LicenseKey::from_random([0; sdk::license_key::RANDOM_BYTES]).masked();
        let hidden: String = masked.chars().take(masked.chars().count() - SHOWN_OF_KEY).collect();
        return format!("{hidden}{}", text.to_ascii_uppercase());
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_loses_what_nobody_typed() {
        assert_eq!(wanted(" \0 Weser\0 Sensorik \n"), "Weser Sensorik");
        assert_eq!(wanted("\0 "), "");
        assert_eq!(wanted(&"é".repeat(300)).chars().count(), MOST_CHARS);
    }

    #[test]
    fn a_key_is_found_by_what_is_shown_of_it() {
        let key = LicenseKey::from_random([7; sdk::license_key::RANDOM_BYTES]);
        let masked = key.masked();
        let shown: String = masked.chars().skip(masked.chars().count() - SHOWN_OF_KEY).collect();
        for typed in [shown.clone(), shown.to_lowercase(), masked.clone()] {
            assert_eq!(key_hint(&typed), masked, "{typed}");
        }
        assert_ne!(key_hint(&shown[1..]), masked);
    }

    #[test]
    fn a_beginning_is_a_range_and_no_pattern() {
        let term = Term::of("50%_A", &MasterKey::new([1; 32]));
        assert_eq!(term.from, "50%_a");
        assert!(*"50%_abc" < *term.before && *term.from <= *"50%_abc");
        assert!(*"50xyabc" >= *term.before || *"50xyabc" < *term.from);
    }
}
