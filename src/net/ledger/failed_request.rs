//! What the error of a generate request says about the tokens that were generated before.

use super::Origin;
use crate::net::consul::RequestError;

impl Origin {
    /// Determines from the error of a generate request whether Consul stored a new secret: [`Origin::Refused`] if it did not.
    ///
    /// Consul stores the secret, then collects the addresses for the token. If that fails, the new secret stays.
    pub fn of_failed_request(error: &RequestError) -> Self {
        const NO_GATEWAY: &str = "no mesh gateway instances are registered";
        const MAY_BE_LATER: [&str; 6] =
            ["EOF", "timed out", "timeout", "deadline exceeded", "leadership lost", "connection reset"];
        match error {
            RequestError::Refused { status: 500.., body } if body.contains(NO_GATEWAY) => Self::Failed,
            // A proxy answers 502 or 504 when it lost Consul's answer.
            RequestError::Refused { status: 502 | 504, .. } | RequestError::Unreadable(_) => Self::Unanswered,
            RequestError::Refused { status: 500.., body }
                if MAY_BE_LATER.iter().any(|text| body.contains(text)) =>
            {
                Self::Unanswered
            }
            RequestError::Transport { is_sent: true, .. } | RequestError::TimedOut { is_sent: true, .. } => {
                Self::Unanswered
            }
            RequestError::Refused { .. }
            | RequestError::Setup(_)
            | RequestError::Transport { .. }
            | RequestError::TimedOut { .. } => Self::Refused,
        }
    }
}
