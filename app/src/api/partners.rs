//! The forms of partners and their clients, and those of staff that make partners. Who may is asked by the use cases.

use backend::accounts::{Act, StaffAct};
use backend::ids::{AccountId, RelationId};
use backend::partners::rules::{TermsField, read_terms};
use backend::partners::{self, Acceptance, Invited, PartnershipEnd, RelationEnd, TermsSet};
use backend::text::en::{console_partners, partner_relations, partners as text};
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::acting::{must_be_allowed, named_account, staff_must_be_allowed};
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The partner's list of clients.
pub const CLIENTS: &str = "/partner/clients";
/// The same as a table to take along.
pub const CLIENTS_CSV: &str = "/partner/clients.csv";
/// What of its clients renews soon.
pub const RENEWALS: &str = "/partner/renewals";
/// The client's list of partners.
pub const PARTNERS: &str = "/account/partners";
/// The form that invites.
pub const INVITE: &str = "invite-client";
/// The form that accepts.
pub const ACCEPT: &str = "accept-relation";
/// The form of the terms.
pub const TERMS: &str = "set-partner-terms";

/// The page of a client.
#[must_use]
pub fn client_page(relation_id: &RelationId) -> String {
    local_path(&format!("{CLIENTS}/{relation_id}"))
}

/// The page of a relation for the client.
#[must_use]
pub fn relation_page(relation_id: &RelationId) -> String {
    local_path(&format!("/relations/{relation_id}"))
}

/// The console's page of a partner.
#[must_use]
pub fn partner_page(account_id: &AccountId) -> String {
    local_path(&format!("/staff/customers/{account_id}/partner"))
}

/// Makes an account a partner, or changes what is agreed, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "set-partner-terms")]
pub async fn set_partner_terms(
    /// The account.
    account_id: String,
    /// Percentage of what clients pay.
    #[server(default)]
    commission: String,
    /// Percentage off what is ordered for clients.
    #[server(default)]
    discount: String,
    /// Days, or nothing.
    #[server(default)]
    days_until_due: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ManagePartners).await?;
    let id = AccountId::from_untrusted(&account_id);
    let page = partner_page(&id);
    let refused = Refused::new(TERMS)
        .value("commission", &commission)
        .value("discount", &discount)
        .value("days_until_due", &days_until_due);
    if fresh_authentication(&visit).await?.is_none() {
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let terms = match read_terms(&commission, &discount, &days_until_due) {
        Ok(terms) => terms,
        Err(fields) => {
            fields
                .into_iter()
                .fold(refused, |refused, field| refused.problem(field.as_str(), "bounds"))
                .go_back(&page)
                .await;
            return Ok(());
        }
    };
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let set = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { partners::set_partner_terms(tx, &cx, &master, &id, terms).await }));
    match set.await? {
        TermsSet::Made => say_done("partner_made").await,
        TermsSet::Changed => say_done("partner_terms_changed").await,
        TermsSet::Unchanged => say_done("nothing_changed").await,
        // The page says so by itself.
        TermsSet::Closes => {}
        TermsSet::OutOfBounds => return Err(FormFailure::malformed()),
        TermsSet::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// The sentences of the refused form of terms.
#[must_use]
pub fn terms_errors(refused: &Refused) -> Vec<FieldError> {
    let fields = [TermsField::Commission, TermsField::Discount, TermsField::DaysUntilDue];
    let wrong = fields.into_iter().filter(|field| refused.code(field.as_str()).is_some());
    wrong.map(|field| FieldError::new(field.as_str(), console_partners::problem(field))).collect()
}

/// Ends a partnership, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "end-partnership")]
pub async fn end_partnership(
    /// The account.
    account_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::ManagePartners).await?;
    let id = AccountId::from_untrusted(&account_id);
    let page = partner_page(&id);
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let ended =
        visit.state.db.write(move |tx| Box::pin(async move { partners::end_partnership(tx, &cx, &master, &id).await }));
    match ended.await? {
        PartnershipEnd::Ended => say_done("partnership_ended").await,
        PartnershipEnd::Unchanged => say_done("nothing_changed").await,
        PartnershipEnd::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// Invites a client.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for accounts that are no partners.
#[server(prefix = "/act", endpoint = "invite-client")]
pub async fn invite_client(
    /// The partner's account.
    #[server(default)]
    account_id: String,
    /// What the partner calls the client.
    #[server(default)]
    company: String,
    /// The address.
    #[server(default)]
    email: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    must_be_allowed(&visit, &account.id, Act::ManageRelations).await?;
    let refused = Refused::new(INVITE).value("company", &company).value("email", &email);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let request = partners::InviteClient { partner_id: account.id, company, email };
    let invited = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { partners::invite_client(tx, &cx, &master, &request).await }));
    let fault = match invited.await? {
        Invited::Done(_) => {
            say_done("client_invited").await;
            redirect(CLIENTS);
            return Ok(());
        }
        Invited::NotAllowed => return Err(FormFailure::not_allowed()),
        Invited::NoCompany => Fault::NoCompany,
        Invited::NoAddress => Fault::NoAddress,
        Invited::OwnAddress => Fault::OwnAddress,
        Invited::InvitedBefore => Fault::InvitedBefore,
        Invited::IsClient => Fault::IsClient,
        Invited::Limited(retry_after_s) => Fault::Limited { retry_after_s },
    };
    fault.of(refused).go_back(&format!("{CLIENTS}#invite")).await;
    Ok(())
}

/// Accepts a partner for the account that the page named, which must be the one that is acted for.
///
/// # Errors
/// [`FormFailure`] for whoever has no say in it.
#[server(prefix = "/act", endpoint = "accept-relation")]
pub async fn accept_relation(
    /// The relation.
    relation_id: String,
    /// The account that becomes the client, as the page named it; empty for the one that is acted for.
    #[server(default)]
    for_account: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let Some((account, _)) = visit.account() else { return Err(FormFailure::not_allowed()) };
    let account = if for_account.is_empty() { account } else { named_account(&visit, &for_account)? };
    let id = RelationId::from_untrusted(&relation_id);
    let page = relation_page(&id);
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let accepted = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { partners::accept_relation(tx, &cx, &master, &id, &account.id).await }));
    match accepted.await? {
        Acceptance::Done => say_done("relation_accepted").await,
        Acceptance::NotFound => return Err(FormFailure::not_allowed()),
        Acceptance::IsClient => {
            Fault::ClientAlready.of(Refused::new(ACCEPT)).go_back(&page).await;
            return Ok(());
        }
        // The page says why.
        Acceptance::Over(_) | Acceptance::Unconfirmed | Acceptance::OwnAccount => say_done("nothing_changed").await,
    }
    redirect(&page);
    Ok(())
}

/// Ends a relation, or an invitation to one, for either side.
///
/// # Errors
/// [`FormFailure`] for whoever has no say in it.
#[server(prefix = "/act", endpoint = "end-relation")]
pub async fn end_relation(
    /// The relation.
    relation_id: String,
    /// Where the form was; empty for the relation's own page.
    #[server(default)]
    back: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = RelationId::from_untrusted(&relation_id);
    let page = if back.is_empty() { relation_page(&id) } else { local_path(&back) };
    let (cx, master) = (visit.viewer_cx(), visit.state.master.clone());
    let ended =
        visit.state.db.write(move |tx| Box::pin(async move { partners::end_relation(tx, &cx, &master, &id).await }));
    match ended.await? {
        RelationEnd::Ended(_) => say_done("relation_ended").await,
        RelationEnd::Over(_) => say_done("nothing_changed").await,
        RelationEnd::NotFound => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// Why a form is refused, as a code that waits in the session.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    NoCompany,
    NoAddress,
    OwnAddress,
    InvitedBefore,
    IsClient,
    ClientAlready,
    Limited { retry_after_s: i64 },
}

impl Fault {
    pub(super) fn of(&self, refused: Refused) -> Refused {
        let field = match self {
            Self::NoCompany => "company",
            Self::NoAddress | Self::OwnAddress | Self::InvitedBefore | Self::IsClient => "email",
            Self::ClientAlready | Self::Limited { .. } => "",
        };
        refused.problem(field, &serde_json::to_string(self).unwrap_or_default())
    }

    fn sentence(&self) -> String {
        match self {
            Self::NoCompany => text::NO_COMPANY.to_owned(),
            Self::NoAddress => text::NO_ADDRESS.to_owned(),
            Self::OwnAddress => text::OWN_ADDRESS.to_owned(),
            Self::InvitedBefore => text::INVITED_BEFORE.to_owned(),
            Self::IsClient => text::IS_CLIENT.to_owned(),
            Self::ClientAlready => partner_relations::CLIENT_ALREADY.to_owned(),
            Self::Limited { retry_after_s } => text::limited(*retry_after_s),
        }
    }
}

/// The sentences of a refused form of partner or client.
#[must_use]
pub fn relation_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let fault: Fault = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), fault.sentence()))
    };
    refused.problems.iter().filter_map(known).collect()
}
