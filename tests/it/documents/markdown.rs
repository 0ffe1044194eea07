//! A page as parts: prose, and blocks of code. What runs the pages and what guards them read them with this, so that
//! nothing can look run to the one and not be run by the other.

use std::fmt::Write;

/// A part of a page.
pub enum Part {
    /// Lines that are no block.
    Prose(String),
    Block(Block),
}

/// A fenced block of code.
pub struct Block {
    /// What stands before each of its lines.
    pub indent: String,
    pub language: String,
    /// Its lines, without the indent.
    pub lines: Vec<String>,
}

/// A command of a ```console block, the exit code that the page says, and what it prints.
pub struct Step {
    pub command: String,
    pub status: i32,
    pub output: String,
}

pub fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        assert!(!line.trim_start().starts_with("~~~"), "a block begins with ```: {line}");
        let Some((indent, language)) = line.split_once("```").filter(|(before, _)| before.trim().is_empty())
        else {
            writeln!(prose, "{line}").unwrap();
            continue;
        };
        parts.push(Part::Prose(std::mem::take(&mut prose)));
        let mut block = Block { indent: indent.to_owned(), language: language.to_owned(), lines: Vec::new() };
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("a block in {language:?} has no end"));
            if line.trim() == "```" {
                break;
            }
            block.lines.push(line.strip_prefix(indent).unwrap_or(line).to_owned());
        }
        parts.push(Part::Block(block));
    }
    parts.push(Part::Prose(prose));
    parts
}

/// The blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let block = |part| if let Part::Block(block) = part { Some(block) } else { None };
    parts(page).into_iter().filter_map(block).collect()
}

impl Block {
    /// Whether its commands are run.
    pub fn is_run(&self) -> bool {
        self.language == "console"
    }

    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// The commands of a ```console block. Blank lines at its end are nothing.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in &self.lines {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), status: 0, output: String::new() });
                continue;
            }
            let step = steps.last_mut().expect("a console block begins with a command");
            match (line.strip_prefix("> "), line.strip_prefix("? ")) {
                (Some(more), _) if step.output.is_empty() => write!(step.command, "\n{more}").unwrap(),
                (_, Some(status)) if step.output.is_empty() => step.status = status.parse().unwrap(),
                _ => writeln!(step.output, "{line}").unwrap(),
            }
        }
        steps
    }

    /// The block as it stands in the page, with other lines.
    pub fn with(&self, text: &str) -> String {
        let mut block = format!("{}```{}\n", self.indent, self.language);
        for line in text.lines() {
            let indent = if line.is_empty() { "" } else { &self.indent };
            writeln!(block, "{indent}{line}").unwrap();
        }
        block + &self.indent + "```\n"
    }
}
