//! The colours of a document: ink in three strengths, a hairline, and the vendor's accent.

/// Red, green and blue from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rgb(pub(crate) f32, pub(crate) f32, pub(crate) f32);

/// What a mark is drawn in. The values are those of the portal's light theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ink {
    /// Text that carries the content.
    Strong,
    /// Text beside it: addresses, details.
    Soft,
    /// Labels and the foot of the page.
    Faint,
    /// Thin rules between rows.
    Hairline,
    /// The vendor's colour.
    Accent,
    /// A colour of the vendor's logo.
    Fixed(Rgb),
}

impl Ink {
    /// The colour, given the vendor's hue in degrees.
    pub(crate) fn rgb(self, accent_hue: u16) -> Rgb {
        match self {
            Self::Strong => Rgb(0.114, 0.137, 0.129),
            Self::Soft => Rgb(0.333, 0.376, 0.361),
            Self::Faint => Rgb(0.400, 0.443, 0.427),
            Self::Hairline => Rgb(0.847, 0.827, 0.792),
            Self::Accent => from_hsl(f32::from(accent_hue % 360), 0.62, 0.24),
            Self::Fixed(rgb) => rgb,
        }
    }
}

/// CSS Color 4, §7.1: from hue in degrees, saturation and lightness.
fn from_hsl(hue: f32, saturation: f32, lightness: f32) -> Rgb {
    let channel = |n: f32| {
        let k = (n + hue / 30.0) % 12.0;
        let chroma = saturation * lightness.min(1.0 - lightness);
        lightness - chroma * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0)
    };
    Rgb(channel(0.0), channel(8.0), channel(4.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2: contrast of `rgb` on white.
    fn contrast_on_white(Rgb(r, g, b): Rgb) -> f32 {
        let linear = |c: f32| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        1.05 / (0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05)
    }

    #[test]
    fn every_hue_can_be_read_on_paper() {
        for hue in 0..360 {
            let contrast = contrast_on_white(Ink::Accent.rgb(hue));
            assert!(contrast >= 4.5, "hue {hue}: {contrast}");
        }
        assert!(contrast_on_white(Ink::Faint.rgb(0)) >= 4.5);
    }

    #[test]
    fn hues_are_those_of_css() {
        let Rgb(r, g, b) = from_hsl(172.0, 0.62, 0.24);
        let byte = |c: f32| (c * 255.0).round() as u8;
        assert_eq!((byte(r), byte(g), byte(b)), (23, 99, 89));
    }
}
