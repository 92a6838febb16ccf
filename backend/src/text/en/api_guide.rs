//! The chapters of the page about the licensing API: what a product does with its answers.

/// A chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// Its anchor.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// Paragraphs; words between backticks are code.
    pub paragraphs: Vec<String>,
    /// Lines to be copied, with what they do.
    pub snippets: Vec<(&'static str, String)>,
}

/// All chapters for a vendor with this origin, with `product` in the examples.
#[must_use]
pub fn chapters(origin: &str, product: &str) -> Vec<Chapter> {
    vec![lease(origin, product), enforcement(), clock(), secret(), keys(origin), revocations(), claims(), limits()]
}

fn chapter<const N: usize>(id: &'static str, title: &'static str, paragraphs: [&str; N]) -> Chapter {
    Chapter { id, title, paragraphs: paragraphs.map(str::to_owned).to_vec(), snippets: Vec::new() }
}

fn lease(origin: &str, product: &str) -> Chapter {
    let jose = format!(
        "import {{ createRemoteJWKSet, jwtVerify }} from 'jose';\n\nconst keys = createRemoteJWKSet(new \
         URL('{origin}/.well-known/jwks.json'));\nconst {{ payload }} = await jwtVerify(lease, keys, {{\n  issuer: \
         '{origin}',\n  audience: '{product}',\n  typ: 'lease+jwt',\n  algorithms: ['EdDSA', 'Ed25519'],\n}});\nif \
         (payload.nonce !== nonce) throw new Error('not the answer to this request');"
    );
    let pyjwt = format!(
        "import jwt\n\nkeys = jwt.PyJWKClient(\"{origin}/.well-known/jwks.json\")\nclaims = jwt.decode(\n    lease,\n    \
         keys.get_signing_key_from_jwt(lease).key,\n    algorithms=[\"EdDSA\"],\n    issuer=\"{origin}\",\n    \
         audience=\"{product}\",\n    options={{\"require\": [\"iss\", \"aud\", \"sub\", \"jti\", \"iat\", \"nbf\", \
         \"exp\"]}},\n)\nif jwt.get_unverified_header(lease)[\"typ\"] != \"lease+jwt\" or claims[\"nonce\"] != \
         nonce:\n    raise ValueError(\"not the answer to this request\")"
    );
    let mut chapter = chapter(
        "lease",
        "Verifying a lease",
        [
            "A lease is a JWS in compact form, signed with Ed25519 (RFC 8037). Accept `alg` only when it is `EdDSA` or \
             `Ed25519`, `typ` only when it is `lease+jwt`, and keys only from the vendor's set; compare `iss`, `aud` (the \
             product's code) and, for an answer, `nonce` (the request's own). Between `nbf` and `exp` it says what may run.",
            "`lic` license, `lty` its type, `pln` plan, `idn` identity, `lim` limits, `fea` features with their ends in Unix \
             seconds, `seats`, `upd` end of updates (perpetual licenses), `enf` enforcement policy, `chk` seconds to the \
             next check, `brw` whether it is borrowed.",
            "The version rule of perpetual licenses holds offline as well: a build may run if its release date is on or \
             before the UTC day of `upd`.",
        ],
    );
    chapter.snippets = vec![("JavaScript, with jose", jose), ("Python, with PyJWT", pyjwt)];
    chapter
}

fn enforcement() -> Chapter {
    chapter(
        "enforcement",
        "When the license cannot be confirmed",
        [
            "The lease carries the policy: `enf` is a list of stages with seconds, as in `[{\"stage\": \"warn\", \"after_s\": \
             0}, {\"stage\": \"stop\", \"after_s\": 86400}]`. The stages are `warn`, `block_new` (nothing new), `lock_admin` \
             (no administration) and `stop`.",
            "Seconds count from the first check that failed since the last accepted lease: no answer, a 5xx, or 429. No stage \
             beyond `warn` begins before the lease's `exp`. A refusal about license, seat, instance or version counts from \
             that moment and does not wait for `exp`. Without any lease ever accepted the last stage holds at once. A check \
             that succeeds clears all.",
            "The seat is another matter: once the lease has ended, another instance may take it.",
        ],
    )
}

fn clock() -> Chapter {
    chapter(
        "clock",
        "Clocks",
        [
            "A lease that answers the request's own nonce is fresh. Set the product's idea of time to its `iat`, also \
             backwards, and count on with the monotonic clock: a wrong system clock then neither ends nor extends anything.",
            "For leases from files there is no nonce: the system's clock counts, with 60 seconds of leeway, and never runs \
             behind the latest time that was seen before.",
        ],
    )
}

fn secret() -> Chapter {
    chapter(
        "secret",
        "The instance secret",
        [
            "Every answer to activate and check brings a secret that replaces the one before. Store it durably together with \
             a fresh nonce before using it, and use that nonce for every retry. The server remembers the newest secret that \
             it was shown, so lost answers, retries and concurrent checks agree.",
            "`instance_stale` means that a newer secret of this instance is in use: activate again, at most once per check \
             interval. Three such clashes within a day are a conflict: two copies run under one identity, and the owner \
             decides in the portal which one stays. After `instance_released`, `instance_deactivated` and \
             `instance_blocked` a product does not activate by itself.",
        ],
    )
}

fn keys(origin: &str) -> Chapter {
    let mut chapter = chapter(
        "keys",
        "Keys and key sets",
        [
            "Build the vendor's keys into the product as a trust bundle, `{iss, keys}`: with the key that signs now and the \
             next one. That makes a lease of somebody else's server worthless. Fetch the bundle when you build, from \
             `/.well-known/trust.json`. JOSE users may fetch the JWKS instead.",
            "A key set is a JWS of type `keys+jwt` with `iss`, `seq`, `iat` and `keys`. Accept one only when it is signed by \
             a key that you trust already and its `seq` is higher than the last, and keep it. Send that `seq` as `known_seq`: \
             activate and check then answer the sets that you lack in `keys`, oldest first.",
        ],
    );
    chapter.snippets = vec![
        ("The trust bundle, when you build", format!("curl -sSo trust.json {origin}/.well-known/trust.json")),
        ("Keys", format!("curl {origin}/.well-known/jwks.json\ncurl {origin}/.well-known/keys.json")),
    ];
    chapter
}

fn revocations() -> Chapter {
    chapter(
        "revoked",
        "Revocations",
        [
            "Every node of this server stops issuing leases at the moment of a revocation. A lease that is out already runs \
             to its end unless the product reads the list: do so between checks when leases last longer than an hour, and \
             whenever a check fails without being refused.",
            "The list is a JWS of type `revocations+jwt` with `iss`, `seq`, `iat`, `exp` and `rev`, a list of `{kind, id, \
             before}`. Reject whatever has the id and was issued (`iat`) at or before `before`; `kind` is `license`, \
             `instance`, `delegation` or `key`. Entries drop out when nothing that they cover can still be valid.",
        ],
    )
}

fn claims() -> Chapter {
    chapter(
        "claims",
        "Getting the key from a person",
        [
            "A product that runs without a screen of its own starts a claim, prints the address and the code, and polls. The \
             person opens the address on any device, compares what asks, chooses a license or buys one, and approves. The \
             next poll answers the key; activate with it as usual and store it.",
            "Both codes live for 15 minutes. Poll every `interval` seconds (five at first). `slow_down` means five seconds \
             longer from then on; `expired_token` and `access_denied` end the claim.",
        ],
    )
}

fn limits() -> Chapter {
    chapter(
        "limits",
        "Rate limits",
        [
            "Calls with a valid key or secret are limited per license, per key and per instance, never per network address. As \
             delivered, an instance may call 20 times a second (200 at once after a pause), a key 100 times (1,000), and all \
             of a license together 200 times (2,000).",
            "Failing calls are limited per address, as delivered to 5 a second and 300 at once: unknown keys, wrong secrets, \
             and what cannot be read or is sent to an address that nothing answers. Starting claims is limited to ten a \
             minute per address, thirty at once.",
            "The vendor may have set other limits, and where the server runs on several nodes each of them counts by itself.",
            "Whoever goes beyond is answered 429 `rate_limited` with `Retry-After` in seconds. Wait that long; for products \
             it counts as a check that failed, not as a refusal.",
        ],
    )
}
