//! The proxies that stay in the path of a dialog (RFC 3261 §12.1, §12.2.1.1).

use crate::sip::message::{NameAddr, Uri};

/// Route values in the order in which we use them; frozen when the dialog begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteSet(Vec<NameAddr>);

impl RouteSet {
    /// As the called side: Record-Route in the order it came in.
    pub(crate) fn of_request(record_routes: Vec<NameAddr>) -> Self {
        Self(record_routes)
    }

    /// As the calling side: Record-Route turned round, because the last proxy is the farthest.
    pub(crate) fn of_response(mut record_routes: Vec<NameAddr>) -> Self {
        record_routes.reverse();
        Self(record_routes)
    }

    /// Returns the proxy that a request goes to first.
    pub(crate) fn first(&self) -> Option<&Uri> {
        self.0.first().map(|route| &route.uri)
    }

    /// Returns the Request-URI and the Route values of a request to `target`.
    pub(crate) fn apply(&self, target: &Uri) -> (Uri, Vec<String>) {
        let written = |routes: &[NameAddr]| routes.iter().map(NameAddr::to_wire).collect();
        match self.0.first() {
            // A strict router of RFC 2543 wants to see itself in the Request-URI, and the target last.
            Some(first) if !first.uri.params.contains("lr") => {
                let mut routes: Vec<String> = written(&self.0[1..]);
                routes.push(NameAddr::new(target.clone()).to_wire());
                (first.uri.clone(), routes)
            }
            _ => (target.clone(), written(&self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(text: &[&str]) -> Vec<NameAddr> {
        text.iter().map(|text| NameAddr::parse(text).unwrap()).collect()
    }

    fn applied(set: &RouteSet) -> String {
        let (uri, routes) = set.apply(&Uri::parse("sip:b@10.0.0.9:5070").unwrap());
        format!("{} via {}", uri.to_wire(), routes.join(", "))
    }

    #[test]
    fn the_caller_turns_the_list_round_and_the_called_does_not() {
        let seen = ["<sip:p2@10.0.0.2;lr>", "<sip:10.0.0.1;lr=on>"];
        let called = RouteSet::of_request(routes(&seen));
        let caller = RouteSet::of_response(routes(&seen));
        assert_eq!(
            applied(&called),
            "sip:b@10.0.0.9:5070 via <sip:p2@10.0.0.2;lr>, <sip:10.0.0.1;lr=on>"
        );
        assert_eq!(
            applied(&caller),
            "sip:b@10.0.0.9:5070 via <sip:10.0.0.1;lr=on>, <sip:p2@10.0.0.2;lr>"
        );
        assert_eq!(caller.first().unwrap().to_wire(), "sip:10.0.0.1;lr=on");
    }

    #[test]
    fn a_strict_router_stands_in_the_request_uri() {
        let set = RouteSet::of_request(routes(&["<sip:10.0.0.1>", "<sip:10.0.0.2;lr>"]));
        assert_eq!(applied(&set), "sip:10.0.0.1 via <sip:10.0.0.2;lr>, <sip:b@10.0.0.9:5070>");
    }

    #[test]
    fn without_proxies_the_target_is_asked_directly() {
        assert_eq!(applied(&RouteSet::default()), "sip:b@10.0.0.9:5070 via ");
    }
}
