//! A fault: the affected calls and the effect.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{Challenge, Effect};
use crate::operation::Operation;

/// A fault: an [`Effect`] and the calls that it affects.
///
/// Calls are counted after authentication, so a client's first unauthenticated request does not use
/// up the first call. Hostile challenges and unreachable hosts are the exception: they occur before
/// any check.
///
/// A fault that cannot be applied, such as a status of 99 or a header with a line break, is
/// rejected in JSON. If it is set in process, the affected calls get a 500 with the reason.
///
/// ```
/// use akv_testkit::{Fault, FakeCloud, Operation};
/// let cloud = FakeCloud::builder().vault("contoso").start();
/// // The first import is executed, and its response is lost.
/// let lost_reply = cloud.fault(
///     Fault::on(Operation::ImportCertificate).nth(1).after_change().close_connection(),
/// );
/// // An overloaded proxy answers every third read.
/// cloud.fault(Fault::on(Operation::GetCertificate).every(3).html(502));
/// assert_eq!(lost_reply.hits(), 0);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub struct Fault {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subscription: Option<String>,
    pub(super) calls: Calls,
    pub(super) stage: Stage,
    pub(super) effect: Effect,
}

/// The affected calls among the matching ones.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Calls {
    /// All of them.
    #[default]
    All,
    /// One, counted from 1.
    Nth(u64),
    /// The first `n` calls.
    First(u64),
    /// The nth, the 2nth, and so on.
    Every(u64),
    /// Each call with that probability from 0 to 1, from a seed: the same calls in every run.
    Chance {
        /// The probability.
        probability: f64,
        /// The seed.
        seed: u64,
    },
}

/// Whether the operation is executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// The fault replaces the operation.
    #[default]
    BeforeChange,
    /// The operation is executed, and the fault replaces its response.
    AfterChange,
}

impl Fault {
    /// A fault on every call of an operation: status 500 by default.
    pub fn on(operation: Operation) -> Self {
        Self { operation: Some(operation), ..Self::anywhere() }
    }

    /// A fault on every call of every operation.
    pub fn anywhere() -> Self {
        Self {
            operation: None,
            vault: None,
            name: None,
            subscription: None,
            calls: Calls::All,
            stage: Stage::BeforeChange,
            effect: Effect::status(500),
        }
    }

    /// Only in that vault.
    #[must_use]
    pub fn in_vault(mut self, vault: &str) -> Self {
        self.vault = Some(vault.to_owned());
        self
    }

    /// Only for the certificate, secret or vault with that name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Only in that subscription, by its ID.
    #[must_use]
    pub fn in_subscription(mut self, id: &str) -> Self {
        self.subscription = Some(id.to_owned());
        self
    }

    /// Only one call, counted from 1.
    #[must_use]
    pub fn nth(self, call: u64) -> Self {
        self.calls(Calls::Nth(call))
    }

    /// Only the first `calls` calls.
    #[must_use]
    pub fn first(self, calls: u64) -> Self {
        self.calls(Calls::First(calls))
    }

    /// Every nth call.
    #[must_use]
    pub fn every(self, nth: u64) -> Self {
        self.calls(Calls::Every(nth))
    }

    /// Each call with a probability from 0 to 1; the same seed picks the same calls.
    #[must_use]
    pub fn with_probability(self, probability: f64, seed: u64) -> Self {
        self.calls(Calls::Chance { probability, seed })
    }

    /// Only those calls.
    #[must_use]
    pub fn calls(mut self, calls: Calls) -> Self {
        self.calls = calls;
        self
    }

    /// The operation is executed; only its response is affected.
    #[must_use]
    pub fn after_change(mut self) -> Self {
        self.stage = Stage::AfterChange;
        self
    }

    /// Sets the effect.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// An error in the service's own format, with the usual codes of the status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.effect(Effect::status(status))
    }

    /// An error with `error.code` and, in a vault, `innererror.code`.
    #[must_use]
    pub fn error(self, status: u16, code: &str, inner_code: Option<&str>) -> Self {
        self.effect(Effect::Error {
            status,
            code: Some(code.to_owned()),
            inner_code: inner_code.map(str::to_owned),
            headers: Vec::new(),
        })
    }

    /// An Entra error such as 7000222, with its status and `error`.
    #[must_use]
    pub fn aadsts(self, code: u32) -> Self {
        self.effect(Effect::Aadsts { code })
    }

    /// A vault's 429, which has no `Retry-After`.
    #[must_use]
    pub fn throttled(self) -> Self {
        self.status(429)
    }

    /// 429 with `Retry-After` in seconds.
    #[must_use]
    pub fn throttled_for(self, wait: Duration) -> Self {
        self.status(429).with_header("Retry-After", &wait.as_secs().to_string())
    }

    /// Adds a header to an error or a custom body, such as `retry-after-ms`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Effect::Error { headers, .. } | Effect::Body { headers, .. } = &mut self.effect {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// An HTML page, as from a proxy.
    #[must_use]
    pub fn html(self, status: u16) -> Self {
        let body = format!(
            "<html><head><title>{status}</title></head><body><h1>Our services aren't available \
             right now</h1></body></html>"
        );
        self.body(status, "text/html", &body)
    }

    /// A status with an empty body.
    #[must_use]
    pub fn empty(self, status: u16) -> Self {
        self.body(status, "text/plain", "")
    }

    /// A status with a custom body.
    #[must_use]
    pub fn body(self, status: u16, content_type: &str, text: &str) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        self.effect(Effect::Body { status, text: text.to_owned(), headers })
    }

    /// The connection is closed without an answer.
    #[must_use]
    pub fn close_connection(self) -> Self {
        self.effect(Effect::Close)
    }

    /// There is no connection: nothing can have been executed.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.effect(Effect::Unreachable)
    }

    /// The connection breaks in the middle of the body.
    #[must_use]
    pub fn torn_body(self) -> Self {
        self.effect(Effect::TornBody)
    }

    /// The response is late.
    #[must_use]
    pub fn delay(self, by: Duration) -> Self {
        self.effect(Effect::Delay { milliseconds: milliseconds(by) })
    }

    /// A 401 with a challenge of that kind, whatever the token.
    #[must_use]
    pub fn challenge(self, challenge: Challenge) -> Self {
        self.effect(Effect::Challenge(challenge))
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(self, to: &str) -> Self {
        self.effect(Effect::Redirect { to: to.to_owned() })
    }

    /// The page's `nextLink` has that target.
    #[must_use]
    pub fn next_link(self, to: &str) -> Self {
        self.effect(Effect::NextLink { to: to.to_owned() })
    }

    /// Every page has a next page, each under another address.
    #[must_use]
    pub fn endless_pages(self) -> Self {
        self.effect(Effect::EndlessPages)
    }

    /// Spaces follow the body until it has this many bytes.
    #[must_use]
    pub fn huge_body(self, bytes: u64) -> Self {
        self.effect(Effect::Flood { bytes })
    }

    /// The body is sent in pieces of this many bytes, with a pause before each.
    #[must_use]
    pub fn slow_drip(self, piece: usize, pause: Duration) -> Self {
        self.effect(Effect::Drip { piece, pause_milliseconds: milliseconds(pause) })
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
