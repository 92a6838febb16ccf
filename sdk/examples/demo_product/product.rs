//! The product itself: devices, and what the license means for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sdk::{
    client::{Client, ClientError, Status},
    lease::{Limit, Stage},
    license_key::LicenseKey,
};
use serde_json::{Value, json};

use super::args::Args;

/// The name under which the license limits devices.
const DEVICES: &str = "devices";

pub(super) struct Product {
    client: Client,
    version: String,
    instance: String,
    devices: Mutex<Vec<String>>,
}

impl Product {
    pub(super) fn new(client: Client, args: &Args) -> Self {
        client.set_level(DEVICES, 0);
        Self { client, version: args.version.clone(), instance: args.instance_id.clone(), devices: Mutex::default() }
    }

    fn devices(&self) -> MutexGuard<'_, Vec<String>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the seat, and says what came of it.
    pub(super) async fn activate(&self, key: &LicenseKey) -> String {
        match self.client.activate(key).await {
            Ok(_) => format!("activated\n{}", self.describe()),
            Err(error) => format!("not activated: {}\n{}", explain(&error), self.describe()),
        }
    }

    /// Creates devices, as many as the license allows.
    ///
    /// # Errors
    /// The sentence that the person at the keyboard reads, when not all could be created.
    pub(super) fn add(&self, count: u32) -> Result<String, String> {
        let status = self.client.status();
        if status.stage >= Some(Stage::BlockNew) {
            return Err(format!("no devices were created: {}", stage_line(&status)));
        }
        let limit = status.limit(DEVICES);
        let mut devices = self.devices();
        let mut created = 0;
        while created < count && limit.allows(amount(&devices).saturating_add(1)) {
            let name = format!("{}-device-{}", self.instance, devices.len() + 1);
            devices.push(name);
            created += 1;
        }
        self.client.set_level(DEVICES, amount(&devices));
        let line = format!("{created} created, {} of {limit} devices", devices.len());
        if created == count { Ok(line) } else { Err(format!("{line}: the license allows no more; upgrade the plan")) }
    }

    /// Removes the newest devices.
    ///
    /// # Errors
    /// When administration is locked.
    pub(super) fn remove(&self, count: u32) -> Result<String, String> {
        let status = self.client.status();
        if status.stage >= Some(Stage::LockAdmin) {
            return Err(format!("no devices were removed: {}", stage_line(&status)));
        }
        let mut devices = self.devices();
        let left = devices.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
        devices.truncate(left);
        self.client.set_level(DEVICES, amount(&devices));
        Ok(format!("{left} of {} devices", status.limit(DEVICES)))
    }

    /// Checks the license now.
    ///
    /// # Errors
    /// Why it could not be confirmed.
    pub(super) async fn check(&self) -> Result<String, String> {
        match self.client.check_now().await {
            Ok(_) => Ok(format!("checked\n{}", self.describe())),
            Err(error) => Err(format!("not confirmed: {}", explain(&error))),
        }
    }

    /// Gives the seat back.
    ///
    /// # Errors
    /// Why it is still held.
    pub(super) async fn release(&self) -> Result<String, String> {
        match self.client.release().await {
            Ok(free_at) => Ok(format!("released; another may have the seat from {free_at}")),
            Err(error) => Err(format!("not released: {}", explain(&error))),
        }
    }

    /// A few lines for the terminal.
    pub(super) fn describe(&self) -> String {
        let status = self.client.status();
        let until = status.licensed_until.map_or_else(|| "nothing".to_owned(), |until| until.to_string());
        let mut lines = vec![
            format!("  license  {} plan, lease until {until}", status.plan_code.as_deref().unwrap_or("no")),
            format!("  devices  {} of {}", self.devices().len(), status.limit(DEVICES)),
            format!("  stage    {}", stage_line(&status)),
        ];
        if let Some(error) = &status.last_error {
            lines.push(format!("  error    {}", error.message));
        }
        lines.join("\n")
    }

    /// The same for programs.
    pub(super) fn describe_json(&self) -> Value {
        let status = self.client.status();
        let devices = self.devices().len();
        json!({
            "version": self.version,
            "instance": self.instance,
            "devices": devices,
            "device_limit": match status.limit(DEVICES) { Limit::AtMost(limit) => limit, Limit::Unlimited => -1 },
            "running": status.stage < Some(Stage::Stop),
            "license": status,
        })
    }
}

fn amount(devices: &[String]) -> i64 {
    i64::try_from(devices.len()).unwrap_or(i64::MAX)
}

/// What the stage means in this product.
fn stage_line(status: &Status) -> &'static str {
    match status.stage {
        None => "licensed",
        Some(Stage::Warn) => "warn: the license could not be confirmed; everything works for now",
        Some(Stage::BlockNew) => "block_new: no new devices until the license is confirmed",
        Some(Stage::LockAdmin) => "lock_admin: no changes until the license is confirmed",
        Some(Stage::Stop) => "stop: the devices are halted until the license is confirmed",
    }
}

/// A failure with everything that helps: who holds the seats, and what to do.
fn explain(error: &ClientError) -> String {
    let ClientError::Refused(problem) = error else { return format!("{error}. {}", error.remedy()) };
    let mut text = problem.to_string();
    if let Some(detail) = &problem.detail {
        text.push_str(&format!("\n  {detail}"));
    }
    for holder in problem.holders.iter().flatten() {
        let identity = &holder.identity;
        text.push_str(&format!(
            "\n  held by {} {} since {}",
            identity.kind.as_str(),
            identity.id,
            holder.first_contact_at
        ));
    }
    if let Some(newest) = &problem.newest_covered {
        text.push_str(&format!("\n  newest covered release: {} of {}", newest.version, newest.released_on));
    }
    text
}

/// Says on the terminal what the background task finds out.
pub(super) async fn announce_changes(product: Arc<Product>) {
    let mut watch = product.client.watch();
    let mut shown = watch.borrow_and_update().clone();
    while watch.changed().await.is_ok() {
        let status = watch.borrow_and_update().clone();
        if status.stage != shown.stage {
            println!("license: {}", stage_line(&status));
        }
        if status.limit(DEVICES) != shown.limit(DEVICES) {
            println!("license: the limit is now {} devices", status.limit(DEVICES));
        }
        for over in &status.over_limit {
            println!("license: {} of {} {} in use", over.used, over.limit, over.name);
        }
        shown = status;
    }
}
