//! The table: who is in it, who may answer from it, and when it is written.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use sdk::wire::{CheckRequest, LeaseResponse};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::super::answer::{Signer, answer};
use super::decide::renew;
use super::entry::{LiveInstance, LiveLicense};
use super::remember::Entry;
use super::store::{Heartbeats, write_heartbeats};
use crate::clock::Clock;
use crate::cx::{Cx, Entropy};
use crate::db::{Beside, Db, DbError, Subject, Tx};
use crate::ids::{InstanceId, LicenseId};
use crate::vendors::{Vendor, find_vendor_by_host};

/// Instances that have lost their seat leave the table this often.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// How the table works.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Last contact and the roll of secrets are written after this long, at most a second. Zero: before each answer.
    pub coalesce: Duration,
    /// Instances in the table at most; each takes about a kilobyte.
    pub capacity: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { coalesce: Duration::from_secs(1), capacity: 250_000 }
    }
}

/// Host names that are remembered at most.
const HOSTS: usize = 1_000;

type Shared = Arc<Mutex<LiveLicense>>;
type Remembered = Arc<dyn Any + Send + Sync>;

/// The instances whose checks can be answered from memory.
pub struct LiveTable {
    db: Db,
    clock: Clock,
    entropy: Entropy,
    settings: Settings,
    known: Mutex<Known>,
    /// The vendors that were asked for lately, by host name.
    vendors: Mutex<HashMap<String, Arc<Vendor>>>,
    /// What use cases need again and again.
    remembered: Mutex<HashMap<String, Remembered>>,
    /// Licenses of which memory knows more than the database.
    queue: Mutex<Queue>,
    /// Everything is handed over to a transaction.
    all_suspended: AtomicBool,
    /// Some license may answer again.
    resumed: Notify,
    /// Something waits to be written before it is answered.
    wanted: Arc<Notify>,
    /// Commits begun, and those ended.
    begun: AtomicU64,
    ended: watch::Sender<u64>,
    /// How often the table was forgotten. Whoever waited for a commit meanwhile cannot know what became of it.
    forgotten: AtomicU64,
}

/// Licenses that wait to be written, some of them perhaps in both.
#[derive(Default)]
struct Queue {
    /// With the next commit, because somebody waits for it.
    urgent: Vec<Shared>,
    /// When the window ends.
    calm: Vec<Shared>,
}

impl Queue {
    /// Each of them once: a row that is told twice in a statement is written from either.
    fn take(&mut self, due: Due) -> Vec<Shared> {
        let mut all = std::mem::take(&mut self.urgent);
        if due == Due::All {
            all.append(&mut self.calm);
        }
        all.sort_unstable_by_key(|shared| Arc::as_ptr(shared).addr());
        all.dedup_by(|one, other| Arc::ptr_eq(one, other));
        all
    }
}

/// What a commit writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// What somebody waits for: others would only keep them waiting.
    Urgent,
    All,
}

#[derive(Default)]
struct Known {
    licenses: HashMap<LicenseId, Shared>,
    instances: HashMap<InstanceId, Shared>,
}

/// What the table says to a check.
enum Said {
    /// Nothing: the use case has to decide.
    Missed,
    /// The license is in hand: ask again when it is not.
    Suspended,
    /// The lease, and the commit that it has to wait for.
    Renewed { response: Box<LeaseResponse>, wait_for: Option<u64> },
}

impl LiveTable {
    /// Keeps a table beside this database, for as long as somebody has it; `None` where there can be none.
    #[must_use]
    pub fn start(db: &Db, clock: Clock, entropy: Entropy, settings: Settings) -> Option<(Arc<Self>, JoinHandle<()>)> {
        let table = Arc::new(Self {
            db: db.clone(),
            clock,
            entropy,
            settings,
            known: Mutex::default(),
            vendors: Mutex::default(),
            remembered: Mutex::default(),
            queue: Mutex::default(),
            all_suspended: AtomicBool::new(false),
            resumed: Notify::new(),
            wanted: Arc::default(),
            begun: AtomicU64::new(0),
            ended: watch::Sender::new(0),
            forgotten: AtomicU64::new(0),
        });
        let itself = Arc::downgrade(&table);
        db.keep_beside(itself.clone()).then(|| {
            let writing = write_regularly(itself, Arc::clone(&table.wanted), settings.coalesce);
            (table, tokio::spawn(writing))
        })
    }

    /// Answers a check from memory; `None` leaves it to [`super::super::check_instance`].
    pub async fn check(&self, cx: &Cx, request: &CheckRequest) -> Option<LeaseResponse> {
        let id = InstanceId::from_untrusted(&request.instance_id);
        loop {
            let resumed = self.resumed.notified();
            tokio::pin!(resumed);
            resumed.as_mut().enable();
            let forgotten = self.forgotten.load(Ordering::SeqCst);
            match self.ask(cx, &id, request) {
                Said::Missed => return None,
                Said::Suspended => resumed.await,
                Said::Renewed { response, wait_for: None } => return Some(*response),
                Said::Renewed { response, wait_for: Some(commit) } => {
                    self.wanted.notify_one();
                    let mut ended = self.ended.subscribe();
                    // The sender lives as long as the table.
                    let _ = ended.wait_for(|ended| *ended > commit).await;
                    // Whether that commit wrote the seat is not certain then, so the lease stays in the house: the
                    // same request asked again is a retry.
                    let is_certain = self.forgotten.load(Ordering::SeqCst) == forgotten;
                    return is_certain.then_some(*response);
                }
            }
        }
    }

    /// The vendor that answers this host name.
    ///
    /// # Errors
    /// [`DbError`] when the database fails.
    pub async fn vendor_of_host(&self, host: &str) -> Result<Option<Arc<Vendor>>, DbError> {
        if let Some(vendor) = self.known_vendor(host) {
            return Ok(Some(vendor));
        }
        let forgotten = self.forgotten.load(Ordering::SeqCst);
        let is_told = self.db.is_told_to_memory();
        let name = host.to_owned();
        let found = self.db.read(move |tx| Box::pin(async move { find_vendor_by_host(tx, &name).await })).await?;
        let found = found.map(Arc::new);
        if let Some(vendor) = &found
            && is_told
        {
            let mut vendors = self.vendors();
            // Anybody can ask for any name.
            if vendors.len() >= HOSTS {
                vendors.clear();
            }
            // Under the lock, so that whoever forgets everything now forgets this too.
            if self.forgotten.load(Ordering::SeqCst) == forgotten {
                vendors.insert(host.to_owned(), Arc::clone(vendor));
            }
        }
        Ok(found)
    }

    /// The same, where memory knows.
    pub fn known_vendor(&self, host: &str) -> Option<Arc<Vendor>> {
        self.db.is_told_to_memory().then(|| self.vendors().get(host).cloned()).flatten()
    }

    fn vendors(&self) -> MutexGuard<'_, HashMap<String, Arc<Vendor>>> {
        self.vendors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, cx: &Cx, id: &InstanceId, request: &CheckRequest) -> Said {
        let found = self.known().instances.get(id).cloned();
        let Some(shared) = found else { return Said::Missed };
        let (view, origin, signer, instance, instance_key, times, wait_for) = {
            let mut license = lock(&shared);
            if license.dropped || license.view.license.vendor_id != cx.vendor_id || !self.db.is_told_to_memory() {
                return Said::Missed;
            }
            if license.is_suspended() || self.all_suspended.load(Ordering::SeqCst) {
                return Said::Suspended;
            }
            let license = &mut *license;
            let Some(live) = license.instances.get_mut(id) else { return Said::Missed };
            let [jitter] = cx.entropy.bytes();
            let renewal =
                renew(&license.view, &live.instance, &live.instance_key, &live.examined, request, cx.now, jitter);
            let Some(renewal) = renewal else { return Said::Missed };
            let must_wait = live.renew(&renewal, request.nonce.as_str(), cx.now) || self.settings.coalesce.is_zero();
            license.dirty.insert(id.clone());
            // Also where it was dirty already: a commit under way may have taken it in hand as it was before.
            if must_wait && !std::mem::replace(&mut license.is_urgent, true) {
                self.queue().urgent.push(Arc::clone(&shared));
            } else if !must_wait && !std::mem::replace(&mut license.queued, true) {
                self.queue().calm.push(Arc::clone(&shared));
            }
            // Read after the entry was marked: the commit that begins next writes it.
            let wait_for = must_wait.then(|| self.begun.load(Ordering::SeqCst));
            (
                Arc::clone(&license.view),
                Arc::clone(&license.origin),
                Arc::clone(&license.signer),
                live.instance.clone(),
                Arc::clone(&live.instance_key),
                renewal.times,
                wait_for,
            )
        };
        let signer = Signer { origin: &origin, key: &signer, instance_key: &instance_key };
        let response = Box::new(answer(cx, signer, &view, &instance, &times, &request.nonce));
        Said::Renewed { response, wait_for }
    }

    /// Writes what only memory knows.
    ///
    /// # Errors
    /// [`DbError`] when it could not be written; the table is then empty.
    pub async fn write(self: &Arc<Self>) -> Result<(), DbError> {
        self.write_what_is(Due::All).await
    }

    async fn write_what_is(self: &Arc<Self>, due: Due) -> Result<(), DbError> {
        let table = Arc::clone(self);
        let written = self.db.write(move |tx| Box::pin(async move { table.write_into(tx, due).await })).await;
        match written {
            Ok(commit) => {
                self.ended.send_replace(commit + 1);
                Ok(())
            }
            Err(error) => {
                self.forget();
                let begun = self.begun.load(Ordering::SeqCst);
                self.ended.send_replace(begun);
                Err(error)
            }
        }
    }

    async fn write_into(self: Arc<Self>, tx: &mut Tx, due: Due) -> Result<u64, DbError> {
        // Whoever marked an entry before this waits for this commit or a later one.
        let commit = self.begun.fetch_add(1, Ordering::SeqCst);
        // Before any license is locked: checks lock a license first.
        let waiting = self.queue().take(due);
        let mut heartbeats = Heartbeats::new();
        for shared in waiting {
            {
                let mut license = lock(&shared);
                license.is_urgent = false;
                license.queued &= due == Due::Urgent;
                // What is suspended was written by the use case before this one in the same transaction.
                if license.is_suspended() || license.dropped {
                    continue;
                }
                license.take_in_hand(&mut heartbeats);
            }
            tx.after_commit(move || lock(&shared).written());
        }
        if let Err(error) = write_heartbeats(tx, &self.entropy, heartbeats).await {
            // At once: what was in hand must not pass for written when the rest of the transaction is.
            self.forget();
            return Err(error);
        }
        Ok(commit)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_queue(&self) -> bool {
        let queue = self.queue();
        !(queue.urgent.is_empty() && queue.calm.is_empty())
    }

    fn tidy(&self) {
        let now = self.clock.now();
        let licenses: Vec<Shared> = self.known().licenses.values().cloned().collect();
        for shared in licenses {
            let gone = lock(&shared).let_go(now);
            let mut known = self.known();
            for id in gone {
                known.instances.remove(&id);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str) -> Option<Shared> {
        self.known().licenses.get(&LicenseId::from_untrusted(id)).cloned()
    }

    fn all(&self) -> Vec<Shared> {
        self.known().licenses.values().cloned().collect()
    }

    fn of(&self, subject: Subject<'_>) -> Vec<Shared> {
        match subject {
            Subject::One(id) => self.find(id).into_iter().collect(),
            Subject::All => self.all(),
        }
    }
}

#[async_trait]
impl Beside for LiveTable {
    async fn hand_over(&self, tx: &mut Tx, subject: Subject<'_>) -> Result<(), DbError> {
        if subject == Subject::All {
            self.all_suspended.store(true, Ordering::SeqCst);
        }
        let mut heartbeats = Heartbeats::new();
        for shared in self.of(subject) {
            lock(&shared).hand_over(&mut heartbeats);
        }
        write_heartbeats(tx, &self.entropy, heartbeats).await
    }

    fn undo(&self, subject: Subject<'_>) {
        if subject == Subject::All {
            self.all_suspended.store(false, Ordering::SeqCst);
        }
        for shared in self.of(subject) {
            let mut license = lock(&shared);
            license.put_back();
            if !license.dirty.is_empty() && !std::mem::replace(&mut license.queued, true) {
                self.queue().calm.push(Arc::clone(&shared));
            }
        }
        self.resumed.notify_waiters();
    }

    fn drop_entries(&self, subject: Subject<'_>) {
        let mut known = self.known();
        match subject {
            Subject::One(id) => known.drop_one(id),
            Subject::All => {
                self.forgotten.fetch_add(1, Ordering::SeqCst);
                self.vendors().clear();
                self.remembered().clear();
                known.licenses.values().for_each(|shared| lock(shared).dropped = true);
                *known = Known::default();
            }
        }
    }

    fn keep(&self, entry: Box<dyn Any + Send>) {
        let Ok(entry) = entry.downcast::<Entry>() else { return };
        let Entry { view, origin, signer, instance, instance_key, examined } = *entry;
        let mut known = self.known();
        if known.instances.len() >= self.settings.capacity && !known.instances.contains_key(&instance.id) {
            known.make_room();
        }
        let shared =
            Arc::clone(known.licenses.entry(view.license.id.clone()).or_insert_with(|| {
                Arc::new(Mutex::new(LiveLicense::new(Arc::clone(&view), origin, Arc::clone(&signer))))
            }));
        known.instances.insert(instance.id.clone(), Arc::clone(&shared));
        let mut license = lock(&shared);
        license.view = view;
        license.signer = signer;
        license.dirty.remove(&instance.id);
        license.instances.insert(instance.id.clone(), LiveInstance::new(instance, instance_key, examined));
    }

    fn remember(&self, name: String, it: Remembered) {
        self.remembered().insert(name, it);
    }

    fn unremember(&self, name: &str) {
        self.remembered().remove(name);
    }

    fn recall(&self, name: &str) -> Option<Remembered> {
        self.remembered().get(name).cloned()
    }

    fn resume(&self, subject: Subject<'_>) {
        if subject == Subject::All {
            self.all_suspended.store(false, Ordering::SeqCst);
        }
        for shared in self.of(subject) {
            lock(&shared).resume();
        }
        self.resumed.notify_waiters();
    }

    fn forget(&self) {
        self.drop_entries(Subject::All);
        self.all_suspended.store(false, Ordering::SeqCst);
        self.resumed.notify_waiters();
    }
}

impl Known {
    /// Lets go of the license or instance with this id.
    fn drop_one(&mut self, id: &str) {
        if let Some(shared) = self.licenses.remove(&LicenseId::from_untrusted(id)) {
            let mut license = lock(&shared);
            license.dropped = true;
            for id in license.instances.keys() {
                self.instances.remove(id);
            }
        }
        let id = InstanceId::from_untrusted(id);
        if let Some(shared) = self.instances.remove(&id) {
            let mut license = lock(&shared);
            license.instances.remove(&id);
            license.dirty.remove(&id);
        }
    }

    /// Lets go of some license of which everything is written.
    fn make_room(&mut self) {
        let idle = self.licenses.iter().find(|(_, shared)| {
            let license = lock(shared);
            license.dirty.is_empty() && !license.is_suspended()
        });
        if let Some(id) = idle.map(|(id, _)| id.clone()) {
            self.drop_one(id.as_str());
        }
    }
}

fn lock(license: &Shared) -> MutexGuard<'_, LiveLicense> {
    license.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes when somebody waits for it, and otherwise once in each coalescing window, for as long as anybody has the table.
async fn write_regularly(table: Weak<LiveTable>, wanted: Arc<Notify>, coalesce: Duration) {
    let window = coalesce.min(Duration::from_secs(1)).max(Duration::from_millis(50));
    let mut tick = tokio::time::interval(window);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tidied = tokio::time::Instant::now();
    loop {
        let due = tokio::select! {
            // First, so that whoever waits does not keep the others beyond the window.
            biased;
            _ = tick.tick() => Due::All,
            () = wanted.notified() => Due::Urgent,
        };
        let Some(table) = table.upgrade() else { return };
        // Somebody may wait for the end of a commit although it was written with the one before: it marked its entry while
        // that was being gathered.
        if (due == Due::Urgent || table.has_queue())
            && let Err(error) = table.write_what_is(due).await
        {
            tracing::error!(%error, "last contacts could not be written");
        }
        if tidied.elapsed() >= TIDY_EVERY {
            table.tidy();
            tidied = tokio::time::Instant::now();
        }
    }
}
