//! Warnings about the settings before a command uses them.

use fw_manifest::Manifest;

use crate::{
    console::Console,
    settings::{Settings, compatibility},
};

/// Warns about the stage, if its name may be misspelt, and about the file.
pub(in crate::command) fn note(settings: &Settings, console: &Console) {
    for note in settings.stage_note().iter().chain(&settings.notes) {
        console.warning(note);
    }
}

/// Warns about what the gateway does to the app's routes.
pub(in crate::command) fn of_manifest(manifest: &Manifest, settings: &Settings, console: &Console) {
    if let Some(note) = compatibility::collected_streams(manifest, settings) {
        console.warning(note);
    }
}
