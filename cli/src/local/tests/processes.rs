//! How processes are started, reused, replaced and ended; what Lambda says of each; what is logged.

use super::*;

#[tokio::test]
async fn a_warm_process_is_reused_and_only_its_first_report_has_an_init() {
    let it = Fixture::new(|_| {});
    let first = it.result("pid").await;
    let second = it.result("pid").await;
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!((&first["count"], &second["count"]), (&json!(0), &json!(1)));
    it.pool.close().await;
    it.logs.flush().await;
    let reports: Vec<_> = it.lines.all();
    let reports: Vec<_> = reports.iter().filter(|l| l.starts_with("REPORT")).collect();
    assert_eq!(reports.len(), 2, "{:#?}", it.lines.all());
    assert!(reports[0].contains("\tInit Duration: "), "{}", reports[0]);
    assert!(!reports[1].contains("Init Duration"), "{}", reports[1]);
    assert!(
        !reports[0].contains("Max Memory Used: 0 MB"),
        "{}",
        reports[0]
    );
    assert!(!is_alive(&first["pid"]));
}

#[tokio::test]
async fn two_requests_at_once_are_two_processes_and_then_the_last_used_one_is_taken() {
    let it = Fixture::new(|_| {});
    let (long, short) = tokio::join!(it.result("sleep:300"), it.result("pid"));
    assert_ne!(long["pid"], short["pid"]);
    assert_eq!(it.pool.processes(), 2);
    // The one that slept asked for its next event last.
    eventually(|| it.pool.idle() == 2).await;
    assert_eq!(it.result("pid").await["pid"], long["pid"]);
    it.pool.close().await;
}

#[tokio::test]
async fn over_the_limit_of_processes_an_invocation_waits_and_over_lambdas_it_is_refused() {
    let limits = Limits {
        processes: 1,
        concurrency: 2,
        ..Limits::default()
    };
    let it = Fixture::with(limits, |_| {});
    let warm = it.result("pid").await;
    eventually(|| it.pool.idle() == 1).await;
    let (first, second, third) =
        tokio::join!(it.result("sleep:200"), it.result("pid"), it.invoke("pid"),);
    assert_eq!(first["pid"], warm["pid"]);
    assert_eq!(second["pid"], warm["pid"]);
    assert_eq!(third, Outcome::Throttled);
    it.pool.close().await;
}

#[tokio::test]
async fn a_timeout_answers_with_lambdas_document_and_replaces_the_process() {
    let it = Fixture::new(|function| function.timeout_seconds = 1);
    let before = it.result("pid").await;
    let error = it.error("sleep:60000").await;
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("RequestId: "), "{message}");
    assert!(
        message.ends_with(" Error: Task timed out after 1.00 seconds"),
        "{message}"
    );
    let after = it.result("pid").await;
    assert_ne!(before["pid"], after["pid"]);
    assert_eq!(after["count"], 0);
    eventually(|| !is_alive(&before["pid"])).await;
    it.pool.close().await;
}

#[tokio::test]
async fn work_after_the_answer_belongs_to_the_invocation_and_its_timeout() {
    let it = Fixture::new(|function| function.timeout_seconds = 1);
    let first = it.result("linger:60000").await;
    let second = it.result("pid").await;
    assert_ne!(first["pid"], second["pid"], "the first is still busy");
    eventually(|| !is_alive(&first["pid"])).await;
    it.pool.close().await;
    it.logs.flush().await;
    it.lines.position("Task timed out after 1.00 seconds");
}

#[tokio::test]
async fn an_exit_answers_at_once_with_its_status_and_its_last_words_are_logged() {
    let it = Fixture::new(|_| {});
    let error = it.error("exit:127").await;
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with(" Error: Runtime exited with error: exit status 127"),
        "{message}"
    );
    let quiet = it.error("exit:0").await;
    let message = quiet["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with(" Error: Runtime exited without providing a reason"),
        "{message}"
    );
    let aborted = it.error("abort").await;
    let message = aborted["errorMessage"].as_str().unwrap();
    assert!(message.contains("signal: aborted"), "{message}");
    assert_eq!(it.result("pid").await["count"], 0);
    it.pool.close().await;
    it.logs.flush().await;
    let order = [
        "START RequestId",
        "last words",
        "exit status 127",
        "END RequestId",
        "REPORT RequestId",
    ]
    .map(|part| it.lines.position(part));
    assert!(order.is_sorted(), "{order:?} {:#?}", it.lines.all());
}

#[tokio::test]
async fn an_answer_followed_by_an_exit_is_an_answer() {
    let it = Fixture::new(|_| {});
    for _ in 0..50 {
        assert_eq!(it.result("answer-and-exit").await["count"], 0);
    }
    it.pool.close().await;
}

#[tokio::test]
async fn a_process_that_cannot_initialise_answers_with_the_reason() {
    let with = |init: &'static str| {
        Fixture::new(move |function| {
            function
                .environment
                .push(("INIT".to_owned(), init.to_owned()));
        })
    };
    let exits = with("exit:3");
    let error = exits.error("pid").await;
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("exit status 3"), "{message}");
    exits.pool.close().await;
    exits.logs.flush().await;
    exits.lines.position("leaving early");

    let reports = with("error");
    let error = reports.error("pid").await;
    assert_eq!(
        error,
        json!({"errorType": "Init", "errorMessage": "no database"})
    );
    eventually(|| reports.pool.processes() == 0).await;
    reports.logs.flush().await;
    reports.lines.position("init/error answered 202");

    let aborts = with("abort");
    assert_eq!(aborts.error("pid").await["errorType"], "Sandbox.Timedout");
    aborts.pool.close().await;
}

#[tokio::test]
async fn a_bootstrap_that_is_none_answers_with_the_reason() {
    for path in ["/nowhere/bootstrap", "/etc/passwd"] {
        let it = Fixture::new(|function| function.bootstrap = path.into());
        let error = it.error("pid").await;
        assert_eq!(error["errorType"], "Runtime.InvalidEntrypoint", "{error}");
        it.pool.close().await;
    }
}

#[tokio::test]
async fn an_init_that_hangs_is_tried_once_more_within_the_invocation() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("marker");
    let it = Fixture::new(|function| {
        let init = format!("once:{}", marker.display());
        function.environment.push(("INIT".to_owned(), init));
    });
    let started = Instant::now();
    assert_eq!(it.result("pid").await["count"], 0);
    assert!(started.elapsed() >= Duration::from_secs(10));
    it.pool.close().await;
    it.logs.flush().await;
    it.lines.position("Phase: init\tStatus: timeout");
}

#[tokio::test]
async fn a_result_may_have_6_mib_and_100_bytes_and_no_more() {
    let it = Fixture::new(|_| {});
    let largest = 6 * 1024 * 1024 + 100 - "\"\"".len();
    let result = it.result(&format!("large:{largest}")).await;
    assert_eq!(result.as_str().map(str::len), Some(largest));
    let error = it.error(&format!("large:{}", largest + 1)).await;
    assert_eq!(
        error,
        json!({
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        })
    );
    // The process lives on.
    assert_eq!(it.result("pid").await["count"], 2);
    it.pool.close().await;
    it.logs.flush().await;
    assert!(it.lines.position("answered 202") < it.lines.position("answered 413"));
}

#[tokio::test]
async fn the_runtime_api_refuses_what_does_not_fit() {
    let it = Fixture::new(|_| {});
    assert_eq!(it.result("twice").await, 1);
    assert_eq!(it.result("wrong").await, Value::Null);
    assert_eq!(
        it.error("error").await,
        json!({"errorType": "Mine", "errorMessage": "no"})
    );
    it.pool.close().await;
    it.logs.flush().await;
    for line in [
        "second answer: 400",
        "wrong id: 400",
        "early next: 403",
        "bad mode: 400",
        "nowhere: 404",
        "late init: 403",
    ] {
        it.lines.position(line);
    }
}

#[tokio::test]
async fn next_tells_id_deadline_function_and_trace() {
    let it = Fixture::new(|function| function.timeout_seconds = 7);
    let headers = it.result("headers").await;
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let deadline = headers["Lambda-Runtime-Deadline-Ms"].as_str().unwrap();
    let deadline: u128 = deadline.parse().unwrap();
    assert!(
        deadline <= now + 7000 && deadline + 60_000 > now,
        "{deadline} {now}"
    );
    assert_eq!(
        headers["Lambda-Runtime-Invoked-Function-Arn"],
        "arn:aws:lambda:eu-central-1:123456789012:function:test-dev"
    );
    assert_eq!(
        headers["Lambda-Runtime-Trace-Id"],
        "Root=1-0-0;Parent=0;Sampled=0"
    );
    it.pool.close().await;
}

#[tokio::test]
async fn the_environment_is_lambdas_and_the_functions_own() {
    let it = Fixture::new(|function| {
        for (name, value) in [("MINE", "one"), ("TZ", "Europe/Berlin"), ("MINE", "two")] {
            function
                .environment
                .push((name.to_owned(), value.to_owned()));
        }
    });
    let variables = it.result("env").await;
    for (name, value) in [
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_FUNCTION_NAME", "test-dev"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/test-dev"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_DEFAULT_REGION", "eu-central-1"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", "Europe/Berlin"),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("_HANDLER", "bootstrap"),
        ("MINE", "two"),
    ] {
        assert_eq!(variables[name], value, "{name}");
    }
    for name in [
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "_X_AMZN_TRACE_ID",
    ] {
        assert!(variables[name].is_string(), "{name}");
    }
    for name in ["AWS_EXECUTION_ENV", "CARGO_MANIFEST_DIR", "CARGO", "HOME"] {
        assert!(variables.get(name).is_none(), "{name}");
    }
    it.pool.close().await;
}

#[tokio::test]
async fn what_the_app_prints_stands_between_start_and_end() {
    let it = Fixture::new(|_| {});
    for round in 0..20 {
        it.result(&format!("print:hello {round}")).await;
    }
    it.pool.close().await;
    it.logs.flush().await;
    let lines = it.lines.all();
    for round in 0..20 {
        let line = format!("hello {round}");
        let at = lines.iter().position(|one| *one == line).expect("the line");
        let before = lines[..at]
            .iter()
            .rposition(|one| one.starts_with("START"))
            .unwrap();
        let after = lines[at..]
            .iter()
            .position(|one| one.starts_with("END"))
            .unwrap()
            + at;
        assert_eq!(
            lines[before].split(' ').nth(2),
            lines[after].split(' ').nth(2),
            "{lines:#?}"
        );
        assert!(
            lines[before..after].contains(&format!("{line} too")),
            "{lines:#?}"
        );
    }
}

#[tokio::test]
async fn an_invocation_that_nobody_waits_for_goes_on() {
    let it = Fixture::new(|_| {});
    let left = tokio::time::timeout(Duration::from_millis(50), it.invoke("sleep:300")).await;
    assert!(left.is_err());
    eventually(|| it.lines.all().iter().any(|line| line.starts_with("REPORT"))).await;
    assert_eq!(it.result("pid").await["count"], 1);
    it.pool.close().await;
}

#[tokio::test]
async fn a_strict_environment_has_only_what_lambda_gives() {
    let it = Fixture::new(|function| {
        function.strict = true;
        let own = ("MINE".to_owned(), "one".to_owned());
        function.environment.push(own);
    });
    let variables = it.result("env").await;
    for name in variables.as_object().unwrap().keys() {
        let lambdas = name.trim_start_matches('_').starts_with("AWS_")
            || [
                "LAMBDA_RUNTIME_DIR",
                "LAMBDA_TASK_ROOT",
                "LANG",
                "PATH",
                "TZ",
            ]
            .contains(&&**name)
            || ["_HANDLER", "_X_AMZN_TRACE_ID", "MINE"].contains(&&**name);
        assert!(lambdas, "{name}");
    }
    assert_eq!(
        variables["PATH"],
        "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
    );
    assert!(variables.get("AWS_LAMBDA_LOG_FORMAT").is_none());
    it.pool.close().await;
}

#[tokio::test]
async fn a_function_with_reserved_concurrency_runs_no_more_than_that() {
    let limits = Limits {
        reserved: Some(1),
        ..Limits::default()
    };
    let it = Fixture::with(limits, |function| function.timeout_seconds = 1);
    let (first, second) = tokio::join!(it.invoke("sleep:300"), it.invoke("pid"));
    assert!(matches!(first, Outcome::Payload(_)), "{first:?}");
    assert_eq!(second, Outcome::Throttled);
    // One after the other is one at a time, whatever the process does after its answer and however it ends.
    for what in ["pid", "pid", "exit:1", "pid", "sleep:60000", "pid", "pid"] {
        let outcome = it.invoke(what).await;
        assert_ne!(outcome, Outcome::Throttled, "{what}");
    }
    assert_eq!(it.pool.processes(), 1);
    it.pool.close().await;
}
