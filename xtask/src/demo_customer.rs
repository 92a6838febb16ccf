//! A customer for the demo that has bought something, made the way a person would do it: through the portal's forms
//! the local Stripe's checkout page, and the link in a mail. So the demo has a license, an invoice and mails, and none
//! of it is made up.

use crate::browser::{Browser, Page};
use crate::mailbox::letters;
use crate::process::check_interrupted;
use crate::product::CUSTOMER;
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::time::{Duration, Instant};

/// What the customer buys: a plan of the demo catalog with one instance more than it includes.
const CHOICE: &str = "/buy?plan=startup&interval=month&seats=3";
/// Name, country, street, postal code and city of the company.
const COMPANY: [(&str, &str); 5] = [
    ("company", "Aurora Wind ApS"),
    ("country", "DK"),
    ("line1", "Havnegade 12"),
    ("postal_code", "1058"),
    ("city", "København K"),
];
const PROVISIONED_WITHIN: Duration = Duration::from_secs(30);
const MAILED_WITHIN: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);

/// Signs the customer up, buys, confirms its address by the mail in the folder and asks the vendor something, unless it
/// can log in already.
/// The license key, which only the browser that bought
/// is shown without asking for the password again; `None` when nothing had to be bought.
///
/// # Errors
/// When a page on the way is not what it should be.
pub(crate) fn buy(portal: &str, mails: &Path) -> Result<Option<String>> {
    if can_log_in(portal)? {
        return Ok(None);
    }
    let mut browser = Browser::new();
    // A visitor who chooses a plan is led to sign-up, from there to the company, and back to the choice.
    let page = browser.open(&format!("{portal}{CHOICE}"))?;
    let form = page.form("/act/sign-up")?.with("email", CUSTOMER.email).with("password", CUSTOMER.password);
    let page = browser.send(&page, &form.with("name", "Demo Customer"))?;
    let form = page.form("/act/create-account").context("after signing up")?;
    let form = COMPANY.iter().fold(form, |form, (name, value)| form.with(name, value));
    let page = browser.send(&page, &form)?;
    let form = page.form("/act/place-order").context("after naming the company")?;
    let page = browser.send(&page, &form)?;
    let form = page.form("/c/pay/").context("after placing the order")?;
    // The button of the checkout page that pays with the card 4242 4242 4242 4242.
    let page = browser.send(&page, &form.with("action", "4242"))?;
    let key = wait_for_key(&mut browser, page)?;
    confirm_address(&mut browser, mails)?;
    ask_the_vendor(&mut browser, portal)?;
    Ok(Some(key))
}

fn confirm_address(browser: &mut Browser, mails: &Path) -> Result<()> {
    let started = Instant::now();
    let link = loop {
        let all = letters(mails)?;
        let mut own = all.iter().filter(|letter| letter.to.contains(CUSTOMER.email));
        let link = own.find_map(|letter| find_link(&letter.text, "/verify-email"));
        match link {
            Some(link) => break link,
            None if started.elapsed() > MAILED_WITHIN => bail!("no mail asked to confirm the address"),
            None => check_interrupted()?,
        }
        std::thread::sleep(LOOK);
    };
    let page = browser.open(&link)?;
    let form = page.form("/act/verify-email")?;
    browser.send(&page, &form).map(drop)
}

/// A question, so that both sides of the demo have something to read and answer.
fn ask_the_vendor(browser: &mut Browser, portal: &str) -> Result<()> {
    let page = browser.open(&format!("{portal}/messages/new"))?;
    let form = page.form("/act/open-conversation")?.with("subject", "A second site");
    let question = "We open a second site in Aarhus.\nCan its nodes run under the same key?";
    browser.send(&page, &form.with("text", question)).map(drop)
}

/// The first address in a text that has this path.
fn find_link(text: &str, path: &str) -> Option<String> {
    text.split_whitespace().find(|word| word.starts_with("http") && word.contains(path)).map(str::to_owned)
}

fn can_log_in(portal: &str) -> Result<bool> {
    let mut browser = Browser::new();
    let page = browser.open(&format!("{portal}/log-in"))?;
    let form = page.form("/act/log-in")?.with("email", CUSTOMER.email).with("password", CUSTOMER.password);
    Ok(browser.send(&page, &form)?.path() != "/log-in")
}

/// Looks at the order's page until it shows the key, as its `Refresh` header makes a browser do.
fn wait_for_key(browser: &mut Browser, mut page: Page) -> Result<String> {
    let started = Instant::now();
    loop {
        if !page.path().starts_with("/orders/") {
            bail!("the checkout led to {} instead of the order", page.address);
        }
        if let Some(key) = find_key(&page.html) {
            return Ok(key);
        }
        if started.elapsed() > PROVISIONED_WITHIN {
            bail!("{} shows no license key after {} s", page.address, PROVISIONED_WITHIN.as_secs());
        }
        check_interrupted()?;
        std::thread::sleep(LOOK);
        page = browser.open(&page.address)?;
    }
}

/// The first license key that stands in a page.
fn find_key(html: &str) -> Option<String> {
    /// Groups of 128 bits in Crockford's base32; a prefix alone or a masked key is shorter.
    const SHORTEST: usize = 26;
    html.match_indices("LH-").find_map(|(start, _)| {
        let key: String =
            html[start..].chars().take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '-').collect();
        (key.len() > SHORTEST).then_some(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_found_among_the_words_of_a_mail() {
        let text = "Hello\n\nConfirm it:\nhttp://127.0.0.1:3000/verify-email?token=a-b\n\nhttp://127.0.0.1:3000\n";
        let link = find_link(text, "/verify-email");
        assert_eq!(link.as_deref(), Some("http://127.0.0.1:3000/verify-email?token=a-b"));
    }

    #[test]
    fn a_whole_key_is_found_and_a_masked_one_is_not() {
        let key = "LH-4F7QK-M2XRT-9PZ3W-V8JHN-6C5BD-1A0";
        assert_eq!(find_key(&format!("<p>LH-…</p><input value=\"{key}\">")).as_deref(), Some(key));
        assert_eq!(find_key("<p>LH-4F7QK-…</p>"), None);
    }
}
