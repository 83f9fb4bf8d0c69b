//! The journal: one line a change, added in one write.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use super::model::Record;

/// The first line. The number is the form's.
const HEAD: &str = "fw-s3-journal 2\n";
/// A journal of more lines than this, and of more than four times what is there, is written anew.
const LONG: u64 = 200_000;

#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    end: u64,
    lines: u64,
}

/// Whether a journal of so many lines should be written anew when it is opened.
pub(super) fn is_long(lines: u64, live: u64) -> bool {
    lines > 10_000 && lines > 2 * live
}

fn line(record: &Record) -> io::Result<Vec<u8>> {
    let mut line = b"00000000 ".to_vec();
    serde_json::to_writer(&mut line, record)?;
    let sum = format!("{:08x}", crc(&line[9..]));
    line[..8].copy_from_slice(sum.as_bytes());
    line.push(b'\n');
    Ok(line)
}

fn crc(bytes: &[u8]) -> u64 {
    crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes)
}

fn parse(line: &[u8]) -> Option<Record> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = (line.get(..8)?, line.get(9..)?);
    let sum = u64::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    if sum != crc(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

impl Journal {
    /// Opens a journal, or creates it, and hands out its records in their order. Returns how many there were, too.
    ///
    /// # Errors
    /// `InvalidData` if it is not a journal, or damaged other than at its end.
    pub(super) fn open(path: PathBuf, mut each: impl FnMut(Record)) -> io::Result<(Self, u64)> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut text = Vec::new();
        let mut end = reader.read_until(b'\n', &mut text)? as u64;
        let mut lines = 0;
        if HEAD.as_bytes().starts_with(&text) && text.len() < HEAD.len() {
            // New, or killed while its first line was written.
            end = 0;
        } else if text != HEAD.as_bytes() {
            return Err(damaged(
                &path,
                "its first line is not that of this version's journals",
            ));
        }
        if end > 0 {
            loop {
                text.clear();
                let read = reader.read_until(b'\n', &mut text)?;
                if read == 0 {
                    break;
                }
                match parse(&text) {
                    Some(record) => each(record),
                    // A write that was cut off is the last.
                    None if !text.ends_with(b"\n") => break,
                    None => {
                        return Err(damaged(
                            &path,
                            &format!("line {} is not a record", lines + 2),
                        ));
                    }
                }
                end += read as u64;
                lines += 1;
            }
        }
        let file = reader.into_inner();
        file.set_len(end)?;
        let mut journal = Self {
            path,
            file,
            end,
            lines,
        };
        if end == 0 {
            journal.file.write_all_at(HEAD.as_bytes(), 0)?;
            journal.end = HEAD.len() as u64;
        }
        Ok((journal, lines))
    }

    /// Adds records in one write: either all are in the journal, or none is.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let text = match records {
            [] => return Ok(()),
            [one] => line(one)?,
            // A write of several lines could be cut off between two.
            several => line(&Record::Together(several.to_vec()))?,
        };
        if let Err(failed) = self.file.write_all_at(&text, self.end) {
            // The disk is full, mostly. What was written of it would be a cut line in the middle.
            self.file.set_len(self.end)?;
            return Err(failed);
        }
        self.end += text.len() as u64;
        self.lines += 1;
        Ok(())
    }

    /// Whether it should be written anew.
    pub(super) fn has_grown(&self, live: u64) -> bool {
        self.lines > LONG && self.lines > 4 * live
    }

    /// Writes it anew with those records, and puts it in place at once.
    pub(super) fn rewrite(&mut self, records: impl Iterator<Item = Record>) -> io::Result<()> {
        let new = write_new(&self.path, records)?;
        *self = new;
        Ok(())
    }
}

/// Writes a journal with those records, and puts it in place at once.
pub(super) fn write_new(
    path: &std::path::Path,
    records: impl Iterator<Item = Record>,
) -> io::Result<Journal> {
    let temporary = path.with_extension("new");
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    let mut writer = BufWriter::with_capacity(1 << 20, file);
    writer.write_all(HEAD.as_bytes())?;
    let mut end = HEAD.len() as u64;
    let mut lines = 0;
    for record in records {
        let text = line(&record)?;
        writer.write_all(&text)?;
        end += text.len() as u64;
        lines += 1;
    }
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    fs::rename(&temporary, path)?;
    Ok(Journal {
        path: path.to_owned(),
        file,
        end,
        lines,
    })
}

fn damaged(path: &std::path::Path, why: &str) -> io::Error {
    let text = format!(
        "the journal is damaged or of another version: {why}: `{}`",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, text)
}
