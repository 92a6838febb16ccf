//! What the license says counts: whether it stands, what its updates cover, its features, its owner, and the time.

use super::*;

on_both_engines! {
    async fn nothing_is_granted_once_a_license_is_revoked_suspended_or_over(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let (cx, id) = (stage.cx(NOW), stage.license_id.clone());
        stage.db.write(move |tx| Box::pin(async move {
            set_standing(tx, &cx, &id, LicenseStatus::Suspended, "fraud").await
        })).await?;
        assert_eq!(code(&stage.check(&a, NOW).await?), "license_suspended");
        assert_eq!(code(&stage.activate("node-b", NOW).await?), "license_suspended");
        let (cx, id) = (stage.cx(NOW), stage.license_id.clone());
        stage.db.write(move |tx| Box::pin(async move {
            set_standing(tx, &cx, &id, LicenseStatus::Active, "").await
        })).await?;
        let a = granted(stage.check(&a, NOW).await?)?;
        assert_eq!(code(&stage.check(&a, NOW.plus(33 * DAY_MS)).await?), "license_expired");
        let (cx, id) = (stage.cx(NOW), stage.license_id.clone());
        stage.db.write(move |tx| Box::pin(async move {
            set_standing(tx, &cx, &id, LicenseStatus::Ended, "cancelled").await
        })).await?;
        let ended = stage.check(&a, NOW).await?;
        assert_eq!(ended.err(), Some(Refusal::Inactive(Inactive::Cancelled)));
        Ok(())
    }

    async fn a_perpetual_license_covers_releases_up_to_its_last_day_of_updates(db: Db) {
        let stage = Stage::new(db, "perpetual", 1).await?;
        let asked = |version: &str, released_on: Option<&str>| ActivateRequest {
            version: version.to_owned(),
            released_on: released_on.map(|date| date.parse().expect("a date")),
            ..stage.request("node-a", nonce())
        };
        assert_eq!(code(&stage.activate_as(asked("4.2.1", None), NOW).await?), "granted");
        // A registered release's date wins over what the build says of itself.
        let later = stage.activate_as(asked("5.0.0", Some("2026-01-01")), NOW).await?;
        let Err(Refusal::VersionNotCovered { newest: Some(newest), renewal: Some(renewal), .. }) = &later else {
            anyhow::bail!("{later:?}")
        };
        assert_eq!(newest.version, "4.2.1");
        assert_eq!((renewal.amount_minor, renewal.currency.as_str()), (199_960, "usd"));
        assert_eq!(code(&stage.activate_as(asked("9.9-own", Some("2027-11-21")), NOW).await?), "granted");
        assert_eq!(code(&stage.activate_as(asked("9.9-own", Some("2027-11-22")), NOW).await?), "version_not_covered");
        assert_eq!(code(&stage.activate_as(asked("9.9-own", None), NOW).await?), "invalid_request");
        Ok(())
    }

    async fn a_license_is_of_the_type_of_the_plan_that_it_is_put_under(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let trust = stage.trust().await?;
        let expect = Expect::of("iot-platform", NOW.seconds());
        let said = |answer: &LeaseResponse| -> anyhow::Result<_> {
            let lease = sdk::lease::verify(&answer.lease, &trust, &expect)?;
            Ok((lease.claims().pln.clone(), lease.claims().lty))
        };
        let a = granted(stage.activate("node-a", NOW).await?)?;
        assert_eq!(said(&a)?, ("maker".to_owned(), sdk::lease::LicenseType::Floating));
        stage.change("perpetual", 1, NOW).await?;
        let a = granted(stage.check(&a, NOW).await?)?;
        assert_eq!(said(&a)?, ("perpetual".to_owned(), sdk::lease::LicenseType::Machine));
        Ok(())
    }

    async fn an_owner_frees_a_seat_and_the_node_is_told_why(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let a = granted(stage.activate("node-a", NOW).await?)?;
        let (cx, id) = (stage.cx(NOW), InstanceId::from_untrusted(&a.instance_id));
        let freed = stage.db.write(move |tx| Box::pin(async move { free_seat(tx, &cx, &id).await })).await?;
        assert_eq!(freed, Freed::FreeAt(NOW));
        assert_eq!(code(&stage.check(&a, NOW).await?), "instance_deactivated");
        let back = stage.activate("node-a", NOW.plus(MINUTE_MS)).await?;
        assert_eq!(back.err(), Some(Refusal::InstanceDeactivated { retry_after_s: 540 }));
        assert_eq!(code(&stage.activate("node-b", NOW.plus(MINUTE_MS)).await?), "granted");
        assert_eq!(code(&stage.activate("node-a", NOW.plus(10 * MINUTE_MS)).await?), "seats_exhausted");
        Ok(())
    }

    async fn keys_of_other_products_and_unknown_keys_look_the_same(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let other_product = ActivateRequest { product: "plan-desk".to_owned(), ..stage.request("node-a", nonce()) };
        assert_eq!(code(&stage.activate_as(other_product, NOW).await?), "license_not_found");
        let unknown = LicenseKey::from_random([7; sdk::license_key::RANDOM_BYTES]);
        let request = ActivateRequest { license_key: Secret::new(unknown.expose()), ..stage.request("node-a", nonce()) };
        assert_eq!(code(&stage.activate_as(request, NOW).await?), "license_not_found");
        let typed = ActivateRequest { license_key: Secret::new("LH-nonsense"), ..stage.request("node-a", nonce()) };
        assert_eq!(code(&stage.activate_as(typed, NOW).await?), "license_not_found");
        Ok(())
    }

    async fn a_feature_that_is_required_and_missing_is_named(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let request = ActivateRequest { features: Some(vec!["white_labelling".to_owned()]), ..stage.request("a", nonce()) };
        let refused = stage.activate_as(request, NOW).await?;
        assert_eq!(refused.err(), Some(Refusal::FeatureNotLicensed(vec!["white_labelling".to_owned()])));
        Ok(())
    }

    async fn time_that_moves_back_extends_nothing(db: Db) {
        let stage = Stage::new(db, "maker", 1).await?;
        let trust = stage.trust().await?;
        let a = granted(stage.activate("node-a", NOW.plus(HOUR_MS)).await?)?;
        let before = exp(&a, &trust, NOW.plus(HOUR_MS))?;
        let back = granted(stage.check(&a, NOW).await?)?;
        assert!(exp(&back, &trust, NOW)? < before);
        // The seat stays held for the longer lease that is still out there.
        assert_eq!(code(&stage.activate("node-b", before.plus(59_999)).await?), "seats_exhausted");
        Ok(())
    }
}
