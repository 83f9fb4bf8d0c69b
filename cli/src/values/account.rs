//! Which account a command calls.

/// Which account, for each command that calls AWS.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct WhichAccount {
    /// The profile of your AWS configuration
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// The AWS region
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Call this address instead of AWS, for tests
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub(crate) endpoint_url: Option<String>,
}

/// An address that calls can be sent to.
fn endpoint(text: &str) -> Result<String, String> {
    let known = |scheme: &str| matches!(scheme, "http" | "https");
    match text.parse::<http::Uri>() {
        Ok(uri)
            if uri.scheme_str().is_some_and(known)
                && uri.host().is_some_and(|host| !host.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write it with its scheme, such as `http://localhost:5000`".to_owned()),
    }
}
