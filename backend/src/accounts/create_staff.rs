//! Making somebody a member of the vendor's staff.

use super::password::{Password, PasswordHash, Passwords};
use super::roles::{StaffAct, staff_may};
use super::rules::{Field, FieldProblem, check_email, check_name, check_password, email_key};
use super::{StaffRole, User, store};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{Db, DbError, Tx};
use crate::ids::UserId;

/// A new member of staff.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// E-mail address.
    pub email: String,
    /// What it is called; may be empty.
    pub name: String,
    /// What it may do.
    pub role: StaffRole,
    /// Its first password; not used where the address is registered already.
    pub password: Password,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffCreation {
    /// A new user with the role. The address counts as verified: whoever created it vouches for it.
    Created(User),
    /// The address was registered: that user has the role now and keeps its password.
    Promoted(User),
    /// The address was registered by somebody who has never shown that it is theirs: nothing was done.
    Unproven(User),
    /// Fields that cannot stay as they are.
    Refused(Vec<FieldProblem>),
    /// Only the operator and staff admins may do this.
    NotAllowed,
}

/// Creates a member of staff, or gives a user the role.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn create_staff(db: &Db, passwords: &Passwords, cx: &Cx, new: &NewStaff) -> Result<StaffCreation, DbError> {
    let mut problems = Vec::new();
    let mut note = |field, problem: super::Problem| problems.push(FieldProblem::new(field, problem));
    let email = check_email(&new.email).unwrap_or_else(|problem| {
        note(Field::Email, problem);
        String::new()
    });
    let name = check_name(&new.name).unwrap_or_else(|problem| {
        note(Field::Name, problem);
        String::new()
    });
    if let Err(problem) = check_password(new.password.as_str(), &[&email, &name]) {
        note(Field::Password, problem);
    }
    if !problems.is_empty() {
        return Ok(StaffCreation::Refused(problems));
    }
    let hash = passwords.hash(&new.password, &cx.entropy).await?;
    let (cx, role) = (cx.clone(), new.role);
    db.write(move |tx| Box::pin(async move { appoint(tx, &cx, email, name, role, &hash).await })).await
}

async fn appoint(
    tx: &mut Tx,
    cx: &Cx,
    email: String,
    name: String,
    role: StaffRole,
    hash: &PasswordHash,
) -> Result<StaffCreation, DbError> {
    if !may_appoint(tx, cx).await? {
        return Ok(StaffCreation::NotAllowed);
    }
    let key = email_key(&email);
    let user = User {
        id: cx.id::<UserId>(),
        vendor_id: cx.vendor_id.clone(),
        email,
        name,
        staff_role: Some(role),
        email_verified_at: Some(cx.now),
        password_set_at: cx.now,
        created_at: cx.now,
    };
    let after = serde_json::json!({ "email": user.email, "staff_role": role });
    if store::insert_user(tx, &user, &key, hash.as_str()).await? {
        audit::record(tx, cx, None, "staff.create", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
        return Ok(StaffCreation::Created(user));
    }
    let Some((known, _)) = store::find_credentials(tx, &cx.vendor_id, &key).await? else {
        return Err(DbError::GivenUp(
            "the address is kept for somebody who had it until some days ago, or has just gone",
        ));
    };
    // Anybody can sign up with any address: the password may be a stranger's.
    if known.email_verified_at.is_none() {
        return Ok(StaffCreation::Unproven(known));
    }
    let name = if user.name.is_empty() { known.name.clone() } else { user.name };
    store::update_staff(tx, cx, &known.id, &name, role).await?;
    let before = serde_json::json!({ "staff_role": known.staff_role });
    audit::record(tx, cx, None, "staff.update", known.id.as_str(), Some(&before), Some(&after)).await?;
    Ok(StaffCreation::Promoted(User { name, staff_role: Some(role), ..known }))
}

async fn may_appoint(tx: &mut Tx, cx: &Cx) -> Result<bool, DbError> {
    Ok(match &cx.actor {
        Actor::Operator => true,
        Actor::User(id) | Actor::Staff(id) => {
            let user = store::find_user(tx, &cx.vendor_id, id).await?;
            user.and_then(|user| user.staff_role).is_some_and(|role| staff_may(role, StaffAct::ManageStaff))
        }
        _ => false,
    })
}
