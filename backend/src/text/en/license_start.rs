//! Lines that start a product under its license, for the ways in which products are run.

use super::buying;

/// Heading.
pub const TITLE: &str = "Start the product";
/// Lead.
pub const LEAD: &str = "The product reads its key and this server's address when it starts.";
/// In place of the key, while it is masked.
pub const KEY_PLACE: &str = "LH-…";
/// Under the lines, while the key is masked.
pub const KEY_MISSING: &str = "Reveal the key above, and the lines carry it.";
/// Copies lines: act, done, refused.
pub const COPY_LINES: [&str; 3] = buying::COPY_LINES;

/// Lines of one kind, and what they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Name of the kind: "systemd".
    pub label: &'static str,
    /// The lines.
    pub code: String,
    /// Whether they have the key in them.
    pub holds_key: bool,
}

/// What the lines are made of.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The vendor's origin.
    pub origin: &'a str,
    /// The product's code.
    pub product: &'a str,
    /// A version that the license covers.
    pub version: &'a str,
    /// The key, or [`KEY_PLACE`].
    pub key: &'a str,
    /// Seats of the license: as many replicas may run.
    pub seats: i64,
}

/// The variables, one a line.
#[must_use]
pub fn env_file(start: &Start<'_>) -> Lines {
    let code = format!("LEASEHOLD_SERVER={}\nLEASEHOLD_LICENSE_KEY={}", start.origin, start.key);
    Lines { label: "Environment file", code, holds_key: true }
}

/// All the other ways.
#[must_use]
pub fn others(start: &Start<'_>) -> Vec<Lines> {
    let lines = |label, code, holds_key| Lines { label, code, holds_key };
    vec![
        lines("systemd", systemd(start), false),
        lines("Docker Compose", compose(start), false),
        lines("Kubernetes: the key as a Secret", kubernetes_secret(start), true),
        lines("Kubernetes: one seat for each replica", kubernetes_stateful_set(start), false),
        lines("curl: activate by hand", curl_activate(start), true),
        lines("curl: check by hand", curl_check(start), false),
        lines("Rust: build it in", rust(start), false),
    ]
}

/// A unit that reads the variables from a file.
fn systemd(start: &Start<'_>) -> String {
    let product = start.product;
    format!(
        "# /etc/systemd/system/{product}.service\n[Unit]\nAfter=network-online.target\nWants=network-online.target\n\n\
         [Service]\nEnvironmentFile=/etc/{product}/license.env\nExecStart=/usr/bin/{product}\n\
         StateDirectory={product}\nRestart=always\n\n[Install]\nWantedBy=multi-user.target"
    )
}

/// A service of a compose file; the variables stay in a file of their own, out of version control.
fn compose(start: &Start<'_>) -> String {
    let product = start.product;
    format!(
        "services:\n  {product}:\n    image: {product}\n    env_file: ./license.env\n    restart: unless-stopped\n    \
         volumes:\n      - ./data:/var/lib/{product}"
    )
}

fn kubernetes_secret(start: &Start<'_>) -> String {
    let Start { product, key, .. } = start;
    format!("kubectl create secret generic {product}-license \\\n  --from-literal=LEASEHOLD_LICENSE_KEY='{key}'")
}

/// A replica of a stateful set keeps its name and its volume, and with them its identity and its seat.
fn kubernetes_stateful_set(start: &Start<'_>) -> String {
    let Start { product, origin, version, .. } = start;
    let replicas = start.seats.clamp(1, 3);
    format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: {product}\nspec:\n  serviceName: {product}\n  \
         replicas: {replicas}\n  selector:\n    matchLabels: {{ app: {product} }}\n  template:\n    metadata:\n      \
         labels: {{ app: {product} }}\n    spec:\n      containers:\n        - name: {product}\n          \
         image: {product}:{version}\n          envFrom:\n            - secretRef: {{ name: {product}-license }}\n          \
         env:\n            - {{ name: LEASEHOLD_SERVER, value: \"{origin}\" }}\n            \
         - name: LEASEHOLD_INSTANCE_ID\n              valueFrom: {{ fieldRef: {{ fieldPath: metadata.name }} }}\n          \
         volumeMounts:\n            - {{ name: data, mountPath: /var/lib/{product} }}\n  volumeClaimTemplates:\n    \
         - metadata: {{ name: data }}\n      spec:\n        accessModes: [ReadWriteOnce]\n        \
         resources: {{ requests: {{ storage: 1Gi }} }}"
    )
}

fn curl_activate(start: &Start<'_>) -> String {
    let Start { origin, product, version, key, .. } = start;
    format!(
        "curl -sS {origin}/api/v1/licenses/activate \\\n  -H 'content-type: application/json' \\\n  -d '{{\n    \
         \"license_key\": \"{key}\",\n    \"product\": \"{product}\", \"version\": \"{version}\",\n    \
         \"identity\": {{\"kind\": \"instance\", \"id\": \"'\"$(hostname)\"'\"}},\n    \
         \"nonce\": \"'\"$(openssl rand -hex 16)\"'\"\n  }}' > lease.json"
    )
}

fn curl_check(start: &Start<'_>) -> String {
    let Start { origin, version, .. } = start;
    format!(
        "jq '{{instance_id, secret, version: \"{version}\", nonce: $nonce}}' \\\n  \
         --arg nonce \"$(openssl rand -hex 16)\" lease.json |\ncurl -sS {origin}/api/v1/licenses/check \\\n  \
         -H 'content-type: application/json' -d @- > next.json && mv next.json lease.json"
    )
}

fn rust(start: &Start<'_>) -> String {
    let Start { origin, product, .. } = start;
    format!(
        "// Once, when you build: curl -sSo trust.json {origin}/.well-known/trust.json\n\
         let client = sdk::client::Client::builder()\n    .server(\"{origin}\")\n    .product(\"{product}\")\n    \
         .version(env!(\"CARGO_PKG_VERSION\"))\n    .identity(Identity::instance(&instance_id))\n    \
         .data_file(\"/var/lib/{product}/license.json\")\n    .trust(serde_json::from_str(include_str!(\"trust.json\"))?)\n    \
         .build()?;\n\
         client.activate(&std::env::var(\"LEASEHOLD_LICENSE_KEY\")?.parse()?).await?;\n\
         // It checks by itself from now on; ask it before work that needs the license.\n\
         if client.status().stage >= Some(Stage::BlockNew) {{ /* create nothing new */ }}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Start<'_> =
        Start { origin: "https://licenses.example.com", product: "iot", version: "4.2.1", key: "LH-A", seats: 2 };

    #[test]
    fn the_key_stands_only_where_the_lines_say_that_they_hold_it() {
        assert_eq!(env_file(&START).code, "LEASEHOLD_SERVER=https://licenses.example.com\nLEASEHOLD_LICENSE_KEY=LH-A");
        for lines in others(&START) {
            assert_eq!(lines.code.contains("LH-A"), lines.holds_key, "{}", lines.label);
        }
    }

    #[test]
    fn the_service_files_read_the_variables_from_a_file_of_their_own() {
        assert!(compose(&START).contains("env_file: ./license.env"));
        assert!(systemd(&START).contains("EnvironmentFile=/etc/iot/license.env"));
        assert!(kubernetes_stateful_set(&START).contains("secretRef: { name: iot-license }"));
    }

    #[test]
    fn what_is_sent_by_hand_is_json_once_the_shell_has_filled_it_in() {
        let code = curl_activate(&START);
        let body = code.split("-d '").nth(1).and_then(|rest| rest.split("' > lease.json").next()).unwrap_or_default();
        let filled =
            body.replace("'\"$(hostname)\"'", "node-a").replace("'\"$(openssl rand -hex 16)\"'", "0123456789abcdef");
        assert!(serde_json::from_str::<sdk::wire::ActivateRequest>(&filled).is_ok(), "{filled}");
    }
}
