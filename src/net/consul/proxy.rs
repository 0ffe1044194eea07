//! Chooses the proxy of a request from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` like Go's `net/http`.
//!
//! Upper case comes before lower case, loopback addresses are never proxied, and `ALL_PROXY` is ignored.

use std::net::IpAddr;

use super::Address;

/// Returns the URL of the proxy for an address, if the variables name one and do not exempt the address.
pub(super) fn proxy_for(address: &Address, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let Address::Http { tls, authority, .. } = address else { return None };
    let either = |upper: &str, lower: &str| variable(upper).or_else(|| variable(lower));
    let proxy = if *tls { either("HTTPS_PROXY", "https_proxy") } else { either("HTTP_PROXY", "http_proxy") }?;
    let (host, port) = (authority.host().to_ascii_lowercase(), authority.port().to_string());
    if is_loopback(&host) || is_exempt(&host, &port, &either("NO_PROXY", "no_proxy").unwrap_or_default()) {
        return None;
    }
    // Go's client lets a SOCKS proxy resolve the name.
    if let Some(socks) = proxy.strip_prefix("socks5://") {
        return Some(format!("socks5h://{socks}"));
    }
    Some(if proxy.contains("://") { proxy } else { format!("http://{proxy}") })
}

fn host_and_port<'a>(authority: &'a str, default_port: &'a str) -> (String, &'a str) {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && (!host.contains(':') || host.starts_with('[')) => {
            (host, port)
        }
        _ => (authority, default_port),
    };
    (host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase(), port)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns whether `NO_PROXY` exempts a host: by `*`, an IP address, a CIDR block, `domain` (with its subdomains), or
/// `.domain` or `*.domain` (only the subdomains). All but the block may end in `:port`.
fn is_exempt(host: &str, port: &str, no_proxy: &str) -> bool {
    let ip = host.parse::<IpAddr>().ok();
    no_proxy.split(',').map(|entry| entry.trim().to_ascii_lowercase()).any(|entry| {
        if entry.is_empty() {
            return false;
        }
        if entry == "*" {
            return true;
        }
        if let Some((network, length)) = entry.split_once('/') {
            return ip.is_some_and(|ip| is_in_network(ip, network, length));
        }
        let (name, wanted_port) = host_and_port(&entry, port);
        if wanted_port != port {
            return false;
        }
        if let (Some(ip), Ok(exempt)) = (ip, name.parse::<IpAddr>()) {
            return ip == exempt;
        }
        let name = name.strip_prefix('*').unwrap_or(&name);
        match name.strip_prefix('.') {
            Some(_) => host.ends_with(name),
            None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
        }
    })
}

fn is_in_network(ip: IpAddr, network: &str, length: &str) -> bool {
    let (Ok(network), Ok(length)) = (network.parse::<IpAddr>(), length.parse::<u32>()) else { return false };
    let same_prefix = |a: u128, b: u128, width: u32| {
        length <= width && (length == 0 || a >> (width - length) == b >> (width - length))
    };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            same_prefix(u128::from(u32::from(ip)), u128::from(u32::from(network)), 32)
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => same_prefix(ip.into(), network.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(address: &str, variables: &[(&str, &str)]) -> Option<String> {
        let address = Address::parse(address, false).unwrap();
        proxy_for(&address, |name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_scheme_chooses_the_variable_and_upper_case_comes_first() {
        let variables = [("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://b:1"), ("https_proxy", "c:1")];
        assert_eq!(proxy("consul.example:8500", &variables).as_deref(), Some("http://a:1"));
        assert_eq!(proxy("https://consul.example:8501", &variables).as_deref(), Some("http://c:1"));
        assert_eq!(proxy("consul.example:8500", &[("ALL_PROXY", "http://a:1")]), None);
    }

    #[test]
    fn loopback_and_sockets_are_never_proxied() {
        let variables = [("HTTP_PROXY", "http://a:1")];
        for address in ["localhost:8500", "127.0.0.11:8500", "[::1]:8500", "unix:///run/consul.sock"] {
            assert_eq!(proxy(address, &variables), None, "{address}");
        }
    }

    #[test]
    fn no_proxy_exempts_names_networks_and_ports() {
        for (no_proxy, host, exempt) in [
            ("*", "consul.example:8500", true),
            ("example", "consul.example:8500", true),
            ("ample", "consul.example:8500", false),
            (".example", "example:8500", false),
            ("*.example", "consul.example:8500", true),
            ("consul.example:8500", "consul.example:8500", true),
            ("consul.example:8501", "consul.example:8500", false),
            ("10.0.0.0/8", "10.2.3.4:8500", true),
            ("10.0.0.0/8", "11.2.3.4:8500", false),
            ("10.2.3.4", "10.2.3.4:8500", true),
            ("fd00::/8", "[fd12::1]:8500", true),
            ("other, example", "consul.example:8500", true),
        ] {
            let found = proxy(host, &[("HTTP_PROXY", "http://a:1"), ("NO_PROXY", no_proxy)]);
            assert_eq!(found.is_none(), exempt, "{host} with NO_PROXY={no_proxy}");
        }
    }
}
