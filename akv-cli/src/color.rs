//! Color: on a terminal that supports escape codes, unless its user disabled it.

use std::io::IsTerminal;

/// Enables escape codes on consoles that need it, such as Windows.
pub(crate) fn is_shown_on(stream: &impl IsTerminal) -> bool {
    stream.is_terminal()
        && !anstyle_query::no_color()
        && anstyle_query::term_supports_color()
        && anstyle_query::windows::enable_ansi_colors() != Some(false)
}
