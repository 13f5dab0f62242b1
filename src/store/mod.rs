//! The practice book and the wrap-up rows on disk: SQLite, one file a table.
//!
//! House rules: the only room that knows `sqlx`; SQL stands in constants that a test prepares; columns are
//! text, integers and ISO civil time, so that a second database needs no other types. Errors name no patient.
//! The file is created readable by its owner only; encryption at rest is later work.

mod appointments;
mod calls;
mod db;
mod error;
mod meta;
mod patients;
mod practitioners;
mod seeding;
mod slots;
mod tasks;
mod writes;

pub use calls::{CallRecording, CallSound, SideSound, WrapUp};
pub use error::StoreError;
pub use tasks::{NewTask, Task, TaskKind};
pub use writes::{Refusal, Written};

use std::path::Path;

use db::Db;

/// The practice book. Cloning shares its connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
}

impl Store {
    /// Opens a book, creates it where there is none, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] and [`StoreError::Migrate`] name the path; `advice` says what to do.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { db: Db::open(path.as_ref()).await? })
    }

    /// Ends all connections, so that the file stands alone. Further use answers with errors.
    pub async fn close(&self) {
        self.db.close().await;
    }
}

/// Declares SQL constants and the list of them, so that none escapes the test that prepares each.
macro_rules! sql {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* const $name: &str = $text;)*
        /// All statements of this file.
        #[cfg(test)]
        pub(in crate::store) const ALL_SQL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(in crate::store) use sql;

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands in for a compile-time check against one database.
    #[tokio::test]
    async fn every_statement_can_be_prepared() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("book.db")).await.unwrap();
        let statements = [
            appointments::ALL_SQL,
            calls::ALL_SQL,
            meta::ALL_SQL,
            patients::ALL_SQL,
            practitioners::ALL_SQL,
            slots::ALL_SQL,
            tasks::ALL_SQL,
            writes::ALL_SQL,
        ]
        .concat();
        assert!(statements.len() >= 20);
        for (name, sql) in statements {
            store.db.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert!(store.db.prepare("select nonsense from nowhere").await.is_err());
    }
}
