//! Go's `crypto/x509.Certificate.Verify`: whether a TLS client built with Go trusts the chain that a server showed, and if
//! not, what it says.
//!
//! The first fault is the one reported, in Go's order: the dates of the server's own certificate, its names, then the way
//! to a root (signatures, dates, CA flags, path lengths), then extended key usages. Unlike many TLS libraries Go looks at
//! the dates of the roots too. Name constraints and critical extensions that Go does not know are not looked at here.

use std::net::IpAddr;

use jiff::Timestamp;

use super::quote::quote;
use super::x509::parse_certificate;
use crate::certificate::{Certificate, Signed, signed_by};

/// How many signatures Go looks at before it gives up.
const MAX_SIGNATURES: usize = 100;

/// Why a client does not trust a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A certificate that was shown cannot be read.
    Unreadable,
    /// No root issued it.
    UnknownAuthority,
    /// It is made out to another name.
    WrongName,
    /// It, or a certificate above it, has expired.
    Expired,
    /// It, or a certificate above it, is not valid yet.
    NotYetValid,
    /// It breaks another rule: CA flag, path length, usages.
    Unusable,
}

/// What is said against a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why, as data.
    pub fault: Fault,
    /// Go's words, from `x509: ` on.
    pub says: String,
}

/// What is said of a chain that is not refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trusted {
    /// Signatures that could not be verified here, though Go could.
    pub not_checked: Vec<String>,
}

/// Judges the chain that a server showed, its own certificate first (DER), by the roots that a client trusts (DER) and the
/// name that it wants.
pub fn verify(shown: &[Vec<u8>], roots: &[Vec<u8>], name: &str, now: Timestamp) -> Result<Trusted, Refusal> {
    let read = |der: &Vec<u8>| -> Result<Link, Refusal> {
        let unreadable = |says: String| refusal(Fault::Unreadable, &says);
        parse_certificate(der).map_err(|error| unreadable(error.to_string()))?;
        let facts = Certificate::from_der(der).map_err(|error| unreadable(format!("x509: {error}")))?;
        Ok(Link { der: der.clone(), facts })
    };
    let shown = shown.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // What cannot be read is no root.
    let roots: Vec<Link> = roots.iter().filter_map(|der| read(der).ok()).collect();
    let Some((leaf, intermediates)) = shown.split_first() else {
        return Err(refusal(Fault::Unreadable, "tls: received empty certificates message"));
    };
    dates(&leaf.facts, now)?;
    names(&leaf.facts, name)?;
    let mut search = Search {
        roots: &roots,
        intermediates,
        now,
        signatures: 0,
        chains: Vec::new(),
        not_checked: Vec::new(),
    };
    if roots.iter().any(|root| root.der == leaf.der) {
        search.chains.push(vec![leaf]);
    } else {
        search.from(&[leaf])?;
    }
    if search.chains.iter().any(|chain| chain.iter().all(|link| link.facts.serves_tls != Some(false))) {
        return Ok(Trusted { not_checked: search.not_checked });
    }
    Err(refusal(Fault::Unusable, "x509: certificate specifies an incompatible key usage"))
}

/// A certificate in a chain.
struct Link {
    der: Vec<u8>,
    facts: Certificate,
}

/// The search for ways to a root.
struct Search<'a> {
    roots: &'a [Link],
    intermediates: &'a [Link],
    now: Timestamp,
    signatures: usize,
    chains: Vec<Vec<&'a Link>>,
    not_checked: Vec<String>,
}

impl<'a> Search<'a> {
    /// Every way to a root from the end of a chain. When there is none, what was found last on the way up is the fault; a
    /// signature that does not fit is no more than a hint.
    fn from(&mut self, chain: &[&'a Link]) -> Result<(), Refusal> {
        let Some(end) = chain.last() else { return Ok(()) };
        let before = self.chains.len();
        let (mut hint, mut fault) = (None, None);
        for (candidates, is_root) in [(self.roots, true), (self.intermediates, false)] {
            for candidate in potential_parents(end, candidates) {
                self.signatures += 1;
                if self.signatures > MAX_SIGNATURES {
                    let says =
                        "x509: signature check attempts limit reached while verifying certificate chain";
                    return Err(refusal(Fault::Unusable, says));
                }
                if chain.iter().any(|link| link.der == candidate.der) {
                    continue;
                }
                let signed = signed_by(&end.der, &candidate.der);
                if let Err(says) = self.check_signature(signed, end, candidate) {
                    hint.get_or_insert((says, candidate));
                    continue;
                }
                let mut longer = chain.to_vec();
                longer.push(candidate);
                fault = self.judge(candidate, is_root, chain).err();
                if let Some(why) = &fault {
                    hint.get_or_insert((why.says.clone(), candidate));
                } else if is_root {
                    self.chains.push(longer);
                } else {
                    fault = self.from(&longer).err();
                }
            }
        }
        if self.chains.len() > before {
            return Ok(());
        }
        Err(fault.unwrap_or_else(|| unknown_authority(hint)))
    }

    /// Go's `CheckSignatureFrom`. The error is in Go's words.
    fn check_signature(&mut self, signed: Signed, child: &Link, parent: &Link) -> Result<(), String> {
        let facts = &parent.facts;
        let may_sign = facts.key_usage.as_ref().is_none_or(|usage| usage.contains(&"keyCertSign"));
        // A root of version 1 has no flag to have.
        if (facts.version == 3 && facts.is_ca.is_none()) || facts.is_ca == Some(false) || !may_sign {
            return Err(
                "x509: invalid signature: parent certificate cannot sign this kind of certificate".to_owned()
            );
        }
        match signed {
            Signed::Verified => Ok(()),
            Signed::Failed(says) => Err(says.to_owned()),
            Signed::Insecure(algorithm) => {
                Err(format!("x509: cannot verify signature: insecure algorithm {algorithm}"))
            }
            Signed::NotChecked => {
                let subject = match child.facts.subject.as_str() {
                    "" => "the server's certificate",
                    subject => subject,
                };
                let what = format!("the signature of {subject} by {}", facts.subject);
                if !self.not_checked.contains(&what) {
                    self.not_checked.push(what);
                }
                Ok(())
            }
            Signed::ByAnother => {
                Err("x509: issuer name does not match subject from issuing certificate".to_owned())
            }
        }
    }

    /// Go's `isValid` of a candidate that is to stand above a chain.
    fn judge(&self, candidate: &Link, is_root: bool, chain: &[&Link]) -> Result<(), Refusal> {
        let facts = &candidate.facts;
        dates(facts, self.now)?;
        if !is_root && facts.is_ca != Some(true) {
            let says = "x509: certificate is not authorized to sign other certificates";
            return Err(refusal(Fault::Unusable, says));
        }
        if facts.path_length.is_some_and(|most| chain.len() - 1 > most as usize) {
            return Err(refusal(Fault::Unusable, "x509: too many intermediates for path length constraint"));
        }
        Ok(())
    }
}

/// Those that a certificate names as its issuer; those first whose key it names too. No signature is looked at yet: that takes
/// long, and is counted.
fn potential_parents<'a>(child: &Link, candidates: &'a [Link]) -> Vec<&'a Link> {
    let mut parents: Vec<_> =
        candidates.iter().filter(|candidate| candidate.facts.subject == child.facts.issuer).collect();
    parents.sort_by_key(|candidate| match (&candidate.facts.subject_key_id, &child.facts.authority_key_id) {
        (own, named) if own == named => 0,
        (Some(_), Some(_)) => 2,
        _ => 1,
    });
    parents
}

fn refusal(fault: Fault, says: &str) -> Refusal {
    Refusal { fault, says: says.to_owned() }
}

fn dates(facts: &Certificate, now: Timestamp) -> Result<(), Refusal> {
    let (fault, side, limit) = if now < facts.not_before {
        (Fault::NotYetValid, "before", facts.not_before)
    } else if now > facts.not_after {
        (Fault::Expired, "after", facts.not_after)
    } else {
        return Ok(());
    };
    let says =
        format!("x509: certificate has expired or is not yet valid: current time {now} is {side} {limit}");
    Err(refusal(fault, &says))
}

/// Go's `VerifyHostname`.
fn names(facts: &Certificate, wanted: &str) -> Result<(), Refusal> {
    let address = wanted.strip_prefix('[').and_then(|wanted| wanted.strip_suffix(']')).unwrap_or(wanted);
    let wanted_ip = address.parse::<IpAddr>().ok();
    let (names, kind) = match wanted_ip {
        Some(_) => (&facts.names.ips, "IP SANs"),
        None => (&facts.names.dns, "names"),
    };
    let fits = |name: &String| match wanted_ip {
        Some(ip) => name.parse() == Ok(ip),
        None => covers(name, wanted),
    };
    if names.iter().any(fits) {
        return Ok(());
    }
    let says =
        if facts.names.is_empty() && common_name(&facts.subject).is_some_and(|name| covers(name, wanted)) {
            "x509: certificate relies on legacy Common Name field, use SANs instead".to_owned()
        } else if names.len() >= 100 {
            format!("x509: certificate is valid for {} {kind}, but none matched {wanted}", names.len())
        } else if !names.is_empty() {
            format!("x509: certificate is valid for {}, not {wanted}", names.join(", "))
        } else if wanted_ip.is_some() {
            format!("x509: cannot validate certificate for {address} because it doesn't contain any IP SANs")
        } else {
            format!("x509: certificate is not valid for any names, but wanted to match {wanted}")
        };
    Err(refusal(Fault::WrongName, &says))
}

/// Whether a name covers the one that is wanted; a first label that is `*` stands for any.
fn covers(name: &str, wanted: &str) -> bool {
    let wanted = wanted.strip_suffix('.').unwrap_or(wanted);
    match (name.strip_prefix("*."), wanted.split_once('.')) {
        _ if name.is_empty() || wanted.is_empty() => false,
        (Some(rest), Some((_, of_wanted))) => rest.eq_ignore_ascii_case(of_wanted),
        _ => name.eq_ignore_ascii_case(wanted),
    }
}

fn common_name(subject: &str) -> Option<&str> {
    subject.split(", ").find_map(|part| part.strip_prefix("CN="))
}

fn unknown_authority(hint: Option<(String, &Link)>) -> Refusal {
    let mut says = "x509: certificate signed by unknown authority".to_owned();
    if let Some((why, candidate)) = hint {
        let subject = &candidate.facts.subject;
        let organisation = || subject.split(", ").find_map(|part| part.strip_prefix("O="));
        let name = common_name(subject).or_else(organisation).unwrap_or(&candidate.facts.serial);
        says = format!(
            "{says} (possibly because of {} while trying to verify candidate authority certificate {})",
            quote(why.as_bytes()),
            quote(name.as_bytes())
        );
    }
    refusal(Fault::UnknownAuthority, &says)
}
