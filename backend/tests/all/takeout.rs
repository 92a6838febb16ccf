//! Everything about an account or a person, to take along: for whom, what is in it, what is not, and how often.

use std::io::{Cursor, Read as _};

use backend::accounts::{Limit, Role};
use backend::clock::{Clock, DAY_MS};
use backend::db::{Db, Tx};
use backend::ids::{AccountId, UserId, VendorId};
use backend::keys::sha256;
use backend::takeout::{Taking, take_account, take_own};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use serde_json::{Value, json};

use crate::support::{NOW, account, cx, master, on_both_engines, vendor};

/// What must be in nothing that is taken along.
const SECRET: &str = "planted-secret-6f1d";
const PDF: &[u8] = b"%PDF-1.7 the document as it was issued";

/// A vendor with two accounts with a member of each role, one of the staff, and something of every kind.
struct Stage {
    db: Db,
    vendor: Vendor,
    account: AccountId,
    clock: Clock,
}

impl Stage {
    async fn new(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        let (cx, vendor_id) = (cx(&vendor.id, NOW), vendor.id.clone());
        let account = db
            .write(move |tx| {
                Box::pin(async move {
                    let (first, second) = (account(tx, &cx).await?, account(tx, &cx).await?);
                    for role in Role::ALL {
                        person(tx, &vendor_id, role.as_str(), None, Some((&first, *role))).await?;
                    }
                    person(tx, &vendor_id, "stranger", None, Some((&second, Role::Owner))).await?;
                    person(tx, &vendor_id, "admin", Some("admin"), None).await?;
                    Ok::<_, anyhow::Error>(first)
                })
            })
            .await?;
        let stage = Self { db, vendor, account, clock: Clock::fixed(NOW) };
        stage.populate().await?;
        Ok(stage)
    }

    /// A message with its answer, feedback, an invitation, an API token, and a document.
    async fn populate(&self) -> anyhow::Result<()> {
        let (vendor_id, account_id) = (self.vendor.id.clone(), self.account.clone());
        let written = self.db.write(move |tx| {
            Box::pin(async move {
                for sql in [
                    "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id, status,
                         message_count, created_at, last_at)
                     VALUES ('con_1', $1, $2, 'usr_viewer', 'A question', 'nothing', '', 'answered', 2, 1, 2)",
                    "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
                     SELECT 'msg_1', $1, 'con_1', 1, 'usr_viewer', FALSE, 'Where is my seat?', 1 WHERE $2 <> ''",
                    "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
                     SELECT 'msg_2', $1, 'con_1', 2, 'usr_admin', TRUE, 'It is free now.', 2 WHERE $2 <> ''",
                    "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id, status,
                         message_count, created_at, last_at)
                     VALUES ('con_2', $1, $2, 'usr_viewer', 'Seats', 'license', 'lic_1', 'open', 1, 3, 3)",
                    "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
                     SELECT 'msg_3', $1, 'con_2', 1, 'usr_viewer', FALSE, 'We need more seats.', 3 WHERE $2 <> ''",
                    "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
                     SELECT 'msg_4', $1, 'con_2', 2, 'usr_admin', TRUE, 'Buy some.', 4 WHERE $2 <> ''",
                    "INSERT INTO feedback (id, vendor_id, account_id, user_id, occasion, score, comment, may_contact,
                         may_quote, given_at)
                     VALUES ('fbk_1', $1, $2, 'usr_owner', 'month', 9, 'Well done.', FALSE, FALSE, 3)",
                    "INSERT INTO feedback (id, vendor_id, account_id, user_id, occasion, score, comment, may_contact,
                         may_quote, given_at)
                     VALUES ('fbk_2', $1, $2, 'usr_billing', 'month', 2, 'My owner is slow.', FALSE, FALSE, 4)",
                    "INSERT INTO invitations (id, vendor_id, account_id, role, email, email_key, token_hash, created_at,
                         sent_at, expires_at)
                     VALUES ('ivt_1', $1, $2, 'viewer', 'ivy@example.test', 'ivy@example.test', $3, 1, 1, 2)",
                    "INSERT INTO documents (id, vendor_id, account_id, subject_id, number, kind, content, sha256, issued_at,
                         created_at)
                     VALUES ('doc_1', $1, $2, 'inv_1', 'A-1', 'invoice', $3, $4, 1, 1)",
                ] {
                    match tx {
                        Tx::Sqlite(tx) => {
                            let query = sqlx::query(sql).bind(&vendor_id).bind(&account_id);
                            let query = if sql.contains("$3") { query.bind(PDF) } else { query };
                            let query = if sql.contains("$4") { query.bind(sha256(PDF)) } else { query };
                            query.execute(&mut **tx).await?;
                        }
                        Tx::Postgres(tx) => {
                            let query = sqlx::query(sql).bind(&vendor_id).bind(&account_id);
                            let query = if sql.contains("$3") { query.bind(PDF) } else { query };
                            let query = if sql.contains("$4") { query.bind(sha256(PDF)) } else { query };
                            query.execute(&mut **tx).await?;
                        }
                    }
                }
                Ok::<_, anyhow::Error>(())
            })
        });
        written.await
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    async fn take(&self, actor: Actor) -> anyhow::Result<Taking> {
        Ok(take_account(&self.db, &self.cx(actor), &master(), &self.account).await?)
    }

    async fn take_own(&self, actor: Actor) -> anyhow::Result<Taking> {
        Ok(take_own(&self.db, &self.cx(actor), &master()).await?)
    }

    /// How many acts of this kind are recorded.
    async fn recorded(&self, act: &'static str) -> anyhow::Result<i64> {
        let sql = "SELECT COUNT(*) FROM audit WHERE act = $1";
        let counted = self.db.write(move |tx| {
            Box::pin(async move {
                Ok::<i64, anyhow::Error>(match tx {
                    Tx::Sqlite(tx) => sqlx::query_scalar(sql).bind(act).fetch_one(&mut **tx).await?,
                    Tx::Postgres(tx) => sqlx::query_scalar(sql).bind(act).fetch_one(&mut **tx).await?,
                })
            })
        });
        counted.await
    }
}

fn user(who: &str) -> Actor {
    Actor::User(UserId::from_untrusted(&format!("usr_{who}")))
}

async fn person(
    tx: &mut Tx,
    vendor_id: &VendorId,
    name: &str,
    staff: Option<&str>,
    member: Option<(&AccountId, Role)>,
) -> anyhow::Result<()> {
    let user =
        "INSERT INTO users (id, vendor_id, email, email_key, password_hash, staff_role, password_set_at, created_at)
                VALUES ('usr_' || $1, $2, $1 || '@example.test', $1 || '@example.test', $4, $3, 1, 1)";
    let membership = "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                      VALUES ($1, $2, 'usr_' || $3, $4, 1)";
    match tx {
        Tx::Sqlite(tx) => {
            sqlx::query(user).bind(name).bind(vendor_id).bind(staff).bind(SECRET).execute(&mut **tx).await?;
            if let Some((account, role)) = member {
                let query = sqlx::query(membership).bind(vendor_id).bind(account).bind(name).bind(role.as_str());
                query.execute(&mut **tx).await?;
            }
        }
        Tx::Postgres(tx) => {
            sqlx::query(user).bind(name).bind(vendor_id).bind(staff).bind(SECRET).execute(&mut **tx).await?;
            if let Some((account, role)) = member {
                let query = sqlx::query(membership).bind(vendor_id).bind(account).bind(name).bind(role.as_str());
                query.execute(&mut **tx).await?;
            }
        }
    }
    Ok(())
}

/// All of it, by the names of its files.
pub(crate) async fn unpacked(db: &Db, taking: Taking) -> anyhow::Result<Vec<(String, String)>> {
    let Taking::Begun(mut takeout) = taking else { anyhow::bail!("it was refused") };
    let (mut bytes, mut parts) = (Vec::new(), 0);
    while let Some(part) = takeout.next(db).await? {
        bytes.extend(part);
        parts += 1;
    }
    assert!(parts > 2, "it is sent part by part");
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        files.push((file.name()?.into_owned(), String::from_utf8_lossy(&content).into_owned()));
    }
    Ok(files)
}

pub(crate) fn text_of<'a>(files: &'a [(String, String)], name: &str) -> &'a str {
    files.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text)
}

on_both_engines! {
    async fn an_owner_takes_everything_about_the_account_and_no_secret(db: Db) {
        let stage = Stage::new(db.clone()).await?;
        let files = unpacked(&db, stage.take(user("owner")).await?).await?;
        assert!(text_of(&files, "account.json").contains("Example GmbH"), "{files:?}");
        let members = text_of(&files, "members.json");
        assert!(members.contains("technical@example.test") && !members.contains("stranger@"), "{members}");
        assert!(text_of(&files, "invitations.json").contains("ivy@example.test"), "{files:?}");
        let messages = text_of(&files, "messages.json");
        assert!(messages.contains("We need more seats.") && messages.contains("Buy some."), "{messages}");
        assert!(text_of(&files, "audit.csv").contains("account.export"), "{files:?}");
        let documents: Vec<_> = files.iter().filter(|(name, _)| name.starts_with("documents/")).collect();
        assert_eq!(documents.len(), 1, "{files:?}");
        assert_eq!(documents[0].1.as_bytes(), PDF);
        let all = format!("{files:?}");
        for hidden in [SECRET, "password", "hash", "admin@example.test"] {
            assert!(!all.contains(hidden), "{hidden} in {all}");
        }
        Ok(())
    }

    async fn what_members_said_for_themselves_is_not_their_owners_to_take(db: Db) {
        let stage = Stage::new(db.clone()).await?;
        let files = unpacked(&db, stage.take(user("owner")).await?).await?;
        let messages = text_of(&files, "messages.json");
        assert!(!messages.contains("con_1") && !messages.contains("Where is my seat?"), "{messages}");
        let feedback: Value = serde_json::from_str(text_of(&files, "feedback.json"))?;
        let given = feedback.as_array().into_iter().flatten();
        let given: Vec<_> = given.map(|it| json!([it["from"], it["comment"], it["score"]])).collect();
        assert_eq!(given, [json!(["owner@example.test", "Well done.", 9]), json!([null, null, 2])]);
        Ok(())
    }

    async fn nobody_else_takes_it(db: Db) {
        let stage = Stage::new(db).await?;
        let people = ["billing", "technical", "viewer", "stranger", "admin", "nobody"].map(user);
        let admin = Actor::Staff(UserId::from_untrusted("usr_admin"));
        for actor in people.into_iter().chain([admin, Actor::Visitor]) {
            assert!(matches!(stage.take(actor.clone()).await?, Taking::NotAllowed), "{actor:?}");
        }
        assert_eq!(stage.recorded("account.export").await?, 0);
        Ok(())
    }

    async fn a_person_takes_what_is_its_own_and_nothing_of_others(db: Db) {
        let stage = Stage::new(db.clone()).await?;
        let files = unpacked(&db, stage.take_own(user("viewer")).await?).await?;
        assert!(text_of(&files, "person.json").contains("viewer@example.test"), "{files:?}");
        assert!(text_of(&files, "accounts.json").contains("Example GmbH"), "{files:?}");
        assert!(text_of(&files, "messages.json").contains("Where is my seat?"), "{files:?}");
        let acts = text_of(&files, "acts.json");
        assert!(acts.contains("user.export") && acts.contains("2026-11-21T10:00:00Z"), "{acts}");
        let all = format!("{files:?}");
        for hidden in [SECRET, "owner@", "admin@", "It is free now.", "Well done."] {
            assert!(!all.contains(hidden), "{hidden} in {all}");
        }
        assert!(matches!(stage.take_own(Actor::Operator).await?, Taking::NotAllowed));
        Ok(())
    }

    async fn it_is_taken_so_often_a_day_and_each_time_is_recorded(db: Db) {
        let stage = Stage::new(db).await?;
        let (most, _) = Limit::Takeout.allowance();
        // All at once, so that none slips through beside another.
        let asked = futures::future::join_all((0..most + 4).map(|_| stage.take(user("owner")))).await;
        let begun = asked.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let count = begun.iter().filter(|taking| matches!(taking, Taking::Begun(_))).count();
        assert_eq!(i64::try_from(count)?, most);
        assert_eq!(stage.recorded("account.export").await?, most);
        stage.clock.set(NOW.plus(DAY_MS));
        assert!(matches!(stage.take(user("owner")).await?, Taking::Begun(_)));
        Ok(())
    }

    async fn a_document_that_was_damaged_is_not_given_out(db: Db) {
        let stage = Stage::new(db.clone()).await?;
        let damage = "UPDATE documents SET sha256 = content WHERE id = 'doc_1'";
        db.write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => {
                        sqlx::query(damage).execute(&mut **tx).await?;
                    }
                    Tx::Postgres(tx) => {
                        sqlx::query(damage).execute(&mut **tx).await?;
                    }
                }
                Ok::<_, anyhow::Error>(())
            })
        })
        .await?;
        let failed = unpacked(&db, stage.take(user("owner")).await?).await;
        assert!(failed.is_err_and(|error| error.to_string().contains("does not match its hash")));
        Ok(())
    }
}
