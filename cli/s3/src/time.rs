//! Times in the forms that S3 reads and writes. A time is in milliseconds since the Unix epoch.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The end of the year 9999, in milliseconds: the last that the forms can write.
const LAST: u64 = 253_402_300_799_999;

/// The time by the machine's clock.
pub(crate) fn machine_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(LAST))
}

/// Year, month and day of a day since the epoch (H. Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (
        year,
        u32::try_from(month).unwrap_or(1),
        u32::try_from(day).unwrap_or(1),
    )
}

fn days_from(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

fn fields(ms: u64) -> (i64, u32, u32, u64, u64, u64, u64) {
    let ms = ms.min(LAST);
    let (year, month, day) = civil(i64::try_from(ms / 86_400_000).unwrap_or(0));
    let in_day = ms % 86_400_000;
    (
        year,
        month,
        day,
        in_day / 3_600_000,
        in_day / 60_000 % 60,
        in_day / 1000 % 60,
        in_day % 1000,
    )
}

/// `2026-01-31T23:59:59.000Z`, as S3's documents have it: whole seconds.
pub(crate) fn iso(ms: u64) -> String {
    let (year, month, day, h, m, s, _) = fields(ms);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.000Z")
}

/// The same with milliseconds, and without them if they are zero: what a retention date looks like.
pub(crate) fn iso_exact(ms: u64) -> String {
    let (year, month, day, h, m, s, milli) = fields(ms);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{milli:03}Z")
}

/// `20260131T235959Z`, the form of signatures.
pub(crate) fn compact(ms: u64) -> String {
    let (year, month, day, h, m, s, _) = fields(ms);
    format!("{year:04}{month:02}{day:02}T{h:02}{m:02}{s:02}Z")
}

/// The form of HTTP headers.
pub(crate) fn http(ms: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(ms.min(LAST)))
}

/// Reads an HTTP date, in whole seconds.
pub(crate) fn parse_http(text: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(text.trim()).ok()?;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).ok()
}

/// Reads `20260131T235959Z`.
pub(crate) fn parse_compact(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits(text.get(range)?);
    from_fields(
        number(0..4)?,
        number(4..6)?,
        number(6..8)?,
        number(9..11)?,
        number(11..13)?,
        number(13..15)?,
        0,
    )
}

/// Reads `2026-01-31`, `2026-01-31T23:59:59Z` with or without a fraction, or with an offset such as `+02:00`.
pub(crate) fn parse_iso(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = |range: std::ops::Range<usize>| digits(text.get(range)?);
    let bytes = text.as_bytes();
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if bytes.len() == 10 {
        return from_fields(year, month, day, 0, 0, 0, 0);
    }
    if bytes.len() < 19
        || !matches!(bytes[10], b'T' | b't' | b' ')
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return None;
    }
    let (h, m, s) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let mut rest = text.get(19..)?;
    let mut milli = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let kept = &fraction[..length.min(3)];
        milli = digits(kept)? * 10_i64.pow(u32::try_from(3 - kept.len()).ok()?);
        rest = &fraction[length..];
    }
    let at = from_fields(year, month, day, h, m, s, milli)?;
    match rest {
        "" | "Z" | "z" => Some(at),
        offset => {
            let (sign, offset) = offset.split_at_checked(1)?;
            let offset = offset.replace(':', "");
            let minutes = digits(offset.get(0..2)?)? * 60 + digits(offset.get(2..4)?)?;
            let shift = u64::try_from(minutes).ok()? * 60_000;
            match sign {
                "+" => at.checked_sub(shift),
                "-" => at.checked_add(shift),
                _ => None,
            }
        }
    }
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn from_fields(year: i64, month: i64, day: i64, h: i64, m: i64, s: i64, milli: i64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || h > 23 || m > 59 || s > 60 {
        return None;
    }
    let days = days_from(year, month, day);
    // A day that the month does not have is another day when it is written back.
    let written = civil(days);
    if day < 1 || i64::from(written.2) != day || i64::from(written.1) != month {
        return None;
    }
    u64::try_from(((days * 24 + h) * 60 + m) * 60_000 + s * 1000 + milli).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        let at = 1_769_903_999_000;
        assert_eq!(iso(at), "2026-01-31T23:59:59.000Z");
        assert_eq!(parse_iso("2026-01-31T23:59:59Z"), Some(at));
        assert_eq!(parse_iso("2026-02-01T01:59:59.5+02:00"), Some(at + 500));
        assert_eq!(parse_compact(&compact(at)), Some(at));
        assert_eq!(parse_http(&http(at)), Some(at));
        assert_eq!(parse_iso("2026-02-30"), None);
        assert_eq!(parse_iso("20170405"), None);
        assert_eq!(parse_compact("20260131T235959"), None);
        for days in (0..60_000).step_by(13) {
            let (y, m, d) = civil(days);
            assert_eq!(days_from(y, m.into(), d.into()), days);
        }
    }
}
