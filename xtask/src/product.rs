//! Everything that `xtask` knows of the product's programs: their names, flags, configuration keys and demo data.
//! The journeys know the same in `end2end/product.ts`.

use crate::site::remove_folder;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program and package of the product.
pub(crate) const SERVER: &str = "server";
/// The program and package of the local Stripe.
pub(crate) const SANDBOX: &str = "stripe-sandbox";
/// The demo product, an example of `sdk`.
pub(crate) const DEMO_PRODUCT: &str = "demo_product";
/// Its code in the demo catalog; the lines after a purchase start a program of this name.
const DEMO_PRODUCT_CODE: &str = "iot-platform";
/// The commented default configuration, relative to the repository.
pub(crate) const DEFAULT_CONFIGURATION: &str = "server/src/config/default.toml";
/// What `cargo xtask serve` sells unless it is told otherwise, relative to the repository.
pub(crate) const DEMO_CATALOG: &str = "demo/iot-platform.toml";
const STRIPE_KEY: &str = "sk_test_demo";
const WEBHOOK_SECRET: &str = "whsec_demo";

/// Somebody who can log in to the demo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Login {
    /// The address to log in with.
    pub(crate) email: &'static str,
    /// The password; no secret, as it stands here.
    pub(crate) password: &'static str,
}

/// The vendor's staff, with the role `admin`.
pub(crate) const STAFF: Login = Login { email: "admin@example.com", password: "demo-password-2026" };
/// The secret of that login's second factor, 160 bits in base32; no secret either. `cargo xtask totp` prints its codes.
pub(crate) const STAFF_TOTP_SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// A customer that has bought something.
pub(crate) const CUSTOMER: Login = Login { email: "customer@example.com", password: "demo-password-2026" };

/// A catalog file, and the vendor that it names.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    file: PathBuf,
    /// Its `code`; the vendor's Stripe webhook is named after it.
    vendor: String,
}

impl Catalog {
    /// Reads which vendor the file is of; what else is in it the product judges.
    ///
    /// # Errors
    /// When there is no such file, or it names no vendor.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let file = file.canonicalize().with_context(|| format!("there is no catalog {}", file.display()))?;
        let text = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let vendor = code(&text).with_context(|| format!("{} has no line code = \"…\"", file.display()))?.to_owned();
        Ok(Self { file, vendor })
    }
}

/// The first `code = "…"` of a catalog, which is the vendor's.
fn code(catalog: &str) -> Option<&str> {
    catalog.lines().find_map(|line| {
        let value = line.strip_prefix("code")?.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
        Some(value.split_once('"')?.0)
    })
}

/// One running copy of the product for development.
#[derive(Debug, Clone)]
pub(crate) struct Demo {
    /// Port of the portal on 127.0.0.1.
    pub(crate) port: u16,
    /// Port of the local Stripe on 127.0.0.1.
    pub(crate) stripe_port: u16,
    /// Another database than the demo's own: `sqlite:…` or `postgres://…`. It is kept from one start to the next.
    pub(crate) database_url: Option<String>,
    /// Database, keys, mails and logs live here.
    pub(crate) data: PathBuf,
    /// The built site.
    pub(crate) site: PathBuf,
    /// What is sold.
    pub(crate) catalog: Catalog,
    /// The repository.
    pub(crate) root: PathBuf,
}

/// What has to run to its end before the server serves.
pub(crate) struct Preparation {
    /// What it does, as a line of progress.
    pub(crate) what: &'static str,
    /// The program.
    pub(crate) command: Command,
    /// What it reads.
    pub(crate) input: String,
}

impl Demo {
    /// The address of the portal.
    #[must_use]
    pub(crate) fn portal(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of the local Stripe.
    #[must_use]
    pub(crate) fn stripe(&self) -> String {
        format!("http://127.0.0.1:{}", self.stripe_port)
    }

    /// Where the mails that were "sent" lie as files.
    #[must_use]
    pub(crate) fn mails(&self) -> PathBuf {
        self.data.join("mail")
    }

    /// Makes an empty data folder, unless the database is one that is kept: what the local Stripe knows of it lies in
    /// the folder and is kept with it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn begin_anew(&self) -> Result<()> {
        if self.database_url.is_none() {
            remove_folder(&self.data)?;
            // The demo product pins the vendor's keys, which are new as well.
            remove_folder(&self.root.join("data/demo-product"))?;
        }
        std::fs::create_dir_all(self.mails()).with_context(|| format!("{} cannot be made", self.mails().display()))
    }

    /// Puts the demo product into a folder as a customer has it, under the name by which the lines after a purchase start it,
    /// and answers the folder.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn place_product(&self, program: &Path) -> Result<PathBuf> {
        let folder = self.data.join("product");
        let place = folder.join(DEMO_PRODUCT_CODE);
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        if place.exists() {
            std::fs::remove_file(&place).with_context(|| format!("{} cannot be removed", place.display()))?;
        }
        if std::fs::hard_link(program, &place).is_err() {
            std::fs::copy(program, &place).with_context(|| format!("{} cannot be copied", program.display()))?;
        }
        Ok(folder)
    }

    /// The server with this configuration, the command still to be said.
    #[must_use]
    pub(crate) fn server(&self, program: &Path) -> Command {
        let path = |path: PathBuf| path.display().to_string();
        let own_database = || format!("sqlite:{}", path(self.data.join("leasehold.db")));
        let mut command = Command::new(program);
        command.current_dir(&self.root).envs([
            ("LEASEHOLD__SERVER__LISTEN", format!("127.0.0.1:{}", self.port)),
            ("LEASEHOLD__SERVER__PUBLIC_ORIGIN", self.portal()),
            ("LEASEHOLD__SERVER__SITE_ROOT", path(self.site.clone())),
            ("LEASEHOLD__DATABASE__URL", self.database_url.clone().unwrap_or_else(own_database)),
            ("LEASEHOLD__STRIPE__API_BASE", self.stripe()),
            ("LEASEHOLD__STRIPE__SECRET_KEY", STRIPE_KEY.to_owned()),
            ("LEASEHOLD__STRIPE__WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
            ("LEASEHOLD__MAIL__TRANSPORT", "file".to_owned()),
            ("LEASEHOLD__MAIL__DIRECTORY", path(self.mails())),
            ("LEASEHOLD__KEYS__MASTER_KEY_FILE", path(self.data.join("master.key"))),
            ("LEASEHOLD__KEYS__CREATE", "true".to_owned()),
        ]);
        command
    }

    /// What has to run, in this order, while the local Stripe runs already: applying the catalog pushes prices to it.
    #[must_use]
    pub(crate) fn preparations(&self, program: &Path) -> [Preparation; 4] {
        let step = |what, arguments: &[&str], input: String| {
            let mut command = self.server(program);
            command.args(arguments);
            Preparation { what, command, input }
        };
        let vendor = self.catalog.vendor.as_str();
        let staff = ["admin", "create-staff", "--vendor", vendor, "--role", "admin", "--email", STAFF.email];
        let staff =
            [&staff[..], &["--name", "Demo Admin", "--password-stdin", "--totp-secret-stdin", "--if-absent"]].concat();
        let campaign = ["admin", "create-campaign", "--vendor", vendor, "--name", "Welcome", "--code", "WELCOME20"];
        let catalog = self.catalog.file.display().to_string();
        let campaign = [&campaign[..], &["--percent", "20", "--first-purchase", "--if-absent"]].concat();
        [
            step("Migrating the database", &["migrate"], String::new()),
            step("Applying the catalog", &["admin", "apply-catalog", catalog.as_str(), "--yes"], String::new()),
            step("Making a campaign", &campaign, String::new()),
            step("Making the login of the staff", &staff, format!("{}\n{STAFF_TOTP_SECRET}\n", STAFF.password)),
        ]
    }

    /// The local Stripe, sending its webhooks to the portal.
    #[must_use]
    pub(crate) fn sandbox(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["--listen", &format!("127.0.0.1:{}", self.stripe_port), "--api-key", STRIPE_KEY]);
        command.args(["--webhook-url", &format!("{}/stripe/webhook/{}", self.portal(), self.catalog.vendor)]);
        command.args(["--webhook-secret", WEBHOOK_SECRET]);
        // Beside the database, so that both are kept or begun anew together.
        command.arg("--state").arg(self.data.join("stripe.json"));
        command
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_demo_product_lies_where_the_lines_after_a_purchase_start_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let catalog = Catalog::read(&root.join(DEMO_CATALOG)).unwrap();
        let sold = std::fs::read_to_string(&catalog.file).unwrap();
        assert!(sold.contains(&format!("\ncode = \"{DEMO_PRODUCT_CODE}\"")));
        let (data, site) = (folder.path().to_owned(), PathBuf::new());
        let demo = Demo { port: 3000, stripe_port: 3001, database_url: None, data, site, catalog, root };
        let built = folder.path().join(DEMO_PRODUCT);
        for content in ["first", "rebuilt"] {
            if built.exists() {
                std::fs::remove_file(&built).unwrap();
            }
            std::fs::write(&built, content).unwrap();
            let placed = demo.place_product(&built).unwrap();
            assert_eq!(std::fs::read_to_string(placed.join("iot-platform")).unwrap(), content);
        }
    }

    #[test]
    fn a_catalog_says_whose_it_is() {
        assert_eq!(code("# code = \"no\"\n[vendor]\ncode = \"acme\"\n[[products]]\ncode = \"x\""), Some("acme"));
        assert_eq!(code("[vendor]\nname = \"Acme\""), None);
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(DEMO_CATALOG);
        assert_eq!(Catalog::read(&demo).unwrap().vendor, "nordwind");
        assert!(Catalog::read(Path::new("never-made.toml")).is_err());
    }
}
