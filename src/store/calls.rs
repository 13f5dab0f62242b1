//! Table `calls`: the wrap-up row of each call.

use jiff::Timestamp;

use super::{Store, StoreError, sql};
use crate::base::{CallId, Phi, Purpose};
use crate::practice::{PatientId, PhoneNumber};

sql! {
    ADD = "insert into calls
           (call_id, started_at, ended_at, trunk, caller, patient, end_reason, goals, escalation_reason,
            hand_off, turns, tools_called, tool_errors, barge_ins, gap_p50_ms, gap_max_ms, summary, audit_head,
            sound, heard_mos, heard_loss, heard_jitter_ms, said_mos, said_loss, said_jitter_ms, round_trip_ms,
            lost, late, concealed, depth_ms, skew_ppm, resumed, backchannels)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                   $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)
           on conflict do nothing";
    END_OF = "select end_reason, goals from calls where call_id = $1";
    SOUND_OF = "select sound, heard_mos, said_mos from calls where call_id = $1";
}

/// One row per call, whatever the ending.
#[derive(Clone, Debug, PartialEq)]
pub struct WrapUp {
    /// Which call.
    pub call: CallId,
    /// When it was answered, or came in if it never was.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Where it came from.
    pub trunk: String,
    /// The caller's asserted number.
    pub caller: Option<Phi<PhoneNumber>>,
    /// Who the caller was verified to be.
    pub patient: Option<PatientId>,
    /// How it ended, from a closed list: `caller_hung_up`, `handed_off`, ...
    pub end_reason: String,
    /// What it came to, from a closed list: `booked`, `rescheduled`, ...
    pub goals: Vec<String>,
    /// Why a person was needed, from a closed list.
    pub escalation_reason: Option<String>,
    /// The hand-off note's task.
    pub hand_off: Option<String>,
    /// Turns of the caller.
    pub turns: u32,
    /// Tools that ran.
    pub tools_called: u32,
    /// Those that failed.
    pub tool_errors: u32,
    /// How often the caller spoke over the agent and stopped it.
    pub barge_ins: u32,
    /// How often it went on after a sound over its speech.
    pub resumed: u32,
    /// Of those, signs of listening: "uh-huh".
    pub backchannels: u32,
    /// Median gap between the caller's last word and the agent's first, in milliseconds.
    pub gap_p50_ms: Option<u32>,
    /// The longest such gap, in milliseconds.
    pub gap_max_ms: Option<u32>,
    /// What happened, in sentences.
    pub summary: Phi<String>,
    /// The hash of the last audit line of the call.
    pub audit_head: Option<String>,
    /// How it sounded, if it had sound.
    pub sound: Option<CallSound>,
}

/// How a call sounded. What nobody can tell is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallSound {
    /// Whether both sides heard each other, from a closed list: `fine`, `nothing_received`, ...; one word for each side
    /// with a fault. Empty when the call was too short to tell.
    pub verdict: String,
    /// What we heard.
    pub heard: SideSound,
    /// What they heard of us.
    pub said: SideSound,
    /// From here to there and back, in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came too late.
    pub late: u64,
    /// Frames of 20 ms made up in their place.
    pub concealed: u64,
    /// The mean delay that the jitter buffer added, in milliseconds.
    pub depth_ms: u32,
    /// How much faster than ours the far end's clock ran, in millionths.
    pub skew_ppm: i32,
}

/// How one direction sounded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SideSound {
    /// MOS of a conversation, 1 to 5.
    pub mos: Option<f64>,
    /// Lost or too late, 0 to 1.
    pub loss: Option<f64>,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: Option<f64>,
}

impl Store {
    /// Stores the wrap-up row of a call; says whether it is the first. A call has one row, once.
    pub async fn wrap_up(&self, row: &WrapUp) -> Result<bool, StoreError> {
        const PURPOSE: Purpose = Purpose::Storage;
        let sound = row.sound.as_ref();
        let side = |of: fn(&CallSound) -> SideSound| sound.map(of).unwrap_or_default();
        let (heard, said) = (side(|sound| sound.heard), side(|sound| sound.said));
        let count = |of: fn(&CallSound) -> u64| sound.map(of).map(u64::cast_signed);
        let done = sqlx::query(ADD)
            .bind(row.call.to_string())
            .bind(row.started.as_microsecond())
            .bind(row.ended.as_microsecond())
            .bind(&row.trunk)
            .bind(row.caller.as_ref().map(|caller| caller.reveal(PURPOSE).as_str()))
            .bind(row.patient.as_ref().map(|id| &id.0))
            .bind(&row.end_reason)
            .bind(row.goals.join(" "))
            .bind(&row.escalation_reason)
            .bind(&row.hand_off)
            .bind(i64::from(row.turns))
            .bind(i64::from(row.tools_called))
            .bind(i64::from(row.tool_errors))
            .bind(i64::from(row.barge_ins))
            .bind(row.gap_p50_ms.map(i64::from))
            .bind(row.gap_max_ms.map(i64::from))
            .bind(row.summary.reveal(PURPOSE))
            .bind(&row.audit_head)
            .bind(sound.map(|sound| &sound.verdict))
            .bind(heard.mos)
            .bind(heard.loss)
            .bind(heard.jitter_ms)
            .bind(said.mos)
            .bind(said.loss)
            .bind(said.jitter_ms)
            .bind(sound.and_then(|sound| sound.round_trip_ms))
            .bind(count(|sound| sound.lost))
            .bind(count(|sound| sound.late))
            .bind(count(|sound| sound.concealed))
            .bind(sound.map(|sound| i64::from(sound.depth_ms)))
            .bind(sound.map(|sound| i64::from(sound.skew_ppm)))
            .bind(i64::from(row.resumed))
            .bind(i64::from(row.backchannels))
            .execute(self.db.writer())
            .await
            .map_err(StoreError::query("storing a wrap-up row"))?;
        Ok(done.rows_affected() == 1)
    }

    /// Returns whether both sides of a call heard each other, and the MOS of what was heard and said; `None` when it has
    /// no row or had no sound.
    pub async fn sound_of(
        &self,
        call: CallId,
    ) -> Result<Option<(String, Option<f64>, Option<f64>)>, StoreError> {
        let row: Option<(Option<String>, Option<f64>, Option<f64>)> = sqlx::query_as(SOUND_OF)
            .bind(call.to_string())
            .fetch_optional(self.db.reader())
            .await
            .map_err(StoreError::query("reading how a call sounded"))?;
        Ok(row.and_then(|(verdict, heard, said)| Some((verdict?, heard, said))))
    }

    /// Returns how a call ended and what it came to; `None` when it has no row.
    pub async fn end_of(&self, call: CallId) -> Result<Option<(String, Vec<String>)>, StoreError> {
        let row: Option<(String, String)> = sqlx::query_as(END_OF)
            .bind(call.to_string())
            .fetch_optional(self.db.reader())
            .await
            .map_err(StoreError::query("reading a wrap-up row"))?;
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
        Ok(row.map(|(reason, goals)| (reason, words(goals))))
    }
}
