//! Hints for options of other tools: the error names this program's equivalent option.

use akv_core::text::{is_unprintable, printable};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Adds the hint for the command, if there is one.
pub(crate) fn with_option_hint(
    mut error: clap::Error,
    arguments: impl Iterator<Item = String>,
) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && let Some(hint) = hint_for(option, arguments)
    {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
    // The argument may come from anywhere, through a script.
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand]
    {
        let shown = match error.get(kind) {
            Some(ContextValue::String(given)) if given.contains(is_unprintable) => {
                printable(given).into_owned()
            }
            _ => continue,
        };
        error.insert(kind, ContextValue::String(shown));
        // The suggestion repeats it.
        error.remove(ContextKind::Suggested);
    }
    error
}

fn hint_for(option: &str, mut arguments: impl Iterator<Item = String>) -> Option<&'static str> {
    // The value of an option can precede the command.
    let command = arguments
        .find(|argument| HINTS.iter().any(|row| row.commands.contains(&argument.as_str())))?;
    let row = HINTS
        .iter()
        .find(|row| row.options.contains(&option) && (row.commands.contains(&command.as_str())));
    row.map(|row| row.hint)
}

struct OptionHint {
    options: &'static [&'static str],
    commands: &'static [&'static str],
    hint: &'static str,
}

const HINTS: [OptionHint; 7] = [
    OptionHint {
        options: &["--force", "--replace", "--update", "-f"],
        commands: &["add"],
        hint: "--overwrite replaces it",
    },
    OptionHint {
        options: &["--name", "--certificate-name", "-n", "--id"],
        commands: &["add", "remove", "show", "recover", "purge"],
        hint: "use --alias for the name of the certificate",
    },
    OptionHint {
        options: &["--file", "--certificate", "--cert", "--key"],
        commands: &["add", "check"],
        hint: "use --pfx or --pem for the file with the certificate and its key",
    },
    OptionHint {
        options: &["--password", "-p", "--passin"],
        commands: &["add", "check"],
        hint: "use --password-file, --password-env or --password-stdin; other users of this machine can read \
                 a password on the command line",
    },
    OptionHint {
        options: &[
            "--vault",
            "--vault-name",
            "--store",
            "--subscription",
            "--resource-group",
            "-g",
        ],
        commands: &["add", "remove", "create", "show", "list-deleted", "recover", "purge"],
        hint: "use the argument STORE for the vault, for example subscription:resource-group:vault",
    },
    OptionHint {
        options: &["--vault-name", "--store", "-g"],
        commands: &["inventory"],
        hint: "use the argument STORE for the vault, for example subscription:resource-group:vault",
    },
    OptionHint {
        options: &["--format", "--json", "--csv"],
        commands: &[
            "inventory",
            "add",
            "remove",
            "create",
            "discover",
            "check",
            "show",
            "list-deleted",
            "recover",
            "purge",
        ],
        hint: "use --output for the format",
    },
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn commands_and_advised_options_exist() {
        let mut root = Cli::command();
        root.build();
        for row in &HINTS {
            for name in row.commands {
                let command = root.find_subcommand(name).expect("a command");
                let longs: Vec<_> =
                    command.get_arguments().filter_map(clap::Arg::get_long).collect();
                for word in row.hint.split([' ', ',', ';']).filter_map(|it| it.strip_prefix("--")) {
                    assert!(longs.contains(&word), "{name} has no --{word}");
                }
                for option in row.options.iter().filter_map(|it| it.strip_prefix("--")) {
                    assert!(!longs.contains(&option), "{name} has --{option}");
                }
            }
        }
    }
}
