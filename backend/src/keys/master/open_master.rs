//! Opening a database with the master key that is configured, before anything is sealed or looked up with it.

use zeroize::Zeroizing;

use super::store::{self, SealedRow};
use super::{Lookup, MasterKey, SecretBytes};
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::keys::Purpose;

/// So many license keys are asked for their master key where no signing key tells.
const LICENSES_ASKED: i64 = 100;

/// What the database says to a master key.
#[derive(Clone, Debug)]
pub enum MasterOpening {
    /// It fits; this one has the keys of the lookup hashes that are stored.
    Opened(MasterKey),
    /// What is stored is sealed with a key that is not configured; nothing was changed.
    Foreign,
    /// The key was rotated out: nothing is to be sealed with it again.
    Retired,
}

/// How the configured keys stand to what has sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterStanding {
    /// Everything that is known to have sealed is configured.
    Current,
    /// The present key was rotated out meanwhile.
    Retired,
    /// Keys of these names have sealed something, were not rotated out, and are not configured.
    Missing(Vec<String>),
}

/// Reads the keys of the lookup hashes, and notes that the key seals from now on. The first time ever they are stored:
/// derived from the key under which the database has been until now, which need not be the present one.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn open_master(db: &Db, cx: &Cx, master: &MasterKey) -> Result<MasterOpening, DbError> {
    let asked = master.clone();
    // Mostly everything is there, and nothing has to be written.
    let known: Result<Option<MasterOpening>, DbError> =
        db.read(move |tx| Box::pin(async move { find_opening(tx, &asked).await })).await;
    if let Some(opening) = known? {
        return Ok(opening);
    }
    let (cx, master) = (cx.clone(), master.clone());
    db.write(move |tx| Box::pin(async move { begin_use(tx, &cx, &master).await })).await
}

/// How the keys stand to what is noted about those that have sealed. It does not look through what is sealed: see
/// [`super::examine_seals()`].
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn master_standing(tx: &mut Tx, master: &MasterKey) -> Result<MasterStanding, DbError> {
    let uses = store::list_uses(tx).await?;
    let present = master.id().to_string();
    if uses.iter().any(|key| key.id == present && key.retired_at.is_some()) {
        return Ok(MasterStanding::Retired);
    }
    let in_use = uses.into_iter().filter(|key| key.retired_at.is_none());
    let missing: Vec<String> = in_use.map(|key| key.id).filter(|id| !master.knows(id)).collect();
    Ok(if missing.is_empty() { MasterStanding::Current } else { MasterStanding::Missing(missing) })
}

/// `None` when something has to be written first.
async fn find_opening(tx: &mut Tx, master: &MasterKey) -> Result<Option<MasterOpening>, DbError> {
    let present = master.id().to_string();
    let uses = store::list_uses(tx).await?;
    let Some(known) = uses.iter().find(|key| key.id == present) else { return Ok(None) };
    if known.retired_at.is_some() {
        return Ok(Some(MasterOpening::Retired));
    }
    Ok(match read_lookup_keys(tx, master).await? {
        Stored::All(master) => Some(MasterOpening::Opened(master)),
        Stored::Missing(_) => None,
        Stored::Foreign => Some(MasterOpening::Foreign),
    })
}

async fn begin_use(tx: &mut Tx, cx: &Cx, master: &MasterKey) -> Result<MasterOpening, DbError> {
    let (missing, source) = match read_lookup_keys(tx, master).await? {
        Stored::Foreign => return Ok(MasterOpening::Foreign),
        Stored::All(_) => (Vec::new(), master.clone()),
        Stored::Missing(missing) if missing.len() < Lookup::ALL.len() => (missing, master.clone()),
        Stored::Missing(missing) => match key_until_now(tx, master).await? {
            Some(first) => (missing, first),
            None => return Ok(MasterOpening::Foreign),
        },
    };
    for lookup in missing {
        let key = source.lookup_key(lookup);
        let sealed = master.seal(Purpose::LookupKey, lookup.label(), key.as_slice(), &cx.entropy);
        store::insert_lookup_key(tx, cx, lookup.label(), &sealed).await?;
    }
    // Another node may have been faster, and what it has stored counts.
    let Stored::All(opened) = read_lookup_keys(tx, master).await? else { return Ok(MasterOpening::Foreign) };
    for id in [source.id(), master.id()] {
        store::insert_use(tx, cx, &id.to_string()).await?;
    }
    Ok(MasterOpening::Opened(opened))
}

/// The key under which the vendors' signing keys are; the present one where there is no vendor yet, and `None` where it
/// is not configured. A signing key that is damaged says nothing, so the others are asked, and license keys after them.
async fn key_until_now(tx: &mut Tx, master: &MasterKey) -> Result<Option<MasterKey>, DbError> {
    let signing_keys = store::list_sealed_signing_keys(tx).await?;
    if signing_keys.is_empty() {
        return Ok(Some(master.clone()));
    }
    let opener =
        |purpose, rows: &[SealedRow]| rows.iter().find_map(|row| master.opener(purpose, &row.row_key, &row.sealed));
    if let Some(key) = opener(Purpose::SigningKey, &signing_keys) {
        return Ok(Some(key));
    }
    Ok(opener(Purpose::LicenseKey, &store::list_sealed_license_keys(tx, LICENSES_ASKED).await?))
}

enum Stored {
    /// All are stored, and this key has them.
    All(MasterKey),
    /// These are not.
    Missing(Vec<Lookup>),
    /// One does not open.
    Foreign,
}

async fn read_lookup_keys(tx: &mut Tx, master: &MasterKey) -> Result<Stored, DbError> {
    let rows = store::list_lookup_keys(tx).await?;
    let (mut opened, mut missing) = (master.clone(), Vec::new());
    for lookup in Lookup::ALL {
        let Some(row) = rows.iter().find(|row| row.label == lookup.label()) else {
            missing.push(lookup);
            continue;
        };
        let Some(key) = open_lookup_key(master, lookup, &row.key_sealed) else { return Ok(Stored::Foreign) };
        opened = opened.with_lookup_key(lookup, key);
    }
    Ok(if missing.is_empty() { Stored::All(opened) } else { Stored::Missing(missing) })
}

fn open_lookup_key(master: &MasterKey, lookup: Lookup, sealed: &[u8]) -> Option<SecretBytes> {
    let plain = master.unseal(Purpose::LookupKey, lookup.label(), sealed).ok()?;
    Some(Zeroizing::new(plain.as_slice().try_into().ok()?))
}
