//! The fields of a product.

use super::super::Product;
use super::super::catalog_file::ProductSection;
use super::Typed;
use super::reading::Reading;

/// The fields as things are; those of a new product where there is none. `count` is the number of products that there are.
pub(super) fn write(product: Option<&Product>, count: usize) -> Typed {
    let place = product.map_or_else(|| count + 1, |product| usize::try_from(product.position + 1).unwrap_or(1));
    let mut typed = Typed::from([
        ("name".to_owned(), product.map(|product| product.name.clone()).unwrap_or_default()),
        ("description".to_owned(), product.map(|product| product.description.clone()).unwrap_or_default()),
        ("position".to_owned(), place.to_string()),
    ]);
    if product.is_none() {
        typed.insert("code".to_owned(), String::new());
    }
    typed
}

/// The section of a file, without releases and plans, and the place on the price list, from 0.
pub(super) fn read(reading: &mut Reading<'_>, now: Option<&Product>) -> (ProductSection, i64) {
    let section = ProductSection {
        code: now.map_or_else(|| reading.text("code"), |product| product.code.clone()),
        name: reading.text("name"),
        description: reading.text("description"),
        releases: Vec::new(),
        plans: Vec::new(),
    };
    (section, reading.position())
}
