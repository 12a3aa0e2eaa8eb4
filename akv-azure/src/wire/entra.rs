//! Errors of Entra ID's token endpoint, and of the managed identity endpoints.

use serde::Deserialize;

use super::refusal::shortened;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenError {
    pub(crate) error: Option<String>,
    error_description: Option<String>,
    error_codes: Vec<u32>,
    trace_id: Option<String>,
    /// App Service has its own form.
    message: Option<String>,
}

impl TokenError {
    /// `None` where the body is not of this form: a proxy or a gateway answered.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let error: Self = serde_json::from_slice(body).ok()?;
        (error.error.is_some() || error.message.is_some()).then_some(error)
    }

    /// The AADSTS code: from the list of codes, or the head of the description.
    pub(crate) fn code(&self) -> Option<u32> {
        let described = || {
            let digits = self.error_description.as_deref()?.strip_prefix("AADSTS")?;
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        self.error_codes.first().copied().or_else(described)
    }

    /// The description without the trailer of trace id, correlation id and timestamp.
    pub(crate) fn message(&self) -> Option<String> {
        let text = self.error_description.as_deref().or(self.message.as_deref())?;
        let end = text.find("Trace ID:").unwrap_or(text.len());
        Some(shortened(text.get(..end).unwrap_or(text)))
    }

    pub(crate) fn trace_id(&self) -> Option<String> {
        self.trace_id.clone()
    }
}
