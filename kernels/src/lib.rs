//! Scalar maths, random numbers and the map instruction set that every minutia backend shares.
