//! Codes as CSV (RFC 4180). Nothing in it is typed freely: codes are letters, digits and dashes and begin with neither of
//! what a spreadsheet takes for a formula but the dash, so they go through the same guard as all tables.

use super::PromotionCode;
use crate::csv::row;

const HEAD: [&str; 6] = ["code", "made_on", "state", "limit", "redeemed", "reserved"];

/// Codes, a line each, in the order in which they are given.
pub(super) fn codes(all: &[PromotionCode]) -> String {
    let mut csv = row(HEAD.map(str::to_owned));
    for code in all {
        csv.push_str(&row([
            code.code.clone(),
            code.created_at.date().to_string(),
            if code.paused_at.is_some() { "paused" } else { "active" }.to_owned(),
            code.max_redemptions.map_or_else(String::new, |limit| limit.to_string()),
            code.redeemed.to_string(),
            code.reserved.to_string(),
        ]));
    }
    csv
}
