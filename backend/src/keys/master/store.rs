use super::HEAD_BYTES;
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx, boxed, execute, fetch_all, on};
use crate::keys::Purpose;

/// A column that holds sealed values. Its row's key is what they are bound to.
#[derive(Debug)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column with the id of the row.
    pub key: &'static str,
    /// The column with the sealed value; empty where there is nothing to keep any more.
    pub column: &'static str,
    /// What they are sealed for.
    pub purpose: Purpose,
    list_foreign: &'static str,
    count_foreign: &'static str,
    replace: &'static str,
}

// The statements below say 9.
const _: () = assert!(HEAD_BYTES == 9);

macro_rules! sealed_columns { ($($table:literal $column:literal of $key:literal is $purpose:ident,)*) => {
    &[$(SealedColumn {
        table: $table,
        key: $key,
        column: $column,
        purpose: Purpose::$purpose,
        list_foreign: concat!(
            "SELECT ", $key, " AS row_key, ", $column, " AS sealed FROM ", $table, " WHERE ", $key, " > $1 AND LENGTH(",
            $column, ") > 0 AND SUBSTR(", $column, ", 1, 9) <> $2 ORDER BY ", $key, " LIMIT $3"
        ),
        count_foreign: concat!(
            "SELECT COUNT(*) FROM ", $table, " WHERE LENGTH(", $column, ") > 0 AND SUBSTR(", $column, ", 1, 9) <> $1"
        ),
        replace: concat!(
            "UPDATE ", $table, " SET ", $column, " = $3 WHERE ", $key, " = $1 AND ", $column, " = $2"
        ),
    },)*]
} }

/// Every column that holds sealed values: what is not here is lost when the key that sealed it goes. A test looks through
/// the database for others.
pub const SEALED_COLUMNS: &[SealedColumn] = sealed_columns! {
    "lookup_keys" "key_sealed" of "label" is LookupKey,
    "signing_keys" "private_sealed" of "id" is SigningKey,
    "second_factors" "secret_sealed" of "user_id" is SecondFactor,
    "licenses" "key_sealed" of "id" is LicenseKey,
    "vouchers" "code_sealed" of "id" is VoucherCode,
    "instances" "instance_key_sealed" of "id" is InstanceKey,
    "jobs" "payload" of "id" is JobPayload,
};

/// A sealed value in its row.
#[derive(sqlx::FromRow)]
pub(super) struct SealedRow {
    pub(super) row_key: String,
    pub(super) sealed: Vec<u8>,
}

/// The values of a column that do not begin with `head`, by the key of their rows, from after `after` on.
pub(super) async fn list_foreign(
    tx: &mut Tx,
    column: &'static SealedColumn,
    head: &[u8],
    after: &str,
    limit: i64,
) -> Result<Vec<SealedRow>, DbError> {
    let query = column.list_foreign;
    on!(tx, c => boxed(sqlx::query_as::<_, SealedRow>(query).bind(after).bind(head).bind(limit).fetch_all(c)).await)
        .map_err(DbError::from)
}

/// How many values of a column do not begin with `head`.
pub(super) async fn count_foreign(tx: &mut Tx, column: &'static SealedColumn, head: &[u8]) -> Result<i64, DbError> {
    let query = column.count_foreign;
    let (count,) =
        on!(tx, c => boxed(sqlx::query_as::<_, (i64,)>(query).bind(head).fetch_one(c)).await).map_err(DbError::from)?;
    Ok(count)
}

/// Puts `sealed` in the place of `before`; `false` where something else stands there by now.
pub(super) async fn replace_sealed(
    tx: &mut Tx,
    column: &'static SealedColumn,
    row_key: &str,
    before: &[u8],
    sealed: &[u8],
) -> Result<bool, DbError> {
    let query = column.replace;
    let done = on!(tx, c => boxed(sqlx::query(query).bind(row_key).bind(before).bind(sealed).execute(c)).await
        .map(|done| done.rows_affected()))
    .map_err(DbError::from)?;
    Ok(done == 1)
}

/// A key of lookup hashes as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct LookupRow {
    pub(super) label: String,
    pub(super) key_sealed: Vec<u8>,
}

pub(super) async fn list_lookup_keys(tx: &mut Tx) -> Result<Vec<LookupRow>, DbError> {
    fetch_all!(tx, LookupRow, "SELECT label, key_sealed FROM lookup_keys ORDER BY label")
}

/// Stores a key of lookup hashes, unless one is stored.
pub(super) async fn insert_lookup_key(tx: &mut Tx, cx: &Cx, label: &str, key_sealed: &[u8]) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO lookup_keys (label, key_sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT (label) DO NOTHING",
        label,
        key_sealed,
        cx.now
    )?;
    Ok(())
}

/// All private signing keys that there are, sealed, the oldest first.
pub(super) async fn list_sealed_signing_keys(tx: &mut Tx) -> Result<Vec<SealedRow>, DbError> {
    fetch_all!(
        tx,
        SealedRow,
        "SELECT id AS row_key, private_sealed AS sealed FROM signing_keys WHERE LENGTH(private_sealed) > 0
         ORDER BY created_at, id"
    )
}

/// Some license keys, sealed.
pub(super) async fn list_sealed_license_keys(tx: &mut Tx, limit: i64) -> Result<Vec<SealedRow>, DbError> {
    fetch_all!(
        tx,
        SealedRow,
        "SELECT id AS row_key, key_sealed AS sealed FROM licenses WHERE LENGTH(key_sealed) > 0 ORDER BY id LIMIT $1",
        limit
    )
}

/// A master key that has sealed something.
#[derive(sqlx::FromRow)]
pub(super) struct UseRow {
    pub(super) id: String,
    pub(super) retired_at: Option<UnixMs>,
}

pub(super) async fn list_uses(tx: &mut Tx) -> Result<Vec<UseRow>, DbError> {
    fetch_all!(tx, UseRow, "SELECT id, retired_at FROM master_keys ORDER BY first_used_at, id")
}

/// Notes that a master key seals.
pub(super) async fn insert_use(tx: &mut Tx, cx: &Cx, id: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO master_keys (id, first_used_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
        id,
        cx.now
    )?;
    Ok(())
}

/// Notes that nothing is sealed with a master key any more.
pub(super) async fn set_retired(tx: &mut Tx, cx: &Cx, id: &str) -> Result<(), DbError> {
    execute!(tx, "UPDATE master_keys SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL", id, cx.now)?;
    Ok(())
}
