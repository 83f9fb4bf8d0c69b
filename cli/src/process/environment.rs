//! The environment variables that a process gets: Lambda's, the settings', the embedded services', and very little else.

use std::{ffi::OsString, path::PathBuf};

use fw_manifest::Part;

use crate::{
    env,
    values::{
        asynchronous::Asynchronous,
        credentials::{LocalCredentials, access_key},
    },
};

/// A function, as the pool runs it.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// The function's name.
    pub(crate) name: String,
    /// The value of `_HANDLER`; `bootstrap` for the API's function.
    pub(crate) handler: String,
    /// Memory in MB, 128 to 10240. A process that uses more is killed.
    pub(crate) memory_mb: u32,
    /// The timeout of one invocation, in seconds.
    pub(crate) timeout_seconds: u32,
    /// The executable that polls the Runtime API.
    pub(crate) bootstrap: PathBuf,
    /// Its working directory.
    pub(crate) directory: PathBuf,
    /// True if X-Ray traces requests without a caller's decision (`Active`). X-Ray's default rule
    /// takes the first request of each second and some of the others; here all are taken.
    pub(crate) traces: bool,
    /// The region in its environment.
    pub(crate) region: String,
    /// The account, twelve digits.
    pub(crate) account: String,
    /// True if it gets only Lambda's variables and those of `environment`.
    pub(crate) strict: bool,
    /// The credentials that it signs with, unless its variables have others.
    pub(crate) credentials: LocalCredentials,
    /// How its asynchronous invocations are handled, where the settings say it.
    pub(crate) asynchronous: Option<Asynchronous>,
    /// The function's own variables, and those of the embedded services; the later of two with one name counts.
    pub(crate) environment: Vec<(String, String)>,
}

impl Function {
    /// The function's version: local ones are never published.
    pub(crate) const VERSION: &'static str = "$LATEST";

    /// The function's ARN, without a qualifier.
    pub(crate) fn arn(&self) -> String {
        format!(
            "arn:aws:lambda:{}:{}:function:{}",
            self.region, self.account, self.name
        )
    }
}

/// Variables that are taken over from the developer's environment: those for temporary files and
/// for reading logs. `HOME` is not, because Lambda has none and an SDK would read the developer's
/// AWS configuration there.
const INHERITED: [&str; 4] = ["NO_COLOR", "RUST_BACKTRACE", "RUST_LOG", "TMPDIR"];

/// The whole environment of a new process.
///
/// The names and values were recorded on `provided.al2023` (`[R]` gateway-truth §4.5), with these
/// differences: `LD_LIBRARY_PATH` is left out, because it would point the host's loader to folders
/// of Amazon Linux; `AWS_LAMBDA_LOG_FORMAT=Text` asks for logs that people can read; `PATH` also
/// has the developer's folders; and the few variables of [`INHERITED`]. A strict function has only
/// the first difference.
///
/// `api` is the Runtime API's `host:port`, `log_stream` the process's log stream, and `trace` the first request's trace.
pub(crate) fn of_process(
    function: &Function,
    api: &str,
    log_stream: &str,
    trace: Option<&str>,
) -> Vec<(OsString, OsString)> {
    let inherited: &[&str] = if function.strict { &[] } else { &INHERITED };
    let mut variables: Vec<(OsString, OsString)> = inherited
        .iter()
        .filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)))
        .collect();
    let mut set = |name: &str, value: &str| variables.push((name.into(), value.into()));
    let credentials = &function.credentials;
    set(
        env::AWS_ACCESS_KEY_ID,
        &access_key(&Part::from_entry(&function.handler)),
    );
    set(env::AWS_SECRET_ACCESS_KEY, credentials.secret_key());
    set(env::AWS_SESSION_TOKEN, credentials.session_token());
    set("AWS_DEFAULT_REGION", &function.region);
    set(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        &function.memory_mb.to_string(),
    );
    set("AWS_LAMBDA_FUNCTION_NAME", &function.name);
    set("AWS_LAMBDA_FUNCTION_VERSION", Function::VERSION);
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    if !function.strict {
        set("AWS_LAMBDA_LOG_FORMAT", "Text");
    }
    set(
        "AWS_LAMBDA_LOG_GROUP_NAME",
        &format!("/aws/lambda/{}", function.name),
    );
    set("AWS_LAMBDA_LOG_STREAM_NAME", log_stream);
    set("AWS_LAMBDA_RUNTIME_API", api);
    set("AWS_REGION", &function.region);
    // The address of Lambda's X-Ray daemon. Nothing listens there locally, and the SDKs' datagrams
    // are lost.
    set("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR");
    set("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000");
    set("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1");
    set("_AWS_XRAY_DAEMON_PORT", "2000");
    set("LAMBDA_RUNTIME_DIR", "/var/runtime");
    set("LAMBDA_TASK_ROOT", "/var/task");
    set("LANG", "en_US.UTF-8");
    // Lambda's own, then the developer's: a bootstrap that is a script finds its interpreter where the developer has it.
    let lambdas = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";
    match std::env::var("PATH") {
        Ok(developers) if !function.strict => set("PATH", &format!("{lambdas}:{developers}")),
        _ => set("PATH", lambdas),
    }
    set("TZ", ":UTC");
    set("_HANDLER", &function.handler);
    if let Some(trace) = trace {
        set("_X_AMZN_TRACE_ID", trace);
    }
    for (name, value) in &function.environment {
        set(name, value);
    }
    variables
}

/// A new log stream's name: `2025/04/14/[$LATEST]` and 32 hexadecimal digits.
pub(crate) fn log_stream() -> String {
    let today = jiff::Timestamp::now().strftime("%Y/%m/%d").to_string();
    let mut random = [0; 16];
    // A name that is not random is still a name.
    let _ = getrandom::fill(&mut random);
    format!(
        "{today}/[{}]{:032x}",
        Function::VERSION,
        u128::from_be_bytes(random)
    )
}
