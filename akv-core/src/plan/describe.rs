//! Descriptions of planned changes.

use crate::certificate::{Certificate, CertificateName, Exportable};
use crate::certificate_requests::{KeyProtection, Merge, NewRequest, RequestedCertificate};
use crate::directory::{AccessModel, NewVault, PublicAccess, PurgeProtection};
use crate::store::Import;
use crate::tags::Tags;

pub(super) fn vault(vault: &NewVault) -> String {
    let NewVault { id, region, options } = vault;
    let access = match &options.access {
        AccessModel::Rbac => "Azure RBAC".to_owned(),
        AccessModel::Policies(objects) => {
            format!("access policies for {} object IDs", objects.len())
        }
    };
    let mut detail = format!(
        "would create vault {id} ({}) in {region}, because it does not exist, with {access} and \
         {} days of soft-delete retention",
        options.sku,
        options.retention.days()
    );
    if options.purge_protection == PurgeProtection::On {
        detail += ", with purge protection";
    }
    if options.public_access == PublicAccess::Disabled {
        detail += ", without public access";
    }
    detail
}

pub(super) fn import(import: &Import, existing: Option<&Certificate>) -> String {
    let Import { name, bundle, tags, exportable, .. } = import;
    let new = bundle.thumbprint();
    let what = match existing {
        None => {
            format!("would import {name} (thumbprint {new}), because no certificate has this name")
        }
        Some(Certificate { thumbprint: Some(old), .. }) => {
            format!("would import a new version of {name} over thumbprint {old} (thumbprint {new})")
        }
        Some(_) => format!("would import a new version of {name} (thumbprint {new})"),
    };
    let key = match exportable {
        Exportable::Yes => "",
        Exportable::No => "; the private key would not be exportable",
    };
    format!("{what}; tags would become {}{key}", shown(tags))
}

pub(super) fn request(request: &NewRequest, existing: Option<&Certificate>) -> String {
    let NewRequest { name, wanted, tags } = request;
    let RequestedCertificate { subject, names, key, protection, exportable } = wanted;
    let what = match existing {
        None => format!("{name}, because no certificate has this name"),
        Some(Certificate { thumbprint: Some(old), .. }) => {
            format!("a new version of {name} over thumbprint {old}, which stays until the merge")
        }
        Some(_) => format!("a new version of {name}"),
    };
    let kept = match protection {
        KeyProtection::Software => "",
        KeyProtection::Hsm => " in an HSM",
    };
    let leaves = match exportable {
        Exportable::Yes => "",
        Exportable::No => ", not exportable,",
    };
    let asked: Vec<String> = Some(subject)
        .filter(|subject| !subject.is_empty())
        .map(|subject| format!("subject {subject}"))
        .into_iter()
        .chain(names.iter().take(SHOWN_NAMES).map(ToString::to_string))
        .chain(names.len().checked_sub(SHOWN_NAMES + 1).map(|more| format!("{} more", more + 1)))
        .collect();
    format!(
        "would create a key ({key}){kept}{leaves} and a request for {what}; it would ask for {}; \
         tags would become {}",
        asked.join(", "),
        shown(tags)
    )
}

pub(super) fn merge(merge: &Merge, existing: Option<&Certificate>) -> String {
    let over = existing.and_then(|existing| existing.thumbprint);
    let over = over.map(|old| format!(" over thumbprint {old}")).unwrap_or_default();
    let tags = merge.tags.as_ref().map(|tags| format!("; tags would become {}", shown(tags)));
    format!(
        "would merge the issued certificate (thumbprint {}) with the key of the pending request as a \
         new version of {}{over}{}",
        merge.thumbprint(),
        merge.name,
        tags.unwrap_or_default()
    )
}

pub(super) fn cancel(name: &CertificateName) -> String {
    format!("would cancel the pending request for {name} and delete its key")
}

pub(super) fn update(existing: &Certificate, tags: &Tags) -> String {
    format!(
        "would update the tags of {}, which already has this thumbprint: tags would become {}",
        existing.name,
        shown(tags)
    )
}

pub(super) fn delete(existing: &Certificate) -> String {
    format!("would delete {} with all its versions{}", existing.name, of(existing))
}

pub(super) fn recover(deleted: &Certificate) -> String {
    format!("would recover the soft-deleted {}{}", deleted.name, of(deleted))
}

pub(super) fn purge(deleted: &Certificate) -> String {
    format!("would purge the soft-deleted {}{}, which cannot be undone", deleted.name, of(deleted))
}

fn of(certificate: &Certificate) -> String {
    let thumbprint = certificate.thumbprint;
    thumbprint.map(|it| format!(" (thumbprint {it})")).unwrap_or_default()
}

fn shown(tags: &Tags) -> String {
    if tags.is_empty() { "none".to_owned() } else { tags.to_string() }
}

/// A longer list of names would hide the rest of the plan.
const SHOWN_NAMES: usize = 20;
