//! Color: for a terminal that takes escape codes, unless its user does not want any.

use std::io::IsTerminal;

/// Turns escape codes on where a console has to be asked for them, as that of Windows.
pub(crate) fn is_shown_on(stream: &impl IsTerminal) -> bool {
    stream.is_terminal()
        && !anstyle_query::no_color()
        && anstyle_query::term_supports_color()
        && anstyle_query::windows::enable_ansi_colors() != Some(false)
}
