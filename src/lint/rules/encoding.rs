//! Checks of the base64 encoding and of the characters around it.

use super::format::count;
use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;
use crate::token::{Observation, Stage};

/// `not-base64`.
pub static NOT_BASE64: TokenCheck = TokenCheck {
    check: Check {
        name: "not-base64",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The text is not standard base64 with padding.",
        why: "A token is base64 and nothing else. Characters were added or lost when it was copied, or it is other text. Consul ignores line breaks, but no other character.",
        remedy: "Copy the token again, as a file, and pass it as @FILE. `peering inspect` repairs many damaged tokens and shows the repairs.",
        source: "Consul 1.23.0-dev, recorded: `failed to decode token: illegal base64 data at input byte N`",
    },
    run: not_base64,
};

fn not_base64(context: &Context<'_>, findings: &mut Findings) {
    let Err(error) = context.decoded else { return };
    if error.stage != Stage::Base64 || context.resembles(Resemblance::Empty) {
        return;
    }
    let (offset, length) = (error.offset, context.text.len());
    let message = match context.text.get(offset).filter(|byte| !is_digit(**byte)) {
        Some(byte) => {
            format!("byte {offset} of {length} is {}, which is not valid base64 there", describe(*byte))
        }
        None => format!(
            "invalid base64 at byte {offset} of {length}: there are missing or extra digits or padding"
        ),
    };
    findings.add("text", message, [("offset", offset.into()), ("bytes", length.into())]);
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Describes a byte that is not valid base64, and so reveals nothing about a token.
fn describe(byte: u8) -> String {
    match byte {
        b' ' => "a space".to_owned(),
        b'\t' => "a tab".to_owned(),
        0x21..0x7F => format!("the character {}", char::from(byte)),
        _ => format!("the byte 0x{byte:02X}"),
    }
}

/// `byte-order-mark`.
pub static BYTE_ORDER_MARK: TokenCheck = TokenCheck {
    check: Check {
        name: "byte-order-mark",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "There is a byte order mark before the token.",
        why: "Windows editors and PowerShell's redirection write one at the start of a file. Editors do not show it.",
        remedy: "Save the file as UTF-8 without a byte order mark, or as ASCII: `Out-File -Encoding ascii`.",
        source: "Consul 1.23.0-dev, recorded: rejected at byte 0",
    },
    run: byte_order_mark,
};

fn byte_order_mark(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::ByteOrderMark) {
        findings.add("text", "the text starts with a byte order mark, the bytes EF BB BF", []);
    }
}

/// `utf-16`.
pub static UTF_16: TokenCheck = TokenCheck {
    check: Check {
        name: "utf-16",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The text is encoded as UTF-16 instead of ASCII or UTF-8.",
        why: "Windows PowerShell's redirection (`>`) and Notepad's \"Unicode\" write UTF-16. Editors show it like any other text.",
        remedy: "Convert the file: `iconv -f UTF-16 -t ASCII FILE`. In PowerShell, write it with `Out-File -Encoding ascii`.",
        source: "Consul 1.23.0-dev: it rejects the first byte that is not base64; RFC 2781",
    },
    run: utf_16,
};

fn utf_16(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::Utf16) {
        let length = context.text.len();
        findings.add("text", format!("these {length} bytes are UTF-16"), [("bytes", length.into())]);
    }
}

/// `whitespace-in-text`.
pub static WHITESPACE_IN_TEXT: TokenCheck = TokenCheck {
    check: Check {
        name: "whitespace-in-text",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "There are spaces or tabs around or inside the token.",
        why: "A space was copied with the token, or a terminal wrapped it and the lines were indented. Consul ignores line breaks only.",
        remedy: "Remove them: `tr -d '[:space:]' <FILE`.",
        source: "Consul 1.23.0-dev, recorded: rejected at the first such byte",
    },
    run: whitespace_in_text,
};

fn whitespace_in_text(context: &Context<'_>, findings: &mut Findings) {
    let is_needed = context.needs(Repair::SurroundingWhitespace) || context.needs(Repair::InnerWhitespace);
    if !is_needed || context.resembles(Resemblance::Empty) {
        return;
    }
    let is_space_or_tab = |byte: &u8| byte.is_ascii_whitespace() && !matches!(byte, b'\r' | b'\n');
    let mut matches = context.text.iter().enumerate().filter(|(_, byte)| is_space_or_tab(byte));
    if let Some((offset, _)) = matches.next() {
        let number = matches.count() + 1;
        let message =
            format!("{} in the text, the first at byte {offset}", count(number, "whitespace character"));
        findings.add("text", message, [("offset", offset.into()), ("count", number.into())]);
    }
}

/// `escaped-line-breaks`.
pub static ESCAPED_LINE_BREAKS: TokenCheck = TokenCheck {
    check: Check {
        name: "escaped-line-breaks",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The token contains the two characters `\\n` instead of a line break.",
        why: "JSON, YAML or a shell wrote the token's line breaks as `\\n`, and they were not decoded again.",
        remedy: "Remove them: `sed 's/\\\\[nr]//g' FILE`. If the token comes from JSON, extract it with `jq -r`.",
        source: "Consul 1.23.0-dev, recorded: rejected at the backslash",
    },
    run: escaped_line_breaks,
};

fn escaped_line_breaks(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::EscapedLineBreaks)
        && let Some(offset) = context.text.iter().position(|byte| *byte == b'\\')
    {
        let message = format!("the characters \\n or \\r instead of a line break at byte {offset}");
        findings.add("text", message, [("offset", offset.into())]);
    }
}

/// `quoted`.
pub static QUOTED: TokenCheck = TokenCheck {
    check: Check {
        name: "quoted",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The token is in quotation marks.",
        why: "It was copied with its quotation marks from JSON, YAML or an environment file.",
        remedy: "Remove the quotation marks. If the token comes from JSON, extract it with `jq -r`.",
        source: "Consul 1.23.0-dev, recorded: rejected at byte 0",
    },
    run: quoted,
};

fn quoted(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::Quotes) {
        let mut marks =
            context.text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\'' | b'`'));
        if let Some((offset, mark)) = marks.next() {
            let message = format!("the token is in {}, the first at byte {offset}", name_of(*mark));
            findings.add("text", message, [("offset", offset.into())]);
        }
    }
}

fn name_of(mark: u8) -> &'static str {
    match mark {
        b'"' => "double quotes",
        b'`' => "backticks",
        _ => "single quotes",
    }
}

/// `base64-url-alphabet`.
pub static BASE64_URL_ALPHABET: TokenCheck = TokenCheck {
    check: Check {
        name: "base64-url-alphabet",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The token uses the URL-safe alphabet of base64, with `-` and `_`.",
        why: "A program decoded the token and encoded it again with URL-safe base64. Consul accepts the standard alphabet only, so it rejects each token that contains one of the two characters.",
        remedy: "Replace `-` with `+` and `_` with `/`: `tr -- '-_' '+/' <FILE`. Then change the program, which does not need to encode the token.",
        source: "Consul 1.23.0-dev, recorded; RFC 4648, section 5",
    },
    run: base64_url_alphabet,
};

fn base64_url_alphabet(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::UrlAlphabet) {
        let mut matches = context.text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'-' | b'_'));
        if let Some((offset, character)) = matches.next() {
            let number = matches.count() + 1;
            let message = format!(
                "{} of the URL-safe alphabet, the first is {} at byte {offset}",
                count(number, "character"),
                char::from(*character)
            );
            findings.add("text", message, [("offset", offset.into()), ("count", number.into())]);
        }
    }
}

/// `base64-no-padding`.
pub static BASE64_NO_PADDING: TokenCheck = TokenCheck {
    check: Check {
        name: "base64-no-padding",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The `=` at the end of the token are missing.",
        why: "A double click does not select them, and some programs remove them.",
        remedy: "Add the missing `=`.",
        source: "Consul 1.23.0-dev, recorded; RFC 4648, section 3.2",
    },
    run: base64_no_padding,
};

fn base64_no_padding(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::MissingPadding) {
        let digits = context.text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=').count();
        let missing = digits.next_multiple_of(4) - digits;
        let message = format!("{digits} base64 digits need {missing} more = at the end");
        findings.add("text", message, [("digits", digits.into()), ("missing", missing.into())]);
    }
}

/// `base64-wrapped`.
pub static BASE64_WRAPPED: TokenCheck = TokenCheck {
    check: Check {
        name: "base64-wrapped",
        severity: Severity::Info,
        area: Area::Text,
        subject: Subject::Fields,
        summary: "The token contains line breaks.",
        why: "`base64` without `-w 0` wraps lines, and so do mail programs and terminals. Consul ignores line breaks, but a shell, an environment file or a form field may keep only the first line. A line break at the very end is not reported.",
        remedy: "Join the lines before you pass the token on: `tr -d '\\r\\n' <FILE`.",
        source: "Consul 1.23.0-dev, recorded: it accepts LF and CRLF",
    },
    run: base64_wrapped,
};

fn base64_wrapped(context: &Context<'_>, findings: &mut Findings) {
    for observation in context.observations() {
        if let Observation::LineBreaks { offset, count } = observation
            && context.text[*offset..].iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
        {
            let message =
                format!("the token contains {count} bytes of line breaks, the first at byte {offset}");
            findings.add("text", message, [("offset", (*offset).into()), ("count", (*count).into())]);
        }
    }
}

/// `base64-trailing-bits`.
pub static BASE64_TRAILING_BITS: TokenCheck = TokenCheck {
    check: Check {
        name: "base64-trailing-bits",
        severity: Severity::Info,
        area: Area::Text,
        subject: Subject::Fields,
        summary: "The last base64 digit has bits set that encode nothing.",
        why: "Consul does not generate such a token: its last character was changed or replaced. Consul ignores these bits, and stricter decoders reject them.",
        remedy: "Compare the token with the one that the accepting cluster printed.",
        source: "Consul 1.23.0-dev, recorded: accepted; RFC 4648, section 3.5",
    },
    run: base64_trailing_bits,
};

fn base64_trailing_bits(context: &Context<'_>, findings: &mut Findings) {
    for observation in context.observations() {
        if let Observation::TrailingBits { offset } = observation {
            let message =
                format!("the last base64 digit, at byte {offset}, has bits set that encode nothing");
            findings.add("text", message, [("offset", (*offset).into())]);
        }
    }
}

/// `encoded-twice`.
pub static ENCODED_TWICE: TokenCheck = TokenCheck {
    check: Check {
        name: "encoded-twice",
        severity: Severity::Error,
        area: Area::Text,
        subject: Subject::Text,
        summary: "The token is encoded with base64 twice.",
        why: "It was copied from the `data` of a Kubernetes Secret, which is base64, or a script encoded it again. If it is in a Secret, `kubectl create secret --from-literal` was given a value from `data`: the dialing cluster's controller passes Consul base64 of the token, and Consul rejects it.",
        remedy: "Decode it once: `base64 -d FILE`. From a Secret: `kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d`. If the Secret itself is encoded twice, run this command with `| base64 -d | base64 -d > west.token`, then create the Secret again: `kubectl create secret generic SECRET --from-file=KEY=west.token`.",
        source: "Consul 1.23.0-dev: `invalid character 'e' looking for beginning of value`; how Kubernetes stores Secrets",
    },
    run: encoded_twice,
};

fn encoded_twice(context: &Context<'_>, findings: &mut Findings) {
    if context.needs(Repair::DoubleEncoded) {
        let length = context.text.len();
        let message = format!("decoding these {length} bytes gives base64 again, which contains a token");
        findings.add("text", message, [("bytes", length.into())]);
    }
}
