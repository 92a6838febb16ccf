//! Everything about an account or a person, to take along.

/// Title of the page, and of the card that leads to it.
pub const TITLE: &str = "Your data";
/// What the page says.
pub const LEAD: &str = "Everything that is kept about you and your company, as files that programs and people can read. Your \
                        password is asked for first.";
/// What the card on the account's page says.
pub const CARD_LEAD: &str = "Download everything that is kept about you and your company.";
/// Leads to the page.
pub const OPEN: &str = "Download your data";
/// Heading.
pub const PERSON: &str = "You";
/// What is in it.
pub const PERSON_LEAD: &str = "Your address and name, the companies that you act for, the browsers that you are logged in \
                               with, what you wrote to the vendor, and a list of what you did.";
/// The link.
pub const PERSON_ACT: &str = "Download what is about you";
/// What is in it.
pub const COMPANY_LEAD: &str = "Company details, members and invitations, licenses, instances, orders, subscriptions, \
                                messages, feedback, the audit log, and every invoice and receipt as it was issued. License \
                                keys are not in it: they are shown on the page of each license.";
/// The link.
pub const COMPANY_ACT: &str = "Download what is about the company";
/// Whoever may not take the company's.
pub const OWNERS_ONLY: &str = "An owner of the company can download what is about the company.";

/// Too often.
#[must_use]
pub fn limited(retry_after_s: i64) -> String {
    let hours = retry_after_s.max(0).div_euclid(3_600) + 1;
    let hours = if hours == 1 { "an hour".to_owned() } else { format!("{hours} hours") };
    format!("This was downloaded several times today. Try again in {hours}.\n")
}
