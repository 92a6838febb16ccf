//! Everything that `xtask` knows of the product's programs: their names, flags, configuration keys and demo data.
//! The journeys know the same in `end2end/product.ts`.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The program and package of the product.
pub(crate) const SERVER: &str = "server";
/// The program and package of the local Stripe.
pub(crate) const SANDBOX: &str = "stripe-sandbox";
/// The commented default configuration, relative to the repository.
pub(crate) const DEFAULT_CONFIGURATION: &str = "server/src/config/default.toml";
/// Where the sandbox listens under `cargo xtask serve`.
pub(crate) const SANDBOX_PORT: u16 = 12_111;
/// What `cargo xtask serve` sells, relative to the repository.
const DEMO_CATALOG: &str = "demo/iot-platform.toml";
/// The vendor of the demo catalog (its `code`); its Stripe webhook is named after it.
const DEMO_VENDOR: &str = "nordwind";
const STRIPE_KEY: &str = "sk_test_demo";
const WEBHOOK_SECRET: &str = "whsec_demo";

/// People who can log in to the demo: role for `admin create-staff`, e-mail, password.
const STAFF: [(&str, &str, &str); 1] = [("owner", "admin@example.com", "demo-password-2026")];

/// One running copy of the product for development.
#[derive(Debug, Clone)]
pub(crate) struct Demo {
    /// Port of the portal on 127.0.0.1.
    pub(crate) port: u16,
    /// `sqlite:…` or `postgres://…`.
    pub(crate) database_url: String,
    /// Keys and mails live here.
    pub(crate) data: PathBuf,
    /// The built site.
    pub(crate) site: PathBuf,
    /// The repository.
    pub(crate) root: PathBuf,
}

impl Demo {
    /// The address of the portal.
    #[must_use]
    pub(crate) fn portal(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the mails that were "sent" lie as files.
    #[must_use]
    pub(crate) fn mails(&self) -> PathBuf {
        self.data.join("mail")
    }

    /// The server with this configuration, the command still to be said.
    #[must_use]
    pub(crate) fn server(&self, program: &Path) -> Command {
        let path = |path: PathBuf| path.display().to_string();
        let mut command = Command::new(program);
        command.current_dir(&self.root).envs([
            ("LEASEHOLD__SERVER__LISTEN", format!("127.0.0.1:{}", self.port)),
            ("LEASEHOLD__SERVER__PUBLIC_ORIGIN", self.portal()),
            ("LEASEHOLD__SERVER__SITE_ROOT", path(self.site.clone())),
            ("LEASEHOLD__DATABASE__URL", self.database_url.clone()),
            ("LEASEHOLD__STRIPE__API_BASE", sandbox_address()),
            ("LEASEHOLD__STRIPE__SECRET_KEY", STRIPE_KEY.to_owned()),
            ("LEASEHOLD__STRIPE__WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
            ("LEASEHOLD__MAIL__TRANSPORT", "file".to_owned()),
            ("LEASEHOLD__MAIL__DIRECTORY", path(self.mails())),
            ("LEASEHOLD__KEYS__MASTER_KEY_FILE", path(self.data.join("master.key"))),
        ]);
        command
    }

    /// What has to run, in this order and each to its end, before the server serves.
    #[must_use]
    pub(crate) fn preparations(&self, program: &Path) -> Vec<(&'static str, Command)> {
        let with = |arguments: &[&str]| {
            let mut command = self.server(program);
            command.args(arguments);
            command
        };
        let mut steps = vec![
            ("migrating the database", with(&["migrate"])),
            ("applying the demo catalog", with(&["admin", "apply-catalog", DEMO_CATALOG, "--yes"])),
        ];
        for (role, email, password) in STAFF {
            let arguments =
                ["admin", "create-staff", "--role", role, "--email", email, "--password", password, "--if-absent"];
            steps.push(("making the demo logins", with(&arguments)));
        }
        steps
    }

    /// The local Stripe, sending its webhooks to the portal.
    #[must_use]
    pub(crate) fn sandbox(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["--listen", &format!("127.0.0.1:{SANDBOX_PORT}"), "--api-key", STRIPE_KEY]);
        command.args(["--webhook-url", &format!("{}/stripe/webhook/{DEMO_VENDOR}", self.portal())]);
        command.args(["--webhook-secret", WEBHOOK_SECRET]);
        command
    }

    /// What a person has to know to try it.
    #[must_use]
    pub(crate) fn welcome(&self) -> String {
        let mut text = format!(
            "\nLeasehold runs. Ctrl-C stops it.\n\n  Portal           {}\n  Stripe sandbox   {}\n  Mails            {}\n",
            self.portal(),
            sandbox_address(),
            self.mails().display(),
        );
        for (role, email, password) in STAFF {
            text.push_str(&format!("  Vendor's {role:<7} {email} / {password}\n"));
        }
        text.push_str("  Customer         sign up on the price list; pay with card 4242 4242 4242 4242\n");
        text
    }
}

/// The address of the sandbox.
#[must_use]
pub(crate) fn sandbox_address() -> String {
    format!("http://127.0.0.1:{SANDBOX_PORT}")
}

/// Makes the folders, and the master key that seals all other keys (32 random bytes, base64), when they are missing.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn make_data_folder(demo: &Demo) -> Result<()> {
    std::fs::create_dir_all(demo.mails()).with_context(|| format!("{} cannot be made", demo.mails().display()))?;
    let file = demo.data.join("master.key");
    if !file.exists() {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        std::fs::write(&file, data_encoding::BASE64.encode(&key)).context("the master key cannot be written")?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&file, private).context("the master key cannot be made private")?;
        }
    }
    Ok(())
}

/// Whether `GET path` on the loopback port answers 200.
#[must_use]
pub(crate) fn answers(port: u16, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head[9..] == b"200")
    };
    ask().unwrap_or(false)
}
