//! What a node says of itself while the master key is rotated.

use axum::http::StatusCode;
use backend::keys::{MasterKey, MasterOpening, MasterRotation, open_master, rotate_master};

use super::TestApp;

#[tokio::test]
async fn a_node_is_ready_only_while_it_knows_every_key_that_seals() -> anyhow::Result<()> {
    let app = TestApp::new().await?;
    let (db, old, cx) = (&app.state.db, app.state.master.clone(), app.cx());
    open_master(db, &cx, &old).await?;
    assert_eq!(app.get("/readyz").await.status, StatusCode::OK);

    // Another node has begun with a key that this one does not know.
    let new = MasterKey::new([43; 32]).that_also_opens([old]);
    let MasterOpening::Opened(new) = open_master(db, &cx, &new).await? else { anyhow::bail!("refused") };
    let unready = app.get("/readyz").await;
    assert_eq!(unready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(unready.body.contains(&new.id().to_string()), "{}", unready.body);

    let rotation = rotate_master(db, &cx, &new, |_, _| ()).await?;
    assert!(matches!(rotation, MasterRotation::Done { .. }), "{rotation:?}");
    let unready = app.get("/readyz").await;
    assert_eq!(unready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(unready.body.contains("rotated out"), "{}", unready.body);
    Ok(())
}
