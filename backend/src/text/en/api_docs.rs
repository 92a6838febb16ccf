//! The public page about the licensing API.

/// Title.
pub const TITLE: &str = "Licensing API";
/// Lead.
pub const LEAD: &str = "A product asks this server whether it may run: it activates once with the license key, then checks from time \
                        to time, and gives its seat back when it stops. The SDK does all of this; here is what travels.";
/// Heading of the calls.
pub const CALLS_TITLE: &str = "The three calls";
/// What holds for all of them.
pub const CALLS_LEAD: &str = "Each is a POST of a flat JSON object with Content-Type: application/json, at most 64 KiB. Members that the \
                              server does not know are ignored.";
/// The calls: heading, and what to know.
pub const CALLS: [(&str, &str); 3] = [
    (
        "Activate",
        "Takes a seat for this installation, or finds the one that it holds. Repeating it with the same identity never \
         takes a second seat. Draw a fresh nonce and keep it with the secret that comes back.",
    ),
    (
        "Check",
        "Renews the lease. Send the newest secret; each answer brings the next one. A retry sends the same secret and \
         nonce, so a lost answer does no harm. Ask again after check_after_s seconds.",
    ),
    ("Release", "Gives the seat back. It may be repeated."),
];
/// Heading of what to do with the answer.
pub const LEASE_TITLE: &str = "The lease";
/// What to do with it.
pub const LEASE: &str = "The answer's lease is a JWT signed with Ed25519. Verify it with the keys below, accept only EdDSA, and compare \
                         iss, aud (the product's code) and nonce. Until exp it says what may run: lim, fea, seats.";
/// Label of the keys' address.
pub const KEYS_LABEL: &str = "Keys";
/// Heading of the error table.
pub const ERRORS_TITLE: &str = "What is refused, and what to do";
/// Above the error table.
pub const ERRORS_LEAD: &str = "A refusal is application/problem+json (RFC 9457) with type, title, status, code, remedy and request_id. Act on the \
                               code; show the remedy.";
/// Caption of the error table.
pub const ERRORS_CAPTION: &str = "Codes of the API";
/// Columns of the error table.
pub const ERROR_COLUMNS: [&str; 4] = ["Code", "Status", "What happened", "What to do"];
/// The copy button: act, done, refused.
pub const COPY: [&str; 3] = ["Copy", "Copied", "Select the lines and press Ctrl+C"];

/// Activates from a shell.
#[must_use]
pub fn activate_example(origin: &str, product: &str) -> String {
    format!(
        "curl {origin}/api/v1/licenses/activate \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"license_key\": \"LH-…\", \
         \"product\": \"{product}\", \"version\": \"4.2.1\",\n       \"identity\": {{\"kind\": \"instance\", \"id\": \"node-a\"}}, \
         \"nonce\": \"Zk3yLr0bQx8sVt5n\"}}'"
    )
}

/// Checks from a shell.
#[must_use]
pub fn check_example(origin: &str) -> String {
    format!(
        "curl {origin}/api/v1/licenses/check \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"instance_id\": \"ins_…\", \
         \"secret\": \"…\", \"version\": \"4.2.1\",\n       \"nonce\": \"p2Wm9cJd4uTe7HaK\", \"levels\": {{\"devices\": 12}}}}'"
    )
}

/// Releases from a shell.
#[must_use]
pub fn release_example(origin: &str) -> String {
    format!(
        "curl {origin}/api/v1/licenses/release \\\n  -H 'Content-Type: application/json' \\\n  -d '{{\"instance_id\": \"ins_…\", \
         \"secret\": \"…\"}}'"
    )
}
