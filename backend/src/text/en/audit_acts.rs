//! A sentence for every act of the audit log, without its subject: "Renamed the license".

/// What was done; `None` for an act that has no sentence.
#[must_use]
pub fn sentence(act: &str) -> Option<&'static str> {
    ACTS.iter().find(|(known, _)| *known == act).map(|(_, sentence)| *sentence)
}

/// The areas of acts with their names, for those who look for some.
pub const AREAS: &[(&str, &str)] = &[
    ("account", "Company and account"),
    ("acting", "Acting for a customer"),
    ("user", "Logging in and passwords"),
    ("session", "Browsers logged in"),
    ("member", "Members"),
    ("invitation", "Invitations"),
    ("token", "API tokens"),
    ("partner", "Partnership"),
    ("relation", "Partners and clients"),
    ("commission", "Commissions"),
    ("license", "Licenses"),
    ("instance", "Instances"),
    ("claim", "Instances that ask for a license"),
    ("order", "Orders"),
    ("subscription", "Subscriptions"),
    ("auto_renewal", "Renewal of updates"),
    ("card", "Cards"),
    ("conversion", "Turning perpetual"),
    ("message", "Messages"),
    ("feedback", "Feedback"),
    ("invoice", "Invoices"),
    ("credit_note", "Credit notes"),
    ("refund", "Refunds"),
    ("dispute", "Disputes"),
    ("campaign", "Campaigns"),
    ("promotion_code", "Promotion codes"),
    ("redemption", "Promotion codes used"),
    ("voucher", "Vouchers"),
    ("vendor", "Vendor"),
    ("product", "Products"),
    ("release", "Releases"),
    ("plan", "Plans"),
    ("price", "Prices"),
    ("staff", "Staff"),
    ("signing_key", "Signing keys"),
    ("master_key", "Master key"),
    ("job", "Jobs"),
    ("stripe_event", "Events of Stripe"),
    ("failures", "What failed"),
];

/// Areas in which nothing concerns one account alone: no customer's log has them.
pub const OF_VENDOR: &[&str] = &[
    "user",
    "session",
    "campaign",
    "promotion_code",
    "vendor",
    "product",
    "release",
    "plan",
    "price",
    "staff",
    "signing_key",
    "master_key",
    "job",
    "stripe_event",
    "failures",
];

/// Every act and its sentence, by area.
const ACTS: &[(&str, &str)] = &[
    ("account.ask_closing", "Asked to close the account"),
    ("account.cash_balance", "Noted a change of the money that waits for an invoice"),
    ("account.check_vat_id", "Noted what became of the check of the VAT id"),
    ("account.close", "Closed the account, and erased what need not be kept"),
    ("account.create", "Created the account"),
    ("account.export", "Downloaded everything about the account"),
    ("account.keep", "Took back that the account closes"),
    ("account.set_stripe_customer", "Made the account known to Stripe"),
    ("account.take_over_vat_id", "Took over the VAT id that was typed on the payment page"),
    ("account.update", "Changed the company details"),
    ("acting.start", "Began to act for the customer"),
    ("acting.stop", "Ended acting for the customer"),
    ("auto_renewal.ask", "Asked for updates to renew by themselves"),
    ("auto_renewal.project", "Noted how the renewal of updates stands at Stripe"),
    ("auto_renewal.stop", "Stopped the renewal of updates"),
    ("campaign.add_codes", "Added codes to the campaign"),
    ("campaign.create", "Created the campaign"),
    ("campaign.end", "Ended the campaign"),
    ("campaign.make_coupon", "Made the campaign known to Stripe"),
    ("campaign.pause", "Paused the campaign"),
    ("campaign.resume", "Resumed the campaign"),
    ("campaign.update", "Changed the campaign"),
    ("card.ask", "Asked to pay with another card"),
    ("card.change", "Noted what became of the change of the card"),
    ("claim.approve", "Gave a license to an instance that asked"),
    ("claim.decline", "Turned down an instance that asked for a license"),
    ("commission.pay_out", "Recorded a payout of commissions"),
    ("commission.reverse_payout", "Took a payout of commissions back"),
    ("commission.settle", "Reckoned up a commission"),
    ("conversion.ask", "Asked to turn the subscription into a perpetual license"),
    ("conversion.settle", "Noted what became of turning the license perpetual"),
    ("conversion.short", "Noted that money which was credited on turning perpetual was given back as well"),
    ("credit_note.import", "Took over a credit note"),
    ("credit_note.stand_in", "Printed question marks on a credit note, for characters that its font lacks"),
    ("dispute.project", "Noted how the dispute of a payment stands"),
    ("failures.replay", "Began everything that had failed again"),
    ("feedback.consent", "Said whether to be asked for feedback"),
    ("feedback.give", "Gave feedback"),
    ("instance.block", "Blocked the instance"),
    ("instance.deactivate", "Freed the seat of the instance"),
    ("instance.delete", "Deleted the instance"),
    ("instance.resolve_conflict", "Decided about a copy of the instance"),
    ("instance.revoke_lease", "Revoked the lease of the instance"),
    ("instance.unblock", "Unblocked the instance"),
    ("invitation.create", "Invited somebody"),
    ("invitation.decline", "Declined an invitation"),
    ("invitation.resend", "Sent an invitation again"),
    ("invitation.withdraw", "Withdrew an invitation"),
    ("invoice.await_transfer", "Noted what has arrived by bank transfer"),
    ("invoice.credit", "Credited the invoice"),
    ("invoice.import", "Took over an invoice"),
    ("invoice.stand_in", "Printed question marks on an invoice, for characters that its font lacks"),
    ("invoice.update", "Noted a change of the invoice"),
    ("job.dismiss", "Dismissed a job that was given up"),
    ("job.replay", "Began a job again"),
    ("license.activate", "Put the license in force"),
    ("license.add_seats", "Added seats to the license"),
    ("license.agree_handover", "Agreed to hand the license over"),
    ("license.ask_handover", "Asked to hand the license over"),
    ("license.await_payment", "Held the license back until it is paid"),
    ("license.begin_updates", "Began the time of updates"),
    ("license.change", "Changed the plan or the seats of the license"),
    ("license.create", "Created the license"),
    ("license.end", "Ended the license"),
    ("license.end_handover", "Kept the license from being handed over"),
    ("license.expire", "Noted that the license has ended"),
    ("license.extend", "Extended the license"),
    ("license.freeze", "Let nothing new start under the license while a payment is disputed"),
    ("license.hand_over", "Handed the license over"),
    ("license.issue", "Issued the license by hand"),
    ("license.make_perpetual", "Made the license perpetual"),
    ("license.override", "Decided what the license has other than its plan"),
    ("license.recover_keys", "Sent the license keys to the address"),
    ("license.reinstate", "Reinstated the license"),
    ("license.rename", "Renamed the license"),
    ("license.renew_updates", "Extended the updates of the license"),
    ("license.replace_key", "Replaced the license key"),
    ("license.restore", "Put the license back in force"),
    ("license.reveal_key", "Looked at the license key"),
    ("license.revoke", "Revoked the license"),
    ("license.set_overrides", "Changed the license's own limits and features"),
    ("license.set_term", "Set how long the license runs"),
    ("license.set_trial", "Changed the end of the trial"),
    ("license.suspend", "Suspended the license"),
    ("license.take_over", "Took the license over"),
    ("license.unfreeze", "Let instances start under the license again"),
    ("master_key.rotate", "Sealed everything anew with another master key"),
    ("member.change_role", "Changed the role of a member"),
    ("member.hand_over", "Made somebody else the owner"),
    ("member.join", "Joined the account"),
    ("member.remove", "Removed a member"),
    ("message.answer", "Answered a message"),
    ("message.assign", "Took a conversation over, or handed it back"),
    ("message.close", "Closed a conversation"),
    ("message.open", "Wrote to the vendor"),
    ("message.reply", "Wrote on in a conversation"),
    ("order.close", "Closed the order"),
    ("order.credit", "Made credit of what was paid while the order was given up"),
    ("order.fulfil", "Fulfilled the order"),
    ("order.give_up", "Began to take back what was made for the order"),
    ("order.keep", "Kept the order, whose first invoice is not paid, because a later one is"),
    ("order.make", "Asked Stripe for the payment of the order"),
    ("order.open_checkout", "Opened the page for payment"),
    ("order.place", "Placed an order"),
    ("partner.add_codes", "Added codes to a campaign of the partner's"),
    ("partner.change_terms", "Changed what is agreed with the partner"),
    ("partner.end", "Ended the partnership"),
    ("partner.make", "Made the account a partner"),
    ("partner.pause_code", "Paused a promotion code of the partner's"),
    ("partner.resume_code", "Resumed a promotion code of the partner's"),
    ("plan.create", "Created the plan"),
    ("plan.publish", "Put the plan on the price list"),
    ("plan.retire", "Took the plan off the price list"),
    ("plan.update", "Changed the plan"),
    ("price.create", "Created a price"),
    ("price.push", "Took a price to Stripe"),
    ("price.replace", "Replaced a price"),
    ("price.withdraw", "Withdrew a price"),
    ("product.create", "Created the product"),
    ("product.update", "Changed the product"),
    ("promotion_code.pause", "Paused a promotion code"),
    ("promotion_code.resume", "Resumed a promotion code"),
    ("redemption.redeem", "Used a promotion code up"),
    ("redemption.release", "Gave a reserved promotion code back"),
    ("redemption.reserve", "Reserved a promotion code for the order"),
    ("refund.project", "Noted how a refund stands"),
    ("relation.accept", "Became the client of a partner"),
    ("relation.ask_again", "Asked a client again to take its account over"),
    ("relation.begin", "Gained a client"),
    ("relation.create", "Made an account for a client"),
    ("relation.end", "Ended the relation of partner and client"),
    ("relation.invite", "Invited a client"),
    ("release.create", "Published a release"),
    ("release.update", "Changed a release"),
    ("session.end", "Logged a browser out"),
    ("session.end_others", "Logged all other browsers out"),
    ("signing_key.revoke", "Revoked a signing key"),
    ("signing_key.rotate", "Rotated the signing keys"),
    ("signing_key.withdraw", "Withdrew a retired signing key"),
    ("staff.change_role", "Changed the role of one of the staff"),
    ("staff.create", "Added somebody to the staff"),
    ("staff.join", "Joined the staff"),
    ("staff.remove", "Removed somebody from the staff"),
    ("staff.update", "Changed the role of one of the staff"),
    ("stripe_event.replay", "Handled an event of Stripe again"),
    ("subscription.begin_change", "Began a change that waits for its payment"),
    ("subscription.cancel", "Cancelled the subscription for the end of its period"),
    ("subscription.change", "Changed the subscription"),
    ("subscription.end", "Ended the subscription at once"),
    ("subscription.hand_back", "Stopped paying for a license that its owner continues"),
    ("subscription.project", "Noted how the subscription stands at Stripe"),
    ("subscription.resume", "Took the cancellation back"),
    ("subscription.settle_change", "Noted what became of a change that waited for its payment"),
    ("subscription.take_over", "Continued a license that somebody else has paid for"),
    ("subscription.withdraw_change", "Took a change back that was not paid"),
    ("token.create", "Made an API token"),
    ("token.revoke", "Revoked an API token"),
    ("user.add_passkey", "Added a passkey"),
    ("user.ask_factor_reset", "Asked for the reset of a lost second factor, a day later"),
    ("user.change_email", "Changed the e-mail address"),
    ("user.change_password", "Changed the password"),
    ("user.confirm_passkey", "Confirmed with a passkey"),
    ("user.confirm_password", "Confirmed the password"),
    ("user.delete", "Deleted the own sign-in"),
    ("user.disown_email_change", "Said that a change of the e-mail address was somebody else's"),
    ("user.disprove_factor_reset", "Showed the second factor that was said to be lost, which called its reset off"),
    ("user.drop_factor_reset", "Dropped the reset of a second factor that had nothing left to do"),
    ("user.export", "Downloaded everything about the person"),
    ("user.log_in", "Logged in"),
    ("user.refuse_copied_passkey", "Was refused a passkey of which there is a copy"),
    ("user.refuse_factor_reset", "Refused the reset of the second factor"),
    ("user.remove_passkey", "Removed a passkey"),
    ("user.remove_second_factor", "Turned the second factor off"),
    ("user.rename_passkey", "Renamed a passkey"),
    ("user.renew_recovery_codes", "Made new recovery codes"),
    ("user.request_email_change", "Asked to change the e-mail address"),
    ("user.request_password_reset", "Asked for a link to reset the password"),
    ("user.request_sign_in_link", "Asked for a link to log in"),
    ("user.reset_password", "Reset the password"),
    ("user.reset_second_factor", "Took the second factor away from somebody who had lost it"),
    ("user.set_second_factor", "Set up a second factor"),
    ("user.sign_up", "Signed up"),
    ("user.verify_email", "Confirmed the e-mail address"),
    ("user.void_factor_reset", "Did not reset a second factor, because whoever had asked for it may not any more"),
    ("user.withdraw_email_change", "Took back a change of the e-mail address"),
    ("user.withdraw_factor_reset", "Took back the reset of a second factor"),
    ("user.withdraw_password", "Lost a password that was set before the address was confirmed"),
    ("user.wrong_code", "Gave a wrong code at log-in, after the right password"),
    ("vendor.ask_tax", "Asked Stripe to take another head office or tax code"),
    ("vendor.change_settings", "Changed the vendor's settings"),
    ("vendor.create", "Created the vendor"),
    ("vendor.miss_tax", "Did not hear from Stripe how head office and tax code are now"),
    ("vendor.refuse_tax", "Was refused head office and tax code by Stripe"),
    ("vendor.send_test_mail", "Sent a test mail"),
    ("vendor.set_host", "Changed the host name that the vendor answers"),
    ("vendor.set_tax", "Had Stripe take another head office or tax code"),
    ("vendor.update", "Changed the vendor"),
    ("voucher.export", "Downloaded the codes of vouchers"),
    ("voucher.make", "Made the vouchers of the order"),
    ("voucher.note", "Changed the note on a voucher"),
    ("voucher.redeem", "Redeemed a voucher"),
    ("voucher.reopen", "Made void vouchers valid again: their money has come back"),
    ("voucher.return", "Took open vouchers back"),
    ("voucher.reveal", "Looked at the code of a voucher"),
    ("voucher.void", "Made open vouchers void: their money went back"),
];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// `area.verb` in files that record acts, and no act: kinds of jobs, and events that stand apart from their call.
    const NO_ACTS: &[&str] = &[
        "accounts.send_password_reset",
        "accounts.send_sign_in_link",
        "credit_note.issued",
        "credit_note.voided",
        "dispute.lost",
        "dispute.opened",
        "dispute.won",
        "license.changed",
        "licenses.send_key_recovery",
        "payment.refund_failed",
        "payment.refunded",
    ];

    /// Everything that reads like an act in a file of the program that records acts.
    fn acts_in(source: &str) -> Vec<String> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        if !["audit::record(", "edit_locked(", " edit(tx"].iter().any(|call| source.contains(call)) {
            return Vec::new();
        }
        let parts: Vec<&str> = source.split('"').collect();
        let is_name = |text: &str| {
            let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            text.split_once('.').is_some_and(|(area, verb)| is_word(area) && is_word(verb))
        };
        let is_act = |at: usize| {
            let before = parts[at - 1];
            // `(act, event)`: the second of two is what the event is called.
            let is_second = at > 2 && is_name(parts[at - 2]) && before.trim() == ",";
            let call = before.rsplit(';').next().unwrap_or_default();
            is_name(parts[at]) && !is_second && !call.contains("events::record") && !call.contains("Actor::Job(")
        };
        (1..parts.len()).filter(|at| is_act(*at)).map(|at| parts[at].to_owned()).collect()
    }

    fn collect(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(acts_in(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }

    #[test]
    fn every_act_that_the_program_records_has_its_sentence() {
        let mut found = BTreeSet::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 60, "the search finds acts: {found:?}");
        let without: Vec<_> =
            found.iter().filter(|act| sentence(act).is_none() && !NO_ACTS.contains(&act.as_str())).collect();
        assert!(without.is_empty(), "acts without a sentence in text/en/audit_acts.rs: {without:?}");
        let gone: Vec<_> = ACTS.iter().map(|(act, _)| *act).filter(|act| !found.contains(*act)).collect();
        assert!(gone.is_empty(), "sentences for acts that nothing records: {gone:?}");
    }

    #[test]
    fn an_act_is_told_from_an_event_beside_it() {
        let source = r#"audit::record(tx, cx, None, "a.b", id); ("c.d", "c.done"); events::record(tx, cx, "e.f", about);
            let x = "three.part.name"; let job = Actor::Job("g.h"); let y = "plain";"#;
        assert_eq!(acts_in(source), ["a.b", "c.d"]);
        assert_eq!(acts_in(r#"let it = "a.b";"#), Vec::<String>::new());
    }

    #[test]
    fn every_act_belongs_to_an_area_and_is_there_once() {
        let areas: Vec<_> = AREAS.iter().map(|(area, _)| *area).collect();
        let mut seen = BTreeSet::new();
        for (act, _) in ACTS {
            assert!(seen.insert(act), "{act} twice");
            assert!(act.split_once('.').is_some_and(|(area, _)| areas.contains(&area)), "{act}");
        }
        assert!(OF_VENDOR.iter().all(|area| areas.contains(area)));
    }
}
