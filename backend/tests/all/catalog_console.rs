//! The catalog in the vendor's console: plans on and off the price list, uploaded files, the file of what is stored, and
//! what is counted.

use std::collections::BTreeMap;
use std::path::Path;

use backend::Cx;
use backend::accounts::StaffRole;
use backend::catalog::console::{
    LicensesOfPlan, ReleasePlace, count_licenses, list_releases_page, list_versions, read_shelves,
};
use backend::catalog::{
    CatalogApplication, CatalogUpload, Change, NewRelease, Plan, PlanPublication, Publication, UploadFault,
    apply_catalog, export_catalog, fingerprint, list_plans, list_products, list_releases, load_catalog, preview_upload,
    publish_plan, publish_release, retire_plan, upload_catalog,
};
use backend::db::{Db, DbError};
use backend::ids::{PlanId, VendorId};
use backend::text::en::console_plan;

use crate::licenses::stage::{PRODUCT, Stage, granted};
use crate::support::{NOW, cx, master, on_both_engines};

const ORIGIN: &str = "https://portal.test";

fn demo(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name);
    std::fs::read_to_string(path).expect("a demo file")
}

async fn publish(stage: &Stage, cx: &Cx, id: &PlanId) -> Result<PlanPublication, DbError> {
    let (cx, id) = (cx.clone(), id.clone());
    stage.write(move |tx| Box::pin(async move { publish_plan(tx, &cx, &id).await })).await
}

async fn retire(stage: &Stage, cx: &Cx, id: &PlanId) -> Result<PlanPublication, DbError> {
    let (cx, id) = (cx.clone(), id.clone());
    stage.write(move |tx| Box::pin(async move { retire_plan(tx, &cx, &id).await })).await
}

async fn preview(db: &Db, cx: &Cx, text: &str) -> Result<Option<Result<Vec<Change>, UploadFault>>, DbError> {
    let (cx, text) = (cx.clone(), text.to_owned());
    db.read(move |tx| Box::pin(async move { preview_upload(tx, &cx, &text).await })).await
}

async fn upload(db: &Db, cx: &Cx, text: &str, seen: &str) -> Result<CatalogUpload, DbError> {
    let (cx, text, seen) = (cx.clone(), text.to_owned(), seen.to_owned());
    db.write(move |tx| Box::pin(async move { upload_catalog(tx, &cx, &master(), &text, &seen).await })).await
}

/// Applies a text that changes something, as it is shown.
async fn upload_as_shown(db: &Db, cx: &Cx, text: &str) -> anyhow::Result<Vec<Change>> {
    let shown = preview(db, cx, text).await?.expect("allowed").expect("a sound file");
    match upload(db, cx, text, &fingerprint(text, &shown)).await? {
        CatalogUpload::Applied(changes) => Ok(changes),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn plans(db: &Db, vendor_id: &VendorId) -> Result<Vec<Plan>, DbError> {
    let vendor_id = vendor_id.clone();
    db.read(move |tx| {
        Box::pin(async move {
            let product = list_products(tx, &vendor_id).await?.remove(0);
            list_plans(tx, &vendor_id, &product.id).await
        })
    })
    .await
}

async fn exported(db: &Db, cx: &Cx) -> anyhow::Result<String> {
    let cx = cx.clone();
    let written: Result<_, DbError> = db.read(move |tx| Box::pin(async move { export_catalog(tx, &cx).await })).await;
    Ok(written?.expect("a catalog"))
}

on_both_engines! {
    async fn a_plan_goes_off_the_list_and_on_again_while_its_licenses_go_on(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (admin, support) = (stage.staff(StaffRole::Admin).await?, stage.staff(StaffRole::Support).await?);
        let (admin, support) = (stage.person(&admin, NOW), stage.person(&support, NOW));
        let id = stage.plan("startup").await?.id;
        for refused in [retire(&stage, &support, &id).await?, publish(&stage, &stage.person(&stage.owner, NOW), &id).await?] {
            assert_eq!(refused, PlanPublication::NotAllowed);
        }
        assert_eq!(publish(&stage, &admin, &id).await?, PlanPublication::Unchanged);
        assert_eq!(retire(&stage, &admin, &id).await?, PlanPublication::Done);
        assert_eq!(retire(&stage, &admin, &id).await?, PlanPublication::Unchanged);
        let retired = stage.plan("startup").await?;
        assert_eq!((retired.published, retired.version), (false, 1), "what is sold under it is the same");
        granted(stage.activate("node-a", None, NOW).await?)?;
        assert_eq!(publish(&stage, &admin, &id).await?, PlanPublication::Done);
        assert!(stage.plan("startup").await?.published);
        for act in ["SELECT COUNT(*) FROM audit WHERE act = 'plan.retire'", "SELECT COUNT(*) FROM audit WHERE act = 'plan.publish'"] {
            assert_eq!(stage.count(act).await?, 1, "{act}");
        }

        // A file that is applied later decides again.
        assert_eq!(retire(&stage, &admin, &id).await?, PlanPublication::Done);
        upload_as_shown(&stage.db, &admin, &demo("iot-platform.toml")).await?;
        assert!(stage.plan("startup").await?.published);
        Ok(())
    }

    async fn of_two_plans_that_are_recommended_one_is_published_whoever_is_quicker(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let admin = stage.operator(NOW);
        let text = demo("iot-platform.toml")
            .replace("code = \"startup\"", "code = \"startup\"\npublished = false")
            .replace("code = \"business\"", "code = \"business\"\npublished = false\nrecommended = true");
        upload_as_shown(&stage.db, &admin, &text).await?;
        let (startup, business) = (stage.plan("startup").await?.id, stage.plan("business").await?.id);
        let (one, other) = futures::join!(publish(&stage, &admin, &startup), publish(&stage, &admin, &business));
        let outcomes = [one?, other?];
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == PlanPublication::Done).count(), 1, "{outcomes:?}");
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, PlanPublication::TwoRecommended(_))).count();
        assert_eq!(refused, 1, "{outcomes:?}");
        Ok(())
    }

    async fn an_upload_does_what_was_shown_once_and_queues_that_stripe_hears_of_it(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (admin, finance) = (stage.staff(StaffRole::Admin).await?, stage.staff(StaffRole::Finance).await?);
        let (admin, finance) = (stage.person(&admin, NOW), stage.person(&finance, NOW));
        let text = demo("iot-platform.toml");
        let jobs = "SELECT COUNT(*) FROM jobs WHERE kind = 'catalog.push_prices'";
        assert_eq!(upload_as_shown(&stage.db, &admin, &text).await?, [], "logo and origin stay");
        assert_eq!(stage.count(jobs).await?, 0);
        assert_eq!(preview(&stage.db, &finance, &text).await?, None);
        assert_eq!(upload(&stage.db, &finance, &text, &fingerprint(&text, &[])).await?, CatalogUpload::NotAllowed);

        // Browsers end lines otherwise.
        let changed = text.replace("For a first idea on the bench", "For the bench").replace('\n', "\r\n");
        let shown = preview(&stage.db, &admin, &changed).await?.expect("allowed").expect("a sound file");
        assert!(matches!(&shown[..], [Change::UpdatePlan { members, .. }] if members == &["tagline"]), "{shown:?}");
        let seen = fingerprint(&changed, &shown);
        assert_eq!(seen, fingerprint(&changed.replace("\r\n", "\n"), &shown));
        assert_eq!(upload(&stage.db, &admin, &text, &seen).await?, CatalogUpload::ChangedMeanwhile, "another text");
        let (one, other) =
            futures::join!(upload(&stage.db, &admin, &changed, &seen), upload(&stage.db, &admin, &changed, &seen));
        let outcomes = [one?, other?];
        assert!(outcomes.contains(&CatalogUpload::Applied(shown)), "{outcomes:?}");
        assert!(outcomes.contains(&CatalogUpload::ChangedMeanwhile), "what was shown is done already: {outcomes:?}");
        assert_eq!(stage.plan("maker").await?.presentation.tagline, "For the bench");
        assert_eq!(stage.count(jobs).await?, 1);
        Ok(())
    }

    async fn a_file_that_cannot_be_applied_is_refused_with_its_reason_and_writes_nothing(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let admin = stage.operator(NOW);
        let text = demo("iot-platform.toml");
        let before = plans(&stage.db, &stage.vendor.id).await?;
        let rows = stage.count("SELECT COUNT(*) FROM audit").await?;
        let moved = text.replacen("name = \"Nordwind IoT\"", "name = \"Nordwind IoT\"\norigin = \"https://moved.test\"", 1);
        let elsewhere = text.replacen("name = \"Nordwind IoT\"", "name = \"Nordwind IoT\"\nhost = \"moved.test\"", 1);
        for (file, expected) in [
            (" \r\n".to_owned(), "Empty"),
            (format!("# {}", "x".repeat(backend::catalog::UPLOAD_MAX_BYTES)), "TooLong"),
            (text.replacen("accent_hue =", "accent_hew =", 1), "line "),
            (text.replacen("max_seats = 10\n", "max_seats = 0\n", 1), "products.iot-platform.plans.prototype.max_seats"),
            (demo("desk-tools.toml"), "OtherVendor(\"falter\")"),
            (moved, "OriginIsFixed"),
            (elsewhere, "HostIsTheOperators"),
        ] {
            let shown = preview(&stage.db, &admin, &file).await?.expect("allowed").expect_err("it is refused");
            assert!(format!("{shown:?}").contains(expected), "{expected}: {shown:?}");
            let uploaded = upload(&stage.db, &admin, &file, &fingerprint(&file, &[])).await?;
            assert_eq!(uploaded, CatalogUpload::Faulty(shown), "{expected}");
        }
        assert_eq!(plans(&stage.db, &stage.vendor.id).await?, before);
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit").await?, rows);
        Ok(())
    }

    async fn a_downloaded_catalog_changes_nothing_when_it_is_applied_again(db: Db) {
        for (name, logo) in [("iot-platform.toml", "nordwind.svg"), ("desk-tools.toml", "falter.svg")] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name);
            let catalog = load_catalog(&path).expect("a demo catalog");
            let origin = if name == "desk-tools.toml" { "https://falter.test" } else { ORIGIN };
            let operator = cx(&VendorId::from_untrusted(""), NOW);
            let applied = db
                .write(move |tx| Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, origin).await }))
                .await?;
            let CatalogApplication::Applied { vendor, .. } = applied else { anyhow::bail!("refused") };
            let operator = cx(&vendor.id, NOW);
            let text = exported(&db, &operator).await?;
            assert_eq!(preview(&db, &operator, &text).await?, Some(Ok(Vec::new())), "{text}");

            // The command finds the logo beside the file, under the name that it has there.
            let folder = tempfile::tempdir()?;
            std::fs::write(folder.path().join("catalog.toml"), &text)?;
            std::fs::write(folder.path().join(logo), vendor.logo_svg.as_deref().expect("a logo"))?;
            let read = load_catalog(&folder.path().join("catalog.toml")).expect("a catalog");
            let applied = db
                .write(move |tx| Box::pin(async move { apply_catalog(tx, &operator, &master(), &read, ORIGIN).await }))
                .await?;
            assert!(matches!(&applied, CatalogApplication::Applied { changes, .. } if changes.is_empty()), "{applied:?}");
        }
        Ok(())
    }

    async fn licenses_are_counted_by_the_version_that_they_have(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let admin = stage.operator(NOW);
        let text = demo("iot-platform.toml")
            .replace("limits = { devices = 500, assets = 500 }", "limits = { devices = 600, assets = 500 }");
        assert_eq!(upload_as_shown(&stage.db, &admin, &text).await?.len(), 1);
        let plan = stage.plan("startup").await?;
        let held = LicensesOfPlan { by_version: BTreeMap::from([(1, 1)]) };
        let shelves = stage.db.read(move |tx| Box::pin(async move { read_shelves(tx, &admin).await })).await?;
        assert_eq!(shelves[0].licenses, BTreeMap::from([(plan.id.clone(), held.clone())]));
        assert_eq!((held.total(), held.with_other_than(plan.version)), (1, 1));
        let (vendor_id, listed) = (stage.vendor.id.clone(), plan.clone());
        let versions = stage
            .db
            .read(move |tx| Box::pin(async move { list_versions(tx, &vendor_id, &listed, 10).await }))
            .await?;
        let numbers: Vec<i64> = versions.iter().map(|version| version.plan.version).collect();
        assert_eq!(numbers, [2, 1]);
        assert_eq!(console_plan::differences(&versions[1], &versions[0]), ["devices: 500 becomes 600"]);

        // What has ended does not count.
        let ends_at = stage.license().await?.ends_at.expect("an end");
        let vendor_id = stage.vendor.id.clone();
        let later = stage.db.read(move |tx| Box::pin(async move { count_licenses(tx, &vendor_id, ends_at).await })).await?;
        assert_eq!(later, BTreeMap::new());
        Ok(())
    }

    async fn releases_of_a_day_are_paged_without_losing_one(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        for version in ["9.1.0", "9.2.0", "9.3.0", "9.4.0"] {
            let admin = stage.operator(NOW);
            let new = NewRelease {
                product: PRODUCT.to_owned(),
                version: version.to_owned(),
                released_on: Some("2026-11-20".parse()?),
                channel: None,
            };
            let published = stage.write(move |tx| Box::pin(async move { publish_release(tx, &admin, &new).await })).await?;
            assert!(matches!(published, Publication::Published(_)), "{published:?}");
        }
        let vendor_id = stage.vendor.id.clone();
        let (all, paged) = stage
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let product = list_products(tx, &vendor_id).await?.remove(0);
                    let all = list_releases(tx, &vendor_id, &product.id).await?;
                    let (mut paged, mut after): (Vec<_>, Option<ReleasePlace>) = (Vec::new(), None);
                    loop {
                        let page = list_releases_page(tx, &vendor_id, &product.id, after.as_ref(), 2).await?;
                        paged.extend(page.releases);
                        // As the address carries it.
                        after = page.next.and_then(|next| ReleasePlace::parse(&next.to_string()));
                        if after.is_none() {
                            break Ok::<_, DbError>((all, paged));
                        }
                    }
                })
            })
            .await?;
        assert_eq!((paged.len(), &paged), (9, &all));
        Ok(())
    }
}
