//! Publishing one release, from a build pipeline or by staff. The catalog file may list it later or not: what is
//! published stays.

use jiff::civil::Date;

use super::{Release, release_store, rules, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Extent, Subject, Tx};

/// The channel of a release that names none.
pub const DEFAULT_CHANNEL: &str = "stable";

/// What is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRelease {
    /// Code of the product.
    pub product: String,
    /// Version as instances report it.
    pub version: String,
    /// UTC date; today where none is said.
    pub released_on: Option<Date>,
    /// [`DEFAULT_CHANNEL`] where none is said.
    pub channel: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publication {
    /// It is published. Licenses are judged by its date from this commit on.
    Published(Release),
    /// It was published before, with all that is said of it now.
    Same(Release),
    /// This version was published before with another date or in another channel; nothing was changed.
    Differs(Release),
    /// The product has no such version as text, or no such channel: `version` or `channel`.
    Malformed(&'static str),
    /// The vendor has no such product.
    ProductNotFound,
    /// Whoever acts may not.
    NotAllowed,
}

/// Publishes a release. Doing it again changes nothing.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn publish_release(tx: &mut Tx, cx: &Cx, new: &NewRelease) -> Result<Publication, DbError> {
    if !staff_may_act(tx, cx, StaffAct::PublishReleases).await? {
        return Ok(Publication::NotAllowed);
    }
    let Some(product) = store::find_product_by_code(tx, &cx.vendor_id, &new.product).await? else {
        return Ok(Publication::ProductNotFound);
    };
    if let Err(member) = rules::check_release(&new.version, new.channel.as_deref()) {
        return Ok(Publication::Malformed(member));
    }
    if let Some(known) = release_store::find_release(tx, &cx.vendor_id, &product.id, &new.version).await? {
        return Ok(compare(new, known));
    }
    // Leases answered from memory judge releases as they were.
    tx.change(Subject::All, Extent::Whole).await?;
    let released_on = new.released_on.unwrap_or_else(|| cx.now.date());
    let channel = new.channel.as_deref().unwrap_or(DEFAULT_CHANNEL);
    let inserted = release_store::insert_release(tx, cx, &product.id, &new.version, released_on, channel).await?;
    let found = release_store::find_release(tx, &cx.vendor_id, &product.id, &new.version).await?;
    let Some(release) = found else { return Err(DbError::GivenUp("a release was taken out while it was published")) };
    if inserted.is_none() {
        // Somebody else was quicker.
        return Ok(compare(new, release));
    }
    let after = serde_json::json!({ "version": release.version, "released_on": released_on, "channel": channel });
    audit::record(tx, cx, None, "release.create", release.id.as_str(), audit::NOTHING, Some(&after)).await?;
    Ok(Publication::Published(release))
}

/// A release that is known, as far as anything was said about it.
fn compare(new: &NewRelease, known: Release) -> Publication {
    let same_day = new.released_on.is_none_or(|day| day == known.released_on);
    let same_channel = new.channel.as_ref().is_none_or(|channel| *channel == known.channel);
    if same_day && same_channel { Publication::Same(known) } else { Publication::Differs(known) }
}
