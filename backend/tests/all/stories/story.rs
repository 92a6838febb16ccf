//! The words in which stories are told. Each one does something, says it, and takes a second.

use std::collections::BTreeMap;

use backend::clock::{MINUTE_MS, UnixMs};
use backend::db::Db;
use backend::ids::InstanceId;
use backend::keys::{KeyRotation, rotate_signing_key};
use backend::leases::{Acted, Decision, Freed, Refusal, free_seat, list_holders, release_instance, resolve_conflict};
use backend::licenses::{VendorDecision, revoke_license};
use sdk::lease::Expect;
use sdk::revocations::RevocationKind;
use sdk::wire::{LeaseResponse, ReleaseRequest};

use super::MOMENT_MS;
use crate::licenses::stage::{PRODUCT, Stage};
use crate::support::{NOW, master};

/// A license, its nodes, and what time it is.
pub(super) struct Story {
    stage: Stage,
    now: UnixMs,
    /// What each node keeps on its disk.
    disks: BTreeMap<String, LeaseResponse>,
}

/// What somebody was answered.
#[must_use]
pub(super) struct Told<'a> {
    who: &'a str,
    code: &'static str,
}

impl Told<'_> {
    /// It may run.
    pub(super) fn gets_a_lease(self) {
        assert_eq!(self.code, "granted", "{}", self.who);
    }

    /// It may not, for this reason.
    pub(super) fn hears(self, code: &str) {
        assert_eq!(self.code, code, "{}", self.who);
    }
}

impl Story {
    pub(super) async fn begin(title: &str, db: Db, plan: &'static str, seats: i64) -> anyhow::Result<Self> {
        println!("\n{title}\n{}\nA license of the plan {plan} with {seats} seats.", "─".repeat(title.chars().count()));
        Ok(Self { stage: Stage::new(db, plan, seats).await?, now: NOW, disks: BTreeMap::new() })
    }

    /// A sentence between two steps.
    pub(super) fn says(&self, sentence: &str) {
        println!("       {sentence}");
    }

    fn happens(&mut self, what: &str) {
        println!("{:>5}  {what}", self.minutes_told());
        self.now = self.now.plus(MOMENT_MS);
    }

    /// Minutes since the story began.
    pub(super) fn minutes_told(&self) -> i64 {
        (self.now.0 - NOW.0) / MINUTE_MS
    }

    pub(super) async fn later(&mut self, minutes: i64) {
        self.now = self.now.plus(minutes * MINUTE_MS);
    }

    fn hears<'a>(&mut self, who: &'a str, does: &str, answer: Result<LeaseResponse, Refusal>) -> Told<'a> {
        let code = answer.as_ref().map_or_else(|refusal| refusal.code().as_str(), |_| "granted");
        match answer {
            Ok(lease) => {
                self.happens(&format!("{who} {does}: a lease"));
                self.disks.insert(who.to_owned(), lease);
            }
            Err(_) => self.happens(&format!("{who} {does}: {code}")),
        }
        Told { who, code }
    }

    /// A node starts with the license key.
    pub(super) async fn activates<'a>(&mut self, node: &'a str) -> anyhow::Result<Told<'a>> {
        self.activates_as(node, node).await
    }

    /// The same under the identity of another one.
    pub(super) async fn activates_as<'a>(&mut self, node: &'a str, identity: &str) -> anyhow::Result<Told<'a>> {
        let answer = self.stage.activate(identity, None, self.now).await?;
        Ok(self.hears(node, "activates", answer))
    }

    fn disk(&self, node: &str) -> anyhow::Result<LeaseResponse> {
        self.disks.get(node).cloned().ok_or_else(|| anyhow::anyhow!("{node} has nothing on its disk"))
    }

    /// A node asks for a fresh lease.
    pub(super) async fn checks<'a>(&mut self, node: &'a str) -> anyhow::Result<Told<'a>> {
        let answer = self.stage.check(&self.disk(node)?, self.now).await?;
        Ok(self.hears(node, "checks", answer))
    }

    /// Each of these asks for a fresh lease, and gets it.
    pub(super) async fn all_check(&mut self, nodes: &[&str]) -> anyhow::Result<()> {
        for node in nodes {
            self.checks(node).await?.gets_a_lease();
        }
        Ok(())
    }

    /// A node gives its seat back, and keeps what it has on its disk.
    pub(super) async fn releases(&mut self, node: &str) -> anyhow::Result<()> {
        let disk = self.disk(node)?;
        let request = ReleaseRequest { instance_id: disk.instance_id.clone(), secret: disk.secret.clone() };
        let (cx, issuer) = (self.stage.operator(self.now), self.stage.issuer());
        let write =
            self.stage.db.write(move |tx| Box::pin(async move { release_instance(tx, &cx, &issuer, &request).await }));
        let released = write.await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
        assert!(released.free_at <= self.now.timestamp(), "free at {}", released.free_at);
        self.happens(&format!("{node} gives its seat back"));
        Ok(())
    }

    /// From here on two have the same disk.
    pub(super) fn disk_is_copied(&mut self, node: &str, copy: &str) {
        if let Some(disk) = self.disks.get(node).cloned() {
            self.disks.insert(copy.to_owned(), disk);
        }
        self.happens(&format!("the disk of {node} is copied to {copy}"));
    }

    /// Which of two copies is called the copy does not matter to anybody.
    pub(super) fn disks_swap(&mut self, one: &str, other: &str) {
        if let (Some(first), Some(second)) = (self.disks.remove(one), self.disks.remove(other)) {
            self.disks.insert(one.to_owned(), second);
            self.disks.insert(other.to_owned(), first);
        }
    }

    pub(super) async fn owner_is_mailed(&mut self, subject: &str) -> anyhow::Result<()> {
        let mails = self.stage.mails(self.now).await?;
        assert!(mails.iter().any(|mail| mail.subject == subject), "{subject}");
        self.happens(&format!("the owner gets a mail: {subject}"));
        Ok(())
    }

    pub(super) async fn owner_lets_the_next_in(&mut self, node: &str) -> anyhow::Result<()> {
        let cx = self.stage.operator(self.now);
        let id = InstanceId::from_untrusted(&self.disk(node)?.instance_id);
        let write = self
            .stage
            .write(move |tx| Box::pin(async move { resolve_conflict(tx, &cx, &id, Decision::LetNextIn).await }));
        assert!(matches!(write.await?, Acted::Done { .. }));
        self.happens("the owner lets the next one in");
        Ok(())
    }

    pub(super) async fn owner_frees_the_seat_of(&mut self, node: &str) -> anyhow::Result<()> {
        let cx = self.stage.operator(self.now);
        let id = InstanceId::from_untrusted(&self.disk(node)?.instance_id);
        let write = self.stage.write(move |tx| Box::pin(async move { free_seat(tx, &cx, &id).await }));
        assert_eq!(write.await?, Freed::FreeAt(self.now));
        self.happens(&format!("the owner frees the seat of {node}"));
        Ok(())
    }

    pub(super) async fn vendor_revokes_the_license(&mut self) -> anyhow::Result<()> {
        let (cx, id) = (self.stage.operator(self.now), self.stage.license_id.clone());
        let write = self
            .stage
            .write(move |tx| Box::pin(async move { revoke_license(tx, &cx, &master(), &id, "stolen card").await }));
        assert!(matches!(write.await?, VendorDecision::Done(_)));
        self.happens("the vendor revokes the license");
        Ok(())
    }

    pub(super) async fn license_is_on_the_list_of_revocations(&mut self) -> anyhow::Result<()> {
        let list = self.stage.revocations(self.now).await?;
        let is_listed = |entry: &sdk::revocations::Revocation| {
            entry.kind == RevocationKind::License && entry.id == self.stage.license_id.as_str()
        };
        assert!(list.rev.iter().any(is_listed), "{list:?}");
        self.happens("the signed list of revocations names the license");
        Ok(())
    }

    pub(super) async fn seats_are_held_by(&mut self, nodes: &[&str]) -> anyhow::Result<()> {
        let (vendor_id, id, now) = (self.stage.vendor.id.clone(), self.stage.license_id.clone(), self.now);
        let holders =
            self.stage.db.read(move |tx| Box::pin(async move { list_holders(tx, &vendor_id, &id, now, None).await }));
        let mut holders: Vec<String> = holders.await?.listed.into_iter().map(|holder| holder.identity.id).collect();
        holders.sort();
        assert_eq!(holders, nodes);
        let held = if nodes.is_empty() { "nobody".to_owned() } else { nodes.join(", ") };
        self.happens(&format!("seats are held by {held}"));
        Ok(())
    }

    /// All nodes check so many times, a minute apart, while the key rotates. Answers how many checks and rotations
    /// there were; each lease was verified.
    pub(super) async fn all_check_while_the_key_rotates(
        &mut self,
        times: i64,
        rotations: i64,
    ) -> anyhow::Result<(usize, i64)> {
        let (stage, from) = (&self.stage, self.now);
        let mut offline = stage.published().await?;
        let check = async |last: &LeaseResponse| -> anyhow::Result<Vec<(LeaseResponse, UnixMs)>> {
            let mut leases: Vec<(LeaseResponse, UnixMs)> = Vec::new();
            for minute in 1..=times {
                let now = from.plus(minute * MINUTE_MS);
                let last = leases.last().map_or(last, |(lease, _)| lease);
                let lease = stage.check(last, now).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
                let served = stage.published().await?;
                sdk::lease::verify(&lease.lease, &served, &Expect::of(PRODUCT, now.seconds()))?;
                leases.push((lease, now));
            }
            Ok(leases)
        };
        let rotate = async {
            for rotation in 1..=rotations {
                let cx = stage.operator(from.plus(rotation * 3 * MINUTE_MS));
                let rotated =
                    stage.write(move |tx| Box::pin(async move { rotate_signing_key(tx, &cx, &master()).await }));
                assert!(matches!(rotated.await?, KeyRotation::Rotated { .. }));
            }
            Ok::<_, anyhow::Error>(())
        };
        let disks: Vec<LeaseResponse> = self.disks.values().cloned().collect();
        let (checked, rotated) = futures::join!(futures::future::join_all(disks.iter().map(check)), rotate);
        rotated?;
        let leases: Vec<_> = checked.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        for link in stage.chain(offline.seq).await? {
            offline.accept(&link)?;
        }
        for (lease, now) in &leases {
            sdk::lease::verify(&lease.lease, &offline, &Expect::of(PRODUCT, now.seconds()))?;
        }
        self.now = from.plus(times * MINUTE_MS);
        self.happens(&format!("{} checks are answered while the key rotates", leases.len()));
        Ok((leases.len(), rotations))
    }
}
