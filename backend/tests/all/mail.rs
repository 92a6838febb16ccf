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

    async fn each_vendor_can_write_from_an_address_of_its_own(db: Db) {
        let vendors = [vendor(&db, "acme").await?, vendor(&db, "nord").await?];
        for vendor in &vendors {
            let queued = cx(&vendor.id, NOW);
            db.write(move |tx| Box::pin(async move {
                let Some(sender) = Sender::find(tx, &queued.vendor_id).await? else { return Ok(()) };
                let letter = text::verification(&sender, "https://acme.test/verify-email?token=abc", NOW);
                mail::enqueue(tx, &queued, &master(), &sender.mail("ada@example.org", "Ada", letter)).await
            })).await.map_err(|error: backend::db::DbError| error)?;
        }
        let folder = tempfile::tempdir()?;
        let mailer = Mailer::folder("noreply@all.test", folder.path().to_owned())?;
        assert!(mailer.clone().with_own([(vendors[1].id.clone(), "no address")]).is_err());
        let mailer = mailer.with_own([(vendors[1].id.clone(), "hello@nord.test")])?;
        let handlers = Handlers::new().with(SendMail::new(mailer));
        Runner::new(db.clone(), Clock::fixed(NOW), entropy(), master(), handlers).run_until_idle().await?;
        let mut mails = String::new();
        for file in std::fs::read_dir(folder.path())? {
            mails += &std::fs::read_to_string(file?.path())?;
        }
        for from in ["From: \"acme Software\" <noreply@all.test>", "From: \"nord Software\" <hello@nord.test>"] {
            assert_eq!(mails.matches(from).count(), 1, "{from}: {mails}");
        }
        Ok(())
    }
}
