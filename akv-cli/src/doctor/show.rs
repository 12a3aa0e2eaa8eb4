//! Shows a diagnosis to a person or a program.

use anyhow::Result;

use super::check::Checks;
use crate::args::Output;
use crate::exit::Exit;
use crate::render::{print_csv, print_json, print_json_line, print_line};

pub(super) fn checks(output: Output, checks: &Checks) -> Result<Exit> {
    match output {
        Output::Json => print_json(checks)?,
        Output::Jsonl => print_json_line(checks)?,
        Output::Csv => {
            print_csv(["name", "status", "detail", "hint"])?;
            for check in checks.iter() {
                let hint = check.hint.as_deref().unwrap_or_default();
                print_csv([&check.name, check.status.as_str(), &check.detail, hint])?;
            }
        }
        _ => {
            for check in checks.iter() {
                let status = check.status.as_str();
                print_line(&format!("{status:<12} {:<18} {}", check.name, check.detail))?;
                if let Some(hint) = &check.hint {
                    print_line(&format!("{:>13}hint: {hint}", ""))?;
                }
            }
        }
    }
    Ok(checks.exit())
}
