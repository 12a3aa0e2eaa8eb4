//! The in-memory store passes the suite, and the suite detects a faulty store.

use akv_core::memory::{MemoryStore, StoreCall};
use akv_core::{CertificateStore, Error, ErrorKind};
use akv_testkit::conformance::Conformance;
use futures::executor::block_on;

fn store() -> MemoryStore {
    MemoryStore::new("contoso").expect("a vault name")
}

#[test]
fn the_memory_store_conforms() {
    let store = store();
    let report = block_on(Conformance::new("test").run(&store));
    assert!(report.passed(), "{report}");
    assert_eq!(report.results().count(), 11);
    assert!(
        block_on(store.deleted(&"test-add-rsa".parse().expect("a name")))
            .is_ok_and(|d| d.is_none())
    );
}

#[test]
fn the_suite_notices_a_store_that_takes_a_refusal_for_absence() {
    let store = store();
    let denied = Error::new(ErrorKind::Throttled, "delete", "too many requests");
    store.fail(StoreCall::Delete, denied);
    let report = block_on(Conformance::new("test").listing(2).run(&store));
    let failed: Vec<_> =
        report.results().filter(|(_, result)| result.is_err()).map(|(name, _)| name).collect();
    assert!(failed.contains(&"absence") && failed.contains(&"purge"), "{report}");
}

#[test]
fn failures_occur_as_configured() {
    let store = store();
    let error = |kind| Error::new(kind, "a call", "scripted failure");
    let name = "web".parse().expect("a name");
    store.fail_once(StoreCall::Certificate, error(ErrorKind::Unavailable));
    assert!(block_on(store.certificate(&name)).is_err());
    assert!(block_on(store.certificate(&name)).is_ok());
    store.fail_for(StoreCall::Deleted, &name, error(ErrorKind::TimedOut));
    assert!(block_on(store.deleted(&"other".parse().expect("a name"))).is_ok());
    assert!(block_on(store.deleted(&"WEB".parse().expect("a name"))).is_err());
    store.heal();
    assert!(block_on(store.deleted(&name)).is_ok());
    assert_eq!(store.calls().len(), 5);
}
