//! Every byte that `cargo fw` prints: results on standard output, everything else on standard error.
//!
//! Colour is never the only carrier of meaning, and follows `--color`, `NO_COLOR`, `CLICOLOR_FORCE` and whether the
//! stream is a terminal. A `Console` is cheap to clone; each call writes whole lines, so tasks may share it.

use std::{
    fmt::{self, Write as _},
    io::{IsTerminal, Write},
    sync::{Arc, Mutex},
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::error::Failure;

/// Green: what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Cyan: paths, URLs and hints.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default();
/// Yellow: warnings.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Red: failures.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Dimmed: what may be skipped.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Bold: headings and names.
pub(crate) const BOLD: Style = Style::new().bold();

/// How much is printed on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Only failures.
    Quiet,
    /// The normal amount.
    #[default]
    Normal,
    /// Also what was done to get there.
    Verbose,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// When the stream is a terminal and `NO_COLOR` is unset.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The terminal, or the files in its place.
#[derive(Clone)]
pub(crate) struct Console {
    verbosity: Verbosity,
    streams: Arc<Mutex<Streams>>,
}

struct Streams {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("verbosity", &self.verbosity)
            .finish_non_exhaustive()
    }
}

impl Console {
    /// The process's own streams.
    pub(crate) fn new(verbosity: Verbosity, color: Color) -> Self {
        let streams = Streams {
            out: Box::new(AutoStream::new(std::io::stdout(), color.into())),
            err: Box::new(AutoStream::new(std::io::stderr(), color.into())),
        };
        Self {
            verbosity,
            streams: Arc::new(Mutex::new(streams)),
        }
    }

    /// A console that prints nothing, for tests that cause failures on purpose.
    #[cfg(test)]
    pub(crate) fn unread() -> Self {
        let streams = Streams {
            out: Box::new(std::io::sink()),
            err: Box::new(std::io::sink()),
        };
        Self {
            verbosity: Verbosity::Normal,
            streams: Arc::new(Mutex::new(streams)),
        }
    }

    /// True if standard error is a terminal, so that progress may be redrawn and questions asked.
    pub(crate) fn is_interactive() -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// True if `-v` was given.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    /// True if `-q` was given, so that callers can skip preparing output that is not shown.
    pub(crate) fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// A result, on standard output: what a script reads.
    pub(crate) fn result(&self, text: impl fmt::Display) {
        let mut streams = self.lock();
        // A closed pipe (`| head`) is not a failure.
        let _ = writeln!(streams.out, "{text}").and_then(|()| streams.out.flush());
    }

    /// As [`Console::result`]; returns whether the reader still reads, so that endless output can
    /// stop.
    pub(crate) fn result_was_read(&self, text: impl fmt::Display) -> bool {
        let mut streams = self.lock();
        writeln!(streams.out, "{text}")
            .and_then(|()| streams.out.flush())
            .is_ok()
    }

    /// A line on standard error.
    pub(crate) fn line(&self, text: impl fmt::Display) {
        if self.verbosity >= Verbosity::Normal {
            self.err(&text);
        }
    }

    /// Context for a question, which is always shown.
    pub(crate) fn asked(&self, text: impl fmt::Display) {
        self.err(&text);
    }

    /// A problem next to the command's result that the user must act on. It is also shown with
    /// `-q`.
    pub(crate) fn alarm(&self, text: impl fmt::Display) {
        self.err(&format_args!("{WARN}warning{WARN:#}: {text}"));
    }

    /// A completed step, as cargo shows it: a verb in its own column.
    pub(crate) fn status(&self, verb: &str, text: impl fmt::Display) {
        self.line(format_args!("{GOOD}{verb:>12}{GOOD:#} {text}"));
    }

    /// A line for `-v`.
    pub(crate) fn verbose(&self, text: impl fmt::Display) {
        if self.is_verbose() {
            self.err(&format_args!("{DIM}{text}{DIM:#}"));
        }
    }

    /// Something that the user should know and may ignore.
    pub(crate) fn warning(&self, text: impl fmt::Display) {
        self.line(format_args!("{WARN}warning{WARN:#}: {text}"));
    }

    /// Why a command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut text = format!("{BAD}error{BAD:#}: {}", failure.message());
        for cause in failure.causes() {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n  caused by: {}",
                cause.replace('\n', "\n             ")
            );
        }
        if let Some(hint) = failure.advice() {
            let _ = write!(text, "\n\n{HINT}hint{HINT:#}: {hint}");
        }
        self.err(&text);
    }

    /// Asks a yes-or-no question on standard error. Any answer except `y` or `yes` is no.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        {
            let mut streams = self.lock();
            let _ = write!(streams.err, "{question} [y/N] ").and_then(|()| streams.err.flush());
        }
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok()
            && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
    }

    fn err(&self, text: &dyn fmt::Display) {
        let mut streams = self.lock();
        let _ = writeln!(streams.err, "{text}").and_then(|()| streams.err.flush());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Streams> {
        // A panic while printing leaves nothing half-done that matters.
        self.streams
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Aligns columns: each is as wide as its widest cell, with two spaces between; the last one is not
/// padded.
pub(crate) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (index, cell) in row.iter().enumerate() {
                line.push_str(cell);
                if row[index + 1..].iter().any(|later| !later.is_empty()) {
                    let padding = widths[index] - cell.chars().count() + 2;
                    line.extend(std::iter::repeat_n(' ', padding));
                }
            }
            line
        })
        .collect()
}
