//! What a token may, and what can be asked of a new one: pure decisions.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ApiToken, Holder, Scope};
use crate::accounts::{Act, StaffAct};
use crate::clock::{DAY_MS, MINUTE_MS, UnixMs};

/// What an account's tokens can open.
pub const ACCOUNT_SCOPES: &[Scope] = &[
    Scope::LicensesRead,
    Scope::LicensesWrite,
    Scope::InstancesRead,
    Scope::InstancesWrite,
    Scope::EventsRead,
    Scope::InvoicesRead,
    Scope::UsageRead,
    Scope::OrdersRead,
    Scope::OrdersWrite,
];

/// What the vendor's tokens can open: all customers' licenses, instances, events, invoices and use, to look at, and its own
/// releases. The vendor's staff cannot name or free what is a customer's, so neither can its tokens.
pub const VENDOR_SCOPES: &[Scope] = &[
    Scope::LicensesRead,
    Scope::InstancesRead,
    Scope::EventsRead,
    Scope::InvoicesRead,
    Scope::UsageRead,
    Scope::CatalogRead,
    Scope::ReleasesWrite,
];

/// Days for which a token is good unless something else is asked for.
pub const DEFAULT_DAYS: i64 = 90;
/// Most days for which a token is good.
pub const MAX_DAYS: i64 = 365;
/// Most live tokens of one holder.
pub const MAX_LIVE: i64 = 50;
/// Most characters of a name.
pub const NAME_MAX_CHARS: usize = 60;
/// How long before its end it is announced, in milliseconds. The end of one that never lives longer is not.
pub const WARN_MS: i64 = 7 * DAY_MS;
/// How long a token that has ended stays in the list, in milliseconds.
pub const LIST_ENDED_MS: i64 = 30 * DAY_MS;

/// What is wrong with what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFault {
    /// It has no name.
    NameMissing,
    /// The name is longer than [`NAME_MAX_CHARS`].
    NameTooLong,
    /// It would open nothing.
    NoScope,
    /// A scope that this holder's tokens cannot have.
    ForeignScope,
    /// Less than a day, or more than [`MAX_DAYS`].
    DaysOutOfRange,
}

/// The name in the form in which it is kept: without blanks around it and without control characters.
///
/// # Errors
/// Everything that is wrong.
pub fn check(holder: &Holder, name: &str, scopes: &BTreeSet<Scope>, days: i64) -> Result<String, Vec<TokenFault>> {
    let name: String = name.trim().chars().filter(|character| !character.is_control()).collect();
    let faults: Vec<TokenFault> = [
        (name.is_empty(), TokenFault::NameMissing),
        (name.chars().count() > NAME_MAX_CHARS, TokenFault::NameTooLong),
        (scopes.is_empty(), TokenFault::NoScope),
        (scopes.iter().any(|scope| !holder.scopes().contains(scope)), TokenFault::ForeignScope),
        (!(1..=MAX_DAYS).contains(&days), TokenFault::DaysOutOfRange),
    ]
    .into_iter()
    .filter_map(|(is_wrong, fault)| is_wrong.then_some(fault))
    .collect();
    if faults.is_empty() { Ok(name) } else { Err(faults) }
}

/// Whether scopes include this act in the account of the token. Keys are never shown to a token, and tokens never make
/// tokens.
#[must_use]
pub fn include(scopes: &BTreeSet<Scope>, act: Act) -> bool {
    let any = |of: &[Scope]| of.iter().any(|scope| scopes.contains(scope));
    match act {
        Act::See => {
            any(&[Scope::LicensesRead, Scope::InstancesRead, Scope::EventsRead, Scope::UsageRead, Scope::OrdersRead])
        }
        Act::ManageInstances => any(&[Scope::LicensesWrite, Scope::InstancesWrite]),
        Act::Buy => any(&[Scope::OrdersWrite]),
        // Whoever orders sees what became of it.
        Act::SeeInvoices => any(&[Scope::InvoicesRead, Scope::OrdersRead, Scope::OrdersWrite]),
        Act::SeeKeys
        | Act::ReplaceKeys
        | Act::EditDetails
        | Act::ManageMembers
        | Act::SeeAudit
        | Act::ManageTokens
        | Act::TransferLicenses
        | Act::ManageRelations
        | Act::CloseAccount => false,
    }
}

/// Whether scopes include this act of the vendor's.
#[must_use]
pub fn include_for_vendor(scopes: &BTreeSet<Scope>, act: StaffAct) -> bool {
    let reads = [
        Scope::LicensesRead,
        Scope::InstancesRead,
        Scope::EventsRead,
        Scope::InvoicesRead,
        Scope::UsageRead,
        Scope::CatalogRead,
    ];
    match act {
        StaffAct::See => reads.iter().any(|scope| scopes.contains(scope)),
        StaffAct::PublishReleases => scopes.contains(&Scope::ReleasesWrite),
        StaffAct::ManageLicenses
        | StaffAct::SeeRevenue
        | StaffAct::MoveMoney
        | StaffAct::EditCatalog
        | StaffAct::ManageCampaigns
        | StaffAct::ManagePartners
        | StaffAct::ManageKeys
        | StaffAct::Replay
        | StaffAct::ManageStaff
        | StaffAct::SeeAudit
        | StaffAct::ManageTokens
        | StaffAct::EditSettings
        | StaffAct::SeeMails
        | StaffAct::Answer
        | StaffAct::ActAsCustomer
        | StaffAct::ResetSecondFactors => false,
    }
}

/// The minute of a use, as far as it is noted.
#[must_use]
pub fn minute_of(at: UnixMs) -> UnixMs {
    UnixMs(at.0.div_euclid(MINUTE_MS) * MINUTE_MS)
}

/// Whether a use at `now` is noted: once a minute is often enough.
#[must_use]
pub fn is_worth_noting(token: &ApiToken, now: UnixMs) -> bool {
    token.last_used_at.is_none_or(|at| at < minute_of(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Role, StaffRole, may, staff_may};
    use crate::ids::AccountId;

    const ACTS: [Act; 13] = [
        Act::See,
        Act::SeeKeys,
        Act::ManageInstances,
        Act::ReplaceKeys,
        Act::Buy,
        Act::SeeInvoices,
        Act::EditDetails,
        Act::ManageMembers,
        Act::SeeAudit,
        Act::ManageTokens,
        Act::TransferLicenses,
        Act::ManageRelations,
        Act::CloseAccount,
    ];

    const STAFF_ACTS: [StaffAct; 16] = [
        StaffAct::See,
        StaffAct::ManageLicenses,
        StaffAct::MoveMoney,
        StaffAct::EditCatalog,
        StaffAct::PublishReleases,
        StaffAct::ManageCampaigns,
        StaffAct::ManagePartners,
        StaffAct::ManageKeys,
        StaffAct::Replay,
        StaffAct::ManageStaff,
        StaffAct::SeeAudit,
        StaffAct::ManageTokens,
        StaffAct::EditSettings,
        StaffAct::SeeMails,
        StaffAct::Answer,
        StaffAct::ActAsCustomer,
    ];

    fn scopes(of: &[Scope]) -> BTreeSet<Scope> {
        of.iter().copied().collect()
    }

    #[test]
    fn each_scope_includes_these_acts_and_no_others() {
        use Scope::{
            CatalogRead, EventsRead, InstancesRead, InstancesWrite, InvoicesRead, LicensesRead, LicensesWrite,
            OrdersRead, OrdersWrite, ReleasesWrite, UsageRead,
        };
        for (scope, acts, staff_acts) in [
            (LicensesRead, &[Act::See][..], &[StaffAct::See][..]),
            (LicensesWrite, &[Act::ManageInstances], &[]),
            (InstancesRead, &[Act::See], &[StaffAct::See]),
            (InstancesWrite, &[Act::ManageInstances], &[]),
            (EventsRead, &[Act::See], &[StaffAct::See]),
            (InvoicesRead, &[Act::SeeInvoices], &[StaffAct::See]),
            (UsageRead, &[Act::See], &[StaffAct::See]),
            (OrdersRead, &[Act::See, Act::SeeInvoices], &[]),
            (OrdersWrite, &[Act::Buy, Act::SeeInvoices], &[]),
            (CatalogRead, &[], &[StaffAct::See]),
            (ReleasesWrite, &[], &[StaffAct::PublishReleases]),
        ] {
            let one = scopes(&[scope]);
            let found: Vec<_> = ACTS.into_iter().filter(|act| include(&one, *act)).collect();
            assert_eq!(found, acts, "{scope:?}");
            let found: Vec<_> = STAFF_ACTS.into_iter().filter(|act| include_for_vendor(&one, *act)).collect();
            assert_eq!(found, staff_acts, "{scope:?}");
        }
    }

    #[test]
    fn no_token_may_more_than_the_role_that_makes_tokens() {
        let all = scopes(Scope::ALL);
        for act in ACTS.into_iter().filter(|act| include(&all, *act)) {
            assert!(Role::ALL.iter().all(|role| !may(*role, Act::ManageTokens) || may(*role, act)), "{act:?}");
        }
        for act in STAFF_ACTS.into_iter().filter(|act| include_for_vendor(&all, *act)) {
            let makers = StaffRole::ALL.iter().filter(|role| staff_may(**role, StaffAct::ManageTokens));
            assert!(makers.clone().count() > 0 && makers.clone().all(|role| staff_may(*role, act)), "{act:?}");
        }
        assert!(!include(&all, Act::ManageTokens) && !include(&all, Act::SeeKeys));
        assert!(!include_for_vendor(&all, StaffAct::ManageTokens));
    }

    #[test]
    fn what_is_asked_for_is_checked_whole() {
        let account = Holder::Account(AccountId::from_untrusted("acc_a"));
        let (read, publish) = (scopes(&[Scope::LicensesRead]), scopes(&[Scope::ReleasesWrite]));
        let long = "x".repeat(NAME_MAX_CHARS + 1);
        for (holder, name, scopes, days, expected) in [
            (&account, " Grafana\u{7} ", &read, 1, Ok("Grafana")),
            (&account, "ü", &read, MAX_DAYS, Ok("ü")),
            (&Holder::Vendor, "CI", &publish, 90, Ok("CI")),
            (
                &account,
                " ",
                &BTreeSet::new(),
                0,
                Err(vec![TokenFault::NameMissing, TokenFault::NoScope, TokenFault::DaysOutOfRange]),
            ),
            (&account, "CI", &publish, 90, Err(vec![TokenFault::ForeignScope])),
            (&Holder::Vendor, "CI", &scopes(&[Scope::InstancesWrite]), 90, Err(vec![TokenFault::ForeignScope])),
            (&account, &long, &read, MAX_DAYS + 1, Err(vec![TokenFault::NameTooLong, TokenFault::DaysOutOfRange])),
        ] {
            assert_eq!(check(holder, name, scopes, days), expected.map(str::to_owned), "{name:?}");
        }
    }

    #[test]
    fn every_scope_is_somebodys() {
        assert!(Scope::ALL.iter().all(|scope| ACCOUNT_SCOPES.contains(scope) || VENDOR_SCOPES.contains(scope)));
    }
}
