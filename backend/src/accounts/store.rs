use super::email_change::held_until;
use super::{Account, AccountKind, Address, StaffRole, User, VatIdState};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, JsonText, Tx, execute, fetch_one, fetch_optional};
use crate::ids::{AccountId, UserId, VendorId};

/// A row of `users`, as everything of this area reads it.
#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: UserId,
    vendor_id: VendorId,
    email: String,
    name: String,
    staff_role: Option<StaffRole>,
    email_verified_at: Option<UnixMs>,
    password_set_at: UnixMs,
    created_at: UnixMs,
    password_hash: String,
}

impl UserRow {
    fn split(self) -> (User, String) {
        let user = User {
            id: self.id,
            vendor_id: self.vendor_id,
            email: self.email,
            name: self.name,
            staff_role: self.staff_role,
            email_verified_at: self.email_verified_at,
            password_set_at: self.password_set_at,
            created_at: self.created_at,
        };
        (user, self.password_hash)
    }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        row.split().0
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct AccountRow {
    id: AccountId,
    vendor_id: VendorId,
    kind: AccountKind,
    company: String,
    country: String,
    address: JsonText<Address>,
    vat_id: Option<String>,
    billing_email: String,
    purchase_order: String,
    vat_id_state: VatIdState,
    stripe_customer_id: Option<String>,
    stripe_vat_id: Option<String>,
    created_at: UnixMs,
    closes_at: Option<UnixMs>,
    closed_at: Option<UnixMs>,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: row.id,
            vendor_id: row.vendor_id,
            kind: row.kind,
            company: row.company,
            country: row.country,
            address: row.address.0,
            vat_id: row.vat_id,
            billing_email: row.billing_email,
            purchase_order: row.purchase_order,
            vat_id_state: row.vat_id_state,
            stripe_customer_id: row.stripe_customer_id,
            stripe_vat_id: row.stripe_vat_id,
            created_at: row.created_at,
            closes_at: row.closes_at,
            closed_at: row.closed_at,
        }
    }
}

/// The user with this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_user(tx: &mut Tx, vendor_id: &VendorId, id: &UserId) -> Result<Option<User>, DbError> {
    Ok(find_user_with_hash(tx, vendor_id, id).await?.map(|(user, _)| user))
}

/// The user who signs in with this address; `email` may be written in any case.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_user_by_email(tx: &mut Tx, vendor_id: &VendorId, email: &str) -> Result<Option<User>, DbError> {
    let found = find_credentials(tx, vendor_id, &super::rules::email_key(email)).await?;
    Ok(found.map(|(user, _)| user))
}

pub(super) async fn find_user_with_hash(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &UserId,
) -> Result<Option<(User, String)>, DbError> {
    let row = fetch_optional!(tx, UserRow, "SELECT * FROM users WHERE vendor_id = $1 AND id = $2", vendor_id, id)?;
    Ok(row.map(UserRow::split))
}

/// The user with this address key, and the hash of its password.
pub(super) async fn find_credentials(
    tx: &mut Tx,
    vendor_id: &VendorId,
    email_key: &str,
) -> Result<Option<(User, String)>, DbError> {
    let sql_row = fetch_optional!(
        tx,
        UserRow,
        "SELECT * FROM users WHERE vendor_id = $1 AND email_key = $2 AND deleted_at IS NULL",
        vendor_id,
        email_key
    )?;
    Ok(sql_row.map(UserRow::split))
}

/// The user with this id, locked until the transaction ends.
pub(super) async fn lock_user(tx: &mut Tx, vendor_id: &VendorId, id: &UserId) -> Result<Option<User>, DbError> {
    let row = fetch_optional!(
        tx,
        UserRow,
        "UPDATE users SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )?;
    Ok(row.map(|row| row.split().0))
}

/// Inserts a user, unless the address is taken, or kept for somebody who has changed it lately: then `false`, and nothing
/// is written.
pub(super) async fn insert_user(
    tx: &mut Tx,
    user: &User,
    email_key: &str,
    password_hash: &str,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO users (id, vendor_id, email, email_key, name, password_hash, staff_role, email_verified_at,
                            password_set_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (vendor_id, email_key) DO NOTHING",
        &user.id,
        &user.vendor_id,
        &user.email,
        email_key,
        &user.name,
        password_hash,
        user.staff_role,
        user.email_verified_at,
        user.password_set_at,
        user.created_at
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    // Asked only now: a change that was under way has either kept the insert from happening, or is seen by this.
    if held_until(tx, &user.vendor_id, email_key, &user.id, user.created_at).await?.is_none() {
        return Ok(true);
    }
    execute!(tx, "DELETE FROM users WHERE vendor_id = $1 AND id = $2", &user.vendor_id, &user.id)?;
    Ok(false)
}

/// Gives a user another address, which is proved. Fails as a duplicate where somebody else has it.
pub(super) async fn update_email(tx: &mut Tx, cx: &Cx, user_id: &UserId, email: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE users SET email = $3, email_key = $4, email_verified_at = $5, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        user_id,
        email,
        super::rules::email_key(email),
        cx.now
    )?;
    Ok(())
}

/// Sets a new password; `previous_hash` must still be in force, so that of two changes at once one fails.
pub(super) async fn update_password(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    previous_hash: Option<&str>,
    hash: &str,
) -> Result<bool, DbError> {
    let changed = execute!(
        tx,
        "UPDATE users SET password_hash = $3, password_set_at = $4, lock_no = lock_no + 1
         WHERE vendor_id = $1 AND id = $2 AND password_hash = COALESCE($5, password_hash)",
        &cx.vendor_id,
        user_id,
        hash,
        cx.now,
        previous_hash
    )?;
    Ok(changed == 1)
}

/// Replaces a hash by one of the same password under today's parameters.
pub(super) async fn update_password_hash(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    previous_hash: &str,
    hash: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE users SET password_hash = $4 WHERE vendor_id = $1 AND id = $2 AND password_hash = $3",
        &cx.vendor_id,
        user_id,
        previous_hash,
        hash
    )?;
    Ok(())
}

/// Marks the address as proved; `false` when it was already, or the user has another address by now.
pub(super) async fn update_email_verified(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    email_key: &str,
) -> Result<bool, DbError> {
    let changed = execute!(
        tx,
        "UPDATE users SET email_verified_at = $4
         WHERE vendor_id = $1 AND id = $2 AND email_key = $3 AND email_verified_at IS NULL",
        &cx.vendor_id,
        user_id,
        email_key,
        cx.now
    )?;
    Ok(changed == 1)
}

pub(super) async fn update_staff(
    tx: &mut Tx,
    cx: &Cx,
    user_id: &UserId,
    name: &str,
    role: StaffRole,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE users SET staff_role = $3, name = $4, lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        user_id,
        role,
        name
    )?;
    Ok(())
}

/// The account with this id.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_account(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<Option<Account>, DbError> {
    let row =
        fetch_optional!(tx, AccountRow, "SELECT * FROM accounts WHERE vendor_id = $1 AND id = $2", vendor_id, id)?;
    Ok(row.map(Account::from))
}

/// The account that is this customer at Stripe.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_account_by_stripe_customer(
    tx: &mut Tx,
    vendor_id: &VendorId,
    customer_id: &str,
) -> Result<Option<Account>, DbError> {
    let row = fetch_optional!(
        tx,
        AccountRow,
        "SELECT * FROM accounts WHERE vendor_id = $1 AND stripe_customer_id = $2",
        vendor_id,
        customer_id
    )?;
    Ok(row.map(Account::from))
}

/// The account, locked until the transaction ends, for decisions that depend on its state.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn lock_account(tx: &mut Tx, vendor_id: &VendorId, id: &AccountId) -> Result<Option<Account>, DbError> {
    let row = fetch_optional!(
        tx,
        AccountRow,
        "UPDATE accounts SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )?;
    Ok(row.map(Account::from))
}

/// Writes what an account is to the vendor. The caller holds its lock.
pub(crate) async fn set_kind(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    kind: AccountKind,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE accounts SET kind = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, kind)?;
    Ok(())
}

/// Writes where invoices go, where that is `from` until now. The caller holds the account's lock.
pub(crate) async fn replace_billing_email(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    from: &str,
    to: &str,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE accounts SET billing_email = $4 WHERE vendor_id = $1 AND id = $2 AND billing_email = $3",
        vendor_id,
        id,
        from,
        to
    )?;
    Ok(())
}

pub(super) async fn insert_account(tx: &mut Tx, account: &Account) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO accounts (id, vendor_id, kind, company, country, address, vat_id, billing_email,
                               purchase_order, vat_id_state, stripe_customer_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &account.id,
        &account.vendor_id,
        account.kind,
        &account.company,
        &account.country,
        JsonText(account.address.clone()),
        account.vat_id.as_deref(),
        &account.billing_email,
        &account.purchase_order,
        account.vat_id_state,
        account.stripe_customer_id.as_deref(),
        account.created_at
    )?;
    Ok(())
}

pub(super) async fn update_details(tx: &mut Tx, account: &Account) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE accounts SET company = $3, country = $4, address = $5, vat_id = $6, billing_email = $7,
                             purchase_order = $8, vat_id_state = $9
         WHERE vendor_id = $1 AND id = $2",
        &account.vendor_id,
        &account.id,
        &account.company,
        &account.country,
        JsonText(account.address.clone()),
        account.vat_id.as_deref(),
        &account.billing_email,
        &account.purchase_order,
        account.vat_id_state
    )?;
    Ok(())
}

/// Notes what is known about the VAT id of an account, as long as it is still this one; `true` where that was news.
pub(crate) async fn set_vat_id_state(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    vat_id: &str,
    state: VatIdState,
) -> Result<bool, DbError> {
    let changed = execute!(
        tx,
        "UPDATE accounts SET vat_id_state = $4
         WHERE vendor_id = $1 AND id = $2 AND vat_id = $3 AND vat_id_state <> $4",
        vendor_id,
        id,
        vat_id,
        state
    )?;
    Ok(changed == 1)
}

/// Notes which VAT id the account's customer at Stripe has from us.
pub(crate) async fn set_stripe_vat_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    vat_id: Option<&str>,
) -> Result<(), DbError> {
    execute!(tx, "UPDATE accounts SET stripe_vat_id = $3 WHERE vendor_id = $1 AND id = $2", vendor_id, id, vat_id)?;
    Ok(())
}

/// Writes the VAT id that the account's customer has at Stripe and the account has not. The caller holds the account's lock.
pub(crate) async fn take_over_vat_id(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    vat_id: &str,
    state: VatIdState,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE accounts SET vat_id = $3, stripe_vat_id = $3, vat_id_state = $4 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id,
        vat_id,
        state
    )?;
    Ok(())
}

/// Notes the account's customer at Stripe, unless it has one: answers the one that stands afterwards, so
/// that of two check-outs at once both use the same customer.
///
/// # Errors
/// [`DbError::Duplicate`] when another account is that customer; sqlx's "row not found" when there is no
/// such account.
pub async fn set_stripe_customer(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &AccountId,
    customer_id: &str,
) -> Result<String, DbError> {
    let (standing,): (String,) = fetch_one!(
        tx,
        (String,),
        "UPDATE accounts SET stripe_customer_id = COALESCE(stripe_customer_id, $3)
         WHERE vendor_id = $1 AND id = $2 RETURNING stripe_customer_id",
        vendor_id,
        id,
        customer_id
    )?;
    Ok(standing)
}
