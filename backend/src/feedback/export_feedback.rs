//! All feedback as a table to take along.

use super::{ListedFeedback, Place, store};
use crate::accounts::{self, StaffAct};
use crate::csv;
use crate::cx::Cx;
use crate::db::{DbError, Tx};

/// Rows that are read at once.
const BATCH: i64 = 1_000;

const HEAD: [&str; 9] =
    ["given_on", "occasion", "customer", "person", "score", "reason", "comment", "may_contact", "may_quote"];

/// What all customers said as CSV, newest first; `None` for whoever may not see it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_feedback(tx: &mut Tx, cx: &Cx) -> Result<Option<String>, DbError> {
    if !accounts::staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let (mut table, mut after) = (csv::row(HEAD), None);
    loop {
        let rows = store::list_feedback(tx, &cx.vendor_id, after.as_ref(), BATCH).await?;
        let Some(last) = rows.last() else { return Ok(Some(table)) };
        after = Some(Place::of(&last.feedback));
        table.extend(rows.iter().map(line));
    }
}

fn line(listed: &ListedFeedback) -> String {
    let yes = |it: bool| String::from(if it { "yes" } else { "no" });
    let it = &listed.feedback;
    csv::row([
        it.given_at.date().to_string(),
        it.occasion.as_str().to_owned(),
        listed.company.clone(),
        listed.user_email.clone(),
        it.score.map_or_else(String::new, |score| score.to_string()),
        it.reason.clone(),
        it.comment.clone(),
        yes(it.may_contact),
        yes(it.may_quote),
    ])
}
