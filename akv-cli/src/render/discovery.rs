//! The result of a discovery.

use akv_core::job::DiscoveryOutcome;
use anyhow::Result;
use serde_json::json;

use super::table::print_csv;
use super::{print_json, print_json_line, print_line, say, status_name};
use crate::args::Output;
use crate::exit::Exit;

pub(crate) fn discovery(output: Output, outcome: &DiscoveryOutcome) -> Result<Exit> {
    let stores = || outcome.stores.iter().map(ToString::to_string);
    match output {
        Output::Jsonl => {
            stores().try_for_each(|store| print_json_line(&json!({ "storePath": store })))?;
        }
        Output::Csv => {
            print_csv(["storePath"])?;
            stores().try_for_each(|store| print_csv([store.as_str()]))?;
        }
        Output::Json => print_json(&json!({
            "status": status_name(outcome.status),
            "message": outcome.message(),
            "stores": stores().collect::<Vec<_>>(),
            "missed": outcome.missed.iter().map(|one| json!({
                "tenant": one.tenant.as_str(),
                "subscription": one.subscription.map(|id| id.to_string()),
                "error": one.error.to_string(),
            })).collect::<Vec<_>>(),
        }))?,
        _ => stores().try_for_each(|store| print_line(&store))?,
    }
    say(&outcome.message());
    Ok(outcome.status.into())
}
