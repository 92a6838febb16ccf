//! When an account closes, and whether somebody has named what is to go.

use crate::clock::{DAY_MS, UnixMs};

/// So long an owner can take it back that an account closes, in milliseconds.
pub const GRACE_MS: i64 = 30 * DAY_MS;

/// When an account closes whose owner asks for it at `now`.
#[must_use]
pub fn closes_at(now: UnixMs) -> UnixMs {
    now.plus(GRACE_MS)
}

/// Whether what was typed is this name. Case and the number of blanks do not matter: it is to show that one knows what one
/// does, not that one can type.
#[must_use]
pub fn names(typed: &str, name: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    let typed = words(typed);
    !typed.is_empty() && typed == words(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_any_case_and_with_any_blanks() {
        for (typed, name, same) in [
            ("Weser GmbH", "Weser GmbH", true),
            ("  weser   gmbh ", "Weser GmbH", true),
            ("CÔNG TY VÍ DỤ", "Công ty Ví dụ", true),
            ("Weser", "Weser GmbH", false),
            ("WeserGmbH", "Weser GmbH", false),
            ("", "", false),
            (" ", "Weser GmbH", false),
        ] {
            assert_eq!(names(typed, name), same, "{typed:?} {name:?}");
        }
    }

    #[test]
    fn there_are_thirty_days_to_think_about_it() {
        assert_eq!(closes_at(UnixMs(1)).0, 1 + 30 * 24 * 60 * 60 * 1_000);
    }
}
