//! What the shell shows.

use sdk::client::{ClientError, Status};

/// A line for each thing that is known.
pub(crate) fn text(status: &Status) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push(format!("{name:<14}{value}"));
    let stage = status.stage.map_or("licensed", |stage| stage.as_str());
    line("stage", stage.to_owned());
    if let Some(next) = status.next_stage {
        line("next stage", format!("{} at {}", next.stage.as_str(), next.at));
    }
    let known = [
        ("lease until", status.licensed_until.map(|until| until.to_string())),
        ("borrowed", status.borrowed.then(|| "yes".to_owned())),
        ("plan", status.plan_code.clone()),
        ("license", status.license_id.clone()),
        ("instance", status.instance_id.clone()),
        ("server", status.server.clone()),
        ("seats", status.seats.map(|seats| seats.to_string())),
        ("updates until", status.updates_until.map(|until| until.to_string())),
        ("clock ahead", status.clock_skew_s.filter(|skew| skew.abs() > 60).map(|skew| format!("{skew} s"))),
        ("failing since", status.failing_since.map(|since| since.to_string())),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            line(name, value);
        }
    }
    for name in status.limits.keys() {
        line("limit", format!("{name}: {}", status.limit(name)));
    }
    for (name, end) in &status.features {
        line("feature", end.map_or_else(|| name.clone(), |end| format!("{name} until {end}")));
    }
    for notice in &status.notices {
        line("notice", notice.at.map_or_else(|| notice.code.clone(), |at| format!("{} at {at}", notice.code)));
    }
    if let Some(error) = &status.last_error {
        line("last error", format!("{} {}", error.message, error.remedy));
    }
    lines.join("\n")
}

/// The same for programs.
pub(crate) fn json(status: &Status) -> String {
    serde_json::to_string_pretty(status).unwrap_or_default()
}

/// Who holds the seats, where that is why.
pub(crate) fn holders(error: &ClientError) {
    let ClientError::Refused(problem) = error else { return };
    for holder in problem.holders.iter().flatten() {
        let identity = &holder.identity;
        eprintln!("  held by {} {} since {}", identity.kind.as_str(), identity.id, holder.first_contact_at);
    }
}
