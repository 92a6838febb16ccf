//! Members of accounts and of the staff: invited, joining, changed, leaving.

mod deleting;
mod joining;
mod staying;

use std::sync::Arc;

use backend::accounts::members::{
    self, Acceptance, InvitationSent, Invite, Join, Joining, MemberChange, Position, Withdrawal,
};
use backend::accounts::{
    self, AccountCreation, AccountDetails, Act, Address, EmailVerification, NewStaff, Password, Passwords, Role,
    SignUp, SignUpOutcome, StaffCreation, StaffRole, User,
};
use backend::clock::Clock;
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::ids::{AccountId, InvitationId, UserId};
use backend::jobs::{Handlers, Runner};
use backend::vendors::Vendor;
use backend::{Actor, Cx};

use crate::support::{NOW, Outbox, cx, entropy, master, vendor};

const GOOD: &str = "correct horse battery staple";

/// A mail: to whom, its subject, and the secret of its link.
type Sent = (String, String, String);

/// A vendor's portal with a mail server that keeps everything.
struct Portal {
    db: Db,
    vendor: Vendor,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
}

impl Portal {
    async fn open(db: Db, code: &str) -> Result<Arc<Self>, DbError> {
        let vendor = vendor(&db, code).await?;
        let (passwords, outbox, clock) = (Passwords::default(), Outbox::default(), Clock::fixed(NOW));
        Ok(Arc::new(Self { db, vendor, passwords, outbox, clock }))
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    fn cx_of(&self, user: &User) -> Cx {
        self.cx(Actor::User(user.id.clone()))
    }

    async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    /// Somebody who has confirmed the address.
    async fn user(&self, name: &str) -> anyhow::Result<User> {
        let (_, secret) = self.unproven(name).await?;
        let cx = self.cx(Actor::Visitor);
        let verified =
            self.write(move |tx| Box::pin(async move { accounts::verify_email(tx, &cx, &secret).await })).await?;
        match verified {
            EmailVerification::Verified(user) => Ok(user),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// Somebody who has not, and the secret of the mail that asks for it.
    async fn unproven(&self, name: &str) -> anyhow::Result<(User, String)> {
        let request = SignUp {
            email: format!("{name}@example.org"),
            password: Password::new(GOOD.to_owned()),
            name: name.to_owned(),
            address: [192, 0, 2, 1].into(),
        };
        let cx = self.cx(Actor::Visitor);
        let user = match accounts::sign_up(&self.db, &self.passwords, &master(), &cx, &request).await? {
            SignUpOutcome::SignedUp(user) => user,
            other => anyhow::bail!("{other:?}"),
        };
        let mut mails = self.mails().await?.into_iter();
        let (_, _, secret) =
            mails.find(|(to, subject, _)| *to == user.email && subject.contains("Confirm")).expect("a mail");
        Ok((user, secret))
    }

    async fn account(&self, owner: &User) -> anyhow::Result<AccountId> {
        let details = AccountDetails {
            company: "Weser GmbH".to_owned(),
            country: "DE".to_owned(),
            address: Address { line1: "Am Speicher 7".to_owned(), city: "Bremen".to_owned(), ..Address::default() },
            ..AccountDetails::default()
        };
        let (cx, user_id) = (self.cx_of(owner), owner.id.clone());
        let created = self
            .write(move |tx| Box::pin(async move { accounts::create_account(tx, &cx, &user_id, &details).await }))
            .await?;
        match created {
            AccountCreation::Created(account) => Ok(account.id),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn admin(&self, name: &str) -> anyhow::Result<User> {
        let new = NewStaff {
            email: format!("{name}@acme.test"),
            name: name.to_owned(),
            role: StaffRole::Admin,
            password: Password::new(GOOD.to_owned()),
        };
        match accounts::create_staff(&self.db, &self.passwords, &self.cx(Actor::Operator), &new).await? {
            StaffCreation::Created(user) => Ok(user),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn invite(&self, by: &User, position: Position, email: &str) -> Result<InvitationSent, DbError> {
        let (cx, request) = (self.cx_of(by), Invite { position, email: email.to_owned() });
        self.write(move |tx| Box::pin(async move { members::invite(tx, &cx, &master(), &request).await })).await
    }

    /// Invites, and answers the invitation's id and the secret of its mail.
    async fn invited(&self, by: &User, position: Position, email: &str) -> anyhow::Result<(InvitationId, String)> {
        let invitation = match self.invite(by, position, email).await? {
            InvitationSent::Sent(invitation) => invitation,
            other => anyhow::bail!("{other:?}"),
        };
        let mails = self.mails().await?;
        let (_, _, secret) =
            mails.into_iter().find(|(to, _, secret)| to == email && !secret.is_empty()).expect("a mail");
        Ok((invitation.id, secret))
    }

    async fn resend(&self, by: &User, id: &InvitationId) -> Result<InvitationSent, DbError> {
        let (cx, id) = (self.cx_of(by), id.clone());
        self.write(move |tx| Box::pin(async move { members::resend_invitation(tx, &cx, &master(), &id).await })).await
    }

    async fn withdraw(&self, by: &User, id: &InvitationId) -> Result<Withdrawal, DbError> {
        let (cx, id) = (self.cx_of(by), id.clone());
        self.write(move |tx| Box::pin(async move { members::withdraw_invitation(tx, &cx, &id).await })).await
    }

    async fn accept(&self, user: &User, secret: &str) -> Result<Acceptance, DbError> {
        let (cx, secret) = (self.cx_of(user), secret.to_owned());
        self.write(move |tx| Box::pin(async move { members::accept_invitation(tx, &cx, &master(), &secret).await }))
            .await
    }

    async fn join(&self, secret: &str, name: &str) -> Result<Joining, DbError> {
        let password = Password::new(GOOD.to_owned());
        let request = Join { secret: secret.to_owned(), name: name.to_owned(), password };
        members::join(&self.db, &self.passwords, &master(), &self.cx(Actor::Visitor), &request).await
    }

    async fn change_role(
        &self,
        by: &User,
        account: &AccountId,
        who: &User,
        role: Role,
    ) -> Result<MemberChange, DbError> {
        let (cx, account, who) = (self.cx_of(by), account.clone(), who.id.clone());
        self.write(move |tx| {
            Box::pin(async move { members::change_role(tx, &cx, &master(), &account, &who, role).await })
        })
        .await
    }

    async fn remove(&self, by: &User, account: &AccountId, who: &User) -> Result<MemberChange, DbError> {
        let (cx, account, who) = (self.cx_of(by), account.clone(), who.id.clone());
        self.write(move |tx| Box::pin(async move { members::remove_member(tx, &cx, &master(), &account, &who).await }))
            .await
    }

    async fn hand_over(&self, by: &User, account: &AccountId, to: &User) -> Result<MemberChange, DbError> {
        let (cx, account, to) = (self.cx_of(by), account.clone(), to.id.clone());
        self.write(move |tx| {
            Box::pin(async move { members::hand_over(tx, &cx, &master(), &account, &to, Role::Billing).await })
        })
        .await
    }

    async fn leave(&self, who: &User, account: &AccountId) -> Result<MemberChange, DbError> {
        let (cx, account) = (self.cx_of(who), account.clone());
        self.write(move |tx| Box::pin(async move { members::leave_account(tx, &cx, &master(), &account).await })).await
    }

    async fn change_colleague(&self, by: &User, who: &User, role: Option<StaffRole>) -> Result<MemberChange, DbError> {
        let (cx, who) = (self.cx_of(by), who.id.clone());
        self.write(move |tx| {
            Box::pin(async move {
                match role {
                    Some(role) => members::change_staff_role(tx, &cx, &master(), &who, role).await,
                    None => members::remove_colleague(tx, &cx, &master(), &who).await,
                }
            })
        })
        .await
    }

    async fn role(&self, account: &AccountId, user: &User) -> Result<Option<Role>, DbError> {
        let (vendor_id, account, id) = (self.vendor.id.clone(), account.clone(), user.id.clone());
        self.write(move |tx| Box::pin(async move { accounts::member_role(tx, &vendor_id, &account, &id).await })).await
    }

    async fn staff_role(&self, user: &User) -> Result<Option<StaffRole>, DbError> {
        let (vendor_id, id) = (self.vendor.id.clone(), user.id.clone());
        let found =
            self.write(move |tx| Box::pin(async move { accounts::find_user(tx, &vendor_id, &id).await })).await?;
        Ok(found.and_then(|user| user.staff_role))
    }

    /// Rows of the audit log with this act.
    async fn audited(&self, act: &'static str) -> anyhow::Result<i64> {
        let counted: Result<i64, anyhow::Error> = self
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "SELECT COUNT(*) FROM audit WHERE act = $1";
                    Ok(match tx {
                        Tx::Sqlite(tx) => sqlx::query_scalar(sql).bind(act).fetch_one(&mut **tx).await?,
                        Tx::Postgres(tx) => sqlx::query_scalar(sql).bind(act).fetch_one(&mut **tx).await?,
                    })
                })
            })
            .await;
        counted
    }

    async fn may(&self, user: &User, account: &AccountId, act: Act) -> Result<bool, DbError> {
        let (cx, account) = (self.cx_of(user), account.clone());
        self.write(move |tx| Box::pin(async move { accounts::may_act(tx, &cx, &account, act).await })).await
    }

    async fn page(&self, account: &AccountId, after: Option<&UserId>, limit: i64) -> Result<Vec<UserId>, DbError> {
        let (vendor_id, account, after) = (self.vendor.id.clone(), account.clone(), after.cloned());
        let members = self
            .write(move |tx| {
                Box::pin(async move { members::list_page(tx, &vendor_id, &account, after.as_ref(), limit).await })
            })
            .await?;
        Ok(members.into_iter().map(|member| member.user.id).collect())
    }

    /// The mails that are sent now.
    async fn mails(&self) -> Result<Vec<Sent>, DbError> {
        let handlers = Handlers::new().with(self.outbox.clone());
        Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers).run_until_idle().await?;
        let token = |text: &str| {
            let rest = text.split_once("?token=").map_or("", |(_, rest)| rest);
            rest.split_whitespace().next().unwrap_or_default().to_owned()
        };
        Ok(self.outbox.take().into_iter().map(|mail| (mail.to, mail.subject, token(&mail.text))).collect())
    }
}

fn member(account: &AccountId, role: Role) -> Position {
    Position::Member { account_id: account.clone(), role }
}
