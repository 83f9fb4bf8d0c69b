//! The statuses that a handler's code names: `StatusCode::CREATED`, `Error::not_found(…)`, `Redirect::see_other(…)`.
//!
//! The type `(StatusCode, Json<Order>)` does not say which status, and the type `Error` can have any. The text of the handler often
//! does, and nothing but documentation depends on it: what is missed is documented as a class of statuses.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

/// The constants of `http::StatusCode` that a handler answers with, those of 1xx left out.
const CONSTANTS: [(&str, u16); 55] = [
    ("OK", 200),
    ("CREATED", 201),
    ("ACCEPTED", 202),
    ("NON_AUTHORITATIVE_INFORMATION", 203),
    ("NO_CONTENT", 204),
    ("RESET_CONTENT", 205),
    ("PARTIAL_CONTENT", 206),
    ("MULTI_STATUS", 207),
    ("ALREADY_REPORTED", 208),
    ("IM_USED", 226),
    ("MULTIPLE_CHOICES", 300),
    ("MOVED_PERMANENTLY", 301),
    ("FOUND", 302),
    ("SEE_OTHER", 303),
    ("NOT_MODIFIED", 304),
    ("TEMPORARY_REDIRECT", 307),
    ("PERMANENT_REDIRECT", 308),
    ("BAD_REQUEST", 400),
    ("UNAUTHORIZED", 401),
    ("PAYMENT_REQUIRED", 402),
    ("FORBIDDEN", 403),
    ("NOT_FOUND", 404),
    ("METHOD_NOT_ALLOWED", 405),
    ("NOT_ACCEPTABLE", 406),
    ("REQUEST_TIMEOUT", 408),
    ("CONFLICT", 409),
    ("GONE", 410),
    ("LENGTH_REQUIRED", 411),
    ("PRECONDITION_FAILED", 412),
    ("PAYLOAD_TOO_LARGE", 413),
    ("URI_TOO_LONG", 414),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("RANGE_NOT_SATISFIABLE", 416),
    ("EXPECTATION_FAILED", 417),
    ("IM_A_TEAPOT", 418),
    ("MISDIRECTED_REQUEST", 421),
    ("UNPROCESSABLE_ENTITY", 422),
    ("LOCKED", 423),
    ("FAILED_DEPENDENCY", 424),
    ("TOO_EARLY", 425),
    ("UPGRADE_REQUIRED", 426),
    ("PRECONDITION_REQUIRED", 428),
    ("TOO_MANY_REQUESTS", 429),
    ("REQUEST_HEADER_FIELDS_TOO_LARGE", 431),
    ("UNAVAILABLE_FOR_LEGAL_REASONS", 451),
    ("INTERNAL_SERVER_ERROR", 500),
    ("NOT_IMPLEMENTED", 501),
    ("BAD_GATEWAY", 502),
    ("SERVICE_UNAVAILABLE", 503),
    ("GATEWAY_TIMEOUT", 504),
    ("VARIANT_ALSO_NEGOTIATES", 506),
    ("INSUFFICIENT_STORAGE", 507),
    ("LOOP_DETECTED", 508),
    ("NOT_EXTENDED", 510),
    ("NETWORK_AUTHENTICATION_REQUIRED", 511),
];

/// The constructors of `fw::Error`.
const ERRORS: [(&str, u16); 12] = [
    ("bad_request", 400),
    ("unauthorized", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("method_not_allowed", 405),
    ("conflict", 409),
    ("gone", 410),
    ("payload_too_large", 413),
    ("unsupported_media_type", 415),
    ("unprocessable", 422),
    ("too_many_requests", 429),
    ("unavailable", 503),
];

/// The constructors of `fw::response::Redirect`.
const REDIRECTS: [(&str, u16); 4] = [
    ("to", 302),
    ("see_other", 303),
    ("temporary", 307),
    ("permanent", 308),
];

/// The statuses that stand in those tokens, ascending.
pub(crate) fn named(tokens: &TokenStream) -> BTreeSet<u16> {
    let mut found = BTreeSet::new();
    collect(tokens.clone(), &mut found);
    found
}

fn collect(tokens: TokenStream, found: &mut BTreeSet<u16>) {
    // The last identifier, and how many colons came after it.
    let mut last: Option<(String, u8)> = None;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                if let Some((ty, 2)) = &last {
                    found.extend(status(ty, &name));
                }
                last = Some((name, 0));
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                if let Some((_, colons)) = &mut last {
                    *colons = colons.saturating_add(1);
                }
            }
            TokenTree::Group(group) => {
                collect(group.stream(), found);
                last = None;
            }
            _ => last = None,
        }
    }
}

fn status(ty: &str, name: &str) -> Option<u16> {
    let known: &[(&str, u16)] = match ty {
        "StatusCode" => &CONSTANTS,
        "Error" => &ERRORS,
        "Redirect" => &REDIRECTS,
        _ => return None,
    };
    known
        .iter()
        .find_map(|(known, status)| (*known == name).then_some(*status))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::named;

    #[test]
    fn statuses_are_found_wherever_they_stand() {
        let body = quote!({
            if x {
                return Err(fw::Error::not_found("a").with_code("b"));
            }
            let y = z.ok_or_else(|| Error::conflict(format!("{}", Error::gone)))?;
            match y {
                StatusCode::OK => (http::StatusCode::CREATED, Json(y)),
            }
            Redirect::see_other("/")
        });
        let found: Vec<u16> = named(&body).into_iter().collect();
        assert_eq!(found, [200, 201, 303, 404, 409, 410]);
        let none = quote!({ Error: not_found; Status::OK; StatusCode::ok(); error::not_found });
        assert!(named(&none).is_empty());
    }
}
