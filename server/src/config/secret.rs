//! A setting that is never shown.

use serde::{Deserialize, Serialize, Serializer};
use zeroize::Zeroizing;

use super::ConfigError;

/// A secret text; empty means not set. Shows only whether it is set.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Secret(Zeroizing<String>);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Secret {
    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it is not set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the text from a file, if one is named. `outranks`: the file may take the place of a default.
    pub(super) fn fill_from_file(&mut self, file: &str, setting: &str, outranks: bool) -> Result<(), ConfigError> {
        if file.is_empty() {
            return Ok(());
        }
        if !self.is_empty() && !outranks {
            let twin = setting.trim_end_matches("_file");
            return Err(ConfigError(format!("Set {twin} or {setting}, not both.")));
        }
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError(format!("{setting}: {file} cannot be read: {error}.")))?;
        let text = Zeroizing::new(text);
        if text.trim().is_empty() {
            return Err(ConfigError(format!("{setting}: {file} is empty.")));
        }
        self.0 = Zeroizing::new(text.trim().to_owned());
        Ok(())
    }

    fn redacted(&self) -> &'static str {
        if self.is_empty() { "" } else { "(set)" }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "(not set)" } else { "(set)" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.redacted())
    }
}
