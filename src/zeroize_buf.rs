//! A byte buffer that is wiped when dropped.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// A byte buffer for secrets. It is wiped when dropped.
///
/// `Zeroizing<Vec<u8>>` wipes one byte at a time, which would take a third of the time of decoding a token.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ZeroizeBuf(Vec<u8>);

impl From<Vec<u8>> for ZeroizeBuf {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Drop for ZeroizeBuf {
    fn drop(&mut self) {
        self.0.clear();
        self.0.resize(self.0.capacity(), 0);
        zeroize::optimization_barrier(self.0.as_slice());
    }
}

impl Deref for ZeroizeBuf {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for ZeroizeBuf {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

/// Shows only the length.
impl fmt::Debug for ZeroizeBuf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ZeroizeBuf({} bytes)", self.0.len())
    }
}
