//! Converts the libraries' events into spans and counters.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use opentelemetry::metrics::{Counter, Meter};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanKind, Status, TraceContextExt as _, Tracer as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{self, Layer};

use crate::progress::THROTTLING;

/// Creates a span for each request, below the span of the run, and counts.
pub(super) struct Listener {
    tracer: SdkTracer,
    run: Context,
    requests: Counter<u64>,
    retries: Counter<u64>,
    throttled: Counter<u64>,
    tokens: Counter<u64>,
}

impl Listener {
    pub(super) fn new(tracer: SdkTracer, meter: &Meter, run: Context) -> Self {
        let counter = |name: &'static str, unit: &'static str, about: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(about).build()
        };
        Self {
            tracer,
            run,
            requests: counter("akv.requests", "{request}", "Requests to Azure"),
            retries: counter("akv.retries", "{request}", "Requests that were sent again"),
            throttled: counter("akv.throttled", "s", "Time that services asked to wait"),
            tokens: counter("akv.tokens", "{token}", "Tokens that Entra ID or the machine gave"),
        }
    }

    fn request(&self, fields: &Fields) {
        let operation = fields.text("operation");
        let (status, attempt) = (fields.number("status"), fields.number("attempt"));
        let counted = [
            KeyValue::new("akv.operation", operation.clone()),
            KeyValue::new("http.response.status_code", status),
        ];
        self.requests.add(1, &counted);
        let operation_alone = counted.get(..1).unwrap_or_default();
        if attempt > 1 {
            self.retries.add(1, operation_alone);
        }
        let ended = SystemTime::now();
        let milliseconds = u64::try_from(fields.number("milliseconds")).unwrap_or_default();
        let started = ended.checked_sub(Duration::from_millis(milliseconds)).unwrap_or(ended);
        let span = SpanBuilder::from_name(operation)
            .with_kind(SpanKind::Client)
            .with_start_time(started)
            .with_attributes(attributes(fields, status, attempt));
        let mut span = self.tracer.build_with_context(span, &self.run);
        // A read of an absent object is not an error.
        if status == 0 || (status >= 400 && status != 404) {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
    }

    fn job(&self, fields: &Fields) {
        for (field, attribute) in
            [("job_history_id", "keyfactor.job_history_id"), ("capability", "keyfactor.capability")]
        {
            if let Some(value) = fields.0.get(field) {
                self.run.span().set_attribute(KeyValue::new(attribute, value.clone()));
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let seconds = || u64::try_from(fields.number("seconds")).unwrap_or_default();
        match event.metadata().target() {
            REQUEST => self.request(&fields),
            THROTTLING => self.throttled.add(seconds(), &[]),
            TOKEN => self.tokens.add(1, &[]),
            JOB => self.job(&fields),
            _ => {}
        }
    }
}

/// According to the semantic conventions of HTTP clients and of Azure's SDKs.
fn attributes(fields: &Fields, status: i64, attempt: i64) -> Vec<KeyValue> {
    let named = [
        ("operation", "akv.operation"),
        ("method", "http.request.method"),
        ("host", "server.address"),
        ("path", "url.path"),
        ("request_id", "azure.service.request.id"),
    ];
    let given = named.into_iter().filter_map(|(field, attribute)| {
        Some(KeyValue::new(attribute, fields.0.get(field)?.clone()))
    });
    let answered = (status > 0).then(|| KeyValue::new("http.response.status_code", status));
    let silent = (status == 0).then(|| KeyValue::new("error.type", "no_answer"));
    let again = (attempt > 1).then(|| KeyValue::new("http.request.resend_count", attempt - 1));
    given.chain(answered).chain(silent).chain(again).collect()
}

/// The fields of an event.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, Value>);

impl Fields {
    fn number(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Value::I64(number)) => *number,
            _ => 0,
        }
    }

    fn text(&self, name: &str) -> String {
        self.0.get(name).map(ToString::to_string).unwrap_or_default()
    }

    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name(), value.into());
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, format!("{value:?}"));
    }
}

/// The trace targets of interest.
pub(super) const TARGETS: [&str; 4] = [REQUEST, TOKEN, THROTTLING, JOB];
const REQUEST: &str = "akv_azure::request";
const TOKEN: &str = "akv_azure::token";
const JOB: &str = "akv::job";
