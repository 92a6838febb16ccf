use super::{Invitation, Member, Position};
use crate::accounts::store::UserRow;
use crate::accounts::{Role, StaffRole, User};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_all, fetch_one, fetch_optional};
use crate::ids::{AccountId, InvitationId, UserId, VendorId};

#[derive(sqlx::FromRow)]
struct InvitationRow {
    id: InvitationId,
    account_id: Option<AccountId>,
    role: String,
    email: String,
    invited_by: Option<UserId>,
    created_at: UnixMs,
    sent_at: UnixMs,
    expires_at: UnixMs,
    accepted_at: Option<UnixMs>,
    withdrawn_at: Option<UnixMs>,
}

impl InvitationRow {
    /// A role that this version does not know invites to nothing.
    fn read(self) -> Option<Invitation> {
        let position = match self.account_id {
            Some(account_id) => Position::Member { account_id, role: Role::parse(&self.role)? },
            None => Position::Staff(StaffRole::parse(&self.role)?),
        };
        Some(Invitation {
            id: self.id,
            position,
            email: self.email,
            invited_by: self.invited_by,
            created_at: self.created_at,
            sent_at: self.sent_at,
            expires_at: self.expires_at,
            accepted_at: self.accepted_at,
            withdrawn_at: self.withdrawn_at,
        })
    }
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    #[sqlx(flatten)]
    user: UserRow,
    role: Role,
    since: UnixMs,
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self { user: row.user.into(), role: row.role, since: row.since }
    }
}

/// The members of an account, oldest membership first: a page of them, after the member `after`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_page(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    after: Option<&UserId>,
    limit: i64,
) -> Result<Vec<Member>, DbError> {
    let rows = fetch_all!(
        tx,
        MemberRow,
        "SELECT u.*, m.role, m.created_at AS since
         FROM memberships m JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.user_id
         WHERE m.vendor_id = $1 AND m.account_id = $2
           AND ($3 = '' OR (m.created_at, m.user_id) > (SELECT p.created_at, p.user_id FROM memberships p
                                                       WHERE p.account_id = $2 AND p.user_id = $3))
         ORDER BY m.created_at, m.user_id LIMIT $4",
        vendor_id,
        account_id,
        after.map_or("", UserId::as_str),
        limit
    )?;
    Ok(rows.into_iter().map(Member::from).collect())
}

/// One member of an account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_member(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<Option<Member>, DbError> {
    let row = fetch_optional!(
        tx,
        MemberRow,
        "SELECT u.*, m.role, m.created_at AS since
         FROM memberships m JOIN users u ON u.vendor_id = m.vendor_id AND u.id = m.user_id
         WHERE m.vendor_id = $1 AND m.account_id = $2 AND m.user_id = $3",
        vendor_id,
        account_id,
        user_id
    )?;
    Ok(row.map(Member::from))
}

/// Everybody's role in an account. To be read behind the account's lock.
pub(super) async fn list_roles(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
) -> Result<Vec<(UserId, Role)>, DbError> {
    fetch_all!(
        tx,
        (UserId, Role),
        "SELECT user_id, role FROM memberships WHERE vendor_id = $1 AND account_id = $2",
        vendor_id,
        account_id
    )
}

/// Makes somebody a member; `false` where it is one already, whose role then stays.
pub(super) async fn insert_member(
    tx: &mut Tx,
    cx: &Cx,
    account_id: &AccountId,
    user_id: &UserId,
    role: Role,
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id, user_id) DO NOTHING",
        &cx.vendor_id,
        account_id,
        user_id,
        role,
        cx.now
    )?;
    Ok(inserted == 1)
}

pub(super) async fn update_role(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
    role: Role,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE memberships SET role = $4 WHERE vendor_id = $1 AND account_id = $2 AND user_id = $3",
        vendor_id,
        account_id,
        user_id,
        role
    )?;
    Ok(())
}

pub(super) async fn delete_member(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: &AccountId,
    user_id: &UserId,
) -> Result<(), DbError> {
    execute!(
        tx,
        "DELETE FROM memberships WHERE vendor_id = $1 AND account_id = $2 AND user_id = $3",
        vendor_id,
        account_id,
        user_id
    )?;
    Ok(())
}

/// The vendor's staff in the order in which they signed up: a page of them, after the colleague `after`.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_colleagues(
    tx: &mut Tx,
    vendor_id: &VendorId,
    after: Option<&UserId>,
    limit: i64,
) -> Result<Vec<User>, DbError> {
    let rows = fetch_all!(
        tx,
        UserRow,
        "SELECT * FROM users
         WHERE vendor_id = $1 AND staff_role IS NOT NULL
           AND ($2 = '' OR (created_at, id) > (SELECT p.created_at, p.id FROM users p
                                              WHERE p.vendor_id = $1 AND p.id = $2))
         ORDER BY created_at, id LIMIT $3",
        vendor_id,
        after.map_or("", UserId::as_str),
        limit
    )?;
    Ok(rows.into_iter().map(User::from).collect())
}

/// One of the vendor's staff.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_colleague(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_id: &UserId,
) -> Result<Option<(User, StaffRole)>, DbError> {
    let row = fetch_optional!(
        tx,
        UserRow,
        "SELECT * FROM users WHERE vendor_id = $1 AND id = $2 AND staff_role IS NOT NULL",
        vendor_id,
        user_id
    )?;
    Ok(row.map(User::from).and_then(|user| user.staff_role.map(|role| (user, role))))
}

/// The role of each of the vendor's staff. To be read behind the vendor's lock.
pub(super) async fn list_staff_roles(tx: &mut Tx, vendor_id: &VendorId) -> Result<Vec<(UserId, StaffRole)>, DbError> {
    fetch_all!(
        tx,
        (UserId, StaffRole),
        "SELECT id, staff_role FROM users WHERE vendor_id = $1 AND staff_role IS NOT NULL",
        vendor_id
    )
}

/// Makes a user staff, or staff an ordinary user.
pub(super) async fn update_staff_role(
    tx: &mut Tx,
    vendor_id: &VendorId,
    user_id: &UserId,
    role: Option<StaffRole>,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE users SET staff_role = $3, lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        user_id,
        role
    )?;
    Ok(())
}

/// Inserts an invitation, unless one to this address is open already: then `false`.
pub(super) async fn insert_invitation(
    tx: &mut Tx,
    cx: &Cx,
    invitation: &Invitation,
    email_key: &str,
    token_hash: &[u8],
) -> Result<bool, DbError> {
    let inserted = execute!(
        tx,
        "INSERT INTO invitations (id, vendor_id, account_id, role, email, email_key, token_hash, invited_by, created_at,
                                  sent_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
        &invitation.id,
        &cx.vendor_id,
        invitation.position.account_id(),
        invitation.position.role_word(),
        &invitation.email,
        email_key,
        token_hash,
        invitation.invited_by.as_ref(),
        invitation.created_at,
        invitation.sent_at,
        invitation.expires_at
    )?;
    Ok(inserted == 1)
}

/// The invitation whose link has this hash.
pub(super) async fn find_by_token(
    tx: &mut Tx,
    vendor_id: &VendorId,
    token_hash: &[u8],
) -> Result<Option<Invitation>, DbError> {
    let row = fetch_optional!(
        tx,
        InvitationRow,
        "SELECT * FROM invitations WHERE vendor_id = $1 AND token_hash = $2",
        vendor_id,
        token_hash
    )?;
    Ok(row.and_then(InvitationRow::read))
}

/// The same, locked until the transaction ends: of two who would use it, one finds it used.
pub(super) async fn lock_by_token(
    tx: &mut Tx,
    vendor_id: &VendorId,
    token_hash: &[u8],
) -> Result<Option<Invitation>, DbError> {
    let row = fetch_optional!(
        tx,
        InvitationRow,
        "UPDATE invitations SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND token_hash = $2 RETURNING *",
        vendor_id,
        token_hash
    )?;
    Ok(row.and_then(InvitationRow::read))
}

/// The invitation with this id, locked until the transaction ends.
pub(super) async fn lock_invitation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &InvitationId,
) -> Result<Option<Invitation>, DbError> {
    let row = fetch_optional!(
        tx,
        InvitationRow,
        "UPDATE invitations SET lock_no = lock_no + 1 WHERE vendor_id = $1 AND id = $2 RETURNING *",
        vendor_id,
        id
    )?;
    Ok(row.and_then(InvitationRow::read))
}

/// The invitation with this id, to ask who may touch it.
pub(super) async fn find_invitation(
    tx: &mut Tx,
    vendor_id: &VendorId,
    id: &InvitationId,
) -> Result<Option<Invitation>, DbError> {
    let row = fetch_optional!(
        tx,
        InvitationRow,
        "SELECT * FROM invitations WHERE vendor_id = $1 AND id = $2",
        vendor_id,
        id
    )?;
    Ok(row.and_then(InvitationRow::read))
}

/// The open invitations of an account, or to the staff, newest first; those that nobody answered in time included. There
/// are never more than [`super::rules::OPEN_INVITATIONS_MAX`].
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_invitations(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
) -> Result<Vec<Invitation>, DbError> {
    let rows = fetch_all!(
        tx,
        InvitationRow,
        "SELECT * FROM invitations
         WHERE vendor_id = $1 AND COALESCE(account_id, '') = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL
         ORDER BY created_at DESC, id",
        vendor_id,
        account_id.map_or("", AccountId::as_str)
    )?;
    Ok(rows.into_iter().filter_map(InvitationRow::read).collect())
}

/// How many of them there are.
pub(super) async fn count_open(
    tx: &mut Tx,
    vendor_id: &VendorId,
    account_id: Option<&AccountId>,
) -> Result<i64, DbError> {
    let (count,): (i64,) = fetch_one!(
        tx,
        (i64,),
        "SELECT COUNT(*) FROM invitations
         WHERE vendor_id = $1 AND COALESCE(account_id, '') = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL",
        vendor_id,
        account_id.map_or("", AccountId::as_str)
    )?;
    Ok(count)
}

/// Gives an invitation a new secret and a new end.
pub(super) async fn renew_invitation(
    tx: &mut Tx,
    cx: &Cx,
    id: &InvitationId,
    token_hash: &[u8],
    expires_at: UnixMs,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invitations SET token_hash = $3, sent_at = $4, expires_at = $5 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        token_hash,
        cx.now,
        expires_at
    )?;
    Ok(())
}

pub(super) async fn close_accepted(
    tx: &mut Tx,
    cx: &Cx,
    id: &InvitationId,
    accepted_by: &UserId,
) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invitations SET accepted_at = $3, accepted_by = $4 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        cx.now,
        accepted_by
    )?;
    Ok(())
}

pub(super) async fn close_withdrawn(tx: &mut Tx, cx: &Cx, id: &InvitationId) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE invitations SET withdrawn_at = $3 WHERE vendor_id = $1 AND id = $2",
        &cx.vendor_id,
        id,
        cx.now
    )?;
    Ok(())
}

/// Takes back what somebody has invited to an account, or to the staff, and nobody has answered; answers what it was.
pub(super) async fn close_all_of(
    tx: &mut Tx,
    cx: &Cx,
    account_id: Option<&AccountId>,
    invited_by: &UserId,
) -> Result<Vec<(InvitationId, String, String)>, DbError> {
    fetch_all!(
        tx,
        (InvitationId, String, String),
        "UPDATE invitations SET withdrawn_at = $4
         WHERE vendor_id = $1 AND COALESCE(account_id, '') = $2 AND invited_by = $3
           AND accepted_at IS NULL AND withdrawn_at IS NULL
         RETURNING id, email, role",
        &cx.vendor_id,
        account_id.map_or("", AccountId::as_str),
        invited_by,
        cx.now
    )
}
