//! The soft-deleted certificates of a vault.

use std::collections::BTreeMap;

use akv_core::ListedDeletedCertificate;
use akv_core::job::DeletedOutcome;
use anyhow::Result;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::failure::error_json;
use super::moment::{dated, exact};
use super::table::{print_csv, print_table};
use super::{print_json, print_json_line, say, say_error, status_name};
use crate::args::Output;
use crate::exit::Exit;

pub(crate) fn deleted(output: Output, outcome: &DeletedOutcome) -> Result<Exit> {
    let DeletedOutcome { deleted, error, status, .. } = outcome;
    match output {
        Output::Json => {
            let mut document = json!({
                "status": status_name(*status),
                "message": outcome.message(),
                "deleted": deleted.iter().map(record).collect::<Vec<_>>(),
            });
            if let (Some(error), Value::Object(members)) = (error, &mut document) {
                members.insert("error".to_owned(), error_json(&error.summary(), error));
            }
            print_json(&document)?;
        }
        Output::Jsonl => deleted.iter().try_for_each(|one| print_json_line(&record(one)))?,
        Output::Csv => {
            print_csv(["name", "deleted", "scheduledPurge", "thumbprint", "expires", "tags"])?;
            deleted.iter().try_for_each(|one| {
                let fields = [
                    one.certificate.name.to_string(),
                    exact(one.deleted),
                    exact(one.scheduled_purge),
                    thumbprint(one),
                    exact(one.certificate.attributes.expires),
                    one.certificate.tags.to_string(),
                ];
                print_csv(fields.iter().map(String::as_str))
            })?;
        }
        _ if deleted.is_empty() => {}
        _ => {
            let now = OffsetDateTime::now_utc();
            let rows = deleted.iter().map(|one| {
                [
                    one.certificate.name.to_string(),
                    exact(one.deleted),
                    dated(one.scheduled_purge, now, "due"),
                    thumbprint(one),
                    one.certificate.tags.to_string(),
                ]
                .to_vec()
            });
            let header = ["name", "deleted", "purged", "thumbprint", "tags"];
            print_table(&header, rows)?;
        }
    }
    match error {
        Some(error) => say_error(error),
        None => say(&outcome.message()),
    }
    Ok((*status).into())
}

fn record(one: &ListedDeletedCertificate) -> Value {
    let attributes = &one.certificate.attributes;
    let moment = |moment| Some(exact(moment)).filter(|text| !text.is_empty());
    json!({
        "name": one.certificate.name.as_str(),
        "deleted": moment(one.deleted),
        "scheduledPurge": moment(one.scheduled_purge),
        "thumbprint": one.certificate.thumbprint,
        "enabled": attributes.enabled,
        "notBefore": moment(attributes.not_before),
        "expires": moment(attributes.expires),
        "created": moment(attributes.created),
        "updated": moment(attributes.updated),
        "tags": one.certificate.tags.iter().collect::<BTreeMap<_, _>>(),
    })
}

fn thumbprint(one: &ListedDeletedCertificate) -> String {
    one.certificate.thumbprint.map(|it| it.to_string()).unwrap_or_default()
}
