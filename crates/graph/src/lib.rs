//! A static computation graph with symbolic gradients and sessions.
