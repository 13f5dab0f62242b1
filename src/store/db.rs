//! The database itself: one connection that writes, some that read.
//!
//! A second database becomes a second variant of [`Db`]; the statements stay.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use super::error::said_by;
use super::{Store, StoreError};

/// Connections that read. WAL lets them go on while one writes; calls at one time are some dozens.
const READERS: u32 = 4;
/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Which database holds the book.
#[derive(Clone)]
pub(super) enum Db {
    /// One file. SQLite has one writer; a pool of one makes ours queue in order instead of colliding.
    Sqlite { writer: SqlitePool, reader: SqlitePool },
}

impl Db {
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        let shown = || path.display().to_string();
        create_private(path)
            .map_err(|error| StoreError::Open { path: shown(), why: error.to_string() })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .optimize_on_close(true, 400);
        // A booking that was confirmed to a caller must survive a power cut: full sync.
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        // Connections to a file neither idle too long nor grow old. With a limit on either, the pool
        // starts a task that counts idle connections while they are taken and given back; when its
        // count slips below zero (sqlx 0.9.0, a race), that task turns a core's thread for ever.
        let pool = || {
            let forever = SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None);
            forever.acquire_timeout(ACQUIRE_TIMEOUT)
        };
        let failed = |error| StoreError::Open { path: shown(), why: said_by(&error) };
        let writer = pool().max_connections(1).connect_with(writing).await.map_err(failed)?;
        MIGRATIONS
            .run(&writer)
            .await
            .map_err(|error| StoreError::Migrate { path: shown(), why: error.to_string() })?;
        let reading = options.pragma("query_only", "on");
        let reader = pool().max_connections(READERS).connect_with(reading).await.map_err(failed)?;
        Ok(Self::Sqlite { writer, reader })
    }

    /// Returns the connections for statements that only read.
    pub(super) fn reader(&self) -> &SqlitePool {
        let Self::Sqlite { reader, .. } = self;
        reader
    }

    /// Returns the connection for a statement that writes alone.
    pub(super) fn writer(&self) -> &SqlitePool {
        let Self::Sqlite { writer, .. } = self;
        writer
    }

    /// Begins a transaction that writes. Dropping it undoes it.
    pub(super) async fn begin(
        &self,
        what: &'static str,
    ) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer().begin_with("begin immediate").await.map_err(StoreError::query(what))
    }

    pub(super) async fn close(&self) {
        let Self::Sqlite { writer, reader } = self;
        reader.close().await;
        writer.close().await;
    }

    /// Has the database read a statement without running it.
    #[cfg(test)]
    pub(super) async fn prepare(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        use sqlx::{Executor, SqlSafeStr};
        self.reader().acquire().await?.prepare(sql.into_sql_str()).await.map(|_| ())
    }
}

impl Store {
    /// Returns the time of a change, in microseconds since 1970 UTC.
    pub(super) fn now() -> i64 {
        jiff::Timestamp::now().as_microsecond()
    }
}

/// Creates the file for its owner alone; SQLite gives its companion files the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_pools_start_no_task_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("book.db")).await.unwrap();
        for pool in [db.reader(), db.writer()] {
            let options = pool.options();
            assert_eq!((options.get_idle_timeout(), options.get_max_lifetime()), (None, None));
        }
        db.close().await;
    }
}
