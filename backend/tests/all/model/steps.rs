//! What happens in one history: steps that make sense in any state, so that any of them can be left out when the
//! shortest failing history is looked for.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::pool::Who;
use super::{DAY, HOUR, MINUTE, SECOND};

/// Identities under each license; on `user` plans three users with three devices each.
pub(super) const IDENTITIES: usize = 9;
/// Licenses in a history.
pub(super) const LICENSES: usize = 2;

/// One step of a history.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Time passes, or goes back.
    Wait(i64),
    /// Time passes until just about a moment at which a rule changes its mind: the `pick`th of those ahead.
    WaitFor { pick: usize, offset: i64 },
    /// Somebody acts under a license.
    Act(usize, Act),
    /// Several act at once.
    Race(usize, Vec<Act>),
}

/// What somebody does. `back` counts secrets: 0 is the newest that the installation has, 1 the one before.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Activate { who: Who, again: bool, borrow_s: Option<i64>, covered: bool, shows: Option<usize> },
    Check { who: Who, back: usize, is_copy: bool, borrow_s: Option<i64>, covered: bool },
    CheckForged { who: Who },
    Release { who: Who, back: usize },
    DeactivateByKey { who: Who },
    DeactivateBy { who: Who, by: Who, back: usize },
    FreeSeat { who: Who },
    Block { who: Who },
    Unblock { who: Who },
    Delete { who: Who },
    RevokeLease { who: Who },
    KeepRunning { who: Who },
    LetNextIn { who: Who },
    SetSeats(i64),
    SetPlan { other: bool },
    SetEnd { ms: i64 },
    Suspend,
    Reinstate,
    Revoke,
    Sweep,
}

/// A random history of about so many steps; the same seed gives the same one.
pub(super) fn history(seed: u64, length: usize) -> Vec<Step> {
    let mut dice = Dice(StdRng::seed_from_u64(seed));
    let mut steps = Vec::with_capacity(length + 12);
    while steps.len() < length {
        let license = dice.below(LICENSES);
        match dice.below(100) {
            0..30 => steps.push(dice.wait()),
            30..42 => {
                let acts = (0..2 + dice.below(2)).map(|_| dice.act()).collect();
                steps.push(Step::Race(license, acts));
            }
            42..44 => {
                // All at once: seats run out, and a surge opens.
                let everybody = (0..IDENTITIES).map(Act::activate);
                steps.extend(everybody.map(|act| Step::Act(license, act)));
            }
            44..47 => steps.extend(dice.copies(license)),
            47..49 => steps.extend(dice.borrower(license)),
            _ => {
                let act = dice.act();
                steps.push(Step::Act(license, act));
            }
        }
    }
    steps
}

impl Act {
    fn activate(who: Who) -> Self {
        Self::Activate { who, again: false, borrow_s: None, covered: true, shows: None }
    }
}

struct Dice(StdRng);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.0.random_ratio(1, times)
    }

    /// Some installation, the first ones more often, so that the same ones meet again.
    fn who(&mut self) -> Who {
        self.below(IDENTITIES).min(self.below(IDENTITIES))
    }

    fn back(&mut self) -> usize {
        match self.below(8) {
            0..6 => 0,
            6 => 1,
            _ => 1 + self.below(8),
        }
    }

    fn wait(&mut self) -> Step {
        let upto = |dice: &mut Self, ms: i64| dice.0.random_range(1..=ms);
        match self.below(100) {
            0..30 => Step::Wait(upto(self, 2 * SECOND)),
            30..60 => Step::Wait(upto(self, 20 * MINUTE)),
            60..66 => Step::Wait(upto(self, 3 * HOUR)),
            66..70 => Step::Wait(upto(self, 2 * DAY)),
            70..71 => Step::Wait(upto(self, 35 * DAY)),
            71..95 => {
                let offset = [-SECOND, -1, 0, 1, SECOND][self.below(5)];
                Step::WaitFor { pick: self.below(64), offset }
            }
            95..98 => Step::Wait(-upto(self, 10 * MINUTE)),
            _ => Step::Wait(-upto(self, 2 * DAY)),
        }
    }

    fn borrow_s(&mut self) -> Option<i64> {
        const WISHES_S: [i64; 5] = [60, 900, 20_000, 100_000, 1_000_000];
        self.one_in(6).then(|| WISHES_S[self.below(WISHES_S.len())])
    }

    fn act(&mut self) -> Act {
        let who = self.who();
        match self.below(200) {
            0..62 => Act::Activate {
                who,
                again: self.one_in(7),
                borrow_s: self.borrow_s(),
                covered: !self.one_in(25),
                shows: self.one_in(5).then(|| self.below(12)),
            },
            62..132 => Act::Check {
                who,
                back: self.back(),
                is_copy: self.one_in(8),
                borrow_s: self.borrow_s(),
                covered: !self.one_in(25),
            },
            132..134 => Act::CheckForged { who },
            134..150 => Act::Release { who, back: self.back() },
            150..155 => Act::DeactivateByKey { who },
            155..159 => Act::DeactivateBy { who, by: self.who(), back: self.back() },
            159..165 => Act::FreeSeat { who },
            165..168 => Act::Block { who },
            168..172 => Act::Unblock { who },
            172..174 => Act::Delete { who },
            174..175 => Act::RevokeLease { who },
            175..176 => Act::KeepRunning { who },
            176..178 => Act::LetNextIn { who },
            178..186 => Act::SetSeats(self.0.random_range(0..=4)),
            186..188 => Act::SetPlan { other: self.one_in(2) },
            188..190 => Act::SetEnd { ms: [10 * MINUTE, 5 * HOUR, 3 * DAY, 60 * DAY][self.below(4)] },
            190..191 => Act::Suspend,
            191..196 => Act::Reinstate,
            196 if self.one_in(4) => Act::Revoke,
            _ => Act::Sweep,
        }
    }

    /// One seat is borrowed, returned and borrowed again, for longer than a day.
    fn borrower(&mut self, license: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        for _ in 0..4 {
            let who = self.who();
            let borrow_s = Some([20_000, 100_000, 172_800][self.below(3)]);
            let borrow = Act::Activate { who, again: false, borrow_s, covered: true, shows: None };
            let renew = Act::Check { who, back: 0, is_copy: false, borrow_s: None, covered: true };
            let acts = [borrow, renew, Act::Release { who, back: 0 }];
            for act in acts {
                if !self.one_in(3) {
                    steps.push(Step::Act(license, act));
                }
            }
            steps.push(Step::Wait(self.0.random_range(1..=14 * HOUR)));
        }
        steps
    }

    /// Two copies of one installation take turns, until that becomes a conflict; then both want in.
    fn copies(&mut self, license: usize) -> Vec<Step> {
        let who = self.who();
        let mut acts = vec![Act::activate(who)];
        let mut steps = Vec::new();
        for _ in 0..3 {
            if self.one_in(2) {
                acts.push(Act::activate(who));
                acts.push(Act::Check { who, back: 1, is_copy: false, borrow_s: None, covered: true });
            } else {
                let check = |is_copy| Act::Check { who, back: 0, is_copy, borrow_s: None, covered: true };
                acts.extend([check(false), Act::Check { who, back: 1, is_copy: true, borrow_s: None, covered: true }]);
            }
        }
        let shows = Some(self.below(12));
        acts.extend([
            Act::activate(who),
            Act::Activate { who, again: false, borrow_s: None, covered: true, shows },
            Act::Activate { who, again: false, borrow_s: None, covered: true, shows },
        ]);
        for act in acts {
            if self.one_in(2) {
                steps.push(Step::Wait(self.0.random_range(50 * SECOND..80 * SECOND)));
            }
            steps.push(Step::Act(license, act));
        }
        steps
    }
}
