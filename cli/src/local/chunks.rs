//! The chunked transfer coding (RFC 9112 §7.1), one step at a time, and its trailers. Lines of the
//! coding must end with CR and LF: different readings of a lone LF are what request smuggling
//! exploits.

/// The longest line of a chunk's length with its extensions, which mean nothing here.
const LONGEST_LINE: usize = 4 * 1024;
/// The most bytes of trailers: a streamed answer's error document comes in one, in base64.
const LONGEST_TRAILERS: usize = 512 * 1024;
/// The most trailer fields.
const MOST_TRAILERS: usize = 32;

/// The position of a body in the coding.
#[derive(Debug, Default)]
pub(super) enum Chunks {
    /// Before a chunk's length.
    #[default]
    Length,
    /// In a chunk of which this much is still to come.
    Data(u64),
    /// Before the line end after a chunk.
    DataEnd,
    /// After the last chunk; this much is known not to hold the trailers' end.
    Trailers(usize),
}

/// The meaning of the next bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This much of the coding itself, of no further use.
    Skip(usize),
    /// This many bytes of the body; [`Chunks::took`] reports how many were taken.
    Data(usize),
    /// Too little to know.
    More,
    /// This much, and with it the body ends.
    End(usize),
    /// Not the chunked coding.
    Malformed,
}

/// The trailers that the Runtime API knows (AWS Lambda Developer Guide, "Building a custom runtime", response streaming).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trailers {
    /// `Lambda-Runtime-Function-Error-Type`.
    pub(super) error_type: Option<Vec<u8>>,
    /// `Lambda-Runtime-Function-Error-Body`: a document in base64.
    pub(super) error_body: Option<Vec<u8>>,
}

impl Chunks {
    /// Examines the start of the input.
    pub(super) fn step(&mut self, input: &[u8], trailers: &mut Trailers) -> Step {
        match self {
            Self::Length => {
                let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                    return if input.len() > LONGEST_LINE {
                        Step::Malformed
                    } else {
                        Step::More
                    };
                };
                let line = input.get(..end).and_then(|line| line.strip_suffix(b"\r"));
                let Some(length) = line.and_then(chunk_length) else {
                    return Step::Malformed;
                };
                *self = match length {
                    0 => Self::Trailers(0),
                    length => Self::Data(length),
                };
                Step::Skip(end + 1)
            }
            Self::Data(left) => match usize::try_from(*left) {
                _ if input.is_empty() => Step::More,
                Ok(left) => Step::Data(left.min(input.len())),
                Err(_) => Step::Data(input.len()),
            },
            Self::DataEnd => match input {
                [b'\r', b'\n', ..] => {
                    *self = Self::Length;
                    Step::Skip(2)
                }
                [] | [b'\r'] => Step::More,
                _ => Step::Malformed,
            },
            Self::Trailers(seen) => {
                let end = match input {
                    [b'\r', b'\n', ..] => return Step::End(2),
                    [b'\n', ..] => return Step::End(1),
                    _ => end_of_fields(input, *seen),
                };
                let Some(end) = end else {
                    *seen = input.len();
                    return if input.len() > LONGEST_TRAILERS {
                        Step::Malformed
                    } else {
                        Step::More
                    };
                };
                let input = input.get(..end).unwrap_or_default();
                let mut fields = [httparse::EMPTY_HEADER; MOST_TRAILERS];
                match httparse::parse_headers(input, &mut fields) {
                    Ok(httparse::Status::Complete((length, fields))) => {
                        for field in fields {
                            trailers.keep(field.name, field.value);
                        }
                        Step::End(length)
                    }
                    _ => Step::Malformed,
                }
            }
        }
    }

    /// So much data was taken.
    pub(super) fn took(&mut self, length: u64) {
        if let Self::Data(left) = self {
            *left = left.saturating_sub(length);
            if *left == 0 {
                *self = Self::DataEnd;
            }
        }
    }
}

impl Trailers {
    fn keep(&mut self, name: &str, value: &[u8]) {
        if name.eq_ignore_ascii_case("lambda-runtime-function-error-type") {
            self.error_type = Some(value.to_vec());
        } else if name.eq_ignore_ascii_case("lambda-runtime-function-error-body") {
            self.error_body = Some(value.to_vec());
        }
    }
}

/// The length in a chunk's first line, without the line's end.
fn chunk_length(line: &[u8]) -> Option<u64> {
    if line.len() > LONGEST_LINE {
        return None;
    }
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    // More digits than a u64 has, or a sign, are refused and not guessed at.
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The end of the fields, with the empty line after them, if the bytes contain it. The first `seen`
/// bytes are known not to.
pub(super) fn end_of_fields(bytes: &[u8], seen: usize) -> Option<usize> {
    // The end may have begun in what was seen: a line feed, and perhaps a carriage return.
    let mut at = seen.saturating_sub(2);
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| *byte == b'\n')? + 1;
        match bytes.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}
