//! Compressed copies (`.br`, `.gz`) beside the files of the site, so that the server compresses nothing per request.

use crate::site::list_files;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What compresses well. Pictures such as PNG are compressed already.
const KINDS: [&str; 9] = ["css", "html", "ico", "js", "json", "svg", "txt", "wasm", "webmanifest"];
/// The strongest that brotli has, and the window that every browser accepts.
const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW: i32 = 22;

/// Writes the copies for every file below the folder.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn folder(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    list_files(folder, &mut files)?;
    // The same content lies under a plain and a hashed name: compressing it once is half the time.
    let mut known: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = Vec::new();
    for file in files {
        let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !KINDS.contains(&kind) || file.ends_with("hash.txt") {
            continue;
        }
        let content = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        if !known.iter().any(|(plain, ..)| *plain == content) {
            known.push((content.clone(), brotli(&content)?, gzip(&content)?));
        }
        for (_, brotli, gzip) in known.iter().filter(|(plain, ..)| *plain == content) {
            for (ending, compressed) in [("br", brotli), ("gz", gzip)] {
                let copy = beside(&file, ending);
                std::fs::write(&copy, compressed).with_context(|| format!("{} cannot be written", copy.display()))?;
            }
        }
    }
    Ok(())
}

/// `a.css` → `a.css.br`.
#[must_use]
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters).context("brotli failed")?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).context("gzip failed")?;
    encoder.finish().context("gzip failed")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::io::Read;

    #[test]
    fn the_copies_say_the_same_and_pictures_get_none() {
        let site = tempfile::tempdir().unwrap();
        let (style, picture) = (site.path().join("a.css"), site.path().join("b.png"));
        let text = "a { color: red }\n".repeat(100);
        std::fs::write(&style, &text).unwrap();
        std::fs::write(&picture, "png").unwrap();
        folder(site.path()).unwrap();
        let mut unpacked = String::new();
        brotli::Decompressor::new(std::fs::File::open(beside(&style, "br")).unwrap(), 4096)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
        let mut unzipped = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(beside(&style, "gz")).unwrap())
            .read_to_string(&mut unzipped)
            .unwrap();
        assert_eq!(unzipped, text);
        assert!(!beside(&picture, "br").exists());
    }
}
