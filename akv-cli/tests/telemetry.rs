//! OpenTelemetry over OTLP: the data of a collector, and the effect of a dead one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a missing prerequisite fails the test"
)]

mod program;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use akv_testkit::pki::openssl_pfx;
use akv_testkit::{FakeCloud, Fault, Operation};
use base64::Engine as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use program::fake::Fake;
use program::{Akv, Run};
use prost::Message as _;
use serde_json::json;

/// A collector that stores its data.
struct Collector {
    address: String,
    got: Arc<Mutex<Vec<Got>>>,
}

#[derive(Clone)]
struct Got {
    path: String,
    head: String,
    body: Vec<u8>,
}

impl Collector {
    /// Answers each request with `answer`.
    fn answering(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let got = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&got);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.expect("a connection"), Arc::clone(&kept));
                thread::spawn(move || serve(&stream, answer, &kept));
            }
        });
        Self { address, got }
    }

    fn new() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().expect("no panic").clone()
    }

    fn at(&self, path: &str) -> Vec<Vec<u8>> {
        self.got().into_iter().filter(|got| got.path == path).map(|got| got.body).collect()
    }

    /// All spans, each with the sender's attributes.
    fn spans(&self) -> Vec<(Attributes, Span)> {
        let mut spans = Vec::new();
        for body in self.at("/v1/traces") {
            let request = ExportTraceServiceRequest::decode(&*body).expect("OTLP");
            for resource in request.resource_spans {
                let who = attributes(&resource.resource.expect("a resource").attributes);
                let scopes = resource.scope_spans.into_iter();
                spans.extend(scopes.flat_map(|it| it.spans).map(|span| (who.clone(), span)));
            }
        }
        spans
    }

    /// The sum of a counter over all attributes.
    fn sum(&self, name: &str) -> i64 {
        let mut sum = 0;
        for body in self.at("/v1/metrics") {
            let request = ExportMetricsServiceRequest::decode(&*body).expect("OTLP");
            let scopes = request.resource_metrics.into_iter().flat_map(|it| it.scope_metrics);
            for metric in scopes.flat_map(|it| it.metrics).filter(|it| it.name == name) {
                let Some(Data::Sum(counted)) = metric.data else { panic!("{name} is not a sum") };
                assert!(counted.is_monotonic);
                for point in counted.data_points {
                    let Some(number_data_point::Value::AsInt(count)) = point.value else {
                        panic!("{name} is not a count")
                    };
                    sum += count;
                }
            }
        }
        sum
    }
}

fn serve(stream: &TcpStream, answer: &str, kept: &Mutex<Vec<Got>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
    let mut writer = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !reader.read_line(&mut head).is_ok_and(|read| read > 0) {
                return;
            }
        }
        let lower = head.to_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|it| it.lines().next());
        let mut body = vec![0; length.map_or(0, |it| it.parse().expect("a length"))];
        reader.read_exact(&mut body).expect("a body");
        let path = head.split(' ').nth(1).expect("a path").to_owned();
        kept.lock().expect("no panic").push(Got { path, head, body });
        if answer.is_empty() {
            thread::sleep(Duration::from_secs(60));
        }
        let _ = writer.write_all(answer.as_bytes());
    }
}

type Attributes = BTreeMap<String, String>;

fn attributes(list: &[KeyValue]) -> Attributes {
    let text = |value: &KeyValue| match value.value.clone().and_then(|it| it.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{other:?}"),
    };
    list.iter().map(|one| (one.key.clone(), text(one))).collect()
}

fn add(fake: &Fake) -> Akv {
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let pfx = fake.file("web.pfx", fixture.pfx);
    let password = fake.file("password", fixture.password);
    let args = ["add", "contoso", "--alias", "web", "--pfx", &pfx, "--password-file", &password];
    fake.akv().args(args)
}

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

fn ok(run: &Run) {
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.both());
}

#[test]
fn run_is_one_trace_with_its_requests_and_counters() {
    let fake = Fake::with_vault();
    let collector = Collector::new();
    let throttled = Fault::on(Operation::ImportCertificate).first(1);
    fake.cloud.fault(throttled.throttled_for(Duration::from_secs(1)));
    ok(&add(&fake).env(ENDPOINT, &collector.address).run());

    let spans = collector.spans();
    let (runs, requests): (Vec<_>, Vec<_>) =
        spans.iter().partition(|(_, span)| span.parent_span_id.is_empty());
    assert_eq!(runs.len(), 1, "one trace");
    let (who, run) = runs[0];
    assert_eq!(run.name, "akv add");
    assert_eq!(attributes(&run.attributes)["process.exit.code"], "0");
    assert_eq!(who["service.name"], "akv");
    assert_eq!(who["service.version"], env!("CARGO_PKG_VERSION"));
    let journal = fake.cloud.journal().entries();
    assert_eq!(requests.len(), journal.len(), "{journal:?}");
    for (_, span) in &requests {
        let span_attributes = attributes(&span.attributes);
        assert_eq!((&span.trace_id, &span.parent_span_id), (&run.trace_id, &run.span_id));
        assert!(run.start_time_unix_nano <= span.start_time_unix_nano + 2_000_000);
        assert!(span.end_time_unix_nano <= run.end_time_unix_nano);
        let has_id = span_attributes.contains_key("azure.service.request.id");
        assert!(has_id || span.name == "GetToken", "{} {span_attributes:?}", span.name);
        assert!(
            span_attributes["url.path"].starts_with('/')
                && !span_attributes["url.path"].contains('?')
        );
    }
    let imports: Vec<_> =
        requests.iter().filter(|(_, span)| span.name == "ImportCertificate").collect();
    let span_attributes: Vec<_> =
        imports.iter().map(|(_, span)| attributes(&span.attributes)).collect();
    assert_eq!(span_attributes[0]["http.response.status_code"], "429");
    assert_eq!(span_attributes[1]["http.response.status_code"], "200");
    assert_eq!(span_attributes[1]["http.request.resend_count"], "1");
    assert_eq!(imports[0].1.status.as_ref().expect("a status").code, 2, "an error");
    assert!(requests.iter().any(|(_, span)| span.name == "GetToken"));

    assert_eq!(collector.sum("akv.requests"), i64::try_from(journal.len()).expect("few"));
    assert_eq!(collector.sum("akv.retries"), 1);
    assert!((1..=3).contains(&collector.sum("akv.throttled")));
    assert_eq!(collector.sum("akv.tokens"), 1);
}

#[test]
fn span_of_a_job_names_the_job_and_no_secret_is_sent() {
    let fake = Fake::with_vault();
    let collector = Collector::new();
    let fixture = openssl_pfx("web-v1").expect("a fixture");
    let contents = base64::engine::general_purpose::STANDARD.encode(fixture.pfx);
    let store = format!("{}:{}:contoso", fake.cloud.subscription_id(), fake.cloud.resource_group());
    let job = json!({
        "Capability": "CertStores.AKV.Management",
        "JobHistoryId": 42,
        "OperationType": 2,
        "ServerUsername": fake.cloud.client_id(),
        "ServerPassword": fake.cloud.client_secret(),
        "CertificateStoreDetails": {
            "ClientMachine": fake.cloud.tenant_id(), "StorePath": store, "Properties": "{}",
        },
        "JobCertificate": {
            "Alias": "web", "Contents": contents, "PrivateKeyPassword": fixture.password,
        },
    });
    let run = program::akv()
        .args(["job".into(), "--cloud-file".into(), fake.path("cloud.json")])
        .env(ENDPOINT, &collector.address)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=MARKER-OF-THE-COLLECTOR")
        .env("OTEL_SERVICE_NAME", "orchestrator-1")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod,service.version=7")
        .stdin(job.to_string())
        .run();
    ok(&run);
    let spans = collector.spans();
    let (who, span) = spans.iter().find(|(_, it)| it.parent_span_id.is_empty()).expect("a run");
    assert_eq!(span.name, "akv job");
    let span_attributes = attributes(&span.attributes);
    assert_eq!(span_attributes["keyfactor.job_history_id"], "42");
    assert_eq!(span_attributes["keyfactor.capability"], "CertStores.AKV.Management");
    assert_eq!(who["service.name"], "orchestrator-1");
    assert_eq!(who["service.version"], "7", "the variables come first");
    assert_eq!(who["deployment.environment.name"], "prod");

    let pfx = openssl_pfx("web-v1").expect("a fixture").password;
    let secrets = [&fake.cloud.client_secret(), pfx, &contents[200..240], "Bearer", "eyJ"];
    let got = collector.got();
    assert!(got.iter().all(|one| one.head.contains("x-api-key: MARKER-OF-THE-COLLECTOR")));
    for one in &got {
        let text = String::from_utf8_lossy(&one.body);
        for secret in secrets.iter().chain(&["MARKER-OF-THE-COLLECTOR"]) {
            assert!(!text.contains(*secret), "{}: {text}", one.path);
        }
    }
}

#[test]
fn failed_run_is_a_span_with_an_error() {
    let fake = Fake::with_vault();
    let collector = Collector::new();
    fake.cloud.deny(Operation::ImportCertificate);
    let run = add(&fake).env(ENDPOINT, &collector.address).run();
    assert_eq!(run.code, 4, "{}", run.both());
    let spans = collector.spans();
    let (_, span) = spans.iter().find(|(_, it)| it.parent_span_id.is_empty()).expect("a run");
    assert_eq!(attributes(&span.attributes)["process.exit.code"], "4");
    assert_eq!(span.status.as_ref().expect("a status").code, 2, "an error");
}

/// One warning line; otherwise the same as without a collector.
fn warned(run: &Run, message: &str) {
    assert_eq!(run.code, 0, "{}", run.both());
    assert!(run.stdout.starts_with("imported certificate web"), "{}", run.both());
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains(message), "{}", run.stderr);
}

#[test]
fn collector_that_is_dead_changes_nothing_but_one_line() {
    let closed_port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let silent = Collector::answering("");
    let elsewhere = Collector::new();
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}/v1/traces\r\ncontent-length: 0\r\n\r\n",
        elsewhere.address
    );
    let redirecting = Collector::answering(redirect.leak());
    let broken = Collector::answering("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    for (address, message) in [
        (&closed_port, "no connection, or no answer"),
        (&silent.address, "no answer within 5 seconds"),
        (&redirecting.address, "it answered HTTP 307"),
        (&broken.address, "it answered HTTP 400"),
    ] {
        let fake = Fake::with_vault();
        let started = Instant::now();
        warned(&add(&fake).env(ENDPOINT, address).run(), message);
        assert!(started.elapsed() < Duration::from_secs(20), "{message}: {:?}", started.elapsed());
    }
    assert!(elsewhere.got().is_empty(), "headers with a secret follow no redirect");
}

#[test]
fn variables_that_cannot_be_used_are_one_line() {
    let collector = Collector::new();
    for (name, value, message) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "only http/protobuf is supported"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "only http/protobuf is supported"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "only otlp and none are supported"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "SECRET:MARKER", "is not an http or https URL"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file", "cannot read /no/such/file"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/hostname", "it is not PEM with certificates"),
    ] {
        let fake = Fake::with_vault();
        let run = add(&fake).env(ENDPOINT, &collector.address).env(name, value).run();
        warned(&run, message);
        assert!(!run.stderr.contains("MARKER"), "{}", run.stderr);
    }
    assert!(collector.got().is_empty());
}

#[test]
fn nothing_is_sent_without_a_collector_or_when_it_is_disabled() {
    let collector = Collector::new();
    let fake = Fake::with_vault();
    ok(&add(&fake).run());
    let address = collector.address.as_str();
    for (name, value) in [("OTEL_SDK_DISABLED", "True"), (ENDPOINT, " ")] {
        ok(&add(&fake).arg("--overwrite").env(ENDPOINT, address).env(name, value).run());
    }
    assert!(collector.got().is_empty());
    let metrics = add(&fake).arg("--overwrite").env(ENDPOINT, address);
    ok(&metrics.env("OTEL_TRACES_EXPORTER", "none").run());
    assert!(collector.at("/v1/traces").is_empty() && !collector.at("/v1/metrics").is_empty());
}

/// The fake's server is not a collector, but it suffices to check the program's trust.
#[test]
fn collector_over_tls_needs_a_certificate_that_is_trusted() {
    let fake = Fake::new(FakeCloud::builder().vault("contoso"));
    let cloud = std::fs::read_to_string(fake.path("cloud.json")).expect("a cloud");
    let cloud: serde_json::Value = serde_json::from_str(&cloud).expect("JSON");
    let server = cloud["resource_manager"].as_str().expect("a URL");
    let server = server.replace("management.localhost", "127.0.0.1");
    let ca = fake.path("ca.pem");
    let ca = ca.to_str().expect("text");
    warned(&add(&fake).env(ENDPOINT, &server).run(), "no connection, or no answer");
    let trusted = add(&fake).arg("--overwrite").env(ENDPOINT, &server);
    let run = trusted.env("OTEL_EXPORTER_OTLP_CERTIFICATE", ca).run();
    assert!(run.stderr.contains("it answered HTTP 4"), "{}", run.both());
}
