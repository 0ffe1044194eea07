//! Checks the extensions that Go parses; others are ignored.

use std::collections::HashSet;

use super::constraints;
use super::der::{BOOLEAN, Der, INTEGER, Integer, OBJECT_IDENTIFIER, OCTET_STRING, Oid, SEQUENCE};
use super::names;
use super::{ParseError, Result};
use crate::gostd::GoDebug;

const AUTHORITY_INFO_ACCESS: Oid<'_> = Oid(&[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01]);

/// Returns a primitive context-specific tag, such as `[6]`.
const fn context(number: u8) -> u8 {
    0x80 | number
}

/// Returns a constructed context-specific tag.
const fn constructed(number: u8) -> u8 {
    0xA0 | number
}

struct Extension<'a> {
    id: Oid<'a>,
    critical: bool,
    value: Der<'a>,
}

/// Checks the extensions, if there are any: first the structure of all, then the content of each.
pub(super) fn check(signed: &mut Der<'_>, debug: GoDebug) -> Result<()> {
    const MALFORMED: &str = "x509: malformed extensions";
    let Some(mut outer) = signed.optional(constructed(3)).ok_or(MALFORMED)? else { return Ok(()) };
    let mut list = outer.read(SEQUENCE).ok_or(MALFORMED)?;
    let mut extensions = Vec::new();
    let mut ids = HashSet::new();
    while !list.is_empty() {
        let extension = parse(list.read(SEQUENCE).ok_or("x509: malformed extension")?)?;
        if !ids.insert(extension.id.0) {
            let id = extension.id.dotted();
            return Err(format!("x509: certificate contains duplicate extension with OID \"{id}\"").into());
        }
        extensions.push(extension);
    }
    extensions.iter().try_for_each(|extension| check_content(extension, debug))
}

fn parse(mut der: Der<'_>) -> Result<Extension<'_>> {
    let id = der.oid().ok_or("x509: malformed extension OID field")?;
    let critical = der.peek(BOOLEAN) && der.boolean().ok_or("x509: malformed extension critical field")?;
    let value = der.read(OCTET_STRING).ok_or("x509: malformed extension value field")?;
    Ok(Extension { id, critical, value })
}

fn check_content(extension: &Extension<'_>, debug: GoDebug) -> Result<()> {
    let &Extension { id, critical, mut value } = extension;
    if id == AUTHORITY_INFO_ACCESS {
        not_critical(critical, "x509: authority info access incorrectly marked critical")?;
        return or(authority_info_access(value), "x509: invalid authority info access");
    }
    let &[0x55, 0x1D, number] = id.0 else { return Ok(()) };
    match number {
        14 => {
            not_critical(critical, "x509: subject key identifier incorrectly marked critical")?;
            or(value.read(OCTET_STRING).map(drop), "x509: invalid subject key identifier")
        }
        15 => or(value.bit_string().map(drop), "x509: invalid key usage"),
        17 => names::check(value, debug),
        19 => or(basic_constraints(value), "x509: invalid basic constraints"),
        30 => constraints::check(value),
        31 => distribution_points(value),
        32 => or(policies(value), "x509: invalid certificate policies"),
        33 => or(policy_mappings(value), "x509: invalid policy mappings extension"),
        35 => {
            not_critical(critical, "x509: authority key identifier incorrectly marked critical")?;
            or(authority_key_id(value), "x509: invalid authority key identifier")
        }
        36 => or(policy_constraints(value), "x509: invalid policy constraints extension"),
        37 => or(extended_key_usage(value), "x509: invalid extended key usages"),
        54 => or(
            value.integer().and_then(Integer::to_i64).map(drop),
            "x509: invalid inhibit any policy extension",
        ),
        _ => Ok(()),
    }
}

fn not_critical(critical: bool, message: &'static str) -> Result<()> {
    if critical { Err(message.into()) } else { Ok(()) }
}

fn or(read: Option<()>, message: &'static str) -> Result<()> {
    read.ok_or_else(|| ParseError::from(message))
}

fn basic_constraints(mut value: Der<'_>) -> Option<()> {
    let mut fields = value.read(SEQUENCE)?;
    if fields.peek(BOOLEAN) {
        fields.boolean()?;
    }
    if fields.peek(INTEGER) {
        fields.integer()?.to_i64().filter(|length| *length >= 0)?;
    }
    Some(())
}

fn authority_key_id(mut value: Der<'_>) -> Option<()> {
    value.read(SEQUENCE)?.skip_optional(context(0))
}

fn extended_key_usage(mut value: Der<'_>) -> Option<()> {
    let mut usages = value.read(SEQUENCE)?;
    while !usages.is_empty() {
        usages.oid()?;
    }
    Some(())
}

/// Checks policies. They must be unique; their numbers may have any size.
fn policies(mut value: Der<'_>) -> Option<()> {
    let mut list = value.read(SEQUENCE)?;
    let mut policies = HashSet::new();
    while !list.is_empty() {
        let policy = list.read(SEQUENCE)?.read(OBJECT_IDENTIFIER)?.bytes();
        let is_valid = policy.last()? & 0x80 == 0
            && policy.split_inclusive(|byte| byte & 0x80 == 0).all(|part| part[0] != 0x80);
        if !policies.insert(policy) || !is_valid {
            return None;
        }
    }
    Some(())
}

fn policy_mappings(mut value: Der<'_>) -> Option<()> {
    let mut list = value.read(SEQUENCE)?;
    while !list.is_empty() {
        let mut mapping = list.read(SEQUENCE)?;
        mapping.read(OBJECT_IDENTIFIER)?;
        mapping.read(OBJECT_IDENTIFIER)?;
    }
    Some(())
}

fn policy_constraints(mut value: Der<'_>) -> Option<()> {
    let mut fields = value.read(SEQUENCE)?;
    for tag in [context(0), context(1)] {
        if fields.peek(tag) {
            fields.integer_tagged(tag)?.to_i64()?;
        }
    }
    Some(())
}

fn authority_info_access(mut value: Der<'_>) -> Option<()> {
    let mut list = value.read(SEQUENCE)?;
    while !list.is_empty() {
        let mut access = list.read(SEQUENCE)?;
        access.oid()?;
        access.skip_optional(context(6))?;
    }
    Some(())
}

fn distribution_points(mut value: Der<'_>) -> Result<()> {
    let mut list = value.read(SEQUENCE).ok_or("x509: invalid CRL distribution points")?;
    while !list.is_empty() {
        or(distribution_point(&mut list), "x509: invalid CRL distribution point")?;
    }
    Ok(())
}

fn distribution_point(list: &mut Der<'_>) -> Option<()> {
    let mut point = list.read(SEQUENCE)?;
    let Some(mut name) = point.optional(constructed(0))? else { return Some(()) };
    let mut full_name = name.read(constructed(0))?;
    while full_name.peek(context(6)) {
        full_name.read(context(6))?;
    }
    Some(())
}
