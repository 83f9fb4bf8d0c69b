//! The environment variables that `cargo fw` reads for itself, declared once; what an app is given is in `process::environment`.

/// Cargo's own path, set by cargo for its subcommands; `cargo` from `PATH` otherwise.
pub(crate) const CARGO: &str = "CARGO";

/// Where cargo keeps what is the user's, when it is not `~/.cargo`.
pub(crate) const CARGO_HOME: &str = "CARGO_HOME";

/// Set by cargo for what it runs: the folder of the package that it runs.
pub(crate) const CARGO_MANIFEST_DIR: &str = "CARGO_MANIFEST_DIR";

/// The user's folder.
pub(crate) const HOME: &str = "HOME";

/// Asks an app for its manifest; see `fw_manifest`.
pub(crate) const FW_MANIFEST: &str = fw_manifest::MANIFEST_ENV;

/// Set for every process that `cargo fw local` starts, to the local server's URL: an app that must know can see where it is.
pub(crate) const FW_LOCAL: &str = "FW_LOCAL";

/// The port of `cargo fw local`, like `--port`.
pub(crate) const FW_PORT: &str = "FW_PORT";

/// The stage, like `--stage`.
pub(crate) const FW_STAGE: &str = "FW_STAGE";

/// The region that AWS tools use; for the local server it is what the app is told.
pub(crate) const AWS_REGION: &str = "AWS_REGION";

/// The region of older AWS tools, when `AWS_REGION` is not set.
pub(crate) const AWS_DEFAULT_REGION: &str = "AWS_DEFAULT_REGION";

/// The developer's access key; for `--s3-endpoint` it is handed on to the app.
pub(crate) const AWS_ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";

/// The profile that AWS tools use where none is named.
pub(crate) const AWS_PROFILE: &str = "AWS_PROFILE";

/// Where the profiles' settings are, when it is not `~/.aws/config`.
pub(crate) const AWS_CONFIG_FILE: &str = "AWS_CONFIG_FILE";

/// Where the profiles' keys are, when it is not `~/.aws/credentials`.
pub(crate) const AWS_SHARED_CREDENTIALS_FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// What belongs to that access key.
pub(crate) const AWS_SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// What belongs to a temporary access key.
pub(crate) const AWS_SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// Where the app's S3 client finds the embedded S3: set for the app, read by every AWS SDK.
pub(crate) const AWS_ENDPOINT_URL_S3: &str = "AWS_ENDPOINT_URL_S3";

/// Where the app's other clients find the embedded services: set for an app with sources, read by every AWS SDK.
pub(crate) const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The program that `cargo fw open` gives the URL to.
pub(crate) const BROWSER: &str = "BROWSER";

/// Set where there is a desktop (X11).
pub(crate) const DISPLAY: &str = "DISPLAY";

/// Set where there is a desktop (Wayland).
pub(crate) const WAYLAND_DISPLAY: &str = "WAYLAND_DISPLAY";
