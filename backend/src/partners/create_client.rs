//! Making an account for a client that has none.

use serde_json::json;

use super::invite_client::{is_address_of_actor, lock_managed};
use super::{Relation, RelationStatus, store, take_over};
use crate::accounts::rules::{check_details, check_email, check_name, email_key};
use crate::accounts::{AccountDetails, CheckedDetails, Field, FieldProblem, Problem, insert_customer, members};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, RelationId};
use crate::keys::MasterKey;

/// Who the client is.
#[derive(Clone, Debug)]
pub struct CreateClient {
    /// The partner's account.
    pub partner_id: AccountId,
    /// The company, as documents name it.
    pub details: AccountDetails,
    /// What the person is called who is asked to take the account over.
    pub name: String,
    /// That person's address.
    pub email: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCreation {
    /// The client is there, and a mail is on its way, whoever has the address.
    Created(RelationId),
    /// Fields that cannot stay as they are.
    Refused(Vec<FieldProblem>),
    /// It is the address of whoever acts.
    OwnAddress,
    /// A client of the partner's has this address already.
    IsClient,
    /// Too many mails; seconds to wait.
    Limited(i64),
    /// Whoever acts may not for this account, or it is no partner: the same answer to both.
    NotAllowed,
}

/// Makes an account for a client, for which the partner may order from then on what it pays itself, and asks whoever has the
/// address to take it over. Whether somebody is registered with that address makes no difference.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn create_client(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    request: &CreateClient,
) -> Result<ClientCreation, DbError> {
    let partner_id = &request.partner_id;
    let Some(account) = lock_managed(tx, cx, partner_id).await? else { return Ok(ClientCreation::NotAllowed) };
    let Checked { details, name, email } = match check(request) {
        Ok(checked) => checked,
        Err(problems) => return Ok(ClientCreation::Refused(problems)),
    };
    let key = email_key(&email);
    if is_address_of_actor(tx, cx, &key).await? {
        return Ok(ClientCreation::OwnAddress);
    }
    if store::find_active_by_email(tx, &cx.vendor_id, partner_id, &key).await?.is_some() {
        return Ok(ClientCreation::IsClient);
    }
    if let Some(retry_after_s) = members::limit_invitations(tx, cx, master, Some(partner_id), &email).await? {
        return Ok(ClientCreation::Limited(retry_after_s));
    }
    // Which of its partner's people made it is nothing for the account's owners.
    let neutral = Cx { actor: Actor::Job("partners.create_client"), address: None, ..cx.clone() };
    let client = insert_customer(tx, &neutral, &details).await?;
    let relation = Relation {
        client_id: Some(client.id),
        ..Relation::begun(cx, partner_id, RelationStatus::Active, client.company, email)
    };
    store::insert_relation(tx, &relation).await?;
    store::update_relation(tx, &relation).await?;
    let after = json!({ "client_id": relation.client_id, "company": relation.company, "email": relation.email });
    let id = relation.id.as_str();
    audit::record(tx, cx, Some(partner_id), "relation.create", id, audit::NOTHING, Some(&after)).await?;
    take_over::ask(tx, &neutral, master, &relation, &account.company, &name).await?;
    Ok(ClientCreation::Created(relation.id))
}

struct Checked {
    details: CheckedDetails,
    name: String,
    email: String,
}

fn check(request: &CreateClient) -> Result<Checked, Vec<FieldProblem>> {
    let email = check_email(&request.email);
    let name =
        check_name(&request.name).and_then(|name| if name.is_empty() { Err(Problem::Missing) } else { Ok(name) });
    // Invoices of the client's own go to the person, unless another address is typed.
    let details = check_details(&request.details, email.as_deref().unwrap_or_default());
    let mut problems = details.as_ref().err().cloned().unwrap_or_default();
    if request.details.billing_email.trim().is_empty() {
        problems.retain(|problem| problem.field != Field::BillingEmail);
    }
    for (field, problem) in [(Field::Name, name.as_ref().err()), (Field::Email, email.as_ref().err())] {
        problems.extend(problem.map(|problem| FieldProblem { field, problem: problem.clone() }));
    }
    match (details, name, email) {
        (Ok(details), Ok(name), Ok(email)) => Ok(Checked { details, name, email }),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Address;

    fn request(company: &str, name: &str, email: &str) -> CreateClient {
        let address = Address { line1: "Weg 1".to_owned(), city: "Bremen".to_owned(), ..Address::default() };
        let (company, country) = (company.to_owned(), "DE".to_owned());
        CreateClient {
            partner_id: AccountId::from_untrusted("acc_p"),
            details: AccountDetails { company, country, address, ..AccountDetails::default() },
            name: name.to_owned(),
            email: email.to_owned(),
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_each_thing_once() {
        for (company, name, email, expected) in [
            ("Client AG", "Eve", "eve@client.test", vec![]),
            ("", "Eve", "eve@client.test", vec![Field::Company]),
            ("Client AG", "", "eve", vec![Field::Name, Field::Email]),
            ("", " ", "", vec![Field::Company, Field::Name, Field::Email]),
        ] {
            let found = check(&request(company, name, email)).err().unwrap_or_default();
            let fields: Vec<Field> = found.into_iter().map(|problem| problem.field).collect();
            assert_eq!(fields, expected, "{company:?} {name:?} {email:?}");
        }
    }

    #[test]
    fn invoices_of_the_clients_own_go_to_whoever_is_asked_unless_somewhere_else_is_named() {
        let mut wanted = request("Client AG", "Eve", "eve@client.test");
        let billing_email = |wanted: &CreateClient| check(wanted).map(|checked| checked.details.billing_email).ok();
        assert_eq!(billing_email(&wanted).as_deref(), Some("eve@client.test"));
        wanted.details.billing_email = "books@client.test".to_owned();
        assert_eq!(billing_email(&wanted).as_deref(), Some("books@client.test"));
    }
}
