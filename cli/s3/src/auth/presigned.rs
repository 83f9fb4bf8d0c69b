//! Signatures in the query: presigned URLs.

use super::{
    ALGORITHM, Canonical, ChunkSigning, Credential, MOST_SKEW_MS, Payload, all_signed, owner_of,
    payload_of, signed_as,
};
use crate::error::{S3Error, S3Result, error_with};
use crate::request::{Call, Signed};
use crate::service::Shared;
use crate::time;

/// The longest life of a URL, in seconds: a week.
const LONGEST: i64 = 604_800;

/// Parameters that belong to the signature. All other `x-amz-*` parameters stand for the header of their name.
const OWN: [&str; 7] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-content-sha256",
];

fn malformed(message: &str) -> S3Error {
    error_with("AuthorizationQueryParametersError", message)
}

/// # Errors
/// `AuthorizationQueryParametersError` for what is missing or malformed, `AccessDenied` for a URL that expired, `SignatureDoesNotMatch`.
pub(super) fn authenticate(shared: &Shared, call: &mut Call) -> S3Result<Payload> {
    let parameter = |name: &str| {
        call.query.get(name).map(str::to_owned).ok_or_else(|| {
            malformed(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, \
                 X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            )
        })
    };
    let algorithm = parameter("X-Amz-Algorithm")?;
    let credential = parameter("X-Amz-Credential")?;
    let signature = parameter("X-Amz-Signature")?;
    let date = parameter("X-Amz-Date")?;
    let signed_headers = parameter("X-Amz-SignedHeaders")?;
    let expires = parameter("X-Amz-Expires")?;
    if algorithm != ALGORITHM {
        return Err(malformed(
            "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
        ));
    }
    let credential = Credential::parse(&credential).ok_or_else(|| {
        malformed("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
    })?;
    if let Some((complaint, region)) = credential.complaint(shared) {
        let made = malformed(&format!(
            "Error parsing the X-Amz-Credential parameter; {complaint}"
        ));
        return Err(match region {
            Some(region) => made.member("Region", region),
            None => made,
        });
    }
    let at = time::parse_compact(&date).ok_or_else(|| {
        malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    })?;
    let lifetime = lifetime(&expires)?;
    if date.get(..8) != Some(credential.date.as_str()) {
        return Err(malformed(&format!(
            "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".",
            credential.date,
            date.get(..8).unwrap_or_default()
        )));
    }
    let (caller, secret) = owner_of(shared, &credential.access_key)?;
    let machine = time::machine_ms();
    if at > machine + MOST_SKEW_MS {
        return Err(error_with("AccessDenied", "Request is not yet valid")
            .member("X-Amz-Date", date)
            .member("ServerTime", time::iso(machine)));
    }
    if machine >= at + lifetime * 1000 {
        return Err(error_with("AccessDenied", "Request has expired")
            .member("X-Amz-Expires", expires)
            .member("Expires", time::iso(at + lifetime * 1000))
            .member("ServerTime", time::iso(machine)));
    }
    let signed_headers: Vec<String> = signed_headers
        .split(';')
        .map(str::to_ascii_lowercase)
        .collect();
    all_signed(&call.headers, &signed_headers)?;
    let named = check(
        call,
        &signed_headers,
        (&credential, &date, &secret),
        &signature,
    )?;
    let stand_ins: Vec<(String, String)> = call
        .query
        .pairs()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .filter(|(name, _)| name.starts_with("x-amz-") && !OWN.contains(&name.as_str()))
        .collect();
    for (name, value) in stand_ins {
        call.stand_in(&name, &value);
    }
    call.region = Some(credential.region.clone());
    signed_as(call, caller, Signed::Query);
    let signing = ChunkSigning {
        key: credential.key(&secret),
        date,
        scope: credential.scope(),
        seed: signature,
    };
    match named {
        Some(hash) => payload_of(&hash, signing),
        None => Ok(Payload::Unsigned),
    }
}

/// Holds the signature against the request. Returns the hash of the body, if the request has one.
fn check(
    call: &Call,
    signed_headers: &[String],
    (credential, date, secret): (&Credential, &str, &str),
    signature: &str,
) -> S3Result<Option<String>> {
    // The body may be signed: its hash is then in the header or the query.
    let named = call
        .some_header("x-amz-content-sha256")
        .or_else(|| call.query.some("X-Amz-Content-Sha256").map(str::to_owned));
    let hash = named
        .clone()
        .unwrap_or_else(|| "UNSIGNED-PAYLOAD".to_owned());
    let canonical = Canonical {
        call,
        signed_headers,
        payload: &hash,
    };
    let checked = canonical.check(credential, date, secret, signature);
    if let Err(failed) = checked {
        // A hash that the URL's maker did not know is not signed, and is checked all the same.
        let canonical = Canonical {
            call,
            signed_headers,
            payload: "UNSIGNED-PAYLOAD",
        };
        if hash == "UNSIGNED-PAYLOAD"
            || canonical
                .check(credential, date, secret, signature)
                .is_err()
        {
            return Err(failed);
        }
    }
    Ok(named)
}

/// The life of a URL, in seconds.
fn lifetime(text: &str) -> S3Result<u64> {
    let number: i64 = text
        .parse()
        .map_err(|_| malformed("X-Amz-Expires should be a number"))?;
    if number > LONGEST {
        return Err(malformed(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        ));
    }
    u64::try_from(number).map_err(|_| malformed("X-Amz-Expires must be non-negative"))
}
