//! Whole messages, in and out: invented people, numbers of the range for fiction.

use jiff::civil::{DateTime, date, datetime};
use jiff::tz::{Offset, TimeZone};

use super::write::tests::envelope;
use super::*;
use crate::base::{Dice, Phi, Purpose};
use crate::practice::{
    AppointmentStatus, Patient, PatientId, PhoneNumber, Practitioner, PractitionerId,
};

const A28: &str = "MSH|^~\\&|EHR|MAIN|ATT|MAPLE|20260316080000-0500||ADT^A28^ADT_A05|100|P|2.5.1\r\
    EVN|A28|20260316080000\r\
    PID|1||900^^^LAB^PI~P7^^^MAPLE^MR||L\u{f3}pez^Mar\u{ed}a^^^^^L~Lopez^Mary^^^^^A||19840309|F|||\
    1 Elm St^^Chicago^IL^60614||(312)555-0142^PRN^PH|(312)555-0150^WPN^PH|es\r";

const S12: &str = "MSH|^~\\&|EHR|MAIN|ATT|MAPLE|20260316090000||SIU^S12^SIU_S12|101|P|2.5.1\r\
    SCH|c-17^ATTENDANT|F55^EHR|||||^cough|FU^follow-up^L|30|MIN|^^30^20260319093000^20260319100000|\
    |||||||||||||Booked\r\
    PID|1||P7^^^MAPLE^MR||L\u{f3}pez^Mar\u{ed}a\r\
    RGS|1|A\rAIS|1|A|FU^follow-up^L|20260319093000\rAIP|1|A|D1^Patel^Anjali\rAIL|1|A|R2^^^MAPLE\r";

const A40: &str = "MSH|^~\\&|EHR|MAIN|ATT|MAPLE|20260317080000||ADT^A40^ADT_A39|102|P|2.5.1\r\
    EVN|A40\rPID|1||P8^^^MAPLE^MR||L\u{f3}pez^Mar\u{ed}a||19840309\rMRG|P7^^^MAPLE^MR\r";

fn dialect() -> Dialect {
    Dialect {
        zone: TimeZone::fixed(Offset::constant(-5)),
        authority: Some("MAPLE".into()),
        processing: 'P',
    }
}

fn message(text: &str) -> Message {
    Message::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn inbound(text: &str) -> Inbound {
    dialect().read(&message(text)).unwrap()
}

fn index_of(texts: &[&str]) -> Index {
    let mut index = Index::default();
    for text in texts {
        index.apply(&inbound(text));
    }
    index
}

fn id(text: &str) -> PatientId {
    PatientId(text.into())
}

fn open<T: Clone>(value: &Phi<T>) -> T {
    value.reveal(Purpose::Comparison).clone()
}

fn nine_thirty() -> DateTime {
    datetime(2026, 3, 19, 9, 30, 0, 0)
}

#[test]
fn a_patient_is_read_and_found() {
    let read = inbound(A28);
    assert_eq!(read.control_id, "100");
    assert_eq!(read.sent, Some(datetime(2026, 3, 16, 8, 0, 0, 0)));
    assert!(read.notes.is_empty());
    let index = index_of(&[A28]);
    let maria = index.patient(&id("P7")).unwrap();
    assert_eq!(open(&maria.given), "Mar\u{ed}a");
    assert_eq!(open(&maria.family), "L\u{f3}pez");
    assert_eq!(open(&maria.birth_date), date(1984, 3, 9));
    assert_eq!(maria.zip.as_ref().map(open).as_deref(), Some("60614"));
    assert_eq!(open(maria.phone.as_ref().unwrap()).as_str(), "+13125550142");
    let entry = index.entry(&id("P7")).unwrap();
    assert_eq!(entry.language.as_ref().map(open).as_deref(), Some("es"));
    assert_eq!(entry.phones.len(), 2);
    for number in ["3125550142", "3125550150"] {
        let number = Phi::new(PhoneNumber::parse(number).unwrap());
        assert_eq!(index.at(&number), std::slice::from_ref(&maria));
    }
    assert_eq!(index.born(&Phi::new(date(1984, 3, 9))), [maria]);
    let seen = format!("{read:?} {index:?}");
    assert!(!seen.contains("pez") && !seen.contains("1984") && !seen.contains("555"), "{seen}");
}

#[test]
fn every_event_that_keeps_a_patient_is_taken() {
    for event in ["A01", "A03", "A04", "A08", "A28", "A31"] {
        let text = A28.replace("A28", event);
        assert!(index_of(&[&text]).patient(&id("P7")).is_some(), "{event}");
    }
}

#[test]
fn unsaid_stays_and_cleared_goes() {
    let update = "MSH|^~\\&|EHR|MAIN|||20260317||ADT^A31|103|P|2.3\r\
        PID|1||P7^^^MAPLE^MR||Lopez-Ruiz|||||||||\r";
    let index = index_of(&[A28, update]);
    let maria = index.patient(&id("P7")).unwrap();
    assert_eq!(open(&maria.family), "Lopez-Ruiz");
    assert_eq!(open(&maria.given), "Mar\u{ed}a");
    assert!(maria.phone.is_some());
    let gone = update.replace("Lopez-Ruiz|||||||||", "Lopez-Ruiz||||||||\"\"");
    let index = index_of(&[A28, &gone]);
    assert_eq!(index.patient(&id("P7")).unwrap().phone, None);
    assert!(index.at(&Phi::new(PhoneNumber::parse("3125550142").unwrap())).is_empty());
}

#[test]
fn a_field_that_cannot_be_read_is_noted_and_the_rest_is_kept() {
    let odd = A28.replace("19840309", "spring 1984");
    let read = inbound(&odd);
    assert_eq!(read.notes[0].to_string(), "PID-7: malformed; send a date as YYYYMMDD");
    let index = index_of(&[&odd]);
    assert_eq!(index.patient(&id("P7")), None, "nobody is identified without a birth date");
    assert_eq!(open(index.entry(&id("P7")).unwrap().family.as_ref().unwrap()), "L\u{f3}pez");
}

#[test]
fn the_dead_are_nobody_to_talk_to() {
    let dead = format!("{}|||||||||||||||Y\r", A28.trim_end());
    let index = index_of(&[&dead]);
    assert_eq!(index.entry(&id("P7")).unwrap().deceased, Some(Phi::new(true)));
    assert_eq!(index.patient(&id("P7")), None);
}

#[test]
fn merged_records_are_one() {
    let mut index = index_of(&[A28, S12, A40]);
    assert_eq!(index.resolve(&id("P7")), &id("P8"));
    assert_eq!(index.patient(&id("P7")).unwrap().id, id("P8"));
    assert_eq!(index.appointments_of(&id("P8"), nine_thirty()).len(), 1);
    assert_eq!(index.len(), (1, 1));
    assert_eq!(index.apply(&inbound(A40)), [Effect::Applied, Effect::Stale]);
    // What is still under way for the record that went changes nothing.
    let late = A28.replace("60614", "60699").replace("20260316080000", "20260318080000");
    assert_eq!(index.apply(&inbound(&late)), [Effect::Stale]);
    // The other way round would be a circle.
    let back = A40.replace("P8^", "PX^").replace("P7^", "P8^").replace("PX^", "P7^");
    assert_eq!(index.apply(&inbound(&back))[1], Effect::Stale);
    assert_eq!(index.resolve(&id("P8")), &id("P8"));
    let same = A40.replace("P8^", "P7^");
    assert_eq!(
        dialect().read(&message(&same)).unwrap_err().to_string(),
        "MRG-1: malformed; name two records to be merged"
    );
}

#[test]
fn an_appointment_lives_through_its_events() {
    let mut index = index_of(&[A28, S12]);
    let entry = index.appointment("F55").unwrap().clone();
    assert_eq!(index.appointment("c-17"), Some(&entry));
    assert_eq!(open(&entry.start), nine_thirty());
    assert_eq!(
        (entry.minutes, entry.visit_code.as_ref().map(open).as_deref()),
        (Some(30), Some("FU"))
    );
    assert_eq!(entry.practitioner, Some(PractitionerId("D1".into())));
    assert_eq!((entry.location.as_deref(), entry.status), (Some("R2"), AppointmentStatus::Booked));
    let doctor = PractitionerId("D1".into());
    let later = nine_thirty().saturating_add(jiff::SignedDuration::from_mins(29));
    assert!(index.is_busy(&doctor, later, datetime(2026, 3, 19, 12, 0, 0, 0)));
    assert!(!index.is_busy(
        &doctor,
        datetime(2026, 3, 19, 10, 0, 0, 0),
        datetime(2026, 3, 19, 12, 0, 0, 0)
    ));

    let moved = S12
        .replace("S12", "S13")
        .replace("20260316090000", "20260316100000")
        .replace("2026031909", "2026032011");
    assert_eq!(index.apply(&inbound(&moved))[1], Effect::Applied);
    assert_eq!(open(&index.appointment("F55").unwrap().start), datetime(2026, 3, 20, 11, 30, 0, 0));
    // The first message once more changes nothing.
    assert_eq!(index.apply(&inbound(S12)), [Effect::Stale, Effect::Stale]);
    let cancelled = "MSH|^~\\&|EHR||||20260316110000||SIU^S15|104|P|2.3\rSCH||F55\r";
    assert_eq!(index.apply(&inbound(cancelled)), [Effect::Applied]);
    assert_eq!(index.appointment("F55").unwrap().status, AppointmentStatus::Cancelled);
    assert!(index.appointments_of(&id("P7"), nine_thirty()).is_empty());
    let missed = cancelled.replace("S15", "S26");
    index.apply(&inbound(&missed));
    assert!(index.appointment("F55").unwrap().missed);
    let other = cancelled.replace("F55", "F99");
    assert_eq!(index.apply(&inbound(&other)), [Effect::Unknown]);
}

#[test]
fn an_id_that_comes_later_names_the_same_appointment() {
    let first = S12.replace("F55^EHR", "");
    let mut index = index_of(&[&first]);
    assert!(index.appointment("F55").is_none() && index.appointment("c-17").is_some());
    assert_eq!(index.len().1, 1);
    index.apply(&inbound(&S12.replace("S12", "S14")));
    assert_eq!(index.len().1, 1);
    assert_eq!(index.appointment("c-17"), index.appointment("F55"));
    assert!(index.appointment("c-17").is_some());
}

#[test]
fn a_modification_may_be_a_cancellation() {
    let modified = S12.replace("S12", "S14").replace("Booked", "Cancelled");
    let index = index_of(&[&modified]);
    assert_eq!(index.appointment("F55").unwrap().status, AppointmentStatus::Cancelled);
}

#[test]
fn times_are_found_where_senders_put_them() {
    for (from, to) in [
        ("^^30^20260319093000^20260319100000", "^^30^20260319143000+0000^"),
        ("^^30^20260319093000^20260319100000", ""),
    ] {
        let index = index_of(&[&S12.replace(from, to)]);
        assert_eq!(open(&index.appointment("F55").unwrap().start), nine_thirty(), "{to}");
    }
    let span = S12.replace("|30|MIN|", "|||");
    assert_eq!(index_of(&[&span]).appointment("F55").unwrap().minutes, Some(30));
    let seconds = S12.replace("|30|MIN|", "|1800|S|");
    assert_eq!(index_of(&[&seconds]).appointment("F55").unwrap().minutes, Some(30));
    let none = S12.replace("20260319093000", "soon");
    let wrong = dialect().read(&message(&none)).unwrap_err();
    assert_eq!(wrong.to_string(), "SCH-11: missing; send it");
}

#[test]
fn what_is_not_taken_is_refused_by_name() {
    let refused = |text: &str| {
        let wrong = dialect().read(&message(text)).unwrap_err();
        (AckCode::of(Err(&wrong)), wrong.fault.code(), wrong.at.to_string())
    };
    let at = |text: &str| text.to_owned();
    assert_eq!(refused(&A28.replace("A28", "A02")), (AckCode::Reject, "201", at("MSH-9")));
    assert_eq!(refused(&A28.replace("ADT", "ORU")), (AckCode::Reject, "200", at("MSH-9")));
    assert_eq!(refused(&A28.replace("|P|2", "|T|2")), (AckCode::Reject, "202", at("MSH-11")));
    assert_eq!(refused(&A28.replace("\rPID|", "\rZID|")), (AckCode::Error, "101", at("PID")));
    let nobody = A28.replace("900^^^LAB^PI~P7^^^MAPLE^MR", "");
    assert_eq!(refused(&nobody), (AckCode::Error, "101", at("PID-3")));
    let others = A28.replace("^MAPLE^MR", "^LAB2^MR");
    assert_eq!(refused(&others), (AckCode::Error, "101", at("PID-3")), "another's number");
    let ownerless = A28.replace("^MAPLE^MR", "");
    assert!(index_of(&[&ownerless]).patient(&id("P7")).is_some());
    assert_eq!(refused(&A40.replace("MRG|P7^^^MAPLE", "MRG|P7^^^LAB")).2, "MRG-1");
    let long = A28.replace("P7^^^MAPLE", &format!("{}^^^MAPLE", "7".repeat(65)));
    assert_eq!(refused(&long), (AckCode::Error, "102", at("PID-3 repetition 2")));
    assert_eq!(
        refused(&S12.replace("c-17^ATTENDANT|F55^EHR", "|")),
        (AckCode::Error, "101", at("SCH-2"))
    );
    assert_eq!(refused(&A40.replace("\rMRG", "\rZRG")), (AckCode::Error, "101", at("MRG")));
}

fn maria() -> Patient {
    Patient {
        id: id("P7"),
        given: Phi::new("Mar\u{ed}a".into()),
        family: Phi::new("L\u{f3}pez & Ruiz".into()),
        birth_date: Phi::new(date(1984, 3, 9)),
        phone: PhoneNumber::parse("3125550142").map(Phi::new),
        zip: Some(Phi::new("60614".into())),
    }
}

fn follow_up() -> Code {
    Code { code: "FU".into(), words: "follow-up".into(), system: "L".into() }
}

fn siu(booking: Booking) -> Vec<u8> {
    let practitioner = Practitioner {
        id: PractitionerId("D1".into()),
        given: "Anjali".into(),
        family: "Patel".into(),
        spoken: "Dr. Patel".into(),
        specialty: "family medicine".into(),
        gender: None,
    };
    let (patient, visit, reason) = (maria(), follow_up(), Phi::new("cough | 3 days".to_owned()));
    let request = SiuRequest {
        booking,
        placer: "c-17",
        filler: None,
        patient: &patient,
        authority: "MAPLE",
        practitioner: &practitioner,
        start: nine_thirty(),
        minutes: 30,
        visit: &visit,
        reason: Some(&reason),
    };
    write_siu(&request, &envelope("m1")).unwrap()
}

#[test]
fn a_booking_is_written_as_the_standard_says() {
    let written = String::from_utf8(siu(Booking::Book)).unwrap();
    let rows: Vec<&str> = written.trim_end().split('\r').collect();
    assert_eq!(
        rows,
        [
            "MSH|^~\\&|ATTENDANT|MAPLE|EHR|MAPLE|20260316080509-0500||SIU^S12^SIU_S12|m1|P|2.5.1||||||\
             UNICODE UTF-8",
            "SCH|c-17|||||S12^booked by telephone^L|^cough \\F\\ 3 days|FU^follow-up^L|30|MIN|\
             ^^M30^20260319093000^20260319100000|||||^ATTENDANT||||^ATTENDANT|||||Booked",
            "PID|1||P7^^^MAPLE^MR||L\u{f3}pez \\T\\ Ruiz^Mar\u{ed}a||19840309||||^^^^60614||\
             (312)555-0142^PRN^PH^^1^312^5550142",
            "PV1|1|O",
            "RGS|1|A",
            "AIS|1|A|FU^follow-up^L|20260319093000|||30|MIN",
            "AIP|1|A|D1^Patel^Anjali|||20260319093000|||30|MIN",
        ]
    );
}

#[test]
fn what_we_write_is_what_we_read() {
    let mut index = Index::default();
    for (booking, status) in [
        (Booking::Book, AppointmentStatus::Booked),
        (Booking::Reschedule, AppointmentStatus::Booked),
        (Booking::Cancel, AppointmentStatus::Cancelled),
    ] {
        let message = Message::read(&siu(booking), &Limits::default()).unwrap();
        assert!(message.repairs().is_empty());
        let read = dialect().read(&message).unwrap();
        assert!(read.notes.is_empty());
        assert_eq!(index.apply(&read), [Effect::Applied, Effect::Applied]);
        let entry = index.appointments_of(&id("P7"), nine_thirty());
        assert_eq!(entry.len(), usize::from(status == AppointmentStatus::Booked));
        assert_eq!(index.patient(&id("P7")), Some(maria()));
    }
}

#[test]
fn the_note_of_a_call_is_a_draft_of_lines() {
    let (patient, title) = (
        maria(),
        Code {
            code: "34748-4".into(),
            words: "Telephone encounter note".into(),
            system: "LN".into(),
        },
    );
    let text = Phi::new(format!("Asked for a visit.\r\n\nBooked ^ 9:30.\n{}", "word ".repeat(300)));
    let note = CallNote {
        id: "c-17-note",
        patient: &patient,
        authority: "MAPLE",
        began: datetime(2026, 3, 16, 8, 0, 0, 0),
        kind: "PN",
        title: &title,
        text: &text,
    };
    let written = String::from_utf8(write_mdm(&note, &envelope("m2")).unwrap()).unwrap();
    let rows: Vec<&str> = written.trim_end().split('\r').collect();
    assert_eq!(rows[1], "EVN|T02|20260316080509");
    assert_eq!(
        rows[4],
        "TXA|1|PN|TX|20260316080000||20260316080509|||^ATTENDANT|||c-17-note|||||IN||AV"
    );
    assert_eq!(rows[5], "OBX|1|TX|34748-4^Telephone encounter note^LN||Asked for a visit.||||||P");
    assert_eq!(rows[6], "OBX|2|TX|34748-4^Telephone encounter note^LN||||||||P");
    assert!(rows[7].contains("|Booked \\S\\ 9:30.|"));
    assert_eq!(rows.len(), 10, "the long line became two");
    let endless = Phi::new("x\n".repeat(5000));
    let long = write_mdm(&CallNote { text: &endless, ..note.clone() }, &envelope("m3")).unwrap();
    assert_eq!(String::from_utf8(long).unwrap().matches("\rOBX|").count(), 400);
    let wide = Phi::new("x".repeat(900_000));
    let long = write_mdm(&CallNote { text: &wide, ..note }, &envelope("m4")).unwrap();
    assert_eq!(String::from_utf8(long).unwrap().matches("\rOBX|").count(), 400);
}

/// Changes some bytes of an example: other ones, fewer, twice, cut.
fn mutate(dice: &mut Dice, example: &str) -> Vec<u8> {
    let mut bytes = example.as_bytes().to_vec();
    for _ in 0..=dice.below(12) {
        let at = dice.below(bytes.len().max(1) as u64) as usize;
        let length = dice.below(20) as usize;
        let end = (at + length).min(bytes.len());
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
            1 if at < bytes.len() => bytes[at] = b"|^~\\&\r\n\"#MSHPID0"[dice.below(16) as usize],
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => bytes.truncate(bytes.len() - bytes.len() / 20),
            _ => bytes.splice(at..at, dice.bits().to_le_bytes()).for_each(drop),
        }
    }
    bytes
}

#[test]
fn any_bytes_are_read_without_harm() {
    let ack = "MSH|^~\\&|EHR|MAIN|ATT|MAPLE|20260316||ACK^S12|9|P|2.5.1\rMSA|AE|m1|no\r\
        ERR||PID^1^7|102^x^HL70357|E\r";
    let (mut read, mut understood) = (0, 0);
    let mut index = Index::default();
    for seed in 0..6000 {
        let mut dice = Dice::new(seed);
        let example = [A28, S12, A40, ack][dice.below(4) as usize];
        let bytes = mutate(&mut dice, example);
        let Ok(message) = Message::read(&bytes, &Limits::default()) else { continue };
        read += 1;
        let verdict = match dialect().read(&message) {
            Ok(inbound) => {
                understood += 1;
                let effects = index.apply(&inbound);
                assert_eq!(effects.len(), inbound.changes.len(), "seed {seed}");
                AckCode::Accept
            }
            Err(wrong) => AckCode::of(Err(&wrong)),
        };
        let _ = (read_acknowledgement(&message), AckMode::of(&message).answers(verdict));
        for segment in message.segments() {
            for number in 1..30 {
                let field = segment.field(number);
                let _ = (field.prose(), field.first().component(2).component(2).text());
            }
        }
        // The answer to whatever came can be written, and read again.
        let answer = acknowledge(&message, verdict, &[], &envelope("a1")).unwrap();
        let answer = Message::read(&answer, &Limits::default()).unwrap();
        assert!(answer.repairs().is_empty(), "seed {seed}");
        assert_eq!(read_acknowledgement(&answer).unwrap().code, verdict, "seed {seed}");
    }
    assert!(read > 3000 && understood > 1000, "{read} {understood}");
    for patient in index.born(&Phi::new(date(1984, 3, 9))) {
        assert!(index.entry(&patient.id).is_some());
    }
}

#[test]
fn the_largest_messages_come_to_an_end() {
    let limits = Limits::default();
    for piece in ["|", "~", "^", "&", "\\", "\\X", "x\r", "\u{e9}", "\r", "MRG|a\r", "PID|||b\r"] {
        let room = limits.bytes - A40.len() * 2;
        let text = format!("{A40}PID|||{}", piece.repeat(room / piece.len()));
        let Ok(message) = Message::read(text.as_bytes(), &limits) else { continue };
        let _ = dialect().read(&message);
        let last = message.segments().last().unwrap();
        let _ = (last.field(3).prose().len(), last.field(5).first().component(2).text());
    }
}

#[test]
fn anything_said_is_written_and_read_back() {
    for seed in 0..500 {
        let mut dice = Dice::new(seed);
        let letters: Vec<char> = "|^~\\&#\r\n\t\"a\u{e9}\u{674e} .".chars().collect();
        let word = |dice: &mut Dice| -> String {
            let length = 1 + dice.below(12);
            let inner = (0..length).map(|_| letters[dice.below(letters.len() as u64) as usize]);
            format!("x{}y", inner.collect::<String>())
        };
        let patient = Patient {
            given: Phi::new(word(&mut dice)),
            family: Phi::new(word(&mut dice)),
            ..maria()
        };
        let text = Phi::new(word(&mut dice));
        let title = follow_up();
        let note = CallNote {
            id: "n",
            patient: &patient,
            authority: "MAPLE",
            began: nine_thirty(),
            kind: "PN",
            title: &title,
            text: &text,
        };
        let bytes = write_mdm(&note, &envelope("m1")).unwrap();
        let message = Message::read(&bytes, &Limits::default()).unwrap();
        assert!(message.repairs().is_empty(), "seed {seed}");
        let name = message.first("PID").unwrap().field(5).first();
        let plain = |name: &Phi<String>| open(name).replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(name.component(1).text(), plain(&patient.family), "seed {seed}");
        assert_eq!(name.component(2).text(), plain(&patient.given), "seed {seed}");
    }
}

#[test]
fn whatever_comes_in_whatever_order_people_are_found_where_they_are() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut index = Index::default();
        for _ in 0..40 {
            let (one, other) = (dice.below(6), dice.below(6));
            let (second, digit) = (dice.below(60), dice.below(4));
            let head = format!("MSH|^~\\&|EHR||||202603160800{second:02}||ADT");
            let phone = ["", "\"\"", "312555010", "773555010"][dice.below(4) as usize];
            let phone = if phone.len() > 2 { format!("{phone}{digit}") } else { phone.into() };
            let pid = format!("PID|||P{one}||Roe^Jo||1990010{}||||||{phone}", 1 + dice.below(3));
            let text = match dice.below(5) {
                0 => format!("{head}^A40|1\r{pid}\rMRG|P{other}\r"),
                _ => format!("{head}^A31|1\r{pid}\r"),
            };
            if let Ok(inbound) = dialect().read(&message(&text)) {
                index.apply(&inbound);
            }
        }
        let people: Vec<Patient> =
            (0..6).filter_map(|at| index.patient(&id(&format!("P{at}")))).collect();
        let mut whole = 0;
        for day in 1..=3 {
            for found in index.born(&Phi::new(date(1990, 1, day))) {
                assert_eq!(open(&found.birth_date), date(1990, 1, day), "seed {seed}");
                assert!(people.contains(&found), "seed {seed}");
                whole += 1;
            }
        }
        assert_eq!(whole, index.len().0, "seed {seed}: each is born on one day");
        for number in (0..4).flat_map(|at| [format!("312555010{at}"), format!("773555010{at}")]) {
            let number = Phi::new(PhoneNumber::parse(&number).unwrap());
            let found = index.at(&number);
            assert!(found.iter().all(|it| it.phone == Some(number.clone())), "seed {seed}");
            let fitting = people.iter().filter(|it| it.phone == Some(number.clone()));
            assert!(fitting.clone().all(|it| found.contains(it)), "seed {seed}");
        }
    }
}
