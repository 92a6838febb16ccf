//! What each role may do. A new act is in no role's hands until a line here puts it there.

use super::{Role, StaffRole};

/// Something that a member does in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Look at licenses, instances and the account.
    See,
    /// See a license key.
    SeeKeys,
    /// Free seats, block and rename instances.
    ManageInstances,
    /// Replace a license key.
    ReplaceKeys,
    /// Buy, change plan or seats, cancel, undo, pay, change the payment method.
    Buy,
    /// Look at invoices and orders.
    SeeInvoices,
    /// Change company, address, VAT id, billing address.
    EditDetails,
    /// Invite, remove and change members.
    ManageMembers,
    /// Look at the account's audit log.
    SeeAudit,
    /// Make and revoke API tokens.
    ManageTokens,
    /// Hand a license to another account, or take one over.
    TransferLicenses,
    /// Accept and end relations with partners and clients.
    ManageRelations,
    /// Export everything, or close the account.
    CloseAccount,
}

/// As what somebody acts in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsAs {
    /// A member in its role.
    Member(Role),
    /// One of the vendor's staff, for a stated reason and a short time; see [`crate::acting`].
    Support,
}

impl From<Role> for ActsAs {
    fn from(role: Role) -> Self {
        Self::Member(role)
    }
}

/// What somebody may do in the account that it acts for.
#[must_use]
pub fn may(by: impl Into<ActsAs>, act: Act) -> bool {
    match by.into() {
        ActsAs::Member(role) => member_may(role, act),
        ActsAs::Support => support_may(act),
    }
}

/// What each role may do in its account.
fn member_may(role: Role, act: Act) -> bool {
    match act {
        Act::See => true,
        Act::SeeKeys | Act::ManageInstances | Act::ReplaceKeys => matches!(role, Role::Owner | Role::Technical),
        Act::Buy | Act::SeeInvoices | Act::EditDetails => matches!(role, Role::Owner | Role::Billing),
        Act::ManageMembers
        | Act::SeeAudit
        | Act::ManageTokens
        | Act::TransferLicenses
        | Act::ManageRelations
        | Act::CloseAccount => role == Role::Owner,
    }
}

/// What staff may do while they act for a customer: look, and look after what runs. No secret, no money, and nothing about
/// who belongs to the account or whose the licenses are.
fn support_may(act: Act) -> bool {
    match act {
        Act::See | Act::ManageInstances | Act::SeeInvoices | Act::SeeAudit => true,
        Act::SeeKeys
        | Act::ReplaceKeys
        | Act::Buy
        | Act::EditDetails
        | Act::ManageMembers
        | Act::ManageTokens
        | Act::TransferLicenses
        | Act::ManageRelations
        | Act::CloseAccount => false,
    }
}

/// Something that vendor staff do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StaffAct {
    /// Look at customers, licenses, invoices, events.
    See,
    /// Issue, suspend, revoke, restore, extend and move licenses, end subscriptions at once; free instances.
    ManageLicenses,
    /// See what subscriptions bring in.
    SeeRevenue,
    /// Refund, credit, pay out commissions.
    MoveMoney,
    /// Products, plans, prices, branding.
    EditCatalog,
    /// Publish releases of products.
    PublishReleases,
    /// Campaigns and their codes.
    ManageCampaigns,
    /// Make accounts partners, and change their terms.
    ManagePartners,
    /// Rotate and revoke signing keys.
    ManageKeys,
    /// Replay failed jobs and webhook events.
    Replay,
    /// Add, change and remove staff.
    ManageStaff,
    /// Look at the vendor's audit log.
    SeeAudit,
    /// Make and revoke the vendor's own API tokens.
    ManageTokens,
    /// Legal details, mail, transfer terms.
    EditSettings,
    /// Look at the mail log.
    SeeMails,
    /// Answer customers' messages.
    Answer,
    /// See the portal as a customer sees it, for a stated reason.
    ActAsCustomer,
    /// Ask for the reset of a second factor that somebody has lost, and take that back.
    ResetSecondFactors,
}

/// What each staff role may do.
#[must_use]
pub fn staff_may(role: StaffRole, act: StaffAct) -> bool {
    use StaffRole::{Admin, Finance, ReadOnly, Support};
    match act {
        StaffAct::See => true,
        StaffAct::ManageLicenses | StaffAct::Replay | StaffAct::ActAsCustomer => matches!(role, Admin | Support),
        StaffAct::Answer => matches!(role, Admin | Support | Finance),
        StaffAct::MoveMoney | StaffAct::ManagePartners | StaffAct::ManageCampaigns => matches!(role, Admin | Finance),
        StaffAct::SeeAudit => matches!(role, Admin | ReadOnly),
        StaffAct::SeeMails => matches!(role, Admin | Support | ReadOnly),
        StaffAct::SeeRevenue => matches!(role, Admin | Finance | ReadOnly),
        StaffAct::EditCatalog
        | StaffAct::PublishReleases
        | StaffAct::ManageKeys
        | StaffAct::ManageStaff
        | StaffAct::ManageTokens
        | StaffAct::EditSettings
        | StaffAct::ResetSecondFactors => role == Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who may do it, one letter for each role: owner, billing, technical, viewer; `s` for staff who act for the customer.
    const MEMBERS: [(Act, &str); 13] = [
        (Act::See, "obtvs"),
        (Act::SeeKeys, "ot"),
        (Act::ManageInstances, "ots"),
        (Act::ReplaceKeys, "ot"),
        (Act::Buy, "ob"),
        (Act::SeeInvoices, "obs"),
        (Act::EditDetails, "ob"),
        (Act::ManageMembers, "o"),
        (Act::SeeAudit, "os"),
        (Act::ManageTokens, "o"),
        (Act::TransferLicenses, "o"),
        (Act::ManageRelations, "o"),
        (Act::CloseAccount, "o"),
    ];

    /// Admin, support, finance, read-only.
    const STAFF: [(StaffAct, &str); 18] = [
        (StaffAct::See, "asfr"),
        (StaffAct::ManageLicenses, "as"),
        (StaffAct::SeeRevenue, "afr"),
        (StaffAct::MoveMoney, "af"),
        (StaffAct::EditCatalog, "a"),
        (StaffAct::PublishReleases, "a"),
        (StaffAct::ManageCampaigns, "af"),
        (StaffAct::ManagePartners, "af"),
        (StaffAct::ManageKeys, "a"),
        (StaffAct::Replay, "as"),
        (StaffAct::ManageStaff, "a"),
        (StaffAct::SeeAudit, "ar"),
        (StaffAct::ManageTokens, "a"),
        (StaffAct::EditSettings, "a"),
        (StaffAct::SeeMails, "asr"),
        (StaffAct::Answer, "asf"),
        (StaffAct::ActAsCustomer, "as"),
        (StaffAct::ResetSecondFactors, "a"),
    ];

    /// The roles that are let in, by the first letters of their names.
    fn letters<R: Copy>(roles: &[R], name: fn(&R) -> &str, allowed: impl Fn(R) -> bool) -> String {
        roles.iter().filter(|role| allowed(**role)).filter_map(|role| name(role).chars().next()).collect()
    }

    #[test]
    fn members_may_do_what_their_role_says() {
        for (act, who) in MEMBERS {
            let mut found = letters(Role::ALL, |role| role.as_str(), |role| may(role, act));
            found.push_str(if may(ActsAs::Support, act) { "s" } else { "" });
            assert_eq!(found, who, "{act:?}");
        }
    }

    #[test]
    fn staff_may_do_what_their_role_says() {
        for (act, who) in STAFF {
            assert_eq!(letters(StaffRole::ALL, |role| role.as_str(), |role| staff_may(role, act)), who, "{act:?}");
        }
    }
}
