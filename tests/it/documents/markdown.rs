//! Splits a Markdown page into prose and code blocks, both for running the pages and for checking what is run.

use std::fmt::Write;

/// A part of a page.
pub enum Part {
    /// Lines outside of code blocks.
    Prose(String),
    Block(Block),
}

/// A fenced block of code.
pub struct Block {
    /// The indentation of each line.
    pub indent: String,
    pub language: String,
    /// The lines without the indentation.
    pub lines: Vec<String>,
}

/// A command of a ```console block with its exit code and output.
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
        assert!(!line.trim_start().starts_with("~~~"), "start a block with ``` instead of ~~~: {line}");
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

/// Returns the code blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let block = |part| if let Part::Block(block) = part { Some(block) } else { None };
    parts(page).into_iter().filter_map(block).collect()
}

impl Block {
    /// Returns whether the tests run the commands.
    pub fn is_run(&self) -> bool {
        self.language == "console"
    }

    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Returns the commands of a ```console block.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in &self.lines {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), status: 0, output: String::new() });
                continue;
            }
            let step = steps.last_mut().expect("a console block starts with a command");
            match (line.strip_prefix("> "), line.strip_prefix("? ")) {
                (Some(more), _) if step.output.is_empty() => write!(step.command, "\n{more}").unwrap(),
                (_, Some(status)) if step.output.is_empty() => step.status = status.parse().unwrap(),
                _ => writeln!(step.output, "{line}").unwrap(),
            }
        }
        steps
    }

    /// Returns the Markdown of the block with other lines.
    pub fn with(&self, text: &str) -> String {
        let mut block = format!("{}```{}\n", self.indent, self.language);
        for line in text.lines() {
            let indent = if line.is_empty() { "" } else { &self.indent };
            writeln!(block, "{indent}{line}").unwrap();
        }
        block + &self.indent + "```\n"
    }
}
