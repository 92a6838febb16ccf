//! A node of a customer's cluster: activates, borrows, checks, releases, and frees other nodes' seats, as an honest client
//! does. One node of each license also starts from a copy of its data file now and then. What they see goes into the
//! history.

use std::sync::{Mutex, RwLock};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use backend::cx::Entropy;
use data_encoding::BASE64URL_NOPAD;
use sdk::wire::{DeactivateResponse, LeaseResponse, ReleaseResponse};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::history::{Answer, BORROW, Call, Lease, Node, Seen};
use crate::http::{Connection, NoAnswer};

/// After so long without an answer a call cannot happen any more: the server was killed.
const LATE_MS: i64 = 1_000;
/// The node of each license whose data file is copied.
const COPIED: Node = 0;
/// Of a hundred activations and checks so many ask to borrow.
const BORROWS: u8 = 4;

/// What a data file has: instance id, secret, and the nonce for the next request with it.
type Kept = (String, String, String);

/// One license as its clients see it.
#[derive(Default)]
pub(crate) struct Record {
    pub seen: Mutex<Vec<Seen>>,
    /// The instance ids that nodes have told each other.
    ids: Mutex<Vec<Option<String>>>,
}

impl Record {
    pub(crate) fn of(nodes: usize) -> Self {
        Self { seen: Mutex::default(), ids: Mutex::new(vec![None; nodes]) }
    }

    /// Adds what was seen; poisoned only when a test has failed already.
    pub(crate) fn note(&self, seen: Seen) {
        if let Ok(mut history) = self.seen.lock() {
            history.push(seen);
        }
    }
}

/// What everybody shares.
pub(crate) struct World<'a> {
    pub cluster: &'a Cluster,
    pub records: &'a [Record],
    /// Held while a call is under way; whoever holds it alone may let time pass.
    pub calls: &'a RwLock<()>,
}

pub(crate) struct Client<'a> {
    world: &'a World<'a>,
    license: usize,
    node: Node,
    dice: Entropy,
    connections: Vec<Connection>,
    kept: Option<Kept>,
    /// What was kept before an activation that has not been answered yet.
    before: Option<Kept>,
    /// What was kept before one that was: its epoch is superseded.
    superseded: Option<Kept>,
    activation_nonce: String,
    /// How many nonces had been drawn with it, which tells it from others.
    activation: u64,
    drawn: u64,
}

impl<'a> Client<'a> {
    pub(crate) fn new(world: &'a World<'a>, license: usize, node: Node, seed: u64) -> Self {
        let connections = world.cluster.ports.iter().map(|port| Connection::to(*port)).collect();
        let dice = Entropy::seeded(seed);
        let mut client = Self {
            world,
            license,
            node,
            dice,
            connections,
            kept: None,
            before: None,
            superseded: None,
            activation_nonce: String::new(),
            activation: 0,
            drawn: 0,
        };
        client.draw_activation_nonce();
        client
    }

    fn below(&self, end: u8) -> u8 {
        let [byte] = self.dice.bytes();
        byte % end
    }

    fn nonce(&mut self) -> String {
        self.drawn += 1;
        format!("{:04}-{:04}-{:08}", self.license, self.node, self.drawn)
    }

    fn draw_activation_nonce(&mut self) {
        self.activation_nonce = self.nonce();
        self.activation = self.drawn;
    }

    /// Does something.
    ///
    /// # Errors
    /// When the answer is one that no honest client may get.
    pub(crate) fn act(&mut self) -> Result<()> {
        match (self.kept.clone(), self.below(100)) {
            (Some(kept), 0..60) => self.check(&kept),
            (Some((id, secret, _)), 60..78) => self.release(&id, &secret),
            (Some((id, secret, _)), 78..82) => self.deactivate(&id, &secret),
            (_, 82..87) if self.superseded.is_some() => self.show_superseded(),
            _ => self.activate(),
        }
    }

    fn activate(&mut self) -> Result<()> {
        // It begins a new epoch, answered or not: the old secret must not be shown again, but by a copy.
        if let Some(kept) = self.kept.take().filter(|_| self.node == COPIED) {
            self.before = Some(kept);
        }
        let borrows = self.below(100) < BORROWS;
        let mut body = json!({
            "license_key": self.world.cluster.licenses[self.license].key,
            "product": "engine", "version": "1.0.0", "nonce": self.activation_nonce,
            "identity": { "kind": "instance", "id": format!("node-{}", self.node) },
        });
        if borrows {
            body["borrow_s"] = json!(BORROW / 1_000);
        }
        self.ask("activate", Call::Activate { node: self.node, nonce: self.activation, borrows }, &body)
    }

    fn check(&mut self, kept: &Kept) -> Result<()> {
        let borrows = self.below(100) < BORROWS;
        let mut body = check_of(kept);
        if borrows {
            body["borrow_s"] = json!(BORROW / 1_000);
        }
        self.ask("check", Call::Check { node: self.node, borrows }, &body)
    }

    /// What somebody does who starts from a copy of the data file.
    fn show_superseded(&mut self) -> Result<()> {
        let Some(kept) = self.superseded.take() else { return Ok(()) };
        self.ask("check", Call::ShowSuperseded(self.node), &check_of(&kept))
    }

    fn release(&mut self, id: &str, secret: &str) -> Result<()> {
        let body = json!({ "instance_id": id, "secret": secret });
        self.ask("release", Call::Release(self.node), &body)
    }

    fn deactivate(&mut self, id: &str, secret: &str) -> Result<()> {
        let other = {
            let Ok(ids) = self.world.records[self.license].ids.lock() else { return Ok(()) };
            let other = usize::from(self.below(u8::MAX)) % ids.len();
            ids[other].clone().map(|target| (other, target))
        };
        let Some((other, target)) = other.filter(|(other, _)| *other != self.node) else { return Ok(()) };
        let body = json!({ "instance_id": id, "secret": secret, "target_instance_id": target });
        self.ask("deactivate", Call::Deactivate(other), &body)
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
            Ok((200, text)) => Some(self.take(call, &text, from, to)?),
            Ok((status, text)) => Some(self.refused(call, status, &text)?),
        };
        self.world.records[self.license].note(Seen {
            call,
            from,
            to: if answer.is_some() { to } else { to + LATE_MS },
            answer,
        });
        drop(under_way);
        if answer.is_none() {
            // One open question of each client is enough: every further one doubles what is possible.
            std::thread::sleep(Duration::from_millis(LATE_MS as u64));
        }
        Ok(())
    }

    /// Takes what a call that was answered with success brought.
    fn take(&mut self, call: Call, text: &str, from: i64, to: i64) -> Result<Answer> {
        match call {
            Call::Release(_) => {
                let released: ReleaseResponse = serde_json::from_str(text)?;
                self.kept = None;
                Ok(Answer::Freed { at: released.free_at.as_millisecond() })
            }
            Call::Deactivate(_) => {
                let deactivated: DeactivateResponse = serde_json::from_str(text)?;
                Ok(Answer::Freed { at: deactivated.free_at.as_millisecond() })
            }
            Call::Activate { .. } | Call::Check { .. } => {
                let response: LeaseResponse = serde_json::from_str(text)?;
                let at = response.server_time.as_millisecond();
                if !(from..=to).contains(&at) {
                    bail!("signed at {at}, asked at {from}, answered at {to}");
                }
                if let Call::Activate { .. } = call
                    && let Some(before) = self.before.take()
                {
                    self.superseded = Some(before);
                }
                let nonce = self.nonce();
                self.kept = Some((response.instance_id.clone(), response.secret.expose().to_owned(), nonce));
                self.draw_activation_nonce();
                if let Ok(mut ids) = self.world.records[self.license].ids.lock() {
                    ids[self.node] = Some(response.instance_id);
                }
                let claims = claims_of(&response.lease)?;
                let until = claims["exp"].as_i64().context("a lease without an end")? * 1_000;
                Ok(Answer::Lease(Lease { at, until, borrowed: claims["brw"] == true }))
            }
            _ => bail!("{call:?} was answered {text}"),
        }
    }

    fn refused(&mut self, call: Call, status: u16, text: &str) -> Result<Answer> {
        let problem: Value = serde_json::from_str(text)?;
        Ok(match problem["code"].as_str() {
            Some("seats_exhausted") => Answer::SeatsExhausted,
            Some("license_suspended") => Answer::LicenseSuspended,
            // The judge knows to whom these may be said.
            Some("instance_stale") => Answer::InstanceStale,
            Some("instance_conflict") => Answer::InstanceConflict,
            Some("instance_released") => {
                self.kept = None;
                Answer::InstanceReleased
            }
            Some("instance_deactivated") => {
                self.kept = None;
                Answer::InstanceDeactivated
            }
            _ => bail!("{call:?} was answered {status}: {text}"),
        })
    }
}

fn check_of((id, secret, nonce): &Kept) -> Value {
    json!({ "instance_id": id, "secret": secret, "nonce": nonce, "version": "1.0.0" })
}

/// What a lease says; that its signature is good is shown elsewhere.
fn claims_of(lease: &str) -> Result<Value> {
    let payload = lease.split('.').nth(1).context("no lease")?;
    Ok(serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes())?)?)
}
