//! `-inventory`, `-context`, `-label` and `-shard`: which clusters are read.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use clap::Args;

use crate::cli::args::config_file::inventory_in;
use crate::cli::args::paths;
use crate::cli::contexts;
use crate::cli::error::CliError;
use crate::cli::redaction;
use crate::net::collect::Shard;
use crate::net::context::Context;
use crate::net::file;

/// The largest inventory that is read, in bytes.
const MAX_LEN: usize = 64 * 1024 * 1024;

/// Which clusters are read.
#[derive(Debug, Args)]
pub struct InventoryOptions {
    /// Read the clusters in this file instead of the contexts: TOML with sections [contexts.NAME], or JSON lines with the
    /// fields of a context and its "name"; - for standard input
    #[arg(long, env = "PEERING_INVENTORY", value_name = "FILE")]
    inventory: Option<String>,
    /// Read only the clusters with these names (comma-separated)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    context: Vec<String>,
    /// Read only the clusters with this label (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// Read only the clusters of one shard, such as 3/20; the name of a cluster selects its shard
    #[arg(long, env = "PEERING_SHARD", value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
}

impl InventoryOptions {
    /// Returns the clusters to read, in the order of their names. A shard may have none.
    pub fn contexts(&self) -> Result<Vec<Context>, CliError> {
        let all = match &self.inventory {
            Some(file) => read(file)?,
            None => contexts::all().to_vec(),
        };
        if all.is_empty() {
            let place =
                self.inventory.as_ref().map_or_else(contexts::described_file, |file| match file.as_str() {
                    "-" => "standard input".to_owned(),
                    file => file.to_owned(),
                });
            return Err(CliError::new(format_args!("there are no contexts in {place}")).with_remedy(
                "add a section for each cluster: [contexts.NAME] with http_addr = \"https://HOST:8501\"",
            ));
        }
        redaction::learn_contexts(&all);
        let mut places = BTreeSet::new();
        for context in &all {
            if !places.insert((&context.name, context.partition.as_deref().unwrap_or_default())) {
                return Err(CliError::new(format_args!("two clusters have the name {:?}", context.name))
                    .with_remedy("use one name for each cluster and partition"));
            }
        }
        if let Some(name) = self.context.iter().find(|name| all.iter().all(|context| context.name != **name))
        {
            let names = all.iter().map(|context| context.name.as_str());
            let near = crate::cli::args::suggest::nearest(name, names);
            let remedy = near.map_or_else(
                || "check the names in the inventory".to_owned(),
                |near| format!("did you mean {near}?"),
            );
            return Err(CliError::new(format_args!("unknown context {name:?}")).with_remedy(remedy));
        }
        let mut chosen: Vec<Context> = all.iter().filter(|context| self.has(context)).cloned().collect();
        if chosen.is_empty() && self.shard.is_none() {
            return Err(CliError::new("no cluster has these labels").with_remedy("check -label"));
        }
        chosen.sort_by(|one, other| (&one.name, &one.partition).cmp(&(&other.name, &other.partition)));
        Ok(chosen)
    }

    fn has(&self, context: &Context) -> bool {
        let is_named = self.context.is_empty() || self.context.contains(&context.name);
        let has_labels = self.label.iter().all(|(key, value)| context.labels.get(key) == Some(value));
        is_named && has_labels && self.shard.is_none_or(|shard| shard.contains(&context.name))
    }
}

fn read(argument: &str) -> Result<Vec<Context>, CliError> {
    let (source, path, read) = if argument == "-" {
        ("standard input", Path::new(""), file::read_to_end(io::stdin().lock(), 0, MAX_LEN))
    } else {
        (argument, Path::new(argument), file::read(Path::new(argument), MAX_LEN))
    };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) if file::is_too_long(&error) => {
            return Err(CliError::new(format_args!("the inventory {source} is longer than 64 MiB")));
        }
        Err(error) => return Err(paths::unreadable(source, &error)),
    };
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| CliError::new(format_args!("the inventory {source} is not valid UTF-8")))?;
    inventory_in(text, source, path)
}

fn label(text: &str) -> Result<(String, String), CliError> {
    let (key, value) = text
        .split_once('=')
        .filter(|(key, _)| !key.is_empty())
        .ok_or_else(|| CliError::new("not a label").with_remedy("use KEY=VALUE, such as env=prod"))?;
    Ok((key.to_owned(), value.to_owned()))
}

fn shard(text: &str) -> Result<Shard, CliError> {
    text.parse()
        .map_err(|_| CliError::new("not a shard").with_remedy("use I/N with I from 1 to N, such as 3/20"))
}
