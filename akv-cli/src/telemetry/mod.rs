//! OpenTelemetry: a trace for each run and counters, over OTLP to the collector of the standard
//! variables. A failure of telemetry does not affect the run.

mod collector;
mod layer;
mod run;
mod variables;

pub(crate) use run::Telemetry;
