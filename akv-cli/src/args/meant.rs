//! Options that other tools have: the error names the option of this program that was meant.

use akv_core::text::{is_unprintable, printable};
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The same error, with what was meant where that is known for the command.
pub(crate) fn with_meant(
    mut error: clap::Error,
    arguments: impl Iterator<Item = String>,
) -> clap::Error {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && let Some(advice) = meant(option, arguments)
    {
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice.into()]));
    }
    // What was given may come from anywhere, through a script.
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand]
    {
        let shown = match error.get(kind) {
            Some(ContextValue::String(given)) if given.contains(is_unprintable) => {
                printable(given).into_owned()
            }
            _ => continue,
        };
        error.insert(kind, ContextValue::String(shown));
        // The advice repeats it.
        error.remove(ContextKind::Suggested);
    }
    error
}

fn meant(option: &str, mut arguments: impl Iterator<Item = String>) -> Option<&'static str> {
    // The value of an option can stand before the command.
    let command = arguments
        .find(|argument| MEANT.iter().any(|row| row.commands.contains(&argument.as_str())))?;
    let row = MEANT
        .iter()
        .find(|row| row.options.contains(&option) && (row.commands.contains(&command.as_str())));
    row.map(|row| row.advice)
}

struct Meant {
    options: &'static [&'static str],
    commands: &'static [&'static str],
    advice: &'static str,
}

const MEANT: [Meant; 7] = [
    Meant {
        options: &["--force", "--replace", "--update", "-f"],
        commands: &["add"],
        advice: "--overwrite replaces it",
    },
    Meant {
        options: &["--name", "--certificate-name", "-n", "--id"],
        commands: &["add", "remove", "show", "recover", "purge"],
        advice: "use --alias for the name of the certificate",
    },
    Meant {
        options: &["--file", "--certificate", "--cert", "--key"],
        commands: &["add", "check"],
        advice: "use --pfx or --pem for the file with the certificate and its key",
    },
    Meant {
        options: &["--password", "-p", "--passin"],
        commands: &["add", "check"],
        advice: "use --password-file, --password-env or --password-stdin; other users of this machine can read \
                 a password on the command line",
    },
    Meant {
        options: &[
            "--vault",
            "--vault-name",
            "--store",
            "--subscription",
            "--resource-group",
            "-g",
        ],
        commands: &["add", "remove", "create", "show", "list-deleted", "recover", "purge"],
        advice: "use the argument STORE for the vault, for example subscription:resource-group:vault",
    },
    Meant {
        options: &["--vault-name", "--store", "-g"],
        commands: &["inventory"],
        advice: "use the argument STORE for the vault, for example subscription:resource-group:vault",
    },
    Meant {
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
        advice: "use --output for the format",
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
        for row in &MEANT {
            for name in row.commands {
                let command = root.find_subcommand(name).expect("a command");
                let longs: Vec<_> =
                    command.get_arguments().filter_map(clap::Arg::get_long).collect();
                for word in row.advice.split([' ', ',', ';']).filter_map(|it| it.strip_prefix("--"))
                {
                    assert!(longs.contains(&word), "{name} has no --{word}");
                }
                for option in row.options.iter().filter_map(|it| it.strip_prefix("--")) {
                    assert!(!longs.contains(&option), "{name} has --{option}");
                }
            }
        }
    }
}
