//! The telemetry of a run.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::Layer as _;
use uuid::Uuid;

use super::collector::{Collector, Delivery};
use super::layer::{Listener, TARGETS};
use super::variables::{self, Signals};
use crate::exit::Exit;
use crate::logging::OtherLayer;
use crate::render;

/// The telemetry of one run.
pub(crate) struct Telemetry {
    tracers: SdkTracerProvider,
    meters: SdkMeterProvider,
    /// The span of the run.
    run: Context,
    delivery: Arc<Delivery>,
}

impl Telemetry {
    /// `None`: no collector is configured, or its configuration is invalid.
    pub(crate) fn start(command: &str) -> Option<Self> {
        let signals = match variables::signals() {
            Ok(signals) => signals?,
            Err(problem) => return unsent(&problem),
        };
        match Self::to_collector(signals, command) {
            Ok(telemetry) => Some(telemetry),
            Err(problem) => unsent(&problem),
        }
    }

    fn to_collector(signals: Signals, command: &str) -> Result<Self, String> {
        let delivery = Arc::new(Delivery::default());
        let collector = Collector::new(variables::roots()?, Arc::clone(&delivery))?;
        let unusable = |_| "the variables OTEL_EXPORTER_OTLP_… cannot be used".to_owned();
        let resource = resource();
        let mut tracers = SdkTracerProvider::builder().with_resource(resource.clone());
        if signals.traces {
            let exporter = SpanExporter::builder().with_http().with_http_client(collector.clone());
            tracers = tracers.with_batch_exporter(exporter.build().map_err(unusable)?);
        }
        let mut meters = SdkMeterProvider::builder().with_resource(resource);
        if signals.metrics {
            let exporter = MetricExporter::builder().with_http().with_http_client(collector);
            let exporter = exporter.build().map_err(unusable)?;
            meters = meters.with_reader(PeriodicReader::builder(exporter).build());
        }
        let (tracers, meters) = (tracers.build(), meters.build());
        let run = tracers.tracer(SCOPE).start(format!("akv {command}"));
        Ok(Self { tracers, meters, run: Context::new().with_span(run), delivery })
    }

    /// The layer that receives the libraries' events.
    pub(crate) fn layer(&self) -> OtherLayer {
        let tracer = self.tracers.tracer(SCOPE);
        let listener = Listener::new(tracer, &self.meters.meter(SCOPE), self.run.clone());
        let targets = Targets::new().with_targets(TARGETS.map(|it| (it, LevelFilter::DEBUG)));
        Box::new(listener.with_filter(targets))
    }

    /// Sends the remaining data. It delays the end of the run by at most [`LONGEST`].
    pub(crate) fn end(self, exit_code: u8) {
        let run = self.run.span();
        run.set_attribute(KeyValue::new("process.exit.code", i64::from(exit_code)));
        if exit_code != 0 && exit_code != Exit::Warning.code() {
            run.set_status(Status::error(""));
        }
        run.end();
        let Self { tracers, meters, delivery, .. } = self;
        let (tell, ended) = mpsc::channel();
        thread::spawn(move || {
            let sent = [tracers.shutdown_with_timeout(LONGEST), meters.shutdown()];
            let _ = tell.send(sent.iter().all(Result::is_ok));
        });
        let cause = match ended.recv_timeout(LONGEST) {
            Err(RecvTimeoutError::Timeout) => {
                Some(format!("no answer within {} seconds", LONGEST.as_secs()))
            }
            Ok(true) => delivery.problem(),
            _ => Some(delivery.problem().unwrap_or_else(|| "it could not be sent".to_owned())),
        };
        if let Some(cause) = cause {
            render::say(&format!("warning: not all telemetry reached its collector: {cause}"));
        }
    }
}

fn unsent<T>(problem: &str) -> Option<T> {
    render::say(&format!("warning: no telemetry is sent: {problem}"));
    None
}

/// The sender's attributes. The variables override our own.
fn resource() -> Resource {
    let own = Resource::builder_empty().with_attributes([
        KeyValue::new("service.name", "akv"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        // Concurrent runs count separately.
        KeyValue::new("service.instance.id", Uuid::new_v4().to_string()),
    ]);
    let detected = own
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match variables::text(variables::SERVICE_NAME) {
        Some(name) => detected.with_service_name(name).build(),
        None => detected.build(),
    }
}

const SCOPE: &str = "akv";
/// How long a collector may delay the end of a run.
const LONGEST: Duration = Duration::from_secs(5);
