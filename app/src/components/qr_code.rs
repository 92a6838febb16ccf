//! A QR code.

use leptos::prelude::*;
use qrcodegen::{QrCode as Code, QrCodeEcc};

/// The quiet zone that ISO/IEC 18004 asks for around the modules.
const QUIET: i32 = 4;

/// A picture for cameras. Dark on light whatever the colour scheme, because many apps read nothing else. Nothing is shown
/// for a text that is too long for one.
#[component]
pub fn QrCode(
    /// What a camera reads.
    #[prop(into)]
    text: String,
    /// What it is, for those who do not see it.
    #[prop(into)]
    title: String,
) -> impl IntoView {
    let code = Code::encode_text(&text, QrCodeEcc::Medium).ok();
    code.map(|code| {
        let side = code.size() + 2 * QUIET;
        let modules = modules(&code);
        view! {
            <svg viewBox=format!("0 0 {side} {side}") width="200" height="200" role="img" aria-label=title>
                <rect width=side.to_string() height=side.to_string() fill="#fff" />
                <path d=modules fill="#000" shape-rendering="crispEdges" />
            </svg>
        }
    })
}

/// A unit square for each dark module.
fn modules(code: &Code) -> String {
    let places = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let dark = places.filter(|(x, y)| code.get_module(*x, *y));
    dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET)).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_corners_have_their_marks_within_a_quiet_zone() {
        let code = Code::encode_text("otpauth://totp/a:b?secret=c", QrCodeEcc::Medium).unwrap();
        let path = modules(&code);
        let last = code.size() - 1 + QUIET;
        for corner in [format!("M{QUIET},{QUIET}h1"), format!("M{last},{QUIET}h1"), format!("M{QUIET},{last}h1")] {
            assert!(path.contains(&corner), "{corner}");
        }
        assert!(!path.contains("M3,") && !path.contains(",3h1"), "{path}");
    }
}
