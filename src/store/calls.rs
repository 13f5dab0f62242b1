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
            lost, late, concealed, depth_ms, skew_ppm, resumed, backchannels,
            consent, recording, recording_complete, recording_ms, recording_paused_ms, recording_lost)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                   $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33,
                   $34, $35, $36, $37, $38, $39)
           on conflict do nothing";
    END_OF = "select end_reason, goals from calls where call_id = $1";
    RECORDING_OF = "select consent, recording, recording_complete, recording_ms, recording_paused_ms, recording_lost
                    from calls where call_id = $1";
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
    /// Whether the caller agreed to be recorded: `given`, `denied`; `None` where nobody asked.
    pub consent: Option<&'static str>,
    /// What there is of it as a recording.
    pub recording: Option<CallRecording>,
}

/// A call's recording.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallRecording {
    /// The file, below the directory of recordings.
    pub file: String,
    /// Whether it is whole.
    pub complete: bool,
    /// How long it is.
    pub length_ms: u64,
    /// How much of it is silence by intent.
    pub paused_ms: u64,
    /// Frames of 20 ms that are silence because the machine was late.
    pub lost_frames: u64,
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
        let (sound, recording) = (row.sound.as_ref(), row.recording.as_ref());
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
            .bind(row.consent)
            .bind(recording.map(|it| &it.file))
            .bind(recording.map(|it| i64::from(it.complete)))
            .bind(recording.map(|it| it.length_ms.cast_signed()))
            .bind(recording.map(|it| it.paused_ms.cast_signed()))
            .bind(recording.map(|it| it.lost_frames.cast_signed()))
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

    /// Returns whether the caller agreed to be recorded, and what there is of it.
    pub async fn recording_of(
        &self,
        call: CallId,
    ) -> Result<(Option<String>, Option<CallRecording>), StoreError> {
        type Columns =
            (Option<String>, Option<String>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
        let row: Option<Columns> = sqlx::query_as(RECORDING_OF)
            .bind(call.to_string())
            .fetch_optional(self.db.reader())
            .await
            .map_err(StoreError::query("reading what there is of a call's recording"))?;
        let Some((consent, file, complete, length, paused, lost)) = row else {
            return Ok((None, None));
        };
        let count = |count: Option<i64>| count.unwrap_or_default().cast_unsigned();
        let recording = file.map(|file| CallRecording {
            file,
            complete: complete == Some(1),
            length_ms: count(length),
            paused_ms: count(paused),
            lost_frames: count(lost),
        });
        Ok((consent, recording))
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
