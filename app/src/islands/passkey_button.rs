//! Asks the browser for a passkey.

use leptos::{ev::SubmitEvent, html, prelude::*};
use serde::{Deserialize, Serialize};

/// What [`PasskeyButton`] says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasskeyWords {
    /// The act, on the button: "Log in with a passkey".
    pub act: String,
    /// Said when browser or device did not go on: its owner did not want it, or there is no passkey.
    pub not_done: String,
    /// Said when the device has a passkey of this person already.
    pub present: String,
    /// Stands in place of the button where passkeys cannot be used; may be empty.
    pub cannot: String,
}

/// A form that asks for a passkey when it is sent: `begin` answers what the browser is asked, and what the browser answers
/// goes to `action` as `answer`.
///
/// Without a script, in browsers that do not know passkeys, and under another address than the portal's own, it stays
/// hidden: beside it stands a way that works everywhere.
#[island]
pub fn PasskeyButton(
    /// Whether a passkey is made, or one that there is used.
    make: bool,
    /// Answers POST with the options of the ceremony as JSON, or with the page to go to first.
    begin: String,
    /// Takes the answer.
    action: String,
    /// The origin that the passkeys belong to.
    origin: String,
    /// Form values that are sent without being shown, as name and value.
    hidden: Vec<(String, String)>,
    /// Label and first value of a field `name`.
    name: Option<(String, String)>,
    /// What it says.
    words: PasskeyWords,
) -> impl IntoView {
    let (offered, set_offered) = signal(false);
    let (said, set_said) = signal(String::new());
    let (form, answer) = (NodeRef::<html::Form>::new(), NodeRef::<html::Input>::new());
    Effect::new(move |_| set_offered.set(browser::knows_passkeys(&origin, make)));

    let (not_done, present) = (words.not_done, words.present);
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        set_said.set(String::new());
        let (begin, not_done, present) = (begin.clone(), not_done.clone(), present.clone());
        leptos::task::spawn_local(async move {
            match browser::ask(&begin, make).await {
                browser::Outcome::Answered(text) => {
                    if let (Some(form), Some(answer)) = (form.get_untracked(), answer.get_untracked()) {
                        browser::send(&form, &answer, &text);
                    }
                }
                browser::Outcome::Elsewhere => {}
                browser::Outcome::Present => set_said.set(present),
                browser::Outcome::NotDone => set_said.set(not_done),
            }
        });
    };
    let hidden = hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    let name = name.map(|(label, value)| {
        view! {
            <div class="field">
                <label for="passkey-name">{label}</label>
                <input
                    class="input"
                    type="text"
                    id="passkey-name"
                    name="name"
                    value=value
                    required=true
                    maxlength="60"
                    autocomplete="off"
                />
            </div>
        }
    });
    let class = if make { "btn primary" } else { "btn" };
    let cannot = (!words.cannot.is_empty()).then(|| view! { <p hidden=move || offered.get()>{words.cannot}</p> });
    view! {
        <form class="form" method="post" action=action hidden=move || !offered.get() on:submit=ask node_ref=form>
            <input type="hidden" name="answer" node_ref=answer />
            {hidden.collect_view()}
            {name}
            <div class="acts">
                <button type="submit" class=class>
                    {words.act}
                </button>
            </div>
            // Always there, so that what it says is announced; without a word it is not seen.
            <p class=move || if said.read().is_empty() { "visually-hidden" } else { "error" } role="alert">
                {said}
            </p>
        </form>
        {cannot}
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use js_sys::{Function, JSON, Object, Promise, Reflect};
    use leptos::prelude::window;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{HtmlFormElement, HtmlInputElement, RequestInit, Response};

    /// What came of asking.
    pub(super) enum Outcome {
        /// The credential, as JSON.
        Answered(String),
        /// Another page is opened first.
        Elsewhere,
        /// The device has one already.
        Present,
        /// Anything else.
        NotDone,
    }

    /// Whether passkeys of this origin can be made or used here. The functions that read and write JSON are the youngest.
    pub(super) fn knows_passkeys(origin: &str, make: bool) -> bool {
        let is_here = window().location().origin().is_ok_and(|here| here == origin);
        is_here && credentials().is_some() && interface().is_some_and(|it| member(&it, reader(make)).is_some())
    }

    pub(super) async fn ask(begin: &str, make: bool) -> Outcome {
        let options = match options(begin).await {
            Ok(Some(options)) => options,
            Ok(None) => return Outcome::Elsewhere,
            Err(_) => return Outcome::NotDone,
        };
        match credential(&options, make).await {
            Ok(answer) => Outcome::Answered(answer),
            Err(error) => {
                let name = member(&error, "name").and_then(|name| name.as_string());
                if name.as_deref() == Some("InvalidStateError") { Outcome::Present } else { Outcome::NotDone }
            }
        }
    }

    /// Sends the form past its own handler.
    pub(super) fn send(form: &HtmlFormElement, field: &HtmlInputElement, answer: &str) {
        field.set_value(answer);
        _ = form.submit();
    }

    /// What the server wants to know; `None` where it wants another page to be seen first.
    async fn options(begin: &str) -> Result<Option<JsValue>, JsValue> {
        let init = RequestInit::new();
        init.set_method("POST");
        let response = JsFuture::from(window().fetch_with_str_and_init(begin, &init)).await?;
        let response: Response = response.dyn_into()?;
        if let Some(place) = response.headers().get("location")? {
            window().location().set_href(&place)?;
            return Ok(None);
        }
        if !response.ok() {
            return Err(JsValue::NULL);
        }
        JsFuture::from(response.json()?).await.map(Some)
    }

    async fn credential(options: &JsValue, make: bool) -> Result<String, JsValue> {
        let interface = interface().ok_or(JsValue::NULL)?;
        let wanted = Object::new();
        Reflect::set(&wanted, &JsValue::from_str("publicKey"), &call(&interface, reader(make), options)?)?;
        let asked = call(&credentials().ok_or(JsValue::NULL)?, if make { "create" } else { "get" }, &wanted)?;
        let credential = JsFuture::from(asked.dyn_into::<Promise>()?).await?;
        // It writes itself as JSON: `stringify` calls its `toJSON`.
        JSON::stringify(&credential)?.as_string().ok_or(JsValue::NULL)
    }

    fn reader(make: bool) -> &'static str {
        if make { "parseCreationOptionsFromJSON" } else { "parseRequestOptionsFromJSON" }
    }

    fn interface() -> Option<JsValue> {
        member(&window(), "PublicKeyCredential")
    }

    /// Exists in secure contexts only.
    fn credentials() -> Option<JsValue> {
        member(&window().navigator(), "credentials")
    }

    fn member(of: &JsValue, name: &str) -> Option<JsValue> {
        let found = Reflect::get(of, &JsValue::from_str(name)).ok()?;
        (!found.is_undefined() && !found.is_null()).then_some(found)
    }

    fn call(of: &JsValue, name: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
        let function: Function = member(of, name).ok_or(JsValue::NULL)?.dyn_into()?;
        function.call1(of, argument)
    }
}

/// On the server nothing is asked.
#[cfg(not(feature = "hydrate"))]
mod browser {
    use leptos::web_sys::{HtmlFormElement, HtmlInputElement};

    #[expect(dead_code, reason = "nothing comes of asking on the server")]
    pub(super) enum Outcome {
        Answered(String),
        Elsewhere,
        Present,
        NotDone,
    }

    pub(super) const fn knows_passkeys(_origin: &str, _make: bool) -> bool {
        false
    }

    pub(super) async fn ask(_begin: &str, _make: bool) -> Outcome {
        Outcome::NotDone
    }

    pub(super) const fn send(_form: &HtmlFormElement, _field: &HtmlInputElement, _answer: &str) {}
}
