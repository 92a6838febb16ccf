//! Pages as plain data: what stands where, before anything is drawn.
//!
//! Points from the top left corner of the page, y downwards.

use super::colour::Ink;
use super::fonts::{ASCENT, Weight, composed, width};
use super::logo::Logo;

/// Size and margins of the sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paper {
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Paper {
    pub(crate) const A4: Self = Self { width: 595.276, height: 841.89 };
    pub(crate) const LETTER: Self = Self { width: 612.0, height: 792.0 };

    /// Left and right margin.
    pub(crate) const SIDE: f32 = 56.0;
    /// Where the content of a page begins.
    pub(crate) const TOP: f32 = 52.0;
    /// Height kept free below the content, for the foot of the page.
    pub(crate) const BOTTOM: f32 = 68.0;
    /// Distance of the foot's last line from the lower edge.
    pub(crate) const FOOT: f32 = 32.0;

    /// The paper of an office in this country (ISO 3166-1 alpha-2): Letter where CLDR's territory data says `US-Letter`,
    /// A4 everywhere else.
    pub(crate) fn of_country(country: &str) -> Self {
        const LETTER_COUNTRIES: [&str; 14] =
            ["US", "CA", "MX", "PH", "CL", "CO", "CR", "GT", "NI", "PA", "PR", "SV", "VE", "BZ"];
        if LETTER_COUNTRIES.contains(&country.to_ascii_uppercase().as_str()) { Self::LETTER } else { Self::A4 }
    }

    pub(crate) fn left(self) -> f32 {
        Self::SIDE
    }

    pub(crate) fn right(self) -> f32 {
        self.width - Self::SIDE
    }

    pub(crate) fn content_width(self) -> f32 {
        self.width - 2.0 * Self::SIDE
    }

    pub(crate) fn content_bottom(self) -> f32 {
        self.height - Self::BOTTOM
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) size: f32,
    pub(crate) weight: Weight,
    pub(crate) ink: Ink,
    /// Distance between the tops of two lines.
    pub(crate) leading: f32,
}

impl Style {
    pub(crate) const fn new(size: f32, weight: Weight, ink: Ink, leading: f32) -> Self {
        Self { size, weight, ink, leading }
    }

    pub(crate) fn width(self, text: &str) -> f32 {
        width(text, self.weight, self.size)
    }

    pub(crate) fn lines(self, text: &str, max_width: f32) -> Vec<String> {
        super::wrap::lines(&composed(text), self.weight, self.size, max_width)
    }

    /// One line, shortened where it must be.
    pub(crate) fn line(self, text: &str, max_width: f32) -> String {
        super::wrap::shortened(&composed(text), self.weight, self.size, max_width)
    }
}

/// What a text is in the document's structure, for screen readers (ISO 32000-1, 14.8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Heading,
    Paragraph,
    Table,
    Row,
    HeadCell,
    Cell,
}

/// A node of that structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) role: Role,
    /// Index of the element around it; `None` directly below the document.
    pub(crate) parent: Option<usize>,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TextBox {
    /// Index of its element; `None` for what only repeats: heads and feet of pages.
    pub(crate) element: Option<usize>,
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) style: Style,
    pub(crate) text: String,
}

impl TextBox {
    pub(crate) fn baseline(&self) -> f32 {
        self.top + ASCENT * self.style.size
    }
}

/// A filled rectangle: a thin rule or the accent bar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bar {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) ink: Ink,
}

/// A logo, scaled into a box.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlacedLogo {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) height: f32,
    pub(crate) logo: Logo,
}

/// What one sheet shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Page {
    pub(crate) texts: Vec<TextBox>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) logos: Vec<PlacedLogo>,
}

/// The pages made so far and the height at which the next thing goes.
#[derive(Debug)]
pub(crate) struct Sheets {
    pub(crate) paper: Paper,
    pub(crate) pages: Vec<Page>,
    /// Top of the next thing on the last page.
    pub(crate) y: f32,
    /// Every element, parents before children, in reading order.
    pub(crate) elements: Vec<Element>,
    /// The element that texts go to now.
    element: Option<usize>,
    /// Whether what is placed now only repeats.
    aside: bool,
}

impl Sheets {
    pub(crate) fn new(paper: Paper) -> Self {
        Self { paper, pages: vec![Page::default()], y: Paper::TOP, elements: Vec::new(), element: None, aside: false }
    }

    pub(crate) fn add_page(&mut self) {
        self.pages.push(Page::default());
        self.y = Paper::TOP;
    }

    /// A new element inside the open one, to be filled with [`Self::inside`]: where texts are not placed in the order
    /// in which they are read.
    pub(crate) fn reserve(&mut self, role: Role) -> usize {
        self.elements.push(Element { role, parent: self.element });
        self.elements.len() - 1
    }

    /// Whatever `place` puts belongs to `element`.
    pub(crate) fn inside<T>(&mut self, element: usize, place: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.element.replace(element);
        let placed = place(self);
        self.element = outer;
        placed
    }

    /// Whatever `place` puts belongs to a new element inside the open one.
    pub(crate) fn within<T>(&mut self, role: Role, place: impl FnOnce(&mut Self) -> T) -> T {
        let element = self.reserve(role);
        self.inside(element, place)
    }

    /// Whatever `place` puts is skipped by screen readers.
    pub(crate) fn aside(&mut self, place: impl FnOnce(&mut Self)) {
        let (outer, kept) = (std::mem::replace(&mut self.aside, true), self.elements.len());
        place(self);
        self.elements.truncate(kept);
        self.aside = outer;
    }

    /// Height left on this page.
    pub(crate) fn room(&self) -> f32 {
        self.paper.content_bottom() - self.y
    }

    pub(crate) fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// One line at `left`, at the current height; the height stays.
    pub(crate) fn text(&mut self, left: f32, style: Style, text: &str) {
        self.text_at(left, self.y, style, text);
    }

    /// One line that ends at `right`.
    pub(crate) fn text_right(&mut self, right: f32, style: Style, text: &str) {
        let left = right - style.width(&composed(text));
        self.text_at(left, self.y, style, text);
    }

    pub(crate) fn text_at(&mut self, left: f32, top: f32, style: Style, text: &str) {
        let text = composed(text);
        if !text.is_empty() {
            let element = if self.aside { None } else { self.element };
            self.page().texts.push(TextBox { element, left, top, style, text });
        }
    }

    /// A thin rule across the content at the current height.
    pub(crate) fn rule(&mut self, ink: Ink, thickness: f32) {
        let (left, width) = (self.paper.left(), self.paper.content_width());
        self.rule_between(left, left + width, ink, thickness);
    }

    pub(crate) fn rule_between(&mut self, left: f32, right: f32, ink: Ink, thickness: f32) {
        let top = self.y;
        self.page().bars.push(Bar { left, top, width: right - left, height: thickness, ink });
    }

    pub(crate) fn page(&mut self) -> &mut Page {
        if self.pages.is_empty() {
            self.pages.push(Page::default());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_america_gets_letter_and_the_rest_a4() {
        for country in ["US", "CA", "MX", "us", "PH"] {
            assert_eq!(Paper::of_country(country), Paper::LETTER, "{country}");
        }
        for country in ["DE", "GR", "VN", "BR", "", "XX"] {
            assert_eq!(Paper::of_country(country), Paper::A4, "{country}");
        }
    }
}
