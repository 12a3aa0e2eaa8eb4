//! The error response of Entra ID's token endpoint, and of the managed identity endpoints.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenErrorResponse {
    pub(crate) error: Option<String>,
    error_description: Option<String>,
    error_codes: Vec<u32>,
    pub(crate) trace_id: Option<String>,
    /// App Service uses this field.
    message: Option<String>,
}

impl TokenErrorResponse {
    /// `None`: the body does not have this form, because a proxy or a gateway answered.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let error: Self = serde_json::from_slice(body).ok()?;
        (error.error.is_some() || error.message.is_some()).then_some(error)
    }

    /// The AADSTS code: from the list of codes, or the head of the description.
    pub(crate) fn code(&self) -> Option<u32> {
        self.error_codes.first().copied().or_else(|| self.described_code())
    }

    fn described_code(&self) -> Option<u32> {
        let digits = self.error_description.as_deref()?.strip_prefix("AADSTS")?;
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    /// The error text, for classification only and never for display.
    pub(crate) fn words(&self) -> &str {
        self.error_description.as_deref().or(self.message.as_deref()).unwrap_or_default()
    }

    /// The description without the trailer of trace ID, correlation ID and timestamp. Only a
    /// description that begins with Entra ID's own code is shown: any other text could repeat the
    /// request.
    pub(crate) fn message(&self) -> Option<&str> {
        self.described_code()?;
        let text = self.words();
        text.get(..text.find("Trace ID:").unwrap_or(text.len()))
    }
}
