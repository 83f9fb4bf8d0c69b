//! The environment variables that `cargo fw` itself reads, declared once. `process::environment`
//! has the variables of an app.

/// Cargo's path, which cargo sets for its subcommands. Without it `cargo` from `PATH` is used.
pub(crate) const CARGO: &str = "CARGO";

/// Cargo's home folder, if it is not `~/.cargo`.
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

/// The region that AWS tools use. The local server passes it to the app.
pub(crate) const AWS_REGION: &str = "AWS_REGION";

/// The region of older AWS tools, when `AWS_REGION` is not set.
pub(crate) const AWS_DEFAULT_REGION: &str = "AWS_DEFAULT_REGION";

/// The developer's access key; for `--s3-endpoint` it is handed on to the app.
pub(crate) const AWS_ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";

/// The default profile of AWS tools.
pub(crate) const AWS_PROFILE: &str = "AWS_PROFILE";

/// The file with the profiles' settings, if it is not `~/.aws/config`.
pub(crate) const AWS_CONFIG_FILE: &str = "AWS_CONFIG_FILE";

/// The file with the profiles' keys, if it is not `~/.aws/credentials`.
pub(crate) const AWS_SHARED_CREDENTIALS_FILE: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// The secret key for this access key.
pub(crate) const AWS_SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";

/// The session token of a temporary access key.
pub(crate) const AWS_SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// The address of the embedded S3. Set for the app and read by every AWS SDK.
pub(crate) const AWS_ENDPOINT_URL_S3: &str = "AWS_ENDPOINT_URL_S3";

/// The address of the other embedded services. Set for an app with sources and read by every AWS
/// SDK.
pub(crate) const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";

/// The address of the embedded DynamoDB, the same. It wins over one that the developer has set for DynamoDB alone.
pub(crate) const AWS_ENDPOINT_URL_DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// The program with which `cargo fw open` opens the URL.
pub(crate) const BROWSER: &str = "BROWSER";

/// Set if there is a desktop (X11).
pub(crate) const DISPLAY: &str = "DISPLAY";

/// Set if there is a desktop (Wayland).
pub(crate) const WAYLAND_DISPLAY: &str = "WAYLAND_DISPLAY";
