//! WebSockets to vendors (RFC 6455), over TLS where the address says so.

use std::fmt::Write as _;
use std::sync::Arc;

use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::fault::Fault;
use super::network::CONNECT;
use crate::ops::VendorFault;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The longest message that is read: ten seconds of sound in base 64 are 430 kB.
const LONGEST: usize = 1 << 20;

/// Connects. The header's value is a secret, and so marked.
pub(super) async fn connect(
    tls: Arc<ClientConfig>,
    url: &str,
    header: Option<(&'static str, String)>,
) -> Result<Socket, Fault> {
    let mut request = url.into_client_request().map_err(|_| VendorFault::Rejected)?;
    if let Some((name, value)) = header {
        let mut value = HeaderValue::from_str(&value).map_err(|_| VendorFault::Denied)?;
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST))
        .read_buffer_size(16 << 10)
        .write_buffer_size(0);
    let connecting = tokio_tungstenite::connect_async_tls_with_config(
        request,
        Some(config),
        true,
        Some(Connector::Rustls(tls)),
    );
    match timeout(CONNECT, connecting).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(VendorFault::Unreachable.into()),
    }
}

/// Reads why a socket could not be opened, or did not go on.
pub(super) fn fault(error: &Error) -> Fault {
    match error {
        Error::Http(answer) => {
            let retry = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
            Fault::of_status(answer.status().as_u16(), retry)
        }
        Error::ConnectionClosed | Error::AlreadyClosed => VendorFault::Cut.into(),
        Error::Io(error) => match error.kind() {
            std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::ConnectionReset
            | std::io::ErrorKind::BrokenPipe => VendorFault::Cut.into(),
            _ => VendorFault::Unreachable.into(),
        },
        Error::Tls(_) | Error::Url(_) => VendorFault::Unreachable.into(),
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
            | tokio_tungstenite::tungstenite::error::ProtocolError::HandshakeIncomplete,
        ) => VendorFault::Cut.into(),
        _ => VendorFault::Garbled.into(),
    }
}

/// Adds parameters to an address (RFC 3986 §3.4).
pub(super) fn with_query<'a>(
    url: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut url = url.to_owned();
    for (name, value) in parameters {
        url.push(if url.contains('?') { '&' } else { '?' });
        let _ = write!(url, "{name}={}", encoded(value));
    }
    url
}

/// Adds to the path of an address, before its parameters.
pub(super) fn with_path(url: &str, path: &str) -> String {
    match url.split_once('?') {
        Some((before, query)) => format!("{}{path}?{query}", before.trim_end_matches('/')),
        None => format!("{}{path}", url.trim_end_matches('/')),
    }
}

/// Writes a text so that it may stand in a path or a query.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(byte.into());
            }
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_to_what_is_there() {
        let url = with_query("wss://h/v1?mip_opt_out=true", [("a", "Dr. Núñez & x"), ("b", "1")]);
        assert_eq!(url, "wss://h/v1?mip_opt_out=true&a=Dr.%20N%C3%BA%C3%B1ez%20%26%20x&b=1");
        assert_eq!(with_query("wss://h", [("a", "b")]), "wss://h?a=b");
        let url = with_path("wss://h/v1/?enable_logging=false", "/ada/stream-input");
        assert_eq!(url, "wss://h/v1/ada/stream-input?enable_logging=false");
        assert_eq!(with_query(&url, [("a", "b")]), format!("{url}&a=b"));
        assert_eq!(with_path("https://h/v1", "/audio/speech"), "https://h/v1/audio/speech");
    }
}
