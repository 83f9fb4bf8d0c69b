//! A child process that cannot outlive the CLI.
//!
//! Each child leads its own process group, so that Ctrl-C in the terminal reaches only the CLI, and
//! a kill also reaches the processes that the child has started. On Linux the kernel kills the
//! child when the CLI dies for any reason; processes that the child has started are then not
//! killed. Other Unix systems have no such service: after SIGKILL to the CLI its children keep
//! running, and each ends when its next call of the Runtime API fails.

pub(crate) mod environment;

use std::{
    ffi::OsString,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt as _},
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{LazyLock, OnceLock, mpsc},
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::{process::Command, runtime::Handle, sync::oneshot};

/// The program to start.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// The executable.
    pub(crate) program: PathBuf,
    /// The working directory.
    pub(crate) directory: PathBuf,
    /// The whole environment; nothing is inherited.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// A running child. Dropping it kills its group; it is then reaped by the runtime.
#[derive(Debug)]
pub(crate) struct Process {
    child: tokio::process::Child,
    group: Pid,
}

impl Process {
    /// Starts the child and returns the read ends of its standard output and standard error.
    ///
    /// # Errors
    ///
    /// The system's error, if the program does not exist, is not executable, or no process can be
    /// created.
    pub(crate) async fn spawn(launch: &Launch) -> io::Result<(Self, OwnedFd, OwnedFd)> {
        let mut command = Command::new(&launch.program);
        command
            .current_dir(&launch.directory)
            .env_clear()
            .envs(launch.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        die_with_parent(command.as_std_mut());
        let mut child = spawn_from_lasting_thread(command).await?;
        let missing = || io::Error::other("the child has no pipe, or was already reaped");
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .ok_or_else(missing)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let process = Self { child, group };
        let stdout = stdout.ok_or_else(missing)?.into_owned_fd()?;
        let stderr = stderr.ok_or_else(missing)?.into_owned_fd()?;
        Ok((process, stdout, stderr))
    }

    /// The child's process id.
    pub(crate) fn id(&self) -> u32 {
        // A process id is positive.
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// Kills the child and everything in its group.
    ///
    /// Also useful after the child itself has ended: processes that it started may live on, and
    /// keep the group's number in use. (If none lives on, the number is free. For it to belong to
    /// another group by now, the system would have to have used all its process ids since the child
    /// was reaped a moment ago.)
    pub(crate) fn kill(&self) {
        // It fails only if no process is left.
        let _ = rustix::process::kill_process_group(self.group, Signal::KILL);
    }

    /// Waits until the child has ended, and reaps it.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // `None` once it has been reaped.
        if self.child.id().is_some() {
            self.kill();
        }
    }
}

/// A command to be spawned by the lasting thread.
struct Order {
    command: Command,
    runtime: Handle,
    reply: oneshot::Sender<io::Result<tokio::process::Child>>,
}

/// Spawns from a thread that lives as long as this process.
///
/// Linux sends the parent-death signal when the *thread* that spawned the child ends (prctl(2), `PR_SET_PDEATHSIG`), and
/// the threads of an async runtime may end before the process does.
async fn spawn_from_lasting_thread(command: Command) -> io::Result<tokio::process::Child> {
    static ORDERS: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
        let (orders, queue) = mpsc::channel::<Order>();
        // If no thread can be created, the queue is dropped and every order fails with a message.
        let _ = std::thread::Builder::new()
            .name("spawn".to_owned())
            .spawn(move || {
                // The sender is a static, so this loop never ends.
                for mut order in queue {
                    let _context = order.runtime.enter();
                    // The receiver is gone: the child is dropped, killed and reaped.
                    let _ = order.reply.send(order.command.kill_on_drop(true).spawn());
                }
            });
        orders
    });
    let gone = || io::Error::other("the thread that starts processes is not running");
    let (reply, spawned) = oneshot::channel();
    ORDERS
        .send(Order {
            command,
            runtime: Handle::current(),
            reply,
        })
        .map_err(|_| gone())?;
    spawned.await.map_err(|_| gone())?
}

/// How many files this process and its children could have open before [`allow_many_files`].
static FILES: OnceLock<(Option<u64>, Option<u64>)> = OnceLock::new();

/// Raises the limit of open files to the system's maximum, because every connection is a file.
/// Child processes keep the previous limit, usually 1,024 as on Lambda (`[R]` gateway-truth §4.5).
pub(crate) fn allow_many_files() {
    let before = getrlimit(Resource::Nofile);
    if FILES.set((before.current, before.maximum)).is_ok() {
        let all = Rlimit {
            current: before.maximum,
            maximum: before.maximum,
        };
        // Without it fewer clients are served at once, but all answers are right.
        let _ = setrlimit(Resource::Nofile, all);
    }
}

/// Asks the kernel to kill the child when this process dies, and gives the child this process's
/// previous limit of open files.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the request must be made between fork and exec, and `pre_exec` is the only way there"
)]
pub(crate) fn die_with_parent(command: &mut std::process::Command) {
    let parent = rustix::process::getpid();
    let files = FILES.get().copied();
    let prepare = move || {
        if let Some((current, maximum)) = files {
            setrlimit(Resource::Nofile, Rlimit { current, maximum })?;
        }
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // If the parent died before the request, the signal never comes. The child then has another
        // parent.
        if rustix::process::getppid() != Some(parent) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    };
    // SAFETY: between fork and exec in a process of several threads only async-signal-safe work is allowed: no locks, no
    // allocation. The closure makes three system calls through rustix, which on Linux issues them directly, and
    // compares two numbers; `ErrorKind::into` builds its error without allocating. It borrows nothing.
    unsafe {
        command.pre_exec(prepare);
    }
}

/// No other Unix has a parent-death signal for all of its versions; see the module's documentation.
#[cfg(not(target_os = "linux"))]
pub(crate) fn die_with_parent(_command: &mut std::process::Command) {}

/// Stops the group of that process, until it is thawed or killed. Tells whether it did.
pub(super) fn freeze(process: u32) -> bool {
    signal(process, Signal::STOP)
}

/// Lets a frozen group go on.
pub(super) fn thaw(process: u32) {
    // It fails only if the process is gone; its waiter notices this.
    signal(process, Signal::CONT);
}

fn signal(process: u32, signal: Signal) -> bool {
    let group = i32::try_from(process).ok().and_then(Pid::from_raw);
    group.is_some_and(|group| rustix::process::kill_process_group(group, signal).is_ok())
}

/// `VmHWM` of `/proc/PID/status`, in kB (proc(5)). `None` without this file.
pub(super) fn peak_memory(process: u32) -> Option<u64> {
    kilobytes(&status(process)?, "VmHWM:")
}

/// The process's own memory in kB, without mapped files: a debug build's executable is many times
/// larger than the release build that Lambda would run. `None` without `/proc`.
pub(super) fn own_memory(process: u32) -> Option<u64> {
    let status = status(process)?;
    Some(kilobytes(&status, "RssAnon:")? + kilobytes(&status, "RssShmem:")?)
}

fn status(process: u32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{process}/status")).ok()
}

fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
