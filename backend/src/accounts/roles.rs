//! What each role may do. A new act is in no role's hands until a line here puts it there.

use super::{Role, StaffRole};

/// Something that a member does in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Look at licenses, instances and the account.
    See,
    /// See a license key.
    SeeKeys,
    /// Free seats, block and rename instances, replace a key.
    ManageInstances,
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

/// What each role may do in its account.
#[must_use]
pub fn may(role: Role, act: Act) -> bool {
    match act {
        Act::See => true,
        Act::SeeKeys | Act::ManageInstances => matches!(role, Role::Owner | Role::Technical),
        Act::Buy | Act::SeeInvoices | Act::EditDetails => matches!(role, Role::Owner | Role::Billing),
        Act::ManageMembers
        | Act::SeeAudit
        | Act::ManageTokens
        | Act::TransferLicenses
        | Act::ManageRelations
        | Act::CloseAccount => role == Role::Owner,
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
        | StaffAct::EditSettings => role == Admin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who may do it, one letter for each role: owner, billing, technical, viewer.
    const MEMBERS: [(Act, &str); 12] = [
        (Act::See, "obtv"),
        (Act::SeeKeys, "ot"),
        (Act::ManageInstances, "ot"),
        (Act::Buy, "ob"),
        (Act::SeeInvoices, "ob"),
        (Act::EditDetails, "ob"),
        (Act::ManageMembers, "o"),
        (Act::SeeAudit, "o"),
        (Act::ManageTokens, "o"),
        (Act::TransferLicenses, "o"),
        (Act::ManageRelations, "o"),
        (Act::CloseAccount, "o"),
    ];

    /// Admin, support, finance, read-only.
    const STAFF: [(StaffAct, &str); 16] = [
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
    ];

    /// The roles that are let in, by the first letters of their names.
    fn letters<R: Copy>(roles: &[R], name: fn(&R) -> &str, allowed: impl Fn(R) -> bool) -> String {
        roles.iter().filter(|role| allowed(**role)).filter_map(|role| name(role).chars().next()).collect()
    }

    #[test]
    fn members_may_do_what_their_role_says() {
        for (act, who) in MEMBERS {
            assert_eq!(letters(Role::ALL, |role| role.as_str(), |role| may(role, act)), who, "{act:?}");
        }
    }

    #[test]
    fn staff_may_do_what_their_role_says() {
        for (act, who) in STAFF {
            assert_eq!(letters(StaffRole::ALL, |role| role.as_str(), |role| staff_may(role, act)), who, "{act:?}");
        }
    }
}
