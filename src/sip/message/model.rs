//! Our messages as `rsip`'s: for code that speaks that model. Nothing is parsed or printed here.

use rsip::{
    Auth, Header, Host, HostWithPort, Method as RsipMethod, Param, Scheme as RsipScheme,
    StatusCode, Transport, Uri as RsipUri, Version,
};

use super::headers::Headers;
use super::method::Method;
use super::packet::{Request, Response};
use super::uri::{Scheme, Uri};
use crate::base::Purpose;

impl Request {
    /// Returns the request in `rsip`'s model. `None` where that model has no word for it: another
    /// method than its fourteen, a URI of another scheme than `sip` and `sips`, or with headers.
    pub fn to_model(&self) -> Option<rsip::Request> {
        Some(rsip::Request {
            method: method(&self.method)?,
            uri: uri(&self.uri)?,
            version: Version::V2,
            headers: headers(&self.headers),
            body: self.body.clone(),
        })
    }
}

impl Response {
    /// Returns the response in `rsip`'s model, which forgets the phrase of a code it knows.
    pub fn to_model(&self) -> rsip::Response {
        let status_code = match StatusCode::from(self.status) {
            StatusCode::Other(code, _) => StatusCode::Other(code, self.phrase.clone()),
            known => known,
        };
        rsip::Response {
            status_code,
            version: Version::V2,
            headers: headers(&self.headers),
            body: self.body.clone(),
        }
    }
}

fn headers(headers: &Headers) -> rsip::Headers {
    let fields: Vec<Header> = headers.0.iter().map(|field| field.header.clone()).collect();
    fields.into()
}

fn method(method: &Method) -> Option<RsipMethod> {
    Some(match method {
        Method::Ack => RsipMethod::Ack,
        Method::Bye => RsipMethod::Bye,
        Method::Cancel => RsipMethod::Cancel,
        Method::Info => RsipMethod::Info,
        Method::Invite => RsipMethod::Invite,
        Method::Message => RsipMethod::Message,
        Method::Notify => RsipMethod::Notify,
        Method::Options => RsipMethod::Options,
        Method::Prack => RsipMethod::PRack,
        Method::Publish => RsipMethod::Publish,
        Method::Refer => RsipMethod::Refer,
        Method::Register => RsipMethod::Register,
        Method::Subscribe => RsipMethod::Subscribe,
        Method::Update => RsipMethod::Update,
        Method::Other(_) => return None,
    })
}

fn uri(uri: &Uri) -> Option<RsipUri> {
    let scheme = match &uri.scheme {
        Scheme::Sip => RsipScheme::Sip,
        Scheme::Sips => RsipScheme::Sips,
        Scheme::Tel | Scheme::Other(_) => return None,
    };
    if !uri.headers.is_empty() {
        return None;
    }
    let password =
        uri.password.as_ref().map(|password| password.reveal(Purpose::Signalling).clone());
    let host = match uri.host_ip() {
        Some(address) => Host::IpAddr(address),
        None => Host::Domain(uri.host.clone().into()),
    };
    Some(RsipUri {
        scheme: Some(scheme),
        auth: uri
            .user
            .as_ref()
            .map(|user| Auth { user: user.reveal(Purpose::Signalling).clone(), password }),
        host_with_port: HostWithPort { host, port: uri.port.map(Into::into) },
        params: uri.params.iter().map(|(name, value)| param(name, value)).collect(),
        headers: Vec::new(),
    })
}

fn param(name: &str, value: Option<&str>) -> Param {
    let known = Transport::all().into_iter().find(|transport| {
        value.is_some_and(|value| format!("{transport}").eq_ignore_ascii_case(value))
    });
    match (name.to_ascii_lowercase().as_str(), known) {
        ("transport", Some(transport)) => Param::Transport(transport),
        ("lr", _) if value.is_none() => Param::Lr,
        _ => Param::Other(name.into(), value.map(Into::into)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Message;

    fn request(uri: &str, method: &str) -> Request {
        let text = format!(
            "{method} {uri} SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b\r\n\
             f: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\ni: 1\r\nCSeq: 1 {method}\r\n\
             Subscription-State: active\r\nX-Handoff-Id: 7\r\nl: 2\r\n\r\nhi"
        );
        match Message::parse(text.as_bytes()) {
            Ok(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_in_the_model() {
        let ours = request("sip:john.doe:pw@[2001:db8::1]:5061;transport=tcp;lr;x=1", "INVITE");
        let theirs = ours.to_model().unwrap();
        assert_eq!(theirs.method, RsipMethod::Invite);
        assert_eq!(theirs.uri.user(), Some("john.doe"));
        assert_eq!(theirs.uri.host(), &Host::IpAddr("2001:db8::1".parse().unwrap()));
        assert_eq!(theirs.uri.port(), Some(&5061.into()));
        assert_eq!(theirs.uri.transport(), Some(&Transport::Tcp));
        assert_eq!(theirs.uri.params[1..], [Param::Lr, Param::Other("x".into(), Some("1".into()))]);
        assert_eq!(theirs.body, b"hi");
        let fields: Vec<Header> = theirs.headers.into();
        assert_eq!(fields[0], Header::Via("SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b".into()));
        assert_eq!(fields[5], Header::SubscriptionState("active".into()));
        assert_eq!(fields[6], Header::Other("X-Handoff-Id".into(), "7".into()));
    }

    #[test]
    fn what_the_model_has_no_word_for() {
        assert_eq!(request("sip:a", "PING").to_model(), None);
        assert_eq!(request("tel:+15550100", "INVITE").to_model(), None);
        assert!(request("sip:a", "PRACK").to_model().is_some());
    }

    #[test]
    fn a_response_in_the_model() {
        let response = |status, phrase| Response::new(status, Some(phrase)).to_model().status_code;
        assert_eq!(response(486, "On leave"), StatusCode::BusyHere);
        assert_eq!(response(599, "On leave"), StatusCode::Other(599, "On leave".into()));
    }
}
