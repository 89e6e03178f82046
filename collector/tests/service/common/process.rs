//! The collector's command as a separate process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

pub const BINARY: &str = env!("CARGO_BIN_EXE_recobeacon-collector");
/// Free ports for both listeners.
pub const FREE: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// A running collector that has printed its addresses.
pub struct Process {
    pub child: Child,
    pub address: SocketAddr,
    pub admin: SocketAddr,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts the command on free ports, with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(Command::new(BINARY).args(FREE).args(arguments))
    }

    pub fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = |before: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line.strip_prefix(before).unwrap_or_else(|| panic!("{line:?}")).trim_end().parse()
        };
        let admin = address("admin listening on http://").unwrap();
        let address = address("listening on http://").unwrap();
        Self { child, address, admin, stdout }
    }

    pub fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(killed.unwrap().success());
    }

    /// Waits for the process to end. Returns the exit code, the rest of standard output, and the
    /// log.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let code = self.child.wait().unwrap().code();
        let (mut rest, mut log) = (String::new(), String::new());
        self.stdout.read_to_string(&mut rest).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (code, rest, log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After a successful test the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the command until it ends.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(BINARY).args(arguments).output().unwrap()
}
