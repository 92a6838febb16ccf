//! The structure of a document, so that it can be read aloud in order and its tables understood (ISO 32000-1, 14.7).

use lopdf::{Dictionary, Document, Error, Object, ObjectId, dictionary};

use super::page::{Element, Role};

/// The mark around texts of the structure; their element says what they are.
pub(crate) const MARKED: &str = "Span";
/// The mark around rules, logos and what repeats on every page.
pub(crate) const ARTIFACT: &str = "Artifact";

/// Adds the structure tree. `marks` holds for each page the element of each marked text, by the text's number.
pub(crate) fn tag(file: &mut Document, elements: &[Element], marks: &[Vec<usize>]) -> Result<(), Error> {
    let pages: Vec<ObjectId> = file.get_pages().into_values().collect();
    let root = file.new_object_id();
    let document = file.new_object_id();
    let ids: Vec<ObjectId> = elements.iter().map(|_| file.new_object_id()).collect();

    let mut kids: Vec<Vec<Object>> = vec![Vec::new(); elements.len()];
    let mut top = Vec::new();
    for (element, id) in elements.iter().zip(&ids) {
        let siblings = element.parent.map_or(&mut top, |parent| &mut kids[parent]);
        siblings.push(Object::Reference(*id));
    }
    let mut parents_of_marks = Vec::new();
    for (page, (page_id, marked)) in pages.iter().zip(marks).enumerate() {
        for (number, element) in marked.iter().enumerate() {
            kids[*element].push(Object::Dictionary(dictionary! {
                "Type" => "MCR", "Pg" => *page_id, "MCID" => number as i64,
            }));
        }
        let owners: Vec<Object> = marked.iter().map(|element| Object::Reference(ids[*element])).collect();
        parents_of_marks.extend([Object::Integer(page as i64), Object::Array(owners)]);
        let page_dictionary = file.get_dictionary_mut(*page_id)?;
        page_dictionary.set("StructParents", page as i64);
        page_dictionary.set("Tabs", "S");
    }

    for ((element, id), kids) in elements.iter().zip(&ids).zip(kids) {
        let parent = element.parent.map_or(document, |parent| ids[parent]);
        file.set_object(*id, node(element.role, parent, kids));
    }
    file.set_object(document, dictionary! { "Type" => "StructElem", "S" => "Document", "P" => root, "K" => top });
    let parent_tree = file.add_object(dictionary! { "Nums" => parents_of_marks });
    let tree = dictionary! {
        "Type" => "StructTreeRoot",
        "K" => document,
        "ParentTree" => parent_tree,
        "ParentTreeNextKey" => pages.len() as i64,
    };
    file.set_object(root, tree);
    let catalog = file.catalog_mut()?;
    catalog.set("StructTreeRoot", root);
    catalog.set("MarkInfo", dictionary! { "Marked" => true });
    Ok(())
}

fn node(role: Role, parent: ObjectId, kids: Vec<Object>) -> Dictionary {
    let kind = match role {
        Role::Title => "H1",
        Role::Heading => "H2",
        Role::Paragraph => "P",
        Role::Table => "Table",
        Role::Row => "TR",
        Role::HeadCell => "TH",
        Role::Cell => "TD",
    };
    let mut node = dictionary! { "Type" => "StructElem", "S" => kind, "P" => parent };
    if !kids.is_empty() {
        node.set("K", kids);
    }
    if role == Role::HeadCell {
        node.set("A", dictionary! { "O" => "Table", "Scope" => "Column" });
    }
    node
}
