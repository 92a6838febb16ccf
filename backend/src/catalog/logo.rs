//! Cleaning a vendor's logo.
//!
//! The logo is put into pages as markup, so it is not filtered but rebuilt: only elements and attributes
//! on the lists below are known, anything else is refused with its place, and what is stored is written
//! anew from the parsed tree. A browser therefore never reads a byte of the file itself.

use std::fmt::Write as _;

/// Size of the file at most: it travels with every page.
const MAX_BYTES: usize = 16 * 1024;

const ELEMENTS: &[&str] = &[
    "circle",
    "clipPath",
    "defs",
    "ellipse",
    "g",
    "line",
    "linearGradient",
    "path",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "svg",
    "title",
];

/// No `style` (the content security policy forbids it), no `class`, nothing that begins with `on`, no references
/// except `url(#id)` within the logo.
const ATTRIBUTES: &[&str] = &[
    "clip-path",
    "clip-rule",
    "clipPathUnits",
    "cx",
    "cy",
    "d",
    "fill",
    "fill-opacity",
    "fill-rule",
    "fx",
    "fy",
    "gradientTransform",
    "gradientUnits",
    "height",
    "id",
    "offset",
    "opacity",
    "points",
    "preserveAspectRatio",
    "r",
    "rx",
    "ry",
    "spreadMethod",
    "stop-color",
    "stop-opacity",
    "stroke",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "transform",
    "viewBox",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
    "y2",
];

const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Why a logo is refused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogoFault {
    /// The file cannot be read.
    Unreadable(String),
    /// More bytes than allowed.
    TooLarge,
    /// Not XML, or with a document type.
    NotXml(String),
    /// The root is not an SVG element with a `viewBox`.
    NotSvg,
    /// An element that is not on the list.
    Element {
        /// Its name.
        name: String,
        /// Line in the file, from 1.
        line: u32,
    },
    /// An attribute that is not on the list, or one with a value that refers to something outside.
    Attribute {
        /// Its name.
        name: String,
        /// Line in the file, from 1.
        line: u32,
    },
}

/// The logo, written anew; see the module for what is kept.
///
/// # Errors
/// [`LogoFault`], the first found.
pub(crate) fn clean_logo(svg: &str) -> Result<String, LogoFault> {
    if svg.len() > MAX_BYTES {
        return Err(LogoFault::TooLarge);
    }
    // A document type could define entities; roxmltree refuses it unless asked to allow it.
    let document = roxmltree::Document::parse(svg).map_err(|error| LogoFault::NotXml(error.to_string()))?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" || root.attribute("viewBox").is_none() {
        return Err(LogoFault::NotSvg);
    }
    let mut out = String::with_capacity(svg.len());
    write_element(root, &mut out)?;
    Ok(out)
}

fn write_element(node: roxmltree::Node<'_, '_>, out: &mut String) -> Result<(), LogoFault> {
    let name = node.tag_name().name();
    let line = |at| node.document().text_pos_at(at).row;
    if !ELEMENTS.contains(&name) || node.tag_name().namespace() != Some(SVG_NAMESPACE) {
        return Err(LogoFault::Element { name: name.to_owned(), line: line(node.range().start) });
    }
    let _ = write!(out, "<{name}");
    if node.parent().is_some_and(|parent| parent.is_root()) {
        let _ = write!(out, " xmlns=\"{SVG_NAMESPACE}\"");
    }
    for attribute in node.attributes() {
        let known = attribute.namespace().is_none() && ATTRIBUTES.contains(&attribute.name());
        if !known || refers_outside(attribute.value()) {
            let name = attribute.name().to_owned();
            return Err(LogoFault::Attribute { name, line: line(node.range().start) });
        }
        let _ = write!(out, " {}=\"", attribute.name());
        write_escaped(attribute.value(), out);
        out.push('"');
    }
    out.push('>');
    for child in node.children() {
        if child.is_element() {
            write_element(child, out)?;
        } else if child.is_text() && name == "title" {
            write_escaped(child.text().unwrap_or_default().trim(), out);
        }
    }
    let _ = write!(out, "</{name}>");
    Ok(())
}

/// `url(#id)` is the only function with an address that may stand in a presentation attribute.
fn refers_outside(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.contains(['\\', '@', ':']) || value.matches("url(").count() != value.matches("url(#").count()
}

fn write_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn svg(body: &str) -> String {
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{body}</svg>"#)
    }

    #[test]
    fn shapes_and_gradients_are_kept_and_comments_are_not() {
        let kept = svg(
            r##"<title>A</title><defs><linearGradient id="g"><stop offset="0" stop-color="#fff"></stop></linearGradient></defs><path fill="url(#g)" d="M0 0h9v9Z"></path>"##,
        );
        assert_eq!(clean_logo(&kept).unwrap(), kept);
        assert_eq!(clean_logo(&svg("<!-- note --><g/>\n")).unwrap(), svg("<g></g>"));
        assert_eq!(clean_logo(&clean_logo(&kept).unwrap()).unwrap(), kept);
    }

    #[test]
    fn whatever_could_run_or_fetch_is_refused() {
        for body in [
            "<script>alert(1)</script>",
            "<style>*{fill:red}</style>",
            "<foreignObject/>",
            "<image href='x.png'/>",
            "<use href='#a'/>",
            "<a href='https://example.com'><path d='M0 0'/></a>",
            "<animate attributeName='d'/>",
            "<set attributeName='onclick' to='x'/>",
            "<path onclick='x()' d='M0 0'/>",
            "<path ONLOAD='x()' d='M0 0'/>",
            "<path style='fill:red' d='M0 0'/>",
            "<path class='a' d='M0 0'/>",
            "<path fill='url(https://example.com/a)' d='M0 0'/>",
            "<path fill='url( #a)' d='M0 0'/>",
            "<path fill='url(//example.com/a.svg#g)' d='M0 0'/>",
            "<path clip-path='url(#a) url(data:x)' d='M0 0'/>",
            "<path xmlns:x='http://www.w3.org/1999/xlink' x:href='#a' d='M0 0'/>",
            "<path xmlns='http://www.w3.org/1999/xhtml' d='M0 0'/>",
            "<text>A</text>",
        ] {
            assert!(clean_logo(&svg(body)).is_err(), "{body}");
        }
        assert!(matches!(clean_logo("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"), Err(LogoFault::NotXml(_))));
        assert_eq!(clean_logo("<html/>"), Err(LogoFault::NotSvg));
        assert_eq!(clean_logo(&" ".repeat(MAX_BYTES + 1)), Err(LogoFault::TooLarge));
    }

    #[test]
    fn text_that_looks_like_markup_stays_text() {
        let cleaned = clean_logo(&svg("<title>&lt;/title&gt;&lt;script&gt;</title>")).unwrap();
        assert_eq!(cleaned, svg("<title>&lt;/title&gt;&lt;script&gt;</title>"));
    }
}
