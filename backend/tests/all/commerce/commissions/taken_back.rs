//! A payout that was noted wrongly is taken back once.

use backend::Cx;
use backend::clock::HOUR_MS;
use backend::commissions::{Month, PayoutRecord, PayoutReversal, RecordPayout, ReversePayout, reverse_payout};
use backend::db::Db;
use backend::ids::PayoutId;
use futures::future::join_all;

use super::super::reversals::finance;
use super::super::shop::Shop;
use super::SHARE;
use crate::support::{master, on_both_engines};

impl Shop {
    async fn take_back(&self, cx: Cx, request: ReversePayout) -> anyhow::Result<PayoutReversal> {
        let reversed =
            self.db.write(move |tx| Box::pin(async move { reverse_payout(tx, &cx, &master(), &request).await }));
        Ok(reversed.await?)
    }
}

on_both_engines! {
    async fn a_payout_that_was_noted_wrongly_is_taken_back_once_and_both_stand_in_the_statement(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        shop.sold_by(&partner, &shop.account.id).await?;
        let staff = finance(&shop).await?;
        assert_eq!(shop.pay_out(staff.clone(), shop.payout(&partner, 5_000)).await?, PayoutRecord::Recorded);
        let payout = shop.statement(&partner, Month::of(shop.now())).await?.payouts.remove(0);
        shop.set_clock(shop.now().plus(HOUR_MS))?;
        shop.work().await?;
        shop.outbox.take();
        let staff = Cx { actor: staff.actor, ..shop.cx() };
        let right = ReversePayout {
            partner_id: partner.account.id.clone(),
            payout_id: payout.id.clone(),
            reason: "typed twice".to_owned(),
        };
        let none = PayoutId::from_untrusted("pyo_none");
        for (cx, request, expected) in [
            (shop.act_as(&partner.user.id), right.clone(), PayoutReversal::NotAllowed),
            (
                staff.clone(),
                ReversePayout { partner_id: shop.account.id.clone(), ..right.clone() },
                PayoutReversal::NotAllowed,
            ),
            (staff.clone(), ReversePayout { payout_id: none, ..right.clone() }, PayoutReversal::NotAllowed),
            (staff.clone(), ReversePayout { reason: " ".to_owned(), ..right.clone() }, PayoutReversal::WrongReason),
            (staff.clone(), ReversePayout { reason: "漢".to_owned(), ..right.clone() }, PayoutReversal::WrongReason),
        ] {
            assert_eq!(shop.take_back(cx, request.clone()).await?, expected, "{request:?}");
        }
        assert_eq!(shop.booked().await?, (SHARE - 5_000, SHARE));

        let mut taken_back = 0;
        for outcome in join_all((0..8).map(|_| shop.take_back(staff.clone(), right.clone()))).await {
            match outcome? {
                PayoutReversal::Reversed => taken_back += 1,
                other => assert_eq!(other, PayoutReversal::AlreadyReversed),
            }
        }
        assert_eq!(taken_back, 1);
        assert_eq!(shop.booked().await?, (SHARE, SHARE), "the ledger goes the other way round");
        let statement = shop.statement(&partner, Month::of(shop.now())).await?;
        let [first, back] = statement.payouts.as_slice() else { anyhow::bail!("{statement:?}") };
        assert_eq!((first, back.amount_minor, back.created_at), (&payout, -5_000, shop.now()));
        assert_eq!((back.reverses.as_ref(), back.reason.as_str()), (Some(&payout.id), "typed twice"));
        let now = shop.balance_of(&partner).await?;
        assert_eq!((now.movement.paid_out_minor, now.closing_minor()), (0, SHARE));
        let again = ReversePayout { payout_id: back.id.clone(), ..right };
        assert_eq!(shop.take_back(staff.clone(), again).await?, PayoutReversal::NotAllowed, "what takes back stays");
        shop.work().await?;
        let mails: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert!(matches!(&mails[..], [only] if only.contains("is taken back")), "{mails:?}");

        // What is owed again can be paid out.
        let all = RecordPayout { recorded_before: 2, ..shop.payout(&partner, SHARE) };
        assert_eq!(shop.pay_out(staff, all).await?, PayoutRecord::Recorded);
        Ok(())
    }
}
