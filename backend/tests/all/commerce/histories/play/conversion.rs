//! Turning a subscription into a perpetual license, on a page that is paid or left.

use anyhow::{bail, ensure};
use backend::billing::conversion::{
    ConversionOffer, ConversionProgress, ConversionRefusal, ConversionStart, ConversionUrls, StartConversion,
    finish_conversion, preview_conversion, start_conversion,
};
use backend::clock::UnixMs;
use backend::ids::{ConversionId, LicenseId};

use super::super::books::Offer;
use super::Player;

impl Player<'_> {
    pub(super) async fn convert(&mut self, pays: bool) -> anyhow::Result<String> {
        let Some(license_id) = self.license() else { return Ok("nothing".to_owned()) };
        let now = UnixMs::from_seconds(self.books.now);
        let offered = preview_conversion(&self.shop.commerce, &self.shop.cx(), &license_id, None, now).await?;
        let meant = self.books.offer();
        if meant != Offer::Revoked {
            // What is offered starts from what is there, so it was looked at.
            self.books.seen(self.books.subs.len() - 1);
        }
        let shown = match (offered, meant) {
            (Ok(shown), Offer::For { price, least, most }) => {
                let is = [&shown.price, &shown.credit, &shown.rest].map(|money| money.amount_minor);
                ensure!((least..=most.min(price)).contains(&is[1]), "credited {}, meant {meant:?}", is[1]);
                ensure!(is == [price, is[1], price - is[1]], "offered for {is:?}, meant {meant:?}");
                shown
            }
            (Err(refusal), _) if is_as_meant(refusal, meant) => return Ok("turning perpetual refused".to_owned()),
            (offered, meant) => bail!("offered {offered:?}, meant {meant:?}"),
        };
        let url = self.open_conversion(license_id, &shown).await?;
        if !pays {
            ensure!(self.shop.pay(&url, "declined").await.is_err(), "a declined card paid");
            return Ok("page of a perpetual license left".to_owned());
        }
        let back = self.shop.pay(&url, "4242").await?;
        let id = ConversionId::from_untrusted(back.rsplit('=').next().unwrap_or_default());
        let done = finish_conversion(&self.shop.commerce, &self.shop.cx(), &id).await?;
        ensure!(done == ConversionProgress::Done, "{done:?}");
        self.books.turn_perpetual(shown.price.amount_minor, shown.credit.amount_minor);
        Ok("turned perpetual".to_owned())
    }

    async fn open_conversion(&self, license_id: LicenseId, shown: &ConversionOffer) -> anyhow::Result<String> {
        let start = StartConversion {
            license_id,
            plan_id: shown.plan.id.clone(),
            user_id: self.shop.user.id.clone(),
            reckoned_at: shown.reckoned_at,
            rest_minor: shown.rest.amount_minor,
            urls: ConversionUrls {
                success: "https://portal.test/for-ever?conversion={CONVERSION_ID}".to_owned(),
                cancel: "https://portal.test/for-ever".to_owned(),
            },
        };
        match start_conversion(&self.shop.commerce, &self.shop.cx(), &start).await? {
            ConversionStart::Opened { url } => Ok(url),
            other => bail!("{other:?}"),
        }
    }
}

fn is_as_meant(refusal: ConversionRefusal, meant: Offer) -> bool {
    match meant {
        Offer::NotASubscription => refusal == ConversionRefusal::NotASubscription,
        Offer::Revoked => refusal == ConversionRefusal::Revoked,
        Offer::PaymentDue => refusal == ConversionRefusal::PaymentDue,
        Offer::RenewsSoon { at } => refusal == ConversionRefusal::RenewsSoon { at: UnixMs::from_seconds(at) },
        Offer::For { price, least, most } => {
            let range = least.max(price + 1)..=most;
            matches!(refusal, ConversionRefusal::CreditTooLarge { credit } if range.contains(&credit.amount_minor))
        }
    }
}
