//! A certificate bundle and what was found about it.

use akv_core::Bundle;
use akv_core::bundle::{BundleError, Finding, Severity, X509};
use anyhow::Result;
use serde_json::{Value, json};

use super::table::csv_line;
use super::{print, print_json, print_json_line, say};
use crate::args::Output;
use crate::exit::Exit;

pub(crate) fn bundle(
    output: Output,
    bundle: &Bundle,
    findings: &[Finding],
    exit: Exit,
) -> Result<()> {
    let certificates: Vec<&X509> = std::iter::once(bundle.leaf()).chain(bundle.chain()).collect();
    match output {
        Output::Table | Output::Html => table(bundle, &certificates, findings, exit),
        Output::Json => print_json(&document(bundle, &certificates, findings, exit)),
        Output::Jsonl => print_json_line(&document(bundle, &certificates, findings, exit)),
        Output::Csv => {
            print(&csv_line(["severity", "code", "message"]))?;
            findings.iter().try_for_each(|finding| {
                print(&csv_line([severity(finding), finding.code.as_str(), &finding.message]))
            })
        }
    }
}

pub(crate) fn unreadable_bundle(output: Output, error: &BundleError) -> Result<()> {
    let document = json!({ "accepted": false, "error": error.to_string() });
    match output {
        Output::Table | Output::Html | Output::Csv => say(&format!("akv: {error}")),
        Output::Json => print_json(&document)?,
        Output::Jsonl => print_json_line(&document)?,
    }
    Ok(())
}

fn table(bundle: &Bundle, certificates: &[&X509], findings: &[Finding], exit: Exit) -> Result<()> {
    print(&format!("key      {}", bundle.key_kind()))?;
    for (depth, certificate) in certificates.iter().enumerate() {
        let role = if depth == 0 { "leaf    " } else { "issuer  " };
        print(&format!(
            "{role} {} (thumbprint {}, valid until {})",
            certificate.subject(),
            certificate.thumbprint(),
            certificate.not_after().date(),
        ))?;
    }
    for finding in findings {
        print(&format!(
            "{:<8} {} ({})",
            severity(finding),
            finding.message,
            finding.code.as_str()
        ))?;
    }
    print(match exit {
        Exit::Failure => "result   an add would be refused before anything is sent",
        Exit::Success | Exit::Warning | Exit::Matched => "result   an add would go ahead",
    })
}

fn document(bundle: &Bundle, certificates: &[&X509], findings: &[Finding], exit: Exit) -> Value {
    json!({
        "accepted": exit != Exit::Failure,
        "keyKind": bundle.key_kind().to_string(),
        "subjects": certificates.iter().map(|one| one.subject()).collect::<Vec<_>>(),
        "thumbprints": certificates.iter().map(|one| one.thumbprint()).collect::<Vec<_>>(),
        "findings": findings.iter().map(|finding| json!({
            "code": finding.code.as_str(),
            "severity": severity(finding),
            "message": finding.message,
        })).collect::<Vec<_>>(),
    })
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}
