//! Checks the names of issuer and subject.

use super::der::{Der, SEQUENCE, SET};
use super::{ParseError, Result};

/// Checks the content of the outermost sequence of a name.
pub(super) fn check(mut name: Der<'_>) -> Result<()> {
    while !name.is_empty() {
        let mut set = name.read(SET).ok_or("x509: invalid RDNSequence")?;
        while !set.is_empty() {
            let mut attribute = set.read(SEQUENCE).ok_or("x509: invalid RDNSequence: invalid attribute")?;
            attribute.oid().ok_or("x509: invalid RDNSequence: invalid attribute type")?;
            let (tag, value) = attribute.any().ok_or("x509: invalid RDNSequence: invalid attribute value")?;
            check_text(tag, value.bytes())?;
        }
    }
    Ok(())
}

fn check_text(tag: u8, value: &[u8]) -> Result<()> {
    let is_valid = match tag {
        12 => std::str::from_utf8(value).is_ok(),
        18 => value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b' ')),
        19 => value.iter().all(|&byte| is_printable(byte)),
        20 => true, // T61String, which Go reads as Latin-1
        22 => value.is_ascii(),
        30 => is_basic_multilingual(value),
        _ => return Err(invalid_value(&format!("unsupported string type: {tag}"))),
    };
    let kind = match tag {
        12 => "UTF-8 string",
        18 => "NumericString",
        19 => "PrintableString",
        22 => "IA5String",
        _ => "BMPString",
    };
    if is_valid { Ok(()) } else { Err(invalid_value(&format!("invalid {kind}"))) }
}

fn invalid_value(what: &str) -> ParseError {
    format!("x509: invalid RDNSequence: invalid attribute value: {what}").into()
}

/// Returns whether a byte is allowed in a PrintableString. Like Go, also allows `*` and `&`, which occur in practice.
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?*&".contains(&byte)
}

/// Returns whether bytes are UTF-16 without surrogates and noncharacters.
fn is_basic_multilingual(value: &[u8]) -> bool {
    let (units, rest) = value.as_chunks::<2>();
    let units = units.strip_suffix(&[[0, 0]]).unwrap_or(units);
    rest.is_empty()
        && units.iter().all(
            |&unit| !matches!(u16::from_be_bytes(unit), 0xFFFE | 0xFFFF | 0xFDD0..=0xFDEF | 0xD800..=0xDFFF),
        )
}
