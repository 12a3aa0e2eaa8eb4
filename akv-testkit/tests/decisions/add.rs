//! What an addition decides, on a vault in memory.

use crate::scene::{NOT_ABSENT, Scene, adding, error, tags, web};
use akv_core::job::{AddRequest, Contents, Effect, ExistingTags, Overwrite, SoftDeleted, Status};
use akv_core::{CertificateStore, ErrorKind, Exportable, Password};
use akv_testkit::memory::StoreCall;
use akv_testkit::pki::Leaf;
use futures::executor::block_on;
use zeroize::Zeroizing;

fn overwriting(leaf: &Leaf) -> AddRequest {
    AddRequest { overwrite: Overwrite::Yes, ..adding(leaf) }
}

fn preserving(leaf: &Leaf) -> AddRequest {
    AddRequest { existing_tags: ExistingTags::Preserve, ..overwriting(leaf) }
}

/// A scene in which `web` holds `leaf` and is in soft delete.
fn deleted(leaf: &Leaf, scene: &Scene) {
    scene.given(leaf, &[("owner", "pki")]);
    block_on(scene.store.delete(&web())).expect("deleted");
}

#[test]
fn a_new_name_is_imported_and_the_message_proves_it() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    let outcome = scene.add(&AddRequest { tags: tags(&[("owner", "pki")]), ..adding(&leaf) });
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
fn an_existing_alias_without_overwrite_is_a_warning_and_nothing_changes() {
    let scene = Scene::new();
    let (old, new) = (scene.leaf(), scene.leaf());
    scene.given(&old, &[("owner", "pki")]);
    for leaf in [&new, &old] {
        let job = AddRequest { tags: tags(&[("owner", "other")]), ..adding(leaf) };
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
    let job = AddRequest { name: "WEB".parse().ok(), ..adding(&scene.leaf()) };
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
fn overwrite_makes_a_new_version_and_the_job_says_which_tags_it_has() {
    for (job, expected) in [
        (overwriting as fn(&Leaf) -> AddRequest, tags(&[("env", "prod")])),
        (preserving, tags(&[("env", "prod"), ("owner", "pki")])),
    ] {
        let scene = Scene::new();
        let (old, new) = (scene.leaf(), scene.leaf());
        scene.given(&old, &[("env", "test"), ("owner", "pki")]);
        let outcome = scene.add(&AddRequest { tags: tags(&[("env", "prod")]), ..job(&new) });
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
    let job = AddRequest { tags: tags(&[("one-more", "")]), ..preserving(&scene.leaf()) };
    let outcome = scene.add(&job);
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().contains("at most 15 tags"), "{}", outcome.message());
    assert_eq!(scene.versions().len(), 1);
}

#[test]
fn the_same_certificate_makes_no_new_version_and_its_tags_are_reconciled() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    scene.given(&leaf, &[("env", "test"), ("owner", "pki")]);
    for (job, expected, updates) in [
        (preserving(&leaf), tags(&[("env", "test"), ("owner", "pki")]), 0),
        (
            AddRequest { tags: tags(&[("env", "prod")]), ..preserving(&leaf) },
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
fn a_key_that_stays_exportable_is_told() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    scene.given(&leaf, &[]);
    let outcome = scene.add(&AddRequest { exportable: Exportable::No, ..overwriting(&leaf) });
    assert_eq!(outcome.status(), Status::Warning);
    assert!(outcome.message().contains("its key is exportable"), "{}", outcome.message());
}

#[test]
fn a_bad_bundle_stops_before_the_store_is_asked() {
    let scene = Scene::new();
    let expired = scene
        .pki
        .leaf("old.contoso.com")
        .until(time::OffsetDateTime::from_unix_timestamp(1_700_000_000).expect("a time"))
        .issue();
    let other = |bytes: Vec<u8>| AddRequest {
        contents: Contents::Pfx(Zeroizing::new(bytes)),
        ..adding(&expired)
    };
    for (job, expected) in [
        (adding(&expired), "expired"),
        (other(expired.pfx_without_key()), "key"),
        (other(b"no PKCS#12 at all".to_vec()), ""),
        (other(Vec::new()), ""),
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
    let job = AddRequest {
        contents: Contents::Pfx(Zeroizing::new(leaf.pfx_without_chain())),
        ..adding(&leaf)
    };
    let outcome = scene.add(&job);
    assert_eq!(outcome.status(), Status::Success);
    assert!(outcome.message().contains("missing-intermediate"), "{}", outcome.message());
}

#[test]
fn pem_is_taken_too() {
    let scene = Scene::new();
    let leaf = scene.leaf();
    let contents = Contents::Pem(Zeroizing::new(leaf.pem().into_bytes()));
    let outcome = scene.add(&AddRequest { contents, ..adding(&leaf) });
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert_eq!(scene.versions()[0].0, leaf.thumbprint());
}

#[test]
fn without_an_alias_the_certificate_names_itself_and_the_message_says_so() {
    let scene = Scene::new();
    let leaf = scene.pki.leaf("www.contoso.com").issue();
    let contents = Contents::Pfx(Zeroizing::new(leaf.pfx()));
    let outcome = scene.add(&AddRequest::new(contents, Password::default()));
    assert_eq!(outcome.status(), Status::Success);
    assert_eq!(scene.store.versions(&crate::scene::name("www-contoso-com")).len(), 1);
    assert!(outcome.message().contains("named www-contoso-com"), "{}", outcome.message());
}

#[test]
fn a_name_in_soft_delete_is_recovered_and_given_the_new_version() {
    let scene = Scene::new();
    let (old, new) = (scene.leaf(), scene.leaf());
    deleted(&old, &scene);
    let outcome = scene.add(&AddRequest { tags: tags(&[("env", "prod")]), ..adding(&new) });
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.message());
    assert!(outcome.message().contains("was in soft delete and was recovered"));
    let versions = scene.versions();
    assert_eq!(versions.len(), 2, "no overwrite is needed: a deleted certificate does not count");
    assert_eq!(versions[1], (new.thumbprint(), tags(&[("env", "prod")])));
    assert_eq!(scene.count(StoreCall::List), 0, "only that one name is asked for");
}

#[test]
fn tags_of_a_deleted_certificate_are_kept_only_where_overwrite_and_preserve_ask_for_it() {
    for (overwrite, existing_tags, kept) in [
        (Overwrite::Yes, ExistingTags::Preserve, true),
        (Overwrite::Yes, ExistingTags::Replace, false),
        (Overwrite::No, ExistingTags::Preserve, false),
    ] {
        let scene = Scene::new();
        let new = scene.leaf();
        deleted(&scene.leaf(), &scene);
        scene.add(&AddRequest { overwrite, existing_tags, ..adding(&new) });
        let expected = if kept { tags(&[("owner", "pki")]) } else { tags(&[]) };
        assert_eq!(
            scene.versions()[1],
            (new.thumbprint(), expected),
            "{overwrite:?} {existing_tags:?}"
        );
    }
}

#[test]
fn refuse_leaves_what_is_in_soft_delete_alone_and_says_the_way_out() {
    let scene = Scene::new();
    deleted(&scene.leaf(), &scene);
    let job = AddRequest { soft_deleted: SoftDeleted::Refuse, ..adding(&scene.leaf()) };
    let outcome = scene.add(&job);
    assert_eq!(outcome.status(), Status::Failure);
    assert!(outcome.message().contains("recover or purge"), "{}", outcome.message());
    assert_eq!((scene.versions().len(), scene.count(StoreCall::Recover)), (0, 0));
}

#[test]
fn an_import_that_fails_after_the_recovery_is_put_back() {
    let scene = Scene::new();
    deleted(&scene.leaf(), &scene);
    let job = AddRequest { tags: tags(&[]), ..adding(&scene.leaf()) };
    scene.store.fail_once(StoreCall::Import, error(ErrorKind::SoftDeleted));
    scene.store.fail(StoreCall::Import, error(ErrorKind::Invalid));
    let outcome = scene.add(&job);
    assert_eq!((outcome.status(), outcome.effect()), (Status::Failure, &Effect::Nothing));
    assert!(outcome.message().contains("deleted again, as before"), "{}", outcome.message());
    let in_soft_delete = block_on(scene.store.deleted(&web())).expect("looks");
    assert!(in_soft_delete.is_some(), "it is where it was");
}

#[test]
fn what_cannot_be_put_back_is_told_to_be_live_again() {
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
        assert!(outcome.message().contains("is live again"), "{}", outcome.message());
        assert_eq!(scene.versions().len(), 1);
    }
}

#[test]
fn a_recovery_whose_end_is_not_known_is_not_told_to_have_failed() {
    for (kind, expected, effect) in [
        (ErrorKind::Denied(akv_core::Denial::Rbac), "and stays there", Effect::Nothing),
        (ErrorKind::TimedOut, "may be live again", Effect::Recovered { name: web() }),
        (ErrorKind::Cancelled, "may be live again", Effect::Recovered { name: web() }),
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
fn what_somebody_else_recovers_meanwhile_exists_as_any_other() {
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
