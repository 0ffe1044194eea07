//! Reads the fields of a protobuf message in place.
//!
//! A derived decoder would copy every secret of the cluster into strings that are not wiped. This one returns slices of the
//! record, so only the secret that is needed is copied.

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// A number.
    Number(u32, u64),
    /// Text, bytes, or a message.
    Bytes(u32, &'a [u8]),
}

/// The bytes are not a valid protobuf message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotProtobuf;

/// Returns the fields of a message in order. Fixed-width fields are skipped.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, NotProtobuf>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            match field(&mut rest) {
                Ok(Some(field)) => return Some(Ok(field)),
                Ok(None) => {}
                Err(error) => {
                    rest = &[];
                    return Some(Err(error));
                }
            }
        }
        None
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<Option<Field<'a>>, NotProtobuf> {
    let key = varint(rest)?;
    let number = u32::try_from(key >> 3).map_err(|_| NotProtobuf)?;
    if number == 0 {
        return Err(NotProtobuf);
    }
    match key & 7 {
        0 => Ok(Some(Field::Number(number, varint(rest)?))),
        1 => take(rest, 8).map(|_| None),
        2 => {
            let length = usize::try_from(varint(rest)?).map_err(|_| NotProtobuf)?;
            Ok(Some(Field::Bytes(number, take(rest, length)?)))
        }
        5 => take(rest, 4).map(|_| None),
        _ => Err(NotProtobuf),
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], NotProtobuf> {
    let (head, tail) = rest.split_at_checked(count).ok_or(NotProtobuf)?;
    *rest = tail;
    Ok(head)
}

fn varint(rest: &mut &[u8]) -> Result<u64, NotProtobuf> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, tail) = rest.split_first().ok_or(NotProtobuf)?;
        *rest = tail;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return Err(NotProtobuf);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(NotProtobuf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_returned_in_order_and_damage_is_an_error() {
        let message = [0x0a, 2, b'a', b'b', 0x30, 0x86, 1, 0x0d, 1, 2, 3, 4, 0x12, 0];
        let read: Result<Vec<_>, _> = fields(&message).collect();
        assert_eq!(read, Ok(vec![Field::Bytes(1, b"ab"), Field::Number(6, 134), Field::Bytes(2, b"")]));
        for damaged in [&[0x0a, 3, b'a'][..], &[0x0a], &[0x30, 0x80], &[0x0b], &[0x00, 0x00], &[0xff; 12]] {
            assert!(fields(damaged).any(|field| field.is_err()), "{damaged:?}");
        }
    }
}
