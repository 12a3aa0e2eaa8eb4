//! The pictures of the README: the output of `akv` as SVG. `.ci/pictures` writes them.

#![allow(clippy::expect_used, reason = "a missing prerequisite fails the test")]

mod program;

use std::fmt::Write as _;
use std::path::Path;

use akv_testkit::pki::{Key, TestPki};
use program::fake::Fake;
use time::{Duration, OffsetDateTime};

/// A terminal with this title, in the colors that the reader prefers.
fn picture(title: &str, lines: &[String]) -> String {
    let columns = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let (width, height) = (columns * CHARACTER / 10 + 2 * MARGIN, lines.len() * LINE + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\"/>\n",
        escaped(title)
    );
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        let class = if line.starts_with("$ ") { " class=\"prompt\"" } else { "" };
        let y = MARGIN + (number + 1) * LINE - LINE / 4;
        writeln!(svg, "<text x=\"{MARGIN}\" y=\"{y}\"{class}>{}</text>", escaped(line))
            .expect("written");
    }
    svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The lines, broken between words and continued below their text.
#[cfg(feature = "demo")]
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut rest = line.to_owned();
        while let Some((limit, _)) = rest.char_indices().nth(columns) {
            let at = rest.get(..limit).and_then(|start| start.rfind(' ')).unwrap_or(limit);
            let next = rest.split_off(at);
            lines.push(std::mem::replace(&mut rest, format!("{:13}{}", "", next.trim_start())));
        }
        lines.push(rest);
    }
    lines
}

/// Compares the picture with the file, or writes it if `AKV_PICTURES` is `write`.
fn check(file: &str, picture: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/images").join(file);
    if std::env::var("AKV_PICTURES").is_ok_and(|mode| mode == "write") {
        std::fs::write(&path, picture).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(committed == picture, "{file} is not what akv prints: run .ci/pictures");
}

#[test]
fn picture_of_the_table_shows_the_output() {
    let fake = Fake::with_vault();
    let now = OffsetDateTime::now_utc();
    let pki = TestPki::new(now);
    for (name, days, key, tag) in [
        ("api-gateway", 241, Key::Rsa3072, "owner=platform"),
        ("intranet", 5, Key::Rsa2048, "owner=it"),
        ("mail", 23, Key::OtherRsa2048, "owner=messaging"),
        ("web-01", 318, Key::P256, "owner=pki"),
    ] {
        // Half a day more, so that the number of days does not depend on the time of the test.
        let expires = now + Duration::days(days) + Duration::hours(12);
        let leaf = pki.leaf(&format!("{name}.contoso.com")).key(key).until(expires).issue();
        let pem = fake.file(&format!("{name}.pem"), leaf.pem());
        let add = ["add", "contoso", "--alias", name, "--pem", &pem, "--tag", tag];
        assert_eq!(fake.akv().args(add).run().code, 0);
    }
    let run = fake.akv().args(["inventory", "contoso"]).run();
    assert_eq!(run.code, 0, "{}", run.both());
    let lines =
        ["$ akv inventory contoso"].into_iter().chain(run.stdout.lines()).chain(run.stderr.lines());
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    check("inventory.svg", &picture("akv inventory contoso", &lines));
}

#[cfg(feature = "demo")]
#[test]
fn picture_of_the_demo_shows_the_output() {
    let run = program::akv().arg("demo").run();
    assert_eq!(run.code, 0, "{}", run.both());
    let shown = run.stdout.split("\n7. ").next().expect("six steps");
    let last = run.stdout.lines().last().expect("a last line");
    let text = format!("$ akv demo\n{}\n\n… (6 more steps)\n\n{last}", shown.trim_end());
    check("demo.svg", &picture("akv demo", &wrapped(&text, 110)));
}

/// In tenths of a pixel, at the size of the font.
const CHARACTER: usize = 79;
const LINE: usize = 19;
const MARGIN: usize = 16;
const STYLE: &str = "\
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;\
white-space:pre;fill:#1f2328}\
rect{fill:#f6f8fa}.prompt{fill:#0550ae;font-weight:600}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#161b22}.prompt{fill:#79c0ff}}";
