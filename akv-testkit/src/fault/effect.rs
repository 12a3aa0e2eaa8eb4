//! The effect of a fault on a response.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::endpoints::Endpoints;
use crate::exchange::{Delivery, Request, Response};
use crate::fault::Moment;
use crate::problem::{self, Speaker};

/// The effect of a fault on a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// An error in the service's own format.
    Error {
        /// The HTTP status.
        status: u16,
        /// `error.code`; by default the usual code of the status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// `error.innererror.code`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inner_code: Option<String>,
        /// Additional headers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
    },
    /// An error of Entra ID by its number.
    Aadsts {
        /// The number after `AADSTS`.
        code: u32,
    },
    /// A custom body.
    Body {
        /// The HTTP status.
        status: u16,
        /// The body.
        #[serde(default)]
        text: String,
        /// The headers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
    },
    /// The connection is closed without an answer.
    Close,
    /// No connection is made.
    Unreachable,
    /// The connection breaks in the middle of the body.
    TornBody,
    /// The response is late.
    Delay {
        /// The delay.
        milliseconds: u64,
    },
    /// A 401, whatever the token.
    Challenge(Challenge),
    /// A redirect (307).
    Redirect {
        /// The target.
        to: String,
    },
    /// The page's `nextLink` has another target.
    NextLink {
        /// The target.
        to: String,
    },
    /// Every page has a next page.
    EndlessPages,
    /// Spaces follow the body.
    Flood {
        /// The total size of the body in bytes.
        bytes: u64,
    },
    /// The body is sent slowly.
    Drip {
        /// The size of a piece in bytes.
        piece: usize,
        /// The pause before each piece.
        pause_milliseconds: u64,
    },
}

/// A challenge that the service never or rarely sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Challenge {
    /// The right challenge, although the token was valid.
    Plain,
    /// It requests a token for that resource.
    Resource(String),
    /// It names that authority.
    Authority(String),
    /// Continuous access evaluation: the token is no longer sufficient, and further claims are
    /// required.
    Claims,
    /// Azure Arc: the key is in that file, whether or not the file exists.
    KeyFile(String),
}

impl Effect {
    pub(crate) fn status(status: u16) -> Self {
        Self::Error { status, code: None, inner_code: None, headers: Vec::new() }
    }

    /// Challenges and unreachable hosts occur before any check.
    pub(crate) fn moment(&self) -> Moment {
        match self {
            Self::Challenge(_) | Self::Unreachable => Moment::Arrival,
            _ => Moment::Authenticated,
        }
    }

    /// Whether the effect does not need the operation's own response.
    pub(crate) fn stands_alone(&self) -> bool {
        matches!(
            self,
            Self::Error { .. }
                | Self::Aadsts { .. }
                | Self::Body { .. }
                | Self::Close
                | Self::Unreachable
                | Self::Challenge(_)
                | Self::Redirect { .. }
        )
    }

    /// The response that replaces `answer`.
    pub(crate) fn play(&self, scene: &Scene<'_>, answer: Response) -> Response {
        match self {
            Self::Error { status, code, inner_code, headers } => {
                let made = problem::of_status(
                    scene.speaker,
                    *status,
                    code.as_deref(),
                    inner_code.as_deref(),
                );
                with_headers(made, headers)
            }
            Self::Aadsts { code } => problem::aadsts(*code, scene.now),
            Self::Body { status, text, headers } => {
                with_headers(Response::empty(*status).with_body(text.clone()), headers)
            }
            Self::Close => answer.delivered(Delivery::Closed),
            Self::Unreachable => Response::unreachable(),
            Self::TornBody => answer.delivered(Delivery::Torn),
            Self::Delay { milliseconds } => answer.delayed(Duration::from_millis(*milliseconds)),
            Self::Challenge(challenge) => challenge.answer(scene),
            Self::Redirect { to } => Response::empty(307).with_header("Location", to.clone()),
            Self::NextLink { to } => with_next_link(&answer, to),
            Self::EndlessPages => with_next_link(&answer, &another_address(scene.request)),
            Self::Flood { bytes } => answer.delivered(Delivery::Flood { bytes: *bytes }),
            Self::Drip { piece, pause_milliseconds } => answer.delivered(Delivery::Drip {
                piece: (*piece).max(1),
                pause: Duration::from_millis(*pause_milliseconds),
            }),
        }
    }
}

/// The context of a fault.
pub(crate) struct Scene<'a> {
    pub(crate) request: &'a Request,
    pub(crate) endpoints: Endpoints,
    pub(crate) speaker: Speaker,
    pub(crate) tenant: &'a str,
    pub(crate) now: time::OffsetDateTime,
}

impl Challenge {
    fn answer(&self, scene: &Scene<'_>) -> Response {
        let resource = scene.endpoints.vault_audience();
        let authority = scene.endpoints.authority();
        let tenant = scene.tenant;
        let header = match self {
            Self::Plain => problem::challenge(&authority, tenant, &resource),
            Self::Resource(resource) => problem::challenge(&authority, tenant, resource),
            Self::Authority(authority) => problem::challenge(authority, tenant, &resource),
            Self::Claims => format!(
                "Bearer realm=\"\", authorization_uri=\"{authority}/common/oauth2/authorize\", \
                 error=\"insufficient_claims\", claims=\"{CLAIMS}\""
            ),
            Self::KeyFile(file) => format!("Basic realm={file}"),
        };
        problem::of_status(scene.speaker, 401, None, None).with_header("WWW-Authenticate", header)
    }
}

fn with_headers(answer: Response, headers: &[(String, String)]) -> Response {
    headers.iter().fold(answer, |answer, (name, value)| {
        answer.without_header(name).with_header(name.clone(), value.clone())
    })
}

fn with_next_link(answer: &Response, to: &str) -> Response {
    let mut page = answer.body_json();
    if let Some(page) = page.as_object_mut() {
        page.insert("nextLink".to_owned(), Value::String(to.to_owned()));
    }
    answer.clone().with_body(page.to_string())
}

/// The request's own address with an increasing counter, so that a client cannot detect the loop by
/// a repeated link.
fn another_address(request: &Request) -> String {
    let round: u64 = request.find_query("round").and_then(|n| n.parse().ok()).unwrap_or(0);
    let round = (round + 1).to_string();
    let kept = request.query().iter().filter(|(name, _)| name != "round");
    let mut query: Vec<_> = kept.map(|(k, v)| (k.as_str(), v.as_str())).collect();
    query.push(("round", &round));
    request.next_link(&query)
}

/// `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}` in base64.
const CLAIMS: &str =
    "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzAwMDAwMDAwIn19fQ==";
