//! `-only`, `-skip` and `-severity`: which checks run, and how severe their findings are.

use clap::ValueEnum as _;

use super::severity::Level;
use super::suggest;
use crate::audit;
use crate::checks;
use crate::cli::error::CliError;
use crate::lint::{Check, Rule, RuleSet, Severity, rules};

/// The kinds of checks. Each has its own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The checks of tokens.
    Tokens,
    /// The checks of an audit.
    Audit,
}

impl Kind {
    /// Returns the kind of checks that a command runs.
    pub fn of_command(command: &str) -> Option<Self> {
        match command {
            "validate" => Some(Self::Tokens),
            "audit" => Some(Self::Audit),
            _ => None,
        }
    }

    /// Returns whether a check is of this kind.
    pub fn has(self, name: &str) -> bool {
        self.checks().any(|check| check.name == name)
    }

    /// Returns a list of names, or of `CHECK=SEVERITY`, without the checks of other kinds. A variable or a file has one list
    /// for all commands.
    pub fn own(self, option: &str, names: Vec<String>) -> Vec<String> {
        if !["only", "skip", "severity"].contains(&option) {
            return names;
        }
        let is_other = |text: &String| {
            let name = text.split('=').next().unwrap_or_default();
            checks::find(name).is_some() && !self.has(name)
        };
        names.into_iter().filter(|name| !is_other(name)).collect()
    }

    fn checks(self) -> Box<dyn Iterator<Item = &'static Check>> {
        match self {
            Self::Tokens => Box::new(rules::checks()),
            Self::Audit => Box::new(audit::checks::ALL.iter().map(|rule| rule.check())),
        }
    }

    /// Parses the name of a check. The error suggests the most similar name.
    fn name(self, name: &str) -> Result<&'static str, CliError> {
        self.checks().find(|check| check.name == name).map(|check| check.name).ok_or_else(|| {
            let names = self.checks().map(|check| check.name);
            let nearest = suggest::nearest(name, names)
                .map_or_else(String::new, |name| format!("did you mean {name}? "));
            CliError::new("no such check").with_remedy(nearest + "peering explain -list shows all")
        })
    }

    fn severity(self, text: &str) -> Result<(&'static str, Severity), CliError> {
        let malformed = || {
            CliError::new("not a check and a severity")
                .with_remedy("use CHECK=error, CHECK=warning or CHECK=info")
        };
        let (name, level) = text.split_once('=').ok_or_else(malformed)?;
        let level = Level::from_str(level, false).map_err(|_| malformed())?;
        Ok((self.name(name)?, level.into()))
    }
}

/// Parses the name of a check of tokens.
pub fn token_check(name: &str) -> Result<&'static str, CliError> {
    Kind::Tokens.name(name)
}

/// Parses `CHECK=SEVERITY` for a check of tokens.
pub fn token_check_severity(text: &str) -> Result<(&'static str, Severity), CliError> {
    Kind::Tokens.severity(text)
}

/// Parses the name of a check of an audit.
pub fn audit_check(name: &str) -> Result<&'static str, CliError> {
    Kind::Audit.name(name)
}

/// Parses `CHECK=SEVERITY` for a check of an audit.
pub fn audit_check_severity(text: &str) -> Result<(&'static str, Severity), CliError> {
    Kind::Audit.severity(text)
}

/// Returns the checks that `-only`, `-skip` and `-severity` select.
pub fn selected<R: Rule + Clone>(
    all: RuleSet<R>,
    only: &[&str],
    skip: &[&str],
    severities: &[(&'static str, Severity)],
) -> RuleSet<R> {
    let is_selected = |name: &str| only.is_empty() || only.contains(&name);
    let rules = all.only(|check| is_selected(check.name) && !skip.contains(&check.name));
    severities.iter().fold(rules, |rules, (name, severity)| rules.with_severity(name, *severity))
}
