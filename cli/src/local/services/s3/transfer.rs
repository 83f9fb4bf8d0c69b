//! Bodies: from the socket into a file with hashes taken on the way, and from a file to the socket. Both stream; no
//! body is held in memory.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, ChecksumAlgorithm, ChecksumType, StreamingBlob};
use s3s::{Body, S3Result, TrailingHeaders, s3_error};
use tempfile::TempPath;
use tokio::io::{AsyncRead, AsyncWriteExt as _, BufWriter, ReadBuf};

use super::store::{Store, internal};
use crate::values::text::hex;

/// Largest body of one request: 5 GiB (API reference, `PutObject` and `UploadPart`).
const MAX_BODY: u64 = 5 * 1024 * 1024 * 1024;

/// How much of a refused request's body is read, so that the client gets to read the answer.
const MAX_DISCARD: u64 = 64 * 1024 * 1024;

/// Bytes read from or written to a file at once.
const CHUNK: usize = 256 * 1024;

/// What the client says about the body it sends.
#[derive(Debug, Default)]
pub(super) struct Announced {
    pub(super) length: Option<i64>,
    /// `Content-MD5`, in base64.
    pub(super) md5: Option<String>,
    pub(super) algorithm: Option<ChecksumAlgorithm>,
    /// The `x-amz-checksum-*` headers.
    pub(super) checksum: Checksum,
    /// Where those checksums will be that come after the body.
    pub(super) trailers: Option<TrailingHeaders>,
}

/// A body that has arrived whole and is what the client announced.
#[derive(Debug)]
pub(super) struct Received {
    /// Holds exactly the body and stands at its end.
    pub(super) file: File,
    /// The file's path; the file goes when this is dropped.
    pub(super) path: TempPath,
    pub(super) size: u64,
    pub(super) md5: String,
    /// The checksums the client gave, or CRC-64/NVME, which S3 takes of its own accord (S3 user guide, "Checking
    /// object integrity").
    pub(super) checksum: Checksum,
}

/// Receive a body into a file of the store's.
pub(super) async fn receive(
    store: &Store,
    body: Option<StreamingBlob>,
    announced: Announced,
) -> S3Result<Received> {
    if announced
        .length
        .is_some_and(|length| u64::try_from(length).is_ok_and(|length| length > MAX_BODY))
    {
        discard(body).await;
        return Err(too_large());
    }
    let mut checksums = hasher(&announced.checksum, announced.algorithm.as_ref())?;
    let (file, path) = store.temporary()?.into_parts();
    let mut writer = BufWriter::with_capacity(CHUNK, tokio::fs::File::from_std(file));
    let mut md5 = Md5::new();
    let mut size = 0;
    let mut body = body.map(Body::from).unwrap_or_default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            // The connection broke, or the body is not what its signature or its announced length says.
            s3_error!(
                IncompleteBody,
                "The request body could not be read: {error}"
            )
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        size += data.len() as u64;
        if size > MAX_BODY {
            return Err(too_large());
        }
        md5.update(&data);
        checksums.update(&data);
        writer
            .write_all(&data)
            .await
            .map_err(|error| internal("cannot write the object", error))?;
    }
    writer
        .flush()
        .await
        .map_err(|error| internal("cannot write the object", error))?;
    if announced
        .length
        .is_some_and(|length| u64::try_from(length).is_ok_and(|length| length > size))
    {
        let message =
            "You did not provide the number of bytes specified by the Content-Length HTTP header";
        return Err(s3_error!(IncompleteBody, "{message}"));
    }
    let md5 = md5.finalize();
    if let Some(expected) = &announced.md5 {
        let expected = STANDARD
            .decode(expected)
            .ok()
            .filter(|digest| digest.len() == md5.len());
        let expected = expected.ok_or_else(|| {
            s3_error!(InvalidDigest, "The Content-MD5 you specified is not valid")
        })?;
        if expected != md5 {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received"
            ));
        }
    }
    let mut checksum = checksums.finalize();
    let expected = with_trailers(announced.checksum, announced.trailers.as_ref())?;
    compare(&expected, &checksum)?;
    checksum.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
    Ok(Received {
        file: writer.into_inner().into_std().await,
        path,
        size,
        md5: hex(&md5),
        checksum,
    })
}

fn too_large() -> s3s::S3Error {
    s3_error!(
        EntityTooLarge,
        "Your proposed upload exceeds the maximum allowed size"
    )
}

/// Read and forget the body of a request that is refused, within reason: a client that is still sending when the
/// connection closes reports a broken pipe instead of our answer.
pub(super) async fn discard(body: Option<StreamingBlob>) {
    let mut body = body.map(Body::from).unwrap_or_default();
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, |data| data.len() as u64);
        if seen > MAX_DISCARD {
            return;
        }
    }
}

/// Hashes for every checksum that is given or asked for.
pub(super) fn hasher(
    given: &Checksum,
    algorithm: Option<&ChecksumAlgorithm>,
) -> S3Result<ChecksumHasher> {
    let asked = algorithm.map(ChecksumAlgorithm::as_str).unwrap_or_default();
    let wanted =
        |header: &Option<String>, name: &str| header.is_some() || asked.eq_ignore_ascii_case(name);
    let mut hasher = ChecksumHasher {
        crc32: wanted(&given.checksum_crc32, ChecksumAlgorithm::CRC32).then(Default::default),
        crc32c: wanted(&given.checksum_crc32c, ChecksumAlgorithm::CRC32C).then(Default::default),
        sha1: wanted(&given.checksum_sha1, ChecksumAlgorithm::SHA1).then(Default::default),
        sha256: wanted(&given.checksum_sha256, ChecksumAlgorithm::SHA256).then(Default::default),
        crc64nvme: wanted(&given.checksum_crc64nvme, ChecksumAlgorithm::CRC64NVME)
            .then(Default::default),
    };
    let any = hasher.crc32.is_some()
        || hasher.crc32c.is_some()
        || hasher.sha1.is_some()
        || hasher.sha256.is_some()
        || hasher.crc64nvme.is_some();
    if !any && !asked.is_empty() {
        return Err(s3_error!(
            InvalidRequest,
            "Checksum algorithm provided is unsupported: {asked}"
        ));
    }
    if !any {
        hasher.crc64nvme = Some(Default::default());
    }
    Ok(hasher)
}

fn with_trailers(mut given: Checksum, trailers: Option<&TrailingHeaders>) -> S3Result<Checksum> {
    let Some(trailers) = trailers.and_then(TrailingHeaders::take) else {
        return Ok(given);
    };
    for (name, slot) in [
        ("x-amz-checksum-crc32", &mut given.checksum_crc32),
        ("x-amz-checksum-crc32c", &mut given.checksum_crc32c),
        ("x-amz-checksum-crc64nvme", &mut given.checksum_crc64nvme),
        ("x-amz-checksum-sha1", &mut given.checksum_sha1),
        ("x-amz-checksum-sha256", &mut given.checksum_sha256),
    ] {
        if let Some(value) = trailers.get(name) {
            let text = value
                .to_str()
                .map_err(|_| s3_error!(InvalidRequest, "Value for {name} header is invalid."))?;
            *slot = Some(text.to_owned());
        }
    }
    Ok(given)
}

/// Every checksum that is expected was calculated, and is the same.
pub(super) fn compare(expected: &Checksum, found: &Checksum) -> S3Result<()> {
    for (name, expected, found) in [
        ("CRC32", &expected.checksum_crc32, &found.checksum_crc32),
        ("CRC32C", &expected.checksum_crc32c, &found.checksum_crc32c),
        (
            "CRC64NVME",
            &expected.checksum_crc64nvme,
            &found.checksum_crc64nvme,
        ),
        ("SHA1", &expected.checksum_sha1, &found.checksum_sha1),
        ("SHA256", &expected.checksum_sha256, &found.checksum_sha256),
    ] {
        if expected.is_some() && expected != found {
            return Err(s3_error!(
                BadDigest,
                "The {name} you specified did not match the calculated checksum."
            ));
        }
    }
    Ok(())
}

/// Bytes `start..start + length` of a file, as a body.
pub(super) fn send(mut file: File, start: u64, length: u64) -> S3Result<StreamingBlob> {
    file.seek(SeekFrom::Start(start))
        .map_err(|error| internal("cannot read the object", error))?;
    let file = tokio::fs::File::from_std(file);
    Ok(StreamingBlob::from(Body::http_body(FileBody {
        file,
        left: length,
        buffer: BytesMut::new(),
    })))
}

/// A body that reads a file as the client takes it.
#[derive(Debug)]
struct FileBody {
    file: tokio::fs::File,
    left: u64,
    buffer: BytesMut,
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let this = &mut *self;
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let wanted = usize::try_from(this.left).unwrap_or(CHUNK).min(CHUNK);
        if this.buffer.len() < wanted {
            this.buffer.resize(wanted, 0);
        }
        let mut buffer = ReadBuf::new(this.buffer.get_mut(..wanted).unwrap_or_default());
        std::task::ready!(Pin::new(&mut this.file).poll_read(cx, &mut buffer))?;
        let read = buffer.filled().len();
        if read == 0 {
            return Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into())));
        }
        this.left = this.left.saturating_sub(read as u64);
        Poll::Ready(Some(Ok(Frame::data(this.buffer.split_to(read).freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
