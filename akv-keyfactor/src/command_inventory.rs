//! Command's inventory of a store, from the configuration of one of its jobs.

use akv_core::job::PreviousInventory;
use akv_core::{Error, ErrorKind, Result, StorePath};

use crate::config::{last_inventory, path_of};
use crate::document::{Document, Object};
use crate::problem::Problem;

/// The certificates of one store in Command's inventory.
#[derive(Debug)]
#[non_exhaustive]
pub struct CommandInventory {
    /// The store; `None` if the configuration names none.
    pub store: Option<StorePath>,
    /// Command's inventory of the store.
    pub certificates: PreviousInventory,
}

/// Reads `LastInventory` of a job configuration (JSON in UTF-8).
///
/// Resolves no credential, and reads only the store path and the inventory.
pub fn command_inventory(configuration: &[u8]) -> Result<CommandInventory> {
    let read = |job: &Object<'_>| {
        let member = job.member("LastInventory");
        if !member.is_present() {
            return Err(member.missing("a list of what Command has in the store"));
        }
        Ok(CommandInventory { store: path_of(job)?, certificates: last_inventory(job)? })
    };
    let invalid = |problem: Problem| {
        Error::new(ErrorKind::Invalid, "read the job configuration", problem.to_string())
    };
    let document = Document::read(configuration).map_err(invalid)?;
    document.root().and_then(|job| read(&job)).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commands_inventory_of_a_store() {
        let known = command_inventory(
            br#"{"LastInventory":[{"Alias":"web","Thumbprints":["0000000000000000000000000000000000000001"]}],
                "certificatestoredetails":{"StorePath":"contoso"}}"#,
        )
        .expect("a configuration");
        assert_eq!(known.store.expect("a store").to_string(), "contoso");
        assert_eq!(known.certificates.len(), 1);
    }

    #[test]
    fn requires_a_last_inventory_and_shows_no_value() {
        for (text, says) in [
            ("{}", "LastInventory"),
            ("secret", "JSON"),
            (r#"{"LastInventory":"secret"}"#, "LastInventory"),
            (
                r#"{"LastInventory":[],"CertificateStoreDetails":{"StorePath":"secret//"}}"#,
                "StorePath",
            ),
        ] {
            let said = command_inventory(text.as_bytes()).expect_err(text).to_string();
            assert!(said.contains(says) && !said.contains("secret"), "{said}");
        }
    }
}
