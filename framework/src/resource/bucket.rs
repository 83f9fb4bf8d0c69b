//! Objects of a bucket of S3.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::{Handle, ResourceError, UseKind, call::Call, handle};

/// A bucket.
pub struct Bucket {
    handle: Handle,
}

handle!(Bucket Bucket);

impl Bucket {
    /// The bucket of that logical name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            handle: Handle::new(UseKind::Bucket, name),
        }
    }

    /// Writes an object, of up to 5 GiB (S3 user guide, "Uploading objects"), with its content type.
    ///
    /// # Errors
    ///
    /// When the bucket is not listed or not there, or S3 refuses the object.
    pub async fn put(
        &self,
        key: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<(), ResourceError> {
        let body = body.into();
        #[cfg(feature = "test")]
        if let Some(sent) = super::sink::of(&self.handle)? {
            sent.object(key, body);
            return Ok(());
        }
        let mut call = self.call("PUT", Some(key))?;
        call.headers.push(("content-type", content_type.to_owned()));
        call.body = body;
        call.send(&self.handle).await.map(drop)
    }

    /// Writes an object with the value as JSON.
    ///
    /// # Errors
    ///
    /// When the value cannot be written, and as [`put`](Self::put).
    pub async fn put_json<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<(), ResourceError> {
        let body =
            serde_json::to_vec(value).map_err(|error| self.handle.error(error.to_string()))?;
        self.put(key, "application/json", body).await
    }

    /// Reads an object; `None` if there is none of that key.
    ///
    /// # Errors
    ///
    /// When the bucket is not listed or not there, or S3 refuses.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, ResourceError> {
        #[cfg(feature = "test")]
        if let Some(sent) = super::sink::of(&self.handle)? {
            return Ok(sent.read(key));
        }
        match self.call("GET", Some(key))?.send(&self.handle).await {
            Ok(answer) => Ok(Some(answer.body)),
            Err(error) if error.code == "NoSuchKey" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads an object that is JSON; `None` if there is none of that key.
    ///
    /// # Errors
    ///
    /// When it is not such a value, and as [`get`](Self::get).
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        key: &str,
    ) -> Result<Option<T>, ResourceError> {
        let Some(body) = self.get(key).await? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&body);
        value
            .map(Some)
            .map_err(|error| self.handle.error(format!("`{key}`: {error}")))
    }

    /// Deletes an object. It is no error if there is none of that key.
    ///
    /// # Errors
    ///
    /// When the bucket is not listed or not there, or S3 refuses.
    pub async fn delete(&self, key: &str) -> Result<(), ResourceError> {
        #[cfg(feature = "test")]
        if let Some(sent) = super::sink::of(&self.handle)? {
            sent.delete(key);
            return Ok(());
        }
        self.call("DELETE", Some(key))?
            .send(&self.handle)
            .await
            .map(drop)
    }

    /// The keys that begin with that, all of them, in the order of S3: a call for each thousand.
    ///
    /// # Errors
    ///
    /// When the bucket is not listed or not there, or S3 refuses.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, ResourceError> {
        #[cfg(feature = "test")]
        if let Some(sent) = super::sink::of(&self.handle)? {
            return Ok(sent.keys(prefix));
        }
        let mut keys = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut call = self.call("GET", None)?;
            call.query.push(("list-type", "2".to_owned()));
            call.query.push(("prefix", prefix.to_owned()));
            call.query
                .extend(token.map(|token| ("continuation-token", token)));
            let answer = call.send(&self.handle).await?;
            let text = String::from_utf8_lossy(&answer.body);
            keys.extend(elements(&text, "Key").map(Cow::into_owned));
            token = elements(&text, "NextContinuationToken")
                .next()
                .map(Cow::into_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
    }

    fn call(&self, method: &'static str, key: Option<&str>) -> Result<Call, ResourceError> {
        Ok(Call::object(method, &self.handle.place()?, key))
    }
}

/// The texts of the elements of that name, in a document without attributes and CDATA, as S3 writes it.
pub(super) fn elements<'d>(document: &'d str, name: &str) -> impl Iterator<Item = Cow<'d, str>> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = document;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&open)?;
        let (text, after) = after.split_once(&close)?;
        rest = after;
        Some(unescaped(text))
    })
}

/// A text without XML's escapes.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, behind) = after.split_once(';').unwrap_or((after, ""));
        let number = |digits: &str, radix| {
            u32::from_str_radix(digits, radix)
                .ok()
                .and_then(char::from_u32)
        };
        plain.extend(match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match entity.strip_prefix("#x") {
                Some(digits) => number(digits, 16),
                None => entity
                    .strip_prefix('#')
                    .and_then(|digits| number(digits, 10)),
            },
        });
        rest = behind;
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn the_keys_of_a_list_are_its_elements_texts() {
        let document = "<A><Key>a &amp; b/&#x3c;&#62;.txt</Key><X>1</X><Key></Key></A>";
        let keys: Vec<_> = elements(document, "Key").collect();
        assert_eq!(keys, ["a & b/<>.txt", ""]);
        assert_eq!(elements("<Key>open", "Key").count(), 0);
    }
}
