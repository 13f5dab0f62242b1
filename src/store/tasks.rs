//! Table `tasks`: work for staff, such as hand-off notes and callbacks.

use super::{Store, StoreError, sql};
use crate::base::{CallId, Phi, Purpose};
use crate::practice::{PatientId, PhoneNumber};

sql! {
    ADD = "insert into tasks
           (id, key, kind, call_id, patient, caller, target, reason, summary, status, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10) on conflict do nothing";
    BY_KEY = "select id, kind, patient, caller, target, reason, summary from tasks where key = $1";
    BY_CALL = "select id, kind, patient, caller, target, reason, summary from tasks
           where call_id = $1 order by created_at, id";
}

type Row = (String, String, Option<String>, Option<String>, Option<String>, String, String);

/// What kind of work it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskKind {
    /// What staff must know before a transferred call rings.
    HandOff,
    /// Call somebody back.
    Callback,
}

impl TaskKind {
    fn code(self) -> &'static str {
        match self {
            Self::HandOff => "hand_off",
            Self::Callback => "callback",
        }
    }
}

/// A task to be added.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewTask {
    /// What kind.
    pub kind: TaskKind,
    /// The call it comes from.
    pub call: CallId,
    /// The verified patient, if there is one.
    pub patient: Option<PatientId>,
    /// The caller's number.
    pub caller: Option<Phi<PhoneNumber>>,
    /// Who is to do it: a target of the dialplan; `None` is the whole team.
    pub target: Option<String>,
    /// Why, from a closed list.
    pub reason: String,
    /// What was said and done, in sentences.
    pub summary: Phi<String>,
}

/// A task as it stands in the book.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Task {
    /// Its id: `t-` and hexadecimal digits, fit for a SIP header.
    pub id: String,
    /// What was asked.
    pub task: NewTask,
}

impl Store {
    /// Adds a task and reads it back. A repeat of the key returns the first one and adds nothing.
    pub async fn add_task(&self, key: &str, task: &NewTask) -> Result<Task, StoreError> {
        const PURPOSE: Purpose = Purpose::Storage;
        let id: String = format!("t-{}", key.chars().take(16).collect::<String>());
        sqlx::query(ADD)
            .bind(id)
            .bind(key)
            .bind(task.kind.code())
            .bind(task.call.to_string())
            .bind(task.patient.as_ref().map(|id| &id.0))
            .bind(task.caller.as_ref().map(|caller| caller.reveal(PURPOSE).as_str()))
            .bind(&task.target)
            .bind(&task.reason)
            .bind(task.summary.reveal(PURPOSE))
            .bind(Self::now())
            .execute(self.db.writer())
            .await
            .map_err(StoreError::query("adding a task"))?;
        let row: Option<Row> = sqlx::query_as(BY_KEY)
            .bind(key)
            .fetch_optional(self.db.reader())
            .await
            .map_err(StoreError::query("reading back a task"))?;
        let row = row.ok_or_else(|| StoreError::Query {
            what: "reading back a task",
            why: "the book does not hold what was just written".into(),
        })?;
        read(row, task.call)
    }

    /// Returns the tasks of a call, oldest first.
    pub async fn tasks_of(&self, call: CallId) -> Result<Vec<Task>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(BY_CALL)
            .bind(call.to_string())
            .fetch_all(self.db.reader())
            .await
            .map_err(StoreError::query("reading the tasks of a call"))?;
        rows.into_iter().map(|row| read(row, call)).collect()
    }
}

fn read(row: Row, call: CallId) -> Result<Task, StoreError> {
    let (id, kind, patient, caller, target, reason, summary) = row;
    let corrupt = |column| StoreError::corrupt("tasks", column);
    let kind = [TaskKind::HandOff, TaskKind::Callback].into_iter().find(|k| k.code() == kind);
    let caller = match caller {
        Some(text) => Some(PhoneNumber::parse(&text).ok_or_else(|| corrupt("caller"))?),
        None => None,
    };
    let task = NewTask {
        kind: kind.ok_or_else(|| corrupt("kind"))?,
        call,
        patient: patient.map(PatientId),
        caller: caller.map(Phi::new),
        target,
        reason,
        summary: Phi::new(summary),
    };
    Ok(Task { id, task })
}
