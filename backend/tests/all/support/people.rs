//! People for tests that are about something else: rows that nobody logs in with, and people who sign up.

use backend::Cx;
use backend::accounts::{
    AccountCreation, AccountDetails, Address, Password, Passwords, SignUp, SignUpOutcome, create_account, sign_up,
};
use backend::db::{Db, Tx};
use backend::ids::{AccountId, UserId, VendorId};

use super::master;

/// Somebody with an account of their own.
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) account_id: AccountId,
}

/// Signs somebody up who names a company. The address is not confirmed, and the mail to it waits.
pub(crate) async fn sign_up_with_company(db: &Db, cx: &Cx, email: &str, company: &str) -> anyhow::Result<Person> {
    let request = SignUp {
        email: email.to_owned(),
        password: Password::new("correct horse battery staple".to_owned()),
        name: String::new(),
        address: [192, 0, 2, 3].into(),
    };
    let SignUpOutcome::SignedUp(user) = sign_up(db, &Passwords::default(), &master(), cx, &request).await? else {
        anyhow::bail!("the sign-up was refused")
    };
    let (cx, id, company) = (cx.clone(), user.id.clone(), company.to_owned());
    let created = db.write(move |tx| {
        Box::pin(async move {
            let details = AccountDetails {
                company,
                country: "DE".to_owned(),
                address: Address {
                    line1: "Am Hafen 1".to_owned(),
                    postal_code: "28195".to_owned(),
                    city: "Bremen".to_owned(),
                    ..Address::default()
                },
                ..AccountDetails::default()
            };
            create_account(tx, &cx, &id, &details).await
        })
    });
    let AccountCreation::Created(account) = created.await? else { anyhow::bail!("the account was refused") };
    Ok(Person { id: user.id, account_id: account.id })
}

/// Everybody has confirmed their address.
pub(crate) async fn confirm_everybody(db: &Db) -> anyhow::Result<()> {
    let done: anyhow::Result<()> = db
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE users SET email_verified_at = 1";
                match tx {
                    Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                    Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                }
                Ok(())
            })
        })
        .await;
    done
}

/// A row of somebody with a confirmed address, `usr_NAME`, who has no password: on the staff, or a member of an account.
pub(crate) async fn plant_person(
    tx: &mut Tx,
    vendor_id: &VendorId,
    name: &str,
    staff_role: Option<&str>,
    member: Option<(&AccountId, &str)>,
) -> anyhow::Result<()> {
    let user =
        "INSERT INTO users (id, vendor_id, email, email_key, email_verified_at, password_hash, staff_role, password_set_at,
                            created_at)
                VALUES ('usr_' || $1, $2, $1 || '@example.test', $1 || '@example.test', 1, 'none', $3, 1, 1)";
    let membership = "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                      VALUES ($1, $2, 'usr_' || $3, $4, 1)";
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(user).bind(name).bind(vendor_id).bind(staff_role).execute(&mut **tx).await?;
            if let Some((account, role)) = member {
                let query = sqlx::query(membership).bind(vendor_id).bind(account).bind(name).bind(role);
                query.execute(&mut **tx).await?;
            }
        }
        Tx::Postgres(tx) => {
            sqlx::query(user).bind(name).bind(vendor_id).bind(staff_role).execute(&mut **tx).await?;
            if let Some((account, role)) = member {
                let query = sqlx::query(membership).bind(vendor_id).bind(account).bind(name).bind(role);
                query.execute(&mut **tx).await?;
            }
        }
    }
    Ok(())
}
