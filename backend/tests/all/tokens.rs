//! API tokens: making, opening, revoking, announcing their end; and what they may in use cases.

use std::collections::BTreeSet;

use backend::accounts::{self, Act, StaffAct};
use backend::audit::{AuditEntry, AuditFilter, AuditScope, list_audit};
use backend::catalog::{
    CatalogApplication, NewRelease, Publication, apply_catalog, find_product_by_code, list_releases, load_catalog,
    publish_release,
};
use backend::clock::{Clock, DAY_MS, MINUTE_MS, UnixMs};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::ids::{AccountId, ApiTokenId, UserId, VendorId};
use backend::jobs::{Handlers, Runner};
use backend::tokens::rules::{ACCOUNT_SCOPES, MAX_LIVE, TokenFault};
use backend::tokens::{
    ApiToken, Holder, ListedToken, NewToken, Opening, Scope, TokenCreation, TokenRevocation, TokenText, create_token,
    find_token, list_tokens, note_use, open_token, revoke_token, warn_of_ends,
};
use backend::vendors::Vendor;
use backend::{Actor, Cx, audit};

use crate::support::people::plant_person;
use crate::support::{NOW, Outbox, account, cx, entropy, master, on_both_engines, vendor};

/// A vendor with two accounts, the owner of the first, a technical member, and an admin.
struct Stage {
    db: Db,
    vendor: Vendor,
    account: AccountId,
    other: AccountId,
    outbox: Outbox,
    clock: Clock,
}

impl Stage {
    async fn new(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        let (cx, vendor_id) = (cx(&vendor.id, NOW), vendor.id.clone());
        let (account, other) = db
            .write(move |tx| {
                Box::pin(async move {
                    let (first, second) = (account(tx, &cx).await?, account(tx, &cx).await?);
                    plant_person(tx, &vendor_id, "owner", None, Some((&first, "owner"))).await?;
                    plant_person(tx, &vendor_id, "technical", None, Some((&first, "technical"))).await?;
                    plant_person(tx, &vendor_id, "stranger", None, Some((&second, "owner"))).await?;
                    plant_person(tx, &vendor_id, "admin", Some("admin"), None).await?;
                    plant_person(tx, &vendor_id, "support", Some("support"), None).await?;
                    Ok::<_, anyhow::Error>((first, second))
                })
            })
            .await?;
        Ok(Self { db, vendor, account, other, outbox: Outbox::default(), clock: Clock::fixed(NOW) })
    }

    fn holder(&self) -> Holder {
        Holder::Account(self.account.clone())
    }

    fn cx_of(&self, who: &str) -> Cx {
        let actor = Actor::User(UserId::from_untrusted(&format!("usr_{who}")));
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    fn later(&self, ms: i64) {
        self.clock.set(self.clock.now().plus(ms));
    }

    async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    async fn create(&self, who: &str, new: NewToken) -> Result<TokenCreation, DbError> {
        let cx = self.cx_of(who);
        self.write(move |tx| Box::pin(async move { create_token(tx, &cx, &master(), &new).await })).await
    }

    /// A token of the owner's with these scopes.
    async fn token(&self, scopes: &[Scope], days: i64) -> anyhow::Result<(ApiToken, TokenText)> {
        made(self.create("owner", asked(self.holder(), scopes, days)).await?)
    }

    async fn open(&self, text: &TokenText, scope: Scope) -> Result<Opening, DbError> {
        let (vendor_id, text, now) = (self.vendor.id.clone(), text.clone(), self.clock.now());
        self.write(move |tx| Box::pin(async move { open_token(tx, &vendor_id, &text, scope, now).await })).await
    }

    async fn revoke(&self, who: &str, holder: Holder, id: &ApiTokenId) -> Result<TokenRevocation, DbError> {
        let (cx, id) = (self.cx_of(who), id.clone());
        self.write(move |tx| Box::pin(async move { revoke_token(tx, &cx, &holder, &id).await })).await
    }

    async fn list(&self, who: &str, holder: Holder) -> Result<Option<Vec<ListedToken>>, DbError> {
        let cx = self.cx_of(who);
        self.write(move |tx| Box::pin(async move { list_tokens(tx, &cx, &holder).await })).await
    }

    async fn may(&self, token: &ApiToken, account: &AccountId, act: Act) -> Result<bool, DbError> {
        let (cx, account) = (self.cx_of_token(token), account.clone());
        self.write(move |tx| Box::pin(async move { accounts::may_act(tx, &cx, &account, act).await })).await
    }

    async fn staff_may(&self, token: &ApiToken, act: StaffAct) -> Result<bool, DbError> {
        let cx = self.cx_of_token(token);
        self.write(move |tx| Box::pin(async move { accounts::staff_may_act(tx, &cx, act).await })).await
    }

    fn cx_of_token(&self, token: &ApiToken) -> Cx {
        Cx { actor: Actor::Token(token.id.clone()), ..cx(&self.vendor.id, self.clock.now()) }
    }

    /// Who got which subject, of the mails that wait.
    async fn mails(&self) -> anyhow::Result<Vec<(String, String)>> {
        let handlers = Handlers::new().with(self.outbox.clone());
        Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers).run_until_idle().await?;
        Ok(self.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect())
    }

    async fn run(&self, sql: &'static str) -> Result<(), DbError> {
        self.write(move |tx| Box::pin(async move { execute(tx, sql).await })).await
    }
}

async fn execute(tx: &mut Tx, sql: &'static str) -> Result<(), DbError> {
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(sql).execute(&mut **tx).await?;
        }
        Tx::Postgres(tx) => {
            sqlx::query(sql).execute(&mut **tx).await?;
        }
    }
    Ok(())
}

fn asked(holder: Holder, scopes: &[Scope], days: i64) -> NewToken {
    NewToken { holder, name: "Grafana".to_owned(), scopes: scopes.iter().copied().collect(), days }
}

fn made(creation: TokenCreation) -> anyhow::Result<(ApiToken, TokenText)> {
    match creation {
        TokenCreation::Created { token, text } => Ok((*token, text)),
        other => anyhow::bail!("{other:?}"),
    }
}

on_both_engines! {
    async fn a_token_opens_what_its_scopes_say_until_it_ends_or_is_revoked(db: Db) {
        let stage = Stage::new(db).await?;
        let (token, text) = stage.token(&[Scope::LicensesRead], 30).await?;
        assert!(matches!(stage.open(&text, Scope::LicensesRead).await?, Opening::Open(opened) if *opened == token));
        assert_eq!(stage.open(&text, Scope::LicensesWrite).await?, Opening::OutOfScope);
        assert_eq!(stage.open(&TokenText::generate(&entropy()), Scope::LicensesRead).await?, Opening::Unknown);

        stage.later(30 * DAY_MS - 1);
        assert!(matches!(stage.open(&text, Scope::LicensesRead).await?, Opening::Open(_)));
        stage.later(1);
        assert_eq!(stage.open(&text, Scope::LicensesRead).await?, Opening::Unknown);
        assert_eq!(stage.revoke("owner", stage.holder(), &token.id).await?, TokenRevocation::Over);

        let (token, text) = stage.token(&[Scope::LicensesRead], 30).await?;
        assert_eq!(stage.revoke("owner", stage.holder(), &token.id).await?, TokenRevocation::Revoked);
        assert_eq!(stage.open(&text, Scope::LicensesRead).await?, Opening::Unknown);
        assert_eq!(stage.revoke("owner", stage.holder(), &token.id).await?, TokenRevocation::Over);
        Ok(())
    }

    async fn tokens_are_made_seen_and_revoked_by_those_who_may(db: Db) {
        let stage = Stage::new(db).await?;
        let read = &[Scope::LicensesRead];
        for (who, holder, allowed) in [
            ("owner", stage.holder(), true),
            ("technical", stage.holder(), false),
            ("stranger", stage.holder(), false),
            ("admin", stage.holder(), false),
            ("admin", Holder::Vendor, true),
            ("support", Holder::Vendor, false),
            ("owner", Holder::Vendor, false),
        ] {
            let creation = stage.create(who, asked(holder.clone(), read, 30)).await?;
            assert_eq!(matches!(creation, TokenCreation::Created { .. }), allowed, "{who} {holder:?}");
            assert_eq!(matches!(creation, TokenCreation::NotAllowed), !allowed, "{who} {holder:?}");
            assert_eq!(stage.list(who, holder.clone()).await?.is_some(), allowed, "{who} {holder:?}");
        }
        let (token, text) = stage.token(read, 30).await?;
        for (who, holder) in [
            ("technical", stage.holder()),
            ("stranger", stage.holder()),
            ("stranger", Holder::Account(stage.other.clone())),
            ("admin", Holder::Vendor),
        ] {
            let revocation = stage.revoke(who, holder.clone(), &token.id).await?;
            assert_eq!(revocation, TokenRevocation::NotFound, "{who} {holder:?}");
        }
        assert!(matches!(stage.open(&text, Scope::LicensesRead).await?, Opening::Open(_)));
        Ok(())
    }

    async fn customers_make_none_before_their_address_is_proven(db: Db) {
        let stage = Stage::new(db).await?;
        let new = asked(stage.holder(), &[Scope::LicensesRead], 30);
        stage.run("UPDATE users SET email_verified_at = NULL WHERE id = 'usr_owner'").await?;
        assert_eq!(stage.create("owner", new.clone()).await?, TokenCreation::Unproven);
        assert_eq!(stage.list("owner", stage.holder()).await?, Some(Vec::new()));
        assert_eq!(stage.mails().await?, []);
        stage.run("UPDATE users SET email_verified_at = 1 WHERE id = 'usr_owner'").await?;
        assert!(matches!(stage.create("owner", new).await?, TokenCreation::Created { .. }));
        Ok(())
    }

    async fn what_cannot_be_is_refused_whole(db: Db) {
        let stage = Stage::new(db).await?;
        let new = NewToken { name: String::new(), ..asked(stage.holder(), &[], 366) };
        let faults = vec![TokenFault::NameMissing, TokenFault::NoScope, TokenFault::DaysOutOfRange];
        assert_eq!(stage.create("owner", new).await?, TokenCreation::Refused(faults));
        let publish = asked(stage.holder(), &[Scope::ReleasesWrite], 1);
        assert_eq!(stage.create("owner", publish).await?, TokenCreation::Refused(vec![TokenFault::ForeignScope]));
        assert_eq!(stage.list("owner", stage.holder()).await?, Some(Vec::new()));
        assert_eq!(stage.mails().await?, []);
        Ok(())
    }

    async fn those_who_may_make_tokens_hear_of_each_and_a_week_before_its_end(db: Db) {
        let stage = Stage::new(db).await?;
        let (token, _) = stage.token(&[Scope::LicensesRead], 30).await?;
        let made = vec![("owner@example.test".to_owned(), "A new API token: Grafana".to_owned())];
        assert_eq!(stage.mails().await?, made);
        stage.create("admin", asked(Holder::Vendor, &[Scope::CatalogRead], 90)).await?;
        let made = vec![("admin@example.test".to_owned(), "A new API token: Grafana".to_owned())];
        assert_eq!(stage.mails().await?, made);
        // Never announced: who asks for a week knows when it ends.
        stage.token(&[Scope::LicensesRead], 7).await?;
        stage.mails().await?;

        let warn = async || {
            let cx = stage.cx_of("owner");
            stage.write(move |tx| Box::pin(async move { warn_of_ends(tx, &cx, &master(), 10).await })).await
        };
        stage.later(23 * DAY_MS - 1);
        assert_eq!(warn().await?, 0);
        stage.later(1);
        assert_eq!(warn().await?, 1);
        let ends = format!("The API token Grafana ends on {}", backend::text::en::moments::day(token.expires_at));
        assert_eq!(stage.mails().await?, [("owner@example.test".to_owned(), ends)]);
        assert_eq!(warn().await?, 0, "once");
        Ok(())
    }

    async fn a_token_may_in_its_own_account_what_its_scopes_include(db: Db) {
        let stage = Stage::new(db).await?;
        let (token, _) = stage.token(&[Scope::InstancesWrite], 30).await?;
        assert!(stage.may(&token, &stage.account, Act::ManageInstances).await?);
        assert!(!stage.may(&token, &stage.other, Act::ManageInstances).await?);
        for act in [Act::See, Act::SeeKeys, Act::Buy, Act::SeeInvoices, Act::ManageTokens, Act::ManageMembers] {
            assert!(!stage.may(&token, &stage.account, act).await?, "{act:?}");
        }
        let (all, _) = stage.token(ACCOUNT_SCOPES, 30).await?;
        for act in [StaffAct::See, StaffAct::PublishReleases, StaffAct::ManageLicenses] {
            assert!(!stage.staff_may(&all, act).await?, "{act:?}");
        }
        let creation = stage.create("admin", asked(Holder::Vendor, &[Scope::ReleasesWrite], 30)).await?;
        let (publisher, _) = made(creation)?;
        assert!(stage.staff_may(&publisher, StaffAct::PublishReleases).await?);
        assert!(!stage.staff_may(&publisher, StaffAct::EditCatalog).await?);
        assert!(!stage.staff_may(&publisher, StaffAct::See).await?);
        assert!(!stage.may(&publisher, &stage.account, Act::ManageInstances).await?);

        stage.revoke("owner", stage.holder(), &token.id).await?;
        assert!(!stage.may(&token, &stage.account, Act::ManageInstances).await?);
        stage.later(30 * DAY_MS);
        assert!(!stage.may(&all, &stage.account, Act::ManageInstances).await?);
        assert!(!stage.staff_may(&publisher, StaffAct::PublishReleases).await?);
        Ok(())
    }

    async fn a_token_of_one_vendor_is_nothing_to_another(db: Db) {
        let stage = Stage::new(db).await?;
        let abroad = vendor(&stage.db, "beta").await?;
        let (token, text) = stage.token(ACCOUNT_SCOPES, 30).await?;
        let (vendor_id, there) = (abroad.id.clone(), abroad.id.clone());
        let opened = stage
            .write(move |tx| {
                Box::pin(async move { open_token(tx, &vendor_id, &text, Scope::LicensesRead, NOW).await })
            })
            .await?;
        assert_eq!(opened, Opening::Unknown);
        let (cx, account) = (Cx { vendor_id: there, ..stage.cx_of_token(&token) }, stage.account.clone());
        let may = stage.write(move |tx| {
            Box::pin(async move { accounts::may_act(tx, &cx, &account, Act::ManageInstances).await })
        });
        assert!(!may.await?);
        Ok(())
    }

    async fn of_many_at_once_no_more_are_made_than_there_may_be(db: Db) {
        let stage = Stage::new(db).await?;
        let before = usize::try_from(MAX_LIVE - 3)?;
        for _ in 0..before {
            stage.token(&[Scope::LicensesRead], 30).await?;
        }
        let tries = (0..16).map(|_| stage.create("owner", asked(stage.holder(), &[Scope::LicensesRead], 30)));
        let made = futures::future::try_join_all(tries).await?;
        let created = made.iter().filter(|it| matches!(it, TokenCreation::Created { .. })).count();
        let too_many = made.iter().filter(|it| matches!(it, TokenCreation::TooMany)).count();
        assert_eq!((created, too_many), (3, 13));
        let listed = stage.list("owner", stage.holder()).await?.unwrap_or_default();
        assert_eq!(i64::try_from(listed.len())?, MAX_LIVE);
        // Others have places of their own, and one that is revoked gives its place back.
        assert!(matches!(
            stage.create("admin", asked(Holder::Vendor, &[Scope::CatalogRead], 30)).await?,
            TokenCreation::Created { .. }
        ));
        stage.revoke("owner", stage.holder(), &listed[0].token.id).await?;
        stage.token(&[Scope::LicensesRead], 30).await?;
        Ok(())
    }

    async fn the_list_names_who_made_a_token_and_whether_they_have_left(db: Db) {
        let stage = Stage::new(db).await?;
        stage.token(&[Scope::LicensesRead], 30).await?;
        let listed = stage.list("owner", stage.holder()).await?.unwrap_or_default();
        assert_eq!(listed[0].maker(), Some("owner@example.test"));
        assert!(!listed[0].is_orphan());

        stage.run("UPDATE memberships SET role = 'owner' WHERE user_id = 'usr_technical'").await?;
        stage.run("DELETE FROM memberships WHERE user_id = 'usr_owner'").await?;
        let listed = stage.list("technical", stage.holder()).await?.unwrap_or_default();
        assert!(listed[0].is_orphan() && listed[0].token.is_live(NOW), "it goes on, and is told");

        stage.create("admin", asked(Holder::Vendor, &[Scope::CatalogRead], 30)).await?;
        assert!(!stage.list("admin", Holder::Vendor).await?.unwrap_or_default()[0].is_orphan());
        stage.run("UPDATE users SET staff_role = 'admin' WHERE id = 'usr_support'").await?;
        stage.run("UPDATE users SET staff_role = NULL WHERE id = 'usr_admin'").await?;
        assert!(stage.list("support", Holder::Vendor).await?.unwrap_or_default()[0].is_orphan());
        Ok(())
    }

    async fn a_use_is_noted_to_the_minute(db: Db) {
        let stage = Stage::new(db).await?;
        let (token, _) = stage.token(&[Scope::LicensesRead], 30).await?;
        let note = async |at: UnixMs| {
            let id = token.id.clone();
            let vendor_id = stage.vendor.id.clone();
            stage
                .write(move |tx| {
                    Box::pin(async move {
                        let token = find_token(tx, &vendor_id, &id).await?.expect("the token");
                        let noted = note_use(tx, &token, [192, 0, 2, 7].into(), at).await?;
                        Ok((noted, find_token(tx, &vendor_id, &id).await?.and_then(|token| token.last_used_at)))
                    })
                })
                .await
        };
        assert_eq!(note(NOW.plus(5)).await?, (true, Some(NOW)));
        assert_eq!(note(NOW.plus(MINUTE_MS - 1)).await?, (false, Some(NOW)));
        assert_eq!(note(NOW.plus(MINUTE_MS)).await?, (true, Some(NOW.plus(MINUTE_MS))));
        assert_eq!(note(NOW).await?, (false, Some(NOW.plus(MINUTE_MS))), "a clock that goes back notes nothing");
        Ok(())
    }

    async fn the_log_names_the_token_and_to_customers_the_vendors_is_the_vendor(db: Db) {
        let stage = Stage::new(db).await?;
        let (own, _) = stage.token(&[Scope::LicensesWrite], 30).await?;
        let (vendors, _) = made(stage.create("admin", NewToken { name: "Jenkins".to_owned(), ..asked(Holder::Vendor, &[Scope::ReleasesWrite], 30) }).await?)?;
        let (by_own, by_vendor) = (stage.cx_of_token(&own), stage.cx_of_token(&vendors));
        let (owner, admin, account_id) = (stage.cx_of("owner"), stage.cx_of("admin"), stage.account.clone());
        let (own_log, vendors_log) = stage
            .write(move |tx| {
                Box::pin(async move {
                    for cx in [by_own, by_vendor] {
                        audit::record(tx, &cx, Some(&account_id), "license.rename", "lic_1", audit::NOTHING, Some(&1)).await?;
                    }
                    let filter = AuditFilter { area: "license".to_owned(), ..AuditFilter::default() };
                    let of_account = AuditScope::Account(account_id);
                    let own_log = list_audit(tx, &owner, &of_account, &filter, None, 9).await?;
                    Ok((own_log, list_audit(tx, &admin, &AuditScope::Vendor, &filter, None, 9).await?))
                })
            })
            .await?;
        let who = |log: Option<Vec<AuditEntry>>| {
            let entries = log.expect("they may see it").into_iter();
            entries.map(|entry| format!("{:?}", entry.who)).collect::<BTreeSet<_>>()
        };
        let token = format!("Token({:?})", own.name);
        assert_eq!(who(own_log), BTreeSet::from([token.clone(), "Vendor".to_owned()]));
        assert_eq!(who(vendors_log), BTreeSet::from([token, format!("Token({:?})", vendors.name)]));
        Ok(())
    }

    async fn of_pipelines_that_publish_the_same_release_at_once_one_does(db: Db) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/iot-platform.toml");
        let catalog = load_catalog(&file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let operator = cx(&VendorId::from_untrusted(""), NOW);
        let applied = db.write(move |tx| {
            Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, "https://portal.test").await })
        });
        let CatalogApplication::Applied { vendor, .. } = applied.await? else { anyhow::bail!("refused") };
        let publish = |channel: Option<&str>| {
            let cx = cx(&vendor.id, NOW);
            let (product, version) = ("iot-platform".to_owned(), "9.0.0".to_owned());
            let new = NewRelease { product, version, released_on: None, channel: channel.map(str::to_owned) };
            db.write(move |tx| Box::pin(async move { publish_release(tx, &cx, &new).await }))
        };
        let published: Vec<Publication> =
            futures::future::try_join_all((0..8).map(|_| publish(None))).await.map_err(|error: DbError| error)?;
        let count = |of: fn(&Publication) -> bool| published.iter().filter(|it| of(it)).count();
        assert_eq!(count(|it| matches!(it, Publication::Published(_))), 1);
        assert_eq!(count(|it| matches!(it, Publication::Same(_))), 7);
        assert!(matches!(publish(Some("beta")).await?, Publication::Differs(_)));
        let vendor_id = vendor.id.clone();
        let releases = db
            .read(|tx| {
                Box::pin(async move {
                    let product = find_product_by_code(tx, &vendor_id, "iot-platform").await?.expect("the product");
                    list_releases(tx, &vendor_id, &product.id).await
                })
            })
            .await
            .map_err(|error: DbError| error)?;
        let versions: BTreeSet<_> = releases.iter().map(|release| release.version.as_str()).collect();
        assert!(versions.contains("9.0.0") && versions.len() == releases.len());
        Ok(())
    }
}
