//! OpenTelemetry: a trace for each run and counters, over OTLP to the collector that the standard
//! variables name. What goes wrong with it changes nothing about the run.

mod collector;
mod layer;
mod run;
mod variables;

pub(crate) use run::Telemetry;
