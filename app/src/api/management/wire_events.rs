//! Events as they travel: CloudEvents 1.0, whose attributes are named in small letters without anything between them.

use backend::events::feed::FedEvent;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// Something that happened, in CloudEvents 1.0.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EventResponse {
    /// The version of CloudEvents.
    #[schemars(extend("enum" = ["1.0"]))]
    pub specversion: String,
    /// Its id: who has read one of this id knows it.
    pub id: String,
    /// Where it happened: the address of the vendor's portal.
    #[schemars(extend("format" = "uri-reference"))]
    pub source: String,
    /// What happened: the kind of thing, a dot, and what became of it.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Id of what it happened to; absent where that is nothing in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened, for the first time if it repeats.
    pub time: Timestamp,
    /// What `data` is.
    #[schemars(extend("enum" = ["application/json"]))]
    pub datacontenttype: String,
    /// What there is to say about it, by its type.
    pub data: serde_json::Value,
    /// The account in whose history it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accountid: Option<String>,
    /// The license that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenseid: Option<String>,
    /// The instance that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instanceid: Option<String>,
    /// How often it happened until now: what repeats within an hour is one event.
    pub occurrences: i32,
    /// When it happened last.
    pub lasttime: Timestamp,
}

impl EventResponse {
    /// An event of the vendor whose origin is `source`, by the JSON format of CloudEvents
    /// (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
    #[must_use]
    pub fn of(fed: FedEvent, source: &str) -> Self {
        let FedEvent { event, subject, account_id, license_id } = fed;
        Self {
            specversion: "1.0".to_owned(),
            id: event.id.to_string(),
            source: source.to_owned(),
            event_type: event.event_type,
            subject: Some(subject).filter(|subject| !subject.is_empty()),
            time: event.occurred_at.timestamp(),
            datacontenttype: "application/json".to_owned(),
            data: event.data.0,
            accountid: account_id.map(|id| id.to_string()),
            licenseid: license_id.map(|id| id.to_string()),
            instanceid: event.instance_id.map(|id| id.to_string()),
            // CloudEvents' integers have 32 bits.
            occurrences: i32::try_from(event.occurrences).unwrap_or(i32::MAX),
            lasttime: event.last_at.timestamp(),
        }
    }
}
