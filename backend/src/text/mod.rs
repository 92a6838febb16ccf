//! Every sentence for people, in the portal, in mails and in documents: `text/<language>/<area>.rs`, each a function of
//! typed values. No other module holds prose.

pub mod en;
