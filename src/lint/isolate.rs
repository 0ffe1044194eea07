//! Keeps a panic in the work on one token from ending the work on others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

/// A panic: a defect of this tool. It does not contain the panic's message, which can quote the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this tool failed while checking the token, which is a defect: please report it")]
pub struct InternalError;

/// Does the work. A panic becomes an error.
///
/// What the work was changing may be incomplete after an error: discard it.
pub fn isolate<T>(work: impl FnOnce() -> T) -> Result<T, InternalError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| InternalError)
}
