//! `--state FILE`: what the sandbox remembers survives its restart, as Stripe survives that of its customers.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{Sandbox, world::World};

/// How often changes are written.
const PAUSE: Duration = Duration::from_millis(250);

/// Brings back what a file holds. No file is a new world.
///
/// # Errors
/// A file that cannot be read or is not a state.
pub(crate) fn load(world: &mut World, file: &Path) -> anyhow::Result<()> {
    let content = match std::fs::read(file) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", file.display())),
    };
    let state: Value =
        serde_json::from_slice(&content).with_context(|| format!("{} is not a sandbox's state", file.display()))?;
    world.restore(&state).with_context(|| format!("{} is not a sandbox's state", file.display()))
}

/// Writes changes until the process ends. What happened in the last quarter of a second may be lost with it.
pub(crate) async fn save_forever(sandbox: Arc<Sandbox>, file: PathBuf) {
    let mut saved = None;
    loop {
        tokio::time::sleep(PAUSE).await;
        save(&sandbox, &file, &mut saved);
    }
}

/// Writes the state if it is not what `saved` says has been written already.
pub(crate) fn save(sandbox: &Sandbox, file: &Path, saved: &mut Option<u64>) {
    let (version, state) = {
        let world = sandbox.world();
        if *saved == Some(world.version()) {
            return;
        }
        (world.version(), world.snapshot())
    };
    match write(file, &json!(state)) {
        Ok(()) => *saved = Some(version),
        Err(error) => tracing::error!(%error, file = %file.display(), "the state cannot be written"),
    }
}

/// Beside the file first, then in its place: a crash leaves the old one or the new one, whole.
fn write(file: &Path, state: &Value) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = file.with_extension("next");
    let mut next = std::fs::File::create(&beside)?;
    next.write_all(&serde_json::to_vec(state)?)?;
    next.sync_all()?;
    Ok(std::fs::rename(&beside, file)?)
}
