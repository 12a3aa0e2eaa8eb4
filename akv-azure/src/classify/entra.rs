//! What Entra ID's error codes mean.

use akv_core::ErrorKind;

use super::classification::Classification;

/// What Entra ID's codes mean, as far as a client with its own credentials can receive them
/// ("Microsoft Entra authentication and authorization error codes").
pub(super) fn classify(code: u32) -> Option<Classification> {
    let (problem, advice) = match code {
        7_000_215 => (
            "the client secret is wrong",
            "use the value of the secret, not its ID, and a secret of this application",
        ),
        7_000_222 => (
            "the client secret has expired",
            "create a new secret for the application and replace the old one",
        ),
        7_000_216 | 7_000_218 => (
            "the application needs a secret, a certificate or a federated credential",
            "provide the client secret, or use another credential",
        ),
        700_027 => (
            "Entra ID rejected the signature of the client certificate",
            "upload this certificate to the app registration, and check that it has not expired",
        ),
        700_016 => (
            "the application is not in this tenant",
            "check the client ID and the tenant, and whether an administrator consented to the \
             application there",
        ),
        700_211 | 700_212 | 700_213 | 70_021 => (
            "the federated token matches no federated credential of the application",
            "compare the issuer, subject and audience of the token with the federated credentials \
             of the application",
        ),
        700_024 => (
            "the client assertion is not valid at this time",
            "correct the clock of this machine, and check that the federated token is current",
        ),
        700_082 => ("the sign-in has expired", "sign in again: az login"),
        7_000_112 => (
            "the application is disabled",
            "enable the application's service principal in this tenant",
        ),
        90_002 => (
            "there is no such tenant",
            "check the tenant ID, and whether the tenant is in this cloud",
        ),
        900_023 => (
            "the tenant is neither a GUID nor a domain name",
            "use the tenant ID or one of its domain names",
        ),
        900_382 => ("the tenant is in another cloud", "select the cloud of the tenant"),
        70_011 => ("the scope is not valid", "check the audiences of the cloud"),
        500_011 => (
            "there is no service principal for that audience in the tenant",
            "check the audiences of the cloud, and whether the tenant is in it",
        ),
        53_003 => (
            "a Conditional Access policy blocked the sign-in",
            "ask the tenant administrator to find the policy in the sign-in log and to allow this \
             application or location",
        ),
        53_000 | 53_001 => (
            "a Conditional Access policy requires a managed device",
            "ask the tenant administrator to find the policy in the sign-in log",
        ),
        50_034 => ("the account does not exist in the tenant", "check the account and the tenant"),
        50_076 | 50_079 => (
            "multifactor authentication is required",
            "sign in again with az login --tenant, or use a service principal",
        ),
        50_173 | 70_043 => ("the sign-in was revoked or has expired", "sign in again: az login"),
        65_001 => (
            "the application has no consent in this tenant",
            "ask a tenant administrator to consent to the application",
        ),
        530_035 => (
            "the security defaults of the tenant blocked the sign-in",
            "ask the tenant administrator to check the sign-in log",
        ),
        _ => return None,
    };
    Some(Classification::new(ErrorKind::Unauthenticated, problem).advised(advice))
}

/// Codes of transient failures of Entra ID itself.
pub(super) fn may_pass(code: u32) -> bool {
    matches!(code, 90_033 | 90_006 | 90_012 | 50_196)
}
