//! Input for an event: a text, a file, or standard input.

use std::io::Read as _;

use bytes::Bytes;

use crate::error::{Context as _, Exit, Failure, Result};

/// The bytes of an argument in curl's notation: the text itself, `@FILE`, or `@-` for standard
/// input.
///
/// # Errors
///
/// If the file or standard input cannot be read; exit code 65.
pub(super) fn bytes(argument: &str) -> Result<Bytes> {
    let read = match argument.strip_prefix('@') {
        None => return Ok(Bytes::copy_from_slice(argument.as_bytes())),
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .map(|_| bytes)
                .context("cannot read standard input")
        }
        Some(file) => std::fs::read(file).with_context(|| format!("cannot read the body: {file}")),
    };
    read.map(Bytes::from)
        .map_err(|failure| failure.exiting(Exit::Input))
}

/// The texts of arguments: as [`bytes()`], and `-` is standard input as well.
///
/// # Errors
///
/// Exit code 64 when more than one is standard input; 65 when one cannot be read, is not UTF-8, is empty, or is more than `most` bytes.
pub(super) fn texts(arguments: &[String], most: usize) -> Result<Vec<String>> {
    let is_stdin = |argument: &&String| matches!(argument.as_str(), "-" | "@-");
    if arguments.iter().filter(is_stdin).count() > 1 {
        return Err(
            Failure::new("standard input can be the body of only one message")
                .exiting(Exit::Usage)
                .hint("put the other bodies in files: `@FILE`"),
        );
    }
    arguments
        .iter()
        .map(|argument| text(argument, most))
        .collect()
}

/// The text of one argument; as [`texts`].
pub(super) fn text(argument: &str, most: usize) -> Result<String> {
    let bytes = bytes(if argument == "-" { "@-" } else { argument }).map_err(|failure| {
        match argument.strip_prefix('@') {
            None | Some("-") => failure,
            Some(_) => failure.hint(
                "`@` reads a file; send a body that starts with `@` through standard input, with `-`",
            ),
        }
    })?;
    let shown = match argument {
        "-" | "@-" => "standard input",
        _ => argument,
    };
    if bytes.len() > most {
        return Err(Failure::input(format!(
            "the body has {} bytes, but the service accepts at most {most}",
            bytes.len()
        )));
    }
    let text = String::from_utf8(bytes.into())
        .with_context(|| format!("the body is not UTF-8 text: {shown}"))
        .map_err(|failure| {
            failure
                .exiting(Exit::Input)
                .hint("encode it as Base64, as your sending program does")
        })?;
    if text.is_empty() {
        return Err(
            Failure::input("the body is empty, which no service accepts")
                .hint("leave it out for `{}`, or write it as the last argument"),
        );
    }
    Ok(text)
}
