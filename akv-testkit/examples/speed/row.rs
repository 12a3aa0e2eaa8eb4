//! The lines of the table.

use serde_json::{Value, json};

/// A line of the table.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    pub(crate) measured: f64,
    pub(crate) reference: f64,
    pub(crate) reference_is: &'static str,
}

impl Row {
    pub(crate) fn new(
        what: &'static str,
        unit: Unit,
        measured: f64,
        reference: f64,
        reference_is: &'static str,
    ) -> Self {
        Self { what, unit, measured, reference, reference_is }
    }

    pub(crate) fn ratio(&self) -> f64 {
        self.measured / self.reference
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "what": self.what,
            "unit": format!("{:?}", self.unit),
            "measured": self.measured,
            "reference": self.reference,
            "referenceIs": self.reference_is,
            "ratio": self.ratio(),
        })
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Seconds,
    Mebibytes,
    Count,
}

impl Unit {
    pub(crate) fn shown(self, value: f64) -> String {
        match self {
            Self::Seconds if value < 0.001 => format!("{:.3} ms", value * 1000.0),
            Self::Seconds if value < 0.1 => format!("{:.1} ms", value * 1000.0),
            Self::Seconds => format!("{value:.2} s"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Count => format!("{value:.0}"),
        }
    }
}
