//! One certificate in full.

use akv_core::bundle::X509;
use akv_core::job::{InventoryItem, Shown};
use akv_core::{ListedVersion, StorePath};
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::moment::{dated, exact};
use super::record::Record;
use super::row::{self, State};
use super::table::{print_csv, print_table};
use super::{print, print_bytes, print_json, print_json_line, print_line, say};
use crate::args::Output;
use crate::exit::Exit;

pub(crate) fn certificate(output: Output, store: &StorePath, shown: &Shown) -> Result<Exit> {
    match output {
        Output::Pem => pem(&shown.item)?,
        Output::Der => der(&shown.item)?,
        Output::Json => print_json(&document(store, shown)?)?,
        Output::Jsonl => print_json_line(&document(store, shown)?)?,
        Output::Csv => {
            print_csv(["member", "value"])?;
            fields(shown).iter().try_for_each(|(name, value)| print_csv([*name, value]))?;
        }
        _ => table(shown)?,
    }
    if !shown.without_chain {
        return Ok(Exit::Success);
    }
    say("warning: the chain is missing: the secret of a disabled certificate cannot be read");
    Ok(Exit::Warning)
}

fn pem(item: &InventoryItem) -> Result<()> {
    held(item)?;
    for der in &item.certificates {
        let text = STANDARD.encode(der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let lines = lines.join("\n");
        print(&format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----"))?;
    }
    Ok(())
}

fn der(item: &InventoryItem) -> Result<()> {
    print_bytes(held(item)?)
}

fn held(item: &InventoryItem) -> Result<&[u8]> {
    let leaf = item.certificates.first().map(|der| &**der);
    leaf.ok_or_else(|| {
        let name = &item.name;
        anyhow::anyhow!("cannot show certificate {name}: its creation is pending or has failed")
    })
}

fn table(shown: &Shown) -> Result<()> {
    let fields = fields(shown);
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        print_line(&format!("{name:<width$}  {value}"))?;
    }
    let Some(versions) = &shown.versions else { return Ok(()) };
    print("")?;
    let now = OffsetDateTime::now_utc();
    let rows = versions.iter().map(|version| {
        [
            version.version.to_string(),
            exact(version.attributes.created),
            dated(version.attributes.expires, now, "expired"),
            State::of_version(&version.attributes, now).as_str().to_owned(),
            version.thumbprint.map(|it| it.to_string()).unwrap_or_default(),
            version.tags.to_string(),
        ]
        .to_vec()
    });
    print_table(&["version", "created", "expires", "state", "thumbprint", "tags"], rows)
}

/// The fields of the current version, in reading order.
fn fields(shown: &Shown) -> Vec<(&'static str, String)> {
    let item = &shown.item;
    let now = OffsetDateTime::now_utc();
    let certificates: Vec<X509> =
        item.certificates.iter().filter_map(|der| X509::from_der(der).ok()).collect();
    let leaf = certificates.first();
    let attributes = &item.attributes;
    let mut fields = vec![
        ("name", item.name.to_string()),
        ("version", item.version.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("state", State::of(item, now).as_str().to_owned()),
        ("subject", leaf.map(X509::subject).unwrap_or_default()),
        ("dns names", leaf.map(X509::dns_names).unwrap_or_default().join(", ")),
        ("issuer", leaf.map(X509::issuer).unwrap_or_default()),
        ("serial number", leaf.map(X509::serial_number).unwrap_or_default()),
        ("thumbprint", item.thumbprint.map(|it| it.to_string()).unwrap_or_default()),
        ("valid from", exact(attributes.not_before)),
        ("expires", dated(attributes.expires, now, "expired")),
        ("key", row::key(item, leaf)),
        ("exportable", row::exportable(item).to_owned()),
        ("signature", leaf.map(X509::signature_algorithm_name).unwrap_or_default()),
        ("created", exact(attributes.created)),
        ("updated", exact(attributes.updated)),
        ("tags", item.tags.to_string()),
    ];
    fields.extend(certificates.iter().skip(1).map(|issuer| ("chain", issuer.subject())));
    fields
}

fn document(store: &StorePath, shown: &Shown) -> Result<Value> {
    let mut document = serde_json::to_value(Record::new(store, &shown.item))?;
    if let (Value::Object(members), Some(versions)) = (&mut document, &shown.versions) {
        let versions = versions.iter().map(version).collect();
        members.insert("versions".to_owned(), Value::Array(versions));
    }
    Ok(document)
}

fn version(version: &ListedVersion) -> Value {
    let ListedVersion { version, thumbprint, attributes, tags, .. } = version;
    let moment = |moment| Some(exact(moment)).filter(|text| !text.is_empty());
    json!({
        "version": version,
        "thumbprint": thumbprint,
        "enabled": attributes.enabled,
        "notBefore": moment(attributes.not_before),
        "expires": moment(attributes.expires),
        "created": moment(attributes.created),
        "updated": moment(attributes.updated),
        "tags": tags.iter().collect::<std::collections::BTreeMap<_, _>>(),
    })
}
