//! Driving a sandbox from a test in the same process: what buyers do on its pages, and calls that others make.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::Running;

const FORM: &str = "application/x-www-form-urlencoded";

impl Running {
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
