//! The license key: masked, until whoever may see it asks for it.

use backend::accounts::Act;
use backend::licenses::{self, KeyReveal, OldKey};
use backend::text::en::{buying, license_page as text};
use leptos::prelude::*;

use super::OwnLicense;
use crate::api::licenses::take_reveal;
use crate::components::{
    Card, Choice, Control, CopyWords, Dialog, Emphasis, Field, Form, KeyBox, Notice, PostButton, Tone,
};
use crate::pages::NoPage;
use crate::request::Visit;

/// What may be shown of the key.
pub(super) enum Key {
    /// The role may not see it.
    Hidden,
    /// It was not asked for.
    Masked,
    /// It was asked for a moment ago.
    Revealed(String),
    /// It was asked for, and cannot be opened.
    Lost,
}

/// Opens the key if this person asked for it a moment ago; that it is shown is recorded.
pub(super) async fn load(visit: &Visit, own: &OwnLicense) -> Result<Key, NoPage> {
    if !own.may(Act::SeeKeys) {
        return Ok(Key::Hidden);
    }
    if !take_reveal(visit, &own.license().id).await {
        return Ok(Key::Masked);
    }
    let (cx, master, license) = (visit.viewer_cx(), visit.state.master.clone(), own.license().clone());
    let write =
        visit.state.db.write(|tx| Box::pin(async move { licenses::reveal_key(tx, &cx, &master, &license).await }));
    Ok(match write.await? {
        KeyReveal::Shown(key) => Key::Revealed(key.expose().to_owned()),
        KeyReveal::Lost => Key::Lost,
        KeyReveal::NotAllowed => Key::Hidden,
    })
}

impl Key {
    /// The key, while it is shown.
    pub(super) fn revealed(&self) -> Option<String> {
        match self {
            Self::Revealed(key) => Some(key.clone()),
            _ => None,
        }
    }

    /// The key's card, with the replaced keys that work still.
    pub(super) fn view(self, own: &OwnLicense, old: &[OldKey]) -> impl IntoView + use<> {
        let (id, masked) = (own.license().id.to_string(), own.license().key_hint.clone());
        let reveal = move || {
            let hidden = vec![("license_id".to_owned(), id.clone())];
            view! {
                <PostButton
                    action="/act/reveal-key"
                    label=text::REVEAL
                    about=text::REVEAL_ABOUT
                    hidden
                    emphasis=Emphasis::Quiet
                />
            }
        };
        let content = match self {
            Self::Hidden => {
                view! { <KeyBox id="license-key" label=text::KEY_LABEL key=masked hint=text::KEY_NOT_YOURS /> }
                    .into_any()
            }
            Self::Masked => view! {
                <KeyBox id="license-key" label=text::KEY_LABEL key=masked acts=reveal hint=text::KEY_MASKED_HINT />
            }
            .into_any(),
            Self::Revealed(key) => {
                let [label, copied, failed] = buying::COPY_KEY.map(str::to_owned);
                let copy = Some(CopyWords { label, copied, failed });
                view! { <KeyBox id="license-key" label=text::KEY_LABEL key copy hint=text::KEY_SHOWN_HINT /> }
                    .into_any()
            }
            Self::Lost => view! {
                <Notice tone=Tone::Bad title=text::KEY_LOST />
                <KeyBox id="license-key" label=text::KEY_LABEL key=masked />
            }
            .into_any(),
        };
        let replace = own.may(Act::ReplaceKeys).then(|| replace(own));
        let old = old
            .iter()
            .map(|old| view! { <p class="hint">{text::old_key(&old.key_hint, old.works_until, own.now)}</p> })
            .collect_view();
        view! {
            <Card title=text::KEY_TITLE id="key">
                {content}
                {old}
                {replace.map(|replace| view! { <div class="acts">{replace}</div> })}
            </Card>
        }
    }
}

/// Asks for how long the old key goes on before it makes a new one.
fn replace(own: &OwnLicense) -> impl IntoView + use<> {
    let hidden = vec![("license_id".to_owned(), own.license().id.to_string())];
    let overlaps = text::OVERLAPS.iter().map(|days| Choice::new(days.to_string(), text::overlap(*days))).collect();
    view! {
        <Dialog id="replace-key" open=text::REPLACE title=text::REPLACE_TITLE close=text::REPLACE_CLOSE>
            <p>{text::REPLACE_TEXT}</p>
            <Form
                action="/act/replace-key"
                id="replace-key-form"
                submit=text::REPLACE_SUBMIT
                emphasis=Emphasis::Danger
                hidden
            >
                <Field
                    name="overlap_days"
                    label=text::OVERLAP
                    control=Control::Select(overlaps)
                    value=text::DEFAULT_OVERLAP.to_string()
                />
            </Form>
        </Dialog>
    }
}
