//! The memory that a job configuration takes in addition to its own text, whatever it contains.

#![expect(
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a missing prerequisite fails the test"
)]

use std::fmt::Write as _;

use akv_core::job::{DiscoveryJob, InventoryJob, Jobs, ManagementJob};
use akv_core::{Cloud, Credential, Error, ErrorKind, StoreAddress};
use akv_keyfactor::{JobStatus, LARGEST_CONFIGURATION, Options};
use futures::FutureExt as _;
use peak_alloc::PeakAlloc;

#[global_allocator]
static PEAK: PeakAlloc = PeakAlloc;

/// Jobs that are called only after a configuration was read completely.
struct Reached;

const MIB: f64 = 1_048_576.0;
const REACHED: &str = "the configuration was read";

impl Reached {
    fn error<T>() -> akv_core::Result<T> {
        Err(Error::new(ErrorKind::Invalid, "reach Azure", REACHED))
    }
}

impl Jobs for Reached {
    fn inventory(
        &self,
        _: &StoreAddress,
        _: &Credential,
    ) -> akv_core::Result<Box<dyn InventoryJob>> {
        Self::error()
    }
    fn management(
        &self,
        _: &StoreAddress,
        _: &Credential,
    ) -> akv_core::Result<Box<dyn ManagementJob>> {
        Self::error()
    }
    fn discovery(&self, _: &Cloud, _: &Credential) -> akv_core::Result<Box<dyn DiscoveryJob>> {
        Self::error()
    }
}

/// The failure message of a configuration, and the peak memory in MiB in addition to the
/// configuration's own text.
fn peak(configuration: &str) -> (String, f64) {
    PEAK.reset_peak_usage();
    let before = PEAK.current_usage();
    let output = akv_keyfactor::run(configuration.as_bytes(), &Reached, &Options::default())
        .now_or_never()
        .expect("nothing to wait for");
    assert_eq!(output.job_result.result, JobStatus::Failure);
    (output.job_result.failure_message, (PEAK.peak_usage() - before) as f64 / MIB)
}

fn inventory(more: &str) -> String {
    format!(
        "{{\"Capability\":\"CertStores.AKV.Inventory\",\"JobHistoryId\":7,\
         \"CertificateStoreDetails\":{{\"StorePath\":\"contoso\"}}{more}}}"
    )
}

fn last_inventory(entries: usize) -> String {
    let mut text = String::from(",\"LastInventory\":[");
    for at in 0..entries {
        let comma = if at == 0 { "" } else { "," };
        write!(
            text,
            "{comma}{{\"Alias\":\"certificate-{at}\",\"PrivateKeyEntry\":true,\
             \"Thumbprints\":[\"{at:040X}\"]}}"
        )
        .expect("written");
    }
    text + "]"
}

/// One test, because the peak is that of the process.
#[test]
fn memory_is_bounded_by_the_kept_records() {
    for megabytes in [8, 30] {
        let junk = "{\"\":0},".repeat(megabytes * 1_000_000 / 7) + "0";
        for (what, configuration) in [
            ("unused", inventory(&format!(",\"Unused\":[{junk}]"))),
            ("used as text", inventory(&format!(",\"ServerUsername\":[{junk}]"))),
            ("a reference", inventory(&format!(",\"ServerPassword\":{{\"file\":[{junk}]}}"))),
            ("nested", inventory(&format!(",\"JobProperties\":{{\"Other\":[{junk}]}}"))),
            ("brackets", inventory(&format!(",\"Unused\":{}", "[".repeat(megabytes * 1_000_000)))),
            ("members", inventory(&",\"\":0".repeat(megabytes * 1_000_000 / 5))),
        ] {
            // Larger ones only if the reading depth differs: an unoptimized build takes seconds.
            if megabytes > 8 && !matches!(what, "unused" | "brackets") {
                continue;
            }
            let (message, peak) = peak(&configuration);
            println!("{megabytes} MB, {what}: {peak:.2} MiB ({message:.60})");
            assert!(peak < 4.0, "{what}: {peak} MiB");
        }
    }
    let long = |unit: &str| unit.repeat(30_000_000 / unit.len());
    let escaped = long(r"\u0041");
    let management = |member: &str| {
        inventory(&format!(",\"OperationType\":2,\"JobCertificate\":{{{member}}}"))
            .replace("AKV.Inventory", "AKV.Management")
    };
    let reenrollment = |members: &str| {
        inventory(&format!(",\"Alias\":\"web\"{members}"))
            .replace("AKV.Inventory", "AKV.Reenrollment")
    };
    for (what, configuration) in [
        ("capability", format!("{{\"Capability\":\"{}\"}}", long("."))),
        ("escaped capability", format!("{{\"Capability\":\"{escaped}\"}}")),
        ("name", inventory(&format!(",\"{escaped}\":1,\"ServerPassword\":[]"))),
        ("server error", inventory(&format!(",\"ServerError\":\"{escaped}\""))),
        ("store", inventory("").replace("{\"StorePath\":\"contoso\"}", &format!("\"{escaped}\""))),
        ("entries that are text", inventory(&format!(",\"LastInventory\":\"{escaped}\""))),
        ("document", format!("\"{escaped}\"")),
        ("password", inventory(&format!(",\"ServerPassword\":\"{escaped}\""))),
        ("user", inventory(&format!(",\"ServerUsername\":\"{escaped}\""))),
        ("store path", inventory("").replace("contoso", &escaped)),
        ("contents", management(&format!("\"Contents\":\"{}\"", long("A")))),
        ("escaped contents", management(&format!("\"Contents\":\"{escaped}\""))),
        ("alias", management(&format!("\"Contents\":\"AAAA\",\"Alias\":\"{escaped}\""))),
        (
            "tags",
            inventory(&format!(",\"JobProperties\":\"{escaped}\""))
                .replace("AKV.Inventory", "AKV.Management")
                .replace("\"JobP", "\"OperationType\":2,\"JobCertificate\":{},\"JobP"),
        ),
        ("issued", reenrollment(&format!(",\"IssuedCertificate\":\"{escaped}\""))),
        ("names", reenrollment(&format!(",\"SANs\":{{\"dns\":[{}\"\"]}}", long("\"a.example\",")))),
        ("empty entries", inventory(&format!(",\"LastInventory\":[{}{{}}]", long("{},")))),
        ("entries", inventory(&last_inventory(250_001))),
    ] {
        let (message, peak) = peak(&configuration);
        println!("{what}: {peak:.2} MiB ({message:.100})");
        assert!(!message.contains(REACHED), "{what} was taken");
        assert!(peak < 4.0, "{what}: {peak} MiB");
    }
    let configuration = inventory(&last_inventory(100_000));
    let (message, peak_of_last) = peak(&configuration);
    let text = configuration.len() as f64 / MIB;
    println!("100,000 entries: {peak_of_last:.1} MiB beside {text:.1} MiB of text");
    assert!(message.contains(REACHED), "{message}");
    assert!(peak_of_last + text < 64.0, "{peak_of_last} MiB");

    let (message, _) =
        peak(&inventory(&format!(",\"a\":\"{}\"", "x".repeat(LARGEST_CONFIGURATION))));
    assert!(message.contains("larger than 32 MiB"), "{message}");
}
