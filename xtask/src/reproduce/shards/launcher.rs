//! Which of several processes this one is, by the environment that a launcher gives it.

use std::ffi::OsString;
use std::fmt;

use anyhow::{Context, Result, bail, ensure};

use super::{STAGE, Shard};

/// The variables in which Open MPI, MPICH and Slurm's srun say a process's rank and how many there are.
///
/// In the script of a Slurm job, which is one process, `SLURM_PROCID` and `SLURM_NTASKS` are set, too: only
/// `srun` says how many tasks a step has.
const LAUNCHERS: [(&str, &str); 3] = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
];

/// One of the processes that a launcher has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rank {
    /// From 0.
    pub index: usize,
    /// How many there are.
    pub size: usize,
}

/// What a process does of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// All of it.
    Whole,
    /// A shard, which a later run takes.
    One(Shard),
    /// A rank's shard; rank 0 then goes on with all shards.
    Ranked(Rank),
}

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    One(Shard),
    /// The launcher's environment says which.
    Launcher,
}

impl std::str::FromStr for Choice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Choice> {
        match text {
            "launcher" => Ok(Choice::Launcher),
            _ => text.parse().map(Choice::One),
        }
    }
}

impl Role {
    /// What this process does, given what `--shard` says.
    ///
    /// # Errors
    /// When several processes would each do all, when there is no launcher that says which shard this is, and
    /// when its variables make no sense.
    pub fn of(choice: Option<Choice>) -> Result<Role> {
        Role::find(choice, Rank::find(|name| std::env::var_os(name))?)
    }

    fn find(choice: Option<Choice>, rank: Option<Rank>) -> Result<Role> {
        match (choice, rank) {
            (None, Some(Rank { size, .. })) if size > 1 => bail!(
                "a launcher has started {size} processes, which would all do the same in one folder; with --shard \
                 launcher each computes its shard of {STAGE}, and rank 0 all else"
            ),
            (None, _) => Ok(Role::Whole),
            (Some(Choice::One(shard)), _) => Ok(Role::One(shard)),
            (Some(Choice::Launcher), Some(rank)) => Ok(Role::Ranked(rank)),
            (Some(Choice::Launcher), None) => {
                let variables: Vec<String> =
                    LAUNCHERS.iter().map(|(rank, size)| format!("{rank} and {size}")).collect();
                bail!(
                    "--shard launcher finds no launcher, whose variables would be {}; start it by mpirun or srun, or \
                     name the shard, such as --shard 1/8",
                    variables.join(", or ")
                )
            }
        }
    }

    /// Whether this process does more than a shard: it alone writes results, and says what happens.
    pub fn leads(self) -> bool {
        match self {
            Role::Whole => true,
            Role::One(_) => false,
            Role::Ranked(rank) => rank.index == 0,
        }
    }

    /// Whether this process has nobody to speak to but when it fails.
    pub fn is_silent(self) -> bool {
        matches!(self, Role::Ranked(_)) && !self.leads()
    }
}

impl Rank {
    /// The shard that it computes.
    pub fn shard(self) -> Shard {
        Shard { index: self.index, count: self.size }
    }

    /// The rank that computes a shard.
    pub fn of(shard: Shard) -> Rank {
        Rank { index: shard.index, size: shard.count }
    }

    fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Rank>> {
        for (rank, size) in LAUNCHERS {
            let (Some(index), Some(count)) = (variable(rank), variable(size)) else { continue };
            let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<usize>().ok());
            let sense = || {
                format!(
                    "found {rank}={} and {size}={}, expected two whole numbers, the first below the second; start the \
                     program anew by its launcher, or unset both",
                    index.display(),
                    count.display()
                )
            };
            let (index, size) = number(&index).zip(number(&count)).with_context(sense)?;
            ensure!(index < size, sense());
            return Ok(Some(Rank { index, size }));
        }
        Ok(None)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {}", self.index, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(environment: &[(&str, &str)]) -> Result<Option<(usize, usize)>> {
        let variable = |name: &str| {
            environment.iter().find(|(found, _)| *found == name).map(|(_, value)| OsString::from(value))
        };
        Ok(Rank::find(variable)?.map(|rank| (rank.index, rank.size)))
    }

    #[test]
    fn ranks_are_those_of_the_innermost_launcher() {
        let open = [("OMPI_COMM_WORLD_RANK", "3"), ("OMPI_COMM_WORLD_SIZE", "4")];
        let mpich = [("PMI_RANK", "1"), ("PMI_SIZE", "2")];
        let srun = [("SLURM_PROCID", "0"), ("SLURM_NTASKS", "9"), ("SLURM_STEP_NUM_TASKS", "5")];
        assert_eq!(find(&open).unwrap(), Some((3, 4)));
        assert_eq!(find(&mpich).unwrap(), Some((1, 2)));
        assert_eq!(find(&srun).unwrap(), Some((0, 5)));
        // Both start their own daemons by srun where there is one.
        assert_eq!(find(&[&srun[..], &mpich].concat()).unwrap(), Some((1, 2)));
        assert_eq!(find(&[&srun[..], &open].concat()).unwrap(), Some((3, 4)));
        for none in [&[][..], &open[..1], &mpich[1..], &srun[..2]] {
            assert_eq!(find(none).unwrap(), None, "{none:?}");
        }
        for (rank, size) in [("4", "4"), ("0", "0"), ("-1", "4"), ("", ""), ("1", "x"), ("1.5", "2")] {
            let error = find(&[("PMI_RANK", rank), ("PMI_SIZE", size)]).unwrap_err().to_string();
            assert!(error.contains(&format!("PMI_RANK={rank} and PMI_SIZE={size},")), "{error}");
        }
    }

    #[test]
    fn one_of_several_processes_does_not_do_all() {
        let rank = |index, size| Some(Rank { index, size });
        let shard: Shard = "2/4".parse().unwrap();
        let role = |choice, rank| Role::find(choice, rank).map_err(|error| error.to_string());
        assert_eq!(role(None, None), Ok(Role::Whole));
        assert_eq!(role(None, rank(0, 1)), Ok(Role::Whole));
        assert_eq!(role(Some(Choice::One(shard)), rank(3, 4)), Ok(Role::One(shard)));
        let ranked = role(Some(Choice::Launcher), rank(1, 4)).unwrap();
        assert!(matches!(ranked, Role::Ranked(rank) if rank.shard() == shard));
        let error = role(None, rank(0, 4)).unwrap_err();
        assert!(
            error.starts_with("a launcher has started 4 processes") && error.contains("--shard launcher")
        );
        let error = role(Some(Choice::Launcher), None).unwrap_err();
        assert!(error.contains("PMI_RANK and PMI_SIZE, or SLURM_PROCID"), "{error}");
    }
}
