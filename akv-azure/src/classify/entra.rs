//! What Entra ID's error codes mean.

use akv_core::ErrorKind;

use super::classification::Classification;

/// What Entra ID's codes mean, as far as a client of its own credentials meets them ("Microsoft
/// Entra authentication and authorization error codes").
pub(super) fn classify(code: u32) -> Option<Classification> {
    let (problem, advice) = match code {
        7_000_215 => (
            "the client secret is wrong",
            "use the secret's value, not its id, and the secret of this application",
        ),
        7_000_222 => (
            "the client secret has expired",
            "make a new secret for the application and put it in the place of the old one",
        ),
        7_000_216 | 7_000_218 => (
            "the application needs a secret, a certificate or a federated credential",
            "give the client secret, or use another credential",
        ),
        700_027 => (
            "the signature of the client certificate is not accepted",
            "upload this certificate to the application's registration, and check that it is \
             current",
        ),
        700_016 => (
            "the application is not in this tenant",
            "check client id and tenant, and that an administrator has consented to it there",
        ),
        700_211 | 700_212 | 700_213 | 70_021 => (
            "the federated token matches no federated credential of the application",
            "compare issuer, subject and audience of the token with the application's federated \
             credentials",
        ),
        700_024 => (
            "the client assertion is not valid now",
            "set the clock of this machine right, and see that the federated token is fresh",
        ),
        700_082 => ("the login has ended", "sign in again: az login"),
        7_000_112 => (
            "the application is disabled",
            "enable the application's service principal in this tenant",
        ),
        90_002 => (
            "there is no such tenant",
            "check the tenant id, and that the cloud is the tenant's own",
        ),
        900_023 => (
            "the tenant is neither a GUID nor a domain name",
            "give the tenant's id or one of its domain names",
        ),
        900_382 => ("the tenant is in another cloud", "name the cloud that the tenant is in"),
        70_011 => ("the scope is not valid", "check the audiences of the cloud"),
        500_011 => (
            "there is no service principal for that audience in the tenant",
            "check the audiences of the cloud and that the tenant is in it",
        ),
        53_003 => (
            "a conditional access policy does not allow it",
            "let the tenant's administrator see the sign-in log for the policy and admit this \
             application or place",
        ),
        53_000 | 53_001 => (
            "a conditional access policy wants a managed device",
            "let the tenant's administrator see the sign-in log for the policy",
        ),
        50_034 => ("there is no such account in the tenant", "check account and tenant"),
        50_076 | 50_079 => (
            "a second factor is wanted",
            "sign in again with az login --tenant, or use a service principal",
        ),
        50_173 | 70_043 => ("the login was revoked or has ended", "sign in again: az login"),
        65_001 => (
            "nobody has consented to the application in this tenant",
            "let an administrator of the tenant consent to it",
        ),
        530_035 => (
            "security defaults of the tenant block it",
            "let the tenant's administrator see the sign-in log",
        ),
        _ => return None,
    };
    Some(Classification::new(ErrorKind::Unauthenticated, problem).advised(advice))
}

/// Codes of trouble on Entra ID's own side.
pub(super) fn may_pass(code: u32) -> bool {
    matches!(code, 90_033 | 90_006 | 90_012 | 50_196)
}
