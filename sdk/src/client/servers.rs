//! Which server may be asked for a seat, so that two of a list never hold one for the same instance.
//!
//! A seat is asked for elsewhere only when it is certain that none is held: it was given back, it was refused, the
//! request never arrived, or the lease of a floating seat has ended for so long that the server has freed it. Seats of
//! other license types do not lapse in time, so there the client stays with the server that granted.

use super::data_file::{Kept, Pending};
use crate::lease::{LeaseClaims, LicenseType};

/// Seconds after the end of its lease in which the seat of a dead floating instance becomes free (the contract's rule
/// for servers).
pub(super) const FREED_WITHIN_S: i64 = 120;

/// Seconds for which an activation whose answer was lost may at least have been granted: another server may have
/// longer leases than the last one.
const LONGEST_UNSEEN_S: i64 = 3600;

/// Troubles in a row after which a server of a list is given up, if another may be asked after a while.
const PATIENCE: u32 = 6;

/// The servers to ask for a seat, in order. `lease` is the last accepted one, `now` the client's clock in Unix seconds.
pub(super) fn to_ask(configured: &[String], kept: &Kept, lease: Option<&LeaseClaims>, now: i64) -> Vec<String> {
    let bound = bound_to(kept).and_then(|bound| configured.iter().position(|server| server == bound));
    match bound {
        None => configured.to_vec(),
        Some(bound) if has_lapsed(kept, lease, now) => {
            // The one that has failed comes last, or a half-dead server would bind the client again and again.
            let mut others = configured.to_vec();
            others.rotate_left(bound + 1);
            others
        }
        Some(bound) => vec![configured[bound].clone()],
    }
}

/// Whether the client may look for a seat at another server than the one that it is bound to.
pub(super) fn may_move(configured: &[String], kept: &Kept, lease: Option<&LeaseClaims>, now: i64) -> bool {
    configured.len() > 1 && has_lapsed(kept, lease, now)
}

/// Until when to leave a server alone that takes requests and never answers, so that the seat that it may renew with
/// each of them lapses and another server can be asked (Unix seconds).
pub(super) fn quiet_until(
    configured: &[String],
    kept: &Kept,
    lease: Option<&LeaseClaims>,
    troubles: u32,
    now: i64,
) -> Option<i64> {
    let lease = lease.filter(|lease| now >= lease.exp)?;
    let lapses_at = lapses_at(kept, lease)?;
    (configured.len() > 1 && kept.pending.is_some() && troubles >= PATIENCE && now < lapses_at).then_some(lapses_at)
}

/// What is remembered of a request before its answer is known: an activation that asks to borrow for `borrow_s`.
pub(super) fn activation(server: &str, lease: Option<&LeaseClaims>, borrow_s: Option<i64>, now: i64) -> Pending {
    let life_s = lease.map_or(0, life_s).max(borrow_s.unwrap_or(0)).max(LONGEST_UNSEEN_S);
    Pending { server: server.to_owned(), since: now, life_s }
}

/// The same of a check.
pub(super) fn check(server: &str, lease: Option<&LeaseClaims>, borrow_s: Option<i64>, now: i64) -> Pending {
    Pending { server: server.to_owned(), since: now, life_s: lease.map_or(0, life_s).max(borrow_s.unwrap_or(0)) }
}

fn life_s(lease: &LeaseClaims) -> i64 {
    lease.exp.saturating_sub(lease.iat)
}

/// The server that holds a seat for this instance, or may do so.
fn bound_to(kept: &Kept) -> Option<&String> {
    kept.pending.as_ref().map(|pending| &pending.server).or(kept.active.as_ref())
}

fn has_lapsed(kept: &Kept, lease: Option<&LeaseClaims>, now: i64) -> bool {
    // Without a lease nobody knows whether its kind lapses.
    lease.and_then(|lease| lapses_at(kept, lease)).is_some_and(|lapses_at| now >= lapses_at)
}

/// When the seat is free for certain if nothing more is asked; none for seats that stay held.
fn lapses_at(kept: &Kept, lease: &LeaseClaims) -> Option<i64> {
    if lease.lty != LicenseType::Floating {
        return None;
    }
    let unseen = kept.pending.as_ref().map(|pending| pending.since.saturating_add(pending.life_s));
    Some(lease.exp.max(unseen.unwrap_or(i64::MIN)).saturating_add(FREED_WITHIN_S))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{lease::EnforcementPolicy, wire::Identity};

    fn lease(lty: LicenseType) -> LeaseClaims {
        LeaseClaims {
            ver: 1,
            iss: "i".into(),
            aud: "a".into(),
            sub: "s".into(),
            jti: "j".into(),
            iat: 1000,
            nbf: 1000,
            exp: 1600,
            nonce: None,
            lic: "l".into(),
            lty,
            pln: "p".into(),
            idn: Identity::instance("n"),
            lim: [].into(),
            fea: [].into(),
            seats: 1,
            upd: None,
            enf: EnforcementPolicy::default(),
            chk: 180,
            brw: false,
        }
    }

    #[test]
    fn a_seat_is_looked_for_elsewhere_only_when_none_is_held() {
        let servers = ["a".to_owned(), "b".to_owned()];
        let active = |server: &str| Kept { active: Some(server.into()), ..Kept::default() };
        let floating = lease(LicenseType::Floating);
        let machine = lease(LicenseType::Machine);
        let asked = |borrow_s| Kept { pending: Some(activation("b", Some(&floating), borrow_s, 2000)), ..active("a") };
        let checked = Kept { pending: Some(check("a", Some(&floating), None, 1500)), ..active("a") };
        for (kept, lease, now, expected) in [
            // Nothing was ever granted.
            (Kept::default(), None, 0, "a b"),
            // The lease lives, or its seat is not free for certain.
            (active("b"), Some(&floating), 1000, "b"),
            (active("b"), Some(&floating), 1719, "b"),
            (active("b"), Some(&floating), 1720, "a b"),
            (active("a"), Some(&floating), 1720, "b a"),
            // Seats of other types do not lapse.
            (active("b"), Some(&machine), i64::MAX, "b"),
            // No longer configured: the operator has moved the product.
            (active("z"), Some(&machine), 1000, "a b"),
            // A check whose answer was lost may have renewed the lease.
            (checked.clone(), Some(&floating), 2219, "a"),
            (checked, Some(&floating), 2220, "b a"),
            // An activation whose answer was lost may have been granted for a while.
            (asked(None), Some(&floating), 5719, "b"),
            (asked(None), Some(&floating), 5720, "a b"),
            (asked(Some(86_400)), Some(&floating), 5720, "b"),
            (asked(Some(86_400)), Some(&floating), 88_520, "a b"),
            (Kept { active: None, ..asked(None) }, None, i64::MAX, "b"),
        ] {
            assert_eq!(to_ask(&servers, &kept, lease, now).join(" "), expected, "{kept:?} at {now}");
        }
    }

    #[test]
    fn a_server_that_never_answers_is_left_alone_only_after_patience_and_the_end_of_the_lease() {
        let servers = ["a".to_owned(), "b".to_owned()];
        let floating = lease(LicenseType::Floating);
        let pending = Some(check("a", Some(&floating), None, 1650));
        let kept = Kept { active: Some("a".into()), pending, ..Kept::default() };
        let quiet =
            |servers: &[String], kept: &Kept, troubles, now| quiet_until(servers, kept, Some(&floating), troubles, now);
        assert_eq!(quiet(&servers, &kept, PATIENCE, 1700), Some(2370));
        assert_eq!(quiet(&servers, &kept, PATIENCE - 1, 1700), None);
        assert_eq!(quiet(&servers, &kept, PATIENCE, 1599), None, "the lease lives");
        assert_eq!(quiet(&servers, &kept, PATIENCE, 2370), None, "it has lapsed");
        assert_eq!(quiet(&servers[..1], &kept, PATIENCE, 1700), None, "there is no other");
        assert_eq!(quiet(&servers, &Kept { pending: None, ..kept }, PATIENCE, 1700), None, "nothing can be held");
    }

    #[test]
    fn a_single_server_is_never_left() {
        let kept = Kept { active: Some("a".into()), ..Kept::default() };
        let lease = lease(LicenseType::Floating);
        assert!(!may_move(&["a".to_owned()], &kept, Some(&lease), i64::MAX));
        assert!(may_move(&["a".to_owned(), "b".to_owned()], &kept, Some(&lease), i64::MAX));
    }
}
