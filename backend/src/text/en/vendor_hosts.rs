//! What the command line says about vendors' host names.

use crate::vendors::HostProblem;

/// Why a vendor cannot have a host name, and what to do.
#[must_use]
pub fn problem(problem: &HostProblem) -> String {
    match problem {
        HostProblem::NotAHost => "A host name is written like licenses.example.com.".to_owned(),
        HostProblem::Taken(code) => format!("The vendor {code} answers this host name already."),
        HostProblem::Missing(code) => format!(
            "The vendor {code} answers every host name that no other vendor has, so this one would never be reached. Give \
             it a host name of its own."
        ),
    }
}

/// What a vendor answers now.
#[must_use]
pub fn answers(code: &str, host: Option<&str>) -> String {
    match host {
        Some(host) => format!("The vendor {code} answers {host}."),
        None => format!("The vendor {code} answers every host name that no other vendor has."),
    }
}

/// Where links and leases name another host.
#[must_use]
pub fn origin_stays(origin: &str) -> String {
    format!(
        "Its public origin stays {origin}: leases in the field name it, and links in mails lead there. Let that name lead \
         here as well, or choose the host name of that origin."
    )
}
