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
    assert_eq!(busy.await.unwrap(), Outcome::Throttled);
    // Nothing starts any more.
    assert_eq!(it.invoke("pid").await, Outcome::Throttled);
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
