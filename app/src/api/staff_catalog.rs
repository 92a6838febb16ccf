//! The forms of the vendor's console about the catalog: plans on and off the price list, releases, and catalog files. Who
//! may is asked before what was typed is judged; the use cases ask again.

use backend::accounts::StaffAct;
use backend::catalog::{
    self, CatalogUpload, NewRelease, PlanPublication, Publication, UPLOAD_MAX_BYTES, UploadFault, find_product,
};
use backend::db::DbError;
use backend::ids::{PlanId, ProductId};
use jiff::civil::Date;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::step_up::{confirm_first, fresh_authentication};
use crate::request::Visit;

/// The page of the catalog.
pub const CATALOG: &str = "/staff/catalog";
/// The price list with what is not on it.
pub const PREVIEW: &str = "/staff/catalog/preview";
/// The page that takes a file.
pub const UPLOAD: &str = "/staff/catalog/upload";
/// The file of what is stored.
pub const DOWNLOAD: &str = "/staff/catalog/catalog.toml";
/// Puts a plan on the price list, or takes it off.
pub const PUBLISH_PLAN: &str = "publish-plan";
/// The form that publishes a release.
pub const PUBLISH_RELEASE: &str = "publish-release";
/// The form that takes a catalog file.
pub const CHECK: &str = "check-catalog";
/// A code for a file that would do something else by now.
pub const CHANGED_MEANWHILE: &str = "changed_meanwhile";

/// The page of a plan.
#[must_use]
pub fn plan_page(id: &str) -> String {
    format!("{CATALOG}/plans/{id}")
}

/// The page of a product.
#[must_use]
pub fn product_page(id: &str) -> String {
    format!("{CATALOG}/products/{id}")
}

/// Puts a plan on the price list, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "publish-plan")]
pub async fn publish_plan(
    /// The plan.
    #[server(default)]
    plan_id: String,
) -> Result<(), FormFailure> {
    set_published(&plan_id, true).await
}

/// Takes a plan off the price list, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "retire-plan")]
pub async fn retire_plan(
    /// The plan.
    #[server(default)]
    plan_id: String,
) -> Result<(), FormFailure> {
    set_published(&plan_id, false).await
}

async fn set_published(plan_id: &str, published: bool) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::EditCatalog).await?;
    let page = local_path(&plan_page(plan_id));
    if fresh_authentication(&visit).await?.is_none() {
        redirect(&confirm_first(&page));
        return Ok(());
    }
    let (cx, id) = (visit.staff_cx(), PlanId::from_untrusted(plan_id));
    let set = visit.state.db.write(move |tx| {
        Box::pin(async move {
            match published {
                true => catalog::publish_plan(tx, &cx, &id).await,
                false => catalog::retire_plan(tx, &cx, &id).await,
            }
        })
    });
    let refused = Refused::new(PUBLISH_PLAN);
    match set.await? {
        PlanPublication::Done if published => say_done("plan_published").await,
        PlanPublication::Done => say_done("plan_retired").await,
        PlanPublication::Unchanged => say_done("nothing_changed").await,
        PlanPublication::NoPrices => {
            refused.problem("", "no_prices").go_back(&page).await;
            return Ok(());
        }
        PlanPublication::TwoRecommended(other) => {
            refused.value("other", &other).problem("", "two_recommended").go_back(&page).await;
            return Ok(());
        }
        PlanPublication::NotFound | PlanPublication::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    redirect(&page);
    Ok(())
}

/// Why a plan was not put on the list, from what waited in the session.
#[must_use]
pub fn plan_refusal(refused: &Refused) -> Option<PlanPublication> {
    match refused.code("")? {
        "no_prices" => Some(PlanPublication::NoPrices),
        "two_recommended" => Some(PlanPublication::TwoRecommended(refused.typed("other"))),
        _ => None,
    }
}

/// Publishes a release of a product, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "publish-release")]
pub async fn publish_release(
    /// The product.
    #[server(default)]
    product_id: String,
    /// Version as instances report it.
    #[server(default)]
    version: String,
    /// UTC date; today where empty.
    #[server(default)]
    released_on: String,
    /// `stable` where empty.
    #[server(default)]
    channel: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::PublishReleases).await?;
    let page = local_path(&format!("{}#publish", product_page(&product_id)));
    let refused = Refused::new(PUBLISH_RELEASE)
        .value("version", &version)
        .value("released_on", &released_on)
        .value("channel", &channel);
    if fresh_authentication(&visit).await?.is_none() {
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let typed = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let Ok(released_on) = typed(&released_on).map(|text| text.parse::<Date>()).transpose() else {
        refused.problem("released_on", "date").go_back(&page).await;
        return Ok(());
    };
    let (version, channel) = (version.trim().to_owned(), typed(&channel));
    let (cx, id) = (visit.staff_cx(), ProductId::from_untrusted(&product_id));
    let published = visit.state.db.write(move |tx| {
        Box::pin(async move {
            let Some(product) = find_product(tx, &cx.vendor_id, &id).await? else {
                return Ok(Publication::ProductNotFound);
            };
            let new = NewRelease { product: product.code, version, released_on, channel };
            catalog::publish_release(tx, &cx, &new).await
        })
    });
    let published: Result<Publication, DbError> = published.await;
    match published? {
        Publication::Published(_) => {
            say_done("release_published").await;
            redirect(&local_path(&product_page(&product_id)));
        }
        Publication::Same(_) | Publication::Differs(_) => refused.problem("version", "known").go_back(&page).await,
        Publication::Malformed(member) => refused.problem(member, "malformed").go_back(&page).await,
        Publication::ProductNotFound | Publication::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// Shows what a catalog file would change.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "check-catalog")]
pub async fn check_catalog(
    /// The text of the file.
    #[server(default)]
    file: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::EditCatalog).await?;
    // The page looks at the text itself.
    kept(&file).go_back(UPLOAD).await;
    Ok(())
}

/// Applies a catalog file whose changes were shown.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "apply-catalog")]
pub async fn apply_catalog(
    /// The text of the file.
    #[server(default)]
    file: String,
    /// The fingerprint of what was shown.
    #[server(default)]
    seen: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::EditCatalog).await?;
    let kept = kept(&file);
    if fresh_authentication(&visit).await?.is_none() {
        // The file waits on the way.
        kept.go_back(&confirm_first(UPLOAD)).await;
        return Ok(());
    }
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let uploaded = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { catalog::upload_catalog(tx, &cx, &master, &file, &seen).await }));
    match uploaded.await? {
        CatalogUpload::Applied(changes) => {
            say_done(if changes.is_empty() { "nothing_changed" } else { "catalog_applied" }).await;
            redirect(CATALOG);
        }
        CatalogUpload::ChangedMeanwhile => kept.problem("", CHANGED_MEANWHILE).go_back(UPLOAD).await,
        // The page says why.
        CatalogUpload::Faulty(_) => kept.go_back(UPLOAD).await,
        CatalogUpload::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// The file on its way to the page; the session need not carry what is too long anyway.
fn kept(file: &str) -> Refused {
    let text = file.replace("\r\n", "\n");
    match text.len() {
        0 => Refused::new(CHECK).problem("file", "empty"),
        length if length > UPLOAD_MAX_BYTES => Refused::new(CHECK).problem("file", "too_long"),
        _ => Refused::new(CHECK).value("file", &text),
    }
}

/// What was wrong with a file before it was looked at.
#[must_use]
pub fn file_refusal(refused: &Refused) -> Option<UploadFault> {
    match refused.code("file")? {
        "empty" => Some(UploadFault::Empty),
        "too_long" => Some(UploadFault::TooLong),
        _ => None,
    }
}
