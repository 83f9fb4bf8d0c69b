//! Receipt handles: base64 of what finds a received message again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::SqsError;

/// What a handle says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    /// The queue, by its secret number.
    pub(crate) queue: u64,
    /// The message's place in the queue.
    pub(crate) place: u64,
    /// The message's secret number, so that a handle cannot be invented.
    pub(crate) secret: u64,
    /// The receive that gave the handle.
    pub(crate) receive: u32,
}

impl Handle {
    pub(crate) fn encode(self) -> String {
        let mut bytes = [0; 28];
        bytes[..8].copy_from_slice(&self.queue.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.place.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.secret.to_be_bytes());
        bytes[24..].copy_from_slice(&self.receive.to_be_bytes());
        BASE64_STANDARD.encode(bytes)
    }

    /// Reads a handle of that queue.
    ///
    /// # Errors
    /// `ReceiptHandleIsInvalid` if the text is not a handle, or one of another queue.
    pub(crate) fn decode(text: &str, queue: u64) -> Result<Self, SqsError> {
        let read = || {
            let bytes: [u8; 28] = BASE64_STANDARD.decode(text).ok()?.try_into().ok()?;
            let number = |from: usize| {
                let part = bytes.get(from..from + 8)?;
                Some(u64::from_be_bytes(part.try_into().ok()?))
            };
            Some(Self {
                queue: number(0)?,
                place: number(8)?,
                secret: number(16)?,
                receive: u32::from_be_bytes(bytes[24..].try_into().ok()?),
            })
        };
        read()
            .filter(|handle| handle.queue == queue)
            .ok_or_else(|| SqsError::receipt_handle(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_read_back_and_checked() {
        let handle = Handle {
            queue: 1,
            place: 2,
            secret: u64::MAX,
            receive: 4,
        };
        let text = handle.encode();
        assert_eq!(Handle::decode(&text, 1), Ok(handle));
        assert!(Handle::decode(&text, 2).is_err());
        for text in ["", "garbage", "INVALID", "AAAA", &"A".repeat(5000)] {
            assert!(Handle::decode(text, 1).is_err(), "{text}");
        }
    }
}
