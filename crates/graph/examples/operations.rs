//! Prints the operations of graphs, and what builds each: `cargo run -p minutia-graph --example operations`

fn main() {
    for (name, builders) in minutia_graph::operations::table() {
        println!("{name:24} {}", builders.join(", "));
    }
}
