//! Host names of vendors: how one is written, and that every vendor can be reached.

use super::Vendor;
use crate::catalog::is_host;

/// Why a vendor cannot have a host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostProblem {
    /// It is no host name such as `licenses.example.com`.
    NotAHost,
    /// Another vendor has it; its code.
    Taken(String),
    /// None was given, and another vendor answers every name that nobody has, so that this one would never be reached; the
    /// code of the other.
    Missing(String),
}

/// The host name that a vendor gets, as requests are compared with it: in lower case and without a port. `others` are all
/// other vendors.
///
/// # Errors
/// [`HostProblem`]
pub fn check_host(typed: Option<&str>, others: &[Vendor]) -> Result<Option<String>, HostProblem> {
    let host = match typed {
        None => None,
        Some(typed) => Some(as_compared(typed).ok_or(HostProblem::NotAHost)?),
    };
    match (others.iter().find(|other| other.host == host), host) {
        (None, host) => Ok(host),
        (Some(other), Some(_)) => Err(HostProblem::Taken(other.code.clone())),
        (Some(other), None) => Err(HostProblem::Missing(other.code.clone())),
    }
}

/// Whether some request reaches this vendor, beside those that are older: hosts that were set before they were checked may be
/// written in a way in which nobody asks for them.
#[must_use]
pub fn is_reached(vendor: &Vendor, older: &[Vendor]) -> bool {
    check_host(vendor.host.as_deref(), older).is_ok_and(|host| host == vendor.host)
}

/// A host name as browsers send it, whatever they show; `None` for what is none.
fn as_compared(typed: &str) -> Option<String> {
    let typed = typed.trim().to_ascii_lowercase();
    let name = match typed.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => typed.as_str(),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    is_host(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Profile;
    use super::*;
    use crate::clock::UnixMs;
    use crate::ids::VendorId;

    fn vendor(code: &str, host: Option<&str>) -> Vendor {
        Vendor {
            id: VendorId::from_untrusted(&format!("ven_{code}")),
            code: code.to_owned(),
            host: host.map(str::to_owned),
            origin: format!("https://{code}.test"),
            name: code.to_owned(),
            profile: Profile::default(),
            accent_hue: 0,
            logo_svg: None,
            created_at: UnixMs(0),
            settings_no: 0,
        }
    }

    #[test]
    fn a_host_name_is_kept_as_requests_name_it() {
        for (typed, kept) in [
            ("shop.example", Some("shop.example")),
            ("Shop.Example", Some("shop.example")),
            (" shop.example:8443 ", Some("shop.example")),
            ("shop.example.", Some("shop.example")),
            ("localhost:3000", Some("localhost")),
            ("", None),
            ("https://shop.example", None),
            ("shop.example/x", None),
            ("shop example", None),
            ("*.example", None),
            ("shop.example:port", None),
        ] {
            let expected = kept.map(|host| Some(host.to_owned())).ok_or(HostProblem::NotAHost);
            assert_eq!(check_host(Some(typed), &[]), expected, "{typed:?}");
        }
    }

    #[test]
    fn every_vendor_can_be_reached() {
        let (any, named) = (vendor("any", None), vendor("named", Some("named.test")));
        assert_eq!(check_host(None, &[]), Ok(None));
        assert_eq!(check_host(None, std::slice::from_ref(&named)), Ok(None), "it answers all that is not named.test");
        assert_eq!(check_host(None, &[named.clone(), any.clone()]), Err(HostProblem::Missing("any".to_owned())));
        assert_eq!(check_host(Some("NAMED.test"), &[any.clone(), named]), Err(HostProblem::Taken("named".to_owned())));
        assert_eq!(check_host(Some("other.test"), std::slice::from_ref(&any)), Ok(Some("other.test".to_owned())));
        let second = vendor("second", None);
        assert!(is_reached(&any, &[]) && !is_reached(&second, std::slice::from_ref(&any)));
        for host in ["Shop.Example", "shop.example:8443", "https://shop.example"] {
            assert!(!is_reached(&vendor("lost", Some(host)), std::slice::from_ref(&any)), "{host}");
        }
        assert!(is_reached(&vendor("found", Some("shop.example")), &[any, second]));
    }
}
