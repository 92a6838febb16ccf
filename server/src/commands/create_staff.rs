//! `server admin create-staff`.

use anyhow::{Context, Result, bail};
use backend::accounts::{
    FactorGift, NewStaff, Password, Passwords, StaffCreation, StaffRole, TotpSecret, User, create_staff,
    find_user_by_email, give_second_factor,
};
use backend::cx::Entropy;
use backend::db::{Db, DbError};
use backend::ids::VendorId;
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// A new member of staff.
#[derive(Args)]
pub(crate) struct Arguments {
    /// E-mail address to sign in with.
    #[arg(long)]
    email: String,
    /// What it may do: admin, support, finance or read_only.
    #[arg(long, value_parser = role)]
    role: StaffRole,
    /// What it is called.
    #[arg(long, default_value = "")]
    name: String,
    /// Vendor, by code; needed only when there are several.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
    /// Read the password from the first line of standard input. Without any, one is made up and printed.
    #[arg(long, conflicts_with = "password")]
    password_stdin: bool,
    /// The password itself, for demos: other people on this machine can see command lines.
    #[arg(long)]
    password: Option<String>,
    /// Read the secret of an authenticator app from the next line of standard input, in base32, 32 characters. Without it,
    /// the person sets a second factor up after the first log-in.
    #[arg(long)]
    totp_secret_stdin: bool,
    /// Leave somebody who is staff already as it is.
    #[arg(long)]
    if_absent: bool,
}

fn role(word: &str) -> Result<StaffRole, String> {
    StaffRole::parse(word).ok_or_else(|| "the roles are admin, support, finance and read_only".to_owned())
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let clock = parts::clock();
    let entropy = Entropy::system();
    let db = parts::open_migrated_database(config).await?;
    let vendor = choose_vendor(&db, arguments.vendor).await?;
    if arguments.if_absent {
        let (vendor_id, email) = (vendor.id.clone(), arguments.email.clone());
        let known: Result<_, DbError> =
            db.read(move |tx| Box::pin(async move { find_user_by_email(tx, &vendor_id, &email).await })).await;
        if known?.is_some_and(|user| user.staff_role.is_some()) {
            println!("{} is staff of {} already.", arguments.email, vendor.code);
            db.close().await;
            return Ok(());
        }
    }
    let (password, made_up) = match arguments.password {
        Some(password) => (password, false),
        None if arguments.password_stdin => (read_line("The password")?, false),
        None => (make_password(&entropy), true),
    };
    let secret = match arguments.totp_secret_stdin {
        true => {
            let line = read_line("The secret")?;
            Some(TotpSecret::parse(&line).context("The secret has to be 32 characters in base32, which are 160 bits")?)
        }
        false => None,
    };
    let shown = if made_up { format!(" Password, shown only now: {password}") } else { String::new() };
    let new = NewStaff {
        email: arguments.email,
        name: arguments.name,
        role: arguments.role,
        password: Password::new(password),
    };
    let created =
        create_staff(&db, &Passwords::default(), &parts::operator_cx(vendor.id.clone(), &clock), &new).await?;
    if let (StaffCreation::Created(user) | StaffCreation::Promoted(user), Some(secret)) = (&created, secret) {
        give_factor(&db, config, vendor.id, user, secret).await?;
    }
    db.close().await;
    match created {
        StaffCreation::Created(user) => {
            println!("{} is {} of {} now.{shown}", user.email, arguments.role.as_str(), vendor.code)
        }
        StaffCreation::Promoted(user) => {
            println!("{} was known: it is {} now and keeps its password.", user.email, arguments.role.as_str());
        }
        StaffCreation::Unproven(user) => bail!(
            "{} was registered by somebody who has not confirmed the address. Let the person confirm it first, or invite the \
             person in the console.",
            user.email
        ),
        StaffCreation::Refused(problems) => {
            for problem in &problems {
                eprintln!("{}", backend::text::en::accounts::problem(problem));
            }
            bail!("Nobody was created.");
        }
        StaffCreation::NotAllowed => bail!("The operator may not do this."),
    }
    Ok(())
}

async fn give_factor(db: &Db, config: &Config, vendor_id: VendorId, user: &User, secret: TotpSecret) -> Result<()> {
    let master = parts::open_master(&parts::master_key(config, &Entropy::system())?, db).await?;
    let (cx, user_id) = (parts::operator_cx(vendor_id, &parts::clock()), user.id.clone());
    let given: Result<_, DbError> = db
        .write(move |tx| Box::pin(async move { give_second_factor(tx, &cx, &master, &user_id, &secret).await }))
        .await;
    if given? == FactorGift::AlreadySet {
        println!("{} has a second factor already, and keeps it.", user.email);
    }
    Ok(())
}

fn read_line(what: &'static str) -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).with_context(|| format!("{what} cannot be read"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// 128 random bits in groups that can be read aloud.
fn make_password(entropy: &Entropy) -> String {
    let text = data_encoding::BASE32_DNSSEC.encode(&entropy.bytes::<16>());
    let groups: Vec<_> = text.as_bytes().chunks(7).map(String::from_utf8_lossy).collect();
    groups.join("-")
}
