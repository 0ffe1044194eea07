//! Checks subject alternative names.

use super::Result;
use super::der::{Der, SEQUENCE};
use crate::gostd::quote::quote;
use crate::gostd::{GoDebug, url};

pub(super) fn check(mut value: Der<'_>, debug: GoDebug) -> Result<()> {
    let mut names = value.read(SEQUENCE).ok_or("x509: invalid subject alternative names")?;
    while !names.is_empty() {
        let (tag, name) = names.any().ok_or("x509: invalid subject alternative name")?;
        let name = name.bytes();
        match tag ^ 0x80 {
            1 if !name.is_ascii() => return Err("x509: SAN rfc822Name is malformed".into()),
            2 if !name.is_ascii() => return Err("x509: SAN dNSName is malformed".into()),
            6 => check_uri(name, debug)?,
            7 if !matches!(name.len(), 4 | 16) => {
                return Err(format!("x509: cannot parse IP address of length {}", name.len()).into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_uri(uri: &[u8], debug: GoDebug) -> Result<()> {
    let text = std::str::from_utf8(uri).ok().filter(|text| text.is_ascii());
    let text = text.ok_or("x509: SAN uniformResourceIdentifier is malformed")?;
    let host =
        url::host(text, debug).map_err(|error| format!("x509: cannot parse URI {}: {error}", quote(uri)))?;
    if is_domain(&host, false) {
        Ok(())
    } else {
        Err(format!("x509: cannot parse URI {}: invalid domain", quote(uri)).into())
    }
}

/// Returns whether a name consists of labels separated by dots. A constraint may start with a dot.
pub(super) fn is_domain(name: &[u8], constraint: bool) -> bool {
    let name = if constraint && name.len() > 1 { name.strip_prefix(b".").unwrap_or(name) } else { name };
    name.is_empty()
        || name
            .split(|&byte| byte == b'.')
            .all(|label| !label.is_empty() && label.iter().all(|byte| (33..=126).contains(byte)))
}
