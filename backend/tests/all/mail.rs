//! Mail from the queue to the folder.

use backend::clock::Clock;
use backend::db::Db;
use backend::jobs::{Handlers, Runner};
use backend::mail::{self, Mailer, SendMail, Sender};
use backend::text::en::mail as text;

use crate::support::{NOW, cx, entropy, master, on_both_engines, vendor};

on_both_engines! {
    async fn a_queued_mail_reaches_the_folder_under_its_jobs_name(db: Db) {
        let vendor = vendor(&db, "acme").await?;
        let cx = cx(&vendor.id, NOW);
        let queued = cx.clone();
        db.write(move |tx| Box::pin(async move {
            let Some(sender) = Sender::find(tx, &queued.vendor_id).await? else { return Ok(()) };
            let letter = text::verification(&sender, "https://acme.test/verify-email?token=abc", NOW);
            mail::enqueue(tx, &queued, &master(), &sender.mail("ada@example.org", "Ada Λ", letter)).await
        })).await.map_err(|error: backend::db::DbError| error)?;
        let folder = tempfile::tempdir()?;
        let mailer = Mailer::folder("noreply@acme.test", folder.path().to_owned())?;
        let handlers = Handlers::new().with(SendMail::new(mailer));
        Runner::new(db.clone(), Clock::fixed(NOW), entropy(), master(), handlers).run_until_idle().await?;
        let files: Vec<_> = std::fs::read_dir(folder.path())?.collect::<Result<_, _>>()?;
        assert_eq!(files.len(), 1);
        let eml = std::fs::read_to_string(files[0].path())?;
        let name = files[0].file_name().to_string_lossy().replace(".eml", "");
        let id = name.split_once('-').map(|(_, id)| id).unwrap_or_default();
        assert!(eml.contains(&format!("Message-ID: <{id}@acme.test>")), "{eml}");
        assert!(eml.contains("From: \"acme Software\" <noreply@acme.test>"), "{eml}");
        Ok(())
    }
}
