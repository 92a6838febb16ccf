//! Column types that both engines store the same way.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};

/// A value stored as JSON in a TEXT column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonText<T>(pub T);

impl<DB: Database, T> Type<DB> for JsonText<T>
where
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as Type<DB>>::type_info()
    }

    fn compatible(info: &DB::TypeInfo) -> bool {
        <String as Type<DB>>::compatible(info)
    }
}

impl<'q, DB: Database, T: Serialize> Encode<'q, DB> for JsonText<T>
where
    String: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        serde_json::to_string(&self.0)?.encode(buffer)
    }
}

impl<'r, DB: Database, T: DeserializeOwned> Decode<'r, DB> for JsonText<T>
where
    String: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(&String::decode(value)?)?))
    }
}

/// An enum stored as one word in a TEXT column. The words are part of the schema.
macro_rules! text_enum { ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)* }) => {
    $(#[$doc])*
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    pub enum $name { $($(#[$case_doc])* #[serde(rename = $word)] $case,)* }

    impl $name {
        /// Every value, in order.
        pub const ALL: &'static [Self] = &[$(Self::$case,)*];

        /// The word that the database stores.
        #[must_use]
        pub const fn as_str(self) -> &'static str {
            match self { $(Self::$case => $word,)* }
        }

        /// Reads a stored or configured word.
        #[must_use]
        pub fn parse(word: &str) -> Option<Self> {
            match word { $($word => Some(Self::$case),)* _ => None }
        }
    }

    impl<DB: sqlx::Database> sqlx::Type<DB> for $name where String: sqlx::Type<DB> {
        fn type_info() -> DB::TypeInfo {
            <String as sqlx::Type<DB>>::type_info()
        }

        fn compatible(info: &DB::TypeInfo) -> bool {
            <String as sqlx::Type<DB>>::compatible(info)
        }
    }

    impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for $name where String: sqlx::Encode<'q, DB> {
        fn encode_by_ref(
            &self,
            buffer: &mut DB::ArgumentBuffer,
        ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
            self.as_str().to_owned().encode(buffer)
        }
    }

    impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for $name where String: sqlx::Decode<'r, DB> {
        fn decode(value: DB::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
            let word = <String as sqlx::Decode<'r, DB>>::decode(value)?;
            Self::parse(&word).ok_or_else(|| format!("{word:?} is not a {}", stringify!($name)).into())
        }
    }
} }

pub(crate) use text_enum;
