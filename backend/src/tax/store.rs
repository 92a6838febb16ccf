//! What Stripe has said last about tax, in the database.

use super::TaxSetup;
use crate::clock::UnixMs;
use crate::db::{DbError, JsonText, Tx, execute, fetch_optional};
use crate::ids::VendorId;
use crate::stripe::{HeadOffice, StripeTax};

#[derive(sqlx::FromRow)]
struct TaxSetupRow {
    is_active: bool,
    missing: JsonText<Vec<String>>,
    head_office: JsonText<HeadOffice>,
    tax_code: String,
    countries: JsonText<Vec<String>>,
    state_no: i64,
    looked_at: UnixMs,
    telling_until: Option<UnixMs>,
}

impl From<TaxSetupRow> for TaxSetup {
    fn from(row: TaxSetupRow) -> Self {
        let tax = StripeTax {
            is_active: row.is_active,
            missing: row.missing.0,
            head_office: row.head_office.0,
            tax_code: row.tax_code,
            countries: row.countries.0,
        };
        Self { tax, state_no: row.state_no, looked_at: row.looked_at, telling_until: row.telling_until }
    }
}

pub(super) async fn find_setup(tx: &mut Tx, vendor_id: &VendorId) -> Result<Option<TaxSetup>, DbError> {
    let row = fetch_optional!(
        tx,
        TaxSetupRow,
        "SELECT is_active, missing, head_office, tax_code, countries, state_no, looked_at, telling_until
         FROM tax_setups WHERE vendor_id = $1",
        vendor_id
    )?;
    Ok(row.map(TaxSetup::from))
}

/// Replaces what was kept. The vendor's row is locked by the caller.
pub(super) async fn set_setup(tx: &mut Tx, vendor_id: &VendorId, setup: &TaxSetup) -> Result<(), DbError> {
    execute!(
        tx,
        "INSERT INTO tax_setups (vendor_id, is_active, missing, head_office, tax_code, countries, state_no, looked_at,
             telling_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (vendor_id) DO UPDATE SET is_active = excluded.is_active, missing = excluded.missing,
             head_office = excluded.head_office, tax_code = excluded.tax_code, countries = excluded.countries,
             state_no = excluded.state_no, looked_at = excluded.looked_at, telling_until = excluded.telling_until",
        vendor_id,
        setup.tax.is_active,
        JsonText(setup.tax.missing.clone()),
        JsonText(setup.tax.head_office.clone()),
        &setup.tax.tax_code,
        JsonText(setup.tax.countries.clone()),
        setup.state_no,
        setup.looked_at,
        setup.telling_until
    )?;
    Ok(())
}

/// Notes until when somebody tells Stripe something, or that nobody does. The vendor's row is locked by the caller.
pub(super) async fn set_telling_until(tx: &mut Tx, vendor_id: &VendorId, until: Option<UnixMs>) -> Result<(), DbError> {
    execute!(tx, "UPDATE tax_setups SET telling_until = $2 WHERE vendor_id = $1", vendor_id, until)?;
    Ok(())
}
