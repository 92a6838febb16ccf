//! Everything that a customer, a member of staff, a program and a product do with secrets, through the doors that are meant
//! for it, and through some that refuse.

use anyhow::{Context as _, Result, ensure};
use backend::accounts::{TotpSecret, find_user_by_email, list_memberships};
use backend::catalog::{find_plan_by_code, find_product_by_code};
use backend::clock::DAY_MS;
use backend::ids::AccountId;
use backend::keys::active_signing_key;
use backend::licenses::{LicenseStatus, NewLicense, create_license};
use backend::partners::{PartnerTerms, TermsSet, set_partner_terms};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use super::browser::{Answer, Browser, send};
use super::hunt::Secret;
use super::product::{Product, SMTP_PASSWORD, STRIPE_KEY, WEBHOOK_SECRET, master_key};

const OWNER: &str = "ada@people.test";
const STAFF: &str = "sue@vendor.test";
/// What people type. The special characters show whether one is looked for in other spellings as well.
const FIRST_PASSWORD: &str = "seven & \"quiet\" <herons> wäde";
const SECOND_PASSWORD: &str = "four loud & <geese> sleep";
const WRONG_PASSWORD: &str = "nine tired & <owls> blink";
const STAFF_PASSWORD: &str = "two striped & <badgers> dig";
const STAFF_FACTOR: &str = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U";
const JSON: (&str, &str) = ("content-type", "application/json");

/// Who has been here, and what they must keep to themselves.
pub(crate) struct Walk<'a> {
    product: &'a Product,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) visitor: Browser,
    pub(crate) owner: Browser,
    pub(crate) staff: Browser,
}

impl<'a> Walk<'a> {
    /// Goes through all doors.
    pub(crate) async fn through(product: &'a Product) -> Result<Self> {
        let browser = || Browser::new(product.port);
        let mut walk = Self { product, secrets: Vec::new(), visitor: browser(), owner: browser(), staff: browser() };
        walk.note("password of the mail server", SMTP_PASSWORD);
        walk.note("Stripe's key", STRIPE_KEY);
        walk.note("secret of Stripe's webhooks", WEBHOOK_SECRET);
        walk.secrets.push(Secret::bytes("master key", &master_key()));
        walk.sign_up().await?;
        walk.forget_the_password().await?;
        walk.set_second_factor().await?;
        walk.mail_links().await?;
        walk.use_token().await?;
        walk.use_license().await?;
        walk.ask_for_a_claim().await?;
        walk.use_voucher().await?;
        walk.work_as_staff().await?;
        walk.tell_of_an_event().await?;
        walk.note_signing_key().await?;
        Ok(walk)
    }

    fn note(&mut self, name: &str, text: &str) {
        self.secrets.push(Secret::text(name, text));
    }

    async fn sign_up(&mut self) -> Result<()> {
        self.visitor.post("log-in", &[("email", "nobody@people.test"), ("password", WRONG_PASSWORD)]).await?;
        self.note("password that was wrong", WRONG_PASSWORD);
        let session = self.visitor.cookie("leasehold")?.to_owned();
        self.note("session of a visitor", &session);

        let fields = [("email", OWNER), ("password", FIRST_PASSWORD), ("name", "Ada")];
        self.owner.post("sign-up", &fields).await?;
        self.note("password at sign-up", FIRST_PASSWORD);
        let (session, known) = (self.owner.cookie("leasehold")?.to_owned(), self.owner.cookie("leasehold-browser")?);
        let known = known.to_owned();
        self.note("session after sign-up", &session);
        self.note("cookie of a known browser", &known);
        let company = [
            ("company", "Example GmbH"),
            ("country", "DE"),
            ("line1", "Hauptstraße 1"),
            ("postal_code", "20095"),
            ("city", "Hamburg"),
        ];
        self.owner.post("create-account", &company).await?;
        let token = self.product.mailed(OWNER, "/verify-email").await?;
        self.note("secret of a link that confirms an address", &token);
        self.owner.get(&format!("/verify-email?token={token}")).await?;
        self.owner.post("verify-email", &[("token", &token)]).await?;
        // And one that everybody has seen refused.
        self.visitor.post("log-in", &[("email", OWNER), ("password", WRONG_PASSWORD)]).await?;
        Ok(())
    }

    async fn forget_the_password(&mut self) -> Result<()> {
        self.visitor.post("request-password-reset", &[("email", OWNER)]).await?;
        let token = self.product.mailed(OWNER, "/reset-password").await?;
        self.note("secret of a link that resets a password", &token);
        self.visitor.get(&format!("/reset-password?token={token}")).await?;
        // Refused once, because it is too short.
        self.visitor.post("reset-password", &[("token", &token), ("password", "short")]).await?;
        self.visitor.post("reset-password", &[("token", &token), ("password", SECOND_PASSWORD)]).await?;
        self.note("password after a reset", SECOND_PASSWORD);
        self.owner.post("log-in", &[("email", OWNER), ("password", SECOND_PASSWORD)]).await?;
        let session = self.owner.cookie("leasehold")?.to_owned();
        self.note("session after log-in", &session);
        Ok(())
    }

    async fn set_second_factor(&mut self) -> Result<()> {
        let page = self.owner.get("/account/second-factor").await?.text();
        let (_, rest) = page.split_once("secret=").context("no secret on the page of the second factor")?;
        let text = rest.split(['&', '"']).next().unwrap_or_default();
        let secret = TotpSecret::parse(text).context("no secret of an authenticator app")?;
        self.note("secret of an authenticator app", text);
        let code = secret.code_at(self.product.clock.now());
        self.owner.post("set-second-factor", &[("code", &code)]).await?;
        let page = self.owner.get("/account/second-factor").await?.text();
        let listed = page.split_once("<code>").and_then(|(_, rest)| rest.split_once("</code>"));
        let codes: Vec<_> = listed.context("no recovery codes")?.0.lines().map(str::to_owned).collect();
        ensure!(codes.len() == 10, "{codes:?}");
        for (at, code) in codes.iter().enumerate() {
            self.note(&format!("recovery code {at}"), code);
        }
        self.owner.post("keep-recovery-codes", &[]).await?;
        Ok(())
    }

    async fn mail_links(&mut self) -> Result<()> {
        let account = self.account().await?;
        let ivy = "ivy@people.test";
        self.owner.post("invite-member", &[("account_id", &account), ("email", ivy), ("role", "viewer")]).await?;
        let invitation = self.product.mailed(ivy, "/join").await?;
        self.note("secret of an invitation", &invitation);
        self.owner.post("request-email-change", &[("email", "lovelace@people.test")]).await?;
        let token = self.product.mailed("lovelace@people.test", "/account/email/confirm").await?;
        self.note("secret of a link that changes an address", &token);
        let token = self.product.mailed(OWNER, "/not-me").await?;
        self.note("secret of a link that undoes that", &token);
        // Whoever is invited and logs in by mail has the invitation's page in mind.
        let next = format!("/join?token={invitation}");
        self.visitor.post("request-sign-in-link", &[("email", OWNER), ("next", &next)]).await?;
        let token = self.product.mailed(OWNER, "/log-in/by-link").await?;
        self.note("secret of a link that logs in", &token);
        self.visitor.get(&format!("/log-in/by-link?token={token}")).await?;
        Ok(())
    }

    async fn use_token(&mut self) -> Result<()> {
        let fields = [("name", "Inventory"), ("days", "90"), ("licenses_read", "true")];
        self.owner.post("create-token", &fields).await?;
        let page = self.owner.get("/account/tokens").await?.text();
        let token = pieces(&page, "lh_", |it| it.is_ascii_alphanumeric() || it == '_');
        let token = token.into_iter().find(|it| it.len() == 41).context("no API token on the page")?;
        self.note("API token", &token);
        // The last one has a wrong checksum, and is refused.
        for sent in [token.clone(), format!("{}x", &token[..40])] {
            let bearer = format!("Bearer {sent}");
            send(self.product.port, "GET", "/api/manage/v1/licenses", &[("authorization", &bearer)], "").await?;
        }
        Ok(())
    }

    async fn use_license(&mut self) -> Result<()> {
        let license = self.issue().await?;
        let page = format!("/licenses/{license}");
        self.owner.post("reveal-key", &[("license_id", &license)]).await?;
        let key = shown_key(&self.owner.get(&page).await?)?;
        self.note("license key", &key);
        self.owner.post("replace-key", &[("license_id", &license), ("overlap_days", "7")]).await?;
        let replaced = shown_key(&self.owner.get(&page).await?)?;
        ensure!(key != replaced, "the key was not replaced");
        self.note("license key that replaced it", &replaced);

        let request = |key: &str, product: &str| {
            json!({ "license_key": key, "product": product, "version": "4.2.1", "nonce": "0123456789abcdefABCD_-01",
                    "identity": { "kind": "instance", "id": "node-a" } })
        };
        let held = self.call("licenses/activate", &request(&replaced, "iot-platform")).await?;
        let secret = held["secret"].as_str().context("no secret of the activation")?.to_owned();
        self.note("secret of an activation", &secret);
        let body = json!({ "instance_id": held["instance_id"], "secret": secret, "version": "4.2.1",
                           "nonce": "another_nonce_of_24_char" });
        let next = self.call("licenses/check", &body).await?;
        let next = next["secret"].as_str().context("no secret of the lease")?.to_owned();
        self.note("secret of a lease that was renewed", &next);

        // What is refused is logged as well.
        self.call("licenses/activate", &request(&replaced, "another-product")).await?;
        let forged = json!({ "instance_id": "ins_nothing", "secret": next, "version": "4.2.1",
                             "nonce": "another_nonce_of_24_char" });
        self.call("licenses/check", &forged).await?;
        for broken in [format!("{{\"license_key\": \"{key}\", "), format!("{{\"license_key\": [\"{key}\"]}}")] {
            let path = "/api/v1/licenses/activate";
            let answer = send(self.product.port, "POST", path, &[JSON], &broken).await?;
            ensure!(answer.status == 400 && !answer.text().contains(&key), "{}", answer.text());
        }
        Ok(())
    }

    async fn ask_for_a_claim(&mut self) -> Result<()> {
        let body = json!({ "product": "iot-platform", "version": "4.2.1", "identity": { "kind": "instance", "id": "node-b" } });
        let started = self.call("claims/start", &body).await?;
        let code = started["device_code"].as_str().context("no device code")?.to_owned();
        // What people read off one screen and type at another is no secret: for a while the pages show it to whoever has it.
        self.note("code by which a product asks for its key", &code);
        self.call("claims/poll", &json!({ "device_code": code })).await?;
        Ok(())
    }

    /// The owner is a partner, buys a voucher, reads its code and redeems it: from then on no page shows it to anybody.
    async fn use_voucher(&mut self) -> Result<()> {
        let account = self.account().await?;
        let plan = self.partner_with_plan(&account).await?;
        let fields = [
            ("account_id", account.as_str()),
            ("plan_id", &plan),
            ("interval", "month"),
            ("count", "1"),
            ("currency", "usd"),
            ("agreed_minor", "29900"),
        ];
        let checkout = self.owner.leave("buy-vouchers", &fields).await?;
        let order = self.product.pay(&checkout).await?;
        self.owner.get(&order).await?;
        let batch = order.replacen("/orders/", "/partner/vouchers/", 1);
        let page = self.owner.get(&batch).await?.text();
        let voucher = pieces(&page, "vch_", |it| it.is_ascii_alphanumeric() || it == '_').pop();
        let voucher = voucher.with_context(|| format!("no voucher on {batch}: {page}"))?;
        self.owner.post("reveal-voucher", &[("voucher_id", &voucher)]).await?;
        let page = self.owner.get(&format!("{batch}/{voucher}")).await?.text();
        let codes = pieces(&page, "VC-", |it| it.is_ascii_alphanumeric() || it == '-');
        let code = codes.into_iter().find(|code| code.len() == 38).with_context(|| format!("no code: {page}"))?;
        self.note("code of a voucher", &code);
        let table = format!("{batch}/codes.csv");
        ensure!(self.owner.get(&table).await?.text().contains(&code), "whoever typed the password gets the codes");
        // Whoever has it types it before logging in, and is asked who that is.
        let asked = self.visitor.post("enter-voucher", &[("code", &code)]).await?;
        self.visitor.get(asked.location()).await?;
        self.owner.post("redeem-voucher", &[("account_id", &account), ("code", &code)]).await?;
        // Too late, and told so.
        self.owner.post("redeem-voucher", &[("account_id", &account), ("code", &code)]).await?;
        ensure!(!self.owner.get(&table).await?.text().contains(&code), "the table shows what is over");
        Ok(())
    }

    /// Makes an account a partner, and answers the id of a plan that it can buy vouchers of.
    async fn partner_with_plan(&self, account: &str) -> Result<String> {
        let (cx, master, id) = (self.product.cx(), self.product.master(), AccountId::from_untrusted(account));
        let made = self.product.db.write(move |tx| {
            Box::pin(async move {
                let terms = PartnerTerms { commission_bp: 2_000, discount_bp: 0, days_until_due: None };
                let set = set_partner_terms(tx, &cx, &master, &id, terms).await?;
                ensure!(set == TermsSet::Made, "{set:?}");
                let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.context("no product")?;
                let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, "startup").await?.context("no plan")?;
                Ok::<_, anyhow::Error>(plan.id.to_string())
            })
        });
        made.await
    }

    async fn work_as_staff(&mut self) -> Result<()> {
        let arguments =
            ["admin", "create-staff", "--role", "admin", "--email", STAFF, "--password-stdin", "--totp-secret-stdin"];
        self.product.run(&arguments, &format!("{STAFF_PASSWORD}\n{STAFF_FACTOR}\n"))?;
        self.note("password of staff", STAFF_PASSWORD);
        self.note("secret of the app of staff", STAFF_FACTOR);
        self.staff.post("log-in", &[("email", STAFF), ("password", STAFF_PASSWORD)]).await?;
        let session = self.staff.cookie("leasehold")?.to_owned();
        self.note("session between password and code", &session);
        let secret = TotpSecret::parse(STAFF_FACTOR).context("a secret in base32")?;
        let code = secret.code_at(self.product.clock.now());
        self.staff.post("enter-code", &[("code", &code), ("next", "/staff")]).await?;
        let session = self.staff.cookie("leasehold")?.to_owned();
        self.note("session of staff", &session);
        let vendor_id = self.product.vendor.id.clone();
        let read =
            self.product.db.read(move |tx| Box::pin(async move { find_user_by_email(tx, &vendor_id, OWNER).await }));
        let owner = read.await?.context("the owner is nobody")?.id;
        let fields = [("user_id", owner.as_str()), ("reason", "Showed a passport at the desk")];
        self.staff.post("ask-factor-reset", &fields).await?;
        let token = self.product.mailed(OWNER, "/factor-reset").await?;
        self.note("secret of a link that refuses the reset of a second factor", &token);
        self.visitor.get(&format!("/factor-reset?token={token}")).await?;
        Ok(())
    }

    /// One that Stripe signed, and one that somebody else did.
    async fn tell_of_an_event(&mut self) -> Result<()> {
        let (at, body) = (self.product.clock.now().seconds(), r#"{"id":"evt_1","object":"event","type":"unknown"}"#);
        let path = format!("/stripe/webhook/{}", self.product.vendor.id);
        for secret in [WEBHOOK_SECRET, "whsec_of_somebody_else"] {
            let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes())?;
            mac.update(format!("{at}.{body}").as_bytes());
            let signature = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
            let signed = format!("t={at},v1={signature}");
            send(self.product.port, "POST", &path, &[JSON, ("stripe-signature", &signed)], body).await?;
        }
        Ok(())
    }

    async fn note_signing_key(&mut self) -> Result<()> {
        let (vendor_id, master) = (self.product.vendor.id.clone(), self.product.master());
        let db = &self.product.db;
        let read = db.read(move |tx| Box::pin(async move { active_signing_key(tx, &master, &vendor_id).await }));
        let key = read.await?.context("nothing signs")?;
        self.secrets.push(Secret::bytes("key that signs leases", &key.key.to_bytes()));
        Ok(())
    }

    /// Calls the licensing API.
    async fn call(&self, endpoint: &str, body: &Value) -> Result<Value> {
        let path = format!("/api/v1/{endpoint}");
        send(self.product.port, "POST", &path, &[JSON], &body.to_string()).await?.json()
    }

    /// The id of the owner's account.
    async fn account(&self) -> Result<String> {
        let vendor_id = self.product.vendor.id.clone();
        let read = self.product.db.read(move |tx| {
            Box::pin(async move {
                let Some(user) = find_user_by_email(tx, &vendor_id, OWNER).await? else { return Ok(None) };
                let memberships = list_memberships(tx, &vendor_id, &user.id).await?;
                Ok::<_, backend::db::DbError>(memberships.into_iter().next().map(|it| it.account.id))
            })
        });
        Ok(read.await?.context("the owner has no account")?.to_string())
    }

    /// Makes a license for the owner, as an order that was paid does.
    async fn issue(&self) -> Result<String> {
        let (cx, master) = (self.product.cx(), self.product.master());
        let account_id = AccountId::from_untrusted(&self.account().await?);
        let made = self.product.db.write(move |tx| {
            Box::pin(async move {
                let product = find_product_by_code(tx, &cx.vendor_id, "iot-platform").await?.context("no product")?;
                let plan = find_plan_by_code(tx, &cx.vendor_id, &product.id, "startup").await?.context("no plan")?;
                let new = NewLicense {
                    account_id: &account_id,
                    plan: &plan,
                    seats: 3,
                    status: LicenseStatus::Active,
                    starts_at: cx.now,
                    ends_at: Some(cx.now.plus(33 * DAY_MS)),
                    updates_until: None,
                    name: "",
                };
                let (license, _) = create_license(tx, &cx, &master, &new).await?;
                Ok::<_, anyhow::Error>(license.id.to_string())
            })
        });
        made.await
    }
}

/// Everything on a page that begins so and goes on like this.
fn pieces(page: &str, beginning: &str, belongs: fn(char) -> bool) -> Vec<String> {
    let places = page.match_indices(beginning).map(|(at, _)| &page[at..]);
    places.map(|rest| rest.chars().take_while(|it| belongs(*it)).collect()).collect()
}

/// The key that a license's page shows whole.
fn shown_key(page: &Answer) -> Result<String> {
    let keys = pieces(&page.text(), "LH-", |it| it.is_ascii_alphanumeric() || it == '-');
    keys.into_iter().find(|key| key.len() > 25).with_context(|| page.text())
}
