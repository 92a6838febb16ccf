//! Finding secrets in what was kept or shown, in whatever way they are written there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use data_encoding::{
    BASE32_DNSSEC, BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE,
    HEXUPPER,
};

/// Shorter pieces would be found by chance.
const SHORTEST: usize = 8;
/// What the shortest key has, in bytes: what decodes to less is no text of a key.
const SHORTEST_KEY: usize = 16;
/// How much of what stands before a find is told.
const CONTEXT: usize = 80;

/// Something that only whom it was given to may know.
pub(crate) struct Secret {
    /// What it is, as a failure names it.
    pub(crate) name: String,
    /// The bytes by which it is known: as it is typed, and what that stands for.
    cores: BTreeSet<Vec<u8>>,
}

impl Secret {
    /// One that is a text.
    pub(crate) fn text(name: &str, text: &str) -> Self {
        let bare: String = text.chars().filter(|it| !matches!(it, '-' | ' ' | '\n')).collect();
        let mut cores = BTreeSet::from([text.as_bytes().to_vec(), bare.clone().into_bytes()]);
        for spelled in [bare.clone(), bare.to_ascii_lowercase(), bare.to_ascii_uppercase()] {
            for encoding in [&HEXLOWER_PERMISSIVE, &BASE32_DNSSEC, &BASE32_NOPAD, &BASE64URL_NOPAD, &BASE64_NOPAD] {
                cores.extend(encoding.decode(spelled.as_bytes()).ok().filter(|raw| raw.len() >= SHORTEST_KEY));
            }
            cores.insert(spelled.into_bytes());
        }
        // A session's id has dashes of its own, which are no ornament.
        cores.extend(BASE64URL_NOPAD.decode(text.as_bytes()).ok().filter(|raw| raw.len() >= SHORTEST_KEY));
        Self { name: name.to_owned(), cores }
    }

    /// One that is bytes.
    pub(crate) fn bytes(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), cores: BTreeSet::from([bytes.to_vec()]) }
    }
}

/// What these bytes may look like where they are written down.
fn spellings(core: &[u8]) -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let mut ways = BTreeMap::from([
        ("as it is", vec![core.to_vec()]),
        ("hexadecimal", vec![HEXLOWER.encode(core).into_bytes(), HEXUPPER.encode(core).into_bytes()]),
        ("a list of numbers", [",", ", "].map(|between| numbers(core, between).into_bytes()).to_vec()),
        ("base32", vec![base32(core, &BASE32_NOPAD), base32(core, &BASE32_DNSSEC)]),
    ]);
    let base64 = (0..3).flat_map(|before| [&BASE64, &BASE64URL_NOPAD].map(|it| base64_within(core, before, it)));
    ways.insert("base64", base64.collect());
    if let Ok(text) = std::str::from_utf8(core) {
        let form = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
        let form = form.trim_start_matches('=');
        let percent = vec![form.to_owned(), form.replace('+', "%20"), form.to_lowercase()];
        ways.insert("percent-encoded", percent.into_iter().map(String::into_bytes).collect());
        let quoted = serde_json::to_string(text).unwrap_or_default();
        ways.insert("JSON", vec![quoted.trim_matches('"').as_bytes().to_vec()]);
        let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        ways.insert("HTML", vec![html.clone().into_bytes(), html.replace('"', "&quot;").into_bytes()]);
    }
    ways
}

fn numbers(core: &[u8], between: &str) -> String {
    core.iter().map(u8::to_string).collect::<Vec<_>>().join(between)
}

/// Without the last character, which may hold bits of what follows.
fn base32(core: &[u8], encoding: &Encoding) -> Vec<u8> {
    let mut text = encoding.encode(core).into_bytes();
    text.truncate(core.len() * 8 / 5);
    text
}

/// These bytes in the base64 of something longer, in which so many bytes (of three) stand before them. Characters that
/// hold bits of their neighbours are left out.
fn base64_within(core: &[u8], before: usize, encoding: &Encoding) -> Vec<u8> {
    let mut whole = vec![0; before];
    whole.extend(core);
    let text = encoding.encode(&whole).into_bytes();
    text[(before * 8).div_ceil(6)..whole.len() * 8 / 6].to_vec()
}

/// Looks for all of them at once.
pub(crate) struct Hunt {
    /// Which secret, written how, and what that looks like.
    needles: Vec<(String, Vec<u8>)>,
    /// Their first bytes.
    beginnings: HashMap<Vec<u8>, Vec<usize>>,
    /// Whether one begins with these two bytes: most places are passed over by that.
    first_two: Vec<bool>,
}

impl Hunt {
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = BTreeMap::new();
        for secret in secrets {
            for core in &secret.cores {
                for (way, looks) in spellings(core) {
                    for look in looks.into_iter().filter(|look| look.len() >= SHORTEST) {
                        needles.entry(look).or_insert_with(|| format!("{} ({way})", secret.name));
                    }
                }
            }
        }
        let needles: Vec<_> = needles.into_iter().map(|(look, name)| (name, look)).collect();
        let mut beginnings: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        let mut first_two = vec![false; 1 << 16];
        for (at, (_, look)) in needles.iter().enumerate() {
            beginnings.entry(look[..SHORTEST].to_vec()).or_default().push(at);
            first_two[pair(look)] = true;
        }
        Self { needles, beginnings, first_two }
    }

    /// Every secret that is in there, with what stands before it.
    pub(crate) fn find(&self, place: &str, within: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeMap::new();
        for (at, beginning) in within.windows(SHORTEST).enumerate() {
            if !self.first_two[pair(beginning)] {
                continue;
            }
            for needle in self.beginnings.get(beginning).into_iter().flatten() {
                let (name, look) = &self.needles[*needle];
                if within[at..].starts_with(look) {
                    found.entry(name).or_insert(at);
                }
            }
        }
        let told = |(name, at): (&String, usize)| {
            let before = String::from_utf8_lossy(&within[at.saturating_sub(CONTEXT)..at]).replace('\n', " ");
            format!("{name} in {place} after …{before}")
        };
        found.into_iter().map(told).collect()
    }
}

fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[test]
fn a_secret_is_found_in_whatever_way_it_is_written() {
    let password = Secret::text("password", "heron & \"wader\" <ü>");
    let token = Secret::text("token", "k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k0");
    let key = Secret::text("license key", "LH-ABCDE-FGHJK-MNPQR-STVWX");
    let master = Secret::bytes("master key", &[7, 200, 13, 14, 15, 16, 17, 18, 19, 20, 255, 22, 23, 24, 25, 26]);
    let hunt = Hunt::of([&password, &token, &key, &master]);
    for (name, written) in [
        ("password", "said heron & \"wader\" <ü> aloud".to_owned()),
        ("password", "heron &amp; \"wader\" &lt;ü&gt;".to_owned()),
        ("password", "heron &amp; &quot;wader&quot; &lt;ü&gt;".to_owned()),
        ("password", r#"{"password":"heron & \"wader\" <ü>"}"#.to_owned()),
        ("password", "password=heron+%26+%22wader%22+%3C%C3%BC%3E&next=".to_owned()),
        ("password", "password=heron%20%26%20%22wader%22%20%3C%C3%BC%3E".to_owned()),
        ("password", format!("AUTH PLAIN {}", BASE64.encode("\0me\0heron & \"wader\" <ü>".as_bytes()))),
        ("password", HEXLOWER.encode("heron & \"wader\" <ü>".as_bytes())),
        ("token", "?token=k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k0&x".to_owned()),
        ("license key", "lhabcdefghjkmnpqrstvwx".to_owned()),
        ("license key", "LH-ABCDE-FGHJK-MNPQR-STVWX".to_owned()),
        ("master key", "[7,200,13,14,15,16,17,18,19,20,255,22,23,24,25,26]".to_owned()),
        ("master key", "07C80D0E0F10111213 14FF".replace(' ', "") + "161718191A"),
    ] {
        let found = hunt.find("a text", written.as_bytes());
        assert!(found.iter().any(|it| it.starts_with(name)), "{name} in {written}: {found:?}");
    }
    // Within the base64 of something longer, wherever it stands there.
    for before in 0..4 {
        let longer = ["x".repeat(before).as_bytes(), "heron & \"wader\" <ü>".as_bytes(), b"and so on"].concat();
        for encoding in [&BASE64, &BASE64URL_NOPAD] {
            assert!(!hunt.find("base64", encoding.encode(&longer).as_bytes()).is_empty(), "{before}");
        }
    }
    let raw = BASE32_DNSSEC.decode(b"k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k3m9q5v1t7k0").unwrap_or_default();
    assert_eq!(raw.len(), 32);
    assert!(!hunt.find("bytes", &raw).is_empty());
    let innocent = "heron & wader, LH-ABCDE…, the password was changed, ?token=x".repeat(20);
    assert_eq!(hunt.find("an innocent text", innocent.as_bytes()), BTreeSet::new());
}
