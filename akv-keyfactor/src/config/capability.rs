//! The job that a configuration is for.

use crate::document::Object;
use crate::problem::Problem;

/// The last part of `CertStores.<store type>.<job>`. The middle part is the administrator's own
/// name for the store type, so it is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capability {
    Inventory,
    Management,
    Discovery,
    Reenrollment,
}

/// The capabilities of a job, for messages.
const SUPPORTED: &str = "CertStores.AKV.Inventory, CertStores.AKV.Management, \
                         CertStores.AKV.Discovery or CertStores.AKV.Reenrollment";

impl Capability {
    pub(crate) fn of(job: &Object<'_>) -> Result<Self, Problem> {
        let member = job.member("Capability");
        let Some(name) = member.text()? else {
            return Err(member.missing(match Self::guess(job) {
                Some(name) => format!("CertStores.AKV.{name}, going by the other fields"),
                None => SUPPORTED.to_owned(),
            }));
        };
        let parts: Vec<String> = name.split('.').map(str::to_ascii_lowercase).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["certstores", _, "inventory"] => Ok(Self::Inventory),
            ["certstores", _, "management"] => Ok(Self::Management),
            ["certstores", _, "discovery"] => Ok(Self::Discovery),
            ["certstores", _, "reenrollment" | "reenrolment"] => Ok(Self::Reenrollment),
            _ => Err(member.invalid(SUPPORTED)),
        }
    }

    fn guess(job: &Object<'_>) -> Option<&'static str> {
        let has = |name: &str| job.member(name).is_present();
        if has("IssuedCertificate") || has("SANs") {
            Some("Reenrollment")
        } else if has("JobCertificate") || has("OperationType") {
            Some("Management")
        } else if has("CertificateStoreDetails") {
            Some("Inventory")
        } else if has("ClientMachine") {
            Some("Discovery")
        } else {
            None
        }
    }
}
