//! A vendor's logo as filled outlines, so that it prints sharp at any size.
//!
//! The outlines are SVG path data (<https://www.w3.org/TR/SVG2/paths.html#PathData>). Everything that a drawing program
//! writes for a flattened shape is read: lines, curves and arcs, absolute and relative. Strokes, gradients, text and
//! images are not part of a logo here.

use super::colour::{Ink, Rgb};

/// How a shape of the logo is filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// The vendor's accent colour.
    Accent,
    /// The ink of the text.
    Ink,
    /// A fixed colour, red, green and blue from 0 to 255.
    Rgb(u8, u8, u8),
}

impl Fill {
    pub(crate) fn ink(self) -> Ink {
        match self {
            Self::Accent => Ink::Accent,
            Self::Ink => Ink::Strong,
            Self::Rgb(r, g, b) => Ink::Fixed(Rgb(f32::from(r) / 255.0, f32::from(g) / 255.0, f32::from(b) / 255.0)),
        }
    }
}

/// A point of an outline, in the logo's own units.
pub(crate) type Point = (f32, f32);

/// A piece of an outline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Segment {
    Line(Point),
    /// Two control points and the end.
    Curve(Point, Point, Point),
}

/// One closed contour.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contour {
    pub(crate) start: Point,
    pub(crate) segments: Vec<Segment>,
}

/// Contours filled together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) fill: Fill,
    pub(crate) even_odd: bool,
    pub(crate) contours: Vec<Contour>,
}

/// A logo: shapes in a box of `width` × `height` units, y downwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Logo {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) shapes: Vec<Shape>,
}

/// Path data that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path data cannot be read from byte {at} on")]
pub struct PathError {
    /// Offset of the first byte that was not understood.
    pub at: usize,
}

impl Logo {
    /// An empty logo in a box of `width` × `height` units: the numbers of an SVG's `viewBox` after the origin.
    pub fn new(width: f32, height: f32) -> Self {
        Self { width: width.max(1.0), height: height.max(1.0), shapes: Vec::new() }
    }

    /// Adds a shape by its SVG path data (the `d` attribute); `even_odd` is SVG's `fill-rule="evenodd"`.
    ///
    /// # Errors
    ///
    /// [`PathError`] where the data is not valid path data.
    pub fn with_path(mut self, data: &str, fill: Fill, even_odd: bool) -> Result<Self, PathError> {
        let contours = Reader { bytes: data.as_bytes(), at: 0 }.contours()?;
        self.shapes.push(Shape { fill, even_odd, contours });
        Ok(self)
    }

    /// Width over height.
    pub(crate) fn aspect(&self) -> f32 {
        self.width / self.height
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn contours(mut self) -> Result<Vec<Contour>, PathError> {
        let mut contours: Vec<Contour> = Vec::new();
        let (mut pen, mut start) = ((0.0, 0.0), (0.0, 0.0));
        // The last control point, for the smooth forms of curves.
        let (mut last_cubic, mut last_quadratic) = (None, None);
        let mut command = None;
        loop {
            self.skip_separators();
            let Some(&byte) = self.bytes.get(self.at) else { return Ok(contours) };
            if byte.is_ascii_alphabetic() {
                command = Some(byte);
                self.at += 1;
            } else if matches!(command, None | Some(b'Z' | b'z')) {
                return Err(PathError { at: self.at });
            }
            let letter = command.ok_or(PathError { at: self.at })?;
            let base = if letter.is_ascii_lowercase() { pen } else { (0.0, 0.0) };
            let mut segments = Vec::new();
            let (mut cubic, mut quadratic) = (None, None);
            match letter.to_ascii_uppercase() {
                b'M' => {
                    start = self.point(base)?;
                    pen = start;
                    contours.push(Contour { start, segments: Vec::new() });
                    // Further pairs after a move are lines (SVG 2, 9.3.3).
                    command = Some(if letter == b'M' { b'L' } else { b'l' });
                }
                b'L' => segments.push(Segment::Line(self.point(base)?)),
                b'H' => segments.push(Segment::Line((base.0 + self.number()?, pen.1))),
                b'V' => segments.push(Segment::Line((pen.0, base.1 + self.number()?))),
                b'C' => segments.push(Segment::Curve(self.point(base)?, self.point(base)?, self.point(base)?)),
                b'S' => {
                    let first = reflected(pen, last_cubic);
                    segments.push(Segment::Curve(first, self.point(base)?, self.point(base)?));
                }
                b'Q' => {
                    let control = self.point(base)?;
                    quadratic = Some(control);
                    segments.push(from_quadratic(pen, control, self.point(base)?));
                }
                b'T' => {
                    let control = reflected(pen, last_quadratic);
                    quadratic = Some(control);
                    segments.push(from_quadratic(pen, control, self.point(base)?));
                }
                b'A' => {
                    let radii = (self.number()?, self.number()?);
                    let rotation = self.number()?;
                    let (large, sweep) = (self.flag()?, self.flag()?);
                    arc(pen, radii, rotation, large, sweep, self.point(base)?, &mut segments);
                }
                b'Z' => pen = start,
                _ => return Err(PathError { at: self.at - 1 }),
            }
            for segment in segments {
                if contours.is_empty() {
                    return Err(PathError { at: self.at });
                }
                // After a close, drawing goes on from the start of the closed contour.
                if let Some(contour) = contours.last_mut() {
                    contour.segments.push(segment);
                }
                match segment {
                    Segment::Line(end) => pen = end,
                    Segment::Curve(_, control, end) => {
                        cubic = Some(control);
                        pen = end;
                    }
                }
            }
            (last_cubic, last_quadratic) = (cubic, quadratic);
        }
    }

    fn skip_separators(&mut self) {
        while self.bytes.get(self.at).is_some_and(|b| b.is_ascii_whitespace() || *b == b',') {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<f32, PathError> {
        self.skip_separators();
        let from = self.at;
        let mut at = from;
        let peek = |at: usize| self.bytes.get(at).copied();
        if matches!(peek(at), Some(b'+' | b'-')) {
            at += 1;
        }
        while peek(at).is_some_and(|b| b.is_ascii_digit()) {
            at += 1;
        }
        if peek(at) == Some(b'.') {
            at += 1;
            while peek(at).is_some_and(|b| b.is_ascii_digit()) {
                at += 1;
            }
        }
        if matches!(peek(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(peek(at + 1), Some(b'+' | b'-')));
            if peek(at + 1 + sign).is_some_and(|b| b.is_ascii_digit()) {
                at += 1 + sign;
                while peek(at).is_some_and(|b| b.is_ascii_digit()) {
                    at += 1;
                }
            }
        }
        let text = std::str::from_utf8(&self.bytes[from..at]).map_err(|_| PathError { at: from })?;
        let number = text.parse::<f32>().ok().filter(|n| n.is_finite()).ok_or(PathError { at: from })?;
        self.at = at;
        Ok(number)
    }

    fn point(&mut self, base: Point) -> Result<Point, PathError> {
        Ok((base.0 + self.number()?, base.1 + self.number()?))
    }

    /// Flags of arcs may stand without a separator.
    fn flag(&mut self) -> Result<bool, PathError> {
        self.skip_separators();
        let flag = match self.bytes.get(self.at) {
            Some(b'0') => false,
            Some(b'1') => true,
            _ => return Err(PathError { at: self.at }),
        };
        self.at += 1;
        Ok(flag)
    }
}

fn reflected(pen: Point, control: Option<Point>) -> Point {
    control.map_or(pen, |c| (2.0 * pen.0 - c.0, 2.0 * pen.1 - c.1))
}

fn from_quadratic(from: Point, control: Point, to: Point) -> Segment {
    let towards = |end: Point| (end.0 + (control.0 - end.0) * 2.0 / 3.0, end.1 + (control.1 - end.1) * 2.0 / 3.0);
    Segment::Curve(towards(from), towards(to), to)
}

/// An elliptical arc as curves of at most a quarter turn (SVG 2, appendix B.2).
fn arc(from: Point, radii: Point, degrees: f32, large: bool, sweep: bool, to: Point, segments: &mut Vec<Segment>) {
    let (mut rx, mut ry) = (radii.0.abs(), radii.1.abs());
    if rx == 0.0 || ry == 0.0 || from == to {
        segments.push(Segment::Line(to));
        return;
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let half = ((from.0 - to.0) / 2.0, (from.1 - to.1) / 2.0);
    let local = (cos * half.0 + sin * half.1, cos * half.1 - sin * half.0);
    let scale = ((local.0 / rx).powi(2) + (local.1 / ry).powi(2)).sqrt();
    if scale > 1.0 {
        rx *= scale;
        ry *= scale;
    }
    let denominator = (rx * local.1).powi(2) + (ry * local.0).powi(2);
    let factor = (((rx * ry).powi(2) - denominator).max(0.0) / denominator).sqrt();
    let factor = if large == sweep { -factor } else { factor };
    let centre_local = (factor * rx * local.1 / ry, -factor * ry * local.0 / rx);
    let centre = (
        cos * centre_local.0 - sin * centre_local.1 + (from.0 + to.0) / 2.0,
        sin * centre_local.0 + cos * centre_local.1 + (from.1 + to.1) / 2.0,
    );
    let angle = |p: Point| ((p.1 - centre_local.1) / ry).atan2((p.0 - centre_local.0) / rx);
    let begin = angle(local);
    let mut turn = angle((-local.0, -local.1)) - begin;
    if sweep && turn < 0.0 {
        turn += std::f32::consts::TAU;
    } else if !sweep && turn > 0.0 {
        turn -= std::f32::consts::TAU;
    }
    let count = (turn.abs() / std::f32::consts::FRAC_PI_2).ceil().max(1.0);
    let step = turn / count;
    let handle = 4.0 / 3.0 * (step / 4.0).tan();
    let at = |x: f32, y: f32| (cos * rx * x - sin * ry * y + centre.0, sin * rx * x + cos * ry * y + centre.1);
    for i in 0..count as u32 {
        let (first, second) = (begin + step * i as f32, begin + step * (i + 1) as f32);
        let ((s1, c1), (s2, c2)) = (first.sin_cos(), second.sin_cos());
        let end = if i + 1 == count as u32 { to } else { at(c2, s2) };
        segments.push(Segment::Curve(
            at(c1 - handle * s1, s1 + handle * c1),
            at(c2 + handle * s2, s2 - handle * c2),
            end,
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contours(data: &str) -> Result<Vec<Contour>, PathError> {
        Logo::new(24.0, 24.0).with_path(data, Fill::Ink, false).map(|logo| logo.shapes[0].contours.clone())
    }

    #[test]
    fn relative_and_absolute_forms_draw_the_same() {
        assert_eq!(contours("M2 3H8V9L2,9Z"), contours("m2,3h6v6l-6 0z"));
        assert_eq!(contours("M0 0 4 4 8 0z"), contours("M0 0L4 4L8 0z"));
        assert_eq!(contours("M1 1c1-1 2-1 3 0s2 1 3 0"), contours("M1 1C2 0 3 0 4 1C5 2 6 2 7 1"));
        assert_eq!(contours("M0 0Q1 1 2 0T4 0"), contours("M0 0Q1 1 2 0Q3-1 4 0"));
    }

    #[test]
    fn a_full_circle_of_two_arcs_stays_on_the_circle() -> anyhow::Result<()> {
        let circle = contours("M2 12a10 10 0 1020 0a10 10 0 10-20 0z")?;
        assert_eq!(circle.len(), 1);
        let ends = circle[0].segments.iter().map(|s| match s {
            Segment::Line(p) | Segment::Curve(_, _, p) => *p,
        });
        for (x, y) in ends {
            assert!(((x - 12.0).hypot(y - 12.0) - 10.0).abs() < 1e-3, "{x} {y}");
        }
        Ok(())
    }

    #[test]
    fn what_is_not_path_data_is_refused_with_its_place() {
        assert_eq!(contours("M0 0 L"), Err(PathError { at: 6 }));
        assert_eq!(contours("hello"), Err(PathError { at: 1 }));
        assert_eq!(contours("L1 1"), Err(PathError { at: 4 }));
        assert_eq!(contours("M0 0zz1 2"), Err(PathError { at: 6 }));
    }
}
