//! Use against a limit.

use leptos::prelude::*;

use super::Tone;

/// How much of a limit is in use. The words say it all; the bar repeats them for the eye.
#[component]
pub fn Meter(
    /// What is counted: "Devices".
    #[prop(into)]
    label: String,
    /// Use and limit in words: "312 of 500", "3 of 3, full".
    #[prop(into)]
    text: String,
    /// In use.
    used: i64,
    /// The limit; negative means unlimited, and no bar is drawn.
    limit: i64,
) -> impl IntoView {
    let tone = tone(used, limit);
    let bar = (limit >= 0).then(|| {
        view! {
            <svg aria-hidden="true">
                <rect width=format!("{}%", percent(used, limit)) height="100%" rx="4" />
            </svg>
        }
    });
    view! {
        <div class=format!("meter {}", tone.class())>
            <p>
                <span>{label}</span>
                <span>{text}</span>
            </p>
            {bar}
        </div>
    }
}

/// Filled part of the bar, 0 to 100. A limit of zero is full.
fn percent(used: i64, limit: i64) -> i64 {
    if used <= 0 && limit > 0 {
        return 0;
    }
    if used >= limit {
        return 100;
    }
    // Never empty while something is in use, never full while something is left.
    i64::try_from(i128::from(used) * 100 / i128::from(limit)).unwrap_or(100).clamp(1, 99)
}

/// Above the limit is bad, at it needs attention; below it the bar has the accent's colour.
const fn tone(used: i64, limit: i64) -> Tone {
    if limit < 0 || used < limit {
        Tone::Neutral
    } else if used == limit {
        Tone::Warn
    } else {
        Tone::Bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_only_at_the_limit_and_empty_only_at_zero() {
        for (used, limit, expected) in
            [(0, 500, 0), (1, 500, 1), (312, 500, 62), (499, 500, 99), (500, 500, 100), (9, 3, 100), (0, 0, 100)]
        {
            assert_eq!(percent(used, limit), expected, "{used} of {limit}");
        }
        assert_eq!(percent(i64::MAX - 1, i64::MAX), 99);
    }

    #[test]
    fn full_needs_attention_and_beyond_is_bad() {
        assert_eq!(tone(2, 3), Tone::Neutral);
        assert_eq!(tone(3, 3), Tone::Warn);
        assert_eq!(tone(4, 3), Tone::Bad);
        assert_eq!(tone(4, -1), Tone::Neutral);
    }
}
