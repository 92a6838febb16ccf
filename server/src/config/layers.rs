//! Laying one source of settings over another. The defaults say which settings exist and of which type.

use toml::{Table, Value};

use super::{ConfigError, DEFAULTS};

const PREFIX: &str = "LEASEHOLD__";
/// What a vendor's account has: with the next the only settings whose names are not all in the defaults.
const ACCOUNT_SETTINGS: [&str; 4] = ["secret_key", "secret_key_file", "webhook_secret", "webhook_secret_file"];
/// What a vendor's mail has.
const MAIL_SETTINGS: [&str; 1] = ["from"];

pub(super) fn defaults() -> Result<Table, ConfigError> {
    DEFAULTS.parse().map_err(|error| ConfigError(format!("The compiled-in configuration is damaged: {error}")))
}

/// Lays a file's settings over `settings`; `name` is the file's, for messages.
pub(super) fn lay_file(settings: &mut Table, text: &str, name: &str) -> Result<(), ConfigError> {
    let file: Table = text.parse().map_err(|error| ConfigError(format!("{name} is not TOML: {error}")))?;
    for (section, values) in file {
        let known = settings.get_mut(&section).and_then(Value::as_table_mut);
        let known = known.ok_or_else(|| ConfigError(format!("{name}: there is no section [{section}].")))?;
        let Value::Table(values) = values else {
            return Err(ConfigError(format!("{name}: {section} is a section, so write [{section}].")));
        };
        for (setting, value) in values {
            let Some(default) = known.get_mut(&setting) else {
                return Err(ConfigError(format!("{name}: {}", unknown(&section, &setting, known))));
            };
            if default.type_str() != value.type_str() {
                let (is, wanted) = (value.type_str(), default.type_str());
                return Err(ConfigError(format!("{name}: {section}.{setting} is {is}, but must be {wanted}.")));
            }
            match (default, value) {
                (Value::Table(accounts), Value::Table(given)) => {
                    for (code, account) in given {
                        let Value::Table(account) = account else {
                            let wanted = format!("[{section}.{setting}.{code}]");
                            return Err(ConfigError(format!("{name}: an account is a section, so write {wanted}.")));
                        };
                        for (setting, value) in account {
                            lay_account(accounts, &section, &code, &setting, value)
                                .map_err(|problem| ConfigError(format!("{name}: {problem}")))?;
                        }
                    }
                }
                (default, value) => *default = value,
            }
        }
    }
    Ok(())
}

/// Lays `LEASEHOLD__SECTION__SETTING` over `settings`; other names are ignored.
pub(super) fn lay_environment(
    settings: &mut Table,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(), ConfigError> {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let path = path.to_ascii_lowercase();
        let (section, setting) = path.split_once("__").unwrap_or((&path, ""));
        let known = settings.get_mut(section).and_then(Value::as_table_mut);
        let known = known.ok_or_else(|| ConfigError(format!("{name}: there is no section [{section}].")))?;
        if let (Some(account), Some(accounts)) =
            (setting.strip_prefix("vendors__"), known.get_mut("vendors").and_then(Value::as_table_mut))
        {
            let (code, setting) = account.rsplit_once("__").unwrap_or((account, ""));
            lay_account(accounts, section, code, setting, Value::String(text))
                .map_err(|problem| ConfigError(format!("{name}: {problem}")))?;
            continue;
        }
        let Some(default) = known.get_mut(setting) else {
            return Err(ConfigError(format!("{name}: {}", unknown(section, setting, known))));
        };
        // The text itself is not repeated: it may be a secret.
        let refuse = |wanted: &str| ConfigError(format!("{name} must be {wanted}."));
        *default = match default {
            Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| refuse("true or false"))?),
            Value::Integer(_) => Value::Integer(text.parse().map_err(|_| refuse("a whole number"))?),
            Value::Array(_) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
            }
            _ => Value::String(text),
        };
    }
    Ok(())
}

/// Lays one setting of a vendor. What is wrong is said without the value, which may be a secret.
fn lay_account(accounts: &mut Table, section: &str, code: &str, setting: &str, value: Value) -> Result<(), String> {
    let known = if section == "mail" { &MAIL_SETTINGS[..] } else { &ACCOUNT_SETTINGS[..] };
    if !known.contains(&setting) {
        let names = known.join(", ");
        return Err(format!("there is no setting {section}.vendors.{code}.{setting}; it has {names}."));
    }
    if !value.is_str() {
        return Err(format!("{section}.vendors.{code}.{setting} is {}, but must be string.", value.type_str()));
    }
    let account = accounts.entry(code).or_insert_with(|| Value::Table(Table::new()));
    if let Some(account) = account.as_table_mut() {
        account.insert(setting.to_owned(), value);
    }
    Ok(())
}

fn unknown(section: &str, setting: &str, known: &Table) -> String {
    let names: Vec<_> = known.keys().map(String::as_str).collect();
    format!("there is no setting {section}.{setting}; [{section}] has {}.", names.join(", "))
}
