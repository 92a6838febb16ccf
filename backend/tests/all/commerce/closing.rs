//! Accounts that close: what ends, what is forgotten, what stays.

use backend::Actor;
use backend::accounts::{list_members, may_act};
use backend::audit::{seal_rows, verify_audit};
use backend::billing::handlers;
use backend::campaigns::NewCampaign;
use backend::catalog::{BillingInterval, Composition};
use backend::clock::Clock;
use backend::cx::Cx;
use backend::db::{Db, DbError, Tx};
use backend::deletion::rules::GRACE_MS;
use backend::deletion::{self, AccountClosing, ClosingRequest, Keeping, ask_closing, close_account, keep_account};
use backend::ids::OrderId;
use backend::jobs::{Handlers, Runner};
use backend::licenses::VendorStanding;
use backend::orders::{OrderPlacement, OrderStatus, Purchase};
use backend::partners::{PartnerTerms, TermsSet, set_partner_terms};
use backend::takeout::take_account;
use backend::text::en::deletion::{CLOSED_ACCOUNT, ERASED};
use backend::vouchers::{NoteSet, Redemption, list_vouchers, note_voucher};

use super::campaigns::quarter;
use super::shop::{Shop, run_sql};
use super::vouchers::{bought, redeem, three};
use crate::dump::{is_only_in, where_is};
use crate::support::{NOW, cx, entropy, master, on_both_engines};
use crate::takeout::{text_of, unpacked};

/// Where what an account was called may still stand: in the books, and in the log that nobody can change.
const KEPT: [&str; 4] = ["audit.before", "audit.after", "invoices.parties", "credit_notes.parties"];

pub(super) async fn ask(shop: &Shop, typed: &str) -> anyhow::Result<ClosingRequest> {
    let (cx, id, typed) = (shop.cx(), shop.account.id.clone(), typed.to_owned());
    let asked: Result<_, DbError> =
        shop.db.write(move |tx| Box::pin(async move { ask_closing(tx, &cx, &master(), &id, &typed).await })).await;
    Ok(asked?)
}

pub(super) async fn keep(shop: &Shop) -> anyhow::Result<Keeping> {
    let (cx, id) = (shop.cx(), shop.account.id.clone());
    let kept: Result<_, DbError> =
        shop.db.write(move |tx| Box::pin(async move { keep_account(tx, &cx, &master(), &id).await })).await;
    Ok(kept?)
}

pub(super) async fn close(shop: &Shop) -> anyhow::Result<AccountClosing> {
    let cx = Cx { actor: Actor::Job("deletion.sweep"), ..shop.cx() };
    Ok(close_account(&shop.commerce, &cx, &shop.account.id).await?)
}

/// Does all jobs that are due, those of deletion as well.
pub(super) async fn work(shop: &Shop) -> anyhow::Result<()> {
    let known = handlers::register(Handlers::new().with(shop.outbox.clone()), &shop.commerce);
    let known = deletion::handlers::register(known, &shop.commerce);
    Runner::new(shop.db.clone(), Clock::fixed(shop.now()), entropy(), master(), known).run_until_idle().await?;
    Ok(())
}

/// A round of the sweep, with everything that follows from it.
async fn sweep(shop: &Shop) -> anyhow::Result<()> {
    let cx = shop.cx();
    let begun: Result<(), DbError> = shop
        .db
        .write(move |tx| Box::pin(async move { deletion::handlers::start_sweeping(tx, &cx, &master()).await }))
        .await;
    begun?;
    work(shop).await
}

/// What a statement counts or sums.
pub(super) async fn number(shop: &Shop, sql: &'static str) -> anyhow::Result<i64> {
    let found: Result<i64, anyhow::Error> = shop
        .db
        .read(|tx| {
            Box::pin(async move {
                Ok(match tx {
                    Tx::Sqlite(tx) => sqlx::query_scalar(sql).fetch_one(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_scalar(sql).fetch_one(&mut **tx).await?,
                })
            })
        })
        .await;
    found
}

/// A conversation, as somebody who gives a phone number in it.
async fn write_messages(shop: &Shop) -> anyhow::Result<()> {
    let (vendor, account, user) = (&shop.vendor.id, &shop.account.id, &shop.user.id);
    let conversation = format!(
        "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id, status,
                                    message_count, created_at, last_at)
         VALUES ('con_1', '{vendor}', '{account}', '{user}', 'planted-subject', 'nothing', '', 'open', 1, 1, 1)"
    );
    let message = format!(
        "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
         VALUES ('msg_1', '{vendor}', 'con_1', 1, '{user}', FALSE, 'Call planted-phone-0421.', 1)"
    );
    run_sql(&shop.db, vec![conversation, message]).await
}

/// Writes something on the first voucher of an order.
async fn note_first(shop: &Shop, order_id: &OrderId, note: &'static str) -> anyhow::Result<Option<NoteSet>> {
    let (cx, id) = (shop.cx(), order_id.clone());
    let noted: Result<_, DbError> = shop
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some((_, vouchers)) = list_vouchers(tx, &cx, &id, 0, 1).await? else { return Ok(None) };
                let Some(first) = vouchers.first() else { return Ok(None) };
                Ok(Some(note_voucher(tx, &cx, &first.voucher.id, note).await?))
            })
        })
        .await;
    Ok(noted?)
}

/// The buyer, a partner, has earned something by what this client paid, and was paid a part of it.
async fn earn_by(shop: &Shop, client: &str) -> anyhow::Result<()> {
    let commission = format!(
        "INSERT INTO commissions (id, vendor_id, partner_id, invoice_id, order_id, client_id, client, code, currency,
             rate_bp, paid_minor, credited_minor, credited_net_minor, settled_minor, refunded_minor, disputed_minor,
             net_minor, amount_minor, entry_count, created_at, updated_at)
         SELECT 'cms_1', i.vendor_id, i.account_id, i.id, o.id, i.account_id, '{client}', '', i.currency,
             1000, 100, 0, 0, 0, 0, 0, 100, 10, 1, 1, 1
         FROM invoices i JOIN orders o ON o.vendor_id = i.vendor_id AND o.account_id = i.account_id"
    );
    let entry = "INSERT INTO commission_entries (id, vendor_id, commission_id, partner_id, why, currency, net_minor,
                     amount_minor, entered_at)
                 SELECT 'cms_1.000001', vendor_id, id, partner_id, 'paid', currency, 100, 10, 1 FROM commissions";
    let payout =
        "INSERT INTO commission_payouts (id, vendor_id, partner_id, currency, amount_minor, paid_at, reference,
                      created_at)
                  SELECT 'pyo_1', vendor_id, partner_id, currency, 10, 2, 'PAY 7', 2 FROM commissions";
    run_sql(&shop.db, vec![commission, entry.to_owned(), payout.to_owned()]).await
}

/// What comes of agreeing on terms with the buyer.
async fn agree(shop: &Shop) -> anyhow::Result<TermsSet> {
    let (cx, id) = (cx(&shop.vendor.id, shop.now()), shop.account.id.clone());
    let terms = PartnerTerms { commission_bp: 1_000, discount_bp: 0, days_until_due: None };
    let set: Result<_, DbError> =
        shop.db.write(move |tx| Box::pin(async move { set_partner_terms(tx, &cx, &master(), &id, terms).await })).await;
    Ok(set?)
}

on_both_engines! {
    async fn an_account_that_closes_is_forgotten_but_for_its_books(db: Db) {
        let shop = Shop::open(db.clone()).await?;
        let license = shop.buy("startup", BillingInterval::Year, 2).await?;
        shop.activate(&license.id, "planted-node").await?;
        write_messages(&shop).await?;
        let company = shop.account.company.clone();
        let invoices = shop.invoices().await?.len();
        assert!(invoices > 0 && !where_is(&db, &company).await?.is_empty(), "the search finds what is there");

        assert_eq!(ask(&shop, "Somebody else").await?, ClosingRequest::OtherName);
        let closes_at = NOW.plus(GRACE_MS);
        assert_eq!(ask(&shop, &company).await?, ClosingRequest::Closes(closes_at));
        assert_eq!(ask(&shop, &company).await?, ClosingRequest::Asked(closes_at));
        work(&shop).await?;
        assert!(shop.subscription(&license.id).await?.cancel_at_period_end, "nothing renews from the request on");
        let again = Composition::new(shop.plan("startup").await?.id, BillingInterval::Year, 1, shop.currency);
        assert_eq!(shop.place(Purchase::Plan(again)).await?, OrderPlacement::AccountCloses { at: closes_at });
        shop.set_clock(closes_at.plus(-1_000))?;
        sweep(&shop).await?;
        assert_eq!(shop.find_account().await?.closed_at, None, "not before its time");

        shop.set_clock(closes_at)?;
        sweep(&shop).await?;
        let closed = shop.find_account().await?;
        assert_eq!((closed.company.as_str(), closed.closed_at), (CLOSED_ACCOUNT, Some(closes_at)));
        assert!(shop.subscription(&license.id).await?.ended_at.is_some(), "what runs is ended at Stripe");
        assert_eq!(shop.license(&license.id).await?.vendor_standing, VendorStanding::Revoked);
        let told = shop.outbox.take();
        assert!(told.iter().any(|mail| mail.subject == "Your account is closed"), "its members are told");
        assert!(told.iter().all(|mail| !mail.subject.contains("revoked")), "and not of each license");
        let customer_id = closed.stripe_customer_id.expect("a customer");
        let customer = shop.look(&format!("customers/{customer_id}")).await?;
        assert_eq!(customer["name"], CLOSED_ACCOUNT);
        assert!(customer["address"]["line1"].is_null() && customer["address"]["city"].is_null(), "{customer}");
        assert_eq!(customer["address"]["country"], "DE", "the country says of nobody who it is");
        let (cx, id) = (shop.cx(), shop.account.id.clone());
        let members = db.read(|tx| Box::pin(async move {
            let may = may_act(tx, &cx, &id, backend::accounts::Act::See).await?;
            Ok::<_, DbError>((list_members(tx, &cx.vendor_id, &id).await?.len(), may))
        }));
        assert_eq!(members.await?, (0, false), "nobody belongs to it");

        // What Stripe tells of the last moments comes later, and is forgotten by the next round.
        shop.deliver_all().await?;
        work(&shop).await?;
        sweep(&shop).await?;
        is_only_in(&db, &company, &KEPT).await?;
        is_only_in(&db, "Hafenstra", &KEPT).await?;
        for planted in ["planted-node", "planted-subject", "planted-phone-0421"] {
            is_only_in(&db, planted, &[]).await?;
        }
        assert!(where_is(&db, ERASED).await?.contains("messages.text"));
        assert!(where_is(&db, &company).await?.contains("invoices.parties"), "the books are as they were");
        assert_eq!(shop.invoices().await?.len(), invoices);
        assert_eq!(number(&shop, "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM ledger_entries").await?, 0);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM audit WHERE act = 'account.close'").await?, 1, "swept twice, closed once");
        assert_eq!(close(&shop).await?, AccountClosing::NotDue);
        let vendor_id = shop.vendor.id.clone();
        let report = db.write(move |tx| Box::pin(async move {
            seal_rows(tx, &vendor_id, 10_000).await?;
            verify_audit(tx, &vendor_id, None).await
        }));
        let report = report.await?;
        assert!(report.chain.is_ok() && report.tail.count == 0, "{report:?}");
        Ok(())
    }

    async fn a_partner_that_closes_leaves_statements_and_vouchers_that_others_have(db: Db) {
        let shop = Shop::open(db.clone()).await?;
        let (order, codes) = bought(&shop).await?;
        let client = shop.another_account().await?;
        shop.campaign(NewCampaign { owner_id: Some(shop.account.id.clone()), ..quarter("WESER-25") }).await?;
        assert_eq!(note_first(&shop, &order.id, "planted-note").await?, Some(NoteSet::Done));
        earn_by(&shop, "planted-client").await?;
        let planted = where_is(&db, "planted-").await?;
        assert!(planted.contains("vouchers.note") && planted.contains("commissions.client"), "{planted:?}");

        let ClosingRequest::Closes(closes_at) = ask(&shop, &shop.account.company).await? else {
            panic!("it does not close")
        };
        let closes = OrderPlacement::AccountCloses { at: closes_at };
        assert_eq!(shop.place(three(&shop, 0).await?).await?, closes, "nothing is bought any more");
        assert_eq!(redeem(&shop, &shop.account, &codes[0]).await?, Redemption::NotAllowed, "nor redeemed");
        assert_eq!(agree(&shop).await?, TermsSet::Closes);
        shop.set_clock(closes_at)?;
        sweep(&shop).await?;
        assert_eq!(shop.find_account().await?.closed_at, Some(closes_at));
        assert_eq!(agree(&shop).await?, TermsSet::Closes);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM partners WHERE ended_at IS NOT NULL").await?, 1);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM campaigns WHERE paused_at IS NOT NULL").await?, 1);
        is_only_in(&db, "planted-note", &["audit.before", "audit.after"]).await?;
        assert!(where_is(&db, "planted-client").await?.contains("commissions.client"), "statements stay as they were");
        let redeemed = redeem(&shop, &client, &codes[0]).await?;
        assert!(matches!(redeemed, Redemption::Done { .. }), "what is paid stays good: {redeemed:?}");
        Ok(())
    }

    async fn a_partner_takes_along_what_it_sold_and_earned_and_no_code(db: Db) {
        let shop = Shop::open(db.clone()).await?;
        let (order, codes) = bought(&shop).await?;
        assert_eq!(note_first(&shop, &order.id, "for Weser").await?, Some(NoteSet::Done));
        earn_by(&shop, "Weser Sensorik").await?;
        let taken = take_account(&db, &shop.cx(), &master(), &shop.account.id).await?;
        let files = unpacked(&db, taken).await?;
        for (name, held) in [
            ("vouchers.json", "for Weser"),
            ("commissions.json", "Weser Sensorik"),
            ("payouts.json", "PAY 7"),
        ] {
            assert!(text_of(&files, name).contains(held), "{name}: {}", text_of(&files, name));
        }
        let all = format!("{files:?}");
        assert!(codes.iter().all(|code| !all.contains(code.as_str())), "no code is taken along");
        let other = shop.another_account().await?;
        let files = unpacked(&db, take_account(&db, &shop.cx(), &master(), &other.id).await?).await?;
        assert_eq!(text_of(&files, "vouchers.json"), "", "whoever never was a partner has none of it");
        Ok(())
    }

    async fn an_owner_keeps_the_account_until_its_time_has_come(db: Db) {
        let shop = Shop::open(db).await?;
        let company = shop.account.company.clone();
        assert_eq!(keep(&shop).await?, Keeping::Unchanged);
        ask(&shop, &company).await?;
        assert_eq!(keep(&shop).await?, Keeping::Kept);
        assert_eq!(shop.find_account().await?.closes_at, None);
        shop.set_clock(NOW.plus(2 * GRACE_MS))?;
        assert_eq!(close(&shop).await?, AccountClosing::NotDue);

        let ClosingRequest::Closes(closes_at) = ask(&shop, &company).await? else { panic!("it does not close") };
        shop.set_clock(closes_at)?;
        assert_eq!(keep(&shop).await?, Keeping::TooLate);
        assert_eq!(close(&shop).await?, AccountClosing::Closed);
        assert_eq!(keep(&shop).await?, Keeping::NotAllowed);
        Ok(())
    }

    async fn what_is_owed_keeps_an_account_open_and_what_nobody_paid_is_given_up(db: Db) {
        let shop = Shop::open(db).await?;
        let company = shop.account.company.clone();
        shop.buy("startup", BillingInterval::Year, 2).await?;
        let owe = |status: &str, due: i64| vec![format!("UPDATE invoices SET status = '{status}', due_minor = {due}")];
        run_sql(&shop.db, owe("open", 100)).await?;
        let ClosingRequest::Owes(owed) = ask(&shop, &company).await? else { panic!("it closes") };
        assert_eq!(owed.len(), 1);
        run_sql(&shop.db, owe("paid", 0)).await?;
        let (order, _) = shop.order("startup", BillingInterval::Year, 2).await?;
        let ClosingRequest::Closes(closes_at) = ask(&shop, &company).await? else { panic!("it does not close") };
        shop.set_clock(closes_at)?;
        run_sql(&shop.db, owe("open", 100)).await?;
        assert_eq!(close(&shop).await?, AccountClosing::Waits);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Open, "nothing is taken away before it closes");
        assert_eq!(keep(&shop).await?, Keeping::Kept, "who cannot pay at the moment can change its mind");
        assert_eq!(close(&shop).await?, AccountClosing::NotDue);
        run_sql(&shop.db, owe("paid", 0)).await?;
        let ClosingRequest::Closes(closes_at) = ask(&shop, &company).await? else { panic!("it does not close") };
        shop.set_clock(closes_at)?;
        assert_eq!(close(&shop).await?, AccountClosing::Closed);
        assert_ne!(shop.find_order(&order.id).await?.status, OrderStatus::Open);
        Ok(())
    }
}
