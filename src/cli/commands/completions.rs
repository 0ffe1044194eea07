//! `peering completions`: completion scripts for shells.

use clap::{Args, ValueEnum};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;

/// Generate a shell completion script
///
/// The script completes commands, flags, values, and the names of contexts and of peerings in the local ledger. It never
/// uses the network.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  In this shell only:
    source <(peering completions bash)
  bash, permanently:
    mkdir -p ~/.local/share/bash-completion/completions
    peering completions bash > ~/.local/share/bash-completion/completions/peering
  zsh, in a directory of $fpath:
    mkdir -p ~/.zfunc
    peering completions zsh > ~/.zfunc/_peering
  fish:
    mkdir -p ~/.config/fish/completions
    peering completions fish > ~/.config/fish/completions/peering.fish
  PowerShell:
    peering completions powershell >> $PROFILE")]
pub struct Arguments {
    /// Shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// The hidden command that the scripts call for candidates.
pub const HIDDEN_COMMAND: &str = "__complete";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    print(match arguments.shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        Shell::Powershell => POWERSHELL,
    })?;
    Ok(Exit::Done)
}

// Bash splits words at `=`, `:` and, by default, `@`. It replaces only its second argument.
const BASH: &str = r#"# peering: completion for bash
_peering() {
    local line="${COMP_LINE:0:COMP_POINT}" words word partial kept
    read -ra words <<< "$line"
    [[ "$line" =~ [[:space:]]$ ]] && words+=("")
    partial="${words[-1]}"
    kept="${partial%"$2"}"
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        word="${word#"$kept"}"
        [[ "$word" == *[[:space:]]* ]] && printf -v word %q "$word"
        case "$word" in
            */|*=) COMPREPLY+=("$word") ;;
            *) COMPREPLY+=("$word ") ;;
        esac
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -o nospace -o default -F _peering peering
"#;

const ZSH: &str = r#"#compdef peering
# peering: completion for zsh
_peering() {
    local -a values shown open
    local word description
    while IFS=$'\t' read -r word description; do
        case "$word" in
            */|*=) open+=("$word") ;;
            *) values+=("$word"); shown+=("$word${description:+  -- $description}") ;;
        esac
    done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( ${#values} + ${#open} )); then
        compadd -U -S '' -a open
        compadd -U -l -d shown -a values
    else
        _files
    fi
}
if [ "$funcstack[1]" = "_peering" ]; then
    _peering "$@"
else
    compdef _peering peering
fi
"#;

const FISH: &str = r#"# peering: completion for fish
function __peering_complete
    set -l words (commandline -opc)
    set -l partial (commandline -ct)
    set -l found ($words[1] __complete $words[2..] "$partial" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$partial"
    end
end
complete -c peering -f -a '(__peering_complete)'
"#;

const POWERSHELL: &str = r#"# peering: completion for PowerShell
Register-ArgumentCompleter -Native -CommandName peering -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '' }
    & $commandAst.CommandElements[0].ToString() __complete @words 2>$null | ForEach-Object {
        $word, $description = $_ -split "`t", 2
        if (-not $description) { $description = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $description)
    }
}
"#;
