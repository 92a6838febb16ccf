//! Named limits on costly and guessable acts, per network address and per account.
//!
//! A fixed window per limit and subject; the subject is stored as a keyed hash, so that the table tells
//! nobody's address. Attempts are counted before they are judged, in the same statement that reads the
//! count: two at once cannot both be the last one.
//!
//! # Log-in: guessing is slow, and locks nobody else out
//!
//! | browser | counted by | most |
//! |---|---|---|
//! | known to the user | the browser, for this e-mail address | 10 in 15 minutes |
//! | any other | network address | 60 in 15 minutes |
//! | | e-mail and network address together | 10 in 15 minutes |
//! | | e-mail address | 100 an hour |
//!
//! A browser is known in which the user has logged in before (`known_browsers.rs`); what strangers try does not touch it.
//! For others the limits are asked in this order and the first that is reached ends it, so that one network address adds at
//! most 40 to the hour's 100 of an e-mail address: it takes several to use them up, and then the owner still gets in with a
//! known browser, or after setting a new password by mail. The right password forgives all of them but the one for a
//! network address. The second step counts by user, 6 in 15 minutes: only who knows the password, or reads the mail, gets
//! that far.
//!
//! Mails that somebody asks for with an address are counted in the same spirit: links to log in or to set a password, and
//! lost keys, 4 an hour for an e-mail and network address together, 20 for either alone; changes of address and invitations
//! for the e-mail address and the person who asks together, and more of them for the e-mail address alone. So one stranger
//! cannot keep an owner from asking. Nobody guesses their secrets.

use std::net::IpAddr;

use crate::clock::{HOUR_MS, MINUTE_MS, SECOND_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, Tx, execute, fetch_one, text_enum};
use crate::keys::{Lookup, MasterKey};

text_enum! {
    /// A named limit.
    Limit {
        /// Log-ins from one network address.
        SignInAddress = "sign_in_address",
        /// Log-ins for one e-mail address with browsers that its user is not known to use.
        SignInEmail = "sign_in_email",
        /// The same, from one network address.
        SignInPair = "sign_in_pair",
        /// Log-ins for one e-mail address with one browser that its user is known to use.
        SignInBrowser = "sign_in_browser",
        /// Codes of one user's second factor.
        SecondFactorUser = "second_factor_user",
        /// Sign-ups from one network address.
        SignUpAddress = "sign_up_address",
        /// Mails that strangers can cause to one e-mail address by signing up with it.
        SignUpEmail = "sign_up_email",
        /// Reset requests from one network address.
        ResetAddress = "reset_address",
        /// Reset requests for one e-mail address.
        ResetEmail = "reset_email",
        /// The same, from one network address.
        ResetPair = "reset_pair",
        /// Requests for a link to log in from one network address.
        SignInLinkAddress = "sign_in_link_address",
        /// Requests for a link to log in with one e-mail address.
        SignInLinkEmail = "sign_in_link_email",
        /// The same, from one network address.
        SignInLinkPair = "sign_in_link_pair",
        /// Changes of address that one user asks for: each is a mail to an address that somebody typed.
        EmailChangeUser = "email_change_user",
        /// Mails to one e-mail address that users want to change to.
        EmailChangeEmail = "email_change_email",
        /// The same, of one user.
        EmailChangePair = "email_change_pair",
        /// Requests for lost license keys from one network address.
        RecoverAddress = "recover_address",
        /// Requests for lost license keys for one e-mail address.
        RecoverEmail = "recover_email",
        /// The same, from one network address.
        RecoverPair = "recover_pair",
        /// Verification mails to one user.
        VerificationUser = "verification_user",
        /// Invitations sent for one account, or to the vendor's staff.
        InviteAccount = "invite_account",
        /// Invitations sent by one person, for whatever account.
        InviteUser = "invite_user",
        /// Invitations sent to one e-mail address.
        InviteEmail = "invite_email",
        /// The same, sent by one person.
        InvitePair = "invite_pair",
        /// Challenges for passkeys, from one network address.
        PasskeyAddress = "passkey_address",
        /// Password checks of a signed-in user.
        PasswordCheckUser = "password_check_user",
        /// Seats of one license freed by somebody who shows only its key.
        DeactivationByKey = "deactivation_by_key",
        /// Claims started from one network address.
        ClaimStartAddress = "claim_start_address",
        /// Claim codes that named nothing, from one network address.
        ClaimCodeAddress = "claim_code_address",
        /// Claim codes that named nothing, by one account's members.
        ClaimCodeAccount = "claim_code_account",
        /// Requests of one account to hand licenses over: each is a mail to an address that somebody typed.
        HandoverAccount = "handover_account",
        /// Promotion codes that are none, from one network address.
        PromotionCodeAddress = "promotion_code_address",
        /// Promotion codes that are none, by one account's members.
        PromotionCodeAccount = "promotion_code_account",
        /// Messages and feedback that one person sends to the vendor.
        MessageUser = "message_user",
        /// Test mails that one member of the staff sends.
        TestMailUser = "test_mail_user",
        /// Downloads of everything about one account, or one person.
        Takeout = "takeout",
        /// Voucher codes that are none, from one network address.
        VoucherCodeAddress = "voucher_code_address",
        /// Voucher codes that are none, by one account's members.
        VoucherCodeAccount = "voucher_code_account",
    }
}

impl Limit {
    /// How many hits fit into a window of how many milliseconds.
    #[must_use]
    pub fn allowance(self) -> (i64, i64) {
        match self {
            Self::SignInAddress | Self::PasskeyAddress => (60, 15 * MINUTE_MS),
            Self::SignInPair | Self::SignInBrowser | Self::PasswordCheckUser => (10, 15 * MINUTE_MS),
            Self::SignInEmail => (100, HOUR_MS),
            // Three of a million codes are good at a time: that many tries take most of a year to find one by chance.
            Self::SecondFactorUser => (6, 15 * MINUTE_MS),
            Self::SignUpAddress
            | Self::ResetAddress
            | Self::ResetEmail
            | Self::RecoverAddress
            | Self::RecoverEmail
            | Self::EmailChangeEmail
            | Self::SignInLinkAddress
            | Self::SignInLinkEmail => (20, HOUR_MS),
            Self::EmailChangeUser => (6, HOUR_MS),
            Self::InviteAccount => (40, HOUR_MS),
            Self::InvitePair | Self::TestMailUser => (6, HOUR_MS),
            Self::InviteEmail => (30, HOUR_MS),
            Self::InviteUser => (100, 24 * HOUR_MS),
            Self::MessageUser => (30, HOUR_MS),
            // Ten a minute, thirty at once: a cluster starts together.
            Self::ClaimStartAddress => (30, 3 * MINUTE_MS),
            Self::ClaimCodeAddress | Self::ClaimCodeAccount => (20, 15 * MINUTE_MS),
            Self::HandoverAccount => (10, 24 * HOUR_MS),
            Self::Takeout => (6, 24 * HOUR_MS),
            // An office behind one address may mistype more often than one account.
            Self::PromotionCodeAddress | Self::VoucherCodeAddress => (60, 15 * MINUTE_MS),
            Self::PromotionCodeAccount | Self::VoucherCodeAccount => (20, 15 * MINUTE_MS),
            Self::DeactivationByKey => (3, HOUR_MS),
            Self::SignUpEmail
            | Self::ResetPair
            | Self::RecoverPair
            | Self::VerificationUser
            | Self::SignInLinkPair
            | Self::EmailChangePair => (4, HOUR_MS),
        }
    }
}

/// Whether one more is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateVerdict {
    /// It is.
    Allowed,
    /// Not before so many seconds have passed.
    Limited {
        /// Whole seconds, at least 1; the answer's `Retry-After`.
        retry_after_s: i64,
    },
}

impl RateVerdict {
    /// The seconds to wait, where one must.
    #[must_use]
    pub fn retry_after_s(self) -> Option<i64> {
        match self {
            Self::Allowed => None,
            Self::Limited { retry_after_s } => Some(retry_after_s),
        }
    }
}

/// The subject that stands for a network address: an IPv4 address, or the /64 that one IPv6 subscriber has.
#[must_use]
pub fn subject_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Counts one more and says whether it is allowed.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn hit(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    limit: Limit,
    subject: &str,
) -> Result<RateVerdict, DbError> {
    let (most, window_ms) = limit.allowance();
    let window_start = UnixMs(cx.now.0.div_euclid(window_ms) * window_ms);
    // A clock that moves backwards stays in the newest window it has seen: that wins nobody fresh tries.
    let (standing, hits): (UnixMs, i64) = fetch_one!(
        tx,
        (UnixMs, i64),
        "INSERT INTO rate_limits (vendor_id, limit_name, subject_hash, window_start, hits) VALUES ($1, $2, $3, $4, 1)
         ON CONFLICT (vendor_id, limit_name, subject_hash) DO UPDATE SET
            hits = CASE WHEN rate_limits.window_start >= excluded.window_start THEN rate_limits.hits + 1 ELSE 1 END,
            window_start = CASE WHEN rate_limits.window_start >= excluded.window_start
                                THEN rate_limits.window_start ELSE excluded.window_start END
         RETURNING window_start, hits",
        &cx.vendor_id,
        limit,
        subject_hash(master, limit, subject),
        window_start
    )?;
    if hits <= most {
        return Ok(RateVerdict::Allowed);
    }
    let left_ms = standing.plus(window_ms).0.saturating_sub(cx.now.0);
    Ok(RateVerdict::Limited { retry_after_s: (left_ms / SECOND_MS).max(0) + 1 })
}

/// Takes back one hit of a subject, for an attempt that turned out to be none. Unlike [`forgive`] it wins nobody more
/// tries than they had before.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn give_back(tx: &mut Tx, cx: &Cx, master: &MasterKey, limit: Limit, subject: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "UPDATE rate_limits SET hits = hits - 1
         WHERE vendor_id = $1 AND limit_name = $2 AND subject_hash = $3 AND hits > 0",
        &cx.vendor_id,
        limit,
        subject_hash(master, limit, subject)
    )?;
    Ok(())
}

/// Forgets the hits of a subject: after a success that shows who it was.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn forgive(tx: &mut Tx, cx: &Cx, master: &MasterKey, limit: Limit, subject: &str) -> Result<(), DbError> {
    execute!(
        tx,
        "DELETE FROM rate_limits WHERE vendor_id = $1 AND limit_name = $2 AND subject_hash = $3",
        &cx.vendor_id,
        limit,
        subject_hash(master, limit, subject)
    )?;
    Ok(())
}

/// Deletes what no window needs any more, for all vendors.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn delete_old_rate_limits(tx: &mut Tx, now: UnixMs) -> Result<u64, DbError> {
    execute!(tx, "DELETE FROM rate_limits WHERE window_start < $1", now.plus(-24 * HOUR_MS))
}

fn subject_hash(master: &MasterKey, limit: Limit, subject: &str) -> Vec<u8> {
    master.keyed_hash(Lookup::RateLimit, format!("{}\0{subject}", limit.as_str()).as_bytes())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn one_subscriber_is_one_subject() {
        for (address, subject) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(subject_of(address.parse().unwrap()), subject);
        }
    }
}
