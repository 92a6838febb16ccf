//! For whom passkeys are made: the host name and the origin of the vendor's portal.

use std::net::IpAddr;

use crate::vendors::Vendor;

/// A portal that can have passkeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    id: String,
    origin: String,
    name: String,
}

impl RelyingParty {
    /// The vendor's portal; `None` where browsers would make no passkeys for it: an IP address is no host name, and
    /// without TLS only this machine is trusted (W3C Web Authentication §5.1.3, Secure Contexts §3.1).
    #[must_use]
    pub fn of(vendor: &Vendor) -> Option<Self> {
        let (id, origin) = parts(&vendor.origin)?;
        Some(Self { id, origin, name: vendor.name.clone() })
    }

    /// The host name, which passkeys belong to.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The origin, as browsers write it.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What devices call the portal.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Host name and origin, in the form in which browsers write them: in lower case, without the scheme's own port.
fn parts(origin: &str) -> Option<(String, String)> {
    let origin = origin.to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (authority, None),
    };
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if !is_name || host.parse::<IpAddr>().is_ok() {
        return None;
    }
    let is_local = host == "localhost" || host.ends_with(".localhost");
    let own_port = match scheme {
        "https" => 443,
        "http" if is_local => 80,
        _ => return None,
    };
    let port = port.filter(|port| *port != own_port).map(|port| format!(":{port}")).unwrap_or_default();
    Some((host.to_owned(), format!("{scheme}://{host}{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_passkeys_and_addresses_have_none() {
        for (origin, expected) in [
            ("https://shop.example", Some(("shop.example", "https://shop.example"))),
            ("https://Shop.Example:443", Some(("shop.example", "https://shop.example"))),
            ("https://shop.example:8443", Some(("shop.example", "https://shop.example:8443"))),
            ("http://localhost:3000", Some(("localhost", "http://localhost:3000"))),
            ("http://acme.localhost:80", Some(("acme.localhost", "http://acme.localhost"))),
            ("http://shop.example", None),
            ("http://127.0.0.1:3000", None),
            ("https://192.0.2.1", None),
            ("https://[::1]:3000", None),
            ("https://shop.example:x", None),
            ("https://", None),
            ("shop.example", None),
        ] {
            let expected = expected.map(|(id, origin): (&str, &str)| (id.to_owned(), origin.to_owned()));
            assert_eq!(parts(origin), expected, "{origin}");
        }
    }
}
