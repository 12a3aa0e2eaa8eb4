//! Log lines on standard error: what the libraries trace, as far as it is asked for.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::args::{Common, LogFormat};

pub(crate) fn start(common: &Common) {
    let ours = match common.verbose {
        0 => "error",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    // Only our own crates: the libraries below could print headers.
    let filter =
        ["akv", "akv_core", "akv_azure", "akv_keyfactor"].map(|name| format!("{name}={ours}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(format!("off,{}", filter.join(","))))
        .with_writer(io::stderr);
    match common.log_format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}
