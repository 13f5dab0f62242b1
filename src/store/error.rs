//! What can go wrong with the practice book. No error holds a value from a row.

/// Why the practice book did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("practice book {path}: cannot be opened: {why}")]
    Open {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The tables cannot be brought up to date.
    #[error("practice book {path}: its tables cannot be brought up to date: {why}")]
    Migrate {
        /// The file.
        path: String,
        /// What the database says.
        why: String,
    },
    /// A statement failed.
    #[error("practice book: {what} failed: {why}")]
    Query {
        /// What was being done.
        what: &'static str,
        /// What the database says.
        why: String,
    },
    /// A row holds something that this version did not write.
    #[error("practice book: a row of {table} has a {column} that cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

impl StoreError {
    /// Returns the code that heads the manual entry and labels the metric.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "store-open",
            Self::Migrate { .. } => "store-migrate",
            Self::Query { .. } => "store-query",
            Self::Corrupt { .. } => "store-corrupt",
        }
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Open { .. } => {
                "Check that the directory exists, that this user may write in it, and that the file is a \
                 practice book."
            }
            Self::Migrate { .. } => {
                "The book was made by a newer version, or changed by hand: run that version, or restore a \
                 backup made by this one."
            }
            Self::Query { .. } => {
                "Check the disk for space and errors; then `pragma integrity_check`."
            }
            Self::Corrupt { .. } => {
                "Restore the book from a backup; keep the damaged file for study."
            }
        }
    }

    /// Makes the error of a failed statement.
    pub(super) fn query(what: &'static str) -> impl Fn(sqlx::Error) -> Self {
        move |error| Self::Query { what, why: said_by(&error) }
    }

    /// Makes the error of an unreadable column.
    pub(super) fn corrupt(table: &'static str, column: &'static str) -> Self {
        Self::Corrupt { table, column }
    }
}

/// Says what the database said, as far as that cannot hold a value of a row.
pub(super) fn said_by(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::PoolTimedOut => "all connections were busy for too long".into(),
        sqlx::Error::PoolClosed => "the book is closed".into(),
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} has another type"),
        _ => "the database driver failed".into(),
    }
}
