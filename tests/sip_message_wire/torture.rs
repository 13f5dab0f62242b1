//! The cases of RFC 4475, each by its name there, as far as a parser can tell them apart.

use attendant::base::Purpose;
use attendant::sip::message::{Method, Scheme};

use crate::{INVITE, request, request_of, response, spoilt, verdict, wire};

const SEEN: Purpose = Purpose::Comparison;

/// RFC 4475 §3.1.1.1, wsinv.
const TORTUOUS: &str = "\
INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 9
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=-
";

#[test]
fn a_short_tortuous_invite() {
    let invite = request(TORTUOUS);
    let headers = &invite.headers;
    assert_eq!(invite.method, Method::Invite);
    assert!(invite.uri.params.contains("unknownparam"));
    let to = headers.to().unwrap();
    assert_eq!((to.uri.host.as_str(), to.tag()), ("chair-dnrc.example.com", Some("1918181833n")));
    let from = headers.from().unwrap();
    assert_eq!(from.display.as_ref().unwrap().reveal(SEEN), r#"J Rosenberg \""#);
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(headers.max_forwards(), Some(68));
    assert_eq!(headers.cseq().unwrap().number, 9);
    assert_eq!(headers.get("Subject"), Some(""));
    assert_eq!(
        headers.get("newfangledheader"),
        Some("newfangled value continued newfangled value")
    );
    let vias = headers.vias();
    let seen: Vec<_> = vias.iter().map(|via| (via.transport.as_str(), via.branch())).collect();
    assert_eq!(
        seen,
        [("UDP", Some("390skdjuw")), ("TCP", Some("z9hG4bK9ikj8")), ("UDP", Some("z9hG4bK30239"))]
    );
    assert!(!vias[0].has_modern_branch() && vias[1].has_modern_branch());
    assert_eq!(headers.routes()[0].uri.params.get("unknownwith"), Some("value"));
    let contact = &headers.contacts()[0];
    assert_eq!(contact.display.as_ref().unwrap().reveal(SEEN), r#"Quoted string """#);
    assert_eq!(
        (contact.params.get("newparam"), contact.params.get("q")),
        (Some("newvalue"), Some("0.33"))
    );
    assert_eq!(invite.body, b"v=0\r\no=-\r");
}

/// §3.1.1.2, intmeth: every character that a method, a user part and a header name may hold.
#[test]
fn the_wide_range_of_valid_characters() {
    let text = "\
!interesting-Method0123456789_*+`.%indeed'~ \
sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: \"BEL:\\\u{7} NUL:\\ DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~:\u{fe6}\u{fe7}

";
    // A control byte is legal where a backslash escapes it inside quotes. The name loses it.
    assert_eq!(verdict(&wire(&text.replace("BEL:\\", "BEL:"))), "400");
    let plain = request(text);
    let name = plain.headers.to().unwrap().display.unwrap();
    assert_eq!(name.reveal(SEEN), "BEL: NUL: DEL:\u{7f}");
    assert_eq!(plain.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(
        plain.uri.user.as_ref().unwrap().reveal(SEEN),
        "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    );
    assert_eq!(
        plain.uri.password.as_ref().unwrap().reveal(SEEN),
        "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    );
    assert_eq!(plain.uri.host, "example.com");
    assert_eq!(plain.headers.from().unwrap().tag(), Some("_token~1'+`*%!-."));
    assert_eq!(plain.headers.get("extensionheader-!.%*+_`'~"), Some("\u{fe6}\u{fe7}"));
}

/// §3.1.1.3 esc01, §3.1.1.4 escnull, §3.1.1.5 esc02.
#[test]
fn percent_signs() {
    let escaped = request_of(&spoilt(
        "sip:user@example.com SIP",
        "sip:sips%3Auser%40example.com@example.net SIP",
    ));
    assert_eq!(escaped.uri.number().unwrap().reveal(SEEN), "sips:user@example.com");
    assert_eq!(escaped.uri.host, "example.net");
    let null = request_of(&spoilt("<sip:user@", "<sip:null-%00-null@"));
    let to = null.headers.to().unwrap();
    assert_eq!(to.uri.number().unwrap().reveal(SEEN), "null-\0-null");
    assert!(to.to_wire().contains("null-%00-null"));
    let method = INVITE.replace("INVITE", "RE%47IST%45R");
    assert_eq!(request(&method).method, Method::Other("RE%47IST%45R".into()));
}

/// §3.1.1.6, lwsdisp.
#[test]
fn no_space_before_the_bracket() {
    let message = request_of(&spoilt("\"Caller\" <", "caller<"));
    assert_eq!(message.headers.from().unwrap().display.unwrap().reveal(SEEN), "caller");
}

/// §3.1.1.7, longreq: long, and still within every limit.
#[test]
fn long_values() {
    let long = "longvalue".repeat(60);
    let text = INVITE
        .replace(
            "sip:user@example.com>",
            &format!("sip:user@example.com>;unknownheaderparamname={long}"),
        )
        .replace("user@example.com SIP", &format!("user{long}@example.com SIP"))
        .replace("Contact:", &format!("{long}: {long}\nContact:"));
    let message = request(&text);
    assert_eq!(message.headers.get(&long), Some(long.as_str()));
    assert_eq!(
        message.headers.to().unwrap().params.get("unknownheaderparamname"),
        Some(long.as_str())
    );
}

/// §3.1.1.8, dblreq: what follows the body in a datagram is not ours.
#[test]
fn extra_octets_are_cut() {
    let bytes = [wire(INVITE), wire(INVITE)].concat();
    assert_eq!(request_of(&bytes).body, b"v=0\r");
}

/// §3.1.1.9, semiuri.
#[test]
fn semicolons_in_the_user_part() {
    let text = "sip:user;par=u%40example.net@example.com";
    let message = request_of(&spoilt("sip:user@example.com", text));
    assert_eq!(message.uri.user.as_ref().unwrap().reveal(SEEN), "user;par=u%40example.net");
    assert_eq!(message.uri.number().unwrap().reveal(SEEN), "user");
    assert_eq!(message.uri.to_wire(), text);
}

/// §3.1.1.10, transports.
#[test]
fn varied_and_unknown_transports() {
    let vias = "Via: SIP/2.0/TLS t2;branch=z9hG4bK2\nVia: SIP/2.0/unknownTRANSPORT t3;branch=z9hG4bK3, \
                SIP/2.0/SCTP t4;branch=z9hG4bK4\nMax-Forwards:";
    let message = request_of(&spoilt("Max-Forwards:", vias));
    let transports: Vec<_> = message.headers.vias().into_iter().map(|via| via.transport).collect();
    assert_eq!(transports, ["UDP", "TLS", "UNKNOWNTRANSPORT", "SCTP"]);
}

const RINGING: &str = "\
SIP/2.0 180 Ringing
Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: noreason.asndj203insdf99223ndf
CSeq: 35 INVITE
From: <sip:user@example.com>;tag=39ansfi3
To: <sip:user@example.edu>;tag=902jndnke3
Content-Length: 0

";

/// §3.1.1.12 unreason, §3.1.1.13 noreason, §3.1.2.19 bigcode, §3.1.2.5 scalarlg.
#[test]
fn status_lines() {
    let status = |line: &str| RINGING.replace("SIP/2.0 180 Ringing", line);
    let odd = "= 2**3 * 5**2 но сто девяносто девять - простое";
    assert_eq!(response(&status(&format!("SIP/2.0 200 {odd}"))).phrase, odd);
    assert_eq!(response(&status("SIP/2.0 100 ")).phrase, "");
    assert_eq!(response(&status("SIP/2.0 100")).status, 100);
    for line in [
        "SIP/2.0 4294967301 better not break",
        "SIP/2.0 099 x",
        "SIP/2.0 700 x",
        "SIP/3.0 200 OK",
        "SIP/2.0",
    ] {
        assert_eq!(verdict(&wire(&status(line))), "drop", "{line}");
    }
    assert_eq!(
        verdict(&wire(&RINGING.replace("35 INVITE", "9292394834772304023312 INVITE"))),
        "drop"
    );
}

/// §3.1.2: what must be refused, and with what.
#[test]
fn invalid_messages() {
    for (name, from, to, expected) in [
        ("badinv01, Via", ":5060;branch", ";;,;,,branch", "400"),
        ("a Via without sender", "192.0.2.1:5060;branch", ";branch", "drop"),
        ("badinv01, Contact", "<sip:caller@192.0.2.1>", "\"Joe\" <sip:joe@example.org>;;;;", "400"),
        ("badinv01, list", "<sip:caller@192.0.2.1>", "<sip:a@b>, , <sip:c@d>", "400"),
        ("clerr", "Length: 4", "Length: 9999", "400"),
        ("ncl", "Length: 4", "Length: -999", "400"),
        ("a length in hexadecimal", "Length: 4", "Length: 0x4", "400"),
        ("scalar02", "CSeq: 8", "CSeq: 36893488147419103232", "400"),
        ("quotbal", "\"Caller\"", "\"Mr. J. User", "400"),
        ("ltgtruri", "sip:user@example.com SIP", "<sip:user@example.com> SIP", "400"),
        ("lwsruri", "sip:user@example.com SIP", "sip:user@example.com; lr SIP", "400"),
        ("lwsstart", "INVITE sip:user@example.com SIP", "INVITE  sip:user@example.com  SIP", "400"),
        ("trws", "example.com SIP/2.0", "example.com SIP/2.0  ", "400"),
        ("escruri", "example.com SIP", "example.com?Route=%3Csip:example.com%3E SIP", "400"),
        (
            "regbadct",
            "<sip:caller@192.0.2.1>",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            "400",
        ),
        (
            "badaspec",
            "<sip:user@example.com>",
            "\"Watson, Thomas\" < sip:t.watson@example.org >",
            "400",
        ),
        ("badvers", "SIP/2.0\n", "SIP/7.0\n", "505"),
        ("mismatch01", "8 INVITE", "8 OPTIONS", "400"),
        ("mismatch, a new method in CSeq", "8 INVITE", "8 NEWMETHOD", "400"),
        ("mismatch02", "INVITE sip", "NEWMETHOD sip", "501"),
        ("insuf, Call-ID", "Call-ID: plain.0ha0isndaksdj@192.0.2.1\n", "", "400"),
        ("insuf, From", "From:", "X-From:", "400"),
        ("insuf, To", "To:", "X-To:", "400"),
        ("insuf, CSeq", "CSeq:", "X-CSeq:", "400"),
        ("insuf, Via", "Via:", "X-Via:", "drop"),
        ("multi01, CSeq", "CSeq: 8 INVITE", "CSeq: 8 INVITE\nCSeq: 59 INVITE", "400"),
        ("multi01, Call-ID", "CSeq: 8", "i: another\nCSeq: 8", "400"),
        ("multi01, From", "To:", "f: <sip:other@example.com>;tag=1\nTo:", "400"),
        ("multi01, To", "Call-ID:", "t: <sip:other@example.com>\nCall-ID:", "400"),
        ("multi01, Max-Forwards", "Max-Forwards: 70", "Max-Forwards: 70\nMax-Forwards: 5", "400"),
        ("mcl01", "Length: 4", "Length: 4\nl: 3", "400"),
        ("not SIP", "SIP/2.0\n", "HTTP/1.1\n", "drop"),
        ("no version", " SIP/2.0\n", "\n", "drop"),
        ("no host", "sip:user@example.com SIP", "sip: SIP", "400"),
        ("an unbracketed IPv6 host", "user@example.com SIP", "user@2001:db8::1 SIP", "400"),
        ("a second @", "user@example.com SIP", "user@example.com@example.net SIP", "400"),
        ("a broken Route", "Contact:", "Route: <sip:a\nContact:", "400"),
        ("a line that is no header", "Contact:", "Contact\nContact:", "400"),
        ("a fold before the first header", "Via:", " folded\nVia:", "400"),
        ("a space before the first header", "Via:", " Via:", "drop"),
        ("no From tag is RFC 2543", ";tag=134161461246", "", "ok"),
        ("baddn", "\"Caller\"", "Bell, Alexander", "ok"),
        ("two equal lengths", "Length: 4", "Length: 4\nl: 4", "ok"),
    ] {
        assert_eq!(verdict(&spoilt(from, to)), expected, "{name}");
    }
}

/// §3.1.2.15 and others: a NUL, a bare CR, an escape in a value. None of them may reach a log.
#[test]
fn control_bytes_are_refused() {
    for control in ["\0", "\u{1}", "\r", "\u{1b}[2J", "\u{8}"] {
        assert_eq!(
            verdict(&spoilt("Max-Forwards:", &format!("Subject: a{control}b\nMax-Forwards:"))),
            "400"
        );
    }
    assert_eq!(verdict(&spoilt("Max-Forwards:", "Subject: a\tb\nMax-Forwards:")), "ok");
}

/// §3.2.1, badbranch: the cookie alone names no transaction.
#[test]
fn a_branch_of_the_cookie_alone() {
    let message = request_of(&spoilt("z9hG4bKkdjuw", "z9hG4bK"));
    assert!(!message.headers.top_via().unwrap().has_modern_branch());
}

/// §3.3.2 unkscm, §3.3.3 novelsc, §3.3.4 unksm2: read, so that the user agent can answer 416.
#[test]
fn other_schemes() {
    let scheme = |uri: &str| {
        request_of(&spoilt("sip:user@example.com SIP", &format!("{uri} SIP"))).uri.scheme
    };
    assert_eq!(
        scheme("nobodyKnowsThisScheme:totallyopaquecontent"),
        Scheme::Other("nobodyknowsthisscheme".into())
    );
    assert_eq!(scheme("soap.beep://192.0.2.103:3002"), Scheme::Other("soap.beep".into()));
    assert_eq!(scheme("tel:+1-303-555-0100"), Scheme::Tel);
    let to = request_of(&spoilt("<sip:user@example.com>", "isbn:2983792873"));
    assert_eq!(to.headers.to().unwrap().uri.to_wire(), "isbn:2983792873");
}

/// §3.3.8 bcast, §3.3.9 zeromf: read, and left to the user agent.
#[test]
fn odd_but_readable() {
    assert_eq!(request_of(&spoilt("Forwards: 70", "Forwards: 0")).headers.max_forwards(), Some(0));
    assert_eq!(
        request_of(&spoilt("Forwards: 70", "Forwards: 300")).headers.max_forwards(),
        Some(255)
    );
    let broadcast = "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\nCall-ID";
    let answer = response(&RINGING.replace("Call-ID", broadcast));
    assert_eq!(answer.headers.vias()[1].host, "255.255.255.255");
}

/// §3.4.1, inv2543: no branch, no Max-Forwards, no tag, a URI without brackets.
#[test]
fn an_invite_of_rfc_2543() {
    let text = "\
INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
";
    let invite = request(text);
    assert_eq!(invite.headers.top_via().unwrap().branch(), None);
    assert_eq!(invite.headers.to().unwrap().params.get("user"), Some("phone"));
    assert_eq!(invite.headers.from().unwrap().uri.params.get("user"), Some("phone"));
    assert_eq!(invite.body, b"v=0\r\n");
}

/// RFC 5118 §4.
#[test]
fn ipv6() {
    let text = INVITE
        .replace("192.0.2.1:5060", "[2001:db8::9:1]:6050")
        .replace("sip:user@example.com SIP", "sip:[2001:db8::10]:5070 SIP")
        .replace(";rport", ";received=[2001:db8::9:255];rport")
        .replace("<sip:caller@192.0.2.1>", "<sip:caller@[2001:db8::1]>");
    let message = request(&text);
    assert_eq!((message.uri.host.as_str(), message.uri.port), ("2001:db8::10", Some(5070)));
    assert_eq!(message.uri.to_wire(), "sip:[2001:db8::10]:5070");
    let via = message.headers.top_via().unwrap();
    assert_eq!((via.host.as_str(), via.port), ("2001:db8::9:1", Some(6050)));
    assert_eq!(via.received(), "2001:db8::9:255".parse().ok());
    assert_eq!(message.headers.contacts()[0].uri.host_ip(), "2001:db8::1".parse().ok());
    for bad in ["sip:[2001:db8::10", "sip:[::1]x", "sip:[example.com]", "sip:[::1]:"] {
        assert_eq!(
            verdict(&spoilt("sip:user@example.com SIP", &format!("{bad} SIP"))),
            "400",
            "{bad}"
        );
    }
}

/// A line may end in LF alone, and line ends may come before the message (RFC 3261 §7.5).
#[test]
fn line_ends() {
    assert_eq!(verdict(INVITE.as_bytes()), "ok");
    assert_eq!(verdict(&[b"\r\n\r\n".to_vec(), wire(INVITE)].concat()), "ok");
    let cut = wire(INVITE);
    let end = cut.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert_eq!(verdict(&cut[..end + 2]), "400");
    for nothing in [&b""[..], b"\r\n", b"\r\n\r\n", b"\0\0\0\0", b"INVITE", b"\r\n \r\n"] {
        assert_eq!(verdict(nothing), "drop");
    }
}

/// An ACK is never answered (RFC 3261 §17.1.1.3), a response neither.
#[test]
fn faults_that_nothing_answers() {
    let ack = INVITE.replace("INVITE", "ACK");
    assert_eq!(verdict(&wire(&ack)), "ok");
    assert_eq!(verdict(&wire(&ack.replace("Call-ID", "X-Call-ID"))), "drop");
    assert_eq!(verdict(&wire(&RINGING.replace("Call-ID", "X-Call-ID"))), "drop");
    // A registrar lists what others wrote: what can be read counts.
    let listed = response(
        &RINGING.replace("Content-", "Contact: <sip:bad, <sip:good@b>\nm: <sip:c@d>\nContent-"),
    );
    assert_eq!(listed.headers.len(), 8);
}
