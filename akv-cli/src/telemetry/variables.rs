//! The standard variables that the exporter does not read itself.

use std::env;
use std::fs::File;

use akv_core::text::{printable, read_bounded};
use reqwest::{Certificate, Url};

/// The signals to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signals {
    pub(super) traces: bool,
    pub(super) metrics: bool,
}

/// `None`: nothing is sent.
pub(super) fn signals() -> Result<Option<Signals>, String> {
    if text(DISABLED).is_some_and(|disabled| disabled.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let traces = is_sent(&TRACES)?;
    let metrics = is_sent(&METRICS)?;
    Ok((traces || metrics).then_some(Signals { traces, metrics }))
}

/// A signal is sent if its collector is configured.
fn is_sent(signal: &Signal) -> Result<bool, String> {
    let endpoint = first(&[signal.endpoint, ENDPOINT]);
    let Some((name, endpoint)) = endpoint else { return Ok(false) };
    match text(signal.exporter).as_deref() {
        None | Some("otlp") => {}
        Some("none") => return Ok(false),
        Some(_) => return Err(format!("{}: only otlp and none are supported", signal.exporter)),
    }
    let usable = Url::parse(&endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !usable {
        return Err(format!("{name} is not an http or https URL"));
    }
    match first(&[signal.protocol, PROTOCOL]) {
        Some((name, protocol)) if !protocol.eq_ignore_ascii_case(SUPPORTED) => {
            Err(format!("{name}: only {SUPPORTED} is supported"))
        }
        _ => Ok(true),
    }
}

/// The CA certificates for the collector, trusted in addition to the machine's.
pub(super) fn roots() -> Result<Vec<Certificate>, String> {
    let Some(file) = text(CERTIFICATE) else { return Ok(Vec::new()) };
    let problem = |cause: &str| format!("{CERTIFICATE}: cannot read {}: {cause}", printable(&file));
    let content = File::open(&file).and_then(|file| read_bounded(file, LARGEST_FILE));
    let content = content.map_err(|error| problem(&error.kind().to_string()))?;
    match Certificate::from_pem_bundle(&content) {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err(problem("it is not PEM with certificates")),
    }
}

/// The first variable that is set.
fn first(names: &[&'static str]) -> Option<(&'static str, String)> {
    names.iter().find_map(|name| Some((*name, text(name)?)))
}

/// A blank variable counts as not set.
pub(super) fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.trim().is_empty())
}

struct Signal {
    exporter: &'static str,
    endpoint: &'static str,
    protocol: &'static str,
}

const TRACES: Signal = Signal {
    exporter: "OTEL_TRACES_EXPORTER",
    endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
};
const METRICS: Signal = Signal {
    exporter: "OTEL_METRICS_EXPORTER",
    endpoint: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    protocol: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
};
const DISABLED: &str = "OTEL_SDK_DISABLED";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
pub(super) const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const SUPPORTED: &str = "http/protobuf";
const LARGEST_FILE: usize = 4 << 20;
