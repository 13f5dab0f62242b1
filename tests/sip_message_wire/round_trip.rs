//! Whatever we build and can write, we read back the same.

use attendant::base::Phi;
use attendant::sip::message::{
    Headers, Message, Method, NameAddr, Params, Request, Response, Scheme, Uri,
};
use proptest::prelude::*;

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        (0..Method::KNOWN.len()).prop_map(|at| Method::KNOWN[at].clone()),
        "[A-Za-z0-9.!%*_+`'~-]{1,12}"
            .prop_filter("SIP/ begins a response", |m| m != "SIP")
            .prop_map(|token| Method::parse(&token).unwrap()),
    ]
}

fn params() -> impl Strategy<Value = Params> {
    let value = prop_oneof![
        Just(None),
        "[a-zA-Z0-9.:/%+-]{0,12}".prop_map(Some),
        "\"[a-zA-Z ;,<>=?@é]{0,12}\"".prop_map(Some),
    ];
    proptest::collection::vec(("[a-z+][a-z0-9.-]{0,8}", value), 0..5).prop_map(|pairs| {
        let mut params = Params::default();
        for (name, value) in pairs {
            params.set(&name, value.as_deref());
        }
        params
    })
}

fn uri_params() -> impl Strategy<Value = Params> {
    proptest::collection::vec(
        ("[a-z][a-z0-9-]{0,8}", proptest::option::of("[a-z0-9.%+:&$-]{0,9}")),
        0..4,
    )
    .prop_map(|pairs| {
        let mut params = Params::default();
        for (name, value) in pairs {
            params.set(&name, value.as_deref());
        }
        params
    })
}

fn uri() -> impl Strategy<Value = Uri> {
    let host = prop_oneof![
        "[a-z0-9][a-z0-9.-]{0,20}",
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
    ];
    let sip =
        (proptest::option::of(".{1,16}"), host, any::<Option<u16>>(), uri_params(), any::<bool>())
            .prop_map(|(user, host, port, params, secure)| Uri {
                scheme: if secure { Scheme::Sips } else { Scheme::Sip },
                params,
                ..Uri::sip(user.as_deref(), &host, port)
            });
    let tel = ("[+]?[0-9*#.-]{1,15}", uri_params()).prop_map(|(number, params)| Uri {
        scheme: Scheme::Tel,
        user: Some(Phi::new(number)),
        params,
        ..Uri::default()
    });
    prop_oneof![4 => sip, 1 => tel]
}

fn name_addr() -> impl Strategy<Value = NameAddr> {
    (proptest::option::of("[^\\x00-\\x1f]{1,24}"), uri(), params())
        .prop_map(|(display, uri, params)| NameAddr { display: display.map(Phi::new), uri, params })
}

fn headers(method: String) -> impl Strategy<Value = Headers> {
    let others = proptest::collection::vec(
        ("X-[A-Za-z0-9]{1,8}|User-Agent|Subscription-State|Refer-To", "[^\\x00-\\x1f\\x7f]{0,30}"),
        0..6,
    );
    let sip_only = |address: &NameAddr| !address.to_wire().is_empty();
    (name_addr().prop_filter("any", sip_only), name_addr(), "[!-~]{1,30}", any::<u32>(), others)
        .prop_map(move |(from, to, call_id, number, others)| {
            let mut headers = Headers::default();
            headers.push("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1");
            headers.push("From", from.to_wire());
            headers.push("To", to.to_wire());
            headers.push("Call-ID", call_id);
            headers.push("CSeq", format!("{number} {method}"));
            for (name, value) in others {
                headers.push(&name, value);
            }
            headers
        })
}

fn request() -> impl Strategy<Value = Request> {
    let body = proptest::collection::vec(any::<u8>(), 0..64);
    (method(), uri(), body)
        .prop_flat_map(|(method, uri, body)| {
            (Just(method.clone()), Just(uri), headers(method.to_string()), Just(body))
        })
        .prop_map(|(method, uri, headers, body)| Request { method, uri, headers, body })
}

fn response() -> impl Strategy<Value = Response> {
    let body = proptest::collection::vec(any::<u8>(), 0..64);
    (100..700_u16, "[^\\x00-\\x1f]{0,20}", headers("INVITE".into()), body)
        .prop_map(|(status, phrase, headers, body)| Response { status, phrase, headers, body })
}

/// Reads back what was written, and takes out the length that writing added.
fn read_back(bytes: &[u8]) -> Message {
    let mut message = Message::parse(bytes).unwrap();
    let (headers, body) = match &mut message {
        Message::Request(request) => (&mut request.headers, &request.body),
        Message::Response(response) => (&mut response.headers, &response.body),
    };
    assert_eq!(headers.get("Content-Length"), Some(body.len().to_string().as_str()));
    headers.remove("Content-Length");
    message
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_round_trip(request in request()) {
        let bytes = request.to_bytes().unwrap();
        prop_assert_eq!(read_back(&bytes), Message::Request(request), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn responses_round_trip(response in response()) {
        let bytes = response.to_bytes().unwrap();
        prop_assert_eq!(read_back(&bytes), Message::Response(response), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn addresses_round_trip(address in name_addr()) {
        let wire = address.to_wire();
        prop_assert_eq!(NameAddr::parse(&wire), Ok(address), "{}", wire);
    }

    #[test]
    fn a_user_part_survives_escaping(user in ".{1,24}") {
        let uri = Uri::sip(Some(&user), "pbx", Some(5060));
        prop_assert_eq!(Uri::parse(&uri.to_wire()), Ok(uri));
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        attendant::fuzzing::sip_message(&bytes);
        attendant::fuzzing::sip_field(&bytes);
    }
}
