//! Histories of nodes that have no copies, without what follows from that.

use std::collections::BTreeMap;

use super::*;

/// What a node without a copy knows of its secrets.
#[derive(Default)]
struct Honest {
    epoch: i64,
    shown: i64,
    nonce: Option<u64>,
    runs: bool,
}

/// The history with what is not written out in it: nodes show the newest secret that they have, are answered with the next
/// one, and leases say how many seats there are.
pub(super) fn told(terms: Terms, history: &[Seen]) -> Vec<Seen> {
    let mut seats = terms.seats;
    let mut nodes: BTreeMap<Node, Honest> = BTreeMap::new();
    let mut all = history.to_vec();
    for Seen { call, answer, .. } in &mut all {
        let (by, freed) = match call {
            SetSeats(now) => {
                seats = *now;
                continue;
            }
            Call::Activate { node, .. } | Call::Check { node, .. } => (*node, None),
            Call::Release { node, .. } => (*node, Some(*node)),
            Call::Deactivate { by, node, .. } => (*by, Some(*node)),
            _ => continue,
        };
        let it = nodes.entry(by).or_default();
        match call {
            Call::Check { shows, .. } | Call::Release { shows, .. } | Call::Deactivate { shows, .. }
                if *shows == HONEST =>
            {
                *shows = Position { epoch: it.epoch.max(1), n: it.shown + 1 };
            }
            _ => {}
        }
        match (&*call, answer) {
            (Call::Activate { nonce, .. }, Some(Answer::Lease(lease))) => {
                if !it.runs || it.nonce != Some(*nonce) {
                    *it = Honest { epoch: it.epoch + 1, shown: 0, nonce: Some(*nonce), runs: true };
                }
                fill(lease, it, seats);
            }
            (Call::Check { shows, .. }, Some(Answer::Lease(lease))) => {
                (it.epoch, it.shown) = (shows.epoch, shows.n);
                fill(lease, it, seats);
            }
            (_, Some(Answer::Freed { .. })) => {
                freed.into_iter().for_each(|node| nodes.entry(node).or_default().runs = false);
            }
            _ => {}
        }
    }
    all
}

fn fill(lease: &mut Lease, it: &Honest, seats: usize) {
    if lease.seats == 0 {
        lease.seats = seats;
    }
    if lease.next == HONEST {
        lease.next = Position { epoch: it.epoch, n: it.shown + 1 };
    }
}
