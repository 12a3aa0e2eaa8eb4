//! A certificate bundle and its findings.

use akv_core::Bundle;
use akv_core::bundle::{BundleError, Finding, Severity, X509};
use anyhow::Result;
use serde_json::{Value, json};

use super::table::print_csv;
use super::{print_json, print_json_line, print_line, say};
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
        Output::Json => print_json(&document(bundle, &certificates, findings, exit)),
        Output::Jsonl => print_json_line(&document(bundle, &certificates, findings, exit)),
        Output::Csv => {
            print_csv(["severity", "code", "message"])?;
            findings.iter().try_for_each(|finding| {
                print_csv([severity(finding), finding.code.as_str(), &finding.message])
            })
        }
        _ => table(bundle, &certificates, findings, exit),
    }
}

pub(crate) fn unreadable_bundle(output: Output, error: &BundleError) -> Result<()> {
    let document = json!({ "accepted": false, "error": error.to_string() });
    match output {
        Output::Json => print_json(&document)?,
        Output::Jsonl => print_json_line(&document)?,
        _ => say(&format!("error: cannot read the certificate: {error}")),
    }
    Ok(())
}

fn table(bundle: &Bundle, certificates: &[&X509], findings: &[Finding], exit: Exit) -> Result<()> {
    print_line(&format!("key      {}", bundle.key_kind()))?;
    for (depth, certificate) in certificates.iter().enumerate() {
        let role = if depth == 0 { "leaf    " } else { "issuer  " };
        print_line(&format!(
            "{role} {} (thumbprint {}, valid until {})",
            certificate.label(),
            certificate.thumbprint(),
            certificate.not_after().map_or("unknown".to_owned(), |end| end.date().to_string()),
        ))?;
    }
    for finding in findings {
        print_line(&format!(
            "{:<8} {} ({})",
            severity(finding),
            finding.message,
            finding.code.as_str()
        ))?;
    }
    print_line(match exit {
        Exit::Failure | Exit::Unwritten => {
            "result   an add would be rejected before a request is sent"
        }
        Exit::Success | Exit::Warning | Exit::Matched => "result   an add would go ahead",
    })
}

fn document(bundle: &Bundle, certificates: &[&X509], findings: &[Finding], exit: Exit) -> Value {
    json!({
        "accepted": exit != Exit::Failure,
        "keyKind": bundle.key_kind().to_string(),
        "subjects": certificates.iter().map(|one| one.label()).collect::<Vec<_>>(),
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
