//! Work that takes a while.

use leptos::prelude::*;

/// How far one step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Finished.
    Done,
    /// Going on now.
    Running,
    /// Not begun.
    Next,
    /// Stopped; the note says why and what to do.
    Failed,
}

/// One step of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How far it has come.
    pub progress: Progress,
    /// What it is: "Payment received".
    pub label: String,
    /// How far it has come, for those who do not see the sign: "done".
    pub state: String,
    /// What to expect: "usually takes a few seconds".
    pub note: Option<String>,
}

/// What is done, what is running and what comes.
#[component]
pub fn Steps(
    /// In the order in which they happen.
    steps: Vec<Step>,
) -> impl IntoView {
    let steps = steps
        .into_iter()
        .map(|step| {
            let (class, sign) = match step.progress {
                Progress::Done => ("done", "✓"),
                Progress::Running => ("running", "•"),
                Progress::Next => ("next", ""),
                Progress::Failed => ("failed", "!"),
            };
            let current = (step.progress == Progress::Running).then_some("step");
            view! {
                <li class=class aria-current=current>
                    <span class="sign" aria-hidden="true">
                        {sign}
                    </span>
                    <span>{step.label} <span class="visually-hidden">" (" {step.state} ")"</span></span>
                    {step.note.map(|note| view! { <span class="note">{note}</span> })}
                </li>
            }
        })
        .collect_view();
    view! { <ol class="steps">{steps}</ol> }
}
