//! One style sheet out of `style/main.css` and the files that it imports.
//!
//! Each `@import "file.css";` is replaced by the file, in order, each file once; with `layer(name)` the file is wrapped
//! into that layer. Only relative paths can be imported, and a `url(…)` in a style sheet has to be absolute
//! (`/picture.svg`), because the bundle lies elsewhere.

use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The text of the file with its imports, recursively, in place.
///
/// # Errors
/// When a file is missing, or an import has a form that is not understood here.
pub(crate) fn bundle(main: &Path) -> Result<String> {
    let mut text = String::new();
    append(main, &mut BTreeSet::new(), &mut text)?;
    Ok(text)
}

fn append(file: &Path, seen: &mut BTreeSet<PathBuf>, text: &mut String) -> Result<()> {
    let source = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    if !seen.insert(file.canonicalize().with_context(|| format!("{} has no path", file.display()))?) {
        return Ok(());
    }
    for line in source.lines() {
        if !line.trim_start().starts_with("@import") {
            text.push_str(line);
            text.push('\n');
            continue;
        }
        let import = parse_import(line).with_context(|| format!("{}: not understood: {line}", file.display()))?;
        let imported = file.parent().context("a style sheet without a folder")?.join(import.path);
        match import.layer {
            Some(layer) => {
                text.push_str(&format!("@layer {layer} {{\n"));
                append(&imported, seen, text)?;
                text.push_str("}\n");
            }
            None => append(&imported, seen, text)?,
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Import<'a> {
    path: &'a str,
    layer: Option<&'a str>,
}

/// Reads `@import "file.css";` or `@import url("file.css") layer(name);`, alone on its line.
fn parse_import(line: &str) -> Result<Import<'_>> {
    let rest = line.trim().strip_prefix("@import").context("no @import")?;
    let rest = rest.split_once(';').map(|(rule, _)| rule.trim()).context("an @import ends with a semicolon")?;
    let (quoted, rest) = match rest.strip_prefix("url(") {
        Some(rest) => rest.split_once(')').context("url( without its end")?,
        None => {
            let end = rest.rfind(['"', '\'']).context("no quoted path")?;
            rest.split_at(end + 1)
        }
    };
    let path = quoted.trim().trim_matches(['"', '\'']);
    if path.is_empty() || path.starts_with('/') || path.contains("://") {
        bail!("only relative paths can be imported");
    }
    let layer = match rest.trim() {
        "" => None,
        rest => Some(rest.strip_prefix("layer(").and_then(|rest| rest.strip_suffix(')')).context("not a layer")?),
    };
    Ok(Import { path, layer })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn imports_come_in_order_each_once_and_in_their_layer() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("parts")).unwrap();
        put("main.css", "@import \"tokens.css\";\n@import url('parts/table.css') layer(parts);\n.last {}\n");
        put("tokens.css", ":root {}\n");
        put("parts/table.css", "@import \"../tokens.css\";\ntable {}\n");
        let text = bundle(&folder.path().join("main.css")).unwrap();
        assert_eq!(text, ":root {}\n@layer parts {\ntable {}\n}\n.last {}\n");
    }

    #[test]
    fn an_import_that_would_be_lost_is_an_error() {
        for line in [
            "@import \"https://example.com/a.css\";",
            "@import \"/a.css\";",
            "@import \"a.css\" screen;",
            "@import \"a.css\"",
        ] {
            assert!(parse_import(line).is_err(), "{line}");
        }
    }
}
