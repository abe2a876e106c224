//! What was measured, as Markdown and as JSON.

use minutia::prelude::Device;
use serde_json::{Value, json};

use super::clock::Times;

/// The tables.
pub const JOBS: &str = "Jobs of the post";
pub const PRODUCTS: &str = "Products";
pub const MEMORY: &str = "Memory";
const SECTIONS: [&str; 3] = [JOBS, PRODUCTS, MEMORY];

/// One thing that was measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// The table that it belongs to.
    pub section: &'static str,
    /// Its name in JSON.
    pub key: String,
    /// What it is, for a reader.
    pub title: String,
    /// In the unit.
    pub values: Times,
    pub unit: &'static str,
    /// What the GPU can do, in the unit.
    pub limit: Option<f64>,
    /// The loss that it ended with.
    pub loss: Option<f64>,
    /// Whether the bits are the CPU's.
    pub same: bool,
}

impl Row {
    fn median(&self) -> f64 {
        self.values.summary()[1]
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Report {
    device: String,
    data: String,
    rows: Vec<Row>,
    faults: Vec<String>,
}

impl Report {
    pub fn new(device: &Device) -> Report {
        Report { device: device.to_string(), data: String::new(), rows: Vec::new(), faults: Vec::new() }
    }

    /// Says what the jobs were run on.
    pub fn data(&mut self, what: &str) {
        self.data = what.to_string();
    }

    /// Adds a row; other bits than the CPU's are a fault.
    pub fn row(&mut self, row: Row) {
        if !row.same {
            self.fault(&row.key, "the bits are not the CPU's");
        }
        self.rows.push(row);
    }

    /// Adds what went wrong, and where.
    pub fn fault(&mut self, place: &str, what: &str) {
        self.faults.push(format!("{place}: {what}"));
    }

    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Tables, and what went wrong below them.
    pub fn markdown(&self) -> String {
        let mut text = format!("Device: {}. Data: {}.\n", self.device, self.data);
        for section in SECTIONS {
            text += &format!(
                "\n### {section}\n\n| what | median | range | share of the peak | bits |\n|---|---|---|---|---|\n"
            );
            for row in self.rows.iter().filter(|row| row.section == section) {
                let [least, median, most] = row.values.summary().map(number);
                let share =
                    row.limit.map_or("-".to_string(), |peak| format!("{:.0} %", 100.0 * row.median() / peak));
                let bits = if row.same { "the CPU's" } else { "**not the CPU's**" };
                let loss = row.loss.map_or(String::new(), |loss| format!("; loss {loss:.5}"));
                text += &format!(
                    "| {}{loss} | {median} {} | {least} to {most} | {share} | {bits} |\n",
                    row.title, row.unit
                );
            }
        }
        for fault in &self.faults {
            text += &format!("\nFault: {fault}\n");
        }
        text
    }

    /// Medians, ranges and losses by key.
    pub fn json(&self) -> String {
        let row = |row: &Row| {
            let [least, median, most] = row.values.summary();
            let value = json!({
                "value": median, "least": least, "most": most, "unit": row.unit, "peak": row.limit,
                "check": row.loss, "same_bits": row.same,
            });
            (row.key.clone(), value)
        };
        let rows: serde_json::Map<String, Value> = self.rows.iter().map(row).collect();
        let document = json!({"device": self.device, "data": self.data, "rows": rows, "faults": self.faults});
        format!("{document:#}\n")
    }
}

/// Three significant digits, and no more decimals than these need.
fn number(value: f64) -> String {
    let decimals = [100.0, 10.0, 1.0, 0.1].iter().position(|&from| value.abs() >= from).unwrap_or(4);
    format!("{value:.decimals$}")
}
