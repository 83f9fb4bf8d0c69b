//! Warnings about the settings before a command uses them.

use crate::{console::Console, settings::Settings};

/// Warns about the stage, if its name may be misspelt, and about the file.
pub(in crate::command) fn note(settings: &Settings, console: &Console) {
    for note in settings.stage_note().iter().chain(&settings.notes) {
        console.warning(note);
    }
}
