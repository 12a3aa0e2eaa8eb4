//! Checks whether a job may choose the host that receives a token.

use akv_core::StoreAddress;
use tracing::warn;

use super::credentials::Origin;
use crate::options::Options;
use crate::problem::Problem;
use crate::store_type::PRIVATE_ENDPOINT;

/// A host that only the job names gets the machine's credentials only below the cloud's own vault
/// suffix or a suffix that the operator allowed. A credential that the job contains may go to any
/// host, because the author of the job has it anyway.
pub(super) fn check(
    address: &StoreAddress,
    host: &str,
    origin: Origin,
    options: &Options,
) -> Result<(), Problem> {
    let named_by_job = address.private_endpoint.is_some() && options.private_endpoint.is_none();
    let suffix = &address.cloud.vault_suffix;
    let allowed = is_under(host, suffix)
        || options.allowed_endpoints.iter().any(|allowed| allowed.covers(host));
    if !named_by_job || allowed {
        return Ok(());
    }
    match origin {
        Origin::Job => {
            warn!(host, "the job sends tokens of its own credential to a host outside {suffix}");
            Ok(())
        }
        Origin::Machine => {
            warn!(host, "the job names a host outside {suffix}; no token was sent there");
            Err(Problem::Refused(format!(
                "nothing was done: the store property {} names a host outside {suffix}, and this \
                 machine sends tokens of its identity only to allowed hosts: run akv job with \
                 --allow-endpoint SUFFIX (or set AKV_ALLOWED_ENDPOINTS)",
                PRIVATE_ENDPOINT.name
            )))
        }
    }
}

fn is_under(host: &str, suffix: &str) -> bool {
    let suffix = suffix.to_ascii_lowercase();
    host.to_ascii_lowercase().strip_suffix(&suffix).is_some_and(|rest| rest.ends_with('.'))
}
