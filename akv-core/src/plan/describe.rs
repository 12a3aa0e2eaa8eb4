//! Planned changes in words.

use crate::certificate::{Certificate, Exportable};
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
