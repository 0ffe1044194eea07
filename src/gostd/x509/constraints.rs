//! A certificate's name constraints.

use std::fmt::Write;

use super::der::{Der, SEQUENCE};
use super::names::is_domain;
use super::{ParseError, Result};
use crate::gostd::quote::quote;
use crate::gostd::url::is_address;

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
            0x81 => check_mail(base)?,
            0x82 => {
                is_text(base)?;
                refuse_unless(is_domain(base, true), "dnsName", base)?;
            }
            0x86 => check_uri(base)?,
            0x87 => check_range(base)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_mail(base: &[u8]) -> Result<()> {
    is_text(base)?;
    let is_good = if base.contains(&b'@') { is_mailbox(base) } else { is_domain(base, true) };
    refuse_unless(is_good, "rfc822Name", base)
}

fn check_uri(base: &[u8]) -> Result<()> {
    is_text(base)?;
    if is_address(base) {
        let base = quote(base);
        return Err(format!("x509: failed to parse URI constraint {base}: cannot be IP address").into());
    }
    refuse_unless(is_domain(base, true), "URI", base)
}

/// An address and a mask, of IPv4 or IPv6; the mask's ones come first.
fn check_range(base: &[u8]) -> Result<()> {
    if !matches!(base.len(), 8 | 32) {
        return Err(format!("x509: IP constraint contained value of length {}", base.len()).into());
    }
    let mask = &base[base.len() / 2..];
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let leading = mask
        .iter()
        .position(|&byte| byte != 0xFF)
        .map_or(ones, |at| u32::try_from(at * 8).expect("a mask is short") + mask[at].leading_ones());
    if leading == ones {
        return Ok(());
    }
    let mut message = String::from("x509: IP constraint contained invalid mask ");
    for byte in mask {
        write!(message, "{byte:02x}").expect("a string takes any text");
    }
    Err(message.into())
}

fn is_text(base: &[u8]) -> Result<()> {
    if base.is_ascii() {
        return Ok(());
    }
    let base = quote(base);
    Err(format!("x509: invalid constraint value: x509: {base} cannot be encoded as an IA5String").into())
}

fn refuse_unless(is_good: bool, kind: &str, base: &[u8]) -> Result<()> {
    if is_good {
        return Ok(());
    }
    Err(ParseError::from(format!("x509: failed to parse {kind} constraint {}", quote(base))))
}

/// A mailbox of RFC 2821, with Go's leniency: a space in quotes and a backslash outside of them pass.
fn is_mailbox(text: &[u8]) -> bool {
    let domain = match text.strip_prefix(b"\"") {
        Some(quoted) => after_quoted(quoted),
        None => after_atoms(text),
    };
    domain.and_then(|domain| domain.strip_prefix(b"@")).is_some_and(|domain| is_domain(domain, false))
}

/// What follows a quoted local part.
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

/// What follows a local part of atoms with single dots between them.
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
    let is_good = !local.is_empty() && local.split(|&byte| byte == b'.').all(|atom| !atom.is_empty());
    is_good.then_some(text)
}
