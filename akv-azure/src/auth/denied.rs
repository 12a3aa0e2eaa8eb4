//! Why there is no token, and what to check.

use std::fmt;
use std::time::Duration;

use akv_core::{Error, ErrorKind, Reply};

use super::recorder::Heard;
use crate::error::{PROXY_ADVICE, PROXY_ALLOW, PROXY_SIGN_IN, untrusted};
use crate::pipeline::{Deadline, Failure, NoConnection};
use crate::wire::entra::TokenError;

/// There is no token.
#[derive(Debug, Clone)]
pub(crate) struct Denied {
    kind: ErrorKind,
    problem: String,
    reply: Option<Box<Reply>>,
    advice: Option<String>,
    /// Whether asking again can help, and how long the authority wants to be left alone.
    again: Again,
}

/// Whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    After(Option<Duration>),
}

impl Denied {
    fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        Self { kind, problem: problem.into(), reply: None, advice: None, again: Again::Never }
    }

    fn advised(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// The credential itself is not as it should be: a file, a tool.
    pub(super) fn unusable(problem: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, problem).advised(advice)
    }

    pub(super) fn timed_out(deadline: Deadline) -> Self {
        let seconds = deadline.total().as_secs();
        Self::new(ErrorKind::TimedOut, format!("no token within {seconds} seconds"))
            .advised("see whether the token authority is reached from here, by proxy and firewall")
    }

    pub(super) fn is_throttling(&self) -> bool {
        self.kind == ErrorKind::Throttled
    }

    pub(super) fn again(&self) -> Again {
        self.again
    }

    /// Puts what was being signed in to in front: `sign in to tenant contoso as application …`.
    #[must_use]
    pub(super) fn while_trying(mut self, what: &str) -> Self {
        self.problem = format!("{what}: {}", self.problem);
        self
    }

    pub(crate) fn into_error(self, tried: &str) -> Error {
        let mut error = Error::new(self.kind, tried, self.problem);
        if let Some(reply) = self.reply {
            error = error.with_reply(*reply);
        }
        match self.advice {
            Some(advice) => error.with_advice(advice),
            None => error,
        }
    }

    /// What Entra ID or a metadata service said, or that it said nothing.
    pub(super) fn of_heard(heard: Heard, authority: &str) -> Self {
        match heard {
            Heard::Failed(failure) => Self::of_failure(&failure, authority),
            Heard::Unusable(fault) => {
                Self::new(ErrorKind::Protocol, format!("{authority} gave no usable token: {fault}"))
                    .advised("see whether a proxy answers in its place")
            }
            Heard::Answered { status, body, request_id, wish, redactor } => {
                let error = TokenError::read(&body);
                let foreign = error.is_none();
                let error = error.unwrap_or_default();
                let code = error.code();
                let mut denied = match code.and_then(meaning) {
                    Some(known) => {
                        Self::new(ErrorKind::Unauthenticated, known.problem).advised(known.advice)
                    }
                    None => Self::of_status(status, foreign, authority, &error),
                };
                denied.reply = Some(Box::new(
                    Reply::new(status)
                        .with_code(
                            code.map(|code| format!("AADSTS{code}"))
                                .or_else(|| Some(redactor.identifier(error.error.as_deref()?))),
                        )
                        .with_message(error.message().map(|message| redactor.line(message)))
                        .with_request_id(
                            error
                                .trace_id
                                .as_deref()
                                .map(|id| redactor.identifier(id))
                                .or(request_id),
                        ),
                ));
                // Of a metadata service's failures azure_identity has waited for the end already.
                let passing = matches!(status, 408 | 429 | 500..=599) || code.is_some_and(passes);
                if passing && authority != METADATA {
                    denied.again = Again::After(wish);
                }
                denied
            }
        }
    }

    fn of_status(status: u16, foreign: bool, authority: &str, error: &TokenError) -> Self {
        match status {
            200..=299 => {
                Self::new(ErrorKind::Protocol, format!("what {authority} answered holds no token"))
            }
            300..=399 => Self::new(
                ErrorKind::UntrustedHost,
                format!("{authority} answered with a redirect, which was not followed"),
            )
            .advised("check the authority's URL, and whether a proxy answers in its place"),
            407 => Self::new(ErrorKind::Unavailable, PROXY_SIGN_IN).advised(PROXY_ADVICE),
            429 => Self::new(ErrorKind::Throttled, format!("{authority} is asked too often"))
                .advised("find out who else signs in with this identity"),
            400 if is_unassigned(error.words()) => unassigned(),
            404 | 410 if authority == METADATA => Self::new(
                ErrorKind::Unavailable,
                "the machine's metadata service gives no tokens now",
            )
            .advised("it may be updated; if it stays so, see whether this machine is in Azure"),
            500..=599 => {
                Self::new(ErrorKind::Unavailable, format!("{authority} failed to give a token"))
            }
            _ if foreign => {
                Self::new(ErrorKind::Protocol, format!("what answered is not {authority}")).advised(
                    "see whether a proxy answers in its place, and the cloud's authority URL",
                )
            }
            _ => Self::new(ErrorKind::Unauthenticated, format!("{authority} gives no token"))
                .advised(if authority == METADATA {
                    "see which identities the machine has, and whether this is one of them"
                } else {
                    "look the code up in Microsoft's list of AADSTS error codes"
                }),
        }
    }

    fn of_failure(failure: &Failure, authority: &str) -> Self {
        let error = |problem: String| Self::new(ErrorKind::Unavailable, problem);
        let mut denied = match failure {
            Failure::NotSent { why: NoConnection::Unresolved, .. } => {
                error(format!("the name of {authority} does not resolve from here"))
                    .advised("check the cloud's authority URL and this machine's DNS")
            }
            Failure::NotSent { why: NoConnection::Untrusted(why), .. } => {
                let (problem, advice) = untrusted(authority, *why);
                error(problem).advised(advice)
            }
            Failure::NotSent { why: NoConnection::ProxySignIn, .. } => {
                error(PROXY_SIGN_IN.to_owned()).advised(PROXY_ADVICE)
            }
            Failure::NotSent { why: NoConnection::ProxyRefused, .. } => {
                error(format!("a proxy makes no connection to {authority}")).advised(PROXY_ALLOW)
            }
            Failure::NotSent { .. } if authority == METADATA => {
                error("there is no metadata service here".to_owned()).advised(
                    "a managed identity works on Azure's own virtual machines and App Service; \
                     elsewhere use a service principal or workload identity (Azure Arc is not \
                     supported)",
                )
            }
            Failure::TooLarge { .. } => Self::new(
                ErrorKind::Protocol,
                format!("what {authority} answered is too large for a token"),
            ),
            _ => error(format!("{authority} did not answer"))
                .advised("check the proxy, the firewall and the cloud's authority URL"),
        };
        let not_sent = matches!(failure, Failure::NotSent { .. });
        if failure.may_pass() && (not_sent || authority != METADATA) {
            denied.again = Again::After(None);
        }
        denied
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        match &self.reply {
            Some(reply) => write!(f, "; {reply}"),
            None => Ok(()),
        }
    }
}

struct Known {
    problem: &'static str,
    advice: &'static str,
}

/// What Entra ID's codes mean, as far as a client of its own credentials meets them ("Microsoft
/// Entra authentication and authorization error codes").
fn meaning(code: u32) -> Option<Known> {
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
    Some(Known { problem, advice })
}

/// Codes of trouble on Entra ID's own side.
fn passes(code: u32) -> bool {
    matches!(code, 90_033 | 90_006 | 90_012 | 50_196)
}

/// There is no code for it: "Identity not found" is all that a metadata service says, and App Service
/// that no identity was "found for specified ClientId/ResourceId/PrincipalId".
fn is_unassigned(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["identity not found", "identity isn't assigned", "identity found for specified"]
        .iter()
        .any(|words| message.contains(words))
}

fn unassigned() -> Denied {
    Denied::new(ErrorKind::Unauthenticated, "the machine does not have that managed identity")
        .advised(
            "assign the identity to the machine: turn on its system-assigned identity, or add the \
         user-assigned one, and check the client id",
        )
}

/// What the metadata service is called in messages.
pub(super) const METADATA: &str = "the managed identity endpoint";
