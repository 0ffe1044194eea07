//! The digits of base64.

/// Returns the value of a digit of the standard or the URL-safe alphabet.
pub(super) fn value(byte: u8) -> Option<u8> {
    const NONE: u8 = 0xFF;
    const VALUES: [u8; 256] = {
        let mut values = [NONE; 256];
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut digit = 0;
        while digit < 64 {
            values[alphabet[digit as usize] as usize] = digit;
            digit += 1;
        }
        values[b'-' as usize] = 62;
        values[b'_' as usize] = 63;
        values
    };
    let value = VALUES[usize::from(byte)];
    (value != NONE).then_some(value)
}
