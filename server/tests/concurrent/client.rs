//! A node of a customer's cluster: activates, checks, releases, and frees other nodes' seats, as an honest client
//! does. What it sees goes into the history.

use std::sync::{Mutex, RwLock};
use std::time::Duration;

use anyhow::{Result, bail};
use backend::cx::Entropy;
use sdk::wire::{LeaseResponse, ReleaseResponse};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::history::{Answer, Call, Node, Seen};
use crate::http::{Connection, NoAnswer};

/// After so long without an answer a call cannot happen any more: the server was killed.
const LATE_MS: i64 = 1_000;

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
    /// Instance id, secret, and the nonce for the next request with it.
    kept: Option<(String, String, String)>,
    activation_nonce: String,
    drawn: u64,
}

impl<'a> Client<'a> {
    pub(crate) fn new(world: &'a World<'a>, license: usize, node: Node, seed: u64) -> Self {
        let connections = world.cluster.ports.iter().map(|port| Connection::to(*port)).collect();
        let dice = Entropy::seeded(seed);
        let mut client =
            Self { world, license, node, dice, connections, kept: None, activation_nonce: String::new(), drawn: 0 };
        client.activation_nonce = client.nonce();
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

    /// Does something.
    ///
    /// # Errors
    /// When the answer is one that no honest client may get.
    pub(crate) fn act(&mut self) -> Result<()> {
        match (self.kept.clone(), self.below(100)) {
            (Some((id, secret, nonce)), 0..62) => self.check(&id, &secret, &nonce),
            (Some((id, secret, _)), 62..80) => self.release(&id, &secret),
            (Some((id, secret, _)), 80..84) => self.deactivate(&id, &secret),
            _ => self.activate(),
        }
    }

    fn activate(&mut self) -> Result<()> {
        // It begins a new epoch, answered or not: the old secret must not be shown again.
        self.kept = None;
        let body = json!({
            "license_key": self.world.cluster.licenses[self.license].key,
            "product": "engine", "version": "1.0.0", "nonce": self.activation_nonce,
            "identity": { "kind": "instance", "id": format!("node-{}", self.node) },
        });
        self.ask("activate", Call::Activate(self.node), &body)
    }

    fn check(&mut self, id: &str, secret: &str, nonce: &str) -> Result<()> {
        let body = json!({ "instance_id": id, "secret": secret, "nonce": nonce, "version": "1.0.0" });
        self.ask("check", Call::Check(self.node), &body)
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
                if released.free_at.as_millisecond() > to {
                    bail!("the seat of a lease of a minute is not free at once: {text}");
                }
                self.kept = None;
                Ok(Answer::Done)
            }
            Call::Activate(_) | Call::Check(_) => {
                let response: LeaseResponse = serde_json::from_str(text)?;
                let at = response.server_time.as_millisecond();
                if !(from..=to).contains(&at) {
                    bail!("signed at {at}, asked at {from}, answered at {to}");
                }
                let (nonce, activation_nonce) = (self.nonce(), self.nonce());
                self.kept = Some((response.instance_id.clone(), response.secret.expose().to_owned(), nonce));
                self.activation_nonce = activation_nonce;
                if let Ok(mut ids) = self.world.records[self.license].ids.lock() {
                    ids[self.node] = Some(response.instance_id);
                }
                Ok(Answer::Lease { at })
            }
            _ => Ok(Answer::Done),
        }
    }

    fn refused(&mut self, call: Call, status: u16, text: &str) -> Result<Answer> {
        let problem: Value = serde_json::from_str(text)?;
        Ok(match problem["code"].as_str() {
            Some("seats_exhausted") => Answer::SeatsExhausted,
            Some("license_suspended") => Answer::LicenseSuspended,
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
