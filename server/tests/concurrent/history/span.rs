//! A moment that lies somewhere in between.

use super::HOUR;

/// From the first moment that it can have been to the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Span {
    pub first: i64,
    pub last: i64,
}

impl Span {
    pub(super) const fn of(first: i64, last: i64) -> Self {
        Self { first, last }
    }

    pub(super) const fn at(moment: i64) -> Self {
        Self::of(moment, moment)
    }

    pub(super) fn has(self, moment: i64) -> bool {
        (self.first..=self.last).contains(&moment)
    }

    /// Both moved, by something that keeps moments in order.
    pub(super) fn map(self, moved: impl Fn(i64) -> i64) -> Self {
        Self::of(moved(self.first), moved(self.last))
    }

    pub(super) fn later(self, other: Self) -> Self {
        Self::of(self.first.max(other.first), self.last.max(other.last))
    }

    pub(super) fn sooner(self, other: Self) -> Self {
        Self::of(self.first.min(other.first), self.last.min(other.last))
    }

    /// The whole hours in which it lies: enough for what counts for a day, and states that differ in less are one.
    pub(super) fn in_hours(self) -> Self {
        let hour = |moment: i64| moment.div_euclid(HOUR) * HOUR;
        Self::of(hour(self.first), hour(self.last) + HOUR - 1)
    }
}
