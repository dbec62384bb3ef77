//! Where links may lead: hosts that the shop named, and nowhere else.

use beckon_domain::EpisodeId;
use std::collections::BTreeSet;
use url::{Host, Url};

/// The longest link, in bytes: mail programs cut longer ones.
pub const LINK_BYTES_MAX: usize = 2_000;
/// The parameter by which a landing is known.
pub const DECISION_ID: &str = "decision_id";

/// The id by which a landing from a reminder is known: `mail.<episode>.<step>`.
#[must_use]
pub fn decision_id(episode: &EpisodeId, step: u8) -> String {
    format!("mail.{episode}.{step}")
}

/// Why a text is no link that may be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkFault {
    /// Not an absolute address, too long, or with characters that programs read in different ways.
    #[error("it is not a complete address such as https://shop.example/cart")]
    Malformed,
    /// Another scheme than https (http on this machine alone).
    #[error("it does not begin with https://")]
    Scheme,
    /// A user name or password before the host, which makes it look like another host.
    #[error("it has a user name or password before its host")]
    Credentials,
    /// A host or port that nobody named.
    #[error("its host is not one of the shop's")]
    Host,
}

/// A set of hosts: `shop.example` for this host, `*.shop.example` for every host below it, `shop.example:8443` for
/// another port than the scheme's own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts {
    exact: BTreeSet<String>,
    /// Each with the dot before it.
    below: BTreeSet<String>,
}

impl Hosts {
    /// Reads hosts as a person writes them.
    ///
    /// # Errors
    /// The first entry that is none.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut hosts = Self::default();
        for entry in entries {
            let (name, is_below) = entry.strip_prefix("*.").map_or((entry, false), |name| (name, true));
            let url = Url::parse(&format!("https://{name}/")).ok().filter(|url| {
                let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
                is_bare && !has_credentials(url) && !name.contains(['/', '\\', '*', '@', ' '])
            });
            let Some(name) = url.as_ref().and_then(authority) else {
                return Err(entry.to_owned());
            };
            let is_domain = url.is_some_and(|url| matches!(url.host(), Some(Host::Domain(_))));
            match is_below {
                true if is_domain && name.contains('.') => hosts.below.insert(format!(".{name}")),
                true => return Err(entry.to_owned()),
                false => hosts.exact.insert(name),
            };
        }
        Ok(hosts)
    }

    /// The hosts of these addresses; what is no address is left out.
    #[must_use]
    pub fn of_urls<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        let parse = |url: &str| parse(url).ok().and_then(|url| authority(&url));
        Self { exact: urls.into_iter().filter_map(parse).collect(), below: BTreeSet::new() }
    }

    /// These and those.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let union = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.union(b).cloned().collect();
        Self { exact: union(&self.exact, &others.exact), below: union(&self.below, &others.below) }
    }

    /// Whether nobody named any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty()
    }

    /// Whether an address leads to one of them, in a way that every program reads alike.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&self, url: &str) -> Result<Url, LinkFault> {
        let url = parse(url)?;
        let name = authority(&url).ok_or(LinkFault::Malformed)?;
        let is_below =
            self.below.iter().any(|end| name.strip_suffix(end.as_str()).is_some_and(|s| !s.is_empty()));
        if is_below || self.exact.contains(&name) { Ok(url) } else { Err(LinkFault::Host) }
    }
}

/// Parses an address that every program reads alike: https, or http on this machine alone.
fn parse(text: &str) -> Result<Url, LinkFault> {
    // A parser forgives all of these, and two parsers differ in how.
    let is_odd =
        |c: char| c.is_whitespace() || c.is_control() || crate::text::is_unseen(c) || "\\<>\"`".contains(c);
    if text.len() > LINK_BYTES_MAX || text.contains(is_odd) {
        return Err(LinkFault::Malformed);
    }
    let url = Url::parse(text).map_err(|_| LinkFault::Malformed)?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let scheme = if url.scheme() == "http" && is_local { "http" } else { "https" };
    let begins = text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if url.scheme() != scheme || !begins || text.get(scheme.len()..scheme.len() + 3) != Some("://") {
        return Err(LinkFault::Scheme);
    }
    let rest = text.get(scheme.len() + 3..).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(LinkFault::Malformed);
    }
    if has_credentials(&url) || authority.contains('@') {
        return Err(LinkFault::Credentials);
    }
    Ok(url)
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The host in the form that a browser compares, with a port that is not the scheme's own.
fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    (!host.is_empty()).then(|| url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A link into the shop, with the id by which its landing is known; its own query and fragment stay.
///
/// # Errors
/// When it does not lead to one of these hosts.
pub fn shop_link(url: &str, hosts: &Hosts, decision_id: &str) -> Result<String, LinkFault> {
    Ok(marked(hosts.check(url)?, decision_id))
}

/// An address with the id of a decision in the place of any that it had.
pub(crate) fn marked(mut url: Url, decision_id: &str) -> String {
    let query = url.query().unwrap_or_default();
    let is_other = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some(DECISION_ID);
    let mut pairs: Vec<String> = query.split('&').filter(is_other).map(ToOwned::to_owned).collect();
    pairs.push(format!("{DECISION_ID}={decision_id}"));
    url.set_query(Some(&pairs.join("&")));
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "mail.0123456789abcdef0123456789abcdef.2";

    #[test]
    fn a_link_leads_to_a_named_host_and_to_no_look_alike() {
        let hosts =
            Hosts::parse(["shop.example", "*.shop.example", "löwe.example", "localhost:8787"]).unwrap();
        for url in [
            "https://shop.example/cart",
            "https://SHOP.example",
            "https://shop.example:443/",
            "https://a.b.shop.example/",
            "https://löwe.example/",
            "https://xn--lwe-sna.example/",
            "http://localhost:8787/shop",
            "https://shop.example./c",
        ] {
            assert!(hosts.check(url).is_ok(), "{url}");
        }
        for (url, fault) in [
            ("https://evil.example/", LinkFault::Host),
            ("https://shop.example.evil.example/", LinkFault::Host),
            ("https://evilshop.example/", LinkFault::Host),
            ("https://shop.example:8443/", LinkFault::Host),
            ("https://shоp.example/", LinkFault::Host),
            ("https://.shop.example/", LinkFault::Host),
            ("https://shop.example@evil.example/", LinkFault::Credentials),
            ("https://a:b@shop.example/", LinkFault::Credentials),
            ("https://@shop.example/", LinkFault::Credentials),
            ("https://evil.example\\@shop.example/", LinkFault::Malformed),
            ("https:\\\\shop.example/", LinkFault::Malformed),
            ("https:shop.example/", LinkFault::Scheme),
            ("https:///shop.example/", LinkFault::Malformed),
            ("http://shop.example/", LinkFault::Scheme),
            ("http://localhost:9999/", LinkFault::Host),
            ("//shop.example/", LinkFault::Malformed),
            ("javascript:alert(1)//shop.example", LinkFault::Scheme),
            ("data:text/html,x", LinkFault::Scheme),
            ("https://shop.example/\r\nBcc: x", LinkFault::Malformed),
            (" https://shop.example/", LinkFault::Malformed),
            ("https://shop.example/\"onclick=x", LinkFault::Malformed),
            ("https://shop.example/\u{202e}", LinkFault::Malformed),
            ("/cart", LinkFault::Malformed),
            ("", LinkFault::Malformed),
        ] {
            assert_eq!(hosts.check(url).map(String::from).err(), Some(fault), "{url}");
        }
        assert_eq!(Hosts::default().check("https://shop.example/").err(), Some(LinkFault::Host));
    }

    #[test]
    fn a_host_is_written_plainly_or_refused() {
        for bad in [
            "",
            "*",
            "*.",
            "*.example",
            "https://shop.example",
            "shop.example/x",
            "a@b",
            "*.*.a.example",
            "*.10.0.0.1",
        ] {
            assert_eq!(Hosts::parse([bad]).unwrap_err(), bad);
        }
    }

    #[test]
    fn a_marked_link_keeps_its_query_and_fragment_and_has_one_id() {
        let hosts = Hosts::parse(["shop.example"]).unwrap();
        for (url, expected) in [
            ("https://shop.example", "https://shop.example/?decision_id="),
            ("https://shop.example/c?a=1&b=%26#top", "https://shop.example/c?a=1&b=%26&decision_id="),
            ("https://shop.example/c?decision_id=old&a", "https://shop.example/c?a&decision_id="),
        ] {
            let fragment = if url.ends_with("#top") { "#top" } else { "" };
            assert_eq!(shop_link(url, &hosts, ID).unwrap(), format!("{expected}{ID}{fragment}"));
        }
    }
}
