//! A node of a customer's cluster: activates, borrows, checks, releases, and frees other nodes' seats, as an honest client
//! does. The data file of one node of each license is copied, and both go on from it: whoever is told that its secret is
//! stale activates again, and where a conflict keeps both out, one of them has the owner decide. What they see goes into
//! the history.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use backend::cx::Entropy;
use data_encoding::BASE64URL_NOPAD;
use sdk::wire::{DeactivateResponse, LeaseResponse, ReleaseResponse};
use serde_json::{Value, json};

use crate::history::{Answer, BORROW, Call, Lease, Node, Position, Seen};
use crate::http::{Connection, NoAnswer};
use crate::world::World;

/// After so long without an answer a call cannot happen any more: the server was killed.
const LATE_MS: i64 = 1_000;
/// The node of each license whose data file is copied.
const COPIED: Node = 0;
/// Of a hundred activations and checks so many ask to borrow.
const BORROWS: u8 = 4;
/// What was shown so long ago is no retry any more.
const NO_RETRY_S: i64 = 65;

/// What a data file has.
#[derive(Clone)]
struct Kept {
    id: String,
    secret: String,
    at: Position,
    /// For the next request with it.
    nonce: u64,
}

/// One license as its clients see it.
#[derive(Default)]
pub(crate) struct Record {
    pub seen: Mutex<Vec<Seen>>,
    /// The instance ids that nodes have told each other.
    ids: Mutex<Vec<Option<String>>>,
    /// The data file of the node that is copied, as it was last written.
    file: Mutex<Option<Kept>>,
    /// All secrets, by their places.
    secrets: Mutex<HashMap<(Node, Position), String>>,
}

impl Record {
    pub(crate) fn of(nodes: usize) -> Self {
        Self { ids: Mutex::new(vec![None; nodes]), ..Self::default() }
    }

    /// Adds what was seen; poisoned only when a test has failed already.
    pub(crate) fn note(&self, seen: Seen) {
        if let Ok(mut history) = self.seen.lock() {
            history.push(seen);
        }
    }

    fn id_of(&self, node: Node) -> Option<String> {
        self.ids.lock().ok()?.get(node).cloned().flatten()
    }

    /// Whoever asks again is answered as before: an identity has one instance, and a place in its chain one secret.
    fn compare(&self, node: Node, id: &str, at: Position, secret: &str) -> Result<()> {
        if let Ok(mut ids) = self.ids.lock() {
            let known = ids[node].get_or_insert_with(|| id.to_owned());
            ensure!(known.as_str() == id, "node {node} became another instance");
        }
        if let Ok(mut secrets) = self.secrets.lock() {
            let known = secrets.entry((node, at)).or_insert_with(|| secret.to_owned());
            ensure!(known.as_str() == secret, "node {node} got two secrets for {at:?}");
        }
        Ok(())
    }
}

pub(crate) struct Client<'a> {
    world: &'a World<'a>,
    license: usize,
    number: usize,
    node: Node,
    dice: Entropy,
    connections: Vec<Connection>,
    kept: Option<Kept>,
    /// What was kept before the last call, where that has used it up.
    used: Option<Kept>,
    /// An old copy of the data file.
    backup: Option<Kept>,
    /// Whether a conflict keeps it out.
    is_kept_out: bool,
    /// Tells a retry of an activation from others.
    activation_nonce: u64,
    drawn: u64,
}

impl<'a> Client<'a> {
    /// Of a license with so many nodes: one of them, or behind the last one the copy.
    pub(crate) fn new(world: &'a World<'a>, license: usize, number: usize, nodes: usize, seed: u64) -> Self {
        let connections = world.cluster.ports.iter().map(|port| Connection::to(*port)).collect();
        let mut client = Self {
            world,
            license,
            number,
            node: if number < nodes { number } else { COPIED },
            dice: Entropy::seeded(seed),
            connections,
            kept: None,
            used: None,
            backup: None,
            is_kept_out: false,
            activation_nonce: 0,
            drawn: 0,
        };
        client.activation_nonce = client.nonce();
        client
    }

    fn record(&self) -> &'a Record {
        &self.world.records[self.license]
    }

    fn below(&self, end: u8) -> u8 {
        let [byte] = self.dice.bytes();
        byte % end
    }

    /// A nonce that no other client of the license has.
    fn nonce(&mut self) -> u64 {
        self.drawn += 1;
        self.number as u64 * 1_000_000_000 + self.drawn
    }

    /// Does something.
    ///
    /// # Errors
    /// When the answer is one that no honest client may get.
    pub(crate) fn act(&mut self) -> Result<()> {
        if self.node == COPIED {
            return self.act_as_one_of_two();
        }
        match (self.kept.clone(), self.below(100)) {
            (Some(kept), 0..60) => self.check(&kept),
            (Some(kept), 60..78) => self.release(&kept),
            (Some(kept), 78..82) => self.deactivate(&kept),
            _ => self.activate(None),
        }
    }

    /// Does something as the copied node or its copy.
    fn act_as_one_of_two(&mut self) -> Result<()> {
        if self.is_kept_out && self.below(8) == 0 {
            return self.ask_owner();
        }
        if self.kept.is_none() && self.number != COPIED && self.below(2) == 0 {
            self.kept = self.record().file.lock().ok().and_then(|file| file.clone());
        }
        match (self.kept.clone(), self.below(100)) {
            (Some(_), 0..14) if self.used.is_some() => self.restore(),
            (Some(kept), 0..80) => self.check(&kept),
            (Some(kept), 80..88) => self.release(&kept),
            (Some(kept), 88..90) => self.deactivate(&kept),
            _ => {
                let shows = self.backup.clone().filter(|_| self.is_kept_out);
                self.activate(shows.as_ref())
            }
        }
    }

    fn activate(&mut self, shows: Option<&Kept>) -> Result<()> {
        // It begins a new epoch, answered or not: the old secret must not be shown again, but by a copy.
        (self.kept, self.used) = (None, None);
        let borrows = self.below(100) < BORROWS;
        let nonce = self.activation_nonce;
        let mut body = json!({
            "license_key": self.world.cluster.licenses[self.license].key,
            "product": "engine", "version": "1.0.0", "nonce": self.wire_nonce(nonce),
            "identity": { "kind": "instance", "id": format!("node-{}", self.node) },
        });
        if borrows {
            body["borrow_s"] = json!(BORROW / 1_000);
        }
        if let Some(kept) = shows {
            body["secret"] = json!(kept.secret);
        }
        let shows = shows.map(|kept| kept.at);
        self.ask("activate", Call::Activate { node: self.node, nonce, borrows, shows }, &body)
    }

    fn check(&mut self, kept: &Kept) -> Result<()> {
        let borrows = self.below(100) < BORROWS;
        let mut body = json!({
            "instance_id": kept.id, "secret": kept.secret, "nonce": self.wire_nonce(kept.nonce), "version": "1.0.0",
        });
        if borrows {
            body["borrow_s"] = json!(BORROW / 1_000);
        }
        self.used = None;
        self.ask("check", Call::Check { node: self.node, borrows, shows: kept.at, nonce: kept.nonce }, &body)?;
        self.used = self.kept.as_ref().filter(|now| now.at > kept.at).map(|_| kept.clone());
        Ok(())
    }

    /// A copy of the data file from before the last call is used, late and with a nonce of its own.
    fn restore(&mut self) -> Result<()> {
        let Some(used) = self.used.take() else { return Ok(()) };
        self.world.pass(NO_RETRY_S)?;
        let copy = Kept { nonce: self.nonce(), ..used };
        self.check(&copy)?;
        let is_next = |now: &Kept| now.at == Position { n: copy.at.n + 1, ..copy.at };
        self.world.count_fork(self.kept.as_ref().is_some_and(is_next) && self.used.is_some());
        Ok(())
    }

    fn release(&mut self, kept: &Kept) -> Result<()> {
        let body = json!({ "instance_id": kept.id, "secret": kept.secret });
        self.used = None;
        self.ask("release", Call::Release { node: self.node, shows: kept.at }, &body)
    }

    fn deactivate(&mut self, kept: &Kept) -> Result<()> {
        let nodes = self.record().ids.lock().map_or(1, |ids| ids.len());
        let other = usize::from(self.below(u8::MAX)) % nodes;
        let Some(target) = self.record().id_of(other).filter(|_| other != self.node) else { return Ok(()) };
        let body = json!({ "instance_id": kept.id, "secret": kept.secret, "target_instance_id": target });
        self.ask("deactivate", Call::Deactivate { by: self.node, shows: kept.at, node: other }, &body)
    }

    /// The owner decides, more often for whoever comes next.
    fn ask_owner(&mut self) -> Result<()> {
        self.is_kept_out = false;
        let Some(id) = self.record().id_of(self.node) else { return Ok(()) };
        let keeps = self.below(4) == 0;
        self.world.decide(self.license, self.node, &id, keeps);
        Ok(())
    }

    fn wire_nonce(&self, nonce: u64) -> String {
        format!("{:04}-{nonce:016}", self.license)
    }

    fn ask(&mut self, endpoint: &str, call: Call, body: &Value) -> Result<()> {
        let Ok(under_way) = self.world.calls.read() else { return Ok(()) };
        let to_node = usize::from(self.below(u8::MAX)) % self.connections.len();
        let from = self.world.cluster.now();
        let answer = self.connections[to_node].post(&format!("/api/v1/licenses/{endpoint}"), &body.to_string());
        let to = self.world.cluster.now();
        let answer = match answer {
            Err(NoAnswer::NotSent) => {
                std::thread::sleep(Duration::from_millis(20));
                return Ok(());
            }
            Err(NoAnswer::Lost) => None,
            // The database was busy or gone, and the server could not say what became of the call.
            Ok((503, _)) => None,
            Ok((200, text)) => Some(self.take(call, &text, body, from..=to)?),
            Ok((status, text)) => Some(self.refused(call, status, &text)?),
        };
        let mut end = to;
        if answer.is_none() {
            // One open question of each client is enough: every further one doubles what is possible. Nor does time
            // pass while the call may yet happen.
            std::thread::sleep(Duration::from_millis(LATE_MS as u64));
            end = self.world.cluster.death_after(to_node, from).unwrap_or(i64::MAX).min(to + LATE_MS);
        }
        self.record().note(Seen { call, from, to: end, answer });
        self.world.count_recorded();
        drop(under_way);
        Ok(())
    }

    /// Takes what a call that was answered with success brought.
    fn take(&mut self, call: Call, text: &str, body: &Value, when: RangeInclusive<i64>) -> Result<Answer> {
        match call {
            Call::Release { .. } => {
                let released: ReleaseResponse = serde_json::from_str(text)?;
                self.kept = None;
                Ok(Answer::Freed { at: released.free_at.as_millisecond() })
            }
            Call::Deactivate { .. } => {
                let deactivated: DeactivateResponse = serde_json::from_str(text)?;
                Ok(Answer::Freed { at: deactivated.free_at.as_millisecond() })
            }
            Call::Activate { .. } | Call::Check { .. } => {
                let response: LeaseResponse = serde_json::from_str(text)?;
                let at = response.server_time.as_millisecond();
                ensure!(when.contains(&at), "signed at {at}, asked and answered at {when:?}");
                let (id, secret) = (response.instance_id, response.secret.expose());
                let next = position_of(secret)?;
                self.record().compare(self.node, &id, next, secret)?;
                let claims = claims_of(&response.lease)?;
                // It answers this very request, for this very instance.
                ensure!(claims["nonce"] == body["nonce"] && claims["sub"] == json!(id), "{call:?} got {claims}");
                let nonce = self.nonce();
                self.keep(Kept { id, secret: secret.to_owned(), at: next, nonce });
                let until = claims["exp"].as_i64().context("a lease without an end")? * 1_000;
                let seats = claims["seats"].as_u64().context("a lease without seats")?;
                Ok(Answer::Lease(Lease { at, until, borrowed: claims["brw"] == true, seats: seats as usize, next }))
            }
            _ => bail!("{call:?} was answered {text}"),
        }
    }

    /// Writes the data file.
    fn keep(&mut self, kept: Kept) {
        if self.number == COPIED
            && let Ok(mut file) = self.record().file.lock()
        {
            *file = Some(kept.clone());
        }
        if self.backup.is_none() || self.below(50) == 0 {
            self.backup = Some(kept.clone());
        }
        self.kept = Some(kept);
        self.is_kept_out = false;
        self.activation_nonce = self.nonce();
    }

    fn refused(&mut self, call: Call, status: u16, text: &str) -> Result<Answer> {
        let problem: Value = serde_json::from_str(text)?;
        let answer = match problem["code"].as_str() {
            Some("seats_exhausted") => Answer::SeatsExhausted,
            Some("license_suspended") => Answer::LicenseSuspended,
            Some("license_revoked") => Answer::LicenseRevoked,
            // The judge knows to whom these may be said.
            Some("instance_stale") => Answer::InstanceStale,
            Some("instance_conflict") => Answer::InstanceConflict,
            Some("instance_released") => Answer::InstanceReleased,
            Some("instance_deactivated") => Answer::InstanceDeactivated,
            _ => bail!("{call:?} was answered {status}: {text}"),
        };
        if matches!(answer, Answer::InstanceStale | Answer::InstanceReleased | Answer::InstanceDeactivated) {
            self.kept = None;
        }
        if answer == Answer::InstanceConflict {
            self.is_kept_out = true;
            // Whoever is kept out would call more often than all others together.
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(answer)
    }
}

/// The place that a secret says it has: epoch and number, each of eight bytes.
fn position_of(secret: &str) -> Result<Position> {
    let bytes = BASE64URL_NOPAD.decode(secret.as_bytes())?;
    let number = |at: usize| Some(i64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let (epoch, n) = number(0).zip(number(8)).context("a secret without a place")?;
    Ok(Position { epoch, n })
}

/// What a lease says; that its signature is good is shown elsewhere.
fn claims_of(lease: &str) -> Result<Value> {
    let payload = lease.split('.').nth(1).context("no lease")?;
    Ok(serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes())?)?)
}
