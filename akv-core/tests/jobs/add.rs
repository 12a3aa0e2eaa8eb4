//! The decisions of an addition, on an in-memory vault.

use crate::pki::Leaf;
use crate::scene::{NOT_ABSENT, Scene, adding, error, tags, web};
use akv_core::job::{
    AddRequest, CertificateFile, Effect, ExistingTags, ManagementJob, Overwrite, SoftDeleted,
    Status,
};
use akv_core::memory::StoreCall;
use akv_core::{Bundle, CertificateStore, ErrorKind, Exportable, OperationState, Password};
use futures::executor::block_on;
use zeroize::Zeroizing;

fn overwriting(leaf: &Leaf) -> AddRequest {
    adding(leaf).with_overwrite(Overwrite::Yes)
}

fn preserving(leaf: &Leaf) -> AddRequest {
    overwriting(leaf).with_existing_tags(ExistingTags::Preserve)
}

/// A scene with a soft-deleted `web` that contains `leaf`.
fn deleted(leaf: &Leaf, scene: &Scene) {
    scene.given(leaf, &[("owner", "pki")]);
    block_on(scene.store.delete(&web())).expect("deleted");
}

#[test]
fn a_new_name_is_imported_and_the_message_proves_it() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    let outcome = scene.add(&adding(&leaf).with_tags(tags(&[("owner", "pki")])));
    assert_eq!(outcome.status(), Status::Success);
    assert_eq!(scene.versions(), [(leaf.thumbprint(), tags(&[("owner", "pki")]))]);
    let version = &scene.store.versions(&web())[0].version;
    for part in [version.as_str(), &leaf.thumbprint().to_string(), "contoso", "web"] {
        assert!(outcome.message().contains(part), "{part}: {}", outcome.message());
    }
    let requests: Vec<_> = scene.store.calls().into_iter().map(|(call, _)| call).collect();
    assert_eq!(requests, [StoreCall::Certificate, StoreCall::Import], "look and import, no more");
}

#[test]
fn existing_alias_without_overwrite_is_a_warning() {
    let scene = Scene::new();
    let (old, new) = (scene.leaf(), scene.leaf());
    scene.given(&old, &[("owner", "pki")]);
    for leaf in [&new, &old] {
        let job = adding(leaf).with_tags(tags(&[("owner", "other")]));
        let outcome = scene.add(&job);
        assert_eq!((outcome.status(), outcome.effect()), (Status::Warning, &Effect::Nothing));
        assert!(outcome.message().contains("nothing was changed"), "{}", outcome.message());
    }
    assert_eq!(scene.versions(), [(old.thumbprint(), tags(&[("owner", "pki")]))]);
    assert_eq!(scene.count(StoreCall::Import), 1, "only the first addition");
    assert_eq!(scene.count(StoreCall::UpdateTags), 0);
}

#[test]
fn an_alias_is_the_same_in_any_letter_case() {
    let scene = Scene::new();
    scene.given(&scene.leaf(), &[]);
    let job = adding(&scene.leaf()).with_name("WEB".parse().ok());
    assert_eq!(scene.add(&job).status(), Status::Warning);
    assert_eq!(scene.versions().len(), 1);
}

#[test]
fn not_being_able_to_look_is_a_failure_and_never_absent() {
    for kind in NOT_ABSENT {
        let scene = Scene::new();
        scene.given(&scene.leaf(), &[]);
        scene.store.fail(StoreCall::Certificate, error(kind));
        for job in [adding(&scene.leaf()), overwriting(&scene.leaf())] {
            let outcome = scene.add(&job);
            assert_eq!(outcome.status(), Status::Failure, "{kind:?}");
            assert_eq!(outcome.error().map(akv_core::Error::kind), Some(kind));
        }
        assert_eq!(scene.versions().len(), 1, "{kind:?}: nothing is imported unseen");
    }
}

#[test]
fn overwrite_makes_a_new_version_with_the_jobs_tags() {
    for (job, expected) in [
        (overwriting as fn(&Leaf) -> AddRequest, tags(&[("env", "prod")])),
        (preserving, tags(&[("env", "prod"), ("owner", "pki")])),
    ] {
        let scene = Scene::new();
        let (old, new) = (scene.leaf(), scene.leaf());
        scene.given(&old, &[("env", "test"), ("owner", "pki")]);
        let outcome = scene.add(&job(&new).with_tags(tags(&[("env", "prod")])));
        assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
        let versions = scene.versions();
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[1], (new.thumbprint(), expected));
    }
}

#[test]
fn tags_over_the_limit_fail_before_anything_is_sent() {
    let scene = Scene::new();
    let many: Vec<_> = (0..15).map(|number| (format!("tag{number}"), String::new())).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    scene.given(&scene.leaf(), &many);
    let job = preserving(&scene.leaf()).with_tags(tags(&[("one-more", "")]));
    let outcome = scene.add(&job);
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().contains("at most 15 tags"), "{}", outcome.message());
    assert_eq!(scene.versions().len(), 1);
}

#[test]
fn same_certificate_updates_only_its_tags() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    scene.given(&leaf, &[("env", "test"), ("owner", "pki")]);
    for (job, expected, updates) in [
        (preserving(&leaf), tags(&[("env", "test"), ("owner", "pki")]), 0),
        (
            preserving(&leaf).with_tags(tags(&[("env", "prod")])),
            tags(&[("env", "prod"), ("owner", "pki")]),
            1,
        ),
        (overwriting(&leaf), tags(&[]), 2),
    ] {
        let outcome = scene.add(&job);
        assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
        assert!(matches!(outcome.effect(), Effect::Unchanged { .. }));
        assert_eq!(scene.versions(), [(leaf.thumbprint(), expected)]);
        assert_eq!(scene.count(StoreCall::UpdateTags), updates);
    }
}

#[test]
fn existing_exportable_key_is_reported() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    scene.given(&leaf, &[]);
    let outcome = scene.add(&overwriting(&leaf).with_exportable(Exportable::No));
    assert_eq!(outcome.status(), Status::Warning);
    assert!(outcome.message().contains("its key is exportable"), "{}", outcome.message());
}

#[test]
fn a_bad_bundle_stops_before_the_store_is_asked() {
    let scene = Scene::new();
    let expired = scene.pki.leaf_until("old.contoso.com", scene.now - time::Duration::DAY);
    let other = |contents| adding(&expired).with_contents(contents);
    let pfx = |bytes: &[u8]| other(CertificateFile::Pfx(Zeroizing::new(bytes.to_vec())));
    for (job, expected) in [
        (adding(&expired), "expired"),
        (other(CertificateFile::Pem(Zeroizing::new(expired.pem_without_key()))), "key"),
        (pfx(b"no PKCS#12 at all"), "PKCS#12"),
        (pfx(b""), "PKCS#12"),
    ] {
        let outcome = scene.add(&job);
        assert_eq!(outcome.status(), Status::Failure);
        assert!(outcome.message().contains(expected), "{expected}: {}", outcome.message());
    }
    assert_eq!(scene.store.calls(), []);
}

#[test]
fn warnings_about_the_bundle_go_into_the_message() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    let contents = CertificateFile::Pem(Zeroizing::new(leaf.pem_without_root()));
    let job = adding(&leaf).with_contents(contents);
    let outcome = scene.add(&job);
    assert_eq!(outcome.status(), Status::Success);
    assert!(outcome.message().contains("missing-intermediate"), "{}", outcome.message());
}

#[test]
fn pfx_is_accepted_too() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    let password = Password::default();
    let bundle = Bundle::from_pem(&leaf.pem(), &password, scene.now).expect("a bundle");
    let contents = CertificateFile::Pfx(bundle.to_pkcs12());
    let outcome = scene.add(&adding(&leaf).with_contents(contents));
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert_eq!(scene.versions()[0].0, leaf.thumbprint());
}

#[test]
fn missing_alias_is_derived_and_reported() {
    let scene = Scene::new();
    let leaf = scene.pki.leaf("www.contoso.com");
    let contents = CertificateFile::Pem(Zeroizing::new(leaf.pem()));
    let outcome = scene.add(&AddRequest::new(contents, Password::default()));
    assert_eq!(outcome.status(), Status::Success);
    assert_eq!(scene.store.versions(&crate::scene::name("www-contoso-com")).len(), 1);
    assert!(
        outcome.message().contains("the name www-contoso-com was derived"),
        "{}",
        outcome.message()
    );
}

#[test]
fn a_name_in_soft_delete_is_recovered_and_given_the_new_version() {
    let scene = Scene::new();
    let (old, new) = (scene.leaf(), scene.leaf());
    deleted(&old, &scene);
    let outcome = scene.add(&adding(&new).with_tags(tags(&[("env", "prod")])));
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert!(outcome.message().contains("was soft-deleted and was recovered"));
    let versions = scene.versions();
    assert_eq!(versions.len(), 2, "no overwrite is needed: a deleted certificate does not count");
    assert_eq!(versions[1], (new.thumbprint(), tags(&[("env", "prod")])));
    assert_eq!(scene.count(StoreCall::List), 0, "only that one name is asked for");
}

#[test]
fn deleted_certificates_tags_need_overwrite_and_preserve() {
    for (overwrite, existing_tags, kept) in [
        (Overwrite::Yes, ExistingTags::Preserve, true),
        (Overwrite::Yes, ExistingTags::Replace, false),
        (Overwrite::No, ExistingTags::Preserve, false),
    ] {
        let scene = Scene::new();
        let new = scene.leaf();
        deleted(&scene.leaf(), &scene);
        scene.add(&adding(&new).with_overwrite(overwrite).with_existing_tags(existing_tags));
        let expected = if kept { tags(&[("owner", "pki")]) } else { tags(&[]) };
        assert_eq!(
            scene.versions()[1],
            (new.thumbprint(), expected),
            "{overwrite:?} {existing_tags:?}"
        );
    }
}

#[test]
fn refuse_keeps_a_soft_deleted_certificate_with_a_hint() {
    let scene = Scene::new();
    deleted(&scene.leaf(), &scene);
    let job = adding(&scene.leaf()).with_soft_deleted(SoftDeleted::Refuse);
    let outcome = scene.add(&job);
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().contains("recover or purge"), "{}", outcome.message());
    assert_eq!((scene.versions().len(), scene.count(StoreCall::Recover)), (0, 0));
}

#[test]
fn failed_import_returns_the_name_to_soft_delete() {
    let scene = Scene::new();
    deleted(&scene.leaf(), &scene);
    let job = adding(&scene.leaf()).with_tags(tags(&[]));
    scene.store.fail_once(StoreCall::Import, error(ErrorKind::SoftDeleted));
    scene.store.fail(StoreCall::Import, error(ErrorKind::Invalid));
    let outcome = scene.add(&job);
    assert_eq!((outcome.status(), outcome.effect()), (Status::Failure, &Effect::Nothing));
    assert!(outcome.message().contains("was deleted again"), "{}", outcome.message());
    let in_soft_delete = block_on(scene.store.deleted(&web())).expect("looks");
    assert!(in_soft_delete.is_some(), "it is where it was");
}

#[test]
fn failed_rollback_reports_an_active_certificate() {
    for (import, delete) in [
        (ErrorKind::Invalid, Some(ErrorKind::Throttled)),
        (ErrorKind::TimedOut, None),
        (ErrorKind::Cancelled, None),
    ] {
        let scene = Scene::new();
        deleted(&scene.leaf(), &scene);
        scene.store.fail_once(StoreCall::Import, error(ErrorKind::SoftDeleted));
        scene.store.fail(StoreCall::Import, error(import));
        if let Some(kind) = delete {
            scene.store.fail(StoreCall::Delete, error(kind));
        }
        let outcome = scene.add(&adding(&scene.leaf()));
        assert_eq!(outcome.status(), Status::Failure);
        assert_eq!(outcome.effect(), &Effect::Recovered { name: web() });
        assert!(outcome.message().contains("is active again"), "{}", outcome.message());
        assert_eq!(scene.versions().len(), 1);
    }
}

#[test]
fn recovery_with_unknown_result_is_not_a_failure() {
    for (kind, expected, effect) in [
        (ErrorKind::Denied(akv_core::Denial::Rbac), "remains soft-deleted", Effect::Nothing),
        (ErrorKind::TimedOut, "may be recovered", Effect::Recovered { name: web() }),
        (ErrorKind::Cancelled, "may be recovered", Effect::Recovered { name: web() }),
    ] {
        let scene = Scene::new();
        deleted(&scene.leaf(), &scene);
        scene.store.fail(StoreCall::Recover, error(kind));
        let outcome = scene.add(&adding(&scene.leaf()));
        assert_eq!((outcome.status(), outcome.effect()), (Status::Failure, &effect));
        assert!(outcome.message().contains(expected), "{}", outcome.message());
    }
}

#[test]
fn concurrently_recovered_certificate_exists() {
    for (job, versions) in [(adding as fn(&Leaf) -> AddRequest, 1), (preserving, 2)] {
        let scene = Scene::new();
        deleted(&scene.leaf(), &scene);
        scene.store.fail_once(StoreCall::Import, error(ErrorKind::BeingRecovered));
        let outcome = scene.add(&job(&scene.leaf()));
        let expected = if versions == 1 { Status::Warning } else { Status::Success };
        assert_eq!(outcome.status(), expected, "{}", outcome.message());
        assert_eq!(scene.versions().len(), versions);
        assert_eq!(scene.versions()[versions - 1].1, tags(&[("owner", "pki")]));
    }
}

#[test]
fn an_addition_that_is_done_already_is_a_success() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    let job = adding(&leaf).with_tags(tags(&[("owner", "pki")]));
    assert_eq!(scene.add(&job).status(), Status::Success);
    let again = scene.add(&job);
    assert_eq!(again.status(), Status::Success, "{}", again.message());
    assert!(matches!(again.effect(), Effect::Unchanged { .. }));
    assert!(again.message().contains("no new version, nothing was changed"), "{}", again.message());
    assert_eq!(scene.versions(), [(leaf.thumbprint(), tags(&[("owner", "pki")]))]);
    let other = job.with_exportable(Exportable::No);
    assert_eq!(scene.add(&other).status(), Status::Warning, "not all that was asked for is so");
}

/// A scene in which `web` contains `old` and was recovered for the addition of `new`.
fn marked(scene: &Scene, old: &Leaf, new: &Leaf, had: &akv_core::Tags) {
    let mark = ("akv-recovered-for".to_owned(), new.thumbprint().to_string());
    let had = had.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    scene.given(old, &[]);
    let marked = akv_core::Tags::new(had.chain([mark])).expect("tags");
    block_on(scene.store.update_tags(&web(), &marked)).expect("marked");
}

#[test]
fn only_the_marked_addition_continues() {
    let had = tags(&[("owner", "pki")]);
    for (job, expected) in [
        (adding as fn(&Leaf) -> AddRequest, tags(&[])),
        (overwriting, tags(&[])),
        (preserving, had.clone()),
    ] {
        let scene = Scene::new();
        let (old, new, other) = (scene.leaf(), scene.leaf(), scene.leaf());
        marked(&scene, &old, &new, &had);
        if job(&new).overwrite == Overwrite::No {
            assert_eq!(scene.add(&job(&other)).status(), Status::Warning);
            let refusing = job(&new).with_soft_deleted(SoftDeleted::Refuse);
            assert_eq!(scene.add(&refusing).status(), Status::Warning);
            assert_eq!(scene.versions().len(), 1);
        }
        let outcome = scene.add(&job(&new));
        assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
        assert_eq!(scene.versions()[1], (new.thumbprint(), expected));
    }
}

#[test]
fn a_mark_is_never_merged_into_the_tags() {
    let had = tags(&[("owner", "pki")]);
    let scene = Scene::new();
    let (old, new, other) = (scene.leaf(), scene.leaf(), scene.leaf());
    marked(&scene, &old, &new, &had);
    assert_eq!(scene.add(&preserving(&old)).status(), Status::Success);
    assert_eq!(scene.versions(), [(old.thumbprint(), had.clone())]);
    let scene = Scene::new();
    marked(&scene, &old, &new, &had);
    assert_eq!(scene.add(&preserving(&other)).status(), Status::Success);
    assert_eq!(scene.versions()[1], (other.thumbprint(), had));
}

#[test]
fn addition_succeeds_without_permission_to_mark() {
    let scene = Scene::new();
    deleted(&scene.leaf(), &scene);
    scene.store.fail(StoreCall::UpdateTags, error(ErrorKind::Denied(akv_core::Denial::Rbac)));
    let new = scene.leaf();
    let outcome = scene.add(&adding(&new));
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert_eq!(scene.versions()[1].0, new.thumbprint());
}

#[test]
fn concurrent_removal_and_replacement_keep_the_version() {
    let scene = Scene::new();
    let (old, new) = (scene.leaf(), scene.leaf());
    scene.given(&old, &[("owner", "pki")]);
    let seen = block_on(scene.store.certificate(&web())).expect("looks").expect("there");
    block_on(scene.store.delete(&web())).expect("deleted");
    scene.store.show_once(seen);
    let outcome = scene.add(&preserving(&new));
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert_eq!(scene.versions()[1], (new.thumbprint(), tags(&[("owner", "pki")])));
}

#[test]
fn derived_alias_replaces_only_its_own_source() {
    for (first, second, expected, versions) in [
        ("shop.api.example.test", "shop-api.example.test", Status::Failure, 1),
        ("*.example.test", "wildcard.example.test", Status::Failure, 1),
        ("www.example.test", "WWW.example.test", Status::Success, 2),
    ] {
        let scene = Scene::new();
        let request = |host: &str| {
            let leaf = scene.pki.leaf(host);
            let contents = CertificateFile::Pem(Zeroizing::new(leaf.pem()));
            let request = AddRequest::new(contents, Password::default());
            request.with_overwrite(Overwrite::Yes)
        };
        assert_eq!(scene.add(&request(first)).status(), Status::Success);
        let outcome = scene.add(&request(second));
        assert_eq!(outcome.status(), expected, "{second}: {}", outcome.message());
        let name = akv_core::job::derived_alias(Some(first), akv_core::Thumbprint::of(b""));
        assert_eq!(scene.store.versions(&name).len(), versions, "{second}");
        if expected == Status::Failure {
            for message in ["nothing was replaced", "provide an alias"] {
                assert!(outcome.message().contains(message), "{}", outcome.message());
            }
            let named = request(second).with_name(name.clone());
            assert_eq!(scene.add(&named).status(), Status::Success, "it was asked for by name");
        }
    }
}

#[test]
fn pending_certificate_is_reported_and_unchanged() {
    for (state, status, message) in [
        (Some(OperationState::InProgress), Status::Failure, "operation is in progress"),
        (Some(OperationState::Cancelled), Status::Success, "imported"),
        (Some(OperationState::Failed), Status::Success, "imported"),
        (None, Status::Warning, "without a certificate"),
    ] {
        let scene = Scene::new();
        scene.store.insert(crate::scene::pending("web"));
        if let Some(state) = state {
            scene.store.set_operation(web(), state);
        }
        let outcome = scene.add(&adding(&scene.leaf()));
        assert_eq!(outcome.status(), status, "{}", outcome.message());
        assert!(outcome.message().contains(message), "{}", outcome.message());
        let expected = usize::from(status == Status::Success);
        assert_eq!(scene.count(StoreCall::Import), expected);
    }
}

/// The store yields after each read, so that both jobs could read before either imports.
#[test]
fn two_additions_of_one_name_are_made_one_after_the_other() {
    let scene = Scene::new();
    let (one, other) = (adding(&scene.leaf()), adding(&scene.leaf()));
    scene.store.yield_often();
    let jobs = scene.jobs.clone();
    let both = futures::future::join(scene.jobs.add(&one), jobs.add(&other));
    let (first, second) = block_on(both);
    let mut ends = [first.status(), second.status()];
    ends.sort_unstable();
    assert_eq!(ends, [Status::Success, Status::Warning]);
    assert_eq!(scene.versions().len(), 1);
}
