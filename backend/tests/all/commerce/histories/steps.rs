//! What happens in one history: steps that make sense in any state, so that any of them can be left out when the
//! shortest failing history is looked for.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::tariff::{Code, DAY, HOUR, PlanName, Shape};

/// One step, and how much is heard of it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) act: Act,
    pub(super) news: News,
}

/// What somebody does, or time.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Seconds pass.
    Wait(i64),
    /// Time passes until just before or after the next thing that is due at Stripe.
    WaitForNext {
        offset: i64,
    },
    /// A subscription is ordered, unless there is a living one.
    Buy {
        shape: Shape,
        code: Option<Code>,
        pays: bool,
    },
    /// The subscription shall become this.
    Change {
        shape: Shape,
    },
    /// More of what there is.
    Rise {
        plan: bool,
        yearly: bool,
        seats: i64,
    },
    /// So many packs, whatever else there is.
    Packs {
        count: i64,
    },
    /// A planned change is dropped.
    Keep,
    Cancel,
    Undo,
    /// Staff ends it at once.
    End,
    /// Another card from now on.
    Use(Card),
    /// What is due is paid with a good card, on Stripe's page.
    PayDue,
    /// The holder gets a paid invoice back, wholly or in part, at Stripe.
    Refund {
        pick: usize,
        whole: bool,
    },
    /// Staff credits a paid invoice, wholly or in part.
    Credit {
        pick: usize,
        whole: bool,
        to_balance: bool,
    },
    /// A dispute is decided.
    Decide {
        won: bool,
    },
    /// A perpetual license is bought.
    BuyForever {
        seats: i64,
        code: Option<Code>,
    },
    /// A year of updates for it.
    Updates,
    /// A perpetual license is ordered by transfer.
    OrderForever {
        seats: i64,
        code: Option<Code>,
    },
    /// A subscription is ordered by transfer, unless there is a living one.
    Order {
        shape: Shape,
        code: Option<Code>,
    },
    /// The change that waits for its transfer is taken back.
    Withdraw,
    /// The subscription becomes a perpetual license, or its page is left.
    Convert {
        pays: bool,
    },
    /// Money is transferred.
    Send(Money),
}

/// How much money is transferred, of what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Money {
    Part,
    Rest,
    More,
}

/// What a card does. <https://docs.stripe.com/testing>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Card {
    Good,
    Fails,
    /// Wants its holder each time (3-D Secure).
    Asks,
    /// Pays, and its holder disputes it at once.
    Disputed,
}

/// How the portal hears of what happened at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// The newest event about each object.
    Newest,
    /// The same in any order, some of them twice.
    Shuffled(u64),
    /// Every event, in order.
    All,
    /// No webhook arrives; the reconciler looks.
    Reconciled,
    /// Nothing yet: with a later step.
    Later,
}

/// A random history of about so many steps; the same seed gives the same one.
pub(super) fn history(seed: u64, length: usize) -> Vec<Step> {
    let mut dice = Dice(StdRng::seed_from_u64(seed));
    let mut steps = Vec::with_capacity(length + 2);
    if dice.one_in(4) {
        steps.push(Step { act: Act::Wait(dice.upto(40 * DAY)), news: News::Later });
    }
    let by_transfer = dice.one_in(3);
    // Money that is transferred is a step of its own.
    let length = if by_transfer { length + 4 } else { length };
    let mut acts = if by_transfer { dice.order() } else { vec![dice.purchase()] };
    loop {
        for act in acts {
            steps.push(Step { act, news: dice.news() });
        }
        if steps.len() >= length {
            break;
        }
        acts = if by_transfer { dice.acts_by_transfer() } else { dice.acts() };
    }
    // Whatever is under way is heard of in the end.
    if let Some(last) = steps.last_mut().filter(|last| last.news == News::Later) {
        last.news = News::Newest;
    }
    steps
}

/// A reproducible shuffle in which some come twice.
pub(super) fn shuffle<T: Clone>(things: &mut Vec<T>, seed: u64) {
    let mut dice = Dice(StdRng::seed_from_u64(seed));
    for at in (1..things.len()).rev() {
        things.swap(at, dice.below(at + 1));
    }
    if !things.is_empty() && dice.one_in(2) {
        let again = things[dice.below(things.len())].clone();
        things.insert(dice.below(things.len()), again);
    }
}

struct Dice(StdRng);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    fn upto(&mut self, end: i64) -> i64 {
        self.0.random_range(1..=end)
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.0.random_ratio(1, times)
    }

    fn shape(&mut self) -> Shape {
        let plan = [PlanName::Small, PlanName::Medium, PlanName::Volume][self.below(3)];
        let seats = if self.one_in(4) { self.0.random_range(2..=20) } else { self.0.random_range(2..=4) };
        Shape { plan, yearly: self.one_in(4), seats, packs: self.packs() }
    }

    /// In one of so many times.
    fn code(&mut self, times: u32) -> Option<Code> {
        self.one_in(times).then(|| Code::ALL[self.below(2)])
    }

    /// Mostly none.
    fn packs(&mut self) -> i64 {
        if self.one_in(3) { self.upto(5) } else { 0 }
    }

    fn news(&mut self) -> News {
        match self.below(20) {
            0..10 => News::Newest,
            10..14 => News::Shuffled(self.0.random()),
            14 => News::All,
            15 => News::Reconciled,
            _ => News::Later,
        }
    }

    fn purchase(&mut self) -> Act {
        let shape = Shape { yearly: self.one_in(6), ..self.shape() };
        Act::Buy { shape, code: self.code(3), pays: !self.one_in(12) }
    }

    /// A subscription by transfer, or by card where Stripe takes none; its money comes, or some of it, or none.
    fn order(&mut self) -> Vec<Act> {
        let shape = Shape { yearly: self.one_in(6), ..self.shape() };
        let mut acts = vec![Act::Order { shape, code: self.code(3) }, self.purchase()];
        let late = Act::Wait(13 * DAY + self.upto(3 * DAY));
        match self.below(6) {
            0 => acts.extend([late.clone(), late, self.send()]),
            1 => acts.extend([late, Act::Send(Money::Rest)]),
            _ => acts.push(self.send()),
        }
        acts
    }

    /// The same as [`Self::acts`] of whom invoices are sent to.
    fn acts_by_transfer(&mut self) -> Vec<Act> {
        let (settled, next) = (Act::Send(Money::Rest), Act::WaitForNext { offset: 2 * HOUR });
        match self.below(12) {
            // A change, whose money comes, or does not, or not all of it.
            0 => vec![settled, self.rise(), self.rise(), self.send(), self.send()],
            1 => vec![settled, self.rise(), Act::Send(Money::Rest)],
            2 => vec![settled, self.rise(), Act::Keep, next.clone(), next],
            3 => vec![settled, self.rise(), Act::Send(Money::Part), Act::Withdraw],
            // A renewal: in time, late, and so late that the license rests.
            4 | 5 => vec![settled, next.clone(), next, Act::Send(Money::Rest)],
            6 | 7 => {
                let late = Act::WaitForNext { offset: 1 };
                vec![settled, next.clone(), next, late.clone(), late, self.send()]
            }
            8 => vec![settled, Act::Change { shape: self.shape() }, next.clone(), next],
            9 => vec![self.send()],
            10 => vec![settled, Act::Convert { pays: !self.one_in(6) }],
            _ => vec![self.act()],
        }
    }

    /// Something that happens, or a story that single rolls would seldom tell.
    fn acts(&mut self) -> Vec<Act> {
        let renewal = Act::WaitForNext { offset: 2 * HOUR };
        match self.below(16) {
            // A charge that fails, and what may come of it.
            0 | 1 => {
                let bad = Act::Use([Card::Fails, Card::Asks][self.below(2)]);
                let charged = if self.one_in(2) { vec![self.rise()] } else { vec![renewal.clone(), renewal.clone()] };
                let then = match self.below(5) {
                    0 => Act::WaitForNext { offset: 1 },
                    1 => Act::Use(Card::Good),
                    2 => Act::Cancel,
                    _ => Act::PayDue,
                };
                [vec![bad], charged, vec![then, renewal]].concat()
            }
            // A charge that is disputed.
            2 => {
                let charged = if self.one_in(3) { self.rise() } else { renewal.clone() };
                vec![Act::Use(Card::Disputed), charged, renewal, Act::Decide { won: self.one_in(2) }]
            }
            // Credit for what comes.
            3 => vec![Act::Credit { pick: 0, whole: self.one_in(2), to_balance: true }, self.rise(), renewal],
            // An order by transfer, whose money comes in parts, late, or never.
            4 => {
                let order = Act::OrderForever { seats: self.0.random_range(1..=3), code: self.code(3) };
                let late = Act::Wait(13 * DAY + self.upto(3 * DAY));
                match self.below(3) {
                    0 => vec![order, self.send(), self.send()],
                    1 => vec![order, self.send(), late.clone(), late, self.send()],
                    _ => vec![order, late.clone(), late, self.send(), renewal],
                }
            }
            // Packs that turn out to be too many.
            5 => {
                let (many, fewer) = (2 + self.upto(3), self.upto(3) - 1);
                vec![Act::Packs { count: many }, Act::Packs { count: fewer }]
            }
            // Less after it was cancelled.
            6 => {
                let least = Shape { plan: PlanName::Small, yearly: false, seats: 1, packs: 0 };
                vec![Act::Cancel, Act::Change { shape: least }, Act::Undo]
            }
            // Another one after it was ended.
            7 => vec![Act::End, self.purchase()],
            // A perpetual license instead, which may be given back.
            8 => {
                let refund = Act::Refund { pick: self.below(4), whole: true };
                vec![Act::Convert { pays: !self.one_in(6) }, renewal, refund]
            }
            _ => vec![self.act()],
        }
    }

    fn send(&mut self) -> Act {
        Act::Send([Money::Part, Money::Rest, Money::More][self.below(3)])
    }

    fn rise(&mut self) -> Act {
        let (plan, yearly) = (self.one_in(2), self.one_in(5));
        Act::Rise { plan, yearly, seats: self.0.random_range(i64::from(!plan && !yearly)..=3) }
    }

    fn act(&mut self) -> Act {
        match self.below(100) {
            0..10 => Act::Wait(self.wait()),
            10..26 => Act::WaitForNext { offset: [-1, 0, 1, 2 * HOUR, 26 * HOUR][self.below(5)] },
            26..28 => Act::Buy { shape: self.shape(), code: self.code(2), pays: !self.one_in(6) },
            28..37 => Act::Change { shape: self.shape() },
            37..41 => Act::Packs { count: self.upto(6) - 1 },
            41..51 => self.rise(),
            51..54 => Act::Keep,
            54..60 => Act::Cancel,
            60..65 => Act::Undo,
            65..66 => Act::End,
            66..74 => Act::Use([Card::Good, Card::Fails, Card::Asks, Card::Disputed][self.below(4)]),
            74..79 => Act::PayDue,
            79..87 => Act::Refund { pick: self.below(4), whole: self.one_in(2) },
            87..92 => Act::Credit { pick: self.below(4), whole: self.one_in(2), to_balance: self.one_in(2) },
            92..95 => Act::Decide { won: self.one_in(2) },
            95..98 => Act::BuyForever { seats: self.0.random_range(1..=3), code: self.code(3) },
            _ => Act::Updates,
        }
    }

    fn wait(&mut self) -> i64 {
        match self.below(4) {
            0 => self.upto(HOUR),
            1 => self.upto(2 * DAY),
            _ => self.upto(25 * DAY),
        }
    }
}
