//! What somebody says when cancelling: kept, and answered only where that is wanted.

use backend::billing::{CancelReason, cancel_subscription, resume_subscription};
use backend::catalog::BillingInterval;
use backend::db::{Db, DbError};
use backend::feedback::{ListedFeedback, Occasion, list_feedback};
use backend::messages::{AboutKind, ListedConversation, StaffFilter, list_for_staff};

use super::shop::Shop;
use crate::support::on_both_engines;

async fn kept(shop: &Shop) -> anyhow::Result<(Vec<ListedFeedback>, Vec<ListedConversation>)> {
    let vendor_id = shop.vendor.id.clone();
    let found: Result<_, DbError> = shop
        .db
        .read(move |tx| {
            Box::pin(async move {
                let feedback = list_feedback(tx, &vendor_id, None, 100).await?;
                Ok((feedback, list_for_staff(tx, &vendor_id, &StaffFilter::default(), None, 100).await?))
            })
        })
        .await;
    Ok(found?)
}

on_both_engines! {
    async fn words_at_cancelling_become_a_message_only_with_consent(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let why = |code: &str, comment: &str, may_contact| CancelReason {
            code: code.to_owned(),
            comment: comment.to_owned(),
            may_contact,
        };
        for (why, feedback, conversations) in [
            (why("", "", true), 0, 0),
            (why("too_expensive", "", true), 1, 0),
            (why("", "A line.", false), 2, 0),
            (why("not_needed", "The greenhouse is closed.", true), 3, 1),
        ] {
            cancel_subscription(&shop.commerce, &shop.cx(), &license.id, &why).await?;
            assert!(!shop.license(&license.id).await?.renews, "{why:?}");
            // Sent twice, it is said once.
            cancel_subscription(&shop.commerce, &shop.cx(), &license.id, &why).await?;
            let (said, begun) = kept(&shop).await?;
            assert_eq!((said.len(), begun.len()), (feedback, conversations), "{why:?}");
            resume_subscription(&shop.commerce, &shop.cx(), &license.id).await?;
            assert!(shop.license(&license.id).await?.renews, "{why:?}");
        }
        let (said, begun) = kept(&shop).await?;
        let conversation = &begun[0].conversation;
        assert_eq!((conversation.about_kind, conversation.about_id.as_str()), (AboutKind::License, license.id.as_str()));
        let answered: Vec<_> = said.iter().filter(|it| it.feedback.conversation_id.is_some()).collect();
        assert_eq!(answered.len(), 1);
        assert_eq!(answered[0].feedback.conversation_id.as_ref(), Some(&conversation.id));
        assert_eq!((answered[0].feedback.occasion, answered[0].feedback.may_quote), (Occasion::Cancel, false));
        Ok(())
    }
}
