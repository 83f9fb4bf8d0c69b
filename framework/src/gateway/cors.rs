//! Cross-origin resource sharing as a front door does it when it is configured to.

use super::ConfigError;

/// Which other origins' pages may call the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsConfig {
    /// Origins as browsers send them (`https://example.com`), or `*`; `https://*` and `http://*` are any of that scheme.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read, or `*`.
    pub expose_headers: Vec<String>,
    /// How long a browser may keep a preflight's answer, in seconds.
    pub max_age: Option<u32>,
    /// Whether requests may carry cookies and other credentials.
    pub allow_credentials: bool,
}

impl CorsConfig {
    /// Refuses what AWS refuses when the API is made. [U] gateway-truth §1.7
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.allow_credentials && self.allow_origins.iter().any(|origin| origin == "*") {
            return Err(ConfigError::CredentialsFromAnyOrigin);
        }
        Ok(())
    }
}
