//! What is asked of a license server and what it answers, in the words of the model; and on which terms.

/// How seats are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One per instance, while its lease lives.
    Floating,
    /// One per machine, until it was silent for long.
    Machine,
    /// One per user, on several devices.
    User,
}

/// What a plan says about seats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub code: &'static str,
    pub kind: Kind,
    pub lease_s: i64,
    pub reclaim_s: i64,
    pub max_borrow_s: i64,
    pub surge_seats: i64,
    pub surge: i64,
    pub devices_per_user: Option<usize>,
    pub ends_updates: bool,
}

/// Whether a license may grant anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    Suspended,
    Revoked,
}

/// An installation as the application names it: 0, 1, 2 … On `user` plans three in a row are one user's devices.
pub(super) type Who = usize;

/// A secret as it is presented: its place in the chain, which every holder can read, or a forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    Genuine { epoch: i64, n: i64 },
    Forged,
}

/// What an instance asks for besides its seat.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub nonce: String,
    /// Whether the build was released before updates ended.
    pub covered: bool,
    pub borrow_s: Option<i64>,
}

/// A call, or an act of the owner or the vendor.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Activate {
        who: Who,
        wish: Wish,
        shows: Option<Presented>,
    },
    Check {
        id: String,
        secret: Presented,
        wish: Wish,
    },
    Release {
        id: String,
        secret: Presented,
    },
    /// By an instance with its secret, or by whoever has the license key.
    Deactivate {
        by: Option<(String, Presented)>,
        id: String,
    },
    FreeSeat {
        id: String,
    },
    Block {
        id: String,
    },
    Unblock {
        id: String,
    },
    Delete {
        id: String,
    },
    RevokeLease {
        id: String,
    },
    KeepRunning {
        id: String,
    },
    LetNextIn {
        id: String,
    },
    Change {
        plan: Terms,
        seats: i64,
        ends_at: Option<i64>,
    },
    Suspend,
    Reinstate,
    Revoke,
    /// The housekeeping that closes what ran out; nobody may notice it.
    Sweep,
}

impl Call {
    /// Whether verifiers may be told to reject leases that are out although others follow.
    pub(super) fn may_reject_leases(&self) -> bool {
        matches!(
            self,
            Self::Deactivate { .. }
                | Self::FreeSeat { .. }
                | Self::Block { .. }
                | Self::Delete { .. }
                | Self::RevokeLease { .. }
                | Self::Change { .. }
        )
    }
}

/// What was answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Lease(Lease),
    /// A refusal's code.
    Refused(&'static str),
    /// It is done; where a seat was given back, it is said to be free at this moment.
    Done {
        free_at: i64,
    },
    /// There was nothing to do.
    Nothing,
}

impl Answer {
    /// One word for it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Lease(Lease { borrowed: true, .. }) => "borrowed",
            Self::Lease(_) => "lease",
            Self::Refused(code) => code,
            Self::Done { .. } => "done",
            Self::Nothing => "nothing",
        }
    }
}

/// A lease and what came with it.
#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub id: String,
    pub epoch: i64,
    pub n: i64,
    pub iat_s: i64,
    pub exp_s: i64,
    pub borrowed: bool,
}

/// What the product has stored about a seat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub held_since: i64,
    pub held_until: i64,
}
