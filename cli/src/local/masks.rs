//! The parts of a request's line that are not logged: values that identify a caller.

use std::borrow::Cow;

use fw_gateway::IdentitySource;
use fw_manifest::Manifest;
use percent_encoding::percent_decode_str;

use crate::settings::Settings;

/// The text instead of a value.
const MASK: &str = "***";
/// Names that hold a secret in any app, with `_` for `-`: OAuth's (RFC 6749, RFC 6750 §2.3, RFC
/// 7521), AWS's (Signature Version 4, query parameters), and frequent names in custom authorizers.
const ALWAYS: [&str; 30] = [
    "access_token",
    "api_key",
    "apikey",
    "assertion",
    "auth",
    "auth_token",
    "authorization",
    "bearer",
    "client_assertion",
    "client_secret",
    "code",
    "credential",
    "credentials",
    "id_token",
    "jwt",
    "key",
    "pass",
    "passwd",
    "password",
    "private_token",
    "refresh_token",
    "secret",
    "session_token",
    "sig",
    "signature",
    "token",
    "x_amz_security_token",
    "x_amz_signature",
    "x_api_key",
    "x_auth_token",
];

/// The query parameters whose values are not logged.
#[derive(Clone, Debug, Default)]
pub(super) struct Masks {
    /// In lower case.
    names: Vec<String>,
}

impl Masks {
    /// Those that an authorizer of the app or the settings reads, in addition to [`ALWAYS`].
    pub(super) fn new(manifest: &Manifest, settings: &Settings) -> Self {
        let access = &settings.access;
        let of_app = manifest.authorizers.iter().flat_map(|one| &one.identity);
        let of_jwt = access.jwt.values().map(|one| &one.identity);
        let own = access.authorizers.values();
        let of_settings = own.filter_map(|one| one.identity.as_ref()).flatten();
        let names = of_app
            .chain(of_jwt)
            .chain(of_settings)
            .filter_map(|text| match text.parse::<IdentitySource>() {
                Ok(IdentitySource::Query(name)) => Some(name.to_lowercase()),
                _ => None,
            });
        Self {
            names: names.collect(),
        }
    }

    /// A request's target without those values.
    pub(super) fn apply<'t>(&self, target: &'t str) -> Cow<'t, str> {
        self.without(target, |name| self.hides(name))
    }

    /// A request's target without any value, for one that came before it was known which are secret.
    pub(super) fn apply_to_all(target: &str) -> Cow<'_, str> {
        Self::default().without(target, |_| true)
    }

    fn hides(&self, name: &str) -> bool {
        let name = name.replace('+', " ");
        let name = percent_decode_str(&name).decode_utf8_lossy().to_lowercase();
        // `token[]` and `token[0]` are lists of `token`.
        let plain = name.split('[').next().unwrap_or_default().trim();
        let plain = plain.replace('-', "_");
        ALWAYS.contains(&&*plain) || self.names.contains(&name)
    }

    fn without<'t>(&self, target: &'t str, hides: impl Fn(&str) -> bool) -> Cow<'t, str> {
        let Some((path, query)) = target.split_once('?') else {
            return Cow::Borrowed(target);
        };
        let mut shown = String::with_capacity(target.len());
        let mut hidden = false;
        // For a REST API a semicolon also ends a pair; for an HTTP API it is part of the value.
        for pair in query.split_inclusive('&') {
            for (at, part) in pair.split_inclusive(';').enumerate() {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                if value.trim_end_matches(['&', ';']).is_empty() || !hides(name) {
                    shown.push_str(part);
                    continue;
                }
                hidden = true;
                shown.push_str(name);
                shown.push('=');
                shown.push_str(MASK);
                if at == 0 {
                    shown.push_str(if pair.ends_with('&') { "&" } else { "" });
                    break;
                }
                let end = part
                    .chars()
                    .next_back()
                    .filter(|end| ['&', ';'].contains(end));
                shown.extend(end);
            }
        }
        if hidden {
            Cow::Owned(format!("{path}?{shown}"))
        } else {
            Cow::Borrowed(target)
        }
    }
}

#[cfg(test)]
mod tests {
    use fw_manifest::ManifestAuthorizer;

    use super::*;

    #[test]
    fn who_somebody_is_does_not_stand_in_the_log() {
        let mut manifest = Manifest::new("notes");
        let mut authorizer = ManifestAuthorizer::new("door");
        authorizer.identity = vec![
            "$request.querystring.pass word".to_owned(),
            "$request.header.x-key".to_owned(),
        ];
        manifest.authorizers.push(authorizer);
        let settings = "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\"]\n\
                        identity = \"$request.querystring.ticket\"\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fw.toml"), settings).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let masks = Masks::new(&manifest, &settings);
        for (target, shown) in [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?x=1&y", "/a?x=1&y"),
            ("/a?ticket=1", "/a?ticket=***"),
            (
                "/a?x=1&ticket=a=b&ticket=2&y=2",
                "/a?x=1&ticket=***&ticket=***&y=2",
            ),
            ("/a?%74icket=1", "/a?%74icket=***"),
            ("/a?TICKET=1", "/a?TICKET=***"),
            ("/a?pass+word=1", "/a?pass+word=***"),
            ("/a?pass%20word=1", "/a?pass%20word=***"),
            ("/a?access_token=1&x-key=1", "/a?access_token=***&x-key=1"),
            (
                "/a?access-token=1&token[]=1&Token%5B0%5D=1&key=1&X_API_KEY=1",
                "/a?access-token=***&token[]=***&Token%5B0%5D=***&key=***&X_API_KEY=***",
            ),
            ("/a?keys=1&tokens=1", "/a?keys=1&tokens=1"),
            (
                "/a?X-Amz-Signature=1&X-Amz-Date=2",
                "/a?X-Amz-Signature=***&X-Amz-Date=2",
            ),
            ("/a?ticket", "/a?ticket"),
            ("/a?x=1?ticket=2", "/a?x=1?ticket=2"),
            ("/a?x=1;ticket=2;y=3&z=4", "/a?x=1;ticket=***;y=3&z=4"),
            ("/a?ticket=2;y=3&z=4", "/a?ticket=***&z=4"),
            ("/a?x=1&ticket=2;y=3", "/a?x=1&ticket=***"),
        ] {
            assert_eq!(masks.apply(target), shown, "{target}");
        }
        assert_eq!(Masks::apply_to_all("/a?x=1&y"), "/a?x=***&y");
    }
}
