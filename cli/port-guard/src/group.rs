//! Whether a socket is held by a process of a group, or by one that a process of it has started (Linux, proc(5)).

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::{self, ErrorKind},
};

/// Whether a process holds a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Yes,
    No,
    /// The system does not show it, such as for a program with privileges of its own.
    Hidden,
}

/// Whether that process itself holds the socket. It costs as many system calls as the process has files open.
pub(super) fn process_holds(process: u32, inode: u64) -> Holds {
    let wanted = format!("socket:[{inode}]");
    let look = || -> io::Result<bool> {
        for entry in fs::read_dir(format!("/proc/{process}/fd"))? {
            match fs::read_link(entry?.path()) {
                Ok(link) if link.as_os_str() == wanted.as_str() => return Ok(true),
                // It was closed meanwhile, or is another file.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(false)
    };
    match look() {
        Ok(true) => Holds::Yes,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Holds::Hidden,
        Ok(false) | Err(_) => Holds::No,
    }
}

/// Whether a process of the group holds the socket, the leader included, or a process that descends from one of it.
///
/// The children of the leader are looked at first. Only then all processes of the machine are read, of which there may be hundreds.
pub(super) fn group_holds(leader: u32, inode: u64) -> Holds {
    let mut seen = HashSet::new();
    let mut hidden = false;
    let mut look = |process: u32, seen: &mut HashSet<u32>| {
        if !seen.insert(process) {
            return false;
        }
        match process_holds(process, inode) {
            Holds::Yes => true,
            Holds::No => false,
            Holds::Hidden => {
                hidden = true;
                false
            }
        }
    };
    let mut next = vec![leader];
    while let Some(process) = next.pop() {
        if look(process, &mut seen) {
            return Holds::Yes;
        }
        next.extend(
            children(process)
                .into_iter()
                .filter(|it| !seen.contains(it)),
        );
    }
    for process in members(leader) {
        if look(process, &mut seen) {
            return Holds::Yes;
        }
    }
    if hidden { Holds::Hidden } else { Holds::No }
}

/// The children of a process, where the kernel was built to list them.
fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let of = |task: fs::DirEntry| fs::read_to_string(task.path().join("children")).ok();
    let lists = tasks.into_iter().flatten().flatten().filter_map(of);
    lists
        .flat_map(|list| {
            list.split_ascii_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The processes of the group, and those that descend from one of it.
fn members(leader: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all: HashMap<u32, (u32, u32)> = entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // Behind the name, which may hold anything: the state, the parent, the group.
            let mut fields = stat.rsplit(')').next()?.split_ascii_whitespace().skip(1);
            let (parent, group) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            Some((id, (parent, group)))
        })
        .collect();
    let is_member = |process: &u32| {
        let mut at = *process;
        // The bound is for a table that changed while it was read.
        for _ in 0..64 {
            match all.get(&at) {
                Some((_, group)) if *group == leader => return true,
                Some((parent, _)) => at = *parent,
                None => return false,
            }
        }
        false
    };
    all.keys().copied().filter(is_member).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader},
        net::TcpListener,
        os::{linux::fs::MetadataExt as _, unix::process::CommandExt as _},
        process::{Command, Stdio},
    };

    use super::*;

    /// The inode of a socket that only the process at the end of such a script holds, which says `ready` then.
    fn held_by(script: &str) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut child = Command::new("bash")
            .args(["-c", script])
            .env("PORT", port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let (accepted, there) = listener.accept().unwrap();
        let pair = super::super::peer::Pair::new(accepted.local_addr().unwrap(), there);
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "{script}");
        let super::super::peer::Found::Holder(holder) = super::super::peer::find(pair) else {
            panic!("no holder: {script}");
        };
        assert_eq!(
            group_holds(child.id(), holder.inode),
            Holds::Yes,
            "{script}"
        );
        assert_eq!(group_holds(std::process::id(), 1), Holds::No);
        // Its end ends what it has started, which waits for the same input.
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn the_sockets_of_what_a_process_has_started_are_its_own() {
        let connect = "exec 3<>/dev/tcp/127.0.0.1/$PORT; echo ready; read -r";
        held_by(connect);
        held_by(&format!("bash -c '{connect}'; true"));
        held_by(&format!("setsid bash -c '{connect}'; true"));
        // Its parent has ended, and the group is the same.
        held_by(&format!("(bash -c '{connect}' <&0 &) <&0; read -r"));
    }

    #[test]
    fn a_socket_of_ours_is_not_a_child_s() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut child = Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap();
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&listener);
        let inode = fs::metadata(format!("/proc/self/fd/{descriptor}"))
            .unwrap()
            .st_ino();
        assert_eq!(process_holds(std::process::id(), inode), Holds::Yes);
        assert_eq!(group_holds(child.id(), inode), Holds::No);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
