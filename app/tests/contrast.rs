//! A vendor may set any hue: text and controls stay readable with every one of them, in light and dark.
//!
//! The colours are read from `style/tokens.css`, the contrast is WCAG 2.2's (1.4.3 text, 1.4.11 controls). A hue that
//! sRGB cannot show in full is tried both ways that browsers show it: channels clipped, and chroma reduced.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

const TOKENS: &str = include_str!("../../style/tokens.css");

/// Text that people read: 4.5 : 1.
const TEXT: &[(&str, &[&str])] = &[
    ("ink", &["bg", "surface", "sunken", "accent-soft", "good-soft", "warn-soft", "bad-soft"]),
    ("ink-2", &["bg", "surface", "sunken"]),
    ("ink-3", &["bg", "surface", "sunken"]),
    ("accent", &["bg", "surface", "sunken", "accent-soft", "good-soft", "warn-soft", "bad-soft"]),
    ("accent-strong", &["bg", "surface", "sunken", "accent-soft", "warn-soft", "bad-soft"]),
    ("accent-ink", &["accent", "accent-strong"]),
    ("good", &["bg", "surface", "sunken", "good-soft"]),
    ("warn", &["bg", "surface", "warn-soft"]),
    ("bad", &["bg", "surface", "sunken", "bad-soft"]),
    ("bad-strong", &["bad-soft"]),
    ("bg", &["ink"]),
];

/// Edges of controls, the focus ring, the filled part of a meter: 3 : 1.
const EDGES: &[(&str, &[&str])] = &[
    ("control-line", &["bg", "surface", "sunken"]),
    ("focus", &["bg", "surface", "sunken", "accent-soft", "warn-soft", "bad-soft"]),
    ("accent", &["sunken"]),
    ("warn", &["sunken"]),
    ("bad", &["sunken"]),
];

#[derive(Clone, Copy)]
struct Oklch {
    lightness: f64,
    chroma: f64,
    /// `None` is the vendor's.
    hue: Option<f64>,
}

type Theme = HashMap<String, Oklch>;

fn themes() -> (Theme, Theme) {
    let (light, dark) = TOKENS.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let light = colours(light);
    let mut both = light.clone();
    both.extend(colours(dark));
    (light, both)
}

fn colours(css: &str) -> Theme {
    css.lines()
        .filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            let inside = value.trim().strip_prefix("oklch(")?.strip_suffix(");")?;
            let (lightness, rest) = inside.split_once('%')?;
            let (chroma, hue) = rest.trim().split_once(' ')?;
            let colour = Oklch {
                lightness: lightness.parse::<f64>().ok()? / 100.0,
                chroma: chroma.parse().ok()?,
                hue: if hue == "var(--accent-h)" { None } else { Some(hue.parse().ok()?) },
            };
            Some((name.to_owned(), colour))
        })
        .collect()
}

/// Linear sRGB, unclipped (Björn Ottosson's matrices, as CSS Color 4 has them).
fn linear_rgb(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let (a, b) = (chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin());
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701 * s,
    ]
}

fn luminance([red, green, blue]: [f64; 3]) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The luminances that browsers may show for a colour.
fn shown(colour: Oklch, vendor_hue: f64) -> Vec<f64> {
    let hue = colour.hue.unwrap_or(vendor_hue);
    let clipped = luminance(linear_rgb(colour.lightness, colour.chroma, hue).map(|channel| channel.clamp(0.0, 1.0)));
    let mut chroma = colour.chroma;
    while linear_rgb(colour.lightness, chroma, hue).iter().any(|channel| !(-1e-4..=1.0001).contains(channel)) {
        chroma -= 0.001;
        assert!(chroma > -0.001, "no chroma fits");
    }
    vec![clipped, luminance(linear_rgb(colour.lightness, chroma, hue).map(|channel| channel.clamp(0.0, 1.0)))]
}

fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The worst contrast of any pair at any hue, with the pair's name.
fn worst(theme: &Theme, pairs: &[(&str, &[&str])]) -> (f64, String) {
    let mut worst = (f64::MAX, String::new());
    for (front, backs) in pairs {
        for back in *backs {
            for hue in 0..360 {
                for one in shown(theme[*front], f64::from(hue)) {
                    for other in shown(theme[*back], f64::from(hue)) {
                        let contrast = contrast(one, other);
                        if contrast < worst.0 {
                            worst = (contrast, format!("{front} on {back} at hue {hue}: {contrast:.2}"));
                        }
                    }
                }
            }
        }
    }
    worst
}

#[test]
fn text_is_readable_in_both_themes_with_every_hue() {
    let (light, dark) = themes();
    for (theme, name) in [(light, "light"), (dark, "dark")] {
        let (contrast, pair) = worst(&theme, TEXT);
        println!("{name}: {pair}");
        assert!(contrast >= 4.5, "{name}: {pair}");
    }
}

#[test]
fn controls_and_the_focus_ring_are_visible_in_both_themes_with_every_hue() {
    let (light, dark) = themes();
    for (theme, name) in [(light, "light"), (dark, "dark")] {
        let (contrast, pair) = worst(&theme, EDGES);
        println!("{name}: {pair}");
        assert!(contrast >= 3.0, "{name}: {pair}");
    }
}

#[test]
fn the_contrast_of_black_and_white_is_21_and_of_a_known_colour_what_wcag_says() {
    let white = luminance(linear_rgb(1.0, 0.0, 0.0));
    assert!((contrast(white, 0.0) - 21.0).abs() < 0.01);
    // oklch(62.8% .2577 29.23) is #ff0000, whose contrast with white is 3.998.
    let red = luminance(linear_rgb(0.627_955, 0.257_683, 29.234));
    assert!((contrast(white, red) - 3.998).abs() < 0.01);
}
