//! One deploy at a time for each stage: a lock in the account.
//!
//! The lock is an empty log group, `/fw/lock/<app>-<stage>`. `CloudWatch` Logs creates a group with
//! a given name only once and refuses the second (`CreateLogGroup`:
//! `ResourceAlreadyExistsException`), in one call and without another service. So if two deploys
//! start together, one has the lock. Its tags say who took it, when, and what for.
//!
//! Its limits: a release is a read and a delete, two calls, so if `cargo fw unlock` removes a lock
//! and another deploy takes it in between, the former holder may remove it. And a killed holder
//! leaves the lock: a dead deploy looks like a slow one, so the user decides, with
//! `cargo fw unlock`.

use std::{future::Future, pin::pin, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::names::{AwsLocation, Names};
use crate::{
    aws::{Aws, Error, Kind},
    console::Console,
    error::{Exit, Failure, Result},
    interrupt::Signals,
};

const ID: &str = "fw:lock-id";
const BY: &str = "fw:lock-by";
const AT: &str = "fw:lock-at";
const FOR: &str = "fw:lock-for";

/// The time limit for taking the lock after this process was asked to end, and for releasing it.
const LIMIT: Duration = Duration::from_secs(30);
/// How often, and how long apart, to try a lock that is refused although nobody seems to hold it.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(300);

/// A lock that is held by this process.
#[derive(Debug)]
pub(crate) struct Lock {
    group: String,
    /// The group's ARN, by which its tags are read.
    arn: String,
    id: String,
}

/// The holder of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    id: String,
    /// The ARN of the caller that took it.
    pub(crate) by: String,
    /// The time, as in RFC 3339.
    pub(crate) at: String,
    /// The command.
    pub(crate) doing: String,
}

impl Holder {
    /// The command, the caller and the time, in words.
    pub(crate) fn told(&self) -> String {
        let Self { by, at, doing, .. } = self;
        let age = at
            .parse::<Timestamp>()
            .map(|at| Timestamp::now().duration_since(at));
        let age = age.map_or_else(|_| String::new(), |age| format!(", {} ago", rough(age)));
        format!("`cargo fw {doing}` by {by} since {at}{age}")
    }
}

/// A duration in one unit.
fn rough(age: SignedDuration) -> String {
    match age.as_secs().max(0) {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// The group that is the lock.
pub(crate) fn group(names: &Names) -> String {
    format!("/fw/lock/{}", names.function)
}

/// The holder of the deployment's lock.
///
/// # Errors
///
/// If it cannot be read.
pub(crate) async fn holder<A: Aws>(aws: &A, names: &Names) -> Result<Option<Holder>, Error> {
    let found = aws.log_group(&group(names)).await?;
    Ok(found.map(|group| {
        let tag = |key: &str| group.tags.get(key).map_or("?", String::as_str).to_owned();
        Holder {
            id: tag(ID),
            by: tag(BY),
            at: tag(AT),
            doing: tag(FOR),
        }
    }))
}

/// Does the work while holding the deployment's lock, and releases the lock after any outcome,
/// including Ctrl-C and SIGTERM. `note` records the work, before anyone else may change anything.
///
/// # Errors
///
/// If somebody else holds the lock (exit code 69), and any failure of the work.
pub(crate) async fn holding<A: Aws, T>(
    aws: &A,
    names: &Names,
    doing: &str,
    console: &Console,
    work: impl Future<Output = Result<T>>,
    note: impl AsyncFn(&T),
) -> Result<T> {
    let mut signals = Signals::listen();
    let mut taking = pin!(Lock::take(aws, names, doing));
    let (lock, asked) = tokio::select! {
        lock = &mut taking => (lock?, false),
        () = signals.next() => {
            // A lock that is being created would be left behind.
            match soon(taking, &mut signals).await {
                Some(lock) => (lock?, true),
                None => return Err(interrupted()
                    .because_of("AWS did not confirm the lock; if the deploy holds it, `cargo fw unlock` removes it")),
            }
        }
    };
    let done = if asked {
        Err(interrupted().because_of("nothing was changed"))
    } else {
        tokio::select! {
            done = work => done,
            () = signals.next() => Err(interrupted()
                .because_of("completed steps are kept, and the interrupted step may or may not be done")
                .hint("run the command again: it continues with what is left")),
        }
    };
    let noted = async {
        if let Ok(done) = &done {
            note(done).await;
        }
    };
    let released = soon(Box::pin(lock.release(aws, noted)), &mut signals).await;
    let trouble = match released {
        Some(Ok(())) => return done,
        Some(Err(error)) => error.to_string(),
        None => "AWS does not answer".to_owned(),
    };
    console.alarm(format_args!(
        "the lock could not be released; run `cargo fw unlock` to remove it: {trouble}"
    ));
    done
}

fn interrupted() -> Failure {
    Failure::new("interrupted").exiting(Exit::Interrupted)
}

/// The result within the time limit, unless the user stops waiting.
async fn soon<T>(work: impl Future<Output = T>, signals: &mut Signals) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = tokio::time::sleep(LIMIT) => None,
        () = signals.next() => None,
    }
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// If somebody holds it, with the holder and the time (exit code 69), or AWS does not create
    /// it.
    pub(crate) async fn take<A: Aws>(aws: &A, names: &Names, doing: &str) -> Result<Self> {
        let cannot = |error: Error| error.into_failure("cannot take the deployment's lock");
        let caller = aws.caller().await.map_err(cannot)?;
        let group = group(names);
        let lock = Self {
            arn: AwsLocation::new(&caller, aws.region()).log_group(&group),
            group,
            id: random(),
        };
        let by = caller.arn;
        let mut tags = names.tags();
        tags.insert(ID.to_owned(), lock.id.clone());
        tags.insert(BY.to_owned(), by);
        tags.insert(
            AT.to_owned(),
            Timestamp::now()
                .round(jiff::Unit::Second)
                .unwrap_or_default()
                .to_string(),
        );
        tags.insert(FOR.to_owned(), doing.to_owned());
        let mut tries = 0;
        loop {
            let Err(error) = aws.create_log_group(&lock.group, &tags).await else {
                return Ok(lock);
            };
            // A lost response, or a call that the SDK sent twice, may have created it anyway.
            let held = match error.kind {
                Kind::Conflict | Kind::Unreachable => holder(aws, names).await.map_err(cannot)?,
                _ => None,
            };
            tries += 1;
            return match held {
                Some(holder) if holder.id == lock.id => Ok(lock),
                Some(holder) => Err(taken(names, &holder.told())),
                // Refused while another creates it (`OperationAbortedException`), or created and
                // not listed yet.
                None if error.kind == Kind::Conflict && tries < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                None if error.kind == Kind::Conflict => Err(taken(
                    names,
                    "it has just been taken, and does not have an owner yet",
                )),
                None => Err(cannot(error)),
            };
        }
    }

    /// Releases the lock after the concurrent work, unless it belongs to somebody else by now.
    ///
    /// # Errors
    ///
    /// If it cannot be read or removed.
    pub(crate) async fn release<A: Aws>(
        self,
        aws: &A,
        beside: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let (found, ()) = tokio::join!(aws.log_group_tags(&self.arn), beside);
        let ours = found?.is_some_and(|tags| tags.get(ID) == Some(&self.id));
        if !ours {
            return Ok(());
        }
        match aws.delete_log_group(&self.group).await {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Somebody else has it.
fn taken(names: &Names, by: &str) -> Failure {
    Failure::unavailable(format!(
        "another deploy holds the lock of stage `{}`",
        names.stage
    ))
    .because_of(by)
    .because_of("nothing was changed")
    .hint("wait until it is done; if it was killed, run `cargo fw unlock` to remove the lock")
}

/// A name that no other lock has.
fn random() -> String {
    let mut bytes = [0; 8];
    if getrandom::fill(&mut bytes).is_err() {
        // Without random bytes the process id and the time distinguish two deploys.
        let now = Timestamp::now().as_nanosecond();
        return format!("{}-{now}", std::process::id());
    }
    format!("{:016x}", u64::from_be_bytes(bytes))
}
