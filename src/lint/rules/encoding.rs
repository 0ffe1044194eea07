//! Checks of the base64 encoding and of what surrounds it.

use super::format::count;
use crate::lint::context::Context;
use crate::lint::rule::{Area, Check, Found, Severity, Subject};
use crate::token::recover::Repair;
use crate::token::resemblance::Resemblance;
use crate::token::{Observation, Stage};

/// `not-base64`.
pub static NOT_BASE64: Check = Check {
    name: "not-base64",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The text is not standard base64 with padding.",
    why: "A token is base64 and nothing else. Something came along when it was copied, something was lost, or it is another text. Consul passes over line breaks, but over no other character.",
    remedy: "Copy the token again, as a file, and give it as @FILE. `peering inspect` finds a token in many damaged texts and says what it had to undo.",
    source: "Consul 1.23.0-dev, recorded: `failed to decode token: illegal base64 data at input byte N`",
    run: not_base64,
};

fn not_base64(facts: &Context<'_>, found: &mut Found) {
    let Err(error) = facts.decoded else { return };
    if error.stage != Stage::Base64 || facts.resembles(Resemblance::Empty) {
        return;
    }
    let (offset, length) = (error.offset, facts.text.len());
    let message = match facts.text.get(offset).filter(|byte| !is_digit(**byte)) {
        Some(byte) => {
            format!("byte {offset} of {length} is {}, which base64 does not have there", shown(*byte))
        }
        None => format!(
            "the base64 goes wrong at byte {offset} of {length}: digits or padding are missing or too many"
        ),
    };
    found.fault("text", message, [("offset", offset.into()), ("bytes", length.into())]);
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// A byte that is no part of a token, so that it may be shown.
fn shown(byte: u8) -> String {
    match byte {
        b' ' => "a space".to_owned(),
        b'\t' => "a tab".to_owned(),
        0x21..0x7F => format!("the character {}", char::from(byte)),
        _ => format!("the byte 0x{byte:02X}"),
    }
}

/// `byte-order-mark`.
pub static BYTE_ORDER_MARK: Check = Check {
    name: "byte-order-mark",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "A byte order mark stands before the token.",
    why: "Windows editors and PowerShell's redirection write one at the beginning of a file. It cannot be seen.",
    remedy: "Save the file as UTF-8 without a byte order mark, or as ASCII: `Out-File -Encoding ascii`.",
    source: "Consul 1.23.0-dev, recorded: refused at byte 0",
    run: byte_order_mark,
};

fn byte_order_mark(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::ByteOrderMark) {
        found.fault("text", "the text begins with a byte order mark, the bytes EF BB BF", []);
    }
}

/// `blanks-in-text`.
pub static BLANKS_IN_TEXT: Check = Check {
    name: "blanks-in-text",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "There are spaces or tabs around the token or inside it.",
    why: "A space came along when the token was copied, or a terminal wrapped it and the lines were indented. Consul passes over line breaks only.",
    remedy: "Remove them: `tr -d '[:space:]' <FILE`.",
    source: "Consul 1.23.0-dev, recorded: refused at the first such byte",
    run: blanks_in_text,
};

fn blanks_in_text(facts: &Context<'_>, found: &mut Found) {
    if !facts.needs(Repair::SurroundingWhitespace) && !facts.needs(Repair::InnerWhitespace) {
        return;
    }
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() && !matches!(byte, b'\r' | b'\n');
    let mut blanks = facts.text.iter().enumerate().filter(|(_, byte)| is_blank(byte));
    if let Some((offset, _)) = blanks.next() {
        let number = blanks.count() + 1;
        let message = format!("{} in the text, the first at byte {offset}", count(number, "blank"));
        found.fault("text", message, [("offset", offset.into()), ("count", number.into())]);
    }
}

/// `escaped-line-breaks`.
pub static ESCAPED_LINE_BREAKS: Check = Check {
    name: "escaped-line-breaks",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The two characters `\\n` stand in the token where a line break had been.",
    why: "The token went through JSON, YAML or a shell that wrote its line breaks as `\\n`, and nobody read them back.",
    remedy: "Remove them: `sed 's/\\\\[nr]//g' FILE`. Where the value comes from JSON, take it with `jq -r`.",
    source: "Consul 1.23.0-dev, recorded: refused at the backslash",
    run: escaped_line_breaks,
};

fn escaped_line_breaks(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::EscapedLineBreaks)
        && let Some(offset) = facts.text.iter().position(|byte| *byte == b'\\')
    {
        let message = format!("a backslash at byte {offset}: \\n or \\r is written out there");
        found.fault("text", message, [("offset", offset.into())]);
    }
}

/// `quoted`.
pub static QUOTED: Check = Check {
    name: "quoted",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token stands in quotation marks.",
    why: "It was taken from JSON or YAML together with its quotation marks, or from a file of variables whose quotes the shell did not remove.",
    remedy: "Remove the quotation marks. Where the value comes from JSON, take it with `jq -r`.",
    source: "Consul 1.23.0-dev, recorded: refused at byte 0",
    run: quoted,
};

fn quoted(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::Quotes) {
        let mut marks = facts.text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\'' | b'`'));
        if let Some((offset, mark)) = marks.next() {
            let message = format!("the token stands in {}, the first at byte {offset}", name_of(*mark));
            found.fault("text", message, [("offset", offset.into())]);
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
pub static BASE64_URL_ALPHABET: Check = Check {
    name: "base64-url-alphabet",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token is written in the URL alphabet of base64, with `-` and `_`.",
    why: "A program read the token and wrote it again with its language's URL-safe base64. Consul reads the standard alphabet only, so that such a token passes when it happens to hold neither sign.",
    remedy: "Replace `-` by `+` and `_` by `/`: `tr -- '-_' '+/' <FILE`. Then mend the program: it need not touch the token.",
    source: "Consul 1.23.0-dev, recorded; RFC 4648, section 5",
    run: base64_url_alphabet,
};

fn base64_url_alphabet(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::UrlAlphabet) {
        let mut signs = facts.text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'-' | b'_'));
        if let Some((offset, sign)) = signs.next() {
            let number = signs.count() + 1;
            let message = format!(
                "{} of the URL alphabet, the first a {} at byte {offset}",
                count(number, "sign"),
                char::from(*sign)
            );
            found.fault("text", message, [("offset", offset.into()), ("count", number.into())]);
        }
    }
}

/// `base64-no-padding`.
pub static BASE64_NO_PADDING: Check = Check {
    name: "base64-no-padding",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The `=` at the end of the token are missing.",
    why: "A double click does not select them, and some programs strip them.",
    remedy: "Add as many `=` as are missing.",
    source: "Consul 1.23.0-dev, recorded; RFC 4648, section 3.2",
    run: base64_no_padding,
};

fn base64_no_padding(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::MissingPadding) {
        let digits = facts.text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=').count();
        let missing = digits.next_multiple_of(4) - digits;
        let message = format!("{digits} digits of base64 need {missing} × = at the end");
        found.fault("text", message, [("digits", digits.into()), ("missing", missing.into())]);
    }
}

/// `base64-wrapped`.
pub static BASE64_WRAPPED: Check = Check {
    name: "base64-wrapped",
    severity: Severity::Info,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "The token is broken into lines.",
    why: "`base64` without `-w 0` breaks lines, and so do mail and terminals. Consul passes over line breaks; shells, environment files and form fields may keep the first line only. A line break at the very end is not reported.",
    remedy: "Join the lines before the token goes anywhere else: `tr -d '\\r\\n' <FILE`.",
    source: "Consul 1.23.0-dev, recorded: LF and CRLF are accepted",
    run: base64_wrapped,
};

fn base64_wrapped(facts: &Context<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::LineBreaks { offset, count } = observation
            && facts.text[*offset..].iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
        {
            let message =
                format!("line breaks in the token: {count} bytes of them, the first at byte {offset}");
            found.fault("text", message, [("offset", (*offset).into()), ("count", (*count).into())]);
        }
    }
}

/// `base64-trailing-bits`.
pub static BASE64_TRAILING_BITS: Check = Check {
    name: "base64-trailing-bits",
    severity: Severity::Info,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "The last base64 digit carries bits that belong to no byte.",
    why: "No Consul writes such a token: its last character was changed, or cut off and written anew. Consul passes over the bits, stricter readers refuse them.",
    remedy: "Compare it with what the accepting cluster printed.",
    source: "Consul 1.23.0-dev, recorded: accepted; RFC 4648, section 3.5",
    run: base64_trailing_bits,
};

fn base64_trailing_bits(facts: &Context<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::TrailingBits { offset } = observation {
            let message =
                format!("the last base64 digit, at byte {offset}, has bits set that belong to no byte");
            found.fault("text", message, [("offset", (*offset).into())]);
        }
    }
}

/// `encoded-twice`.
pub static ENCODED_TWICE: Check = Check {
    name: "encoded-twice",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The text is base64 of a token.",
    why: "It was taken from the `data` of a Kubernetes Secret, which is base64 once more, or a script encoded it for the way.",
    remedy: "Decode it once: `base64 -d FILE`. From a Secret: `kubectl get secret SECRET -o jsonpath='{.data.KEY}' | base64 -d`.",
    source: "Consul 1.23.0-dev: `invalid character 'e' looking for beginning of value`; how Kubernetes stores Secrets",
    run: encoded_twice,
};

fn encoded_twice(facts: &Context<'_>, found: &mut Found) {
    if facts.needs(Repair::DoubleEncoded) {
        let length = facts.text.len();
        let message =
            format!("under the base64 of these {length} bytes there is base64 again, and then a token");
        found.fault("text", message, [("bytes", length.into())]);
    }
}
