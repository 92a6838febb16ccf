//! Vouchers, after the master key was rotated.

use backend::db::{Db, DbError};
use backend::vouchers::{CodeReveal, LookUp, Seeker, list_vouchers, look_up_voucher, reveal_code};

use super::shop::{ADDRESS, Shop};
use super::vouchers::bought;
use crate::master_key::{both, make_nameless, new_master, opened, registered, rotated, sealed_columns};
use crate::support::{master, on_both_engines};

on_both_engines! {
    async fn vouchers_are_shown_and_found_after_a_rotation(db: Db) {
        let shop = Shop::open(db.clone()).await?;
        let (order, codes) = bought(&shop).await?;
        opened(&db, &master()).await?;
        let (found, known) = (sealed_columns(&db).await?, registered());
        assert!(found.is_subset(&known), "SEALED_COLUMNS has to list {found:?}");
        assert!(found.contains("vouchers.code_sealed"), "{found:?}");
        make_nameless(&db).await?;
        let both = opened(&db, &both()).await?;
        rotated(&db, &both).await?;
        let alone = opened(&db, &new_master()).await?;

        let (member, id) = (shop.cx(), order.id.clone());
        let listed = shop.db.read(|tx| Box::pin(async move { list_vouchers(tx, &member, &id, 0, 9).await })).await?;
        let (_, vouchers) = listed.expect("a batch");
        assert_eq!(vouchers.len(), 3);
        for (listed, code) in vouchers.into_iter().zip(&codes) {
            let (member, key, id, typed) = (shop.cx(), alone.clone(), listed.voucher.id, code.clone());
            let seeker = Seeker { account_id: shop.account.id.clone(), address: ADDRESS };
            let (revealed, found) = shop
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        let revealed = reveal_code(tx, &member, &key, &id).await?;
                        let found = look_up_voucher(tx, &member, &key, &seeker, &typed).await?;
                        Ok::<_, DbError>((revealed, found))
                    })
                })
                .await?;
            let CodeReveal::Shown(shown) = revealed else { anyhow::bail!("the code does not open") };
            assert_eq!(shown.expose(), code);
            assert!(matches!(found, LookUp::Open(_)), "{found:?}");
        }
        Ok(())
    }
}
