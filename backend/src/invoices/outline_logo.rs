//! A vendor's logo as a document can print it: filled outlines.

use crate::pdf::logo::{Fill, Logo};

/// The outlines of an SVG that consists of filled paths; `None` for anything else (strokes, gradients,
/// transforms), which is better left out than printed wrong. The name is printed in any case.
#[must_use]
pub(super) fn outline_logo(svg: &str) -> Option<Logo> {
    let document = roxmltree::Document::parse(svg).ok()?;
    let root = document.root_element();
    let view_box: Vec<f32> = root
        .attribute("viewBox")?
        .split([' ', ','])
        .filter(|number| !number.is_empty())
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    let [x, y, width, height] = view_box[..] else { return None };
    if x != 0.0 || y != 0.0 {
        return None;
    }
    let mut logo = Logo::new(width, height);
    let mut is_empty = true;
    for node in root.descendants().filter(|node| node.is_element() && *node != root) {
        match node.tag_name().name() {
            "title" => {}
            "g" if node.attributes().len() == 0 => {}
            "path" => {
                let is_plain = node.attributes().all(|a| matches!(a.name(), "d" | "fill" | "fill-rule" | "id"));
                if !is_plain {
                    return None;
                }
                let fill = read_fill(node.attribute("fill").or_else(|| root.attribute("fill")))?;
                let even_odd = node.attribute("fill-rule") == Some("evenodd");
                logo = logo.with_path(node.attribute("d")?, fill, even_odd).ok()?;
                is_empty = false;
            }
            _ => return None,
        }
    }
    (!is_empty).then_some(logo)
}

/// `currentColor` is the accent, as on the pages.
fn read_fill(fill: Option<&str>) -> Option<Fill> {
    match fill {
        None => Some(Fill::Ink),
        Some("currentColor") => Some(Fill::Accent),
        Some(colour) => {
            let hex = colour.strip_prefix('#')?;
            let wide: String =
                if hex.len() == 3 { hex.chars().flat_map(|digit| [digit, digit]).collect() } else { hex.to_owned() };
            match data_encoding::HEXLOWER_PERMISSIVE.decode(wide.as_bytes()).ok()?[..] {
                [red, green, blue] => Some(Fill::Rgb(red, green, blue)),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filled_paths_are_printed_and_anything_else_is_left_out() {
        let svg = |inner: &str| format!(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{inner}</svg>"#);
        let plain = r##"<title>N</title><path fill="currentColor" d="M1 1H5V5Z"/><g><path fill="#0af" d="M9 9h1v1Z" fill-rule="evenodd"/></g>"##;
        assert!(outline_logo(&svg(plain)).is_some());
        for odd in [
            "",
            r#"<circle r="3"/>"#,
            r#"<path d="M1 1H5V5Z" transform="scale(2)"/>"#,
            r#"<path d="M1 1H5V5Z" stroke="red"/>"#,
            r#"<path d="M1 1H5V5Z" fill="url(#a)"/>"#,
            r#"<g transform="scale(2)"><path d="M1 1H5V5Z"/></g>"#,
            r#"<path d="nonsense"/>"#,
        ] {
            assert!(outline_logo(&svg(odd)).is_none(), "{odd}");
        }
        assert!(outline_logo("not xml").is_none());
    }
}
