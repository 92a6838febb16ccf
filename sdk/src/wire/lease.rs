//! Activating and checking: both are answered with a lease.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Identity, InvalidMember, Nonce, Secret, day, validate_name};

/// `licenses/activate`: takes a seat with the license key, or takes up again the one that this identity holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivateRequest {
    /// The key as the operator configured it.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub license_key: Secret,
    /// Product code; becomes the lease's audience.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub product: String,
    /// Version of the running build.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub version: String,
    /// Day on which that version was published; a registered release's own date wins over it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "day")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Date>"))]
    pub released_on: Option<Date>,
    /// Who takes the seat.
    pub identity: Identity,
    /// Comes back inside the lease; the same one on every retry.
    pub nonce: Nonce,
    /// Features without which the product does not run: answered `feature_not_licensed` when one is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::optional_names"))]
    pub features: Option<Vec<String>>,
    /// Seconds for which a floating lease is wanted for offline use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub borrow_s: Option<i64>,
    /// The instance secret of an earlier activation, where there is one: settles a conflict between clones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// Highest sequence number of the key sets that the client has accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_seq: Option<i64>,
}

impl ActivateRequest {
    /// Checks what types alone do not say.
    ///
    /// # Errors
    /// Names the first member that is not allowed.
    pub fn validate(&self) -> Result<(), InvalidMember> {
        validate_name("license_key", self.license_key.expose())?;
        validate_name("product", &self.product)?;
        validate_name("version", &self.version)?;
        self.identity.validate()?;
        for (place, feature) in self.features.iter().flatten().enumerate() {
            validate_name("", feature)
                .map_err(|invalid| InvalidMember::new(format!("features[{place}]"), invalid.reason))?;
        }
        validate_borrow(self.borrow_s)
    }
}

/// `licenses/check`: renews the lease and reports use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckRequest {
    /// As answered by activate.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub instance_id: String,
    /// The secret of the last answer.
    pub secret: Secret,
    /// Comes back inside the lease; the same one on every retry with this secret.
    pub nonce: Nonce,
    /// Version of the running build.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::name"))]
    pub version: String,
    /// Day on which that version was published.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "day")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Date>"))]
    pub released_on: Option<Date>,
    /// Present use by limit name, absolute; at most a hundred names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::optional_amounts"))]
    pub levels: Option<BTreeMap<String, i64>>,
    /// Use of features by name, cumulative since the activation; at most a hundred names in one check, and five hundred
    /// since the activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::optional_amounts"))]
    pub counters: Option<BTreeMap<String, i64>>,
    /// Seconds for which a floating lease is wanted for offline use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub borrow_s: Option<i64>,
    /// Highest sequence number of the key sets that the client has accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_seq: Option<i64>,
}

impl CheckRequest {
    /// Checks what types alone do not say.
    ///
    /// # Errors
    /// Names the first member that is not allowed.
    pub fn validate(&self) -> Result<(), InvalidMember> {
        validate_name("instance_id", &self.instance_id)?;
        validate_name("version", &self.version)?;
        for (member, amounts) in [("levels", &self.levels), ("counters", &self.counters)] {
            for (name, amount) in amounts.iter().flatten() {
                let named = |reason: String| InvalidMember::new(format!("{member}.{}", legible(name)), reason);
                validate_name("", name).map_err(|invalid| named(invalid.reason))?;
                if *amount < 0 {
                    return Err(named("must not be negative".to_owned()));
                }
            }
        }
        validate_borrow(self.borrow_s)
    }
}

/// A name that may be none, short enough to be recognised and without control characters.
fn legible(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(64).collect()
}

fn validate_borrow(borrow_s: Option<i64>) -> Result<(), InvalidMember> {
    match borrow_s {
        Some(seconds) if seconds < 1 => Err(InvalidMember::new("borrow_s", "must be at least 1")),
        _ => Ok(()),
    }
}

/// The answer to activate and to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeaseResponse {
    /// Names this installation in later requests.
    pub instance_id: String,
    /// The license that pays for it.
    pub license_id: String,
    /// To present at the next check; replaces the one before.
    pub secret: Secret,
    /// The lease token, see [`crate::lease`].
    #[cfg_attr(feature = "schema", schemars(description = "The lease token: a JWS in compact form."))]
    pub lease: String,
    /// Seconds until the next check, already jittered; the lease's `chk`.
    pub check_after_s: i64,
    /// The license in the words of the portal, for display; what counts is in the lease.
    pub plan: PlanView,
    /// The server's clock.
    pub server_time: Timestamp,
    /// What the operator should know, such as an end that comes near.
    #[serde(default)]
    pub notices: Vec<Notice>,
    /// Limits that reported levels exceed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_limit: Option<Vec<OverLimit>>,
    /// Key sets that the client has not seen yet, oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
}

/// The license for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanView {
    /// Plan code.
    pub code: String,
    /// Plan name for people.
    pub name: String,
    /// Limit name → amount; a missing name allows none, `-1` is unlimited.
    pub limits: BTreeMap<String, i64>,
    /// Feature name → its end, or none.
    pub features: BTreeMap<String, Option<Timestamp>>,
    /// Seats of the license.
    pub seats: i64,
    /// First moment at which no lease is issued any more, where there is one. A license that renews runs a few days past the
    /// period that is paid, so that a renewal has time to arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Perpetual only: releases dated on or before this day in UTC are covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updates_until: Option<Timestamp>,
    /// Whether the vendor wants feature counters.
    pub usage_signals: bool,
}

/// Something that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// What it is about, such as `license_ends_soon`.
    pub code: String,
    /// When it happens, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A limit that reported levels exceed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OverLimit {
    /// Limit name.
    pub name: String,
    /// Present use.
    pub used: i64,
    /// What the license allows.
    pub limit: i64,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn activate() -> serde_json::Value {
        json!({"license_key": "LH-X", "product": "iot", "version": "4.2.1", "identity": {"kind": "instance", "id": "a"},
               "nonce": "abcdefghijklmnop"})
    }

    #[test]
    fn unknown_members_are_ignored_and_absent_ones_are_not_written() {
        let mut body = activate();
        body["tomorrow"] = json!({"x": [1]});
        let request: ActivateRequest = serde_json::from_value(body).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), activate());
        assert_eq!(request.validate(), Ok(()));
    }

    #[test]
    fn a_date_is_a_day_and_nothing_more() {
        for (text, good) in [
            ("2026-11-21", true),
            ("2026-11-21T10:00:00", false),
            ("20261121", false),
            ("2026-13-01", false),
            ("2026-02-30", false),
            ("", false),
            ("+002026-11", false),
        ] {
            let mut body = activate();
            body["released_on"] = json!(text);
            assert_eq!(serde_json::from_value::<ActivateRequest>(body).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_report_is_told_by_name() {
        let long = "x".repeat(300);
        for (report, member) in [
            (json!({"levels": {"devices": -1}}), "levels.devices".to_owned()),
            (json!({"counters": {"exports": 1, "im\nports": 1}}), "counters.imports".to_owned()),
            (json!({"counters": {"": 1}}), "counters.".to_owned()),
            (json!({"levels": {&long: 1}}), format!("levels.{}", &long[..64])),
        ] {
            let mut body = json!({"instance_id": "ins_1", "secret": "s", "nonce": "abcdefghijklmnop", "version": "1"});
            body.as_object_mut().unwrap().extend(report.as_object().unwrap().clone());
            let request: CheckRequest = serde_json::from_value(body).unwrap();
            assert_eq!(request.validate().unwrap_err().member, member, "{report}");
        }
    }

    #[test]
    fn a_required_feature_that_has_no_name_is_told_by_its_place() {
        let request: ActivateRequest = serde_json::from_value(json!({"license_key": "LH-X", "product": "p",
            "version": "1", "identity": {"kind": "instance", "id": "a"}, "nonce": "abcdefghijklmnop",
            "features": ["sso", "api", ""]}))
        .unwrap();
        assert_eq!(request.validate().unwrap_err().to_string(), "features[2] must not be empty");
    }

    #[test]
    fn levels_that_are_not_integers_are_refused() {
        for bad in [json!(1.5), json!("1"), json!(null), json!(1e300)] {
            let body = json!({"instance_id": "ins_1", "secret": "s", "nonce": "abcdefghijklmnop", "version": "1",
                              "levels": {"devices": bad}});
            assert!(serde_json::from_value::<CheckRequest>(body).is_err());
        }
    }

    #[test]
    fn duplicate_members_are_refused() {
        let twice = r#"{"instance_id":"a","instance_id":"b","secret":"s","nonce":"abcdefghijklmnop","version":"1"}"#;
        assert!(serde_json::from_str::<CheckRequest>(twice).is_err());
    }
}
