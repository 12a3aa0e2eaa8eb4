//! Cancel: deletes a pending request.

use super::outcome::{Effect, Outcome};
use crate::certificate::CertificateName;
use crate::certificate_requests::{CertificateRequests, PendingRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::store::CertificateStore;

pub(super) async fn run(
    store: &dyn CertificateStore,
    requests: &dyn CertificateRequests,
    name: &CertificateName,
) -> Result<Outcome> {
    let vault = store.vault();
    let pending = requests.request(name).await?.filter(PendingRequest::is_pending);
    if pending.as_ref().is_some_and(|request| !request.awaits_merge) {
        let operation = format!("cancel the request for certificate {name} in vault {vault}");
        let problem = "the vault or one of its issuers is creating a certificate with this name";
        return Err(Error::new(ErrorKind::Conflict, operation, problem)
            .with_advice("cancel it with the tool that started it"));
    }
    if pending.is_none() || !requests.forget_request(name).await? {
        let summary = format!(
            "no request for certificate {name} is pending in vault {vault}: nothing was changed"
        );
        return Ok(Outcome::warning(Effect::Nothing, summary));
    }
    let summary = format!(
        "cancelled the request for certificate {name} in vault {vault} and deleted its key: a \
         certificate issued for it can no longer be merged"
    );
    Ok(Outcome::success(Effect::RequestCancelled { name: name.clone() }, summary))
}
