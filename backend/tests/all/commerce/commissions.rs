//! What partners earn: by what is paid, less what is given back, to the cent; and what of it is paid out.

mod taken_back;

use backend::Cx;
use backend::accounts::StaffRole;
use backend::clock::{DAY_MS, HOUR_MS};
use backend::commissions::{
    Balance, ListedPartner, Month, Months, PartnerMoney, PayoutRecord, RecordPayout, Statement, Why,
    find_partner_money, find_statement, list_months, list_partners, record_payout, statement_as_csv, statement_as_pdf,
};
use backend::db::{Db, DbError};
use backend::ids::{AccountId, LicenseId};
use backend::invoices::Invoice;
use backend::ledger::LedgerAccount;
use backend::partners::{PartnerTerms, PartnershipEnd, TermsSet, end_partnership, set_partner_terms};
use backend::refunds::{CreditInvoice, CreditOutcome, credit_invoice};
use backend::stripe::CreditSettlement;
use futures::future::join_all;

use super::campaigns::quarter;
use super::for_clients::Partner;
use super::reversals::{balance, dispute_about, finance, payment, settle};
use super::shop::{Shop, run_sql};
use crate::support::{cx, master, on_both_engines};

/// `startup` with three seats is 448.00, less the partner's tenth; of that it earns 20 %.
const NET: i64 = 40_320;
const SHARE: i64 = 8_064;

impl Shop {
    /// A license that the partner has ordered for the buyer, paid by one of the two, with its first invoice.
    async fn sold_by(&self, partner: &Partner, payer: &AccountId) -> anyhow::Result<(LicenseId, Invoice)> {
        let (order, url) = self.placed_for_client(partner, payer).await?;
        self.pay(&url, "4242").await?;
        settle(self).await?;
        let license_id = self.find_order(&order.id).await?.license_id.expect("a license");
        Ok((license_id, self.newest_of(payer).await?))
    }

    async fn newest_of(&self, payer: &AccountId) -> anyhow::Result<Invoice> {
        Ok(self.invoices_of(payer).await?.remove(0))
    }

    /// Goes on to just after the next renewal.
    async fn renew(&self, license_id: &LicenseId) -> anyhow::Result<()> {
        self.set_clock(self.subscription(license_id).await?.period_end.plus(2 * HOUR_MS))?;
        settle(self).await
    }

    async fn statement_for(&self, cx: Cx, id: &AccountId, month: Month) -> anyhow::Result<Option<Statement>> {
        let id = id.clone();
        let found: Result<_, DbError> =
            self.db.read(move |tx| Box::pin(async move { find_statement(tx, &cx, &id, month, None, 100).await })).await;
        Ok(found?)
    }

    async fn statement(&self, partner: &Partner, month: Month) -> anyhow::Result<Statement> {
        let found = self.statement_for(self.act_as(&partner.user.id), &partner.account.id, month).await?;
        found.ok_or_else(|| anyhow::anyhow!("no statement"))
    }

    /// What the month that goes on says: why, net amount and commission of each line.
    async fn lines(&self, partner: &Partner) -> anyhow::Result<Vec<(Why, i64, i64)>> {
        let statement = self.statement(partner, Month::of(self.now())).await?;
        Ok(statement.lines.iter().map(|line| (line.why, line.net_minor, line.amount_minor)).collect())
    }

    async fn balance_of(&self, partner: &Partner) -> anyhow::Result<Balance> {
        let statement = self.statement(partner, Month::of(self.now())).await?;
        statement.balances.first().copied().ok_or_else(|| anyhow::anyhow!("no balance"))
    }

    /// What the ledger says is owed to partners, and what they have cost.
    async fn booked(&self) -> anyhow::Result<(i64, i64)> {
        let balance = balance(self).await?;
        let of = |account| balance.of(account, self.currency);
        Ok((-of(LedgerAccount::CommissionPayable), of(LedgerAccount::CommissionExpense)))
    }

    async fn pay_out(&self, cx: Cx, request: RecordPayout) -> anyhow::Result<PayoutRecord> {
        Ok(self.db.write(move |tx| Box::pin(async move { record_payout(tx, &cx, &master(), &request).await })).await?)
    }

    fn payout(&self, partner: &Partner, amount_minor: i64) -> RecordPayout {
        RecordPayout {
            partner_id: partner.account.id.clone(),
            currency: self.currency,
            amount_minor,
            paid_on: Some(self.now().date()),
            reference: "PAY-1".to_owned(),
            recorded_before: 0,
        }
    }

    async fn is_partner_no_more(&self, partner: &Partner) -> anyhow::Result<()> {
        let (cx, id) = (cx(&self.vendor.id, self.now()), partner.account.id.clone());
        let ended = self.db.write(move |tx| Box::pin(async move { end_partnership(tx, &cx, &master(), &id).await }));
        assert_eq!(ended.await?, PartnershipEnd::Ended);
        Ok(())
    }
}

on_both_engines! {
    async fn a_partner_earns_its_share_of_what_is_paid_and_of_every_renewal(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (license_id, invoice) = shop.sold_by(&partner, &partner.account.id).await?;
        assert_eq!(invoice.total_minor - invoice.tax_minor, NET);
        let first = Month::of(shop.now());
        let statement = shop.statement(&partner, first).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, NET, SHARE)]);
        let line = &statement.lines[0];
        assert_eq!((line.client.as_str(), line.code.as_str()), (shop.account.company.as_str(), ""));
        assert_eq!((line.rate_bp, line.invoice_number.as_str()), (2_000, invoice.number.as_str()));
        assert!(!statement.is_closed);
        assert_eq!(shop.booked().await?, (SHARE, SHARE));

        // Heard of again, it is earned once.
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?.len(), 1);

        // New terms are for new orders.
        let terms = PartnerTerms { commission_bp: 100, discount_bp: 0, days_until_due: None };
        let (operator, id) = (cx(&shop.vendor.id, shop.now()), partner.account.id.clone());
        let set = shop.db.write(move |tx| {
            Box::pin(async move { set_partner_terms(tx, &operator, &master(), &id, terms).await })
        });
        assert_eq!(set.await?, TermsSet::Changed);
        shop.renew(&license_id).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, NET, SHARE)]);
        let now = shop.balance_of(&partner).await?;
        assert_eq!((now.opening_minor, now.movement.earned_minor, now.closing_minor()), (SHARE, SHARE, 2 * SHARE));
        // What is over does not change.
        let before = shop.statement(&partner, first).await?;
        assert!(before.is_closed);
        assert_eq!((&before.lines, &before.balances), (&statement.lines, &statement.balances));
        assert_eq!(shop.booked().await?, (2 * SHARE, 2 * SHARE));
        Ok(())
    }

    async fn what_is_paid_back_is_taken_back_to_the_cent(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (_, invoice) = shop.sold_by(&partner, &shop.account.id).await?;
        assert_eq!((invoice.total_minor, invoice.tax_minor), (47_981, 7_661));
        let payment = payment(&shop, &invoice).await?;
        let first = Month::of(shop.now());
        shop.set_clock(shop.now().plus(12 * DAY_MS))?;
        shop.call("refunds", &format!("payment_intent={payment}&amount=10000")).await?;
        settle(&shop).await?;
        // 379.81 of 479.81 is kept: 319.17 of the net amount, and 20 % of that are 63.83.
        assert_eq!(shop.lines(&partner).await?, [(Why::Refunded, 31_917 - NET, 6_383 - SHARE)]);
        assert_eq!(shop.booked().await?, (6_383, 6_383));
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        settle(&shop).await?;
        let taken = [(Why::Refunded, 31_917 - NET, 6_383 - SHARE), (Why::Refunded, -31_917, -6_383)];
        assert_eq!(shop.lines(&partner).await?, taken);
        assert_eq!(shop.booked().await?, (0, 0));
        assert_eq!(shop.balance_of(&partner).await?.closing_minor(), 0);
        // The month in which it was earned says so still.
        let earned = shop.statement(&partner, first).await?;
        assert_eq!((earned.lines.len(), earned.balances[0].closing_minor()), (1, SHARE));
        Ok(())
    }

    async fn a_credit_note_takes_back_its_net_amount_and_what_it_keeps_as_credit_counts_once(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (license_id, invoice) = shop.sold_by(&partner, &shop.account.id).await?;
        let staff = finance(&shop).await?;
        let request = CreditInvoice {
            invoice_id: invoice.id.clone(),
            amount_minor: 1_190,
            settlement: CreditSettlement::Refund,
            reason: String::new(),
            memo: String::new(),
            credited_before_minor: 0,
        };
        assert_eq!(credit_invoice(&shop.commerce, &staff, &request).await?, CreditOutcome::Credited);
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, NET, SHARE), (Why::Credited, -1_000, -200)]);
        let as_credit = CreditInvoice {
            amount_minor: 20_000,
            settlement: CreditSettlement::Balance,
            credited_before_minor: 1_190,
            ..request
        };
        assert_eq!(credit_invoice(&shop.commerce, &staff, &as_credit).await?, CreditOutcome::Credited);
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?.len(), 2, "the vendor has the money still");
        assert_eq!(shop.booked().await?, (SHARE - 200, SHARE - 200));
        // The credit pays a part of the renewal, and nothing is earned by that: 279.81 of 479.81 are new money.
        shop.renew(&license_id).await?;
        assert_eq!(shop.newest_of(&shop.account.id).await?.paid_minor, 27_981);
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, 23_513, 4_703)]);
        assert_eq!(shop.booked().await?, (SHARE - 200 + 4_703, SHARE - 200 + 4_703));
        Ok(())
    }

    async fn a_dispute_holds_a_commission_and_being_won_sets_it_free(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (license_id, _) = shop.sold_by(&partner, &partner.account.id).await?;
        shop.use_card(&license_id, "pm_card_createDispute").await?;
        shop.renew(&license_id).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, NET, SHARE), (Why::Disputed, -NET, -SHARE)]);
        assert_eq!(shop.booked().await?, (SHARE, SHARE));
        let dispute = dispute_about(&shop, &shop.newest_of(&partner.account.id).await?).await?;
        let evidence = "evidence[uncategorized_text]=winning_evidence&submit=true";
        shop.call(&format!("disputes/{dispute}"), evidence).await?;
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?.last(), Some(&(Why::DisputeWon, NET, SHARE)));
        assert_eq!(shop.booked().await?, (2 * SHARE, 2 * SHARE));
        Ok(())
    }

    async fn what_a_dispute_has_lost_stays_taken_back(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (license_id, _) = shop.sold_by(&partner, &partner.account.id).await?;
        shop.use_card(&license_id, "pm_card_createDispute").await?;
        shop.renew(&license_id).await?;
        let dispute = dispute_about(&shop, &shop.newest_of(&partner.account.id).await?).await?;
        shop.call(&format!("disputes/{dispute}/close"), "").await?;
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, NET, SHARE), (Why::Disputed, -NET, -SHARE)]);
        assert_eq!(shop.booked().await?, (SHARE, SHARE));
        Ok(())
    }

    async fn whose_code_is_used_earns_and_does_not_learn_by_whom(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let campaign = shop.campaign(quarter("FAIR-25")).await?;
        let own = |id: &AccountId| format!("UPDATE campaigns SET owner_account_id = '{id}' WHERE id = '{}'", campaign.id);
        run_sql(&shop.db, vec![own(&partner.account.id)]).await?;
        let account = shop.another_account().await?;
        let (order, url) = shop.placed(&account, "FAIR-25").await?;
        assert_eq!((order.partner_id.as_ref(), order.commission_bp), (Some(&partner.account.id), Some(2_000)));
        shop.pay(&url, "4242").await?;
        settle(&shop).await?;
        let statement = shop.statement(&partner, Month::of(shop.now())).await?;
        let line = &statement.lines[0];
        assert_eq!((line.client.as_str(), line.code.as_str()), ("", "FAIR-25"));
        // A quarter off 448.00 once; the renewal is paid in full.
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, 33_600, 6_720)]);
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        shop.renew(&license_id).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, 44_800, 8_960)]);

        // Nobody earns by a campaign of somebody who is no partner; and a partner buys nothing with its own.
        run_sql(&shop.db, vec![own(&shop.account.id)]).await?;
        let (order, _) = shop.placed(&shop.another_account().await?, "FAIR-25").await?;
        assert_eq!(order.partner_id, None);
        Ok(())
    }

    async fn commissions_outlive_the_relation_and_end_with_the_partnership(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (license_id, first) = shop.sold_by(&partner, &shop.account.id).await?;
        shop.part(&partner).await?;
        shop.renew(&license_id).await?;
        let statement = shop.statement(&partner, Month::of(shop.now())).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, NET, SHARE)]);
        assert_eq!(statement.lines[0].client, "The buyer", "as the partner called it, not as it calls itself now");

        shop.is_partner_no_more(&partner).await?;
        shop.renew(&license_id).await?;
        assert_eq!(shop.lines(&partner).await?, []);
        assert_eq!(shop.booked().await?, (2 * SHARE, 2 * SHARE));
        // What was earned can still be taken back.
        let payment = payment(&shop, &first).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Refunded, -NET, -SHARE)]);
        assert_eq!(shop.booked().await?, (SHARE, SHARE));
        Ok(())
    }

    async fn whoever_is_a_partner_anew_earns_nothing_by_what_it_brought_before(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (license_id, _) = shop.sold_by(&partner, &shop.account.id).await?;
        shop.is_partner_no_more(&partner).await?;
        shop.set_clock(shop.now().plus(DAY_MS))?;
        let terms = PartnerTerms { commission_bp: 2_000, discount_bp: 0, days_until_due: None };
        let (operator, id) = (cx(&shop.vendor.id, shop.now()), partner.account.id.clone());
        let set = shop.db.write(move |tx| {
            Box::pin(async move { set_partner_terms(tx, &operator, &master(), &id, terms).await })
        });
        assert_eq!(set.await?, TermsSet::Made);
        shop.renew(&license_id).await?;
        assert_eq!(shop.lines(&partner).await?, []);
        assert_eq!(shop.booked().await?, (SHARE, SHARE));

        // By what it brings now it earns.
        let campaign = shop.campaign(quarter("FAIR-25")).await?;
        let (owner, id) = (&partner.account.id, &campaign.id);
        run_sql(&shop.db, vec![format!("UPDATE campaigns SET owner_account_id = '{owner}' WHERE id = '{id}'")]).await?;
        let (_, url) = shop.placed(&shop.another_account().await?, "FAIR-25").await?;
        shop.pay(&url, "4242").await?;
        settle(&shop).await?;
        assert_eq!(shop.lines(&partner).await?, [(Why::Paid, 33_600, 6_720)]);
        Ok(())
    }

    async fn statements_are_the_partners_own(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (_, invoice) = shop.sold_by(&partner, &shop.account.id).await?;
        let (month, id) = (Month::of(shop.now()), partner.account.id.clone());
        assert!(shop.statement_for(shop.cx(), &id, month).await?.is_none(), "the client's");
        assert!(shop.statement_for(shop.cx(), &shop.account.id, month).await?.is_none(), "of no partner");
        let own = shop.act_as(&partner.user.id);
        let ahead = Month::of(shop.now().plus(40 * DAY_MS));
        assert!(shop.statement_for(own.clone(), &id, ahead).await?.is_none(), "to come");
        assert!(statement_as_pdf(&shop.db, &shop.cx(), &id, month).await?.is_none());
        let pdf = statement_as_pdf(&shop.db, &own, &id, month).await?.expect("a document");
        assert!(pdf.starts_with(b"%PDF-"));

        let (reader, partner_id) = (own.clone(), id.clone());
        let read: Result<(Option<String>, Option<Months>), DbError> = shop
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let table = statement_as_csv(tx, &reader, &partner_id, month).await?;
                    Ok((table, list_months(tx, &reader, &partner_id, None).await?))
                })
            })
            .await;
        let (table, months) = read?;
        let table = table.expect("a table");
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 4, "{table}");
        assert!(lines[2].ends_with(&format!("{},,USD,403.20,20.00,80.64", invoice.number)), "{table}");
        let months = months.expect("months");
        assert_eq!((months.sums.len(), months.sums[0].movement.earned_minor), (1, SHARE));
        assert_eq!(months.owed.iter().map(|owed| owed.amount_minor).collect::<Vec<_>>(), [SHARE]);
        assert_eq!(months.older, None);

        let (staff, stranger) = (finance(&shop).await?, shop.cx());
        let read: Result<(Option<Vec<ListedPartner>>, bool), DbError> = shop
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let listed = list_partners(tx, &staff, None, 10).await?;
                    Ok((listed, list_partners(tx, &stranger, None, 10).await?.is_some()))
                })
            })
            .await;
        let (listed, by_stranger) = read?;
        let listed = listed.expect("staff see them");
        assert!(!by_stranger);
        assert_eq!((listed.len(), &listed[0].account_id), (1, &partner.account.id));
        let total = listed[0].totals.as_ref().expect("finance sees money")[0];
        assert_eq!((total.sales_minor, total.earned_minor, total.owed().amount_minor), (NET, SHARE, SHARE));
        Ok(())
    }

    async fn money_is_paid_out_by_those_who_move_it_and_never_more_than_is_owed(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (_, invoice) = shop.sold_by(&partner, &shop.account.id).await?;
        let staff = finance(&shop).await?;
        let all = shop.payout(&partner, SHARE);
        let support = shop.staff(StaffRole::Support).await?;
        let (reader, id) = (support.clone(), partner.account.id.clone());
        let read: Result<(Option<Vec<ListedPartner>>, Option<PartnerMoney>), DbError> = shop
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let listed = list_partners(tx, &reader, None, 10).await?;
                    Ok((listed, find_partner_money(tx, &reader, &id, None, 10).await?))
                })
            })
            .await;
        let (listed, money) = read?;
        let listed = listed.expect("names and terms are for all of the staff");
        assert_eq!((listed[0].company.as_str(), listed[0].terms.commission_bp), ("Partner AG", 2_000));
        assert_eq!((&listed[0].totals, money), (&None, None));
        for (cx, request, expected) in [
            (shop.act_as(&partner.user.id), all.clone(), PayoutRecord::NotAllowed),
            (support, all.clone(), PayoutRecord::NotAllowed),
            (
                staff.clone(),
                RecordPayout { partner_id: shop.account.id.clone(), ..all.clone() },
                PayoutRecord::NotAllowed,
            ),
            (staff.clone(), RecordPayout { amount_minor: 0, ..all.clone() }, PayoutRecord::NoAmount),
            (
                staff.clone(),
                RecordPayout { amount_minor: SHARE + 1, ..all.clone() },
                PayoutRecord::TooMuch { owed_minor: SHARE },
            ),
            (staff.clone(), RecordPayout { paid_on: None, ..all.clone() }, PayoutRecord::WrongDay),
            (
                staff.clone(),
                RecordPayout { paid_on: Some(shop.now().plus(DAY_MS).date()), ..all.clone() },
                PayoutRecord::WrongDay,
            ),
            (staff.clone(), RecordPayout { reference: " ".to_owned(), ..all.clone() }, PayoutRecord::WrongReference),
            (staff.clone(), RecordPayout { reference: "漢".to_owned(), ..all.clone() }, PayoutRecord::WrongReference),
        ] {
            assert_eq!(shop.pay_out(cx, request.clone()).await?, expected, "{request:?}");
        }
        shop.work().await?;
        shop.outbox.take();
        let part = shop.payout(&partner, 5_000);
        assert_eq!(shop.pay_out(staff.clone(), part.clone()).await?, PayoutRecord::Recorded);
        // The same form sent twice.
        assert_eq!(shop.pay_out(staff.clone(), part).await?, PayoutRecord::Outdated);
        let rest = RecordPayout { recorded_before: 1, ..all };
        let too_much = shop.pay_out(staff.clone(), rest.clone()).await?;
        assert_eq!(too_much, PayoutRecord::TooMuch { owed_minor: SHARE - 5_000 });
        let rest = RecordPayout { amount_minor: SHARE - 5_000, ..rest };
        assert_eq!(shop.pay_out(staff, rest).await?, PayoutRecord::Recorded);
        assert_eq!(shop.booked().await?, (0, SHARE));
        shop.work().await?;
        let mails: Vec<(String, String)> = shop.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        assert_eq!(mails.len(), 2, "{mails:?}");
        assert!(mails.iter().all(|(to, subject)| to == "pia@partner.test" && subject.contains("on its way")), "{mails:?}");
        let now = shop.balance_of(&partner).await?;
        assert_eq!((now.movement.paid_out_minor, now.closing_minor()), (SHARE, 0));

        // What is taken back after it was paid out is reckoned up with what is earned next.
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        assert_eq!(shop.balance_of(&partner).await?.closing_minor(), -SHARE);
        shop.sold_by(&partner, &partner.account.id).await?;
        assert_eq!(shop.balance_of(&partner).await?.closing_minor(), 0);
        balance(&shop).await?;
        Ok(())
    }

    async fn of_many_payouts_at_once_no_more_is_recorded_than_is_owed(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        shop.sold_by(&partner, &shop.account.id).await?;
        let staff = finance(&shop).await?;
        let all = (0..16).map(|_| shop.pay_out(staff.clone(), shop.payout(&partner, 5_000)));
        let mut recorded = 0;
        for outcome in join_all(all).await {
            match outcome? {
                PayoutRecord::Recorded => recorded += 1,
                PayoutRecord::Outdated | PayoutRecord::TooMuch { .. } => {}
                other => anyhow::bail!("{other:?}"),
            }
        }
        assert_eq!(recorded, 1);
        assert_eq!(shop.balance_of(&partner).await?.movement.paid_out_minor, 5_000);
        assert_eq!(shop.booked().await?, (SHARE - 5_000, SHARE));
        Ok(())
    }

    async fn what_a_statement_says_cannot_be_changed(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        shop.sold_by(&partner, &shop.account.id).await?;
        let staff = finance(&shop).await?;
        assert_eq!(shop.pay_out(staff, shop.payout(&partner, 1)).await?, PayoutRecord::Recorded);
        for statement in [
            "UPDATE commission_entries SET amount_minor = 0",
            "DELETE FROM commission_entries",
            "UPDATE commission_payouts SET amount_minor = 2",
            "DELETE FROM commission_payouts",
        ] {
            assert!(run_sql(&shop.db, vec![statement.to_owned()]).await.is_err(), "{statement}");
        }
        Ok(())
    }
}
