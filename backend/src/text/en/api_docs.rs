//! The public page about the licensing API, and the words of its OpenAPI document. The chapters below the endpoints
//! are in `api_guide`.

/// Title.
pub const TITLE: &str = "Licensing API";
/// Lead.
pub const LEAD: &str = "A product asks this server whether it may run: it activates once with the license key, then checks from time \
                        to time, and gives its seat back when it stops. The SDK does all of this; here is what travels.";
/// The way to the document for machines.
pub const OPENAPI: &str = "OpenAPI document";
/// Heading of the table of contents.
pub const CONTENTS: &str = "On this page";
/// Heading of what holds for every call.
pub const RULES_TITLE: &str = "What holds for every call";
/// What holds for every call.
pub const RULES: [&str; 6] = [
    "Calls are POST of a flat JSON object with `Content-Type: application/json`, not compressed, at most 64 KiB. Cookies and \
     `Accept` are ignored, and there is never a redirect.",
    "Members that the receiver does not know are ignored, on both sides; a member that stands twice is refused. Within \
     version 1 members, notices and codes are only added.",
    "Times are RFC 3339 in UTC, days are `YYYY-MM-DD` in UTC, members that end in `_s` are whole seconds, those that end in \
     `_minor` are the smallest unit of the currency. Inside tokens times are Unix seconds.",
    "A success is 200 with `application/json`. A refusal is `application/problem+json` (RFC 9457): act on its `code`, show \
     its `remedy`. Every answer has the header `X-Request-Id`, by which the vendor finds it in the log.",
    "Limits are integers by name: a name that is missing allows none, -1 is unlimited. Features are names with an end, or \
     null where they have none.",
    "`id` and `device` of an identity are compared byte for byte. Choose them once and keep them over restarts and updates: \
     whoever presents the identity of a held seat gets that seat, never a second one.",
];

/// The parts of the OpenAPI document: name, and what it holds.
pub const TAGS: [(&str, &str); 4] = [
    ("Licenses", "What a product calls with its key or its instance secret."),
    ("Claims", "How a running product gets its key from a person with a browser (RFC 8628)."),
    ("Keys", "What verifies leases without asking this server."),
    ("Service", "About the server itself."),
];

/// What is said about an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointWords {
    /// Its part of the document.
    pub tag: &'static str,
    /// What it does, as a heading.
    pub title: &'static str,
    /// What to know about it.
    pub sentence: &'static str,
}

/// The words of an endpoint, by its operation id.
#[must_use]
pub fn endpoint(id: &str) -> EndpointWords {
    let (tag, title, sentence) = match id {
        "licenses-activate" => (
            "Licenses",
            "Activate",
            "Takes a seat for this instance, or finds the one that it holds. Repeating it with the same identity never \
             takes a second seat. Draw a fresh nonce, keep it with the secret that comes back, and send the same one again \
             when the answer was lost.",
        ),
        "licenses-check" => (
            "Licenses",
            "Check",
            "Renews the lease and reports use. Send the newest secret; each answer brings the next one. A retry sends the \
             same secret and nonce, so a lost answer does no harm. Ask again after `check_after_s` seconds.",
        ),
        "licenses-release" => (
            "Licenses",
            "Release",
            "Gives the seat back when the product stops. It may be repeated; `free_at` says when another may have the seat.",
        ),
        "licenses-instances" => (
            "Licenses",
            "List the holders",
            "Tells who holds the seats of the license, oldest first, a hundred at a time: `next` is sent as `cursor` for those \
             that follow. With the bare key the ids of users are masked.",
        ),
        "licenses-deactivate" => (
            "Licenses",
            "Free another's seat",
            "Frees the seat of another instance, for instance of a machine that burnt down. With the bare key three times an \
             hour; the owner of the license is told by mail. The instance itself may activate again after ten minutes.",
        ),
        "claims-start" => (
            "Claims",
            "Start a claim",
            "A product without a key asks for two codes. Show the person `user_code` and `verification_uri`, or \
             `verification_uri_complete` as a link or QR code, and keep `device_code` secret.",
        ),
        "claims-poll" => (
            "Claims",
            "Poll a claim",
            "Asks whether somebody has decided. Until then it is refused with `authorization_pending`; wait `interval` \
             seconds between two polls, and five seconds longer after each `slow_down`. The key is answered again for ten \
             minutes, in case an answer is lost.",
        ),
        "jwks" => (
            "Keys",
            "JSON Web Key Set",
            "The keys that verify leases, for any JOSE library (RFC 7517). Keep it for as long as its `Cache-Control` says.",
        ),
        "trust-bundle" => (
            "Keys",
            "Trust bundle",
            "The vendor's origin and its keys, as the SDK takes them. Fetch it once when you build, look at its `iss`, and \
             build it into the product: a product that fetches its keys when it runs believes whatever server it is sent to.",
        ),
        "key-sets" => (
            "Keys",
            "Key sets",
            "Every set of keys since the first, each signed by a key of the one before: a product that was built years ago \
             walks from the keys that it was built with to those of today.",
        ),
        "revocations" => (
            "Keys",
            "Revocations",
            "A signed list of what must not be accepted any more although it has not ended yet, as a JWS of type \
             `revocations+jwt`.",
        ),
        "openapi" => ("Service", "This description", "The OpenAPI 3.1 document of this API."),
        "healthz" => ("Service", "Alive", "Answers while the process lives."),
        "readyz" => {
            ("Service", "Ready", "Answers 200 while the process can serve, and 503 with the reason while it cannot.")
        }
        _ => ("Service", "", ""),
    };
    EndpointWords { tag, title, sentence }
}

/// Description of a success.
pub const SUCCESS: &str = "As asked.";
/// Description of `/readyz` while the server cannot serve.
pub const NOT_READY: &str = "The reason why not, in a line of text.";
/// Description of an answer to whoever has it already.
pub const NOT_MODIFIED: &str = "The same as the `ETag` that was sent in `If-None-Match`.";
/// Description of the header.
pub const ETAG: &str = "Names the content, for `If-None-Match`.";
/// Description of the header.
pub const CACHE_CONTROL: &str = "For how long the answer may be kept.";
/// Description of the header.
pub const ANY_ORIGIN: &str = "Scripts of any site may read it.";
/// Description of the header.
pub const RETRY_AFTER: &str = "Seconds to wait.";
/// Description of the header.
pub const REQUEST_ID: &str = "Names the request in the server's log.";

/// Headings within an endpoint: what is sent, what is answered, what it refuses with.
pub const PARTS: [&str; 3] = ["Request", "Answer", "Refused with"];
/// Columns of the members: name, shape, meaning.
pub const MEMBER_COLUMNS: [&str; 3] = ["Member", "Shape", "Meaning"];
/// Below the name of a member that may be left out.
pub const OPTIONAL: &str = "optional";

/// Before a link, where the members are those of another body.
pub const SAME_AS: &str = "The same as for";
/// Before a link, where an object's members are listed elsewhere.
pub const AS_IN: &str = "as in";

/// What the table of an endpoint's members lists, heard.
#[must_use]
pub fn members_caption(title: &str, part: &str) -> String {
    format!("{title}: {part}")
}

/// A token or a line of text instead of members.
#[must_use]
pub fn text_answer(media_type: &str) -> String {
    format!("Text of the type {media_type}.")
}

/// The shapes of members, in words.
pub mod shape {
    /// Text of a length in characters.
    #[must_use]
    pub fn text(least: Option<u64>, most: Option<u64>) -> String {
        match (least, most) {
            // Names: JSON Schema counts characters where the server counts bytes.
            (Some(1), Some(255)) => "text, 1–255 bytes".to_owned(),
            (Some(least), Some(most)) => format!("text, {least}–{most} characters"),
            _ => "text".to_owned(),
        }
    }

    /// A whole number not below `least`.
    #[must_use]
    pub fn integer(least: Option<i64>) -> String {
        least.map_or_else(|| "integer".to_owned(), |least| format!("integer ≥ {least}"))
    }

    /// One of a few words.
    #[must_use]
    pub fn one_of(words: &[&str]) -> String {
        words.join(" | ")
    }

    /// A list of these.
    #[must_use]
    pub fn list(of: &str) -> String {
        format!("list of {of}")
    }

    /// An object of these by name.
    #[must_use]
    pub fn map(of: &str) -> String {
        format!("{of} by name")
    }

    /// The same, or null.
    #[must_use]
    pub fn or_null(of: &str) -> String {
        format!("{of}, or null")
    }

    /// `true` or `false`.
    pub const BOOLEAN: &str = "true or false";
    /// A moment.
    pub const TIME: &str = "time";
    /// A day.
    pub const DAY: &str = "day";
    /// An address.
    pub const URL: &str = "URL";
    /// Members of its own.
    pub const OBJECT: &str = "object";
}

/// Heading of the error table.
pub const ERRORS_TITLE: &str = "What is refused, and what to do";
/// Above the error table.
pub const ERRORS_LEAD: &str = "The code is the `type` of the problem as well: its address is that of its line here.";
/// Caption of the error table.
pub const ERRORS_CAPTION: &str = "Codes of the API";
/// Columns of the error table.
pub const ERROR_COLUMNS: [&str; 4] = ["Code", "Status", "What happened", "What to do"];
/// Heading of the members of a problem.
pub const PROBLEM_TITLE: &str = "Members of a problem";
/// The copy button: act, done, refused.
pub const COPY: [&str; 3] = ["Copy", "Copied", "Select the lines and press Ctrl+C"];

/// Label of the lines that call an endpoint.
#[must_use]
pub fn curl_label(title: &str) -> String {
    format!("{title}, with curl")
}

/// Calls an endpoint from a shell.
#[must_use]
pub fn curl(url: &str, body: Option<&str>) -> String {
    match body {
        Some(body) => format!("curl {url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{body}'"),
        None => format!("curl {url}"),
    }
}
