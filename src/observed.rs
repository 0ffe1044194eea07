//! The result of querying a source of evidence.

/// The value that a source returned, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<T> {
    /// The source returned this value.
    Value(T),
    /// The query failed, for this reason.
    Failed(String),
    /// The source was not queried, for this reason.
    NotChecked(String),
}

impl<T> Default for Observed<T> {
    fn default() -> Self {
        Self::NotChecked("not requested".to_owned())
    }
}

impl<T> Observed<T> {
    /// Returns the value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Failed(_) | Self::NotChecked(_) => None,
        }
    }

    /// Returns the value, if there is one, and drops the reason.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Failed(_) | Self::NotChecked(_) => None,
        }
    }

    /// Returns why there is no value.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Value(_) => None,
            Self::Failed(reason) | Self::NotChecked(reason) => Some(reason),
        }
    }
}
