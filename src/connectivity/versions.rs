//! Which versions of Consul can peer.
//!
//! Acceptors built with an old grpc-go (Consul 1.14 to 1.21) select no application protocol in TLS. Dialers built with grpc-go
//! 1.67 or later (Consul 1.23 and later) reject such servers.

/// Returns whether a dialer of one version can establish a peering with an acceptor of another; `None` if that is unknown.
pub fn can_peer(acceptor: &str, dialer: &str) -> Option<bool> {
    let (acceptor, dialer) = (numbers(acceptor)?, numbers(dialer)?);
    Some(!((1, 14)..=(1, 21)).contains(&acceptor) || dialer < (1, 23))
}

/// Returns the first two numbers of a version as Consul reports it, such as `1.22.7+ent`.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::can_peer;

    #[test]
    fn a_new_dialer_rejects_an_old_acceptor() {
        for (acceptor, dialer, expected) in [
            ("1.21.4", "1.23.0", Some(false)),
            ("1.14.0", "2.1.0-dev", Some(false)),
            ("1.20.1+ent", "v2.0.3", Some(false)),
            ("1.21.4", "1.22.7", Some(true)),
            ("1.22.0", "2.1.0", Some(true)),
            ("2.1.0", "1.14.2", Some(true)),
            ("1.13.2", "2.1.0", Some(true)),
            ("", "2.1.0", None),
            ("dev", "2.1.0", None),
        ] {
            assert_eq!(can_peer(acceptor, dialer), expected, "{acceptor} and {dialer}");
        }
    }
}
