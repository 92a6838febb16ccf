//! What the forms for products, plans and prices have in common: the form as it is shown, and the step between it and saving.

use backend::accounts::{StaffAct, staff_may};
use backend::catalog::Change;
use backend::catalog::editing::{
    Edit, EditForm, FieldProblem, KeptVersion, Preview, SentForm, Typed, find_form, preview_edit,
};
use backend::db::DbError;
use backend::text::en::{catalog as lines, console_editing as text, licenses as words, portal};
use leptos::prelude::*;

use super::{NoPage, staff_role};
use crate::api::catalog_forms::{BACK, CATALOG, SAVE, action_of, kept_form, page_of, sent_as};
use crate::api::form::take_refused;
use crate::components::{Breadcrumb, Card, Control, Crumb, Emphasis, Field, FieldError, Form, LinkButton, PostButton};
use crate::request::Visit;

/// Makes the fields of a form.
pub(super) type Fields = fn(&Edit, &EditForm) -> AnyView;

/// A form, or what it would change once it was sent.
pub(super) struct Shown {
    /// What it is about.
    pub(super) edit: Edit,
    /// What it is about as it stands, with the fields as they are shown.
    pub(super) form: EditForm,
    /// What is wrong.
    pub(super) errors: Vec<FieldError>,
    /// Set where there is nothing wrong, and saving comes next.
    review: Option<(Vec<Change>, Option<KeptVersion>)>,
}

/// Reads what the page shows.
pub(super) async fn show(visit: &Visit, edit: Edit) -> Result<Shown, NoPage> {
    if !staff_may(staff_role(visit)?, StaffAct::EditCatalog) {
        return Err(NoPage::NotFound);
    }
    let kept = take_refused(&page_of(&edit)).await;
    let sent = kept_form(&edit, &kept);
    let (cx, asked, judged) = (visit.staff_cx(), edit.clone(), sent.clone());
    let read = visit.state.db.read(|tx| {
        Box::pin(async move {
            let form = find_form(tx, &cx, &asked).await?;
            let preview = match &judged {
                Some((sent, _)) => Some(preview_edit(tx, &cx, sent).await?),
                None => None,
            };
            Ok::<_, DbError>((form, preview))
        })
    });
    let (form, preview) = read.await?;
    let mut shown = Shown { edit, form: form.ok_or(NoPage::NotFound)?, errors: Vec::new(), review: None };
    if let (Some((SentForm { typed, .. }, back)), Some(preview)) = (sent, preview) {
        shown.form.typed = typed;
        match preview {
            _ if back => {}
            Preview::Changes { changes, keeps } => shown.review = Some((changes, keeps)),
            Preview::Unchanged => shown.errors.push(FieldError::general(text::NOTHING_CHANGES)),
            Preview::Stale => shown.errors.push(FieldError::general(text::STALE)),
            Preview::Refused(problems) => shown.errors.extend(problems.iter().map(error)),
            Preview::NotFound => return Err(NoPage::NotFound),
        }
    }
    Ok(shown)
}

fn error(problem: &FieldProblem) -> FieldError {
    let sentence = text::problem(problem);
    if problem.field.is_empty() {
        FieldError::general(sentence)
    } else {
        FieldError::new(sent_as(&problem.field), sentence)
    }
}

impl Shown {
    /// The form with these fields, or what it would change. Fields find their errors only where they are made within the
    /// form.
    pub(super) fn body(&self, fields: Fields) -> AnyView {
        match &self.review {
            Some((changes, keeps)) => self.review(changes, *keeps),
            None => self.fields(fields),
        }
    }

    /// Whether saving comes next.
    pub(super) fn is_review(&self) -> bool {
        self.review.is_some()
    }

    fn hidden(&self) -> Vec<(String, String)> {
        let (_, mut hidden) = action_of(&self.edit);
        hidden.push(("seen".to_owned(), self.form.seen.clone()));
        hidden
    }

    fn fields(&self, fields: Fields) -> AnyView {
        let (action, _) = action_of(&self.edit);
        let (edit, form) = (self.edit.clone(), self.form.clone());
        let (errors, hidden) = (self.errors.clone(), self.hidden());
        view! {
            <Form
                action=action
                id="edit"
                submit=text::SHOW_CHANGES
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
                beside=|| view! { <LinkButton href=CATALOG label=portal::CANCEL /> }
            >
                {fields(&edit, &form)}
            </Form>
        }
        .into_any()
    }

    fn review(&self, changes: &[Change], keeps: Option<KeptVersion>) -> AnyView {
        let (action, _) = action_of(&self.edit);
        let list = changes.iter().map(|change| view! { <li>{lines::change(change)}</li> }).collect_view();
        let keeps = keeps.map(|kept| view! { <p>{text::keeps(kept)}</p> });
        let typed = self.form.typed.iter().map(|(field, typed)| (sent_as(field), typed.clone()));
        let sent: Vec<_> = self.hidden().into_iter().chain(typed).collect();
        let step = |step: &str| {
            let mut sent = sent.clone();
            sent.push(("step".to_owned(), step.to_owned()));
            sent
        };
        let (save, back) = (step(SAVE), step(BACK));
        view! {
            <Card title=text::REVIEW id="review">
                <ul class="points">{list}</ul>
                {keeps}
                <div class="acts">
                    <PostButton action label=text::SAVE hidden=save emphasis=Emphasis::Primary />
                    <PostButton action label=text::CHANGE_MORE hidden=back />
                </div>
            </Card>
        }
        .into_any()
    }
}

/// A field by its name in the form.
pub(super) fn field(typed: &Typed, name: &str, control: Control, is_optional: bool) -> AnyView {
    let value = typed.get(name).cloned().unwrap_or_default();
    let hint = Some(text::hint(name)).filter(|hint| !hint.is_empty());
    let is_box = control == Control::Checkbox;
    let optional = (is_optional && !is_box).then_some(portal::OPTIONAL);
    view! {
        <Field name=sent_as(name) label=text::label(name) control value hint optional may_be_empty=is_box autocomplete="off" />
    }
    .into_any()
}

/// The way to a page.
pub(super) fn crumbs(here: &str) -> impl IntoView + use<> {
    let crumbs = vec![Crumb::to(text::CATALOG, CATALOG), Crumb::here(here)];
    view! { <Breadcrumb label=words::YOU_ARE_HERE crumbs /> }
}
