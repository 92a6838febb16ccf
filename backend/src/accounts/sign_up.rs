//! Signing up: a user who is signed in at once, or a mail to the one who has the address already. The
//! area's documentation says why, and what it tells a stranger.

use std::net::IpAddr;

use super::email_change::held_until;
use super::links::{LinkPurpose, create_link};
use super::log_in::{Attempt, LogInOutcome, admit, begin_attempt, forgive_attempts};
use super::password::{Password, PasswordHash, Passwords, Verdict};
use super::rate_limits::{Limit, RateVerdict, hit, subject_of};
use super::rules::{Field, FieldProblem, VERIFICATION_LINK_MS, check_email, check_name, check_password, email_key};
use super::{User, store};
use crate::audit;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::UserId;
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::{email_change_mail, mail as text};

/// What somebody signs up with.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// E-mail address as typed.
    pub email: String,
    /// The password wanted.
    pub password: Password,
    /// A name, or empty.
    pub name: String,
    /// Network address of the client.
    pub address: IpAddr,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignUpOutcome {
    /// A new user; begin a session. A verification mail is on its way, and buying need not wait for it.
    SignedUp(User),
    /// The address is registered and the password is its own: begin a session, as after a log-in.
    Recognised(User),
    /// The same, and its second factor has to be shown: nobody is signed in yet.
    CodeNeeded(User),
    /// No session: the address has been sent a mail that says how to go on.
    CheckMail,
    /// Fields that cannot stay as they are.
    Refused(Vec<FieldProblem>),
    /// Too many attempts.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
}

/// Signs somebody up.
///
/// # Errors
/// [`DbError`] when the database or the password pool fails.
pub async fn sign_up(
    db: &Db,
    passwords: &Passwords,
    master: &MasterKey,
    cx: &Cx,
    request: &SignUp,
) -> Result<SignUpOutcome, DbError> {
    let (email, name) = match check(request) {
        Ok(checked) => checked,
        Err(problems) => return Ok(SignUpOutcome::Refused(problems)),
    };
    let looked_up = {
        let (cx, master, email, address) = (cx.clone(), master.clone(), email.clone(), request.address);
        db.write(move |tx| Box::pin(async move { look_up(tx, &cx, &master, &email, address).await })).await?
    };
    let attempt = match looked_up {
        Err(retry_after_s) => return Ok(SignUpOutcome::Limited { retry_after_s }),
        Ok(attempt) => attempt,
    };
    // One Argon2 run in either case, so that the time tells nothing.
    let Some((owner, hash)) = attempt.known.clone() else {
        let hash = passwords.hash(&request.password, &cx.entropy).await?;
        let user = new_user(cx, email, name);
        let (cx, master, address) = (cx.clone(), master.clone(), request.address);
        return db.write(move |tx| Box::pin(async move { create(tx, &cx, &master, user, &hash, address).await })).await;
    };
    let has_tries_left = attempt.retry_after_s.is_none();
    let verdict = passwords.verify(&request.password, has_tries_left.then_some(&hash)).await?;
    let (cx, master) = (cx.clone(), master.clone());
    let answer = db.write(move |tx| {
        Box::pin(async move {
            // By the same door as at log-in, or a sign-up would be a way around the second factor.
            let admitted = match verdict {
                Verdict::Wrong => LogInOutcome::Wrong,
                Verdict::Ok | Verdict::OkRehash => admit(tx, &cx, &master, attempt, None).await?,
            };
            Ok(match admitted {
                LogInOutcome::LoggedIn(user) => SignUpOutcome::Recognised(user),
                LogInOutcome::CodeNeeded(user) => SignUpOutcome::CodeNeeded(user),
                LogInOutcome::Wrong | LogInOutcome::Limited { .. } => {
                    notify_owner(tx, &cx, &master, &owner).await?;
                    SignUpOutcome::CheckMail
                }
            })
        })
    });
    answer.await
}

fn check(request: &SignUp) -> Result<(String, String), Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let email = check_email(&request.email);
    let name = check_name(&request.name);
    if let Err(problem) = &email {
        problems.push(FieldProblem::new(Field::Email, problem.clone()));
    }
    if let Err(problem) = &name {
        problems.push(FieldProblem::new(Field::Name, problem.clone()));
    }
    if let Err(problem) = check_password(request.password.as_str(), &[request.email.trim(), request.name.trim()]) {
        problems.push(FieldProblem::new(Field::Password, problem));
    }
    match (email, name) {
        (Ok(email), Ok(name)) if problems.is_empty() => Ok((email, name)),
        _ => Err(problems),
    }
}

/// The try at a password that a sign-up is where the address is registered, or the seconds to wait.
async fn look_up(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    email: &str,
    address: IpAddr,
) -> Result<Result<Attempt, i64>, DbError> {
    let subject = subject_of(address);
    if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, Limit::SignUpAddress, &subject).await? {
        return Ok(Err(retry_after_s));
    }
    // Counted for unknown addresses as well: the same statements, the same time.
    begin_attempt(tx, cx, master, email, address, None).await.map(Ok)
}

fn new_user(cx: &Cx, email: String, name: String) -> User {
    User {
        id: cx.id::<UserId>(),
        vendor_id: cx.vendor_id.clone(),
        email,
        name,
        staff_role: None,
        email_verified_at: None,
        password_set_at: cx.now,
        created_at: cx.now,
    }
}

async fn create(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    user: User,
    hash: &PasswordHash,
    address: IpAddr,
) -> Result<SignUpOutcome, DbError> {
    let key = email_key(&user.email);
    if !store::insert_user(tx, &user, &key, hash.as_str()).await? {
        // Somebody else was quicker with the same address; that one is its user now.
        match store::find_credentials(tx, &cx.vendor_id, &key).await? {
            Some((owner, _)) => notify_owner(tx, cx, master, &owner).await?,
            None => tell_that_it_is_kept(tx, cx, master, &user).await?,
        }
        return Ok(SignUpOutcome::CheckMail);
    }
    forgive_attempts(tx, cx, master, &user.email, address).await?;
    let after = serde_json::json!({ "email": user.email });
    audit::record(tx, cx, None, "user.sign_up", user.id.as_str(), audit::NOTHING, Some(&after)).await?;
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let link = create_link(tx, cx, &sender.origin, &user, LinkPurpose::VerifyEmail, VERIFICATION_LINK_MS).await?;
        let letter = text::verification(&sender, &link, cx.now.plus(VERIFICATION_LINK_MS));
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
    }
    Ok(SignUpOutcome::SignedUp(user))
}

async fn notify_owner(tx: &mut Tx, cx: &Cx, master: &MasterKey, owner: &User) -> Result<(), DbError> {
    // The owner must not be flooded by a stranger who signs up again and again.
    if hit(tx, cx, master, Limit::SignUpEmail, &email_key(&owner.email)).await? != RateVerdict::Allowed {
        return Ok(());
    }
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let letter = text::already_registered(&sender);
        mail::enqueue(tx, cx, master, &sender.mail(&owner.email, &owner.name, letter)).await?;
    }
    Ok(())
}

/// Tells whoever reads this address that it is not free yet: somebody had it until some days ago, and may want it back.
async fn tell_that_it_is_kept(tx: &mut Tx, cx: &Cx, master: &MasterKey, user: &User) -> Result<(), DbError> {
    let key = email_key(&user.email);
    let Some(until) = held_until(tx, &cx.vendor_id, &key, &user.id, cx.now).await? else { return Ok(()) };
    if hit(tx, cx, master, Limit::SignUpEmail, &key).await? != RateVerdict::Allowed {
        return Ok(());
    }
    if let Some(sender) = Sender::find(tx, &cx.vendor_id).await? {
        let letter = email_change_mail::kept(&sender, until);
        mail::enqueue(tx, cx, master, &sender.mail(&user.email, "", letter)).await?;
    }
    Ok(())
}
