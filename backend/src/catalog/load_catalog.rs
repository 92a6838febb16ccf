//! Reading a catalog from its file, with the logo beside it.

use std::path::Path;

use super::catalog_file::read_catalog_file;
use super::rules::{Catalog, Problem, check_catalog};

/// Why a file is no catalog.
#[derive(Debug)]
pub enum CatalogFileError {
    /// The file cannot be read.
    Unreadable(std::io::Error),
    /// It is not TOML of this shape; a message with line and column.
    Malformed(String),
    /// It breaks rules; all of them.
    Problems(Vec<Problem>),
}

/// Reads and judges a catalog file. Its logo is looked for beside it.
///
/// # Errors
/// [`CatalogFileError`], with everything that is wrong.
pub fn load_catalog(path: &Path) -> Result<Catalog, CatalogFileError> {
    let text = std::fs::read_to_string(path).map_err(CatalogFileError::Unreadable)?;
    let file = read_catalog_file(&text).map_err(CatalogFileError::Malformed)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let logo = file.vendor.logo_file.as_ref().map(|name| std::fs::read_to_string(folder.join(name)));
    let logo = match &logo {
        None => None,
        Some(Ok(svg)) => Some(Ok(svg.as_str())),
        Some(Err(error)) => Some(Err(error.to_string())),
    };
    check_catalog(&file, logo).map_err(CatalogFileError::Problems)
}
