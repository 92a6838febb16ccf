//! What the machine can do at all: a handler that does nothing, one that only signs, one that only commits.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use ed25519_dalek::SigningKey;
use sdk::lease::LeaseClaims;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use crate::stage::Stage;

pub(crate) struct Baselines {
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

struct Parts {
    claims: LeaseClaims,
    key: SigningKey,
    /// Filled with the token, as long as the real answer.
    frame: String,
    connection: Mutex<SqliteConnection>,
}

impl Baselines {
    /// Signs the same claims and answers as many bytes as a check of this stage.
    pub(crate) async fn start(stage: &Stage) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("commits.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query("CREATE TABLE counter (count INTEGER NOT NULL)").execute(&mut connection).await?;
        sqlx::query("INSERT INTO counter VALUES (0)").execute(&mut connection).await?;
        let (claims, frame) = stage.sample();
        let key = SigningKey::from_bytes(&[7; 32]);
        let parts = Arc::new(Parts { claims, key, frame, connection: Mutex::new(connection) });
        let router = Router::new()
            .route("/nothing", post(async || ([(CONTENT_TYPE, "application/json")], "{}")))
            .route("/sign", post(sign))
            .route("/commit", post(commit))
            .with_state(parts);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, _folder: folder })
    }
}

async fn sign(State(parts): State<Arc<Parts>>) -> impl IntoResponse {
    let token = sdk::lease::sign(&parts.claims, &parts.key, "bench");
    ([(CONTENT_TYPE, "application/json")], format!("{}{token}", parts.frame))
}

async fn commit(State(parts): State<Arc<Parts>>) -> Result<&'static str, String> {
    let mut connection = parts.connection.lock().await;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| error.to_string())?;
    sqlx::query("UPDATE counter SET count = count + 1").execute(&mut *tx).await.map_err(|error| error.to_string())?;
    tx.commit().await.map_err(|error| error.to_string())?;
    Ok("{}")
}
