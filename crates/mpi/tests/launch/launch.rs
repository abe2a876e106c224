//! Launches by `mpirun`, and what became of them.

use crate::{example, processes};
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, Read, Seek},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A launch takes seconds, on two cores with a debug build, and minutes where others use these cores; whoever
/// waits this long waits for nothing.
const LIMIT: Duration = Duration::from_secs(900);
/// How often it is looked whether a launch has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Writes a rank's exit code where `mpirun`, which has one for all ranks, tells none. The signal that it
/// sends to a rank's group is for the rank: the shell waits for it.
const TELL: &str = r#"trap : TERM; "$@"; code=$?; echo $code > "$CODES/$OMPI_COMM_WORLD_RANK"; exit $code"#;

/// What `mpirun` is to start: ranks in groups, each with its own arguments and variables.
pub struct Launch {
    groups: Vec<Group>,
    /// Where ranks leave their exit codes, if they are asked to.
    codes: Option<TempDir>,
}

struct Group {
    ranks: usize,
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Launch {
    /// No ranks, to which others are added.
    pub fn of_none() -> Launch {
        Launch { groups: Vec::new(), codes: None }
    }

    /// Ranks with the same arguments.
    pub fn of<S: AsRef<str>>(ranks: usize, arguments: &[S]) -> Launch {
        Launch::of_none().and(ranks, arguments)
    }

    /// More ranks, with other arguments.
    pub fn and<S: AsRef<str>>(mut self, ranks: usize, arguments: &[S]) -> Launch {
        let arguments = arguments.iter().map(|argument| argument.as_ref().to_string()).collect();
        self.groups.push(Group { ranks, arguments, variables: Vec::new() });
        self
    }

    /// A variable of the ranks that were named last.
    pub fn with(mut self, name: &'static str, value: &str) -> Launch {
        self.groups.last_mut().unwrap().variables.push((name, value.to_string()));
        self
    }

    /// Asks the ranks for their exit codes.
    pub fn telling(mut self) -> Launch {
        self.codes = Some(tempfile::tempdir().unwrap());
        self
    }

    /// Starts the ranks.
    pub fn start(self) -> Running {
        let mut command = mpirun();
        let shell = ["sh", "-c", TELL, "sh"];
        let shell = if self.codes.is_some() { &shell[..] } else { &[] };
        for (index, group) in self.groups.iter().enumerate() {
            if index > 0 {
                command.arg(":");
            }
            command.args(["-n", &group.ranks.to_string()]);
            for (name, value) in &group.variables {
                command.args(["-x", &format!("{name}={value}")]);
            }
            if let Some(codes) = &self.codes {
                command.arg("-x").arg(format!("CODES={}", codes.path().display()));
            }
            command.args(shell).arg(example::path()).args(&group.arguments);
        }
        Running::of(command, self.codes)
    }

    /// Runs to the end, whatever it is.
    pub fn run(self) -> Ended {
        self.start().end()
    }

    /// Runs to an end with a failure of every rank, and gives the one message, with its cure.
    pub fn refused(self) -> String {
        let ended = self.run();
        let messages: Vec<&str> = ended.said().into_iter().map(|(_, line)| line).collect();
        let is_one = |line: &&&str| line.contains("error: ") && !line.contains("ended by the launcher");
        assert_eq!(messages.iter().filter(is_one).count(), 1, "not one message\n{ended}");
        assert!(!ended.is_good() && !ended.stderr.contains("panicked") && ended.stdout.is_empty(), "{ended}");
        // The launcher, which ends the others when one has failed, leaves some no time to tell.
        assert!(ended.codes.values().all(|&code| code != 0) && !ended.codes.is_empty(), "{ended}");
        let start = messages.iter().position(|line| is_one(&line)).unwrap();
        let message = messages[start..].join("\n");
        assert!(["hint: ", "; delete it"].iter().any(|cure| message.contains(cure)), "no cure\n{ended}");
        message
    }

    /// Runs to a good end, and gives what rank 0 has printed.
    pub fn succeed(self) -> String {
        self.run().good()
    }
}

/// A process without MPI that does the same.
pub fn alone<S: AsRef<str>>(arguments: &[S]) -> String {
    let mut command = Command::new(example::path());
    command.arg("--alone").args(arguments.iter().map(AsRef::as_ref));
    Running::of(clean(command), None).end().good()
}

/// The launcher. It refuses root, and more ranks than cores, unless it is told that this is meant.
fn mpirun() -> Command {
    let mut command = Command::new("mpirun");
    command.args(["--oversubscribe", "--bind-to", "none", "--tag-output"]);
    for variable in ["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] {
        command.env(variable, "1");
    }
    // Other processes may use the cores, too: who waits leaves them to others, and who is to end is given
    // time to say why.
    command.env("OMPI_MCA_mpi_yield_when_idle", "1").env("OMPI_MCA_odls_base_sigkill_timeout", "2");
    // Containers may forbid processes to read each other's memory, of which Open MPI would complain.
    command.env("OMPI_MCA_btl_vader_single_copy_mechanism", "none");
    clean(command)
}

/// Without the variables that change where data are found and how it is computed, and without the network.
fn clean(mut command: Command) -> Command {
    for variable in ["MINUTIA_SIMD", "MINUTIA_THREADS", "MINUTIA_DATA_DIR"] {
        command.env_remove(variable);
    }
    command.env("MINUTIA_OFFLINE", "1");
    command
}

/// A launch that has not ended, or has not been looked at since.
pub struct Running {
    command: String,
    child: Child,
    streams: [File; 2],
    codes: Option<TempDir>,
}

impl Running {
    fn of(mut command: Command, codes: Option<TempDir>) -> Running {
        // Files rather than pipes: nobody has to read along.
        let streams = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
        let [stdout, stderr] = [0, 1].map(|stream: usize| streams[stream].try_clone().unwrap());
        // A group of its own: what a terminal sends to the tests goes to them alone.
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Running { command: format!("{command:?}"), child, streams, codes }
    }

    /// The launcher's number.
    pub fn launcher(&self) -> u32 {
        self.child.id()
    }

    /// The numbers of the ranks that are running, by rank.
    pub fn ranks(&self) -> BTreeMap<usize, u32> {
        processes::ranks(self.child.id())
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// Where that takes too long; all of it is killed first.
    pub fn end(self) -> Ended {
        self.end_within(LIMIT)
    }

    /// Waits for the end, for a time.
    ///
    /// # Panics
    /// As [`Running::end`].
    pub fn end_within(mut self, limit: Duration) -> Ended {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.ended(status);
            }
            if start.elapsed() > limit {
                break;
            }
            thread::sleep(LOOK);
        }
        processes::kill(self.ranks().into_values());
        let _ = self.child.kill();
        let status = self.child.wait().unwrap();
        panic!("it hangs: not ended after {} s\n{}", limit.as_secs_f32(), self.ended(status));
    }

    fn ended(self, status: ExitStatus) -> Ended {
        let [stdout, stderr] = self.streams.map(|mut file| {
            let mut bytes = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let codes = self.codes.map_or_else(BTreeMap::new, |folder| read_codes(folder.path()));
        Ended { command: self.command, status, stdout, stderr, codes }
    }
}

/// A rank that was killed while it told its code has left nothing in the file.
fn read_codes(folder: &Path) -> BTreeMap<usize, i32> {
    let code = |entry: io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let rank = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        Some((rank, fs::read_to_string(path).unwrap().trim().parse().ok()?))
    };
    fs::read_dir(folder).unwrap().filter_map(code).collect()
}

/// What a launch came to.
pub struct Ended {
    command: String,
    status: ExitStatus,
    /// What came out of the launcher: each line with the rank that wrote it, as `[1,RANK]<stdout>:`.
    pub stdout: String,
    /// Likewise, with what the launcher itself has to say.
    pub stderr: String,
    /// The exit codes of the ranks that were asked and have come to their end.
    pub codes: BTreeMap<usize, i32>,
}

impl Ended {
    /// Whether the launcher says that all is well.
    pub fn is_good(&self) -> bool {
        self.status.success()
    }

    /// What was printed, where all is well: by rank 0 alone.
    pub fn good(&self) -> String {
        assert!(self.is_good(), "{self}");
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("error: "), "{self}");
        let lines = self.stdout.lines().map(|line| match line.split_once("<stdout>:") {
            Some((rank, line)) => {
                assert_eq!(rank, "[1,0]", "another rank than 0 prints\n{self}");
                line
            }
            None => line,
        });
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The lines that ranks have written to standard error, each with its rank.
    pub fn said(&self) -> Vec<(usize, &str)> {
        let lines = self.stderr.lines().filter_map(|line| line.split_once("]<stderr>:"));
        lines.filter_map(|(rank, line)| Some((rank.strip_prefix("[1,")?.parse().ok()?, line))).collect()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}, codes of ranks {:?}", self.command, self.status, self.codes)?;
        write!(f, "{}{}", self.stdout, self.stderr)
    }
}

/// The digest that a program has printed last.
pub fn digest(printed: &str) -> &str {
    let last = printed.lines().last().unwrap_or_default();
    last.strip_prefix("parameters_sha256 ").unwrap_or_else(|| panic!("no digest at the end of {printed:?}"))
}
