//! Line wrapping of help texts.

use textwrap::{Options, WordSplitter, fill, wrap};

/// The widest first column.
const MAX_TERM_WIDTH: usize = 26;

/// Wrapping that keeps flags whole: textwrap would split them at a hyphen.
pub fn unsplit<'a>(width: usize) -> Options<'a> {
    Options::new(width).word_splitter(WordSplitter::NoHyphenation)
}

/// Lays out rows in two columns.
pub fn columns(rows: &[(String, String)], width: usize) -> String {
    let term_width = rows.iter().map(|(term, _)| term.len()).max().unwrap_or(0).min(MAX_TERM_WIDTH);
    let indent = " ".repeat(term_width + 4);
    let mut text = String::new();
    for (term, help) in rows {
        if term.len() > term_width {
            text.extend(["  ", term, "\n", &hanging(help, term_width + 4, width)]);
        } else {
            let first = format!("  {term:term_width$}  ");
            let options = unsplit(width).initial_indent(&first).subsequent_indent(&indent);
            text.push_str(&(fill(help, options) + "\n"));
        }
    }
    text
}

/// Lays out rows in two columns, with one line for each row. A text that is too long ends at a word.
pub fn single_lines(rows: &[(String, String)], width: usize) -> String {
    let term_width = rows.iter().map(|(term, _)| term.len()).max().unwrap_or(0).min(MAX_TERM_WIDTH);
    let mut text = String::new();
    for (term, help) in rows {
        let first = format!("  {term:term_width$}  ");
        let room = width.saturating_sub(first.len());
        let lines = wrap(help, unsplit(room.saturating_sub(1)));
        let shown = lines.first().map(|line| line.trim_end()).unwrap_or_default();
        let end = if lines.len() > 1 { "…" } else { "" };
        text.extend([&first, shown.trim_end_matches([',', ':']), end, "\n"]);
    }
    text
}

/// Wraps a text with an indent. Lines that are indented more keep that.
pub fn hanging(text: &str, indent: usize, width: usize) -> String {
    let mut wrapped = String::new();
    for line in text.lines() {
        let own = line.len() - line.trim_start().len();
        let first = " ".repeat(indent + own);
        let options = unsplit(width).initial_indent(&first).subsequent_indent(&first);
        wrapped.push_str(&(fill(line.trim_start(), options) + "\n"));
    }
    wrapped
}

/// Wraps a line of the examples. A command continues after a backslash, as in a shell.
pub fn wrap_example(line: &str, width: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    if line.len() <= width || line.ends_with(':') {
        let indent = &line[..indent];
        let options = unsplit(width).initial_indent(indent).subsequent_indent(indent);
        return wrap(line.trim_start(), options).into_iter().map(Into::into).collect();
    }
    let mut lines = vec![" ".repeat(indent)];
    for word in shell_words(line.trim_start()) {
        let last = lines.last_mut().map_or(0, |last| last.len());
        if last + word.len() + " \\".len() >= width
            && let Some(last) = lines.last_mut()
        {
            last.push_str(" \\");
            lines.push(" ".repeat(indent + 2));
        }
        if let Some(last) = lines.last_mut() {
            if !last.trim().is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// Splits a command into its words, unchanged. A space in quotes does not end a word.
fn shell_words(command: &str) -> Vec<&str> {
    let mut quote = None;
    let ends_word = |character: char| {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        quote.is_none() && character == ' '
    };
    command.split(ends_word).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_command_continues_as_in_a_shell() {
        let line = "    peering generate-token -name west -server-external-addresses lb.example.com:8503,10.0.0.1:8503";
        let lines = wrap_example(line, 60);
        assert_eq!(
            lines,
            [
                "    peering generate-token -name west \\",
                "      -server-external-addresses \\",
                "      lb.example.com:8503,10.0.0.1:8503"
            ]
        );
        let whole = lines.join("\n").replace("\\\n", "");
        assert_eq!(shlex::split(&whole), shlex::split(line));
    }

    #[test]
    fn quoted_text_is_not_wrapped() {
        let line = "  peering diagnose -error 'a new peering token must be generated'";
        assert_eq!(
            wrap_example(line, 40),
            ["  peering diagnose -error \\", "    'a new peering token must be generated'"]
        );
        assert_eq!(wrap_example("  From another command:", 15), ["  From another", "  command:"]);
    }
}
