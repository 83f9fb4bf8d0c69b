//! The trace that an invocation is told of: sampled as the stage's `tracing` and the caller want it.

use std::fs;

use crate::local_support::{Local, ask, project};

#[test]
fn tracing_says_whether_an_invocation_is_sampled() {
    let folder = project("traced");
    fs::write(
        folder.path().join("fw.toml"),
        "[stages.prod]\ntracing = \"active\"\n",
    )
    .expect("settings");
    for (stage, sampled) in [("dev", "0"), ("prod", "1")] {
        let args = ["local", "--port", "0", "--no-reload", "--stage", stage];
        let local = Local::start(folder.path(), &args);
        // The first invocation's trace is in the environment of its process.
        let (status, trace) = ask(local.port, "GET", "/env/_X_AMZN_TRACE_ID");
        assert_eq!(status, 200, "{trace}");
        let [root, parent, decision] = trace.split(';').collect::<Vec<_>>()[..] else {
            panic!("three fields, not: {trace}");
        };
        assert!(root.starts_with("Root=1-"), "{trace}");
        assert!(parent.starts_with("Parent="), "{trace}");
        assert_eq!(decision, format!("Sampled={sampled}"), "{stage}");
    }
}
