//! Who acts for a company, who is the vendor's staff, and how one joins.

use super::{accounts, moments, portal, portal_accounts};
use crate::accounts::members::Position;
use crate::accounts::{Account, Role, StaffRole, User};
use crate::clock::UnixMs;

/// Title of the list.
pub const MEMBERS: &str = "Members";
/// Columns of the list.
pub const COLUMNS: [&str; 3] = ["Member", "Role", "Since"];
/// Label of the column of acts.
pub const ACT: &str = "Act";
/// Leads to a member's page.
pub const CHANGE: &str = "Change";
/// Beside one's own name.
pub const YOU: &str = "you";
/// Label of the way through the list.
pub const PAGES: &str = "Pages of members";
/// The way on.
pub const NEXT: &str = "Next";
/// The way back.
pub const FIRST: &str = "From the beginning";
/// Who is shown.
#[must_use]
pub fn shown(count: usize) -> String {
    match count {
        1 => "One person".to_owned(),
        _ => format!("{count} people"),
    }
}

/// Whom the page is about, and what one may do.
#[must_use]
pub fn lead(company: &str, may_manage: bool) -> String {
    if may_manage {
        format!("Everybody here acts for {company}. You invite people, change what they may do, and take them out.")
    } else {
        format!("Everybody here acts for {company}. Its owners invite people and decide what they may do.")
    }
}

/// Title of the staff's list.
pub const STAFF: &str = "People";
/// What it says.
#[must_use]
pub fn staff_lead(vendor: &str, may_manage: bool) -> String {
    if may_manage {
        format!("The staff of {vendor}. You invite colleagues, change what they may do, and take them out.")
    } else {
        format!("The staff of {vendor}. Administrators invite colleagues and decide what they may do.")
    }
}
/// Columns of the staff's list.
pub const STAFF_COLUMNS: [&str; 3] = ["Colleague", "Role", "Login since"];

/// What somebody is called: the name, or the address where there is none.
#[must_use]
pub fn called(user: &User) -> String {
    if user.name.is_empty() { user.email.clone() } else { user.name.clone() }
}

/// Heading of the roles.
pub const ROLES: &str = "What the roles may do";
/// Columns of the roles.
pub const ROLE_COLUMNS: [&str; 2] = ["Role", "May"];

/// What a role is called, of either kind.
#[must_use]
pub fn position_name(position: &Position) -> &'static str {
    match position {
        Position::Member { role, .. } => portal::role_name(*role),
        Position::Staff(role) => accounts::staff_role(*role),
    }
}

/// What it may do.
#[must_use]
pub fn position_may(position: &Position) -> &'static str {
    match position {
        Position::Member { role, .. } => role_may(*role),
        Position::Staff(role) => staff_may(*role),
    }
}

/// What a role of an account may do.
#[must_use]
pub fn role_may(role: Role) -> &'static str {
    match role {
        Role::Owner => "everything, members included",
        Role::Billing | Role::Technical | Role::Viewer => portal_accounts::role_may(role),
    }
}

/// What a role of the staff may do.
#[must_use]
pub fn staff_may(role: StaffRole) -> &'static str {
    match role {
        StaffRole::Admin => "everything, staff, catalog and signing keys included",
        StaffRole::Support => "look, manage licenses and instances, replay what failed",
        StaffRole::Finance => "look, refund and credit",
        StaffRole::ReadOnly => "look",
    }
}

/// Heading of the form that invites.
pub const INVITE: &str = "Invite somebody";
/// What happens then.
pub const INVITE_LEAD: &str =
    "They get a mail with a link that works once, for seven days. Who has no login yet makes one there.";
/// The act.
pub const INVITE_ACT: &str = "Send the invitation";
/// Label of the address.
pub const INVITE_EMAIL: &str = "E-mail address of the person";
/// The question for the role.
pub const INVITE_AS: &str = "Role";

/// Heading of the invitations.
pub const INVITATIONS: &str = "Invitations without an answer";
/// Columns of the invitations.
pub const INVITATION_COLUMNS: [&str; 3] = ["Invited", "As", "Link works until"];
/// Where there is none.
pub const NO_INVITATIONS: &str = "Nobody is invited at the moment. Invite somebody with the form on this page.";
/// The act.
pub const RESEND: &str = "Send again";
/// The act.
pub const WITHDRAW: &str = "Withdraw";

/// Until when the link of an invitation works.
#[must_use]
pub fn works_until(expires_at: UnixMs, now: UnixMs) -> String {
    if expires_at <= now { format!("expired on {}", moments::day(expires_at)) } else { moments::day(expires_at) }
}

/// Why an invitation is not sent, by its code.
#[must_use]
pub fn invite_refused(code: &str) -> Option<&'static str> {
    Some(match code {
        "already_in" => "Somebody with this address belongs to it already. The list shows who.",
        "already_invited" => "An invitation to this address waits for its answer. You can send it again from the list.",
        "too_many_open" => "Fifty invitations wait for an answer. Withdraw one that is not needed, then invite again.",
        "unconfirmed" => {
            "Confirm your own e-mail address first: we have sent you a link, and the page of your account sends another. \
             Then invite."
        }
        "role" => "Choose a role.",
        _ => return None,
    })
}

/// Title of a member's page.
#[must_use]
pub fn member_lead(role: &str, may: &str, since: UnixMs) -> String {
    format!("{role} since {}: {may}.", moments::day(since))
}
/// The same of a colleague, of whom it is not known since when.
#[must_use]
pub fn colleague_lead(role: &str, may: &str) -> String {
    format!("{role}: {may}.")
}

/// Heading of the form that changes a role.
pub const CHANGE_ROLE: &str = "Role";
/// What happens then.
pub const CHANGE_ROLE_LEAD: &str = "It counts from the next click on, and the person is told by mail.";
/// The question.
pub const CHANGE_ROLE_LEGEND: &str = "What the person may do";
/// The act.
pub const CHANGE_ROLE_ACT: &str = "Save the role";
/// Heading of the form that hands over.
pub const HAND_OVER: &str = "Hand the account over";
/// What happens then.
#[must_use]
pub fn hand_over_lead(who: &str, company: &str) -> String {
    format!("{who} becomes owner of {company} in your place. You cannot take that back; only the new owner can.")
}
/// The question.
pub const HAND_OVER_BECOMES: &str = "What you become";
/// Opens the question.
pub const HAND_OVER_OPEN: &str = "Hand over…";
/// The question.
#[must_use]
pub fn hand_over_title(who: &str) -> String {
    format!("Make {who} the owner?")
}
/// The act.
pub const HAND_OVER_ACT: &str = "Hand the account over";
/// Does not do it.
pub const STAY_OWNER: &str = "Stay the owner";

/// Heading of what takes somebody out.
#[must_use]
pub fn remove(whom: &str) -> String {
    format!("Take out of {whom}")
}
/// The staff, to be taken out of.
#[must_use]
pub fn staff_of(vendor: &str) -> String {
    format!("the staff of {vendor}")
}
/// What happens then, for a member.
pub const REMOVE_LEAD: &str = "The person acts for the company no more from the next click on, and is told by mail. The login stays. Invitations \
     that the person sent and nobody answered are withdrawn.";
/// What happens then, for one of the staff.
pub const REMOVE_COLLEAGUE_LEAD: &str = "The console is gone for this person from the next click on; the login stays. Invitations that the person sent and \
     nobody answered are withdrawn.";
/// Opens the question.
pub const REMOVE_OPEN: &str = "Take out…";
/// The question.
#[must_use]
pub fn remove_title(who: &str) -> String {
    format!("Take {who} out?")
}
/// The act.
pub const REMOVE_ACT: &str = "Take the person out";
/// Does not do it.
pub const KEEP: &str = "Keep the person";

/// Opens the question.
pub const LEAVE_OPEN: &str = "Leave…";
/// The question.
#[must_use]
pub fn leave_title(company: &str) -> String {
    format!("Leave {company}?")
}
/// What happens then.
pub const LEAVE_TEXT: &str =
    "You do not see its licenses and invoices any more. To come back, you need an invitation. The owners are told.";
/// The act.
pub const LEAVE_ACT: &str = "Leave the company";
/// Does not do it.
pub const STAY: &str = "Stay";

/// Why the last owner stays.
pub const LAST_OWNER: &str = "A company needs an owner. Make another member the owner first; then you can change this.";
/// Why the last administrator stays.
pub const LAST_ADMIN: &str = "The staff needs an administrator. Make a colleague one first; then you can change this.";

/// Title of the page behind an invitation.
#[must_use]
pub fn offer_title(company: Option<&str>, vendor: &str) -> String {
    match company {
        Some(company) => format!("Join {company}"),
        None => format!("Join the staff of {vendor}"),
    }
}
/// Who invites, and as what.
#[must_use]
pub fn offer_lead(inviter: Option<&str>, position: &Position) -> String {
    let (role, may) = (position_name(position), position_may(position));
    match inviter {
        Some(inviter) => format!("{inviter} invites you as {role}. You may then: {may}."),
        None => format!("You are invited as {role}. You may then: {may}."),
    }
}
/// The act.
pub const ACCEPT: &str = "Accept the invitation";
/// What follows for whoever is signed in.
#[must_use]
pub fn accept_as(email: &str) -> String {
    format!("You are logged in as {email}, the address that was invited.")
}
/// What follows for whoever has a login.
#[must_use]
pub fn log_in_first(email: &str) -> String {
    format!("{email} has a login already. Log in with it, and you come back here.")
}
/// The way there.
pub const LOG_IN: &str = "Log in";
/// What follows for whoever has none.
#[must_use]
pub fn sign_up_here(email: &str) -> String {
    format!("You will log in as {email}. Choose a password, and you are in.")
}
/// The act.
pub const JOIN_ACT: &str = "Sign up and join";
/// Why one cannot accept with the login that one uses.
#[must_use]
pub fn other_person(invited: &str, email: &str) -> String {
    format!("The invitation is for {invited}, and you are logged in as {email}.")
}
/// What to do.
pub const OTHER_PERSON_TEXT: &str = "Log out, and you come back here to log in or sign up with the other address. Or ask for an invitation to this one.";
/// The act.
pub const LOG_OUT: &str = "Log out and come back";
/// Title where the link is worth nothing.
pub const SPENT: &str = "This invitation does not work any more";
/// Why, and what to do.
pub const SPENT_LEAD: &str = "Invitations work once and for seven days, and only the newest link counts. If you have joined already, log in. Else ask \
     whoever invited you to send it again.";

/// Opens the choice of companies.
pub const SWITCH: &str = "Switch…";
/// The choice.
pub const SWITCH_TITLE: &str = "Act for another company";
/// What follows from it.
pub const SWITCH_TEXT: &str = "Everything that you see and do is for one company at a time.";
/// Closes it.
pub const SWITCH_CLOSE: &str = "Stay where I am";
/// One of them.
#[must_use]
pub fn switch_to(account: &Account, role: Role) -> String {
    portal::member(&account.company, role)
}
/// Title of the page of something that another company of the person has.
#[must_use]
pub fn belongs_to(company: &str) -> String {
    format!("This belongs to {company}")
}
/// What it says.
pub const BELONGS_LEAD: &str = "You act for another company now. Switch, and you see it.";
/// The act.
#[must_use]
pub fn act_for(company: &str) -> String {
    format!("Act for {company}")
}
/// Leads to the form for one more company.
pub const ADD_COMPANY: &str = "Add another company";
/// What it is good for.
pub const ADD_COMPANY_LEAD: &str =
    "A second company has its own licenses, invoices and members. You switch between them on top of the page.";
/// Leads to the members from the account's page.
pub const TO_MEMBERS: &str = "Invite and change members";

/// What an act did, by its code.
#[must_use]
pub fn done(code: &str) -> Option<&'static str> {
    Some(match code {
        "invitation_sent" => "The invitation is on its way. Its link works for seven days.",
        "invitation_resent" => "The invitation is on its way again. Only the newest link works.",
        "invitation_withdrawn" => "The invitation is withdrawn. Its link does not work any more.",
        "invitation_gone" => "That invitation was accepted or withdrawn before.",
        "role_changed" => "The role is changed. It counts from now on, and the person is told by mail.",
        "member_removed" => "The person is out. It counts from now on, and the person is told by mail.",
        "account_handed_over" => "The account has a new owner, who is told by mail.",
        "account_left" => "You have left the company. Its owners are told.",
        "account_switched" => "You act for the other company now.",
        "joined" => "Welcome. You have joined.",
        _ => return super::console_settings::done(code),
    })
}
