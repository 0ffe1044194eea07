//! Reads msgpack values from a stream. Skipped values are not kept in memory.

use std::io::Read;

use rmp::Marker;

use super::error::Fault;
use super::stream::Stream;
use crate::zeroize_buf::ZeroizeBuf;

/// How deep values may be nested. Consul's are nested less than twenty levels deep.
const MAX_DEPTH: usize = 128;

/// Skips one value.
pub(super) fn skip<R: Read>(stream: &mut Stream<R>) -> Result<(), Fault> {
    // How many values are left on each level. Without recursion, no input can overflow the stack.
    let mut left = [0_u64; MAX_DEPTH];
    let mut depth = 0;
    left[0] = 1;
    loop {
        while left[depth] == 0 {
            if depth == 0 {
                return Ok(());
            }
            depth -= 1;
        }
        left[depth] -= 1;
        match head(stream)? {
            Head::Bytes(count) | Head::Scalar(count) => stream.skip(count)?,
            Head::Values(0) | Head::Boolean(_) => {}
            Head::Values(count) => {
                depth += 1;
                *left.get_mut(depth).ok_or(Fault::TooDeep(MAX_DEPTH))? = count;
            }
            Head::Map(pairs) => {
                depth += 1;
                *left.get_mut(depth).ok_or(Fault::TooDeep(MAX_DEPTH))? = pairs * 2;
            }
        }
    }
}

/// Reads one bin or str of at most `max_len` bytes. Skips any other value and returns `None`.
pub(super) fn bytes<R: Read>(stream: &mut Stream<R>, max_len: u64) -> Result<Option<ZeroizeBuf>, Fault> {
    match head(stream)? {
        Head::Bytes(length) if length > max_len => Err(Fault::TooLong { length, max_len }),
        Head::Bytes(length) => {
            let length = usize::try_from(length).map_err(|_| Fault::TooLong { length, max_len })?;
            let mut bytes = ZeroizeBuf::from(vec![0; length]);
            stream.read_exact(&mut bytes)?;
            Ok(Some(bytes))
        }
        other => {
            rest(stream, other)?;
            Ok(None)
        }
    }
}

/// Reads the bin or str of a key of a map, and skips the rest. Returns `None` if it is missing or longer than `max_len`
/// bytes.
pub(super) fn text_of_key<R: Read>(
    stream: &mut Stream<R>,
    name: &str,
    max_len: u64,
) -> Result<Option<ZeroizeBuf>, Fault> {
    let mut found = None;
    each_key(stream, |stream, key| {
        if key == name.as_bytes() {
            found = short(stream, max_len)?;
            return Ok(());
        }
        skip(stream)
    })?;
    Ok(found)
}

/// Reads a map. `read_value` reads or skips the value of each key. A key that is not a text of at most 64 bytes is empty. Skips
/// any other value.
pub(super) fn each_key<R: Read>(
    stream: &mut Stream<R>,
    mut read_value: impl FnMut(&mut Stream<R>, &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    const MAX_KEY_LEN: u64 = 64;
    let pairs = match head(stream)? {
        Head::Map(pairs) => pairs,
        other => return rest(stream, other),
    };
    for _ in 0..pairs {
        let key = short(stream, MAX_KEY_LEN)?;
        read_value(stream, key.as_deref().map_or(&[], Vec::as_slice))?;
    }
    Ok(())
}

/// Reads the first `max_count` texts of an array, each at most `max_len` bytes long. Skips any other value.
pub(super) fn texts<R: Read>(
    stream: &mut Stream<R>,
    max_len: u64,
    max_count: usize,
) -> Result<Vec<ZeroizeBuf>, Fault> {
    let count = match head(stream)? {
        Head::Values(count) => count,
        other => {
            rest(stream, other)?;
            return Ok(Vec::new());
        }
    };
    let mut texts = Vec::new();
    for _ in 0..count {
        if texts.len() < max_count {
            texts.extend(short(stream, max_len)?);
        } else {
            skip(stream)?;
        }
    }
    Ok(texts)
}

/// Reads a boolean. Any other value is `false`.
pub(super) fn boolean<R: Read>(stream: &mut Stream<R>) -> Result<bool, Fault> {
    match head(stream)? {
        Head::Boolean(value) => Ok(value),
        other => rest(stream, other).map(|()| false),
    }
}

/// Reads a bin or str of at most `max_len` bytes. Skips any other value and returns `None`.
pub(super) fn short<R: Read>(stream: &mut Stream<R>, max_len: u64) -> Result<Option<ZeroizeBuf>, Fault> {
    match head(stream)? {
        Head::Bytes(length) if length <= max_len => {
            let mut bytes = ZeroizeBuf::from(vec![0; usize::try_from(length).unwrap_or_default()]);
            stream.read_exact(&mut bytes)?;
            Ok(Some(bytes))
        }
        other => {
            rest(stream, other)?;
            Ok(None)
        }
    }
}

/// Skips what follows a head.
fn rest<R: Read>(stream: &mut Stream<R>, head: Head) -> Result<(), Fault> {
    match head {
        Head::Boolean(_) => {}
        Head::Bytes(count) | Head::Scalar(count) => stream.skip(count)?,
        Head::Values(count) => (0..count).try_for_each(|_| skip(stream))?,
        Head::Map(pairs) => (0..pairs * 2).try_for_each(|_| skip(stream))?,
    }
    Ok(())
}

/// What a value's first bytes announce.
#[derive(Clone, Copy)]
enum Head {
    /// A boolean.
    Boolean(bool),
    /// A bin or str of this many bytes.
    Bytes(u64),
    /// This many bytes of another type.
    Scalar(u64),
    /// An array of this many values.
    Values(u64),
    /// A map of this many keys and values.
    Map(u64),
}

fn head<R: Read>(stream: &mut Stream<R>) -> Result<Head, Fault> {
    let at = stream.offset();
    let byte = stream.next()?.ok_or(Fault::Truncated)?;
    Ok(match Marker::from_u8(byte) {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null => Head::Scalar(0),
        Marker::True => Head::Boolean(true),
        Marker::False => Head::Boolean(false),
        Marker::U8 | Marker::I8 => Head::Scalar(1),
        Marker::U16 | Marker::I16 | Marker::FixExt1 => Head::Scalar(2),
        Marker::U32 | Marker::I32 | Marker::F32 => Head::Scalar(4),
        Marker::U64 | Marker::I64 | Marker::F64 => Head::Scalar(8),
        Marker::FixStr(length) => Head::Bytes(length.into()),
        Marker::Str8 | Marker::Bin8 => Head::Bytes(number(stream, 1)?),
        Marker::Str16 | Marker::Bin16 => Head::Bytes(number(stream, 2)?),
        Marker::Str32 | Marker::Bin32 => Head::Bytes(number(stream, 4)?),
        Marker::FixExt2 => Head::Scalar(3),
        Marker::FixExt4 => Head::Scalar(5),
        Marker::FixExt8 => Head::Scalar(9),
        Marker::FixExt16 => Head::Scalar(17),
        Marker::Ext8 => Head::Scalar(number(stream, 1)? + 1),
        Marker::Ext16 => Head::Scalar(number(stream, 2)? + 1),
        Marker::Ext32 => Head::Scalar(number(stream, 4)? + 1),
        Marker::FixArray(count) => Head::Values(count.into()),
        Marker::Array16 => Head::Values(number(stream, 2)?),
        Marker::Array32 => Head::Values(number(stream, 4)?),
        Marker::FixMap(pairs) => Head::Map(pairs.into()),
        Marker::Map16 => Head::Map(number(stream, 2)?),
        Marker::Map32 => Head::Map(number(stream, 4)?),
        Marker::Reserved => return Err(Fault::NotMsgpack { byte, at }),
    })
}

/// Reads a big-endian number of `width` bytes.
fn number<R: Read>(stream: &mut Stream<R>, width: usize) -> Result<u64, Fault> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes[8 - width..])?;
    Ok(u64::from_be_bytes(bytes))
}
