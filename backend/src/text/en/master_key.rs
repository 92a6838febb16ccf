//! What the command line says about master keys.

use crate::keys::{MasterRotation, MasterStanding, SealReport};

/// The database was sealed with a key that is not configured.
pub const FOREIGN: &str = "What the database holds was sealed with another master key than those that are configured. \
                           Name that key in keys.master_key_file or, if another is to take its place, in \
                           keys.other_master_key_files.";

/// The key that is configured was rotated out.
pub const RETIRED: &str = "This master key was rotated out: `server keys rotate-master` has sealed everything with \
                           another. Name that one in keys.master_key_file.";

/// How far a rotation is.
#[must_use]
pub fn progress(table: &str, resealed: usize) -> String {
    format!("{table}: {} sealed anew", values(resealed))
}

/// What became of a rotation.
#[must_use]
pub fn rotation(rotation: &MasterRotation, present: &str) -> String {
    match rotation {
        MasterRotation::Done { resealed: 0, retired } if retired.is_empty() => {
            format!("Everything is sealed with the master key {present} already.")
        }
        MasterRotation::Done { resealed, .. } => format!(
            "{} sealed anew. Nothing in the database is sealed with another master key than {present}. In an hour, when \
             what waits in browsers' sessions is over, run this again until it says that everything is sealed already; then \
             take the others out of the configuration, on every node, and start it again. Backups from \
             before need the old key: keep it with them.",
            values(*resealed)
        ),
        MasterRotation::Unopened { resealed, left } => format!(
            "{} sealed anew, but no configured master key opens {}. Name the key that sealed them in \
             keys.other_master_key_files and run this again.",
            values(*resealed),
            tables(left)
        ),
        MasterRotation::StillUsed => {
            "Something seals with another master key still. Start every node with the new one \
                                      in keys.master_key_file, then run this again."
                .to_owned()
        }
        MasterRotation::NotAllowed => "Only the operator may do this.".to_owned(),
    }
}

/// What is wrong with the keys that are configured; `None` when nothing is.
#[must_use]
pub fn trouble(standing: &MasterStanding) -> Option<String> {
    match standing {
        MasterStanding::Current => None,
        MasterStanding::Retired => Some("the master key was rotated out; start with the new one".to_owned()),
        MasterStanding::Missing(ids) => Some(format!(
            "something may be sealed with the master key {}, which is not configured; name it in \
             keys.other_master_key_files and run `server keys rotate-master`",
            ids.join(", ")
        )),
    }
}

/// What a look through everything that is sealed has found: whether all is well, and what it is.
///
/// # Errors
/// What is wrong, as the sentence.
pub fn report(report: &SealReport) -> Result<String, String> {
    if !report.unopened.is_empty() {
        return Err(format!("no configured master key opens {}", tables(&report.unopened)));
    }
    if report.with_retired > 0 {
        return Err(format!(
            "{} with a master key that was rotated out; run `server keys rotate-master` again before you take that key away",
            values(report.with_retired)
        ));
    }
    Ok(match report.with_others {
        0 => "all with the present master key".to_owned(),
        count => format!("{} with another master key; `server keys rotate-master` seals them anew", values(count)),
    })
}

fn tables(left: &[(&str, usize)]) -> String {
    let tables: Vec<String> = left.iter().map(|(table, count)| format!("{} of {table}", values(*count))).collect();
    tables.join(", ")
}

fn values(count: usize) -> String {
    if count == 1 { "1 value".to_owned() } else { format!("{count} values") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_says_what_is_to_be_done_next() {
        let done = MasterRotation::Done { resealed: 1, retired: vec!["aa".to_owned()] };
        assert!(
            rotation(&done, "bb").starts_with("1 value sealed anew. Nothing in the database is sealed with another")
        );
        let again = MasterRotation::Done { resealed: 0, retired: Vec::new() };
        assert_eq!(rotation(&again, "bb"), "Everything is sealed with the master key bb already.");
        let left = MasterRotation::Unopened { resealed: 0, left: vec![("jobs", 2), ("licenses", 1)] };
        assert!(rotation(&left, "bb").contains("opens 2 values of jobs, 1 value of licenses."));
    }

    #[test]
    fn only_what_does_not_open_is_wrong() {
        assert_eq!(report(&SealReport::default()).as_deref(), Ok("all with the present master key"));
        let old = SealReport { with_others: 3, ..SealReport::default() };
        assert!(report(&old).is_ok_and(|said| said.starts_with("3 values with another master key")));
        let late = SealReport { with_others: 3, with_retired: 1, ..SealReport::default() };
        assert!(report(&late).is_err_and(|said| said.starts_with("1 value with a master key that was rotated out")));
        let lost = SealReport { with_others: 3, unopened: vec![("jobs", 1)], ..SealReport::default() };
        assert_eq!(report(&lost), Err("no configured master key opens 1 value of jobs".to_owned()));
        assert_eq!(trouble(&MasterStanding::Current), None);
    }
}
