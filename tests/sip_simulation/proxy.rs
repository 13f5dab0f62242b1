//! A proxy that stays in the path of what it passes on, and rings several telephones at once. It
//! works on lines of text, and repeats nothing of its own accord: both ends must live with that.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What it does with a message: bytes to an address.
pub(crate) type Sends = Vec<(SocketAddr, Vec<u8>)>;

/// The proxy.
pub(crate) struct Proxy {
    address: SocketAddr,
    /// Routes as RFC 2543 had it: the next hop stands in the Request-URI.
    strict: bool,
    /// Where the answer to each branch of ours goes.
    back: BTreeMap<String, SocketAddr>,
    /// Calls to the group, by the caller's branch.
    groups: BTreeMap<String, Group>,
    /// Branches of ours that belong to a group.
    members: BTreeMap<String, String>,
}

#[derive(Default)]
struct Group {
    /// Our branches, what went out on each, where, and how it ended.
    forks: Vec<(String, String, SocketAddr, Option<u16>)>,
    won: bool,
}

impl Proxy {
    pub(crate) fn new(address: SocketAddr, strict: bool) -> Self {
        let (back, groups, members) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { address, strict, back, groups, members }
    }

    /// Takes a message from `source`. A call to the group rings at all of `phones`.
    pub(crate) fn pass(
        &mut self,
        source: SocketAddr,
        bytes: &[u8],
        phones: &[SocketAddr],
    ) -> Sends {
        let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
        let Some(branch) = branch(text) else { return Vec::new() };
        match text.starts_with("SIP/2.0 ") {
            true => self.response(text, &branch),
            false => self.request(source, text, &branch, phones),
        }
    }

    fn request(
        &mut self,
        source: SocketAddr,
        text: &str,
        branch: &str,
        phones: &[SocketAddr],
    ) -> Sends {
        let method = text.split(' ').next().unwrap_or_default();
        if let Some(group) = self.groups.get(branch) {
            return match method {
                // The refusal that it acknowledges was acknowledged by us on the other side.
                "ACK" => Vec::new(),
                "CANCEL" => {
                    let mut sends = cancels(group);
                    sends.push((source, (answer(text, "200 OK", "") + "\r\n").into_bytes()));
                    sends
                }
                _ => {
                    let open = group.forks.iter().filter(|(.., ended)| ended.is_none());
                    let again = open.map(|(_, text, to, _)| (*to, text.clone().into_bytes()));
                    again.chain([trying(source, text)]).collect()
                }
            };
        }
        let outside = header(text, "To").is_none_or(|to| !to.contains(";tag="));
        if method == "INVITE" && outside {
            return self.ring(source, text, branch, phones);
        }
        let Some((next, text)) = self.routed(text) else { return Vec::new() };
        let own = format!("z9hG4bKpx{branch}");
        self.back.insert(own.clone(), source);
        vec![(next, self.marked(&text, &own, false).into_bytes())]
    }

    /// Sends a call to every phone.
    fn ring(
        &mut self,
        source: SocketAddr,
        text: &str,
        branch: &str,
        phones: &[SocketAddr],
    ) -> Sends {
        let mut group = Group::default();
        for (index, phone) in phones.iter().enumerate() {
            let own = format!("z9hG4bKfork{index}{branch}");
            self.back.insert(own.clone(), source);
            self.members.insert(own.clone(), branch.to_owned());
            let target = format!("sip:100@{phone}");
            let text = self.marked(&with_target(text, &target), &own, true);
            group.forks.push((own, text, *phone, None));
        }
        let sends = group.forks.iter().map(|(_, text, to, _)| (*to, text.clone().into_bytes()));
        let sends = sends.chain([trying(source, text)]).collect();
        self.groups.insert(branch.to_owned(), group);
        sends
    }

    fn response(&mut self, text: &str, branch: &str) -> Sends {
        let Some(back) = self.back.get(branch).copied() else { return Vec::new() };
        let status: u16 = text.get(8..11).and_then(|code| code.parse().ok()).unwrap_or(0);
        let invite = header(text, "CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"));
        let group = self.members.get(branch).and_then(|caller| self.groups.get_mut(caller));
        let forward = without_first(text, "Via").into_bytes();
        let Some(group) = group else { return vec![(back, forward)] };
        if !invite || status == 100 {
            return Vec::new();
        }
        if status < 200 {
            return vec![(back, forward)];
        }
        let Some(fork) = group.forks.iter_mut().find(|(own, ..)| own == branch) else {
            return Vec::new();
        };
        let news = fork.3.replace(status).is_none();
        if status < 300 {
            let mut sends = vec![(back, forward)];
            if !std::mem::replace(&mut group.won, true) {
                sends.extend(cancels(group));
            }
            return sends;
        }
        let to = header(text, "To").unwrap_or_default();
        let mut sends = vec![(fork.2, acknowledge(&fork.1, to).into_bytes())];
        if news && !group.won && group.forks.iter().all(|(.., ended)| ended.is_some()) {
            sends.push((back, forward));
        }
        sends
    }

    /// Finds the next hop, and takes our own Route off.
    fn routed(&self, text: &str) -> Option<(SocketAddr, String)> {
        let own = format!("{}", self.address);
        let target = text.split(' ').nth(1)?;
        let mut text = text.to_owned();
        if target.contains(&own) {
            // Strict routing: the target is the last Route.
            let last = text.lines().rfind(|line| line.starts_with("Route:"))?.to_owned();
            let target =
                last.trim_start_matches("Route:").trim().trim_matches(['<', '>']).to_owned();
            text = text.replacen(&format!("{last}\r\n"), "", 1);
            text = with_target(&text, &target);
        } else if header(&text, "Route").is_some_and(|route| route.contains(&own)) {
            text = without_first(&text, "Route");
        }
        let next = header(&text, "Route").unwrap_or(text.split(' ').nth(1)?);
        Some((address(next)?, text))
    }

    /// Puts our Via on, and our Record-Route where a dialog may begin.
    fn marked(&self, text: &str, branch: &str, record: bool) -> String {
        let lr = if self.strict { "" } else { ";lr" };
        let mut lines = format!("Via: SIP/2.0/UDP {};branch={branch}\r\n", self.address);
        if record {
            lines.push_str(&format!("Record-Route: <sip:{}{lr}>\r\n", self.address));
        }
        let end = text.find("\r\n").map_or(text.len(), |at| at + 2);
        format!("{}{lines}{}", &text[..end], &text[end..])
    }
}

fn trying(source: SocketAddr, invite: &str) -> (SocketAddr, Vec<u8>) {
    let text = answer(invite, "100 Trying", "") + "Content-Length: 0\r\n\r\n";
    (source, text.into_bytes())
}

/// Calls off what has not been answered.
fn cancels(group: &Group) -> Sends {
    let open = group.forks.iter().filter(|(.., ended)| ended.is_none());
    open.map(|(_, invite, to, _)| (*to, like(invite, "CANCEL", None).into_bytes())).collect()
}

fn acknowledge(invite: &str, to: &str) -> String {
    like(invite, "ACK", Some(to))
}

/// A request about an INVITE: its target, top Via, From, To, Call-ID and number.
fn like(invite: &str, method: &str, to: Option<&str>) -> String {
    let target = invite.split(' ').nth(1).unwrap_or_default();
    let number = header(invite, "CSeq").and_then(|cseq| cseq.split(' ').next()).unwrap_or("1");
    let mut text = format!("{method} {target} SIP/2.0\r\n");
    for name in ["Via", "From", "Call-ID"] {
        text.push_str(&format!("{name}: {}\r\n", header(invite, name).unwrap_or_default()));
    }
    let to = to.or(header(invite, "To")).unwrap_or_default();
    text.push_str(&format!("To: {to}\r\nCSeq: {number} {method}\r\nMax-Forwards: 69\r\n"));
    text + "Content-Length: 0\r\n\r\n"
}

/// A response to a request, with all its Vias.
pub(crate) fn answer(request: &str, status: &str, tag: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    let head = request.split("\r\n\r\n").next().unwrap_or_default();
    for line in head.lines().skip(1) {
        let name = line.split(':').next().unwrap_or_default();
        match name {
            "Via" | "From" | "Call-ID" | "CSeq" | "Record-Route" => {
                text.push_str(&format!("{line}\r\n"));
            }
            "To" if tag.is_empty() || line.contains(";tag=") => {
                text.push_str(&format!("{line}\r\n"))
            }
            "To" => text.push_str(&format!("{line};tag={tag}\r\n")),
            _ => {}
        }
    }
    text
}

/// The first value of a header, as it stands.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = text.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

/// The branch of the top Via.
pub(crate) fn branch(text: &str) -> Option<String> {
    let via = header(text, "Via")?;
    let (_, rest) = via.split_once("branch=")?;
    rest.split([';', ',']).next().map(str::to_owned)
}

/// The address in a URI or name-addr.
pub(crate) fn address(uri: &str) -> Option<SocketAddr> {
    let uri = uri.trim_start_matches('<').split(['>', ';', '?']).next()?;
    let host = uri.rsplit_once('@').map_or(uri.strip_prefix("sip:")?, |(_, host)| host);
    host.parse().ok()
}

fn with_target(text: &str, target: &str) -> String {
    let mut parts = text.splitn(3, ' ');
    let (method, rest) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
    format!("{method} {target} {rest}")
}

fn without_first(text: &str, name: &str) -> String {
    let mark = format!("\r\n{name}:");
    let Some(at) = text.find(&mark) else { return text.to_owned() };
    let rest = &text[at + 2..];
    let end = rest.find("\r\n").unwrap_or(rest.len());
    format!("{}{}", &text[..at], &rest[end..])
}
