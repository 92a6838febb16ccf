//! The members of a body as lines of a table, read from its schema. A type is spelled out where it comes first.

use std::collections::BTreeMap;

use backend::text::en::api_docs::shape as text;
use serde_json::Value;

/// A member of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its path, as in `identity.kind` or `holders[].version`.
    pub(super) name: String,
    /// What it looks like, in words.
    pub(super) shape: String,
    /// What it means.
    pub(super) meaning: String,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// The anchor of the section in which its own members are listed already.
    pub(super) listed_in: Option<&'static str>,
}

/// What is listed of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Its members.
    Members(Vec<Member>),
    /// Nothing, because it is the same as one of the section with this anchor.
    SameAs(&'static str),
}

/// Reads the bodies of a page in the order of its sections.
pub(super) struct Reader<'a> {
    document: &'a Value,
    /// Types that are spelled out, and in which section.
    listed: BTreeMap<&'a str, &'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        Self { document, listed: BTreeMap::new() }
    }

    /// Lists a schema's members and those of the objects within, for the section with this anchor; what must be there
    /// comes first.
    pub(super) fn list(&mut self, schema: &'a Value, section: &'static str) -> Listing {
        if let Some(section) = self.listed_in(schema, section) {
            return Listing::SameAs(section);
        }
        let mut found = Vec::new();
        self.collect(schema, "", section, &mut found);
        Listing::Members(found)
    }

    /// Where the type that this refers to is listed already; where it is not, it is in this section from now on.
    fn listed_in(&mut self, schema: &'a Value, section: &'static str) -> Option<&'static str> {
        let reference = schema["$ref"].as_str()?;
        if !resolved(self.document, schema)["properties"].is_object() {
            return None;
        }
        let listed_in = self.listed.get(reference).copied();
        self.listed.entry(reference).or_insert(section);
        listed_in
    }

    fn collect(&mut self, schema: &'a Value, path: &str, section: &'static str, found: &mut Vec<Member>) {
        let document = self.document;
        let schema = resolved(document, schema);
        let required: Vec<&str> = list(&schema["required"]).iter().filter_map(Value::as_str).collect();
        let mut properties: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
        properties.sort_by_key(|(name, _)| !required.contains(&name.as_str()));
        for (name, member) in properties {
            let path = format!("{path}{name}");
            let target = resolved(document, member);
            // What the member says of itself comes before what its type says.
            let meaning = member["description"].as_str().or(target["description"].as_str()).unwrap_or_default();
            let listed_in = self.listed_in(member, section).or_else(|| self.listed_in(&target["items"], section));
            found.push(Member {
                shape: shape(document, member),
                meaning: meaning.to_owned(),
                optional: !required.contains(&name.as_str()),
                listed_in,
                name: path.clone(),
            });
            if listed_in.is_none() {
                self.collect(target, &format!("{path}."), section, found);
                self.collect(&target["items"], &format!("{path}[]."), section, found);
            }
        }
    }
}

/// Follows references, and through "this or null" to this.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return document.pointer(reference.trim_start_matches('#')).unwrap_or(schema);
    }
    let some = list(&schema["anyOf"]).iter().find(|one| one["type"] != "null");
    some.map_or(schema, |some| resolved(document, some))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn shape(document: &Value, schema: &Value) -> String {
    let target = resolved(document, schema);
    if let Some(words) = target["enum"].as_array() {
        return text::one_of(&words.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    }
    // An enum whose words have descriptions is a choice of constants.
    let constants: Vec<&str> = list(&target["oneOf"]).iter().filter_map(|one| one["const"].as_str()).collect();
    if !constants.is_empty() {
        return text::one_of(&constants);
    }
    let kind = match &target["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    match (kind.unwrap_or_default(), target["format"].as_str()) {
        ("string", Some("date-time")) => text::TIME.to_owned(),
        ("string", Some("date")) => text::DAY.to_owned(),
        ("string", Some("uri" | "uri-reference")) => text::URL.to_owned(),
        ("string", _) => text::text(target["minLength"].as_u64(), target["maxLength"].as_u64()),
        ("integer", _) => text::integer(target["minimum"].as_i64()),
        ("boolean", _) => text::BOOLEAN.to_owned(),
        ("array", _) => text::list(&shape(document, &target["items"])),
        _ if target["additionalProperties"].is_object() => {
            let of = &target["additionalProperties"];
            let shape = shape(document, of);
            text::map(&if is_nullable(of) { text::or_null(&shape) } else { shape })
        }
        _ => text::OBJECT.to_owned(),
    }
}

fn is_nullable(schema: &Value) -> bool {
    list(&schema["type"]).iter().chain(list(&schema["anyOf"]).iter().map(|one| &one["type"])).any(|kind| kind == "null")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(listing: Listing) -> Vec<String> {
        let Listing::Members(members) = listing else { return vec![format!("{listing:?}")] };
        let line = |member: Member| {
            let see = member.listed_in.map(|section| format!(" #{section}")).unwrap_or_default();
            let optional = if member.optional { "?" } else { "" };
            format!("{}{optional}: {}. {}{see}", member.name, member.shape, member.meaning)
        };
        members.into_iter().map(line).collect()
    }

    #[test]
    fn objects_within_are_listed_by_their_paths_and_each_type_once() {
        let document = json!({ "components": { "schemas": {
            "Who": { "description": "Who.", "type": "object", "required": ["kind"], "properties": {
                "kind": { "enum": ["a", "b"], "description": "Which, see `A`." } } },
        } } });
        let schema = json!({ "type": "object", "required": ["who"], "properties": {
            "who": { "$ref": "#/components/schemas/Who" },
            "at": { "type": ["string", "null"], "format": "date-time", "description": "When." },
            "all": { "type": "array", "items": { "$ref": "#/components/schemas/Who" } },
            "limits": { "type": "object", "additionalProperties": { "type": ["integer", "null"] } },
            "name": { "type": "string", "minLength": 1, "maxLength": 255 },
        } });
        let who = json!({ "$ref": "#/components/schemas/Who" });
        let mut reader = Reader::new(&document);
        assert_eq!(
            lines(reader.list(&schema, "one")),
            [
                "who: object. Who.",
                "who.kind: a | b. Which, see `A`.",
                "all?: list of object.  #one",
                "at?: time. When.",
                "limits?: integer, or null by name. ",
                "name?: text, 1–255 bytes. ",
            ]
        );
        assert_eq!(reader.list(&who, "two"), Listing::SameAs("one"));
        assert_eq!(lines(Reader::new(&document).list(&who, "two")), ["kind: a | b. Which, see `A`."]);
    }
}
