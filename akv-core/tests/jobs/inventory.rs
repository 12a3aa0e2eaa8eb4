//! The decisions of an inventory, on an in-memory vault.

use crate::scene::{Scene, adding, error, name, tags};
use akv_core::job::{
    CertificateScope, InventoryItem, InventoryJob, InventoryOutcome, InventoryRequest, ItemSource,
    PreviousCertificate, PreviousInventory, Status, Unchanged,
};
use akv_core::memory::StoreCall;
use akv_core::{CertificateStore, Denial, ErrorKind, OperationState, Pending, Thumbprint};
use futures::executor::block_on;

const DENIED: ErrorKind = ErrorKind::Denied(Denial::Rbac);

/// A vault with four certificates `c0` to `c3`.
fn scene() -> Scene {
    let scene = Scene::new();
    let leaf = scene.leaf();
    for number in 0..4 {
        let name = Some(name(&format!("c{number}")));
        let outcome = scene.add(&adding(&leaf).with_name(name).with_tags(tags(&[("n", "1")])));
        assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    }
    scene
}

fn inventory(scene: &Scene, request: &InventoryRequest) -> (InventoryOutcome, Vec<InventoryItem>) {
    let mut items = Vec::new();
    let outcome = block_on(scene.jobs.inventory(request, &mut items));
    (outcome, items)
}

fn names(items: &[InventoryItem]) -> Vec<&str> {
    items.iter().map(|item| item.name.as_str()).collect()
}

fn unreadable(scene: &Scene, numbers: &[u8], kind: ErrorKind) {
    for number in numbers {
        let name = name(&format!("c{number}"));
        scene.store.fail_for(StoreCall::Certificate, &name, error(kind));
    }
}

#[test]
fn inventory_keeps_the_order_of_the_list() {
    let (outcome, items) = inventory(&scene(), &InventoryRequest::default());
    assert_eq!((outcome.status, outcome.listed), (Status::Success, 4));
    assert_eq!(names(&items), ["c0", "c1", "c2", "c3"]);
    assert!(items.iter().all(|item| item.has_key && item.certificates.len() == 1));
}

#[test]
fn an_empty_vault_is_a_success() {
    let (outcome, items) = inventory(&Scene::new(), &InventoryRequest::default());
    assert_eq!((outcome.status, items.len()), (Status::Success, 0));
}

#[test]
fn chain_is_included_on_request() {
    let request = InventoryRequest::default().with_scope(CertificateScope::Chain);
    let (_, items) = inventory(&scene(), &request);
    assert!(items.iter().all(|item| item.certificates.len() == 2));
}

#[test]
fn unreadable_certificate_is_a_warning_with_its_name() {
    for kind in [DENIED, ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::Protocol] {
        let scene = scene();
        unreadable(&scene, &[2], kind);
        let (outcome, items) = inventory(&scene, &InventoryRequest::default());
        assert_eq!(outcome.status, Status::Warning, "{kind:?}");
        assert_eq!(names(&items), ["c0", "c1", "c3"]);
        assert!(outcome.message().contains("c2"), "{}", outcome.message());
    }
}

#[test]
fn last_known_state_replaces_it_and_is_marked() {
    let scene = scene();
    unreadable(&scene, &[2], DENIED);
    let thumbprint = Thumbprint::of(b"as it was");
    let known = PreviousCertificate::Summary { thumbprints: vec![thumbprint], has_key: true };
    let last = PreviousInventory::from_iter([(name("C2"), known)]);
    let (outcome, items) = inventory(&scene, &InventoryRequest::default().with_previous(last));
    assert_eq!(outcome.status, Status::Warning);
    assert_eq!(names(&items), ["c0", "c1", "c2", "c3"]);
    assert_eq!(items[2].source, ItemSource::LastKnown);
    assert!(items[2].has_key && items[2].certificates.is_empty());
    assert!(outcome.message().contains("c2 (last known state kept)"), "{}", outcome.message());
}

#[test]
fn inventory_with_most_items_denied_is_a_failure() {
    for (numbers, kind, expected) in [
        (&[0, 1, 2][..], DENIED, Status::Failure),
        (&[0, 1, 2], ErrorKind::Throttled, Status::Failure),
        (&[0, 1], DENIED, Status::Warning),
        (&[0, 1, 2], ErrorKind::Unavailable, Status::Warning),
        (&[0, 1, 2, 3], ErrorKind::Unavailable, Status::Failure),
    ] {
        let scene = scene();
        unreadable(&scene, numbers, kind);
        let (outcome, _) = inventory(&scene, &InventoryRequest::default());
        assert_eq!(outcome.status, expected, "{numbers:?} {kind:?}");
    }
}

#[test]
fn a_list_that_breaks_off_is_a_failure_whatever_was_read_before() {
    let scene = scene();
    scene.store.break_list_after(3, error(ErrorKind::Unavailable));
    let (outcome, _) = inventory(&scene, &InventoryRequest::default());
    assert_eq!(outcome.status, Status::Failure);
    assert!(outcome.message().contains("no result was produced"), "{}", outcome.message());
}

#[test]
fn pending_certificate_is_included_on_request() {
    for (pending, names_told) in [
        (Pending::Exclude, &["c0", "c1", "c2", "c3"][..]),
        (Pending::Include, &["c0", "c1", "c2", "c3", "c9"]),
    ] {
        let scene = scene();
        scene.store.insert(crate::scene::pending("c9"));
        scene.store.set_operation(name("c9"), OperationState::InProgress);
        let request = InventoryRequest::default().with_pending(pending);
        let (outcome, items) = inventory(&scene, &request);
        assert_eq!((outcome.status, outcome.listed), (Status::Success, names_told.len()));
        assert_eq!(names(&items), names_told);
        let shown = items.iter().filter(|item| item.source == ItemSource::Pending).count();
        assert_eq!(shown, names_told.len() - 4);
    }
}

#[test]
fn a_creation_that_came_to_nothing_is_reported_with_the_reason() {
    for (state, text) in [
        (Some(OperationState::Failed), "its creation has failed"),
        (Some(OperationState::Cancelled), "its creation was cancelled"),
        (None, "pending or has failed"),
    ] {
        let scene = scene();
        scene.store.insert(crate::scene::pending("c9"));
        if let Some(state) = state {
            scene.store.set_operation(name("c9"), state);
        }
        let (outcome, items) = inventory(&scene, &InventoryRequest::default());
        assert_eq!((outcome.status, items.len()), (Status::Warning, 4));
        let message = outcome.message();
        assert!(message.contains("c9") && message.contains(text), "{message}");
    }
}

#[test]
fn disabled_certificate_has_its_leaf_and_a_note() {
    let request = InventoryRequest::default().with_scope(CertificateScope::Chain);
    for disabled in [true, false] {
        let scene = scene();
        if disabled {
            scene.store.disable(&name("c1"));
        } else {
            let refused = error(ErrorKind::Denied(Denial::ObjectState));
            scene.store.fail_for(StoreCall::Chain, &name("c1"), refused);
        }
        let (outcome, items) = inventory(&scene, &request);
        assert_eq!((outcome.status, outcome.listed), (Status::Success, 4));
        let lengths: Vec<_> = items.iter().map(|item| item.certificates.len()).collect();
        assert_eq!(lengths, [2, 1, 2, 2]);
        assert!(outcome.message().contains("without the chain"), "{}", outcome.message());
        assert!(outcome.message().ends_with(": c1"), "{}", outcome.message());
    }
}

#[test]
fn a_mark_is_in_no_inventory() {
    let scene = scene();
    let mark = Thumbprint::of(b"new").to_string();
    let marked = tags(&[("n", "1"), ("akv-recovered-for", &mark)]);
    block_on(scene.store.update_tags(&name("c1"), &marked)).expect("marked");
    let (outcome, items) = inventory(&scene, &InventoryRequest::default());
    assert_eq!(outcome.status, Status::Success);
    assert!(items.iter().all(|item| item.tags == tags(&[("n", "1")])));
    let known = PreviousCertificate::Summary {
        thumbprints: items[1].thumbprint.into_iter().collect(),
        has_key: true,
    };
    let request = InventoryRequest::default()
        .with_previous(PreviousInventory::from_iter([(name("c1"), known)]))
        .with_unchanged(Unchanged::Skip);
    let (outcome, items) = inventory(&scene, &request);
    assert_eq!(outcome.unchanged, 1);
    assert!(items.iter().all(|item| item.tags == tags(&[("n", "1")])));
}

#[test]
fn unchanged_certificates_are_kept_and_not_fetched() {
    let scene = scene();
    let (_, full) = inventory(&scene, &InventoryRequest::default());
    let known = |item: &InventoryItem| {
        (item.name.clone(), PreviousCertificate::Item(Box::new(item.clone())))
    };
    let mut last: Vec<_> = full.iter().map(known).collect();
    // The previous inventory has an earlier version of c3, and another tag of c1.
    if let PreviousCertificate::Item(item) = &mut last[3].1 {
        item.thumbprint = Some(Thumbprint::of(b"earlier"));
    }
    if let PreviousCertificate::Item(item) = &mut last[1].1 {
        item.tags = tags(&[("n", "0")]);
    }
    let before = scene.count(StoreCall::Certificate);
    let request = InventoryRequest::default()
        .with_previous(last.into_iter().collect())
        .with_unchanged(Unchanged::Skip);
    let (outcome, mut items) = inventory(&scene, &request);
    assert_eq!((outcome.status, outcome.unchanged), (Status::Success, 2));
    assert_eq!(scene.count(StoreCall::Certificate) - before, 2, "c1 and c3");
    for item in &mut items {
        item.source = ItemSource::Read;
    }
    assert_eq!(items, full, "the same as the full inventory in everything else");
}

#[test]
fn certificate_deleted_after_listing_is_reported() {
    for (gone, expected) in [(vec![1_u8], Status::Warning), (vec![0, 1, 2, 3], Status::Failure)] {
        let scene = scene();
        unreadable(&scene, &gone, ErrorKind::Absent);
        let (outcome, _) = inventory(&scene, &InventoryRequest::default());
        assert_eq!(outcome.status, expected, "{}", outcome.message());
        assert!(outcome.message().contains("c1"), "{}", outcome.message());
    }
}
