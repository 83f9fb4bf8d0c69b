//! That no process is left, however the server ends.

use std::process::Stdio;

use super::*;

/// Set for the test process that starts processes and is killed.
const ROLE: &str = "FW_TEST_TO_BE_KILLED";

#[tokio::test]
async fn closing_ends_idle_busy_and_starting_processes_and_their_children() {
    let it = Arc::new(Fixture::new(|_| {}));
    let parent = it.result("child").await;
    assert!(is_alive(&parent["pid"]) && is_alive(&parent["child"]));
    let busy = tokio::spawn({
        let it = Arc::clone(&it);
        async move { it.invoke("sleep:60000").await }
    });
    eventually(|| {
        it.lines
            .all()
            .iter()
            .filter(|l| l.starts_with("START"))
            .count()
            == 2
    })
    .await;
    it.pool.close().await;
    assert_eq!(it.pool.processes(), 0);
    assert!(!is_alive(&parent["pid"]));
    eventually(|| !is_alive(&parent["child"])).await;
    assert!(matches!(busy.await.unwrap(), Outcome::FunctionError(_)));
    // Nothing starts any more.
    assert!(matches!(it.invoke("pid").await, Outcome::FunctionError(_)));
    assert_eq!(it.pool.processes(), 0);
}

/// The test starts itself once more in the role of the server, kills it with SIGKILL, and looks for its process.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_server_leaves_no_process() {
    if std::env::var_os(ROLE).is_some() {
        let it = Fixture::new(|_| {});
        let process = it.result("pid").await;
        let line = format!("process {} of {}\n", process["pid"], std::process::id());
        let mut out = tokio::io::stdout();
        out.write_all(line.as_bytes()).await.unwrap();
        out.flush().await.unwrap();
        return std::future::pending().await;
    }
    let mut server = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("local::tests::lifetime::a_killed_server_leaves_no_process")
        .env(ROLE, "1")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut out = server.stdout.take().unwrap();
    let mut text = String::new();
    let process: Value = loop {
        let mut chunk = [0; 1024];
        let count = out.read(&mut chunk).await.unwrap();
        assert_ne!(count, 0, "the server ended: {text}");
        text.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
        if let Some((_, rest)) = text.split_once("process ")
            && let Some((id, _)) = rest.split_once(" of ")
        {
            break id.parse::<u32>().unwrap().into();
        }
    };
    assert!(is_alive(&process));
    server.start_kill().unwrap();
    server.wait().await.unwrap();
    eventually(|| !is_alive(&process)).await;
}

/// The state of a process, as proc(5) has it: `T` when it is stopped.
#[cfg(target_os = "linux")]
fn state_of(process: &Value) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn work_left_after_the_answer_stalls_until_the_next_invocation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number");
    let number = || std::fs::read_to_string(&file).ok()?.parse::<u64>().ok();
    let it = Fixture::new(|_| {});
    let first = it.result(&format!("background:{}", file.display())).await;
    for _ in 0..3 {
        eventually(|| state_of(&first["pid"]) == Some('T')).await;
        let stalled = number();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(number(), stalled, "it is frozen");
        assert_eq!(it.result("sleep:20").await["pid"], first["pid"]);
        eventually(|| number() > stalled).await;
    }
    // What is frozen ends all the same, and its children too.
    let parent = it.result("child").await;
    eventually(|| state_of(&parent["child"]) == Some('T')).await;
    it.pool.close().await;
    assert!(!is_alive(&parent["pid"]));
    eventually(|| !is_alive(&parent["child"])).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_freezing_work_goes_on_between_invocations() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number");
    let limits = Limits {
        freeze: false,
        ..Limits::default()
    };
    let it = Fixture::with(limits, |_| {});
    let first = it.result(&format!("background:{}", file.display())).await;
    eventually(|| it.pool.idle() == 1).await;
    let number = || std::fs::read_to_string(&file).ok()?.parse::<u64>().ok();
    eventually(|| number() > Some(50)).await;
    assert_ne!(state_of(&first["pid"]), Some('T'));
    it.pool.close().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_outgrows_the_functions_memory_is_ended() {
    let it = Fixture::new(|_| {});
    assert_eq!(it.result("pid").await["count"], 0);
    let error = it.error("grow:300").await;
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("signal: killed"), "{message}");
    assert_eq!(it.result("pid").await["count"], 0, "in a new process");
    it.pool.close().await;
    it.logs.flush().await;
    it.lines.position("but the function has 128 MB");
}
