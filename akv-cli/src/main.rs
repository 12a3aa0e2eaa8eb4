//! `akv`: certificates in Azure Key Vault for Keyfactor Command, from the command line.

mod args;
mod audit_file;
mod blocking;
mod changes;
mod color;
mod command;
mod doctor;
mod exit;
mod json;
mod lines;
mod log_file;
mod logging;
mod process;
mod progress;
mod render;
mod report;
mod secret_input;
mod selection;
mod settings;
#[cfg(feature = "otlp")]
mod telemetry;
mod usage;
mod wiring;

use std::process::ExitCode;

use crate::exit::Exit;

fn main() -> ExitCode {
    let (cli, settings) = settings::command_line();
    if !cli.common.allow_core_dumps {
        process::protect_memory();
    }
    process::hide_panic_messages();
    #[cfg(feature = "otlp")]
    let telemetry = telemetry::Telemetry::start(&cli.command_name);
    #[cfg(feature = "otlp")]
    logging::start(&cli.common, telemetry.as_ref().map(telemetry::Telemetry::layer));
    #[cfg(not(feature = "otlp"))]
    logging::start(&cli.common, None);
    let code = code_of(command::run(&cli, settings));
    #[cfg(feature = "otlp")]
    if let Some(telemetry) = telemetry {
        telemetry.end(code);
    }
    code.into()
}

fn code_of(ran: anyhow::Result<Exit>) -> u8 {
    match ran {
        Ok(exit) => exit.code(),
        Err(error) if is_broken_pipe(&error) => Exit::Failure.code(),
        Err(error) => {
            match error.downcast_ref() {
                Some(error) => render::say_error(error),
                None => render::say(&format!("error: {error:#}")),
            }
            match error.downcast_ref::<usage::Usage>() {
                Some(_) => exit::USAGE,
                None => Exit::Failure.code(),
            }
        }
    }
}

/// The reader of the output has closed it (`akv inventory … | head`).
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
