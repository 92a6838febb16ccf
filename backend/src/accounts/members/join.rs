//! Signing up by an invitation. Its link proves the address, so nothing else has to.

use super::accept_invitation::{lock_open, settle};
use super::rules::{Standing, standing};
use super::secret::hash_of;
use super::{Invitation, Joined, store};
use crate::accounts::password::{Password, PasswordHash, Passwords};
use crate::accounts::rules::{Field, FieldProblem, Problem, check_name, check_password, email_key};
use crate::accounts::{User, store as people};
use crate::audit;
use crate::cx::{Actor, Cx};
use crate::db::{Db, DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;

/// What somebody signs up with.
#[derive(Clone, Debug)]
pub struct Join {
    /// The link's secret.
    pub secret: String,
    /// What the person is called.
    pub name: String,
    /// The password wanted.
    pub password: Password,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "made once per request and taken apart at once")]
pub enum Joining {
    /// A new user who is in; begin a session.
    Joined(Joined),
    /// Somebody signs in with the address already: log in, and accept.
    Registered,
    /// Fields that cannot stay as they are.
    Refused(Vec<FieldProblem>),
    /// There is nothing to accept: used, taken back, too old, or never there.
    Spent,
}

/// Signs somebody up with the address that was invited, and gives the position.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn join(
    db: &Db,
    passwords: &Passwords,
    master: &MasterKey,
    cx: &Cx,
    request: &Join,
) -> Result<Joining, DbError> {
    let hash = hash_of(&request.secret);
    let invitation = {
        let (vendor_id, hash) = (cx.vendor_id.clone(), hash.clone());
        db.read(move |tx| Box::pin(async move { store::find_by_token(tx, &vendor_id, &hash).await })).await?
    };
    let Some(invitation) = invitation.filter(|found| standing(found, cx.now) == Standing::Open) else {
        return Ok(Joining::Spent);
    };
    let name = match check(request, &invitation) {
        Ok(name) => name,
        Err(problems) => return Ok(Joining::Refused(problems)),
    };
    // Only who holds a good secret gets here, so nobody else makes us hash.
    let password = passwords.hash(&request.password, &cx.entropy).await?;
    let (cx, master) = (cx.clone(), master.clone());
    db.write(move |tx| Box::pin(async move { enter(tx, &cx, &master, &hash, name, &password).await })).await
}

fn check(request: &Join, invitation: &Invitation) -> Result<String, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    // Colleagues shall see more than an address.
    let name =
        check_name(&request.name).and_then(|name| if name.is_empty() { Err(Problem::Missing) } else { Ok(name) });
    if let Err(problem) = &name {
        problems.push(FieldProblem { field: Field::Name, problem: problem.clone() });
    }
    let personal = [invitation.email.as_str(), request.name.trim()];
    if let Err(problem) = check_password(request.password.as_str(), &personal) {
        problems.push(FieldProblem { field: Field::Password, problem });
    }
    match name {
        Ok(name) if problems.is_empty() => Ok(name),
        _ => Err(problems),
    }
}

async fn enter(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    token_hash: &[u8],
    name: String,
    password: &PasswordHash,
) -> Result<Joining, DbError> {
    let Some(invitation) = lock_open(tx, cx, token_hash).await? else { return Ok(Joining::Spent) };
    let user = User {
        id: cx.id::<UserId>(),
        vendor_id: cx.vendor_id.clone(),
        email: invitation.email.clone(),
        name,
        staff_role: None,
        email_verified_at: Some(cx.now),
        password_set_at: cx.now,
        created_at: cx.now,
    };
    if !people::insert_user(tx, &user, &email_key(&user.email), password.as_str()).await? {
        return Ok(Joining::Registered);
    }
    let cx = Cx { actor: Actor::User(user.id.clone()), ..cx.clone() };
    let after = serde_json::json!({ "email": user.email });
    audit::record(tx, &cx, None, "user.sign_up", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(settle(tx, &cx, master, &invitation, user).await?.map_or(Joining::Spent, Joining::Joined))
}
