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
    let wire = Purpose::Signalling;
    let password = uri.password.as_ref().map(|password| password.reveal(wire).clone());
    let host = match uri.host_ip() {
        Some(address) => Host::IpAddr(address),
        None => Host::Domain(uri.host.clone().into()),
    };
    Some(RsipUri {
        scheme: Some(scheme),
        auth: uri.user.as_ref().map(|user| Auth { user: user.reveal(wire).clone(), password }),
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
