//! The license that an address names, if it belongs to the account that is acted for. For others it does not exist.

use backend::accounts::{Account, Act, ActsAs, may};
use backend::billing::{Subscription, find_subscription_of_license};
use backend::clock::UnixMs;
use backend::ids::{AccountId, LicenseId};
use backend::licenses::rules::{Inactive, REASON_PAST_DUE, standing};
use backend::licenses::{License, LicenseView, find_license};
use backend::orders::continuing::rules;
use backend::partners::{find_clientele_of, list_partners_of};
use backend::text::en::{licenses as text, overview, partners};

use super::NoPage;
use crate::api::partners::{CLIENTS, client_page};
use crate::components::{Crumb, Tone};
use crate::request::Visit;

/// A license of the account that is acted for.
#[derive(Clone)]
pub(super) struct OwnLicense {
    /// The account.
    pub(super) account: Account,
    /// What the person is in it.
    pub(super) role: ActsAs,
    /// The license.
    pub(super) view: LicenseView,
    /// What pays for it.
    pub(super) subscription: Option<Subscription>,
    /// Where the account pays for a client: its name and page.
    client: Option<(String, String)>,
    /// Where somebody else pays for it.
    pub(super) paid_by: Option<PaidBy>,
    /// When what somebody else pays, or paid, is over, where that is known.
    pub(super) over_at: Option<UnixMs>,
    /// The moment that the page shows.
    pub(super) now: UnixMs,
}

/// Who pays for the license of another account.
#[derive(Clone)]
pub(super) enum PaidBy {
    /// The account's partner of this name.
    Partner(String),
    /// One that is its partner no more: what is paid runs out.
    FormerPartner,
}

impl OwnLicense {
    /// The license of `/licenses/{id}` and the pages below it.
    pub(super) async fn of_path(visit: &Visit) -> Result<Self, NoPage> {
        let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
        let id = LicenseId::from_untrusted(visit.path.split('/').nth(2).unwrap_or_default());
        let vendor_id = visit.vendor.id.clone();
        let found = visit.state.db.read(|tx| {
            Box::pin(async move {
                let Some(view) = find_license(tx, &vendor_id, &id).await? else { return Ok(None) };
                let subscription = find_subscription_of_license(tx, &vendor_id, &id).await?;
                Ok::<_, NoPage>(Some((view, subscription)))
            })
        });
        let Some((view, subscription)) = found.await? else { return Err(NoPage::NotFound) };
        if view.license.account_id != account.id {
            let memberships = visit.viewer.as_ref().map(|viewer| viewer.memberships.clone()).unwrap_or_default();
            let other = memberships.into_iter().find(|it| it.account.id == view.license.account_id);
            return Err(other.map_or(NoPage::NotFound, |it| NoPage::OtherAccount(Box::new(it.account))));
        }
        if !may(role, Act::See) {
            return Err(NoPage::NotFound);
        }
        let now = visit.state.clock.now();
        let paid_by = match subscription.as_ref().filter(|it| it.ended_at.is_none() && it.account_id != account.id) {
            Some(subscription) => Some(paid_by(visit, &account.id, &subscription.account_id).await?),
            None => None,
        };
        let over_at = rules::over_at(&view.license, subscription.as_ref());
        // What somebody else pays, or a former owner paid, is nobody else's business.
        let subscription = subscription.filter(|it| it.account_id == account.id);
        Ok(Self { account, role, view, subscription, client: None, paid_by, over_at, now })
    }

    /// The license of `/licenses/{id}/…`, for whoever pays for it: who has it, or a partner who pays for its client.
    pub(super) async fn of_payer(visit: &Visit) -> Result<Self, NoPage> {
        let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
        let id = LicenseId::from_untrusted(visit.path.split('/').nth(2).unwrap_or_default());
        let (cx, partner_id) = (visit.viewer_cx(), account.id.clone());
        let found = visit.state.db.read(|tx| {
            Box::pin(async move {
                let Some(view) = find_license(tx, &cx.vendor_id, &id).await? else { return Ok(None) };
                let subscription = find_subscription_of_license(tx, &cx.vendor_id, &id).await?;
                let subscription = subscription.filter(|it| it.account_id == partner_id && it.ended_at.is_none());
                let Some(subscription) = subscription else { return Ok(None) };
                let clientele = find_clientele_of(tx, &cx, &partner_id, &view.license.account_id).await?;
                Ok::<_, NoPage>(clientele.map(|clientele| (view, subscription, clientele)))
            })
        });
        let Some((view, subscription, clientele)) = found.await? else { return Self::of_path(visit).await };
        let client = Some((clientele.client.company, client_page(&clientele.relation.id)));
        let now = visit.state.clock.now();
        Ok(Self { account, role, view, subscription: Some(subscription), client, paid_by: None, over_at: None, now })
    }

    pub(super) fn license(&self) -> &License {
        &self.view.license
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        name_of(&self.view)
    }

    /// Its page.
    pub(super) fn href(&self) -> String {
        format!("/licenses/{}", self.license().id)
    }

    /// Where a page of what is paid leads back to.
    pub(super) fn back(&self) -> String {
        self.client.as_ref().map_or_else(|| self.href(), |(_, page)| page.clone())
    }

    /// Where who holds its seats is listed.
    pub(super) fn instances(&self) -> String {
        match &self.client {
            Some((_, page)) => format!("{page}/licenses/{}", self.license().id),
            None => format!("{}#instances", self.href()),
        }
    }

    /// Whether the person may do this here.
    pub(super) fn may(&self, act: Act) -> bool {
        may(self.role, act)
    }

    /// The subscription, while it can still be changed.
    pub(super) fn living_subscription(&self) -> Option<&Subscription> {
        self.subscription.as_ref().filter(|it| it.ended_at.is_none())
    }

    /// The way up from a page below the license's own.
    pub(super) fn crumbs(&self, here: &str) -> Vec<Crumb> {
        match &self.client {
            Some((company, page)) => {
                vec![Crumb::to(partners::CLIENTS, CLIENTS), Crumb::to(company, page), Crumb::here(here)]
            }
            None => vec![Crumb::to(text::TITLE, "/licenses"), Crumb::to(self.name(), self.href()), Crumb::here(here)],
        }
    }
}

/// Who pays for what an account has.
async fn paid_by(visit: &Visit, client_id: &AccountId, partner_id: &AccountId) -> Result<PaidBy, NoPage> {
    let (cx, client_id, partner_id) = (visit.viewer_cx(), client_id.clone(), partner_id.clone());
    let found = visit.state.db.read(|tx| Box::pin(async move { list_partners_of(tx, &cx, &client_id).await }));
    let partners = found.await?;
    let found = partners.into_iter().find(|partner| partner.partner_id == partner_id);
    Ok(found.map_or(PaidBy::FormerPartner, |partner| PaidBy::Partner(partner.company)))
}

/// What people call a license.
pub(super) fn name_of(view: &LicenseView) -> String {
    overview::license_name(&view.license.name, &view.product_name, &view.plan_name)
}

/// What a license's standing means for the reader.
pub(super) fn tone(license: &License, subscription: Option<&Subscription>, now: UnixMs) -> Tone {
    match standing(license, now) {
        Ok(()) if license.status_reason == REASON_PAST_DUE => Tone::Warn,
        Ok(()) if subscription.is_some_and(|it| it.cancel_at_period_end) => Tone::Warn,
        Ok(()) => Tone::Good,
        Err(Inactive::NotPaid | Inactive::NotStarted) => Tone::Warn,
        Err(Inactive::Cancelled | Inactive::Expired) => Tone::Neutral,
        Err(Inactive::PastDue | Inactive::Suspended | Inactive::Revoked) => Tone::Bad,
    }
}
