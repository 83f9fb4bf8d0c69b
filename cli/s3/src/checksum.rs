//! The checksums that S3 knows, and the digests of data on its way in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::CrcAlgorithm;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use twox_hash::{XxHash3_64, XxHash3_128, XxHash64};

/// An algorithm of the API's `ChecksumAlgorithm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
    Sha512,
    Md5,
    Xxhash64,
    Xxhash3,
    Xxhash128,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 10] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Md5,
        Self::Xxhash64,
        Self::Xxhash3,
        Self::Xxhash128,
    ];

    /// The name in headers and documents.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
            Self::Md5 => "MD5",
            Self::Xxhash64 => "XXHASH64",
            Self::Xxhash3 => "XXHASH3",
            Self::Xxhash128 => "XXHASH128",
        }
    }

    /// The header with the value, such as `x-amz-checksum-crc32`.
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
            Self::Sha512 => "x-amz-checksum-sha512",
            Self::Md5 => "x-amz-checksum-md5",
            Self::Xxhash64 => "x-amz-checksum-xxhash64",
            Self::Xxhash3 => "x-amz-checksum-xxhash3",
            Self::Xxhash128 => "x-amz-checksum-xxhash128",
        }
    }

    /// The element with the value, such as `ChecksumCRC32`.
    pub(crate) fn element(self) -> String {
        format!("Checksum{}", self.name())
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn of_header(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.header() == name)
    }

    /// Bytes of a value.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme | Self::Xxhash64 | Self::Xxhash3 => 8,
            Self::Md5 | Self::Xxhash128 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Whether a value is base64 of as many bytes as the algorithm has.
    pub(crate) fn is_valid(self, value: &str) -> bool {
        STANDARD
            .decode(value)
            .is_ok_and(|bytes| bytes.len() == self.length())
    }

    /// Whether the values of parts can be combined to that of the whole: those of the CRCs.
    pub(crate) fn combines(self) -> bool {
        self.crc().is_some()
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            _ => None,
        }
    }

    /// The value of the whole from those of its parts and their lengths, for a CRC.
    pub(crate) fn combine<'a>(self, parts: impl Iterator<Item = (&'a str, u64)>) -> Option<String> {
        let crc = self.crc()?;
        let mut whole = None;
        for (value, length) in parts {
            let bytes = STANDARD.decode(value).ok()?;
            let value = bytes
                .iter()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
            whole = Some(match whole {
                None => value,
                Some(before) => crc_fast::checksum_combine(crc, before, value, length),
            });
        }
        let whole = whole
            .unwrap_or_else(|| crc_fast::checksum(crc, b""))
            .to_be_bytes();
        Some(STANDARD.encode(&whole[8 - self.length()..]))
    }

    /// The value of the values of parts: that of their bytes in a row.
    pub(crate) fn of_parts<'a>(self, parts: impl Iterator<Item = &'a str>) -> Option<String> {
        let mut hasher = Hasher::new(self);
        for value in parts {
            hasher.update(&STANDARD.decode(value).ok()?);
        }
        Some(hasher.finish())
    }

    /// The value of some bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// A checksum that is being computed.
pub(crate) enum Hasher {
    Crc(Algorithm, crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
    Md5(Md5),
    Xxhash64(XxHash64),
    Xxhash3(Box<XxHash3_64>),
    Xxhash128(Box<XxHash3_128>),
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
            Algorithm::Md5 => Self::Md5(Md5::new()),
            Algorithm::Xxhash64 => Self::Xxhash64(XxHash64::with_seed(0)),
            Algorithm::Xxhash3 => Self::Xxhash3(Box::new(XxHash3_64::new())),
            Algorithm::Xxhash128 => Self::Xxhash128(Box::new(XxHash3_128::new())),
            Algorithm::Crc32 | Algorithm::Crc32c | Algorithm::Crc64Nvme => {
                let crc = algorithm.crc().unwrap_or(CrcAlgorithm::Crc64Nvme);
                Self::Crc(algorithm, crc_fast::Digest::new(crc))
            }
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        use std::hash::Hasher as _;
        match self {
            Self::Crc(_, crc) => crc.update(bytes),
            Self::Sha1(sha) => sha.update(bytes),
            Self::Sha256(sha) => sha.update(bytes),
            Self::Sha512(sha) => sha.update(bytes),
            Self::Md5(md5) => md5.update(bytes),
            Self::Xxhash64(xx) => xx.write(bytes),
            Self::Xxhash3(xx) => xx.write(bytes),
            Self::Xxhash128(xx) => xx.write(bytes),
        }
    }

    /// The value in base64. That the bytes of an XXH value stand in big-endian order, as its canonical form has them, is unverified:
    /// the API model says base64 and no more.
    pub(crate) fn finish(self) -> String {
        use std::hash::Hasher as _;
        match self {
            Self::Crc(algorithm, crc) => {
                STANDARD.encode(&crc.finalize().to_be_bytes()[8 - algorithm.length()..])
            }
            Self::Sha1(sha) => STANDARD.encode(sha.finalize()),
            Self::Sha256(sha) => STANDARD.encode(sha.finalize()),
            Self::Sha512(sha) => STANDARD.encode(sha.finalize()),
            Self::Md5(md5) => STANDARD.encode(md5.finalize()),
            Self::Xxhash64(xx) => STANDARD.encode(xx.finish().to_be_bytes()),
            Self::Xxhash3(xx) => STANDARD.encode(xx.finish().to_be_bytes()),
            Self::Xxhash128(xx) => STANDARD.encode(xx.finish_128().to_be_bytes()),
        }
    }
}

/// The digests that are taken of data on its way in.
#[derive(Debug)]
pub(crate) struct Digests {
    md5: Md5,
    sums: Vec<(Algorithm, Hasher)>,
}

/// What [`Digests`] found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) md5: [u8; 16],
    pub(crate) sums: Vec<(Algorithm, String)>,
}

impl Digests {
    pub(crate) fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut sums: Vec<(Algorithm, Hasher)> = Vec::new();
        for algorithm in algorithms {
            if !sums.iter().any(|(known, _)| *known == algorithm) {
                sums.push((algorithm, Hasher::new(algorithm)));
            }
        }
        Self {
            md5: Md5::new(),
            sums,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        for (_, sum) in &mut self.sums {
            sum.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Found {
        Found {
            md5: self.md5.finalize().into(),
            sums: self
                .sums
                .into_iter()
                .map(|(algorithm, sum)| (algorithm, sum.finish()))
                .collect(),
        }
    }
}

impl Found {
    pub(crate) fn sum(&self, algorithm: Algorithm) -> Option<&str> {
        self.sums
            .iter()
            .find(|(known, _)| *known == algorithm)
            .map(|(_, value)| value.as_str())
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes of hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    digits
        .chunks_exact(2)
        .map(|pair| Some((value(pair[0])? << 4) | value(pair[1])?))
        .collect()
}

pub(crate) fn md5_of(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

pub(crate) fn sha256_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA1 (RFC 2104).
pub(crate) fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..20].copy_from_slice(&Sha1::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let first = Sha1::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha1::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(first)
        .finalize()
        .into()
}

/// HMAC-SHA256 (RFC 2104).
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&sha256_of(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = block.map(|byte| byte ^ 0x36);
    let outer = block.map(|byte| byte ^ 0x5c);
    let first = Sha256::new()
        .chain_update(inner)
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(outer)
        .chain_update(first)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let of = |algorithm: Algorithm| algorithm.of(b"123456789");
        assert_eq!(
            of(Algorithm::Crc32),
            STANDARD.encode(0xcbf4_3926_u32.to_be_bytes())
        );
        assert_eq!(
            of(Algorithm::Crc32c),
            STANDARD.encode(0xe306_9283_u32.to_be_bytes())
        );
        assert_eq!(
            of(Algorithm::Crc64Nvme),
            STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes())
        );
        assert_eq!(Algorithm::Sha1.of(b""), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
        assert_eq!(Algorithm::Md5.of(b""), "1B2M2Y8AsgTpgAmY7PhCfg==");
        assert_eq!(
            Algorithm::Xxhash64.of(b""),
            STANDARD.encode(0xef46_db37_51d8_e999_u64.to_be_bytes())
        );
        assert_eq!(
            hex(&hmac(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        for algorithm in Algorithm::ALL {
            assert!(algorithm.is_valid(&of(algorithm)), "{algorithm:?}");
        }
    }

    #[test]
    fn parts_combine_to_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let (a, b) = (algorithm.of(b"hello "), algorithm.of(b"world"));
            let whole = algorithm.combine([(a.as_str(), 6), (b.as_str(), 5)].into_iter());
            assert_eq!(whole, Some(algorithm.of(b"hello world")));
        }
    }
}
