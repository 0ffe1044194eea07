//! Text that must stay secret, such as the establishment secret.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::hex::sha256_hex;

/// A secret text that cannot be printed, logged or serialized by accident.
///
/// It is compared in constant time and wiped when dropped. It implements neither `Display` nor `Serialize`, and
/// `Debug` shows only whether it is empty.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Returns the secret text. Audit the callers of this function when you look for leaks.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Returns whether the secret is the empty text, as in a token without a secret.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Returns the SHA-256 digest of the secret as 64 lower-case hexadecimal digits, or `None` if it is empty.
    pub fn sha256(&self) -> Option<String> {
        (!self.is_empty()).then(|| sha256_hex(self.expose().as_bytes()))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self::from("")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() { "Secret(empty)" } else { "Secret(hidden)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_secret() {
        assert_eq!(format!("{:?}", Secret::from("hunter2")), "Secret(hidden)");
        assert_eq!(format!("{:?}", Secret::default()), "Secret(empty)");
    }

    #[test]
    fn secrets_are_compared_by_their_text() {
        assert_eq!(Secret::from("a"), Secret::from(String::from("a")));
        assert_ne!(Secret::from("a"), Secret::from("b"));
        assert_ne!(Secret::from("a"), Secret::from("aa"));
    }
}
