//! Building the parts of a process from its configuration. Each command takes those that it needs.

mod admit;
mod stripe;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::db::{Db, Options, migrations_pending};
use backend::ids::VendorId;
use backend::keys::{MasterKey, MasterOpening, open_master as open_with};
use backend::mail::{Mailer, Smtp, TlsMode};
use backend::stripe::STRIPE_API_BASE;
use backend::text::en::master_key as text;
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use zeroize::Zeroizing;

use crate::config::{self, Config, MailTls, MailTransport};

pub(crate) use admit::{admit_vendor, is_duplicate};
pub(crate) use stripe::{stripe_accounts, stripe_of};

/// Where Stripe's hosted Checkout page is (<https://docs.stripe.com/payments/checkout>).
const STRIPE_CHECKOUT_ORIGIN: &str = "https://checkout.stripe.com";
/// Longest wait for the SMTP server, per step.
const MAIL_TIMEOUT: Duration = Duration::from_secs(30);

/// The system's clock, or the test clock whose file `LEASEHOLD_TEST_CLOCK` names.
pub(crate) fn clock() -> Clock {
    match std::env::var_os("LEASEHOLD_TEST_CLOCK").filter(|file| !file.is_empty()) {
        Some(file) => Clock::from_file(file.into()),
        None => Clock::system(),
    }
}

/// The context of what the operator does at the command line.
pub(crate) fn operator_cx(vendor_id: VendorId, clock: &Clock) -> Cx {
    Cx::new(vendor_id, Actor::Operator, clock.now(), Entropy::system())
}

/// Opens the database as it is.
pub(crate) async fn open_database(config: &Config) -> Result<Db> {
    let options =
        Options { max_connections: config.database.max_connections, synchronous: config.database.synchronous.into() };
    Db::open(config.database.url.reveal(), options).await.context("The database of database.url cannot be opened")
}

/// Claims a SQLite database for this process for as long as the answer lives: another server on the same file would
/// not know what this one has in memory. Commands that end soon may write to it all the same.
pub(crate) fn claim_database(config: &Config) -> Result<Option<std::fs::File>> {
    let Some(file) = config.database.url.reveal().strip_prefix("sqlite:") else { return Ok(None) };
    let file = file.trim_start_matches("//").split('?').next().unwrap_or_default();
    if file.is_empty() || file.contains(":memory:") {
        return Ok(None);
    }
    let path = format!("{file}-serving");
    let claim = std::fs::File::create(&path).with_context(|| format!("{path} cannot be written"))?;
    match claim.try_lock() {
        Ok(()) => Ok(Some(claim)),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("Another server serves the database {file}. SQLite takes one; for several nodes use PostgreSQL.")
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).with_context(|| format!("{path} cannot be locked")),
    }
}

/// Opens a database that has all migrations, or says what to do.
pub(crate) async fn open_migrated_database(config: &Config) -> Result<Db> {
    let db = open_database(config).await?;
    let pending = migrations_pending(&db).await?;
    if !pending.is_empty() {
        bail!("The database lacks {} migration(s). Run `server migrate` first.", pending.len());
    }
    Ok(db)
}

/// The master key, from the setting or its file, with the others that open; made where `keys.create` allows it.
pub(crate) fn master_key(config: &Config, entropy: &Entropy) -> Result<MasterKey> {
    Ok(present_master_key(config, entropy)?.that_also_opens(other_master_keys(config)?))
}

/// The master key as it fits the database: with the keys of lookup hashes that are stored there. Whatever seals or looks
/// up begins with this.
pub(crate) async fn open_master(master: &MasterKey, db: &Db) -> Result<MasterKey> {
    let cx = operator_cx(VendorId::from_untrusted(""), &clock());
    match open_with(db, &cx, master).await? {
        MasterOpening::Opened(master) => Ok(master),
        MasterOpening::Foreign => bail!("{}", text::FOREIGN),
        MasterOpening::Retired => bail!("{}", text::RETIRED),
    }
}

fn other_master_keys(config: &Config) -> Result<Vec<MasterKey>> {
    let listed = config.keys.other_master_keys.reveal().split(',').map(str::trim).filter(|text| !text.is_empty());
    let mut keys: Vec<MasterKey> =
        listed.map(|text| read_master_key(text).context("keys.other_master_keys")).collect::<Result<_>>()?;
    for path in &config.keys.other_master_key_files {
        keys.push(read_master_key_file(path)?);
    }
    Ok(keys)
}

fn present_master_key(config: &Config, entropy: &Entropy) -> Result<MasterKey> {
    let keys = &config.keys;
    if !keys.master_key.is_empty() {
        return read_master_key(keys.master_key.reveal()).context("keys.master_key");
    }
    if keys.master_key_file.is_empty() {
        bail!(
            "There is no master key. Make one with `server keys generate-master FILE` and name it in \
             keys.master_key_file."
        );
    }
    let path = Path::new(&keys.master_key_file);
    if keys.create && !path.exists() {
        return create_master_key(path, entropy);
    }
    read_master_key_file(path)
}

fn read_master_key_file(path: &Path) -> Result<MasterKey> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("The master key file {} cannot be read", path.display()))?;
    read_master_key(&Zeroizing::new(text)).with_context(|| format!("The master key file {}", path.display()))
}

/// 32 bytes as 64 hexadecimal digits or in base64 (RFC 4648 §4).
fn read_master_key(text: &str) -> Result<MasterKey> {
    if let Some(key) = MasterKey::from_hex(text) {
        return Ok(key);
    }
    let bytes = data_encoding::BASE64.decode(text.trim().as_bytes()).map(Zeroizing::new);
    match bytes.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()) {
        Some(bytes) => Ok(MasterKey::new(bytes)),
        None => bail!("a master key is 32 bytes, written as 64 hexadecimal digits or in base64"),
    }
}

/// Makes a master key and a file for it that only its owner can read. Never overwrites one.
pub(crate) fn create_master_key(path: &Path, entropy: &Entropy) -> Result<MasterKey> {
    use std::io::Write as _;
    let (key, text) = MasterKey::generate(entropy);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("{} cannot be made", path.display()))?;
    writeln!(file, "{}", text.as_str()).and_then(|()| file.sync_all()).context("The master key cannot be written")?;
    Ok(key)
}

/// Origin of the hosted Checkout page, which the content security policy must allow forms to lead to.
pub(crate) fn checkout_origin(settings: &config::Stripe) -> String {
    let base = settings.api_base.trim_end_matches('/');
    match settings.checkout_origin.trim_end_matches('/') {
        "" if base == STRIPE_API_BASE => STRIPE_CHECKOUT_ORIGIN.to_owned(),
        "" => base.to_owned(),
        origin => origin.to_owned(),
    }
}

/// The mailer of the `[mail]` section, in the name of each of these vendors. What is configured for others is judged as well.
pub(crate) fn mailer(config: &Config, vendors: &[Vendor]) -> Result<Mailer> {
    let mail = &config.mail;
    let mailer = match mail.transport {
        MailTransport::File => {
            std::fs::create_dir_all(&mail.directory)
                .with_context(|| format!("mail.directory {} cannot be made", mail.directory.display()))?;
            Mailer::folder(&mail.from, mail.directory.clone())
        }
        MailTransport::Smtp => {
            let credentials =
                (!mail.username.is_empty()).then(|| (mail.username.clone(), mail.password.reveal().to_owned()));
            let smtp = Smtp {
                host: mail.host.clone(),
                port: Some(mail.port),
                tls: match mail.tls {
                    MailTls::Starttls => TlsMode::Starttls,
                    MailTls::Tls => TlsMode::Tls,
                    MailTls::None => TlsMode::None,
                },
                credentials,
                ca_pem: None,
                timeout: MAIL_TIMEOUT,
            };
            Mailer::smtp(&mail.from, &smtp)
        }
    };
    let unusable = "The [mail] section cannot be used";
    let own = config.mail.vendors.iter().filter(|(_, own)| !own.from.is_empty());
    let own: Vec<_> = own.map(|(code, own)| (code, own.from.as_str())).collect();
    let mailer = mailer.context(unusable)?;
    mailer
        .clone()
        .with_own(own.iter().map(|(code, from)| (VendorId::from_untrusted(code), *from)))
        .context(unusable)?;
    let of_vendors = vendors.iter().filter_map(|vendor| {
        let (_, from) = own.iter().find(|(code, _)| **code == vendor.code)?;
        Some((vendor.id.clone(), *from))
    });
    mailer.with_own(of_vendors).context(unusable)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn config(settings: &[(&str, &str)]) -> Config {
        Config::load(None, settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).unwrap()
    }

    #[test]
    fn a_master_key_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let settings = [("LEASEHOLD__KEYS__MASTER_KEY_FILE", path.to_str().unwrap())];
        assert!(master_key(&config(&settings), &Entropy::seeded(1)).is_err());
        let made =
            master_key(&config(&[settings[0], ("LEASEHOLD__KEYS__CREATE", "true")]), &Entropy::seeded(1)).unwrap();
        let read = master_key(&config(&settings), &Entropy::seeded(2)).unwrap();
        assert_eq!(made.id(), read.id());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(create_master_key(&path, &Entropy::seeded(3)).is_err(), "never overwritten");
    }

    #[test]
    fn hexadecimal_and_base64_name_the_same_master_key() {
        let id = |text: &str| read_master_key(text).unwrap().id();
        let hex = "07".repeat(32);
        assert_eq!(id(&hex), id("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n"));
        for bad in ["", "07", "BwcH", "zz"] {
            assert!(read_master_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_master_keys_open_and_come_from_the_environment_or_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.key");
        std::fs::write(&path, "08".repeat(32)).unwrap();
        let (present, listed) = ("07".repeat(32), format!("{}, {}", "09".repeat(32), "0a".repeat(32)));
        let settings = [
            ("LEASEHOLD__KEYS__MASTER_KEY", present.as_str()),
            ("LEASEHOLD__KEYS__OTHER_MASTER_KEYS", listed.as_str()),
            ("LEASEHOLD__KEYS__OTHER_MASTER_KEY_FILES", path.to_str().unwrap()),
        ];
        let opened = master_key(&config(&settings), &Entropy::seeded(1)).unwrap();
        assert_eq!(opened.id(), MasterKey::new([7; 32]).id());
        let known: Vec<bool> =
            [7, 8, 9, 10, 11].map(|byte| opened.knows(&MasterKey::new([byte; 32]).id().to_string())).to_vec();
        assert_eq!(known, [true, true, true, true, false]);
        std::fs::remove_file(&path).unwrap();
        assert!(master_key(&config(&settings), &Entropy::seeded(1)).is_err(), "a file that is named is there");
    }

    #[test]
    fn the_checkout_page_is_where_the_api_is_unless_said_otherwise() {
        let origin = |settings: &[(&str, &str)]| checkout_origin(&config(settings).stripe);
        assert_eq!(origin(&[]), "https://checkout.stripe.com");
        assert_eq!(origin(&[("LEASEHOLD__STRIPE__API_BASE", "http://127.0.0.1:12111/")]), "http://127.0.0.1:12111");
        assert_eq!(
            origin(&[("LEASEHOLD__STRIPE__CHECKOUT_ORIGIN", "https://pay.example.com/")]),
            "https://pay.example.com"
        );
    }
}
