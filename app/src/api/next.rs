//! Where to go on after an act: the `next` of sign-up, log-in and company.

/// Where people go on when nobody said where.
const OVERVIEW: &str = "/overview";

/// The address to go on to: `next` where it is a page of this portal, else the overview.
///
/// Whoever makes a link chooses `next`, so nothing that leads to another host may pass: `//host`, `/\\host` and
/// a scheme are refused, as are blanks, control characters and letters beyond ASCII, which browsers and HTTP
/// read in different ways. Acts are not pages.
#[must_use]
pub fn local_path(next: &str) -> String {
    let second = next.as_bytes().get(1);
    let local = next.starts_with('/')
        && !matches!(second, Some(b'/' | b'\\'))
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !next.starts_with("/act/");
    if local { next.to_owned() } else { OVERVIEW.to_owned() }
}

/// The address of `page` that goes on to `next` afterwards. The default is left out.
#[must_use]
pub fn with_next(page: &str, next: &str) -> String {
    let next = local_path(next);
    if next == OVERVIEW {
        return page.to_owned();
    }
    let query = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
    format!("{page}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_portal_are_gone_on_to() {
        for next in ["/", "/overview", "/buy?plan=startup&interval=month&seats=2", "/licenses/lic_1#key", "/a//b"] {
            assert_eq!(local_path(next), next);
        }
    }

    #[test]
    fn nothing_leads_away_from_the_portal() {
        for next in [
            "",
            "overview",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/a\\b",
            "https://evil.example/",
            "javascript:alert(1)",
            " /overview",
            "/\t/evil.example",
            "/\r\nLocation: https://evil.example",
            "/straße",
            "/act/sign-out",
        ] {
            assert_eq!(local_path(next), "/overview", "{next:?}");
        }
    }

    #[test]
    fn a_page_carries_its_next_encoded_and_leaves_the_default_out() {
        assert_eq!(with_next("/log-in", "/buy?plan=a&seats=2"), "/log-in?next=%2Fbuy%3Fplan%3Da%26seats%3D2");
        assert_eq!(with_next("/log-in", "/overview"), "/log-in");
        assert_eq!(with_next("/log-in", "//evil.example"), "/log-in");
    }
}
