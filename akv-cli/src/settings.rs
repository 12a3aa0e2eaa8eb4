//! `--config FILE`: a fixed list of options, read from a TOML file.
//!
//! The values become the defaults of their options before the command line is parsed again, so the
//! parser of the command line enforces all their rules. An option of the command line, or its
//! environment variable, takes precedence.

use std::env;
use std::fs::{self, File};
use std::path::Path;

use akv_core::InvalidValue;
use akv_core::text;
use anyhow::{Context, Result, anyhow, bail};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use crate::args::{Cli, with_option_hint};

/// The command line with the settings as its defaults. Invalid settings are returned separately,
/// because a job reports such an error in its own way.
pub(crate) fn command_line() -> (Cli, Result<()>) {
    let given = Cli::command().try_get_matches().unwrap_or_else(|error| {
        let arguments = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into());
        with_option_hint(error, arguments).exit()
    });
    let (matches, settled) = match with_settings(&given) {
        Ok(None) => (given, Ok(())),
        Ok(Some(matches)) => (matches, Ok(())),
        Err(error) => (given, Err(error)),
    };
    let cli = Cli::from_arg_matches(&matches)
        .unwrap_or_else(|error| error.format(&mut Cli::command()).exit());
    #[cfg(feature = "otlp")]
    let cli = Cli { command_name: matches.subcommand_name().unwrap_or_default().to_owned(), ..cli };
    (cli, settled)
}

fn with_settings(given: &ArgMatches) -> Result<Option<ArgMatches>> {
    let Some((command, given)) = given.subcommand() else { return Ok(None) };
    let file = given.get_one::<std::path::PathBuf>("config");
    let Some(file) = file.filter(|file| !file.as_os_str().is_empty()) else { return Ok(None) };
    let context = || format!("cannot read the settings from {}", file.display());
    let text = content(file).with_context(context)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let settings = Settings::read(&text, folder, command).with_context(context)?;
    let matches = settings
        .under(given)
        .try_get_matches()
        // Each value is valid alone, so the fault is their combination.
        .map_err(|_| anyhow!("the settings exclude each other"))
        .with_context(context)?;
    Ok(Some(matches))
}

/// Signals are not handled yet, so reading a pipe could block forever.
fn content(file: &Path) -> Result<Zeroizing<String>> {
    if !fs::metadata(file)?.is_file() {
        bail!("it is not a regular file");
    }
    Ok(text::decode(&text::read_bounded(File::open(file)?, LARGEST)?)?)
}

/// The settings of one file for one command.
struct Settings {
    command: String,
    root: Command,
    values: Vec<Setting>,
}

struct Setting {
    option: Arg,
    values: Vec<String>,
}

impl Settings {
    fn read(text: &str, folder: &Path, command: &str) -> Result<Self> {
        let table = DeTable::parse(text).map_err(|error| {
            // The parser's own message would quote the file.
            let line = error.span().map_or(1, |span| line(text, span.start));
            anyhow!("line {line}: invalid TOML (expected NAME = VALUE, with text in quotes)")
        })?;
        let mut root = Cli::command();
        root.build();
        let mut settings = Self { command: command.to_owned(), root, values: Vec::new() };
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let place = || format!("line {}", line(text, name.span().start));
            let name = settings.known(name.get_ref()).with_context(place)?;
            if let Some(option) = settings.option(name) {
                let setting = Setting::new(option.clone(), value, folder);
                let setting = setting.with_context(|| format!("{}: {name}", place()))?;
                settings.check(&setting).with_context(|| format!("{}: {name}", place()))?;
                settings.values.push(setting);
            }
        }
        Ok(settings)
    }

    /// The name if it is in the list, or the error.
    fn known(&self, name: &str) -> Result<&'static str> {
        if is_option(&self.root, name) {
            let known = NAMES.iter().find(|known| **known == name);
            return known.copied().with_context(|| {
                format!("{name} can only be given on the command line, as --{name}")
            });
        }
        let similarity = |known: &str| strsim::jaro_winkler(name, known);
        match NAMES.iter().max_by(|a, b| similarity(a).total_cmp(&similarity(b))) {
            Some(nearest) if similarity(nearest) > SIMILAR => {
                bail!("unknown setting; the nearest one is {nearest}")
            }
            _ => bail!("unknown setting"),
        }
    }

    /// The option of this command; `None` if it belongs to other commands.
    fn option(&self, name: &str) -> Option<&Arg> {
        self.arguments().find(|arg| arg.get_long() == Some(name))
    }

    fn arguments(&self) -> impl Iterator<Item = &Arg> {
        self.root.find_subcommand(&self.command).into_iter().flat_map(Command::get_arguments)
    }

    /// Whether the parser accepts the value in addition to the previous settings.
    fn check(&self, setting: &Setting) -> Result<()> {
        if let Some(other) = self.values.iter().find(|other| self.exclude(setting, &other.option)) {
            bail!("it excludes {}, which this file sets too", other.name());
        }
        let line =
            ["akv", &self.command].into_iter().map(str::to_owned).chain(setting.as_options());
        match Cli::command().try_get_matches_from(line) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
            Err(error) => Err(setting.refused(&error)),
        }
    }

    fn exclude(&self, setting: &Setting, other: &Arg) -> bool {
        // A command has its own options and the global ones; the root has only the latter.
        let command = self.root.find_subcommand(&self.command).unwrap_or(&self.root);
        let excluded = |one: &Arg, other: &Arg| {
            command.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id())
        };
        excluded(&setting.option, other) || excluded(other, &setting.option)
    }

    /// The parser with the settings as defaults, without those that are overridden.
    fn under(&self, given: &ArgMatches) -> Command {
        let on_command_line = |arg: &Arg| {
            let id = arg.get_id().as_str();
            given.try_contains_id(id).is_ok()
                && given.value_source(id) == Some(ValueSource::CommandLine)
        };
        let mut parser = Cli::command();
        for setting in &self.values {
            let overruled = self
                .arguments()
                .filter(|arg| on_command_line(arg))
                .any(|arg| arg.get_id() == setting.option.get_id() || self.exclude(setting, arg));
            if overruled || setting.is_in_environment(&self.command) {
                continue;
            }
            let id = setting.option.get_id().clone();
            let values = setting.values.clone();
            parser = if setting.option.is_global_set() {
                parser.mut_arg(id, |arg| arg.default_values(values))
            } else {
                parser.mut_subcommand(&self.command, |command| {
                    command.mut_arg(id, |arg| arg.default_values(values))
                })
            };
        }
        parser
    }
}

impl Setting {
    fn new(option: Arg, value: &Spanned<DeValue<'_>>, folder: &Path) -> Result<Self> {
        let mut values = match (option.get_action(), value.get_ref()) {
            (ArgAction::SetTrue, DeValue::Boolean(flag)) => vec![flag.to_string()],
            (ArgAction::SetTrue, _) => bail!("expected true or false"),
            (ArgAction::Append, DeValue::Array(values)) => {
                values.iter().map(|value| scalar(value.get_ref())).collect::<Result<_>>()?
            }
            (ArgAction::Count, value) => match scalar(value)?.parse::<u8>() {
                Ok(count) => vec![count.to_string()],
                Err(_) => bail!("expected a whole number"),
            },
            (_, value) => vec![scalar(value)?],
        };
        if option.get_long().is_some_and(|name| PATHS.contains(&name)) {
            for path in &mut values {
                *path = folder.join(&path).display().to_string();
            }
        }
        Ok(Self { option, values })
    }

    fn name(&self) -> &str {
        self.option.get_long().unwrap_or_default()
    }

    /// The settings as command-line options.
    fn as_options(&self) -> Vec<String> {
        let name = self.name();
        match self.option.get_action() {
            ArgAction::SetTrue => Vec::new(),
            ArgAction::Count => {
                let count = self.values.first().and_then(|count| count.parse().ok()).unwrap_or(0);
                vec![format!("--{name}"); count]
            }
            _ => self.values.iter().map(|value| format!("--{name}={value}")).collect(),
        }
    }

    /// The parser's error without the value.
    fn refused(&self, error: &clap::Error) -> anyhow::Error {
        use std::error::Error as _;
        let invalid = error.source().and_then(|source| source.downcast_ref::<InvalidValue>());
        let choices: Vec<_> = self.option.get_possible_values();
        match invalid {
            Some(invalid) => anyhow!("expected {}", invalid.expected()),
            None if !choices.is_empty() => {
                let names: Vec<_> =
                    choices.iter().map(clap::builder::PossibleValue::get_name).collect();
                anyhow!("expected one of {}", names.join(", "))
            }
            None => anyhow!("invalid value: see --{} in akv --help", self.name()),
        }
    }

    /// A job takes no credential from the environment.
    fn is_in_environment(&self, command: &str) -> bool {
        VARIABLES
            .iter()
            .filter(|(name, variable)| {
                *name == self.name() && (command != "job" || !variable.starts_with("AZURE_"))
            })
            .any(|(_, variable)| env::var_os(variable).is_some_and(|value| !value.is_empty()))
    }
}

/// Numbers and booleans of a file are strings on a command line.
fn scalar(value: &DeValue<'_>) -> Result<String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        DeValue::Array(_) => bail!("expected one value, not a list"),
        _ => bail!("expected text in quotes or a whole number"),
    }
}

/// Whether a command has such an option.
fn is_option(root: &Command, name: &str) -> bool {
    std::iter::once(root)
        .chain(root.get_subcommands())
        .any(|command| command.get_arguments().any(|arg| arg.get_long() == Some(name)))
}

fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Options about connections and formats. None of them changes the reported results of a job.
const NAMES: [&str; 27] = [
    "allow-endpoint",
    "audit-file",
    "ca-file",
    "chain",
    "chain-file",
    "client-id",
    "client-secret-file",
    "cloud",
    "cloud-file",
    "concurrency",
    "deadline",
    "hsm-keys",
    "identity",
    "job-deadline",
    "log-file",
    "log-format",
    "no-proxy",
    "private-endpoint",
    "proxy",
    "resource-manager",
    "secret-dir",
    "secret-env-prefix",
    "skip-unchanged",
    "soft-deleted",
    "tenant",
    "verbose",
    "via",
];

/// Options whose values are paths, relative to the file.
const PATHS: [&str; 7] = [
    "audit-file",
    "ca-file",
    "chain-file",
    "client-secret-file",
    "cloud-file",
    "log-file",
    "secret-dir",
];

/// Environment variables take precedence over the file.
const VARIABLES: [(&str, &str); 10] = [
    ("allow-endpoint", "AKV_ALLOWED_ENDPOINTS"),
    ("client-id", "AZURE_CLIENT_ID"),
    ("client-secret-file", "AZURE_CLIENT_SECRET"),
    ("tenant", "AZURE_TENANT_ID"),
    ("proxy", "HTTPS_PROXY"),
    ("proxy", "https_proxy"),
    ("proxy", "ALL_PROXY"),
    ("proxy", "all_proxy"),
    ("no-proxy", "NO_PROXY"),
    ("no-proxy", "no_proxy"),
];

/// The largest settings file, in bytes.
const LARGEST: usize = 64 << 10;

/// Above this similarity, one name is a misspelling of the other.
const SIMILAR: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_a_long_option() {
        let mut root = Cli::command();
        root.build();
        for name in NAMES.iter().chain(&PATHS).chain(VARIABLES.iter().map(|(name, _)| name)) {
            assert!(is_option(&root, name), "--{name}");
            assert!(NAMES.contains(name), "{name}");
        }
    }
}
