//! Everything the sandbox remembers: objects by id, the time of the current step, events and their deliveries.

use std::collections::HashMap;

use rand::RngExt as _;
use serde_json::{Map, Value, json};

use crate::{
    error::ApiError,
    idempotency::Keys,
    object::{self, public, text},
    webhooks::{Chaos, Outbox},
};

/// The API version whose shapes the sandbox answers.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// The request that causes what happens now; events name it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Cause {
    pub(crate) request: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// All state. One lock around it makes every request one step.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// Unix seconds of the current step. While time is caught up, the moment at which the step was due.
    pub(crate) now: i64,
    /// Origin of the hosted pages.
    pub(crate) public_url: String,
    pub(crate) cause: Cause,
    pub(crate) keys: Keys,
    pub(crate) outbox: Outbox,
    pub(crate) chaos: Chaos,
    /// Refused calls, newest last, for the console.
    pub(crate) refusals: Vec<String>,
    objects: HashMap<String, Value>,
    by_kind: HashMap<String, Vec<String>>,
    invoice_sequence: u64,
    /// Rises with every change.
    version: u64,
}

impl World {
    pub(crate) fn new(public_url: String, now: i64) -> Self {
        Self {
            now,
            public_url,
            cause: Cause::default(),
            keys: Keys::default(),
            outbox: Outbox::default(),
            chaos: Chaos::default(),
            refusals: Vec::new(),
            objects: HashMap::new(),
            by_kind: HashMap::new(),
            invoice_sequence: 0,
            version: 0,
        }
    }

    /// Rises with every change of an object.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Everything that outlives the process: objects in their order, sequences, keys, and deliveries under way.
    pub(crate) fn snapshot(&self) -> Value {
        let objects: Map<String, Value> = self
            .by_kind
            .iter()
            .map(|(kind, ids)| (kind.clone(), ids.iter().filter_map(|id| self.objects.get(id)).cloned().collect()))
            .collect();
        let pending: Vec<Value> = self.outbox.under_way().map(|(endpoint, event)| json!([endpoint, event])).collect();
        json!({
            "now": self.now, "invoice_sequence": self.invoice_sequence, "objects": objects, "keys": self.keys.show(),
            "pending": pending,
        })
    }

    /// Takes over a snapshot; deliveries that were under way begin anew.
    pub(crate) fn restore(&mut self, state: &Value) -> anyhow::Result<()> {
        let Some(kinds) = state["objects"].as_object() else { anyhow::bail!("it has no objects") };
        for object in kinds.values().flat_map(|objects| objects.as_array().into_iter().flatten()) {
            self.insert(object.clone());
        }
        // A clock that goes back undoes nothing, and what was due meanwhile is made up for.
        self.now = object::int(state, "now");
        self.invoice_sequence = state["invoice_sequence"].as_u64().unwrap_or(0);
        self.keys = Keys::read(&state["keys"]);
        for pair in object::elements(state, "pending") {
            self.outbox.resend(pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default());
        }
        Ok(())
    }

    /// A fresh id such as `cus_…`: 24 random letters and digits.
    #[expect(clippy::disallowed_methods, reason = "ids of a throw-away world need no seed")]
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        let random: String = rand::rng().sample_iter(rand::distr::Alphanumeric).take(24).map(char::from).collect();
        format!("{prefix}_{random}")
    }

    /// The next number of the account's one invoice sequence: gapless, by order of finalisation.
    pub(crate) fn next_invoice_number(&mut self) -> String {
        self.invoice_sequence += 1;
        self.version += 1;
        format!("LHDEMO-{:04}", self.invoice_sequence)
    }

    /// Stores a new object under its `id` and `object`.
    pub(crate) fn insert(&mut self, object: Value) -> String {
        self.version += 1;
        let id = text(&object, "id").to_owned();
        self.by_kind.entry(text(&object, "object").to_owned()).or_default().push(id.clone());
        self.objects.insert(id.clone(), object);
        id
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, id: &str) {
        self.version += 1;
        if let Some(object) = self.objects.remove(id)
            && let Some(ids) = self.by_kind.get_mut(text(&object, "object"))
        {
            ids.retain(|known| known != id);
        }
    }

    /// Any object by id.
    pub(crate) fn find(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// A copy of an object, null when there is none.
    pub(crate) fn copy(&self, id: &str) -> Value {
        self.objects.get(id).cloned().unwrap_or_default()
    }

    /// The object that the URL names.
    ///
    /// # Errors
    /// 404 `resource_missing`.
    pub(crate) fn get(&self, kind: &str, id: &str) -> Result<Value, ApiError> {
        self.of_kind(kind, id).cloned().ok_or_else(|| ApiError::not_found(kind, id))
    }

    /// An object that a parameter names.
    ///
    /// # Errors
    /// 400 `resource_missing` with the parameter's name.
    pub(crate) fn referenced(&self, kind: &str, id: &str, param: &str) -> Result<Value, ApiError> {
        self.of_kind(kind, id).cloned().ok_or_else(|| ApiError::no_such(kind, id, param))
    }

    fn of_kind(&self, kind: &str, id: &str) -> Option<&Value> {
        self.objects.get(id).filter(|object| text(object, "object") == kind)
    }

    /// The test clock that an object follows: its own, or its customer's.
    pub(crate) fn clock_of<'a>(&'a self, object: &'a Value) -> Option<&'a str> {
        let own = |object: &'a Value| object["test_clock"].as_str();
        own(object).or_else(|| own(self.find(object["customer"].as_str()?)?))
    }

    /// Takes a step at the time of the first of these objects that follows a test clock, else now.
    pub(crate) fn in_time_of<T>(&mut self, ids: &[&str], step: impl FnOnce(&mut Self) -> T) -> T {
        let clock = ids.iter().find_map(|id| self.clock_of(self.find(id)?));
        let frozen = clock.and_then(|clock| self.find(clock)).map(|clock| object::int(clock, "frozen_time"));
        let real = self.now;
        self.now = frozen.unwrap_or(real);
        let outcome = step(self);
        self.now = real;
        outcome
    }

    /// Objects of a kind, newest first.
    pub(crate) fn all(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.by_kind.get(kind).into_iter().flatten().rev().filter_map(|id| self.objects.get(id))
    }

    /// Ids of a kind, oldest first.
    pub(crate) fn ids(&self, kind: &str) -> Vec<String> {
        self.by_kind.get(kind).cloned().unwrap_or_default()
    }

    /// Changes an object without an event.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        self.version += 1;
        if let Some(object) = self.objects.get_mut(id) {
            change(object);
        }
    }

    /// Sets one member without an event.
    pub(crate) fn set(&mut self, id: &str, member: &str, value: Value) {
        self.change(id, |object| object[member] = value);
    }

    /// Changes an object and emits `event` with the previous values, if anything visible changed.
    pub(crate) fn update(&mut self, id: &str, event: &str, change: impl FnOnce(&mut Value)) {
        self.version += 1;
        let Some(object) = self.objects.get_mut(id) else { return };
        let before = public(object);
        change(object);
        let after = public(object);
        let previous = difference(&before, &after);
        if !previous.is_empty() {
            self.emit_with(event, after, Some(Value::Object(previous)));
        }
    }

    /// Emits an event about the object as it is now.
    pub(crate) fn emit(&mut self, event: &str, id: &str) {
        let snapshot = public(&self.copy(id));
        self.emit_with(event, snapshot, None);
    }

    /// Emits an event with a given snapshot.
    pub(crate) fn emit_with(&mut self, event: &str, snapshot: Value, previous: Option<Value>) {
        let id = self.new_id("evt");
        let mut content = json!({ "object": snapshot });
        if let Some(previous) = previous {
            content["previous_attributes"] = previous;
        }
        let endpoints: Vec<String> = self
            .all("webhook_endpoint")
            .filter(|endpoint| wants(endpoint, event))
            .map(|e| text(e, "id").to_owned())
            .collect();
        self.insert(json!({
            "id": id, "object": "event", "api_version": API_VERSION, "created": self.now, "livemode": false,
            "type": event, "data": content, "pending_webhooks": endpoints.len(),
            "request": { "id": self.cause.request, "idempotency_key": self.cause.idempotency_key },
        }));
        for endpoint in endpoints {
            self.outbox.queue(&self.chaos, &endpoint, &id);
        }
    }

    /// The customer's default for charges: the given one, else the invoice settings'.
    pub(crate) fn payment_method_of(&self, customer: &str, preferred: &Value) -> Option<String> {
        let customer = self.find(customer)?;
        preferred
            .as_str()
            .or_else(|| customer["invoice_settings"]["default_payment_method"].as_str())
            .or_else(|| customer["default_source"].as_str())
            .map(str::to_owned)
    }

    /// Tax ids of a customer, oldest first.
    pub(crate) fn tax_ids_of(&self, customer: &str) -> Vec<Value> {
        let mut found: Vec<Value> =
            self.all("tax_id").filter(|tax_id| text(tax_id, "customer") == customer).cloned().collect();
        found.reverse();
        found
    }
}

fn wants(endpoint: &Value, event: &str) -> bool {
    text(endpoint, "status") == "enabled"
        && object::elements(endpoint, "enabled_events").iter().any(|wanted| wanted == "*" || wanted == event)
}

fn difference(before: &Value, after: &Value) -> Map<String, Value> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return Map::new() };
    after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value))
        .map(|(name, _)| (name.clone(), before.get(name).cloned().unwrap_or_default()))
        .collect()
}
