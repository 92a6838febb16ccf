//! What a partner sees of its clients while the relation lasts: licenses, instances, ends. No key, no invoice, no member.

use std::collections::{BTreeMap, BTreeSet};

use super::client_store::{self, ListedClient, Renewal, RenewalPlace};
use super::clientele::{Clientele, find_clientele};
use super::{rules, store};
use crate::accounts::{Act, may_act};
use crate::billing::{Subscription, list_continued_licenses, list_subscriptions_of_licenses};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId, RelationId};
use crate::leases;
use crate::licenses::{self, LicenseView};

/// The key of a client in its list, from which the next page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPlace {
    created_at: UnixMs,
    id: RelationId,
}

impl ClientPlace {
    /// Where a client stands in the list.
    #[must_use]
    pub fn of(client: &ListedClient) -> Self {
        Self { created_at: client.created_at, id: client.id.clone() }
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { created_at: UnixMs(at.parse().ok()?), id: RelationId::from_untrusted(id) })
    }
}

impl std::fmt::Display for ClientPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.created_at.0, self.id)
    }
}

/// Whether the account is a partner, and the one who acts is a member of it.
async fn is_partners_member(tx: &mut Tx, cx: &Cx, partner_id: &AccountId) -> Result<bool, DbError> {
    if !may_act(tx, cx, partner_id, Act::See).await? {
        return Ok(false);
    }
    let partner = store::find_partner(tx, &cx.vendor_id, partner_id).await?;
    Ok(partner.is_some_and(|partner| partner.is_live()))
}

/// A partner's clients and those that it has invited, newest first; `None` for whoever is no member of a partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_clients(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    after: Option<&ClientPlace>,
    limit: i64,
) -> Result<Option<Vec<ListedClient>>, DbError> {
    search_clients(tx, cx, partner_id, "", after, limit).await
}

/// The same, only those whose name or address has this text in it, in any case; all where there is none.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn search_clients(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    search: &str,
    after: Option<&ClientPlace>,
    limit: i64,
) -> Result<Option<Vec<ListedClient>>, DbError> {
    if !is_partners_member(tx, cx, partner_id).await? {
        return Ok(None);
    }
    let after = after.map(|place| (place.created_at, place.id.as_str()));
    let pattern = rules::pattern(search);
    client_store::list_clients(tx, (&cx.vendor_id, partner_id), &pattern, after, cx.now, limit).await.map(Some)
}

/// What of a partner's clients renews or ends within the next 60 days, the soonest first; `None` for whoever is no member
/// of a partner.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_renewals(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    after: Option<&RenewalPlace>,
    limit: i64,
) -> Result<Option<Vec<Renewal>>, DbError> {
    if !is_partners_member(tx, cx, partner_id).await? {
        return Ok(None);
    }
    let window = (cx.now, cx.now.plus(rules::RENEWALS_MS));
    client_store::list_renewals(tx, &cx.vendor_id, partner_id, window, after, limit).await.map(Some)
}

/// A client as its partner sees it.
#[derive(Clone, Debug)]
pub struct ClientView {
    /// The relation with both sides.
    pub clientele: Clientele,
    /// The client's licenses, newest first.
    pub licenses: Vec<LicenseView>,
    /// How many seats are held, by license.
    pub held: BTreeMap<LicenseId, i64>,
    /// What the partner itself pays of them, by license.
    pub paid_by_partner: BTreeMap<LicenseId, Subscription>,
    /// Those that it has paid, and the client continues at its own expense.
    pub continued: BTreeSet<LicenseId>,
}

/// A client with its licenses after `after`, for members of the partner; for others there is no such client.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn look_at_client(
    tx: &mut Tx,
    cx: &Cx,
    id: &RelationId,
    after: Option<&LicenseId>,
    limit: i64,
) -> Result<Option<ClientView>, DbError> {
    let Some(clientele) = find_clientele(tx, cx, id, Act::See).await? else { return Ok(None) };
    let licenses = licenses::list_by_account(tx, &cx.vendor_id, &clientele.client.id, after, limit).await?;
    let mut held = BTreeMap::new();
    for view in &licenses {
        let seats = leases::count_seats(tx, &view.license.id, view.license.license_type, cx.now).await?;
        held.insert(view.license.id.clone(), seats);
    }
    let ids: Vec<&LicenseId> = licenses.iter().map(|view| &view.license.id).collect();
    let subscriptions = list_subscriptions_of_licenses(tx, &cx.vendor_id, &ids).await?;
    let own = subscriptions.into_iter().filter(|it| it.account_id == clientele.partner.id && it.ended_at.is_none());
    let paid_by_partner = own.map(|it| (it.license_id.clone(), it)).collect();
    let (partner_id, client_id) = (&clientele.partner.id, &clientele.client.id);
    let continued = list_continued_licenses(tx, &cx.vendor_id, partner_id, client_id).await?;
    Ok(Some(ClientView { clientele, licenses, held, paid_by_partner, continued }))
}

/// A license of a client, for members of the partner; for others there is no such license.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_clients_license(
    tx: &mut Tx,
    cx: &Cx,
    id: &RelationId,
    license_id: &LicenseId,
) -> Result<Option<(Clientele, LicenseView)>, DbError> {
    let Some(clientele) = find_clientele(tx, cx, id, Act::See).await? else { return Ok(None) };
    let view = licenses::find_license(tx, &cx.vendor_id, license_id).await?;
    let view = view.filter(|view| view.license.account_id == clientele.client.id);
    Ok(view.map(|view| (clientele, view)))
}
