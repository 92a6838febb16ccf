//! The portal's frame: navigation, notices, errors.

use crate::accounts::Role;

/// Who a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Anyone.
    Visitor,
    /// A member of a customer's account.
    Customer,
    /// The vendor's staff.
    Staff,
}

/// Accessible name of the main navigation.
pub const MAIN_NAVIGATION: &str = "Main";
/// Accessible name of the footer's links.
pub const FOOT_NAVIGATION: &str = "About";
/// Link to the documentation of the licensing API.
pub const API: &str = "Licensing API";
/// First link of every page.
pub const SKIP_TO_CONTENT: &str = "Skip to content";
/// Entrance.
pub const LOG_IN: &str = "Log in";
/// Way out.
pub const SIGN_OUT: &str = "Log out";
/// Puts a notice away.
pub const DISMISS: &str = "Dismiss";

/// Beside the label of a question that need not be answered.
pub const OPTIONAL: &str = "optional";
/// Makes a password readable.
pub const SHOW: &str = "Show";
/// Hides it again.
pub const HIDE: &str = "Hide";
/// Leaves a form without sending it.
pub const CANCEL: &str = "Cancel";

/// Heading above what was refused in a form.
#[must_use]
pub fn refused_answers(count: usize) -> String {
    match count {
        1 => "One thing needs your attention".to_owned(),
        _ => format!("{count} things need your attention"),
    }
}

/// Title of the page for an address that nothing answers.
pub const NOT_FOUND_TITLE: &str = "There is nothing here";
/// What it says.
pub const NOT_FOUND_LEAD: &str =
    "The address may be mistyped, or what was here is gone, or it belongs to another account.";
/// Title of the page for a failure.
pub const FAILED_TITLE: &str = "Something went wrong on our side";

/// What the page for a failure says.
#[must_use]
pub fn failed_lead(request_id: &str) -> String {
    format!("Nothing was changed. Try again; if it stays, write to us and name the request {request_id}.")
}

/// The main navigation: label and address.
#[must_use]
pub fn navigation(audience: Audience) -> &'static [(&'static str, &'static str)] {
    match audience {
        Audience::Visitor => &[("Prices", "/")],
        Audience::Customer => &[
            ("Overview", "/overview"),
            ("Licenses", "/licenses"),
            ("Invoices", "/invoices"),
            ("Messages", "/messages"),
            ("Members", "/account/members"),
            ("Account", "/account"),
        ],
        // The console has sections; see `console_navigation`.
        Audience::Staff => &[],
    }
}

/// Who is signed in, for which account.
#[must_use]
pub fn member(company: &str, role: Role) -> String {
    format!("{company} · {}", role_name(role))
}

/// A role's name.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Billing => "Billing",
        Role::Technical => "Technical",
        Role::Viewer => "Viewer",
    }
}

/// Who runs the portal.
#[must_use]
pub fn foot_note(legal_name: &str, support_email: &str) -> String {
    match (legal_name.is_empty(), support_email.is_empty()) {
        (false, false) => format!("{legal_name} · {support_email}"),
        (false, true) => legal_name.to_owned(),
        (true, _) => support_email.to_owned(),
    }
}

/// What an act did, by its code.
#[must_use]
pub fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "acting_stopped" => "You act for yourself again. The customer's log says what you did.",
        "acting_withdrawn" => "That is ended. Nobody of the vendor acts for you any more.",
        "signed_out" => "You are logged out.",
        "email_verified" => "Your e-mail address is confirmed.",
        "email_already_verified" => "Your e-mail address was confirmed before. There is nothing left to do.",
        "verification_sent" => "A new mail is on its way. Its link works for seven days.",
        "person_deleted" => "Your sign-in is deleted. Good-bye.",
        "password_reset" => "Your new password is set. Log in with it.",
        "password_changed" => "Your password is changed. All other browsers are logged out.",
        "password_withdrawn" => {
            "You are logged in, and your address is confirmed. The password from before is gone; set a new one on your \
             account page whenever you like."
        }
        "email_change_asked" => "Mails are on their way: to the new address with a link, and to the old one.",
        "email_change_withdrawn" => "The change is taken back. The link in the mail does not work any more.",
        "email_changed" => {
            "Your e-mail address is changed. Log in with it from now on; all other browsers are logged out."
        }
        "confirmed_not_done" => "That is confirmed. Nothing has happened yet: please press the button once more.",
        "account_closes" => "The account closes in 30 days. Everybody in it is told by mail.",
        "account_kept" => "The account stays. Everybody in it is told by mail.",
        "account_updated" => "The company details are saved. Invoices from now on carry them.",
        "account_unchanged" => "Nothing was different, so nothing was changed.",
        "session_ended" => "That browser is logged out.",
        "sessions_ended" => "All other browsers are logged out.",
        "second_factor_set" => "Your second factor is on. All other browsers are logged out.",
        "second_factor_removed" => "Your second factor is off. All other browsers are logged out.",
        "factor_reset_asked" => "The reset is asked for. It happens in 24 hours; the person is told by mail at once.",
        "factor_reset_waits" => "A reset waits already. It stays as it is.",
        "factor_reset_withdrawn" => "The reset is taken back. The person is told by mail.",
        "factor_reset_refused" => "The reset is refused. Your second factor stays as it is.",
        "factor_reset_disproved" => {
            "An administrator was told that you had lost your second factor. You have just used it, so its reset is called off."
        }
        "passkey_added" => "Your passkey is added. From now on it lets you in.",
        "passkey_removed" => "The passkey is removed. All other browsers are logged out.",
        "passkey_renamed" => "The name is saved.",
        "event_replayed" => "The event was handled.",
        "event_failed_again" => "The event failed again; its new reason is in the list.",
        "failures_replayed" => "Everything that failed is begun again. What fails once more comes back to this list.",
        "job_dismissed" => "It is off the list. You find it among the dismissed work, should it be needed after all.",
        "job_not_dismissed" => "Nothing was dismissed: it is not on the list any more.",
        "job_replayed" => "The work was begun again.",
        "job_not_replayed" => "Nothing was begun: it runs already, or has been done meanwhile.",
        "license_renamed" => "The name is saved.",
        "key_replaced" => "The license has a new key. Running instances go on; the owners are told by mail.",
        "seat_freed" => "The seat is free.",
        "seat_free_later" => "The instance gets no further lease. Its seat is not free at once; the table says when.",
        "instance_blocked" => "It is blocked, and its seat is free.",
        "instance_blocked_later" => "It is blocked. Its seat is not free at once; below it says when.",
        "instance_unblocked" => "It is unblocked and may activate again.",
        "instance_deleted" => "It is deleted.",
        "instance_deleted_later" => "It is deleted. Its seat counts as taken until it would have lapsed by itself.",
        "conflict_decided" => "That is decided. The copies hear of it when they next call.",
        "nothing_changed" => "There was nothing to change.",
        "license_suspended" => "The license is suspended. Instances hear of it at their next check.",
        "license_reinstated" => "The license is reinstated. Instances get leases again at their next check.",
        "license_revoked" => "The license is revoked for good.",
        "auto_renewal_stopped" => "Updates do not renew by themselves any more. Years that are paid stay.",
        "subscription_ended" => "The subscription is ended. Instances hear of it at their next check.",
        "license_issued" => "The license is issued. Its owners are told by mail.",
        "license_extended" => "The license is extended. Its owners are told by mail.",
        "handover_asked" => "It is asked by mail. Nothing changes before everybody has agreed.",
        "handover_agreed" => "You have agreed. The license goes over as soon as the other side has.",
        "handover_done" => "The license has gone over. Both sides are told by mail.",
        "handover_ended" => "That is over. The license stays where it is.",
        "catalog_gone" => "Somebody else has taken this off the price list meanwhile, so nothing was saved.",
        "catalog_changed" => "The changes are saved. New prices reach Stripe within moments.",
        "campaign_created" => "The campaign is there.",
        "campaign_updated" => "The campaign is changed.",
        "campaign_paused" => "The campaign rests: none of its codes works.",
        "campaign_owner_gone" => "Its partnership is over, so the campaign rests. Make the account a partner first.",
        "campaign_resumed" => "The campaign goes on.",
        "campaign_ended" => "The campaign is over.",
        "plan_published" => "The plan is on the price list.",
        "plan_retired" => "The plan is off the price list. Licenses under it go on.",
        "release_published" => "The release is published.",
        "catalog_applied" => "The changes are applied. New prices reach Stripe within moments.",
        "codes_added" => "The codes are there.",
        "code_paused" => "The code rests.",
        "code_resumed" => "The code works again.",
        "license_moved" => "The license has today's version of its plan. Its owners are told by mail.",
        "license_not_moved" => "The license was not moved. The card below says why.",
        "license_overridden" => {
            "The license has its own limits and features. Instances hear of it at their next check."
        }
        "lease_revoked" => "Its lease is revoked. At its next check it gets a new one.",
        "signing_key_rotated" => "The next key signs from now on, and a fresh one waits behind it.",
        "signing_key_revoked" => "The key is revoked. Nothing that it signed is accepted any more.",
        "invoice_credited" => "The credit note is issued, and the customer is told.",
        "seat_was_free" => "The seat was free already.",
        "token_revoked" => "The token is revoked. Every call with it is refused from now on.",
        "order_cancelled" => super::transfers::CANCELLED,
        "plan_changed" => "The change is made and paid. Running instances hear of it at their next check.",
        "change_ordered" => "The change is ordered. It takes effect when your transfer has arrived.",
        "change_withdrawn" => "Everything stays as it is. The change is dropped, and its invoice is void.",
        "change_planned" => "The change is planned. Nothing was charged, and you can take it back until then.",
        "planned_dropped" => "Everything stays as it is. No change is planned.",
        "subscription_cancelled" => "The subscription is cancelled. Everything works until its last day.",
        "subscription_resumed" => "The subscription goes on and renews as before.",
        "message_sent" => "Your message is sent. The answer comes here and by mail.",
        "conversation_closed" => "The conversation is closed. A new message opens it again.",
        "conversation_not_closed" => "It is not closed: a message has arrived that you have not read.",
        "conversation_taken" => "The conversation is yours to care for.",
        "conversation_freed" => "The conversation is handed back.",
        "conversation_taken_meanwhile" => "Nothing was changed: somebody else has taken or handed it back meanwhile.",
        "answer_sent" => "The answer is sent, and mailed to the customer.",
        "answer_sent_to_nobody" => {
            "The answer is in the portal. It was mailed to nobody: whoever wrote here has left the account."
        }
        "feedback_given" => "Thank you. Your answer is kept.",
        "feedback_mails_on" => "You will be asked for feedback, once.",
        "feedback_mails_off" => "You will not be asked for feedback.",
        "partner_made" => "The account is a partner. Its owners are told by mail.",
        "partner_terms_changed" => "The terms are changed. The partner's owners are told by mail.",
        "partnership_ended" => "The partnership is over. Both sides are told by mail.",
        "payout_reversed" => "The payout is taken back, and the partner is told by mail.",
        "payout_recorded" => "The payout is recorded, and the partner is told by mail.",
        "account_declined" => "You have declined. Whoever made the account is told by mail.",
        "account_stays" => {
            "You have declined, and whoever made the account is told by mail. Something was ordered for it, so the account stays: as long as this link works, you can still take it over."
        }
        "first_owner_asked" => "The mail is on its way. Links that were sent before work no more.",
        "client_created" => "The client is there. A mail asks them to take the account over.",
        "client_asked_again" => "The mail is on its way. The link before it works no more.",
        "client_invited" => "The invitation is on its way.",
        "relation_accepted" => "You have a partner now. It is told by mail.",
        "relation_ended" => "That is over. The other side is told by mail.",
        "vouchers_returned" => "The vouchers are void, and whoever bought them is told by mail.",
        "voucher_noted" => "The note is saved.",
        "order_sent_to_client" => "The order is placed. Your client gets a mail with the way to pay.",
        _ => return super::members::done(code),
    })
}
