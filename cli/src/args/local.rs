//! The arguments of what works on this machine: `local`, `token`, `invoke`.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use super::{Stage, Which};
use crate::values::{
    account::WhichAccount, gateway::Gateway, lambda::InvocationType, names::DEFAULT_STAGE,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw local                      build, serve, rebuild on every save\n  cargo fw local -p api --port 8080   another package, another port\n  cargo fw local --release            the very artifact that `deploy` uploads\n  cargo fw local --gateway rest-api   behind another gateway\n  cargo fw local --aws                with your own AWS credentials and services"
)]
pub(crate) struct Local {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Answer requests for this host as well, besides localhost and the address listened on; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// The port to listen on; 0 takes any free one
    #[arg(long, env = crate::env::FW_PORT, default_value_t = 8000)]
    pub(crate) port: u16,
    /// The port of the services that invoke the app's sources, from the start [default: any free one, once the app has a source]
    #[arg(long, value_name = "PORT", conflicts_with = "aws")]
    pub(crate) services_port: Option<u16>,
    /// The gateway to model [default: the one in `fw.toml`, or else `http-api`]
    #[arg(long, value_enum)]
    pub(crate) gateway: Option<Gateway>,
    /// Serve the release build: what `deploy` uploads
    #[arg(long)]
    pub(crate) release: bool,
    /// Do not watch the sources
    #[arg(long)]
    pub(crate) no_reload: bool,
    /// Serve this executable, which prints a manifest and polls the Runtime API, and build nothing
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin", "release", "no_reload"])]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Let processes go on between invocations, where Lambda freezes them
    #[arg(long)]
    pub(crate) no_freeze: bool,
    /// Give the app only the variables that Lambda gives, and those of the settings and the embedded services
    #[arg(long)]
    pub(crate) strict_env: bool,
    /// Use this S3 server in place of the embedded one
    #[arg(long, value_name = "URL", conflicts_with = "aws")]
    pub(crate) s3_endpoint: Option<String>,
    /// Allow the app everything in the embedded services, not only what its policy allows in the account
    #[arg(long)]
    pub(crate) no_iam: bool,
    /// Use your own AWS credentials and the real services: the app reads and writes real data
    #[arg(long)]
    pub(crate) aws: bool,
}

impl Default for Local {
    /// As without any flag, on any free port.
    fn default() -> Self {
        // The command line's own defaults, so that there is one place that says them.
        // Given, as the environment may hold something else.
        let given = ["--port", "0", "--stage", DEFAULT_STAGE];
        let matches = <Self as clap::Args>::augment_args(clap::Command::new("local"))
            .no_binary_name(true)
            .try_get_matches_from(given);
        matches
            .and_then(|matches| <Self as clap::FromArgMatches>::from_arg_matches(&matches))
            .unwrap_or_else(|error| unreachable!("no argument is required: {error}"))
    }
}

/// Print a token that the local server accepts, and nobody else.
///
/// It has the issuer and the audience of the settings' `[jwt.NAME]`, and is signed with a key of this project's own, which is made on first use and
/// kept in the target folder. Only `cargo fw local` of this project knows that key: a deployed API answers such a token with 401.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  curl -H \"authorization: Bearer $(cargo fw token)\" localhost:8000/notes                 200\n  curl -H \"authorization: Bearer $(cargo fw token --expired)\" localhost:8000/notes       401\n  cargo fw token --sub ann --scope notes:read --scope notes:write --claim team=blue --expires-in 10m"
)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The token is for this executable, as with `cargo fw local --bootstrap`
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin"])]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Which of the settings' `[jwt.NAME]`, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) jwt: Option<String>,
    /// Who the bearer is
    #[arg(long, default_value = "developer")]
    pub(crate) sub: String,
    /// A scope that the bearer has; may be repeated
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// Another claim, over those above; the value is JSON, or else a text; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim)]
    pub(crate) claim: Vec<(String, serde_json::Value)>,
    /// Whom the token is for [default: the first audience of the settings]
    #[arg(long)]
    pub(crate) audience: Option<String>,
    /// How long it is good: 90s, 10m, 1h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) expires_in: Duration,
    /// Make one that was good until a minute ago
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
    after_help = "Examples:\n  cargo fw invoke                                  the API's function, with an empty event\n  cargo fw event http-api GET /hello | cargo fw invoke --event -\n  cargo fw event sqs orders '{\"id\": 7}' | cargo fw invoke ship --event -\n  cargo fw invoke --event event.json --deployed --stage prod\n\nWithout `--deployed`, `--profile`, `--region` or `--endpoint-url` the function runs here: in the running `cargo fw local`,\nor in a process of its own. Exits with 3 when the function gives an error"
)]
pub(crate) struct Invoke {
    /// The function [default: the API's]
    pub(crate) function: Option<String>,
    /// The event, a file with JSON, or `-` for standard input [default: an empty object]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// How to call it
    #[arg(long = "type", value_enum, default_value_t, value_name = "TYPE")]
    pub(crate) kind: InvocationType,
    /// What the client says of itself, a JSON object: `{"custom": {"key": "value"}}`
    #[arg(long, value_name = "JSON")]
    pub(crate) client_context: Option<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Call the deployed function
    #[arg(long, alias = "remote")]
    pub(crate) deployed: bool,
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    /// Call this executable, which prints a manifest and polls the Runtime API, and build nothing
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin", "deployed"])]
    pub(crate) bootstrap: Option<PathBuf>,
}

impl Invoke {
    /// Whether the account's function is meant.
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
