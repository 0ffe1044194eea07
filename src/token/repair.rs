//! The repairs that turn a text into a token.

use std::fmt;

use serde::Serialize;

/// A repair that turns a text into a token that Consul accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Removed a byte order mark.
    ByteOrderMark,
    /// Removed whitespace around the token.
    SurroundingWhitespace,
    /// Removed quotation marks around the token.
    Quotes,
    /// Removed `NAME=` before the token, as in an environment file.
    Assignment,
    /// Removed text before or after the token, such as a prompt, a command or a period.
    SurroundingText,
    /// Removed whitespace inside the base64.
    InnerWhitespace,
    /// Removed the two characters `\n` inside the base64.
    EscapedLineBreaks,
    /// Extracted the token from `{"PeeringToken": …}`, the output of `-format json`.
    JsonResponse,
    /// Extracted the token from a Kubernetes Secret.
    SecretManifest,
    /// Extracted the token from the `data` of a Kubernetes Secret, printed with `-o jsonpath={.data}`.
    SecretData,
    /// Extracted the token from a Terraform state.
    TerraformState,
    /// Extracted the token from a different JSON or YAML document.
    JsonDocument,
    /// Separated several tokens.
    SeveralTokens,
    /// Converted UTF-16 to UTF-8.
    Utf16,
    /// Decoded base64 of base64, as in the `data` of a Kubernetes Secret.
    DoubleEncoded,
    /// Replaced `-` and `_` by `+` and `/`.
    UrlAlphabet,
    /// Added the missing `=` at the end.
    MissingPadding,
    /// Encoded the token's JSON as base64.
    BareJson,
}

impl fmt::Display for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ByteOrderMark => "removed a byte order mark",
            Self::SurroundingWhitespace => "removed whitespace around the token",
            Self::Quotes => "removed quotation marks around the token",
            Self::Assignment => "removed a variable name before the token",
            Self::SurroundingText => "removed the text around the token",
            Self::InnerWhitespace => "removed whitespace inside the token",
            Self::EscapedLineBreaks => "removed the characters \\n inside the token",
            Self::JsonResponse => "extracted the token from {\"PeeringToken\": …}",
            Self::SecretManifest => "extracted the token from a Kubernetes Secret",
            Self::SecretData => "extracted the token from the data of a Kubernetes Secret",
            Self::TerraformState => "extracted the token from a Terraform state",
            Self::JsonDocument => "extracted the token from a JSON or YAML document",
            Self::SeveralTokens => "separated the token from other tokens",
            Self::Utf16 => "converted UTF-16 to UTF-8",
            Self::DoubleEncoded => "decoded base64 twice",
            Self::UrlAlphabet => "converted base64url to base64 (- and _ to + and /)",
            Self::MissingPadding => "added the missing padding (=)",
            Self::BareJson => "encoded the token's JSON as base64",
        })
    }
}

impl Repair {
    /// Returns whether the token was inside a document, which is not what Consul is given.
    pub fn is_document(self) -> bool {
        matches!(
            self,
            Self::JsonResponse
                | Self::SecretManifest
                | Self::SecretData
                | Self::TerraformState
                | Self::JsonDocument
                | Self::SeveralTokens
        )
    }

    /// Returns the name of the document, for a repair that extracts the token from one.
    pub fn document_name(self) -> &'static str {
        match self {
            Self::JsonResponse => "an API response",
            Self::SecretManifest => "a Kubernetes Secret",
            Self::SecretData => "the data of a Kubernetes Secret",
            Self::TerraformState => "a Terraform state",
            Self::SeveralTokens => "a text with several tokens",
            _ => "a document",
        }
    }

    /// Returns whether the repair may also apply to a text that is not a token.
    pub(super) fn is_speculative(self) -> bool {
        matches!(self, Self::InnerWhitespace | Self::DoubleEncoded | Self::UrlAlphabet | Self::MissingPadding)
    }
}
