//! The second factor's pages, and the second step of logging in.

use super::documents;
use crate::accounts::{RECOVERY_CODES, SecondFactor};

/// Title of the second step of logging in.
pub const ENTER_CODE: &str = "Your code, please";
/// Label of a code.
pub const CODE: &str = "Code";
/// The act.
pub const ENTER_CODE_ACT: &str = "Log in";
/// Way out.
pub const SOMEBODY_ELSE: &str = "Log in as somebody else";

/// What is asked for.
#[must_use]
pub fn enter_code_lead(email: &str) -> String {
    format!("One more step for {email}: the six digits that your authenticator app shows.")
}

/// What else is taken.
pub const CODE_HINT: &str = "App lost? Type one of your recovery codes instead. Each works once.";
/// What to do without either.
pub const ALL_LOST: &str = "Neither app nor recovery codes? Write to us; we make sure that it is you, and reset it.";
/// What a wrong code is answered with.
pub const WRONG_CODE: &str = "This code is not right, or was used before. Wait for the next one that your app shows.";
/// What a second step is answered with that came too late.
pub const START_OVER: &str = "That took too long, or something was changed in between. Begin with your password again.";

/// Title of the page, and of its card on the account page.
pub const SECOND_FACTOR: &str = "Second factor";
/// Accessible name of the way up.
pub const YOU_ARE_HERE: &str = "You are here";

/// What the account page says about it.
#[must_use]
pub fn state(factor: Option<&SecondFactor>) -> String {
    match factor {
        Some(factor) => format!("on since {}", documents::date(factor.set_at.date())),
        None => "off".to_owned(),
    }
}

/// The act that leads to the page.
#[must_use]
pub fn to_page(is_set: bool) -> &'static str {
    if is_set { "Second factor and recovery codes" } else { "Set up a second factor" }
}

/// What it is, before it is set up.
#[must_use]
pub fn set_up_lead(must: bool) -> &'static str {
    if must {
        "Your work needs a second factor: beside the password, a code that an app on your phone shows. It takes two \
         minutes, and then you go on."
    } else {
        "Beside the password, a code that an app on your phone shows. Then a stolen password lets nobody in."
    }
}

/// Heading of the first step.
pub const TAKE_SECRET: &str = "Add it to your app";
/// What to do.
pub const TAKE_SECRET_LEAD: &str =
    "Any authenticator app will do. Let it scan the picture, or type the secret. It is good for this set-up only.";
/// What the picture is, for those who do not see it.
pub const QR_CODE: &str = "QR code with the secret that stands beside it as text";
/// Label of the secret.
pub const SECRET: &str = "Secret";
/// The copy button of the secret: the act, once done, where the browser refuses.
pub const COPY_SECRET: [&str; 3] = ["Copy secret", "Copied", "Select it and copy it yourself"];
/// For those who read the page on the phone that has the app.
pub const OPEN_APP: &str = "Open the app on this device";
/// Heading of the second step.
pub const SHOW_CODE: &str = "Type the code that it shows";
/// What follows.
#[must_use]
pub fn show_code_lead() -> String {
    format!(
        "Then every other browser is logged out, and you get {RECOVERY_CODES} recovery codes for when your phone is lost. \
         They are shown once, so have a safe place ready."
    )
}
/// The act.
pub const SET_UP: &str = "Turn it on";
/// What a code is answered with that is not the app's.
pub const CODE_DIFFERS: &str =
    "This is not the code that goes with the picture. Is the clock of your phone right? Try the next code.";

/// Title while new codes are shown.
pub const NEW_CODES: &str = "Your recovery codes";
/// What they are for.
pub const NEW_CODES_LEAD: &str = "Each lets you in once in place of your app. Keep them where you find them without your phone. They are shown only now.";
/// The copy button of the codes: the act, once done, where the browser refuses.
pub const COPY_CODES: [&str; 3] = ["Copy codes", "Copied", "Select them and copy them yourself"];
/// The act.
pub const SAVE_CODES: &str = "Save as a file";
/// Name of that file.
pub const CODES_FILE: &str = "recovery-codes.txt";
/// The act that ends the showing.
pub const CODES_KEPT: &str = "I have kept them";

/// What the file says above the codes.
#[must_use]
pub fn codes_file(vendor: &str, email: &str, codes: &[String]) -> String {
    format!("Recovery codes of {email} for {vendor}. Each works once.\n\n{}\n", codes.join("\n"))
}

/// What stands on the page while it is on.
#[must_use]
pub fn on_lead(factor: &SecondFactor) -> String {
    format!("Since {} we ask for a code of your app whenever you log in.", documents::date(factor.set_at.date()))
}

/// Heading of the recovery codes.
pub const RECOVERY_CODES_TITLE: &str = "Recovery codes";

/// How many codes are left, and what that means.
#[must_use]
pub fn codes_left(left: i64) -> String {
    match left {
        0 => "None is left: if your app is lost, you cannot get in. Make new ones now.".to_owned(),
        1 => "One is left. Make new ones before it is used.".to_owned(),
        left => format!("{left} are left, for when your app is lost. Each works once."),
    }
}

/// Opens the question.
pub const RENEW_CODES_OPEN: &str = "Make new codes…";
/// The question.
pub const RENEW_CODES_TITLE: &str = "New recovery codes?";
/// The act.
pub const RENEW_CODES: &str = "Make new codes";
/// What follows from it.
pub const RENEW_CODES_HINT: &str = "The old ones are worth nothing then.";
/// Heading of the end.
pub const TURN_OFF_TITLE: &str = "Turn it off";
/// Opens the question.
pub const TURN_OFF_OPEN: &str = "Turn it off…";
/// The question.
pub const TURN_OFF_QUESTION: &str = "Turn the second factor off?";
/// What happens.
pub const TURN_OFF_HINT: &str = "All other browsers are logged out, and your recovery codes are worth nothing then.";
/// The act.
pub const TURN_OFF: &str = "Turn the second factor off";

/// What follows from it.
#[must_use]
pub fn turn_off_lead(must: bool) -> &'static str {
    if must {
        "For a new phone: turn it off, and set it up again at once. Your work goes on when that is done."
    } else {
        "Then your password alone lets you in. For a new phone: turn it off, and set it up again."
    }
}

/// Title of `/confirm` for those who have a second factor.
pub const CONFIRM_BOTH: &str = "Your password and a code, please";
