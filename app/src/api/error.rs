//! The licensing API's errors: problems as bodies, and the HTTP response that carries them.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use leptos::prelude::use_context;
use leptos::server_fn::codec::Post;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType};
use sdk::error::{Code, PROBLEM_JSON, Problem};
use sdk::wire::InvalidMember;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::limits::Limited;
use crate::request::Visit;

/// A refusal of the licensing API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiProblem(pub Box<Problem>);

impl From<Problem> for ApiProblem {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl FromServerFnError for ApiProblem {
    type Encoder = ProblemJson;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let invalid = match error {
            // `server_fn` carries what a decoder says as text; ours says it as JSON.
            ServerFnErrorErr::Deserialization(text) | ServerFnErrorErr::Args(text) => {
                serde_json::from_str::<Malformed>(&text).ok()
            }
            _ => None,
        };
        Self::from(match invalid {
            Some(invalid) => match count_unreadable() {
                Ok(()) => invalid.into(),
                Err(limited) => limited.into(),
            },
            None => Problem::of(Code::ServerError),
        })
    }
}

/// Counts a call that cannot be read as failing: nobody knows whether what it shows is genuine.
fn count_unreadable() -> Result<(), Limited> {
    match use_context::<Visit>() {
        Some(visit) => visit.state.limits.count_failure(visit.address),
        None => Ok(()),
    }
}

/// `application/problem+json`.
pub struct ProblemJson;

impl ContentType for ProblemJson {
    const CONTENT_TYPE: &'static str = PROBLEM_JSON;
}

impl FormatType for ProblemJson {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for ProblemJson {
    type Error = serde_json::Error;
    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for ProblemJson {
    type Error = serde_json::Error;
    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        serde_json::from_slice(&bytes)
    }
}

/// The encoding of the licensing API's requests.
pub type FlatJson = Post<FlatJsonEncoding>;

/// A flat JSON object as the only argument, `request`, of a server function.
///
/// A server function's arguments are members of one object; here the object on the wire is the argument
/// itself, so that its type is the one in `sdk::wire`, and what is wrong with it is told with its path.
pub struct FlatJsonEncoding;

impl ContentType for FlatJsonEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for FlatJsonEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for FlatJsonEncoding {
    type Error = serde_json::Error;
    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        let mut arguments = serde_json::to_value(output)?;
        serde_json::to_vec(&arguments["request"].take()).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for FlatJsonEncoding {
    type Error = Malformed;
    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        // A first pass over the raw text finds what a parsed value no longer shows: a body that is no
        // object, and members that stand twice.
        let body: UniqueMembers = serde_json::from_slice(&bytes).map_err(|error| Malformed::found(&bytes, &error))?;
        let arguments = MapDeserializer::new(std::iter::once(("request", body.0)));
        serde_path_to_error::deserialize(arguments).map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
            let path = error.path().to_string();
            let member = path.strip_prefix("request").unwrap_or(&path).trim_start_matches('.');
            let reason = error.inner().to_string();
            // A missing member is told at its parent: name the member itself.
            match reason.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
                Some(name) if member.is_empty() => {
                    Malformed { member: name.to_owned(), reason: "is missing".to_owned() }
                }
                Some(name) => Malformed { member: format!("{member}.{name}"), reason: "is missing".to_owned() },
                None if member.is_empty() => Malformed { member: "body".to_owned(), reason },
                None => Malformed { member: member.to_owned(), reason },
            }
        })
    }
}

/// Why a body cannot be read; displays as JSON, because `server_fn` carries decoding errors as text.
#[derive(Debug, Serialize, Deserialize)]
pub struct Malformed {
    member: String,
    reason: String,
}

impl Malformed {
    /// What the first pass over `body` has found: a member that stands twice is named, everything else is wrong with the body.
    fn found(body: &[u8], error: &serde_json::Error) -> Self {
        let reason = error.to_string();
        let twice = reason.strip_prefix(TWICE_BEFORE).and_then(|rest| rest.split_once(TWICE_AFTER));
        if let (true, Some((name, _))) = (error.is_data(), twice) {
            // Where it stands is asked for only now, since keeping track of it costs time.
            let again = &mut serde_json::Deserializer::from_slice(body);
            let parent = serde_path_to_error::deserialize::<_, UniqueMembers>(again).err();
            let parent = parent.map(|error| error.path().to_string()).filter(|path| path != ".");
            let member = parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"));
            return Self { member, reason: "must not stand twice".to_owned() };
        }
        let reason = if error.is_data() { reason } else { format!("is not JSON: {reason}") };
        Self { member: "body".to_owned(), reason }
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        InvalidMember::new(malformed.member, malformed.reason).into()
    }
}

/// Reads a body that is a flat JSON object, as the licensing API does.
///
/// # Errors
/// The problem, with the path of the member that is wrong.
pub fn read_flat_json<T: DeserializeOwned>(body: Bytes) -> Result<T, Box<Problem>> {
    match <FlatJsonEncoding as Decodes<OneArgument<T>>>::decode(body) {
        Ok(argument) => Ok(argument.request),
        Err(malformed) => Err(Box::new(malformed.into())),
    }
}

#[derive(Deserialize)]
struct OneArgument<T> {
    request: T,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

/// What an error says around the name of a member that stands twice.
const TWICE_BEFORE: &str = "has the member `";
const TWICE_AFTER: &str = "` twice";

/// A JSON object in which no object has a member twice: two readers could otherwise read two requests.
struct UniqueMembers(serde_json::Value);

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unique = deserializer.deserialize_any(Unique)?;
        if unique.is_object() { Ok(Self(unique)) } else { Err(serde::de::Error::custom("must be a JSON object")) }
    }
}

struct Unique;

impl<'de> serde::de::DeserializeSeed<'de> for Unique {
    type Value = serde_json::Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Unique {
    type Value = serde_json::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(serde_json::Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(list.into())
    }
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = serde_json::Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(serde::de::Error::custom(format!("{TWICE_BEFORE}{name}{TWICE_AFTER}")));
            }
            members.insert(name, map.next_value_seed(Self)?);
        }
        Ok(members.into())
    }
}

/// When to ask again whoever is not ready, where nothing better is known.
const NOT_READY_RETRY_S: i64 = 5;

/// Makes a problem the response it stands for: status, `Retry-After`, absolute `type`, request id.
#[must_use]
pub fn problem_response(problem: Problem, origin: &str, request_id: &str) -> Response<Bytes> {
    let mut problem = problem.at_origin(origin).with_request_id(request_id);
    if problem.code() == Some(Code::NotReady) {
        problem.retry_after_s.get_or_insert(NOT_READY_RETRY_S);
    }
    let mut response = Response::new(Bytes::from(serde_json::to_vec(&problem).unwrap_or_default()));
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.code() == Some(Code::MethodNotAllowed) {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct Arguments {
        request: sdk::wire::ActivateRequest,
    }

    fn refused(body: &str) -> (String, String) {
        let error = <FlatJsonEncoding as Decodes<Arguments>>::decode(Bytes::from(body.to_owned())).unwrap_err();
        (error.member, error.reason)
    }

    const GOOD: &str = r#"{"license_key":"LH-X","product":"p","version":"1","nonce":"0123456789abcdef",
                           "identity":{"kind":"instance","id":"a"},"later":[{}]}"#;

    #[test]
    fn a_flat_object_is_the_request() {
        let decoded = <FlatJsonEncoding as Decodes<Arguments>>::decode(Bytes::from(GOOD)).unwrap();
        assert_eq!(decoded.request.product, "p");
        let encoded = <FlatJsonEncoding as Encodes<Arguments>>::encode(&decoded).unwrap();
        let again = <FlatJsonEncoding as Decodes<Arguments>>::decode(encoded).unwrap();
        assert_eq!(again.request, decoded.request);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        for (body, member) in [
            ("", "body"),
            ("{", "body"),
            ("[]", "body"),
            ("null", "body"),
            ("{}", "license_key"),
            (&GOOD.replace(r#""id":"a""#, r#""id":5"#), "identity.id"),
            (&GOOD.replace(r#","id":"a""#, ""), "identity.id"),
            (&GOOD.replace("instance", "robot"), "identity.kind"),
            (&GOOD.replace("0123456789abcdef", "short"), "nonce"),
            (&GOOD.replace(r#""version":"1""#, r#""version":null"#), "version"),
            (&GOOD.replace(r#""later":[{}]"#, r#""product":"q""#), "product"),
            (&GOOD.replace(r#""later":[{}]"#, r#""later":{"a":1,"a":2}"#), "later.a"),
            (&GOOD.replace(r#""later":[{}]"#, r#""later":[{},{"b":{"a":1,"a":2}}]"#), "later[1].b.a"),
        ] {
            assert_eq!(refused(body).0, member, "{body}: {}", refused(body).1);
        }
    }
}
