//! The console's navigation: its sections, and what a role must be allowed to do to see a link.

use crate::accounts::{StaffAct, StaffRole, staff_may};

/// Links that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// What they are about; empty for those that need no word.
    pub label: &'static str,
    /// Label and address of each, and what its reader must be allowed to do.
    pub links: &'static [(&'static str, &'static str, StaffAct)],
}

/// All sections, in the order of the page.
pub const SECTIONS: &[Section] = &[
    Section { label: "", links: &[("Console", "/staff", StaffAct::See)] },
    Section {
        label: "Customers",
        links: &[
            ("Customers", "/staff/customers", StaffAct::See),
            ("Licenses", "/staff/licenses", StaffAct::See),
            ("Instances", "/staff/instances", StaffAct::See),
            ("Refusals", "/staff/denials", StaffAct::See),
            ("Activity", "/staff/activity", StaffAct::See),
            ("Payments", "/staff/payments", StaffAct::See),
            ("Messages", "/staff/messages", StaffAct::See),
            ("Feedback", "/staff/feedback", StaffAct::See),
        ],
    },
    Section {
        label: "Money",
        links: &[
            ("Orders", "/staff/orders", StaffAct::See),
            ("Invoices", "/staff/invoices", StaffAct::See),
            ("Given back", "/staff/refunds", StaffAct::See),
            ("Revenue", "/staff/subscriptions", StaffAct::SeeRevenue),
            ("Ledger", "/staff/ledger", StaffAct::See),
            ("Tax", "/staff/tax", StaffAct::MoveMoney),
            ("Campaigns", "/staff/campaigns", StaffAct::See),
            ("Partners", "/staff/partners", StaffAct::See),
        ],
    },
    Section { label: "Products", links: &[("Catalog", "/staff/catalog", StaffAct::See)] },
    Section {
        label: "Operations",
        links: &[
            ("Events", "/staff/events", StaffAct::See),
            ("Failed work", "/staff/failed", StaffAct::See),
            ("Mails", "/staff/mails", StaffAct::SeeMails),
            ("Signing keys", "/staff/signing-keys", StaffAct::See),
            ("People", "/staff/people", StaffAct::See),
            ("Audit log", "/staff/audit", StaffAct::SeeAudit),
            ("API tokens", "/staff/tokens", StaffAct::ManageTokens),
            ("Settings", "/staff/settings", StaffAct::EditSettings),
        ],
    },
];

/// What a role sees: label of each section, with label and address of its links. Sections without a link are left out.
#[must_use]
pub fn sections(role: StaffRole) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let seen = SECTIONS.iter().map(|section| {
        let links = section.links.iter().filter(|(_, _, act)| staff_may(role, *act));
        (section.label, links.map(|(label, href, _)| (*label, *href)).collect::<Vec<_>>())
    });
    seen.filter(|(_, links)| !links.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_role_sees_what_it_may_use_and_each_address_once() {
        for role in StaffRole::ALL {
            let seen = sections(*role);
            let hrefs: Vec<_> = seen.iter().flat_map(|(_, links)| links.iter().map(|(_, href)| *href)).collect();
            assert_eq!(hrefs.len(), hrefs.iter().collect::<BTreeSet<_>>().len(), "{hrefs:?}");
            let all = SECTIONS.iter().flat_map(|section| section.links);
            let allowed = all.filter(|(_, _, act)| staff_may(*role, *act)).count();
            assert_eq!(hrefs.len(), allowed, "{role:?}");
        }
    }
}
