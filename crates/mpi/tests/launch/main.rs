//! The example `mnist_mpi` as a cluster runs it: its ranks are processes that Open MPI's `mpirun` starts,
//! more of them than there are cores. A launch that does not end in time is a failure that says so.

mod bad_input;
mod bits;
mod checkpoints;
mod deaths;
mod example;
mod images;
mod launch;
mod processes;
mod traffic;
