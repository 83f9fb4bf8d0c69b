//! Listing: one page out of sorted keys. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::{S3Result, s3_error};

/// Most entries in one answer (API reference, `ListObjectsV2`: "up to 1,000").
const MAX_PAGE: i32 = 1000;

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// An object.
    Key(String),
    /// All objects whose keys begin so, rolled up at the delimiter.
    Prefix(String),
}

impl Entry {
    fn text(&self) -> &str {
        match self {
            Self::Key(text) | Self::Prefix(text) => text,
        }
    }
}

/// One page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// The last entry, when more follow: where the next page goes on.
    pub(super) next: Option<String>,
}

/// The page of `keys` (sorted) that `prefix`, `delimiter` (empty: none) and `after` choose.
///
/// A key is listed if it is greater than `after`. A rolled-up prefix that equals `after` was the last entry of the
/// page before and is not listed again.
pub(super) fn page(
    keys: &[String],
    prefix: &str,
    delimiter: &str,
    after: &str,
    max: usize,
) -> Page {
    let start = keys.partition_point(|key| key.as_str() < prefix);
    let mut entries: Vec<Entry> = Vec::new();
    for key in keys.get(start..).unwrap_or_default() {
        let Some(rest) = key.strip_prefix(prefix) else {
            break;
        };
        if key.as_str() <= after {
            continue;
        }
        let rolled = match rest.split_once(delimiter) {
            Some((head, _)) if !delimiter.is_empty() => Some(format!("{prefix}{head}{delimiter}")),
            _ => None,
        };
        let entry = match rolled {
            Some(rolled) if rolled == after => continue,
            Some(rolled) => Entry::Prefix(rolled),
            None => Entry::Key(key.clone()),
        };
        if entries.last() == Some(&entry) {
            continue;
        }
        if entries.len() == max {
            let next = entries.last().map(|last| last.text().to_owned());
            return Page { entries, next };
        }
        entries.push(entry);
    }
    Page {
        entries,
        next: None,
    }
}

/// The page size that a request means: 1000 when absent or larger.
pub(super) fn page_size(asked: Option<i32>) -> S3Result<(i32, usize)> {
    let asked = asked.unwrap_or(MAX_PAGE);
    let size = asked.min(MAX_PAGE);
    usize::try_from(size)
        .map(|entries| (size, entries))
        .map_err(|_| s3_error!(InvalidArgument, "The page size cannot be negative: {asked}"))
}

/// The opaque token that stands for "after this entry".
pub(super) fn token(after: &str) -> String {
    URL_SAFE_NO_PAD.encode(after)
}

/// The inverse of [`token`].
pub(super) fn from_token(token: &str) -> S3Result<String> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            s3_error!(
                InvalidArgument,
                "The continuation token provided is incorrect"
            )
        })
}

/// What `encoding-type=url` leaves alone, after the example in the API reference (`ListObjectsV2`:
/// `test_file(3).png` becomes `test_file%283%29.png`); `/` stays as well.
const LEFT_ALONE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'/')
    .remove(b'*');

/// How keys are written into a listing.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyEncoding {
    url: bool,
}

impl KeyEncoding {
    /// From the request's `encoding-type`: nothing or `url`.
    pub(super) fn new(asked: Option<&str>) -> S3Result<Self> {
        match asked {
            None | Some("") => Ok(Self { url: false }),
            Some("url") => Ok(Self { url: true }),
            Some(_) => Err(s3_error!(
                InvalidArgument,
                "Invalid Encoding Method specified in Request"
            )),
        }
    }

    /// `text` as the client asked for it. A space is `%20` rather than S3's `+`: every decoder reads that alike.
    pub(super) fn write(self, text: String) -> String {
        if self.url {
            utf8_percent_encode(&text, LEFT_ALONE).to_string()
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|&key| key.to_owned()).collect()
    }

    fn shown(page: &Page) -> Vec<&str> {
        page.entries.iter().map(Entry::text).collect()
    }

    #[test]
    fn rolls_up_at_the_delimiter() {
        let keys = keys(&["a", "a/1", "a/2", "a/b/3", "b", "c/1"]);
        let all = page(&keys, "", "/", "", 10);
        assert_eq!(shown(&all), ["a", "a/", "b", "c/"]);
        assert_eq!(all.entries.get(1), Some(&Entry::Prefix("a/".to_owned())));
        assert_eq!(
            shown(&page(&keys, "a/", "/", "", 10)),
            ["a/1", "a/2", "a/b/"]
        );
        assert_eq!(
            shown(&page(&keys, "a", "", "", 10)),
            ["a", "a/1", "a/2", "a/b/3"]
        );
        assert_eq!(shown(&page(&keys, "x", "/", "", 10)), [""; 0]);
    }

    #[test]
    fn pages_meet_without_gap_or_overlap() {
        let keys = keys(&["a", "a/1", "a/2", "b/1", "b/2", "c", "é", "é/ü"]);
        for (delimiter, size) in [("", 1), ("", 3), ("/", 1), ("/", 2), ("/", 4), ("ü", 2)] {
            let whole = page(&keys, "", delimiter, "", 100);
            let mut pieced = Vec::new();
            let mut after = String::new();
            loop {
                let one = page(&keys, "", delimiter, &after, size);
                pieced.extend(one.entries);
                match one.next {
                    Some(next) => after = next,
                    None => break,
                }
            }
            assert_eq!(pieced, whole.entries, "{delimiter:?} {size}");
        }
    }

    #[test]
    fn an_empty_page_says_that_nothing_follows() {
        let page = page(&keys(&["a"]), "", "", "", 0);
        assert_eq!((page.entries.len(), page.next), (0, None));
    }

    #[test]
    fn tokens_come_back_and_nonsense_is_refused() {
        assert_eq!(from_token(&token("a/é\n")).ok().as_deref(), Some("a/é\n"));
        assert!(from_token("not a token!").is_err());
    }

    #[test]
    fn url_encoding_is_the_documented_one() {
        let encoding = KeyEncoding::new(Some("url")).expect("a known encoding");
        assert_eq!(
            encoding.write("test_file(3).png".to_owned()),
            "test_file%283%29.png"
        );
        assert_eq!(encoding.write("a+b c/é".to_owned()), "a%2Bb%20c/%C3%A9");
        assert!(KeyEncoding::new(Some("base64")).is_err());
    }
}
