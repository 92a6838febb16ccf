//! The way to the vendor at the end of every page: it carries what the page is about.

use backend::messages::{count_open, count_unread};
use backend::text::en::messages as text;

use crate::api::messages::{MESSAGES, new_page};
use crate::layout::NavLink;
use crate::request::Visit;

/// Prefixes of the ids of what can be written about.
const SUBJECTS: [&str; 4] = ["ins_", "lic_", "inv_", "ord_"];

/// The link, for whoever is signed in and not the vendor's staff only.
pub(super) fn link(visit: &Visit) -> Option<NavLink> {
    // Staff who act for a customer write nothing in its name.
    let viewer = visit.viewer.as_deref().filter(|viewer| viewer.acting.is_none())?;
    let writes = viewer.account.is_some() || viewer.staff.is_none();
    let href = new_page(subject_of(&visit.path).unwrap_or_default());
    writes.then(|| NavLink::to(text::contact(&visit.vendor.name), href).at(&visit.path))
}

/// The nearest license, instance, invoice or order of a customer's page, by its address.
fn subject_of(path: &str) -> Option<&str> {
    if path.starts_with("/staff/") {
        return None;
    }
    path.rsplit('/').find(|part| SUBJECTS.iter().any(|prefix| part.starts_with(prefix)))
}

/// Says in the navigation how many conversations wait for the reader. A page is never lost over it: what cannot be read is
/// logged.
pub(super) async fn count_waiting(visit: &Visit, links: &mut [NavLink]) {
    let own = links.iter().position(|link| link.href == MESSAGES);
    let staffs = links.iter().position(|link| link.href == super::staff_messages::PATH);
    let counted = match (own, staffs, visit.account()) {
        (Some(at), _, Some((account, _))) => {
            let cx = visit.viewer_cx();
            let count = visit.state.db.read(|tx| Box::pin(async move { count_unread(tx, &cx, &account.id).await }));
            count.await.map(|count| (at, count))
        }
        (_, Some(at), _) => {
            let vendor_id = visit.vendor.id.clone();
            let count = visit.state.db.read(|tx| Box::pin(async move { count_open(tx, &vendor_id).await }));
            count.await.map(|count| (at, count))
        }
        _ => return,
    };
    match counted {
        Ok((at, count)) => links[at].label = text::with_count(&links[at].label, count),
        Err(error) => tracing::error!(%error, "how many conversations wait could not be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_about_the_nearest_thing_of_its_page() {
        for (path, subject) in [
            ("/licenses/lic_1", Some("lic_1")),
            ("/licenses/lic_1/cancel", Some("lic_1")),
            ("/licenses/lic_1/instances/ins_2", Some("ins_2")),
            ("/invoices/inv_1/transfer", Some("inv_1")),
            ("/orders/ord_1", Some("ord_1")),
            ("/partner/clients/rln_1/licenses/lic_2/seats", Some("lic_2")),
            ("/partner/clients/rln_1", None),
            ("/licenses", None),
            ("/licenses/recover", None),
            ("/messages/con_1", None),
            ("/staff/licenses/lic_1", None),
        ] {
            assert_eq!(subject_of(path), subject, "{path}");
        }
    }
}
