//! Whole questions and answers: invented payers, people and plans.

use jiff::civil::{Date, date, datetime};
use serde_json::{Value, json};

use super::*;
use crate::base::{Dice, Phi, Purpose};

const ON: Date = date(2026, 3, 19);

fn asked(services: &[&str]) -> Asked {
    Asked { services: services.iter().map(|&code| code.to_owned()).collect(), on: ON }
}

fn inquiry() -> Inquiry {
    Inquiry {
        payer: Payer { id: "10001".into(), name: "Lakeside Health".into() },
        asker: Asker { npi: "1234567893".into(), name: "Maple Street".into(), given: None },
        member_id: Phi::new("lsh123456789".into()),
        subscriber: Insured {
            given: Phi::new("Mar\u{ed}a".into()),
            family: Phi::new("L\u{f3}pez".into()),
            birth_date: Phi::new(date(1984, 3, 9)),
        },
        dependent: None,
        services: vec!["30".into()],
        on: ON,
        trace: "c-17-1".into(),
    }
}

fn envelope() -> Envelope {
    let party = |id: &str| Party { qualifier: "ZZ".into(), id: id.into() };
    Envelope {
        from: party("ATTENDANT"),
        to: party("CLEARING"),
        control: 905,
        usage: 'T',
        trace_owner: "9012345678".into(),
        at: datetime(2026, 3, 16, 8, 5, 0, 0),
    }
}

/// An answer around a body, with its segments counted.
fn interchange(kind: &str, body: &str) -> String {
    let body: String = body.lines().map(str::trim).collect();
    let count = body.matches('~').count() + 2;
    format!(
        "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*ATTENDANT      *260316*0806*^*00501*000000777*0\
         *T*:~GS*HB*CLEARING*ATTENDANT*20260316*0806*7*X*005010X279A1~ST*{kind}*0001*005010X279A1~{body}\
         SE*{count}*0001~GE*1*7~IEA*1*000000777~"
    )
}

const HEAD: &str = "BHT*0022*11*c-17-1*20260316*0806~HL*1**20*1~NM1*PR*2*LAKESIDE HEALTH*****PI*10001~\
    HL*2*1*21*1~NM1*1P*2*MAPLE STREET*****XX*1234567893~";

const ACTIVE: &str = "HL*3*2*22*0~TRN*2*C-17-1*9012345678~TRN*1*LH-55501*9100010001~\
    NM1*IL*1*LOPEZ*MARIA****MI*LSH123456789~DMG*D8*19840309~DTP*346*D8*20260101~\
    EB*1*IND*30**GOLD PPO~EB*B*IND*30***27*25*****Y~EB*B*IND*30***27*60*****N~\
    EB*C*IND*30***23*1500*****Y~EB*C*IND*30***29*350.5*****Y~EB*G*IND*30***29*4000*****Y~\
    EB*A*IND*30*****.2****Y~EB*1**XX^YY~MSG*REFERRAL REQUIRED FOR SPECIALISTS~\
    EB*D**30~MSG*NO REFERRAL REQUIRED~LS*2120~NM1*PR*2*OTHER NAME~LE*2120~";

fn read(body: &str, services: &[&str]) -> Vec<Answer> {
    read_answer(interchange("271", body).as_bytes(), &asked(services)).unwrap()
}

fn only(body: &str) -> Eligibility {
    let answers = read(&format!("{HEAD}{body}"), &["30"]);
    let [Answer::Eligibility(answer)] = &answers[..] else { panic!("{answers:?}") };
    (**answer).clone()
}

#[test]
fn a_question_is_written_as_the_guide_says() {
    let written = write_270(&inquiry(), &envelope()).unwrap();
    let rows: Vec<&str> = written.trim_end_matches('~').split('~').collect();
    assert_eq!(rows[0].len(), 105, "with its terminator ISA has 106 characters");
    assert_eq!(
        rows,
        [
            "ISA*00*          *00*          *ZZ*ATTENDANT      *ZZ*CLEARING       *260316*0805*^*00501*\
             000000905*0*T*:",
            "GS*HS*ATTENDANT*CLEARING*20260316*0805*905*X*005010X279A1",
            "ST*270*0001*005010X279A1",
            "BHT*0022*13*C-17-1*20260316*0805",
            "HL*1**20*1",
            "NM1*PR*2*LAKESIDE HEALTH*****PI*10001",
            "HL*2*1*21*1",
            "NM1*1P*2*MAPLE STREET*****XX*1234567893",
            "HL*3*2*22*0",
            "TRN*1*C-17-1*9012345678",
            "NM1*IL*1*LOPEZ*MARIA****MI*LSH123456789",
            "DMG*D8*19840309",
            "DTP*291*D8*20260319",
            "EQ*30",
            "SE*13*0001",
            "GE*1*905",
            "IEA*1*000000905",
        ]
    );
}

#[test]
fn a_child_is_asked_for_under_its_parent() {
    let child = Insured {
        given: Phi::new("Leo".into()),
        family: Phi::new("L\u{f3}pez".into()),
        birth_date: Phi::new(date(2018, 5, 1)),
    };
    let asker =
        Asker { npi: "1234567893".into(), name: "Patel".into(), given: Some("Anjali".into()) };
    let services = vec!["30".into(), "XX".into()];
    let question = Inquiry { dependent: Some(child), asker, services, ..inquiry() };
    let written = write_270(&question, &envelope()).unwrap();
    for segment in [
        "~NM1*1P*1*PATEL*ANJALI****XX*1234567893~",
        "~HL*3*2*22*1~NM1*IL*1*LOPEZ*MARIA****MI*LSH123456789~DMG*D8*19840309~HL*4*3*23*0~TRN*1*",
        "~NM1*03*1*LOPEZ*LEO~DMG*D8*20180501~DTP*291*D8*20260319~EQ*30^XX~SE*16*",
    ] {
        assert!(written.contains(segment), "{segment} {written}");
    }
}

#[test]
fn what_cannot_be_asked_is_told_without_saying_it() {
    let wrong = |question: Inquiry| {
        let told = write_270(&question, &envelope()).unwrap_err().to_string();
        assert!(write_request(&question, 1).is_err() || told.starts_with("NM109 of the member"));
        told
    };
    let member = |id: &str| Inquiry { member_id: Phi::new(id.into()), ..inquiry() };
    assert!(wrong(member("")).starts_with("NM109 of the member: not an id"));
    assert!(!wrong(member("12*34~56")).contains("12*34"));
    let asker = Asker { npi: "1234567890".into(), ..inquiry().asker };
    assert_eq!(
        wrong(Inquiry { asker, ..inquiry() }),
        "NM109 of the practice: no NPI; check the ten digits in the settings"
    );
    let nameless = Insured { family: Phi::new(" ".into()), ..inquiry().subscriber };
    assert!(wrong(Inquiry { subscriber: nameless, ..inquiry() }).contains("no name"));
    let seen = format!("{:?}", inquiry());
    assert!(!seen.contains("pez") && !seen.contains("lsh") && !seen.contains("1984"), "{seen}");
}

#[test]
fn an_active_plan_is_read_with_what_it_costs() {
    let answer = only(ACTIVE);
    assert_eq!(answer.standing, Standing::AppearsActive);
    assert_eq!(answer.payer.as_deref(), Some("LAKESIDE HEALTH"));
    assert_eq!(
        answer.plan.as_ref().map(|it| it.reveal(Purpose::Comparison).as_str()),
        Some("GOLD PPO")
    );
    assert_eq!(answer.copay, Some(Cents(2500)));
    assert_eq!(answer.deductible, Some(Cents(150_000)));
    assert_eq!(answer.deductible_remaining, Some(Cents(35_050)));
    assert_eq!(answer.out_of_pocket_remaining, Some(Cents(400_000)));
    assert_eq!(answer.coinsurance, Some(2000));
    assert_eq!(
        (answer.referral, answer.prior_auth),
        (Requirement::NotRequired, Requirement::Unsaid)
    );
    assert_eq!((answer.begins, answer.ends), (Some(date(2026, 1, 1)), None));
    assert_eq!(answer.trace().unwrap().number, "LH-55501");
    assert_eq!(answer.messages.len(), 2);
    assert!(!answer.other_payer);
    let seen = format!("{answer:?}");
    assert!(!seen.contains("GOLD") && !seen.contains("SPECIALISTS"), "{seen}");
}

#[test]
fn the_service_that_was_asked_for_has_its_own_wants() {
    let answers = read(&format!("{HEAD}{ACTIVE}"), &["XX", "30"]);
    let answer = answer_to(&answers, "c-17-1").unwrap();
    assert_eq!(
        (answer.standing, answer.referral),
        (Standing::AppearsActive, Requirement::Required)
    );
    assert_eq!(answer_to(&answers, "c-99"), None, "an answer to another question is none to this");
}

#[test]
fn refusals_are_told_in_words() {
    for (body, standing, words) in [
        (
            "HL*3*2*22*0~NM1*IL*1*LOPEZ~AAA*N**72*C~",
            Standing::NotFound,
            "the member id is missing or wrong",
        ),
        ("HL*3*2*22*0~AAA*Y**42*R~", Standing::Unavailable, "the payer cannot answer just now"),
        ("HL*3*2*22*0~AAA*N**ZZ*~", Standing::Unclear, "a reason that we have no words for"),
        ("", Standing::Unclear, ""),
    ] {
        let answer = only(body);
        assert_eq!(answer.standing, standing, "{body}");
        assert_eq!(answer.rejects.first().map_or("", |it| it.words), words);
    }
    let above = read("HL*1**20*1~NM1*PR*2*LAKESIDE~AAA*N**80*P~", &["30"]);
    let answer = answer_to(&above, "any").unwrap();
    assert_eq!(
        (answer.standing, answer.payer.as_deref()),
        (Standing::Unavailable, Some("LAKESIDE"))
    );
    assert_eq!(answer.rejects[0].next, Some("send the first question again"));
    let practice =
        read("HL*1**20*1~NM1*PR*2*LAKESIDE~HL*2*1*21*0~NM1*1P*2*MAPLE~AAA*N**51*C~", &["30"]);
    assert_eq!(answer_to(&practice, "any").unwrap().rejects[0].kind, RejectKind::Asker);
}

#[test]
fn a_dependent_has_the_plan_of_the_holder() {
    let body = "HL*3*2*22*1~NM1*IL*1*LOPEZ*MARIA~DTP*346*D8*20260101~\
        HL*4*3*23*0~TRN*2*c-17-1*9012345678~NM1*03*1*LOPEZ*LEO~EB*1**30~";
    let answer = only(body);
    assert_eq!((answer.standing, answer.begins), (Standing::AppearsActive, Some(date(2026, 1, 1))));
    assert_eq!(answer.traces.len(), 1);
    // Two people, two answers.
    let two = format!("{HEAD}{ACTIVE}HL*4*2*22*0~TRN*2*c-18*9012345678~EB*6**30~");
    let answers = read(&two, &["30"]);
    assert_eq!(answers.len(), 2);
    assert_eq!(answer_to(&answers, "c-18").unwrap().standing, Standing::AppearsInactive);
    assert_eq!(answer_to(&answers, "c-17-1").unwrap().standing, Standing::AppearsActive);
}

#[test]
fn medicare_has_parts_and_advantage_plans() {
    let body = "HL*3*2*22*0~TRN*2*c-17-1*9012345678~NM1*IL*1*ROE*JANE****MI*1AA0A00AA00~\
        DTP*307*RD8*20260101-99991231~\
        EB*1**30*MA~DTP*291*D8*20190701~EB*1**30*MB~DTP*291*D8*20190701~\
        EB*C**30*MB**23*283~EB*C**30*MB**29*0~EB*A**30*MB****.2~\
        EB*R**30*HN*H0000 001~LS*2120~NM1*PRP*2*ADVANTAGE PLAN~LE*2120~";
    let answer = only(body);
    assert_eq!((answer.standing, answer.other_payer), (Standing::AppearsActive, true));
    assert_eq!((answer.begins, answer.ends), (Some(date(2019, 7, 1)), None));
    assert_eq!((answer.deductible_remaining, answer.coinsurance), (Some(Cents(0)), Some(2000)));
    let died = body.replace("DTP*307", "DTP*442*D8*20251224~DTP*307").replace("-99991231", "");
    assert_eq!(only(&died).standing, Standing::AppearsInactive);
}

#[test]
fn what_is_said_of_others_is_not_said_of_the_plan() {
    let body = "HL*3*2*22*0~EB*1**30~LS*2120~NM1*PRP*2*OTHER PLAN~MSG*REFERRAL REQUIRED~\
        DTP*349*D8*20200101~LE*2120~";
    let answer = only(body);
    assert_eq!((answer.standing, answer.referral), (Standing::AppearsActive, Requirement::Unsaid));
    let unclosed = only(&body.replace("LE*2120~", "EB*6**30~"));
    assert_eq!(unclosed.standing, Standing::Unclear);
}

#[test]
fn an_answer_that_is_cut_short_is_none() {
    let whole = interchange("271", &format!("{HEAD}{ACTIVE}"));
    let end = whole.find("SE*").unwrap();
    let wrong = read_answer(&whole.as_bytes()[..end], &asked(&["30"])).unwrap_err();
    assert_eq!(wrong.to_string(), "ST 3: cut short; ask again");
    let fewer = whole.replace("EB*1*IND*30**GOLD PPO~", "");
    assert!(read_answer(fewer.as_bytes(), &asked(&["30"])).is_err());
    // Without its own end the envelope is still whole where it counts.
    let bare = whole.split("GE*").next().unwrap();
    assert!(read_answer(bare.as_bytes(), &asked(&["30"])).is_ok());
    assert!(read_answer(interchange("277", "BHT*1~").as_bytes(), &asked(&["30"])).is_err());
}

#[test]
fn what_comes_instead_of_an_answer_is_told() {
    let refused = interchange(
        "999",
        "AK1*HS*905*005010X279A1~AK2*270*0001~IK3*NM1*8**8~IK4*9*67*1~IK5*R*5~AK9*R*1*1*0~",
    );
    let answers = read_answer(refused.as_bytes(), &asked(&["30"])).unwrap();
    assert_eq!(
        answers,
        [Answer::Form {
            control: "905".into(),
            accepted: false,
            problems: vec![
                "NM1 8: an element of the segment is wrong".into(),
                "NM1 8 element 9: an element is missing or not used here".into(),
            ],
        }]
    );
    let taken = "ISA*00*          *00*          *ZZ*CLEARING       *ZZ*ATTENDANT      *260316*0806*^*00501*1*0\
        *T*:~TA1*000000905*260316*0805*R*006~IEA*0*1~";
    let answers = read_answer(taken.as_bytes(), &asked(&["30"])).unwrap();
    let Answer::Envelope { control, accepted, note } = &answers[0] else { panic!() };
    assert_eq!((control.as_str(), *accepted), ("000000905", false));
    assert_eq!(*note, "the payer's side does not know the sender or receiver id");
}

#[test]
fn other_delimiters_and_line_ends_are_read() {
    let usual = interchange("271", &format!("{HEAD}{ACTIVE}"));
    let odd = usual.replace('^', "!").replace('*', "|").replace(':', ">").replace('~', "\n");
    let lines = usual.replace('~', "~\r\n");
    let first = read_answer(usual.as_bytes(), &asked(&["30"]));
    assert_eq!(read_answer(odd.as_bytes(), &asked(&["30"])), first);
    assert_eq!(read_answer(lines.as_bytes(), &asked(&["30"])), first);
}

fn response() -> Value {
    json!({
        "meta": {"traceId": "T-1", "applicationMode": "test"},
        "controlNumber": "000000905",
        "tradingPartnerServiceId": "10001",
        "payer": {"name": "LAKESIDE HEALTH"},
        "subscriber": {"memberId": "LSH123456789", "firstName": "MARIA"},
        "subscriberTraceNumbers": [
            {"traceTypeCode": "2", "referenceIdentification": "c-17-1", "originatingCompanyIdentifier": "9012345678"},
            {"traceTypeCode": "1", "referenceIdentification": "LH-55501"}
        ],
        "planDateInformation": {"planBegin": "20260101"},
        "planStatus": [{"statusCode": "1", "status": "Active Coverage", "planDetails": "GOLD PPO",
                        "serviceTypeCodes": ["30"]}],
        "benefitsInformation": [
            {"code": "1", "serviceTypeCodes": ["30"], "planCoverage": "GOLD PPO"},
            {"code": "B", "coverageLevelCode": "IND", "serviceTypeCodes": ["30"], "benefitAmount": "25",
             "inPlanNetworkIndicatorCode": "Y"},
            {"code": "C", "serviceTypeCodes": ["30"], "timeQualifierCode": "29", "benefitAmount": 350.5,
             "inPlanNetworkIndicatorCode": "Y"},
            {"code": "A", "serviceTypeCodes": "30", "benefitPercent": "0.2", "authOrCertIndicator": "Y",
             "additionalInformation": {"description": "No referral required"}}
        ],
        "errors": []
    })
}

#[test]
fn a_clearinghouse_says_the_same_in_json() {
    let answer =
        read_response(response().to_string().as_bytes(), &asked(&["30"]), "c-17-1").unwrap();
    let x12 = only(ACTIVE);
    assert_eq!(answer.standing, Standing::AppearsActive);
    assert_eq!((&answer.payer, &answer.plan, answer.begins), (&x12.payer, &x12.plan, x12.begins));
    assert_eq!((answer.copay, answer.deductible_remaining), (x12.copay, x12.deductible_remaining));
    assert_eq!((answer.coinsurance, answer.referral), (x12.coinsurance, x12.referral));
    assert_eq!(answer.prior_auth, Requirement::Required);
    assert_eq!(answer.trace().unwrap().number, "LH-55501");
    assert!(answer.traces.iter().any(|trace| trace.ours));
}

#[test]
fn json_of_other_kinds_is_read() {
    let of = |body: Value| {
        read_response(body.to_string().as_bytes(), &asked(&["30"]), "c-17-1").unwrap()
    };
    let mut status = response();
    status["benefitsInformation"] = json!([]);
    assert_eq!(of(status.clone()).standing, Standing::AppearsActive);
    status["planDateInformation"] = json!({"planEnd": "2026-03-01"});
    assert_eq!(of(status).standing, Standing::AppearsInactive);
    let refused = json!({"errors": [{"code": "75", "followupAction": "Please Correct and Resubmit",
        "description": "Subscriber/Insured Not Found", "field": "AAA"}],
        "subscriber": {"aaaErrors": [{"code": "75", "followupAction": "C"}]}});
    let answer = of(refused);
    assert_eq!((answer.standing, answer.rejects.len()), (Standing::NotFound, 1));
    assert_eq!(answer.rejects[0].next, Some("correct it and ask again"));
    let down = of(
        json!({"errors": [{"code": "42", "followupAction": "Please Resubmit Original Transaction"}]}),
    );
    assert_eq!(down.standing, Standing::Unavailable);
    assert_eq!(of(json!({"message": "Forbidden"})).standing, Standing::Unclear);
    for wrong in ["", "<html>", "[]", "null", "{\"a\":"] {
        assert!(read_response(wrong.as_bytes(), &asked(&["30"]), "").is_err(), "{wrong}");
    }
}

#[test]
fn a_question_in_json() {
    let question = Inquiry { dependent: Some(inquiry().subscriber), ..inquiry() };
    assert_eq!(
        write_request(&question, 905).unwrap(),
        json!({
            "controlNumber": "000000905",
            "submitterTransactionIdentifier": "c-17-1",
            "tradingPartnerServiceId": "10001",
            "provider": {"npi": "1234567893", "organizationName": "Maple Street"},
            "subscriber": {"firstName": "Mar\u{ed}a", "lastName": "L\u{f3}pez", "dateOfBirth": "19840309",
                           "memberId": "lsh123456789"},
            "encounter": {"serviceTypeCodes": ["30"], "dateOfService": "20260319"},
            "dependents": [{"firstName": "Mar\u{ed}a", "lastName": "L\u{f3}pez", "dateOfBirth": "19840309"}],
        })
    );
}

fn mutate(dice: &mut Dice, example: &str) -> Vec<u8> {
    let mut bytes = example.as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len().max(1) as u64) as usize;
        let end = (at + dice.below(30) as usize).min(bytes.len());
        match dice.below(5) {
            0 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
            1 if at < bytes.len() => {
                bytes[at] = b"*~:^\n0129{}[]\",EBHLST"[dice.below(21) as usize]
            }
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes.splice(at..at, dice.bits().to_le_bytes()).for_each(drop),
        }
    }
    bytes
}

#[test]
fn any_bytes_are_read_without_harm() {
    let examples = [
        interchange("271", &format!("{HEAD}{ACTIVE}HL*4*3*23*0~AAA*N**72*C~")),
        interchange("999", "AK1*HS*905~IK3*NM1*8**8~IK4*9*67*1~AK9*R*1*1*0~"),
        response().to_string(),
    ];
    let mut read = [0; 2];
    for seed in 0..6000 {
        let mut dice = Dice::new(seed);
        let example = &examples[dice.below(3) as usize];
        let bytes = mutate(&mut dice, example);
        if let Ok(answers) = read_answer(&bytes, &asked(&["30", "XX"])) {
            read[0] += 1;
            let _ = answer_to(&answers, "c-17-1").map(Eligibility::spoken);
        }
        if let Ok(answer) = read_response(&bytes, &asked(&["30", "XX"]), "c-17-1") {
            read[1] += 1;
            assert!(!answer.spoken().is_empty(), "seed {seed}");
        }
    }
    assert!(read[0] > 500 && read[1] > 100, "{read:?}");
}

#[test]
fn the_largest_answers_come_to_an_end() {
    for piece in [
        "*",
        "^",
        "~",
        "EB*1**30~",
        "EB*B*IND*30^XX***27*25~",
        "HL*1*1*22~",
        "MSG*a~",
        "LS~",
        "AAA~",
    ] {
        let body = format!("{HEAD}{ACTIVE}{}", piece.repeat(1_900_000 / piece.len()));
        let text = interchange("271", &body);
        let answers = read_answer(text.as_bytes(), &asked(&["30", "XX"]));
        let many = answers.is_err_and(|wrong| wrong.fault == "too many segments");
        assert_eq!(many, piece.contains('~') && piece.len() > 1, "{piece}");
    }
    let deep = "[".repeat(1_000_000);
    assert!(read_response(deep.as_bytes(), &asked(&["30"]), "").is_err());
}

#[test]
fn any_name_is_written_as_a_whole_question() {
    for seed in 0..1000 {
        let mut dice = Dice::new(seed);
        let letters: Vec<char> = "*~:^|\r\n\"a\u{e9}\u{674e}\u{df} '-Z9".chars().collect();
        let name: String = (0..1 + dice.below(80))
            .map(|_| letters[dice.below(letters.len() as u64) as usize])
            .collect();
        let subscriber = Insured { family: Phi::new(name), ..inquiry().subscriber };
        let Ok(written) = write_270(&Inquiry { subscriber, ..inquiry() }, &envelope()) else {
            continue;
        };
        assert_eq!(written.matches('~').count(), 17, "seed {seed}");
        assert!(written.is_ascii() && !written.contains(['\r', '\n', '|']), "seed {seed}");
    }
}
