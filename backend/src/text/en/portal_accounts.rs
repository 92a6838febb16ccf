//! Sign-up, log-in, company and account pages. What fields are called and what is wrong with them is said in
//! `accounts.rs`.

use super::countries::COUNTRIES;
use super::documents;
use crate::accounts::rules::PASSWORD_MIN_CHARS;
use crate::accounts::{Account, ActsAs, Role};
use crate::clock::UnixMs;

/// Title of the sign-up page.
pub const SIGN_UP: &str = "Sign up";
/// The act.
pub const SIGN_UP_ACT: &str = "Sign up and go on";
/// Before the link to log-in.
pub const HAVE_LOGIN: &str = "Have you signed up before?";
/// What an e-mail address is asked for.
pub const EMAIL_HINT: &str =
    "You log in with it, and it gets license and billing mails. We will ask you to confirm it.";

/// What happens after sign-up.
#[must_use]
pub fn sign_up_lead(buying: bool) -> &'static str {
    if buying {
        "Two fields, then your company; you can pay at once. The plan that you have chosen is kept."
    } else {
        "Two fields, then your company. Buying and trying need nothing else."
    }
}

/// What a password has to be.
#[must_use]
pub fn password_hint() -> String {
    format!(
        "At least {PASSWORD_MIN_CHARS} characters. Any character counts, blanks too: a few words in a row are good."
    )
}

/// Title where a mail says how to go on.
pub const LOOK_INTO_MAILBOX: &str = "Look into your mailbox";
/// What to do when no mail comes.
pub const NO_MAIL: &str =
    "Nothing there after a few minutes? Look into the spam folder, or check the address and try again.";
/// Back to the form.
pub const TRY_AGAIN: &str = "Try again";

/// Title of the log-in page.
pub const LOG_IN: &str = "Log in";
/// Before the link to sign-up.
pub const NEW_HERE: &str = "New here?";
/// Link to the reset page.
pub const FORGOTTEN: &str = "Forgotten the password?";

/// What happens after log-in.
#[must_use]
pub fn log_in_lead(vendor: &str, heading_somewhere: bool) -> String {
    if heading_somewhere {
        "Log in, and you go on to the page that you asked for.".to_owned()
    } else {
        format!("Your licenses, keys and invoices of {vendor} are behind this door.")
    }
}

/// Title of the page that asks for the password again.
pub const CONFIRM_PASSWORD: &str = "Your password, please";
/// The act.
pub const CONFIRM_PASSWORD_ACT: &str = "Go on";

/// Why it is asked for.
#[must_use]
pub fn confirm_password_lead(email: &str) -> String {
    format!(
        "What comes next is for {email} alone, so we make sure that nobody else sits at this browser. It is good for \
         ten minutes."
    )
}

/// Link to the page that finds lost keys.
pub const KEYS_LOST: &str = "Lost a license key?";
/// Title of the page that finds lost keys.
pub const RECOVER_KEYS: &str = "Find your license keys";
/// What happens.
pub const RECOVER_KEYS_LEAD: &str = "Enter your e-mail address. We mail you the way to every license whose key you may \
     see. The keys themselves are shown in the portal only.";
/// The act.
pub const MAIL_ME: &str = "Mail me the way";
/// What a request is answered with, whoever asks.
pub const KEYS_REQUESTED: &str = "If this address may see license keys, a mail that leads to them is on its way.";

/// Title of the page that asks for a reset link.
pub const FORGOT_PASSWORD: &str = "Set a new password";
/// What happens.
pub const FORGOT_PASSWORD_LEAD: &str =
    "Enter the address that you log in with. We mail you a link that lets you choose a new password.";
/// The act.
pub const MAIL_RESET_LINK: &str = "Mail me a link";
/// Way back.
pub const BACK_TO_LOG_IN: &str = "Back to log-in";

/// Title of the page behind a reset link.
pub const RESET_PASSWORD: &str = "Choose a new password";
/// What happens.
pub const RESET_PASSWORD_LEAD: &str =
    "Then every browser that is logged in now is logged out, and you log in with the new password.";
/// The act.
pub const SET_PASSWORD: &str = "Set the new password";
/// Label of a new password.
pub const NEW_PASSWORD: &str = "New password";
/// Title where a link is worth nothing any more.
pub const LINK_SPENT: &str = "This link does not work any more";
/// Why, and what to do, for a reset link.
pub const RESET_LINK_SPENT_LEAD: &str =
    "Links to set a password work once and for an hour. Your password is as it was; ask for a new link.";
/// The act.
pub const NEW_LINK: &str = "Ask for a new link";

/// Title of the page behind a verification link.
pub const VERIFY_EMAIL: &str = "Confirm your e-mail address";
/// What happens.
pub const VERIFY_EMAIL_LEAD: &str = "One press of the button tells us that the address is yours. License keys, invoices and password resets then \
     reach you and nobody else.";
/// The act.
pub const CONFIRM_ADDRESS: &str = "Confirm the address";
/// Why, and what to do, for a verification link.
pub const VERIFY_LINK_SPENT_LEAD: &str = "Links to confirm an address work once and for seven days. Ask for a new mail; whatever you have bought works in the \
     meantime.";
/// What to do for that when nobody is logged in.
pub const LOG_IN_FOR_MAIL: &str = "Log in to get a new mail";
/// The act.
pub const SEND_AGAIN: &str = "Send the mail again";
/// Where the mail went.
#[must_use]
pub fn mail_sent_to(email: &str) -> String {
    format!("It went to {email}; everything works in the meantime.")
}

/// Title once it is done, where nobody is logged in.
pub const EMAIL_VERIFIED: &str = "Your e-mail address is confirmed";
/// What comes next.
pub const EMAIL_VERIFIED_LEAD: &str = "There is nothing left to do. Log in to see your licenses.";

/// Title of the company page.
pub const COMPANY: &str = "Your company";
/// What a VAT id is for.
pub const VAT_ID_HINT: &str =
    "In the European Union: with the letters of the country, like DE123456789. Invoices carry it.";
/// Hint of the order number.
pub const PURCHASE_ORDER_HINT: &str = "Printed on every document from now on, for your bookkeeping.";
/// Where an account has no order number.
pub const NO_PURCHASE_ORDER: &str = "None";
/// Hint of the address for invoices.
pub const BILLING_EMAIL_HINT: &str = "Left empty, invoices go to the address that you log in with.";
/// First choice of the countries.
pub const CHOOSE_COUNTRY: &str = "Choose a country";

/// What the company's details are for, and what comes next.
#[must_use]
pub fn company_lead(buying: bool) -> &'static str {
    if buying {
        "Invoices carry these details, and the country decides on the tax. Next you see the whole price and pay."
    } else {
        "Invoices carry these details, and the country decides on the tax. You can change them later."
    }
}

/// The act.
#[must_use]
pub fn company_act(buying: bool) -> &'static str {
    if buying { "Go on to payment" } else { "Save the company" }
}

/// Code and name of every country, in the order in which people look for them.
#[must_use]
pub fn countries() -> Vec<(&'static str, &'static str)> {
    let mut countries = COUNTRIES.to_vec();
    countries
        .sort_by_key(|(_, name)| name.replace('Å', "A").replace(['é', 'è'], "e").replace('ô', "o").replace('ç', "c"));
    countries
}

/// Title of the account page.
pub const ACCOUNT: &str = "Account";

/// For whom the person acts.
#[must_use]
pub fn account_lead(email: &str, acts_for: Option<(&Account, ActsAs)>) -> String {
    match acts_for {
        Some((account, ActsAs::Member(role))) => {
            format!("You are logged in as {email} and act for {} as {}.", account.company, acting_as(role))
        }
        Some((_, ActsAs::Support)) | None => format!("You are logged in as {email}."),
    }
}

fn acting_as(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Billing => "the one who buys and pays",
        Role::Technical => "the one who looks after keys and instances",
        Role::Viewer => "a viewer",
    }
}

/// Heading of the company's details.
pub const COMPANY_DETAILS: &str = "Company";
/// What they are for.
pub const COMPANY_DETAILS_LEAD: &str = "Invoices carry these details. Those already issued stay as they are.";
/// The act.
pub const EDIT: &str = "Edit";
/// What is edited, for those who hear only the link.
pub const OF_COMPANY: &str = "the company details";
/// The act.
pub const SAVE_COMPANY: &str = "Save the company details";
/// Name of the address.
pub const POSTAL_ADDRESS: &str = "Address";
/// Where there is no VAT id.
pub const NO_VAT_ID: &str = "none";
/// Name of the address for invoices.
pub const INVOICES_GO_TO: &str = "Invoices go to";

/// Heading of what one logs in with.
pub const LOG_IN_DETAILS: &str = "Logging in";
/// Name of the password.
pub const PASSWORD: &str = "Password";
/// Label of the password in force.
pub const PRESENT_PASSWORD: &str = "Present password";
/// The act that opens the form, and the one that sends it.
pub const CHANGE_PASSWORD: &str = "Change the password";
/// What follows from it.
pub const CHANGE_PASSWORD_LEAD: &str = "All other browsers are logged out then, and we tell you by mail.";
/// State of an address.
pub const CONFIRMED: &str = "Confirmed";
/// State of an address.
pub const NOT_CONFIRMED: &str = "Not confirmed";

/// Since when a password is in force.
#[must_use]
pub fn password_since(at: UnixMs) -> String {
    format!("set on {}", documents::date(at.date()))
}

/// Heading of the members.
pub const MEMBERS: &str = "Members";
/// Column of the members.
pub const MEMBER: &str = "Member";
/// Column of the members.
pub const ROLE: &str = "Role";
/// Column of the members.
pub const MAY: &str = "May";
/// Beside one's own name, and one's own browser.
pub const YOU: &str = "you";

/// How many people act for a company.
#[must_use]
pub fn members_lead(count: usize, company: &str) -> String {
    match count {
        1 => format!("One person acts for {company}."),
        _ => format!("{count} people act for {company}."),
    }
}

/// What a role may do, in a few words.
#[must_use]
pub fn role_may(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything",
        Role::Billing => "buy, change, pay, see invoices, edit the company",
        Role::Technical => "see keys, free seats, manage instances",
        Role::Viewer => "look",
    }
}

/// Heading of the sessions.
pub const BROWSERS: &str = "Logged-in browsers";
/// Column of the sessions.
pub const BROWSER: &str = "Browser";
/// Column of the sessions.
pub const NETWORK_ADDRESS: &str = "Network address";
/// Column of the sessions.
pub const LOGGED_IN: &str = "Logged in";
/// Column of the sessions.
pub const LAST_USED: &str = "Last used";
/// Column of the sessions.
pub const ACT: &str = "Act";
/// Beside the browser that asks.
pub const THIS_BROWSER: &str = "this browser";
/// The act for one browser.
pub const END_SESSION: &str = "Log out";
/// The act for all but this one.
pub const END_OTHER_SESSIONS: &str = "Log out all other browsers";

/// Where one is logged in.
#[must_use]
pub fn browsers_lead(count: usize) -> String {
    match count {
        0 | 1 => "You are logged in here and nowhere else.".to_owned(),
        2 => "You are logged in here and in one other browser.".to_owned(),
        _ => format!("You are logged in here and in {} other browsers.", count - 1),
    }
}

/// A browser as people call it, from what it says of itself in `User-Agent`.
#[must_use]
pub fn browser(user_agent: &str) -> String {
    // Every browser names the ones that it wants to be taken for; the telling word comes first here.
    let one_of = |words: &[(&str, &'static str)]| {
        words.iter().find(|(word, _)| user_agent.contains(word)).map(|(_, name)| *name)
    };
    let browser = one_of(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = one_of(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => user_agent
            .split(['/', ' '])
            .next()
            .filter(|word| !word.is_empty())
            .map_or_else(|| "Unknown browser".to_owned(), |word| word.chars().take(40).collect()),
    }
}

/// Title of the page for a form that came to nothing because of what was sent.
pub const MALFORMED: &str = "This form could not be read";
/// What to do.
pub const MALFORMED_LEAD: &str = "Nothing was changed. Go back, load the page again and send the form from there.";
/// Title of the page for a form whose sender may not do what it asks.
pub const NOT_ALLOWED: &str = "You may not do this";
/// What to do.
pub const NOT_ALLOWED_LEAD: &str = "Nothing was changed. Your role does not include it, or you were logged out in between. An owner of the account can.";
/// Title of the page for a form of another account than the one that is acted for.
pub const OTHER_ACCOUNT: &str = "This form is for another company";
/// What to do.
pub const OTHER_ACCOUNT_LEAD: &str = "Nothing was changed. The page was opened for another company than the one that you act for now, perhaps before you \
     switched in another window. Switch back with the button on top, then send it again.";
/// Way on.
pub const TO_OVERVIEW: &str = "Go to the overview";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_the_name_that_people_know() {
        for (user_agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 \
                 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(browser(user_agent), name);
        }
    }

    #[test]
    fn countries_stand_in_the_order_of_the_alphabet() {
        let countries = countries();
        assert_eq!(countries.first(), Some(&("AF", "Afghanistan")));
        assert_eq!(countries.get(1), Some(&("AX", "Åland Islands")));
        assert_eq!(countries.last(), Some(&("ZW", "Zimbabwe")));
        assert_eq!(countries.len(), COUNTRIES.len());
    }
}
