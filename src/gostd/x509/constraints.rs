//! Checks name constraints.

use super::der::{Der, SEQUENCE};
use super::names::is_domain;
use super::{ParseError, Result};
use crate::gostd::quote::quote;
use crate::gostd::url::is_address;
use crate::hex::hex;

const INVALID: &str = "x509: invalid NameConstraints extension";

pub(super) fn check(value: Der<'_>) -> Result<()> {
    let (permitted, excluded) = subtrees(value).ok_or(INVALID)?;
    let is_empty = |trees: Option<Der<'_>>| trees.is_none_or(Der::is_empty);
    if is_empty(permitted) && is_empty(excluded) {
        return Err("x509: empty name constraints extension".into());
    }
    permitted.into_iter().chain(excluded).try_for_each(check_subtrees)
}

fn subtrees(mut outer: Der<'_>) -> Option<(Option<Der<'_>>, Option<Der<'_>>)> {
    let mut inner = outer.read(SEQUENCE).filter(|_| outer.is_empty())?;
    let permitted = inner.optional(0xA0)?;
    let excluded = inner.optional(0xA1)?;
    inner.is_empty().then_some((permitted, excluded))
}

fn check_subtrees(mut trees: Der<'_>) -> Result<()> {
    while !trees.is_empty() {
        let mut tree = trees.read(SEQUENCE).ok_or(INVALID)?;
        let (tag, base) = tree.any().ok_or(INVALID)?;
        let base = base.bytes();
        match tag {
            0x81 => check_email(base)?,
            0x82 => {
                check_ascii(base)?;
                reject_unless(is_domain(base, true), "dnsName", base)?;
            }
            0x86 => check_uri(base)?,
            0x87 => check_range(base)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_email(base: &[u8]) -> Result<()> {
    check_ascii(base)?;
    let is_valid = if base.contains(&b'@') { is_mailbox(base) } else { is_domain(base, true) };
    reject_unless(is_valid, "rfc822Name", base)
}

fn check_uri(base: &[u8]) -> Result<()> {
    check_ascii(base)?;
    if is_address(base) {
        let base = quote(base);
        return Err(format!("x509: failed to parse URI constraint {base}: cannot be IP address").into());
    }
    reject_unless(is_domain(base, true), "URI", base)
}

/// Checks an IPv4 or IPv6 address with a mask, whose one bits must be contiguous.
fn check_range(base: &[u8]) -> Result<()> {
    if !matches!(base.len(), 8 | 32) {
        return Err(format!("x509: IP constraint contained value of length {}", base.len()).into());
    }
    let mask = &base[base.len() / 2..];
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let leading = mask.iter().position(|&byte| byte != 0xFF).map_or(ones, |at| {
        u32::try_from(at * 8).expect("a mask has at most 128 bits") + mask[at].leading_ones()
    });
    if leading == ones {
        return Ok(());
    }
    Err(format!("x509: IP constraint contained invalid mask {}", hex(mask)).into())
}

fn check_ascii(base: &[u8]) -> Result<()> {
    if base.is_ascii() {
        return Ok(());
    }
    let base = quote(base);
    Err(format!("x509: invalid constraint value: x509: {base} cannot be encoded as an IA5String").into())
}

fn reject_unless(is_valid: bool, kind: &str, base: &[u8]) -> Result<()> {
    if is_valid {
        return Ok(());
    }
    Err(ParseError::from(format!("x509: failed to parse {kind} constraint {}", quote(base))))
}

/// Returns whether a text is a mailbox (RFC 2821). Like Go, allows a space in quotes and a backslash outside of them.
fn is_mailbox(text: &[u8]) -> bool {
    let domain = match text.strip_prefix(b"\"") {
        Some(quoted) => after_quoted(quoted),
        None => after_atoms(text),
    };
    domain.and_then(|domain| domain.strip_prefix(b"@")).is_some_and(|domain| is_domain(domain, false))
}

/// Returns the text after a quoted local part.
fn after_quoted(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match *text {
            [b'"', ref rest @ ..] => return Some(rest),
            [b'\\', 1..=9 | 11 | 12 | 14..=127, ref rest @ ..]
            | [1..=8 | 11 | 12 | 14..=33 | 35..=91 | 93..=127, ref rest @ ..] => rest,
            _ => return None,
        };
    }
}

/// Returns the text after a local part of atoms separated by single dots.
fn after_atoms(mut text: &[u8]) -> Option<&[u8]> {
    let mut local = Vec::new();
    loop {
        match *text {
            [b'\\', escaped, ref rest @ ..] => {
                local.push(escaped);
                text = rest;
            }
            [b'\\'] => return None,
            [byte, ref rest @ ..]
                if byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte) =>
            {
                local.push(byte);
                text = rest;
            }
            _ => break,
        }
    }
    let is_valid = !local.is_empty() && local.split(|&byte| byte == b'.').all(|atom| !atom.is_empty());
    is_valid.then_some(text)
}
