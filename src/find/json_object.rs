//! Finds the end of a JSON object while its bytes arrive, and rejects what cannot be the JSON of a token early.

/// The keys of a token, in lower case. Like Go, their case is ignored.
const KEYS: [&str; 7] = [
    "ca",
    "manualserveraddresses",
    "serveraddresses",
    "servername",
    "peerid",
    "establishmentsecret",
    "remote",
];

/// The longest of [`KEYS`], in bytes.
const MAX_KEY_LEN: usize = 21;

/// How deep the values of a token may nest. Those of Consul nest to two.
const MAX_DEPTH: usize = 16;

/// The state after some bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It continues.
    Open,
    /// The last byte closed it.
    Closed,
    /// It is not the JSON of a token.
    Invalid,
}

/// A JSON object that is read byte by byte.
#[derive(Debug, Default)]
pub(super) struct JsonObject {
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    first_key: Vec<u8>,
    first_key_is_known: bool,
}

impl JsonObject {
    /// Adds a byte.
    pub(super) fn push(&mut self, byte: u8) -> State {
        if self.is_in_string {
            return self.push_in_string(byte);
        }
        match byte {
            b'{' if self.depth == 0 => self.depth = 1,
            _ if self.depth == 0 => return State::Invalid,
            b'"' => self.is_in_string = true,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            // An object that is empty, or starts with something else than a key.
            _ if !self.first_key_is_known => return State::Invalid,
            b'{' | b'[' if self.depth < MAX_DEPTH => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            b',' | b':' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {}
            _ => return State::Invalid,
        }
        if self.depth == 0 { State::Closed } else { State::Open }
    }

    fn push_in_string(&mut self, byte: u8) -> State {
        if byte < b' ' {
            return State::Invalid;
        }
        let is_end = byte == b'"' && !self.is_escaped;
        self.is_escaped = byte == b'\\' && !self.is_escaped;
        self.is_in_string = !is_end;
        if self.first_key_is_known {
            return State::Open;
        }
        let key = &mut self.first_key;
        if is_end {
            self.first_key_is_known = KEYS.iter().any(|known| key.eq_ignore_ascii_case(known.as_bytes()));
        } else {
            key.push(byte);
        }
        if key.len() > MAX_KEY_LEN || is_end && !self.first_key_is_known {
            State::Invalid
        } else {
            State::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the state after a text, and how many of its bytes were read.
    fn read(text: &str) -> (State, usize) {
        let mut object = JsonObject::default();
        for (index, byte) in text.bytes().enumerate() {
            let state = object.push(byte);
            if state != State::Open {
                return (state, index + 1);
            }
        }
        (State::Open, text.len())
    }

    #[test]
    fn the_end_of_an_object_is_where_its_first_brace_is_closed() {
        assert_eq!(read(r#"{"PeerID":"}\"}","Remote":{"a":[1]}} {"#), (State::Closed, 36));
        assert_eq!(read("{ \"ca\" : null\n}x"), (State::Closed, 15));
        assert_eq!(read(r#"{"CA":["#), (State::Open, 7));
    }

    #[test]
    fn what_is_not_a_token_is_rejected_early() {
        assert_eq!(read(r#"{"alg":"ES256"}"#), (State::Invalid, 6));
        assert_eq!(read(r#"{"version":3,"sources":[]}"#), (State::Invalid, 10));
        assert_eq!(read("{\"CA\":\"a\nb\"}"), (State::Invalid, 9));
        assert_eq!(read("[]"), (State::Invalid, 1));
        assert_eq!(read("{}"), (State::Invalid, 2));
        assert_eq!(read(&format!("{{\"CA\":{}", "[".repeat(100))), (State::Invalid, 6 + MAX_DEPTH));
    }
}
