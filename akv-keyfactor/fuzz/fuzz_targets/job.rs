//! Reads any bytes as a job configuration: no panic, and a result document that is JSON without
//! control characters in its message.
#![no_main]

use akv_core::job::{DiscoveryJob, InventoryJob, Jobs, ManagementJob};
use akv_core::text::is_unprintable;
use akv_core::{Cloud, Credential, Error, ErrorKind, Result, StoreAddress};
use akv_keyfactor::{JobStatus, Options};
use futures::FutureExt as _;
use libfuzzer_sys::fuzz_target;

/// Jobs that end as soon as a configuration was read.
struct Nowhere;

fn nowhere<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Invalid, "reach Azure", "the configuration was read"))
}

impl Jobs for Nowhere {
    fn inventory(&self, _: &StoreAddress, _: &Credential) -> Result<Box<dyn InventoryJob>> {
        nowhere()
    }
    fn management(&self, _: &StoreAddress, _: &Credential) -> Result<Box<dyn ManagementJob>> {
        nowhere()
    }
    fn discovery(&self, _: &Cloud, _: &Credential) -> Result<Box<dyn DiscoveryJob>> {
        nowhere()
    }
}

fuzz_target!(|configuration: &[u8]| {
    let options = Options::default();
    let run = akv_keyfactor::run(configuration, &Nowhere, &options);
    let output = run.now_or_never().expect("nothing to wait for");
    assert_eq!(output.job_result.result, JobStatus::Failure);
    assert!(!output.job_result.failure_message.contains(is_unprintable));
    serde_json::to_string(&output).expect("a document");
});
