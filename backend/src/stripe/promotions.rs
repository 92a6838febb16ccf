//! Promotion codes: what a code that somebody typed or followed takes off.

use stripe_product::promotion_code::ListPromotionCode;

use super::{IdempotencyKey, Stripe, StripeError};
use crate::campaigns::rules::{MILLIONTHS_IN_A_BP, write_percent};
use crate::clock::UnixMs;
use crate::money::Currency;

/// How much a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountOff {
    /// Millionths of the amount: 25 % is 250,000.
    Share(i64),
    /// A sum, shared out over the lines.
    Sum {
        /// In minor units.
        amount_minor: i64,
        /// Of which currency.
        currency: Currency,
    },
}

/// For how long a coupon goes on taking something off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouponDuration {
    /// The first payment only.
    Once,
    /// Every payment within so many months.
    Months(i64),
    /// Every payment.
    Forever,
}

/// A promotion code with its coupon as Stripe has them now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Stripe's id of the code.
    pub id: String,
    /// As customers know it.
    pub code: String,
    /// Whether code and coupon can be used at all.
    pub is_active: bool,
    /// The only customer who may use it.
    pub customer_id: Option<String>,
    /// First moment at which it cannot be used any more.
    pub expires_at: Option<UnixMs>,
    /// Whether its redemptions are used up.
    pub is_used_up: bool,
    /// The least that an order must come to, and in which currency.
    pub minimum: Option<(i64, Currency)>,
    /// Only for who has never paid anything.
    pub first_purchase_only: bool,
    /// What it takes off.
    pub amount_off: AmountOff,
    /// For how long.
    pub duration: CouponDuration,
    /// Stripe's products that it is for; all where empty.
    pub product_ids: Vec<String>,
}

/// The discount of something that is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewDiscount {
    /// By Stripe's coupon: the code that asked for it is ours.
    Coupon(String),
    /// By Stripe's id of a promotion code that was made there.
    PromotionCode(String),
}

impl NewDiscount {
    pub(super) fn coupon(&self) -> Option<String> {
        match self {
            Self::Coupon(id) => Some(id.clone()),
            Self::PromotionCode(_) => None,
        }
    }

    pub(super) fn promotion_code(&self) -> Option<String> {
        match self {
            Self::PromotionCode(id) => Some(id.clone()),
            Self::Coupon(_) => None,
        }
    }
}

/// A coupon to be made. It has no limits: whether it may be used is decided before Stripe hears of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCoupon {
    /// Its id at Stripe, which is ours to choose.
    pub id: String,
    /// What customers see on Stripe's pages, at most 40 characters.
    pub name: String,
    /// What it takes off.
    pub amount_off: AmountOff,
    /// For how long.
    pub duration: CouponDuration,
    /// Stripe's products that it is for; all where empty.
    pub product_ids: Vec<String>,
}

fn is_used_up(limit: Option<i64>, used: i64) -> bool {
    limit.is_some_and(|limit| used >= limit)
}

/// Stripe writes a percentage with at most two decimals; as a float it is exact after rounding.
#[expect(clippy::cast_possible_truncation, reason = "a percentage in millionths is far below 2^53")]
fn millionths(percentage: f64) -> i64 {
    (percentage * 10_000.0).round() as i64
}

fn currency(code: &stripe_types::Currency) -> Result<Currency, StripeError> {
    Currency::try_from(code.to_string()).map_err(StripeError::unreadable)
}

fn read(found: stripe_shared::PromotionCode) -> Result<Promotion, StripeError> {
    let coupon = found
        .promotion
        .coupon
        .and_then(|coupon| coupon.into_object())
        .ok_or_else(|| StripeError::unreadable("a promotion code came without its coupon"))?;
    let amount_off = match (coupon.percent_off, coupon.amount_off, &coupon.currency) {
        (Some(percent), ..) => AmountOff::Share(millionths(percent)),
        (None, Some(amount_minor), Some(code)) => AmountOff::Sum { amount_minor, currency: currency(code)? },
        _ => return Err(StripeError::unreadable("a coupon takes nothing off")),
    };
    let restrictions = found.restrictions;
    let minimum = match (restrictions.minimum_amount, &restrictions.minimum_amount_currency) {
        (Some(amount), Some(code)) => Some((amount, currency(code)?)),
        _ => None,
    };
    Ok(Promotion {
        id: found.id.to_string(),
        code: found.code,
        is_active: found.active && coupon.valid,
        customer_id: found.customer.map(|customer| customer.into_id().to_string()),
        expires_at: [found.expires_at, coupon.redeem_by].into_iter().flatten().min().map(UnixMs::from_seconds),
        is_used_up: is_used_up(found.max_redemptions, found.times_redeemed)
            || is_used_up(coupon.max_redemptions, coupon.times_redeemed),
        minimum,
        first_purchase_only: restrictions.first_time_transaction,
        amount_off,
        duration: match (coupon.duration.as_str(), coupon.duration_in_months) {
            ("forever", _) => CouponDuration::Forever,
            ("repeating", Some(months)) => CouponDuration::Months(months),
            _ => CouponDuration::Once,
        },
        product_ids: coupon.applies_to.map(|only| only.products).unwrap_or_default(),
    })
}

impl Stripe {
    /// The promotion code that goes by this text, in whatever case; `None` where there is none in use.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn find_promotion(&self, code: &str) -> Result<Option<Promotion>, StripeError> {
        let request = ListPromotionCode::new()
            .code(code)
            .active(true)
            .limit(1)
            .expand(vec!["data.promotion.coupon".to_owned(), "data.promotion.coupon.applies_to".to_owned()]);
        self.fetch(request).await?.data.into_iter().next().map(read).transpose()
    }

    /// Makes a coupon; one that is there under this id is what was asked for, because ids are ours.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn create_coupon(&self, new: &NewCoupon) -> Result<(), StripeError> {
        let mut form = vec![("id".to_owned(), new.id.clone()), ("name".to_owned(), new.name.clone())];
        let mut add = |name: &str, value: String| form.push((name.to_owned(), value));
        match new.amount_off {
            // Hundredths of a percent, as many decimals as Stripe takes.
            AmountOff::Share(millionths) => add("percent_off", write_percent(millionths / MILLIONTHS_IN_A_BP)),
            AmountOff::Sum { amount_minor, currency } => {
                add("amount_off", amount_minor.to_string());
                add("currency", currency.as_str().to_owned());
            }
        }
        match new.duration {
            CouponDuration::Once => add("duration", "once".to_owned()),
            CouponDuration::Forever => add("duration", "forever".to_owned()),
            CouponDuration::Months(months) => {
                add("duration", "repeating".to_owned());
                add("duration_in_months", months.to_string());
            }
        }
        for (place, product_id) in new.product_ids.iter().enumerate() {
            add(&format!("applies_to[products][{place}]"), product_id.clone());
        }
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        match self.post(&IdempotencyKey::new(&[&new.id, "coupon", &new.name]), "coupons", &form).await {
            Ok(_) => Ok(()),
            // Made by a run that died, longer ago than Stripe remembers keys; or at the same time, under another name.
            Err(error) if error.code.as_deref() == Some("resource_already_exists") => Ok(()),
            Err(error) => Err(error),
        }
    }
}
