//! Driving a sandbox from a test in the same process: what buyers do on its pages, and calls that others make.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    Running,
    object::{public, text},
    world::World,
};

/// Where a call is held. Unless it is let go on, it never ends, as if the caller had died in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before anything is done.
    Before,
    /// When it is done, before it is answered.
    After,
}

/// All that a sandbox remembered at some moment.
#[derive(Debug)]
pub struct Memory(World);

/// A call to be held.
#[derive(Debug)]
pub(crate) struct Held {
    /// So many calls go through before it.
    calls: usize,
    cut: Cut,
    /// The call, once it has come.
    name: Option<String>,
}

impl Held {
    /// Counts a call; answers where this one is to be held. It counts as held from the moment given.
    fn meets(&mut self) -> Option<Cut> {
        if self.calls > 0 {
            self.calls -= 1;
            return None;
        }
        self.name.is_none().then_some(self.cut)
    }
}

impl crate::Sandbox {
    /// Where the call that comes now is to be held.
    pub(crate) fn next_cut(&self) -> Option<Cut> {
        self.held().as_mut().and_then(Held::meets)
    }

    /// Holds a call until it is let go on.
    pub(crate) async fn hold(&self, name: String) {
        let released = self.released.notified();
        if let Some(held) = self.held().as_mut() {
            held.name = Some(name);
        }
        released.await;
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Running {
    /// Holds the call of the API that comes after so many others from now on, or none any more.
    pub fn cut(&self, at: Option<(usize, Cut)>) {
        *self.sandbox.held() = at.map(|(calls, cut)| Held { calls, cut, name: None });
    }

    /// Lets the call that is held go on.
    pub fn release(&self) {
        self.sandbox.released.notify_waiters();
    }

    /// The call that is held, such as `POST /v1/customers`, once it has come.
    #[must_use]
    pub fn was_cut(&self) -> Option<String> {
        self.sandbox.held().as_ref().and_then(|held| held.name.clone())
    }

    /// All that is remembered now.
    #[must_use]
    pub fn remember(&self) -> Memory {
        let mut world = self.sandbox.world();
        self.sandbox.catch_up(&mut world);
        Memory(world.clone())
    }

    /// Remembers what this sandbox did then, or another one whose clock shows the same; everything else is forgotten. A
    /// clock that is to go back has to go back before.
    pub fn go_back_to(&self, memory: &Memory) {
        let mut world = self.sandbox.world();
        let public_url = std::mem::take(&mut world.public_url);
        *world = memory.0.clone();
        world.public_url = public_url;
    }

    /// No event of what happened up to now is listed any more, as at Stripe after 30 days.
    pub fn forget_events(&self) {
        let mut world = self.sandbox.world();
        for event in world.ids("event") {
            world.remove(&event);
        }
    }

    /// What happened up to now beyond the first `seen` events, oldest first: for whoever listens often, without a request.
    #[must_use]
    pub fn events_after(&self, seen: usize) -> Vec<Value> {
        let mut world = self.sandbox.world();
        self.sandbox.catch_up(&mut world);
        world.ids("event").iter().skip(seen).map(|id| public(&world.copy(id))).collect()
    }

    /// All objects of a kind that are one customer's, oldest first, without a request.
    #[must_use]
    pub fn objects_of(&self, kind: &str, customer: &str) -> Vec<Value> {
        let mut world = self.sandbox.world();
        self.sandbox.catch_up(&mut world);
        let all = world.ids(kind).into_iter().filter_map(|id| world.find(&id).cloned());
        all.filter(|object| text(object, "customer") == customer).map(|object| public(&object)).collect()
    }

    /// A call of the API, as somebody else than the portal would make it: `POST /v1/{path}`.
    ///
    /// # Errors
    /// Any answer but success, with its text.
    pub async fn call(&self, path: &str, form: &str) -> Result<Value> {
        let request = self.sandbox.http.post(format!("{}/v1/{path}", self.url)).bearer_auth("sk_test_drive");
        let answer = request.header("content-type", FORM).body(form.to_owned()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// What the API answers to a question: `GET /v1/{path}`.
    ///
    /// # Errors
    /// Any answer but success, with its text.
    pub async fn look(&self, path: &str) -> Result<Value> {
        let request = self.sandbox.http.get(format!("{}/v1/{path}", self.url)).bearer_auth("sk_test_drive");
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path}: {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Presses a button of a hosted page, such as that of a test card; answers where it leads.
    ///
    /// # Errors
    /// When the page leads nowhere (a declined card), with its text.
    pub async fn press(&self, page: &str, button: &str) -> Result<String> {
        self.submit(page, &format!("action={button}")).await
    }

    /// Sends the form of a page; answers where it leads.
    ///
    /// # Errors
    /// When the page leads nowhere, with its text.
    pub async fn submit(&self, page: &str, form: &str) -> Result<String> {
        let answer = self.sandbox.http.post(page).header("content-type", FORM).body(form.to_owned()).send().await?;
        let place = answer.headers().get("location").map(|place| place.to_str().map(str::to_owned)).transpose()?;
        let status = answer.status();
        match place {
            Some(place) => Ok(place),
            None => anyhow::bail!("{status}: {}", answer.text().await?),
        }
    }

    /// A request to the control API: `POST /_sandbox/{path}`.
    ///
    /// # Errors
    /// Any answer but success, with its text.
    pub async fn control(&self, path: &str, json: &str) -> Result<()> {
        let request =
            self.sandbox.http.post(format!("{}/_sandbox/{path}", self.url)).header("content-type", "application/json");
        let answer = request.body(json.to_owned()).send().await.context("the sandbox does not answer")?;
        ensure!(answer.status().is_success(), "{}: {}", answer.status(), answer.text().await?);
        Ok(())
    }
}
