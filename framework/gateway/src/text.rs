//! Small texts that every front door reads or writes: header names, percent-encoding, dates.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The first value of a header, its name in any case.
pub(super) fn find_header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// Percent-decodes a path. Bytes that are not UTF-8 become U+FFFD, as an event is text; what AWS does with them is unverified.
pub fn decode_path(text: &str) -> Cow<'_, str> {
    if text.contains('%') {
        percent_decode_str(text).decode_utf8_lossy()
    } else {
        Cow::Borrowed(text)
    }
}

/// Percent-decodes a part of a query, where `+` is a space.
pub fn decode_query(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        Cow::Owned(decode_path(&text.replace('+', " ")).into_owned())
    } else {
        decode_path(text)
    }
}

/// `x-custom-header` as `X-Custom-Header`.
pub(super) fn title_case(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|character| {
            let cased = if start {
                character.to_ascii_uppercase()
            } else {
                character.to_ascii_lowercase()
            };
            start = character == '-';
            cased
        })
        .collect()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| {
        char::from(if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        })
    };
    bytes
        .iter()
        .flat_map(|&byte| [digit(byte >> 4), digit(byte & 0xf)])
        .collect()
}

/// How many calendar months are between the year 0 and a time, in UTC.
pub(super) fn month_index(epoch_ms: u64) -> u64 {
    let (year, month, _) = civil(epoch_ms / 86_400_000);
    year * 12 + month
}

/// Year, month from 0, and day of a day since 1970-01-01.
pub fn civil(days: u64) -> (u64, u64, u64) {
    // Howard Hinnant's civil-from-days: years start in March, so that the leap day is the last of its year, and
    // days are counted in eras of 400 years from 0000-03-01.
    let shifted = days + 719_468;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = (march_month + 2) % 12;
    (
        shifted / 146_097 * 400 + year_of_era + u64::from(month < 2),
        month,
        day_of_year - (153 * march_month + 2) / 5 + 1,
    )
}

/// A moment in UTC, taken apart.
struct Utc {
    year: u64,
    month: &'static str,
    #[cfg(feature = "verify")]
    month_number: u64,
    day: u64,
    weekday: &'static str,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Utc {
    fn new(epoch_ms: u64) -> Self {
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        let seconds = epoch_ms / 1000;
        let days = seconds / 86_400;
        let (year, month, day) = civil(days);
        Self {
            year,
            month: MONTHS[month as usize],
            #[cfg(feature = "verify")]
            month_number: month + 1,
            day,
            weekday: WEEKDAYS[(days % 7) as usize],
            hour: seconds / 3_600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }
}

/// The event's form: `14/Apr/2025:22:13:56 +0000`. `[R]` gateway-truth §1.2
pub(super) fn event_time(epoch_ms: u64) -> String {
    let Utc {
        year,
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = Utc::new(epoch_ms);
    format!("{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
}

/// HTTP's form: `Mon, 14 Apr 2025 22:13:56 GMT` (RFC 9110 §5.6.7).
pub(super) fn http_date(epoch_ms: u64) -> String {
    let Utc {
        year,
        month,
        day,
        weekday,
        hour,
        minute,
        second,
        ..
    } = Utc::new(epoch_ms);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// The moment of ISO 8601's basic form, `20150830T123600Z`, in seconds since the epoch; nothing for another text or before it.
pub(super) fn epoch_of_basic_time(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes.get(8) != Some(&b'T') || bytes.get(15) != Some(&b'Z') {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u64> {
        let digits = text.get(from..to)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse().ok()).flatten()
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    let in_range = year >= 1970
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !in_range {
        return None;
    }
    // Days from civil, the inverse of the above: years start in March.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// ISO 8601's basic form of a moment in seconds since the epoch.
#[cfg(feature = "verify")]
pub(super) fn basic_time(epoch: u64) -> String {
    let Utc {
        year,
        month_number,
        day,
        hour,
        minute,
        second,
        ..
    } = Utc::new(epoch.saturating_mul(1000));
    format!("{year:04}{month_number:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_moments_in_both_forms() {
        let table = [
            (
                0,
                "01/Jan/1970:00:00:00 +0000",
                "Thu, 01 Jan 1970 00:00:00 GMT",
            ),
            (
                951_782_399_999,
                "28/Feb/2000:23:59:59 +0000",
                "Mon, 28 Feb 2000 23:59:59 GMT",
            ),
            (
                951_782_400_000,
                "29/Feb/2000:00:00:00 +0000",
                "Tue, 29 Feb 2000 00:00:00 GMT",
            ),
            (
                1_744_668_836_000,
                "14/Apr/2025:22:13:56 +0000",
                "Mon, 14 Apr 2025 22:13:56 GMT",
            ),
            (
                4_107_542_399_000,
                "28/Feb/2100:23:59:59 +0000",
                "Sun, 28 Feb 2100 23:59:59 GMT",
            ),
            (
                4_107_542_400_000,
                "01/Mar/2100:00:00:00 +0000",
                "Mon, 01 Mar 2100 00:00:00 GMT",
            ),
        ];
        for (epoch_ms, event, http) in table {
            assert_eq!(
                (event_time(epoch_ms).as_str(), http_date(epoch_ms).as_str()),
                (event, http)
            );
        }
    }

    #[test]
    fn decodes_paths_and_queries() {
        let table = [
            ("a+b", "a+b", "a b"),
            ("a%2Bb", "a+b", "a+b"),
            ("%E2%98%95", "☕", "☕"),
            ("%zz%4", "%zz%4", "%zz%4"),
            ("%ff", "\u{fffd}", "\u{fffd}"),
        ];
        for (text, path, query) in table {
            assert_eq!(
                (&*decode_path(text), &*decode_query(text)),
                (path, query),
                "{text}"
            );
        }
    }

    #[test]
    fn writes_hexadecimal() {
        assert_eq!(hex(&[0x00, 0x09, 0xa0, 0xff]), "0009a0ff");
    }

    #[test]
    fn title_cases_header_names() {
        for (name, cased) in [
            ("myheader", "Myheader"),
            ("X-API-key", "X-Api-Key"),
            ("etag", "Etag"),
            ("-a", "-A"),
            ("", ""),
        ] {
            assert_eq!(title_case(name), cased);
        }
    }
}
