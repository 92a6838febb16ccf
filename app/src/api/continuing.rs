//! The form that goes on with a license that somebody else has paid for until now.

use backend::accounts::Act;
use backend::clock::UnixMs;
use backend::orders::Purchase;
use leptos::prelude::*;

use super::form::FormFailure;
use super::licenses::own_license;
use super::perpetual::order;
use crate::request::Visit;

/// The form's name, by which its page finds what was refused.
pub const CONTINUE: &str = "continue-license";

/// Orders that a license goes on at the expense of who has it, and leads to the page on which that is paid. `agreed_minor` and
/// `begins_at` are what the buyer saw: another price, or an earlier charge, is never ordered.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "continue-license")]
pub async fn continue_license(
    /// The license.
    license_id: String,
    /// In which currency.
    currency: String,
    /// The price of each interval that was shown.
    agreed_minor: i64,
    /// The first charge that was shown, in Unix milliseconds; absent where it is charged at once, or for nothing.
    #[server(default)]
    begins_at: Option<i64>,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = own_license(&visit, &license_id, Act::Buy).await?;
    let back = format!("/licenses/{id}/continue");
    let begins_at = begins_at.map(UnixMs);
    let payment = if agreed_minor == 0 { "none" } else { "card" };
    let purchase = |license_id, currency| Purchase::Continuation { license_id, currency, begins_at };
    order(CONTINUE, &back, &license_id, &currency, agreed_minor, payment, purchase).await
}
