#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("leasehold.toml");
    std::fs::write(&path, file).unwrap();
    Config::load(Some(&path), environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
    load(file, environment).unwrap_err().0
}

#[test]
fn the_defaults_are_a_whole_configuration() {
    let config = Config::load(None, []).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.stripe.mode, StripeMode::Sandbox);
    let rates = config.limits.rates();
    assert_eq!(rates.instance, Rate { per_s: 20, burst: 200 });
    assert_eq!(rates.key, Rate { per_s: 100, burst: 1000 });
    assert_eq!(rates.license, Rate { per_s: 200, burst: 2000 });
    assert_eq!(rates.failures, Rate { per_s: 5, burst: 300 });
    assert!(!config.is_tls());
    // The benchmark measures with the defaults of the type.
    let (shipped, measured) = (config.licensing.settings(), Settings::default());
    assert_eq!((shipped.coalesce, shipped.capacity), (measured.coalesce, measured.capacity));
}

#[test]
fn the_environment_outranks_the_file_and_the_file_the_defaults() {
    let file = "[server]\nlisten = \"127.0.0.1:4000\"\ndrain_s = 5\n[log]\nformat = \"json\"";
    let config = load(
        file,
        &[
            ("LEASEHOLD__SERVER__LISTEN", "127.0.0.1:5000"),
            ("LEASEHOLD__SERVER__PUBLIC_ORIGIN", "https://licenses.example.com"),
            ("LEASEHOLD__SERVER__TRUSTED_PROXIES", "10.0.0.1, ::1"),
            ("LEASEHOLD__DATABASE__MIGRATE_ON_START", "false"),
            ("LEASEHOLD__MAIL__PORT", "2525"),
            ("LEASEHOLD_TEST_CLOCK", "/tmp/clock"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.port(), 5000);
    assert_eq!((config.server.drain_s, config.log.format), (5, LogFormat::Json));
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!((config.database.migrate_on_start, config.mail.port), (false, 2525));
    assert!(config.is_tls());
}

#[test]
fn what_does_not_exist_or_is_of_another_type_is_refused_with_a_sentence() {
    for (file, environment, expected) in [
        ("[server]\nlissten = \"x\"", &[][..], "there is no setting server.lissten; [server] has"),
        ("[sever]\nlisten = \"x\"", &[], "there is no section [sever]"),
        ("server = 3", &[], "write [server]"),
        ("[mail]\nport = \"25\"", &[], "mail.port is string, but must be integer"),
        ("[server", &[], "is not TOML"),
        ("[server]\nlisten = \"nowhere\"", &[], "server.listen cannot be"),
        ("[mail]\ntransport = \"pigeon\"", &[], "mail.transport cannot be"),
        ("", &[("LEASEHOLD__SERVER__LISSTEN", "x")], "LEASEHOLD__SERVER__LISSTEN: there is no setting"),
        ("", &[("LEASEHOLD__SERVER", "x")], "LEASEHOLD__SERVER: there is no setting"),
        ("", &[("LEASEHOLD__MAIL__PORT", "many")], "LEASEHOLD__MAIL__PORT must be a whole number"),
        ("", &[("LEASEHOLD__KEYS__CREATE", "yes")], "LEASEHOLD__KEYS__CREATE must be true or false"),
        ("", &[("LEASEHOLD__SERVER__PUBLIC_ORIGIN", "http://example.com")], "server.public_origin"),
        ("", &[("LEASEHOLD__MAIL__TRANSPORT", "smtp")], "mail.host"),
        (
            "[mail]\ntransport = \"smtp\"\nhost = \"mx.example.com\"\ntls = \"none\"",
            &[],
            "only for a mail server on this machine",
        ),
        ("[mail]\nusername = \"a\"", &[], "belong together"),
        ("[keys]\nmaster_key = \"a\"\nmaster_key_file = \"b\"", &[], "not both"),
        ("[stripe]\nsecret_key = \"a\"\nsecret_key_file = \"b\"", &[], "not both"),
        (
            "[stripe]\nsecret_key_file = \"/nonexistent/key\"",
            &[],
            "stripe.secret_key_file: /nonexistent/key cannot be read",
        ),
    ] {
        let sentence = refusal(file, environment);
        assert!(sentence.contains(expected), "{sentence}");
    }
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "sk_test_from_file\n").unwrap();
    let config = load(
        "[database]\nurl = \"postgres://app:hunter2@db/leasehold\"",
        &[
            ("LEASEHOLD__STRIPE__SECRET_KEY_FILE", path.to_str().unwrap()),
            ("LEASEHOLD__STRIPE__WEBHOOK_SECRET", "whsec_hidden"),
            ("LEASEHOLD__KEYS__MASTER_KEY", "c0ffee"),
            ("LEASEHOLD__MAIL__USERNAME", "mailer"),
            ("LEASEHOLD__MAIL__PASSWORD", "pass-hidden"),
        ],
    )
    .unwrap();
    assert_eq!(config.stripe.secret_key.reveal(), "sk_test_from_file");
    for shown in [config.show(), format!("{config:?}")] {
        for secret in ["from_file", "whsec_hidden", "c0ffee", "pass-hidden", "hunter2"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("(set)"));
    }
    let sentence = refusal("", &[("LEASEHOLD__KEYS__CREATE", "sk_live_oops")]);
    assert!(!sentence.contains("oops"), "{sentence}");
}

#[test]
fn what_is_shown_has_every_setting() {
    let shown: toml::Table = Config::load(None, []).unwrap().show().parse().unwrap();
    for (section, values) in layers::defaults().unwrap() {
        for name in values.as_table().unwrap().keys() {
            assert!(shown[&section].get(name).is_some(), "{section}.{name}");
        }
    }
}

#[test]
fn each_vendor_can_have_an_account_of_its_own() {
    let file = "[stripe.vendors.acme]\nsecret_key = \"sk_test_acme\"\nwebhook_secret = \"whsec_acme\"";
    let config = load(
        file,
        &[
            ("LEASEHOLD__STRIPE__VENDORS__NORD_WIND__SECRET_KEY", "sk_test_nord"),
            ("LEASEHOLD__STRIPE__VENDORS__ACME__WEBHOOK_SECRET", "whsec_changed"),
        ],
    )
    .unwrap();
    let account = |code: &str| config.stripe.vendors.get(code).unwrap();
    assert_eq!(account("acme").secret_key.reveal(), "sk_test_acme");
    assert_eq!(account("acme").webhook_secret.reveal(), "whsec_changed");
    assert_eq!(account("nord_wind").secret_key.reveal(), "sk_test_nord");
    assert!(!config.show().contains("sk_test_acme"), "{}", config.show());
}

#[test]
fn each_vendor_can_have_mails_of_its_own_address() {
    let file = "[mail.vendors.acme]\nfrom = \"hello@acme.test\"";
    let config = load(file, &[("LEASEHOLD__MAIL__VENDORS__NORD__FROM", "hello@nord.test")]).unwrap();
    let from = |code: &str| config.mail.vendors.get(code).map(|own| own.from.as_str());
    assert_eq!([from("acme"), from("nord"), from("other")], [Some("hello@acme.test"), Some("hello@nord.test"), None]);
    let misspelt = refusal("[mail.vendors.acme]\nsender = \"x\"", &[]);
    assert!(misspelt.contains("mail.vendors.acme.sender;") && misspelt.contains("from"), "{misspelt}");
}

#[test]
fn an_account_that_is_wrong_is_refused_without_repeating_a_secret() {
    let misspelt = refusal("[stripe.vendors.acme]\nsecret = \"sk_test_acme\"", &[]);
    assert!(misspelt.contains("stripe.vendors.acme.secret;") && !misspelt.contains("sk_test"), "{misspelt}");
    let both = refusal("[stripe]\nsecret_key = \"sk_test_a\"\n[stripe.vendors.acme]\nsecret_key = \"sk_test_b\"", &[]);
    assert!(both.contains("not both"), "{both}");
    let key = "secret_key = \"sk_test_a\"";
    let shared = refusal(&format!("[stripe.vendors.acme]\n{key}\n[stripe.vendors.nord]\n{key}"), &[]);
    assert!(shared.contains("acme and stripe.vendors.nord") && !shared.contains("sk_test"), "{shared}");
    let text = refusal("[stripe.vendors]\nacme = \"sk_test_a\"", &[]);
    assert!(text.contains("write [stripe.vendors.acme]") && !text.contains("sk_test"), "{text}");
    let number = refusal("[stripe.vendors.acme]\nsecret_key = 7", &[]);
    assert!(number.contains("must be string"), "{number}");
    let outside = refusal("", &[("LEASEHOLD__STRIPE__VENDORS__ACME", "sk_test_acme")]);
    assert!(outside.contains("there is no setting") && !outside.contains("sk_test"), "{outside}");
}

#[test]
fn the_file_beside_the_program_counts_where_none_is_named_and_the_site_lies_there_too() {
    let program = tempfile::tempdir().unwrap();
    let program = program.path();
    let load = |named: Option<&Path>| Config::load_beside(Some(program), named, []).unwrap();
    let (config, file) = load(None);
    assert_eq!((config.server.drain_s, file), (30, None));
    assert_eq!(config.server.site_root, program.join("site"));

    // The build puts the defaults there.
    let beside = program.join("leasehold.toml");
    std::fs::write(&beside, DEFAULTS.replace("drain_s = 30", "drain_s = 7")).unwrap();
    let (config, file) = load(None);
    assert_eq!((config.server.drain_s, file), (7, Some(beside)));
    assert_eq!(config.server.site_root, program.join("site"));
    assert_eq!(config.database.url.reveal(), "sqlite:leasehold.db");

    let elsewhere = tempfile::tempdir().unwrap();
    let named = elsewhere.path().join("other.toml");
    std::fs::write(&named, "[server]\nsite_root = \"/srv/site\"").unwrap();
    let (config, file) = load(Some(&named));
    assert_eq!((config.server.drain_s, file), (30, Some(named)));
    assert_eq!(config.server.site_root, Path::new("/srv/site"));
}
