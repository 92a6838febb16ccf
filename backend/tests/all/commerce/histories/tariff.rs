//! What things cost and how time is counted, in the model's own words: a second price list beside `catalog.toml`, and
//! Stripe's documented arithmetic (<https://docs.stripe.com/billing/subscriptions/prorations>,
//! <https://docs.stripe.com/billing/subscriptions/billing-cycle>). All times are Unix seconds, all money minor units.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;

/// A plan; a later one is a higher one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PlanName {
    Small,
    Medium,
    Volume,
}

impl PlanName {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Volume => "volume",
        }
    }

    /// The next higher plan, or the highest.
    pub(super) const fn higher(self) -> Self {
        match self {
            Self::Small => Self::Medium,
            Self::Medium | Self::Volume => Self::Volume,
        }
    }

    const fn included(self) -> i64 {
        match self {
            Self::Small | Self::Volume => 1,
            Self::Medium => 2,
        }
    }
}

/// What a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) plan: PlanName,
    pub(super) yearly: bool,
    pub(super) seats: i64,
    /// Packs of 50 devices.
    pub(super) packs: i64,
}

impl Shape {
    /// What the license allows: 100 devices are in every plan.
    pub(super) fn devices(&self) -> i64 {
        100 + 50 * self.packs
    }
}

/// A promotion code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// 25 % off the first payment.
    Quarter,
    /// 12.5 % off every payment.
    Eighth,
}

impl Code {
    pub(super) const ALL: [Self; 2] = [Self::Quarter, Self::Eighth];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Quarter => "ONCE-A-QUARTER",
            Self::Eighth => "ALWAYS-AN-EIGHTH",
        }
    }

    pub(super) const fn is_for_ever(self) -> bool {
        matches!(self, Self::Eighth)
    }

    /// Hundredths of a percent.
    pub(super) const fn share(self) -> i64 {
        match self {
            Self::Quarter => 2_500,
            Self::Eighth => 1_250,
        }
    }

    /// What it takes off a line; of what is credited it takes as well, since that was bought for less.
    fn off(self, net: i64) -> i64 {
        nearest(net * self.share(), 10_000)
    }
}

/// What lines come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) subtotal: i64,
    pub(super) discount: i64,
    pub(super) tax: i64,
    pub(super) total: i64,
}

/// Where somebody buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Market {
    pub(super) currency: &'static str,
    pub(super) country: &'static str,
    /// Tax on top, in thousandths.
    pub(super) per_mille: i64,
}

/// Each history is in one of these.
pub(super) const MARKETS: [Market; 5] = [
    Market { currency: "usd", country: "DE", per_mille: 190 },
    Market { currency: "usd", country: "US", per_mille: 0 },
    Market { currency: "jpy", country: "HU", per_mille: 270 },
    Market { currency: "kwd", country: "FI", per_mille: 255 },
    Market { currency: "usd", country: "LU", per_mille: 170 },
];

/// A Stripe item: price of one, and how many. The same plan at the same interval is the same price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) price: (PlanName, bool, &'static str),
    pub(super) unit: i64,
    pub(super) quantity: i64,
}

impl Item {
    pub(super) fn cost(&self) -> i64 {
        self.unit * self.quantity
    }
}

impl Market {
    /// Whether Stripe takes bank transfers here. <https://docs.stripe.com/payments/bank-transfers>
    pub(super) fn takes_transfers(&self) -> bool {
        self.currency != "kwd"
    }

    /// What a shape is made of at Stripe: the plan once, the seats beyond those included, and the packs, all of which cost
    /// what their number says.
    pub(super) fn items(&self, shape: &Shape) -> Vec<Item> {
        let (base, extra) = self.monthly(shape.plan);
        let times = if shape.yearly { 10 } else { 1 };
        let item =
            |role, unit: i64, quantity| Item { price: (shape.plan, shape.yearly, role), unit: unit * times, quantity };
        let beyond = shape.seats - shape.plan.included();
        let mut items = vec![item("base", base, 1)];
        if beyond > 0 {
            items.push(item("extra", extra, beyond));
        }
        if shape.packs > 0 {
            items.push(item("pack", self.pack(shape.packs), shape.packs));
        }
        items
    }

    /// A pack of so many, a month.
    fn pack(&self, count: i64) -> i64 {
        let (dear, cheap) = match self.currency {
            "usd" => (400, 250),
            "jpy" => (600, 380),
            _ => (1_250, 780),
        };
        if count <= 2 { dear } else { cheap }
    }

    /// What each interval costs, before tax.
    pub(super) fn recurring(&self, shape: &Shape) -> i64 {
        self.items(shape).iter().map(Item::cost).sum()
    }

    fn monthly(&self, plan: PlanName) -> (i64, i64) {
        match (self.currency, plan) {
            ("usd", PlanName::Small) => (1_000, 1_000),
            ("usd", PlanName::Medium) => (2_990, 1_490),
            ("usd", PlanName::Volume) => (3_900, 150),
            ("jpy", PlanName::Small) => (1_500, 1_500),
            ("jpy", PlanName::Medium) => (4_500, 2_200),
            ("jpy", PlanName::Volume) => (5_900, 230),
            (_, PlanName::Small) => (3_120, 3_120),
            (_, PlanName::Medium) => (9_150, 4_570),
            (_, PlanName::Volume) => (11_990, 460),
        }
    }

    /// A perpetual license for one seat, and a year of updates for it.
    pub(super) fn forever(&self) -> (i64, i64) {
        match self.currency {
            "usd" => (49_900, 19_960),
            "jpy" => (75_000, 30_000),
            _ => (152_700, 61_080),
        }
    }

    /// Of three decimals the last is always 0. <https://docs.stripe.com/currencies#three-decimal>
    fn grain(&self) -> i64 {
        if self.currency == "kwd" { 10 } else { 1 }
    }

    fn tax(&self, net: i64) -> i64 {
        nearest(net * self.per_mille, 1_000 * self.grain()) * self.grain()
    }

    /// What is left of `amount` at `at` in a period, as Stripe reckons it.
    pub(super) fn left_of(&self, amount: i64, (start, end): (i64, i64), at: i64) -> i64 {
        nearest(amount * (end - at), (end - start) * self.grain()) * self.grain()
    }

    /// One thing for `price`, less a fixed amount.
    pub(super) fn less(&self, price: i64, discount: i64) -> Sums {
        let tax = self.tax(price - discount);
        Sums { subtotal: price, discount, tax, total: price - discount + tax }
    }

    /// What a code leaves of each line.
    pub(super) fn nets(&self, lines: &[i64], code: Option<Code>) -> Vec<i64> {
        lines.iter().map(|line| line - code.map_or(0, |code| code.off(*line))).collect()
    }

    /// Discount and tax are reckoned line by line, the tax on what the discount leaves.
    /// <https://docs.stripe.com/billing/subscriptions/coupons>
    pub(super) fn sums(&self, lines: &[i64], code: Option<Code>) -> Sums {
        let mut sums = Sums { subtotal: 0, discount: 0, tax: 0, total: 0 };
        for line in lines {
            let off = code.map_or(0, |code| code.off(*line));
            sums.subtotal += line;
            sums.discount += off;
            sums.tax += self.tax(line - off);
        }
        sums.total = sums.subtotal - sums.discount + sums.tax;
        sums
    }
}

/// `numerator / denominator` to the nearest whole, halves away from zero.
fn nearest(numerator: i64, denominator: i64) -> i64 {
    let half = if numerator < 0 { -denominator } else { denominator };
    (2 * numerator + half) / (2 * denominator)
}

/// What is left at `at` of what was paid for a time; a time that is over has nothing left.
pub(super) fn left_of_paid(net: i64, (start, end): (i64, i64), at: i64) -> i64 {
    if at < end && start < end { nearest(net * (end - at.max(start)), end - start) } else { 0 }
}

/// The same time of day, months later; on a day that the month lacks, on its last.
pub(super) fn months_after(anchor: i64, months: i32) -> i64 {
    let at = Timestamp::from_second(anchor).expect("a time").to_zoned(TimeZone::UTC);
    let counted = i32::from(at.year()) * 12 + i32::from(at.month()) - 1 + months;
    let (year, month) = (counted.div_euclid(12), counted.rem_euclid(12) + 1);
    let days = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let last: i8 = days[usize::try_from(month - 1).expect("a month")];
    let date =
        Date::new(i16::try_from(year).expect("a year"), i8::try_from(month).expect("a month"), at.day().min(last));
    let moment = date.expect("a date").to_datetime(at.time()).to_zoned(TimeZone::UTC);
    moment.expect("a moment").timestamp().as_second()
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The end of the period that begins at `start`, in the raster of `anchor`.
pub(super) fn period_end(anchor: i64, yearly: bool, start: i64) -> i64 {
    let step = if yearly { 12 } else { 1 };
    (1..).map(|number| months_after(anchor, number * step)).find(|end| *end > start).expect("an end")
}

/// The first moment from `now` on that falls on the day of the year, at the time of day, at which this history begins:
/// so a seed meets the same months whenever it is played.
pub(super) fn begin(now: i64, seed: u64) -> i64 {
    // Month ends, a leap day where there is one, and a day like any other, all of 2028.
    const BEGINNINGS: [i64; 5] = [1_826_100_000, 1_832_844_600, 1_835_395_199, 1_851_200_000, 1_861_920_000];
    let first = BEGINNINGS[usize::try_from(seed % 5).expect("one of five")];
    (-3..).map(|years| months_after(first, years * 12)).find(|at| *at > now).expect("a day to come")
}
