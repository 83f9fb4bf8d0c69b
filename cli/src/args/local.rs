//! The arguments of what works on this machine: `local`, `token`, `invoke`.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use super::{Stage, Which};
use crate::values::{
    account::WhichAccount, gateway::Gateway, lambda::InvocationType, names::DEFAULT_STAGE,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw local                      build, serve, rebuild on every save\n  cargo fw local -p api --port 8080   choose the package and the port\n  cargo fw local --release            serve the artifact that `deploy` uploads\n  cargo fw local --gateway rest-api   serve behind another gateway\n  cargo fw local --aws                use your own AWS credentials and services"
)]
pub(crate) struct Local {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Also answer requests for this host, in addition to localhost and the listening address; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// The port to listen on; 0 chooses a free port
    #[arg(long, env = crate::env::FW_PORT, default_value_t = 8000)]
    pub(crate) port: u16,
    /// The port of the services that invoke the app's sources [default: a free port, once the app has a source]
    #[arg(long, value_name = "PORT", conflicts_with = "aws")]
    pub(crate) services_port: Option<u16>,
    /// The gateway to model [default: the one in `fw.toml`, else `http-api`]
    #[arg(long, value_enum)]
    pub(crate) gateway: Option<Gateway>,
    /// Serve the release build, which `deploy` uploads
    #[arg(long)]
    pub(crate) release: bool,
    /// Do not watch the sources
    #[arg(long)]
    pub(crate) no_reload: bool,
    /// Serve this executable instead of building; it must print a manifest and poll the Runtime API
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin", "release", "no_reload"])]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Do not freeze processes between invocations, as Lambda does
    #[arg(long)]
    pub(crate) no_freeze: bool,
    /// Give the app only Lambda's variables, and those of the settings and the embedded services
    #[arg(long)]
    pub(crate) strict_env: bool,
    /// Give the app this variable: the shell's value, or the one after `=`; may be repeated
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Give the app the variables in this file, one `KEY=VALUE` on each line; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,
    /// Use this S3 server instead of the embedded one
    #[arg(long, value_name = "URL", conflicts_with = "aws")]
    pub(crate) s3_endpoint: Option<String>,
    /// Allow the app everything in the embedded services, instead of enforcing its policy
    #[arg(long)]
    pub(crate) no_iam: bool,
    /// Use your own AWS credentials and the real services; the app then reads and writes real data
    #[arg(long)]
    pub(crate) aws: bool,
}

impl Default for Local {
    /// The defaults without any flag, on any free port.
    fn default() -> Self {
        // The command line's own defaults, so that they are defined once. They are passed
        // explicitly, because the environment may have other values.
        let given = ["--port", "0", "--stage", DEFAULT_STAGE];
        let matches = <Self as clap::Args>::augment_args(clap::Command::new("local"))
            .no_binary_name(true)
            .try_get_matches_from(given);
        matches
            .and_then(|matches| <Self as clap::FromArgMatches>::from_arg_matches(&matches))
            .unwrap_or_else(|error| unreachable!("no argument is required: {error}"))
    }
}

/// Print a token that only the local server accepts.
///
/// It has the issuer and the audience of `[jwt.NAME]` in the settings. It is signed with a key that only this project has, which is created on first use and
/// kept in the target folder. Only `cargo fw local` of this project knows the key: a deployed API answers such a token with 401.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  curl -H \"authorization: Bearer $(cargo fw token)\" localhost:8000/notes                 200\n  curl -H \"authorization: Bearer $(cargo fw token --expired)\" localhost:8000/notes       401\n  cargo fw token --sub ann --scope notes:read --scope notes:write --claim team=blue --expires-in 10m"
)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Create the token for this executable, as served by `cargo fw local --bootstrap`
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin"])]
    pub(crate) bootstrap: Option<PathBuf>,
    /// The NAME of `[jwt.NAME]`, if the settings have several
    #[arg(long, value_name = "NAME")]
    pub(crate) jwt: Option<String>,
    /// Subject (`sub`) of the token
    #[arg(long, default_value = "developer")]
    pub(crate) sub: String,
    /// A scope of the token; may be repeated
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// Another claim, which overrides those above; the value is JSON, else a text; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim)]
    pub(crate) claim: Vec<(String, serde_json::Value)>,
    /// Audience (`aud`) of the token [default: the first audience of the settings]
    #[arg(long)]
    pub(crate) audience: Option<String>,
    /// How long the token is valid: 90s, 10m, 1h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) expires_in: Duration,
    /// Create a token that expired a minute ago
    #[arg(long)]
    pub(crate) expired: bool,
}

/// Reads `NAME=VALUE`.
fn claim(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("it takes a name and a value: `team=blue`")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

/// Reads a number with a unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it takes a number and a unit: `90s`, `10m`, `1h`, `7d`".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    // Longer than a hundred years is a slip of the hand.
    match number.checked_mul(seconds) {
        Some(seconds) if seconds <= 100 * 366 * 24 * 60 * 60 => Ok(Duration::from_secs(seconds)),
        _ => Err("it takes a hundred years at the most".to_owned()),
    }
}

#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw invoke                                  invoke the API's function with an empty event\n  cargo fw event http-api GET /hello | cargo fw invoke --event -\n  cargo fw event sqs orders '{\"id\": 7}' | cargo fw invoke ship --event -\n  cargo fw invoke --event event.json --deployed --stage prod\n\nWithout `--deployed`, `--profile`, `--region` or `--endpoint-url` the function runs here: in the running `cargo fw local`,\nor in a new process. Exits with 3 if the function returns an error"
)]
pub(crate) struct Invoke {
    /// The function [default: the API's]
    pub(crate) function: Option<String>,
    /// A file with the event as JSON, or `-` for standard input [default: an empty object]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// The type of invocation
    #[arg(long = "type", value_enum, default_value_t, value_name = "TYPE")]
    pub(crate) kind: InvocationType,
    /// The client context, a JSON object: `{"custom": {"key": "value"}}`
    #[arg(long, value_name = "JSON")]
    pub(crate) client_context: Option<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Invoke the deployed function
    #[arg(long, alias = "remote")]
    pub(crate) deployed: bool,
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    /// Invoke this executable instead of building; it must print a manifest and poll the Runtime API
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin", "deployed"])]
    pub(crate) bootstrap: Option<PathBuf>,
}

impl Invoke {
    /// True if the deployed function is meant.
    pub(crate) fn is_deployed(&self) -> bool {
        let WhichAccount {
            profile,
            region,
            endpoint_url,
        } = &self.account;
        self.deployed || profile.is_some() || region.is_some() || endpoint_url.is_some()
    }

    /// How `cargo fw local` would serve the app.
    pub(crate) fn as_local(&self) -> Local {
        Local {
            which: self.which.clone(),
            stage: self.stage.clone(),
            bootstrap: self.bootstrap.clone(),
            ..Local::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn claims_and_times_are_read() {
        use std::time::Duration;

        use serde_json::json;

        let claims = [
            ("a=b", json!("b")),
            ("a=1", json!(1)),
            ("a=[\"x=y\"]", json!(["x=y"])),
            ("a=", json!("")),
        ];
        for (text, value) in claims {
            assert_eq!(super::claim(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(super::claim("a").is_err() && super::claim("=b").is_err());
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h", 3600),
            ("7d", 604_800),
            ("0s", 0),
        ] {
            assert_eq!(
                super::duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "1",
            "h",
            "1y",
            "-1h",
            "1.5h",
            "99999999999999999999s",
            "36601d",
        ] {
            assert!(super::duration(text).is_err(), "{text}");
        }
    }
}
