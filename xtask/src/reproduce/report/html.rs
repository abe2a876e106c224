//! The page: one file that needs nothing else, readable on a phone, light and dark.

use serde_json::Value;

use super::Section;

/// What the page shows.
pub struct Page<'a> {
    pub sections: &'a [Section<'a>],
    pub seed: u64,
    pub changes: &'a [String],
    pub note: Option<&'a str>,
}

/// The page's text.
pub fn page(page: &Page<'_>) -> String {
    let answers = || page.sections.iter().flat_map(|section| &section.claims);
    let held = answers().filter(|(_, measured)| measured.holds).count();
    let mut html = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    html += "<title>Understanding TensorFlow with MNIST, reproduced</title>\n<style>\n";
    html += include_str!("page.css");
    html += "</style>\n</head>\n<body>\n<header>\n<h1>Understanding TensorFlow with MNIST, reproduced</h1>\n";
    html += "<p>What the post claims, what came out when its computations were run again, and whether the two agree. \
             Every number and picture here is the same on every machine, whatever its CPU and number of threads.</p>\n";
    html += &format!("<p class=\"score\"><b>{held} of {}</b> claims hold.</p>\n", answers().count());
    if let Some(note) = page.note {
        html += &format!("<p class=\"notice\">{}</p>\n", escape(note));
    }
    if !page.changes.is_empty() {
        html += &format!(
            "<p class=\"notice\">Not the published parameters: {}. These results are not compared with the published ones.</p>\n",
            escape(&page.changes.join(", "))
        );
    }
    html += "</header>\n<main>\n";
    html += &summary(page);
    for section in page.sections {
        html += &self::section(section, page);
    }
    html += "</main>\n<footer>\n<p>Regenerate everything with <code>cargo xtask reproduce</code>; compare it with the \
             published digests with <code>cargo xtask reproduce --verify</code>. <code>results.json</code> has every \
             number, <code>manifest.json</code> the SHA-256 of every file.</p>\n</footer>\n</body>\n</html>\n";
    html
}

fn summary(page: &Page<'_>) -> String {
    let mut html = String::from("<nav>\n<table>\n");
    for section in page.sections {
        for (claim, measured) in &section.claims {
            html += &format!(
                "<tr><td>{}</td><td><a href=\"#{}\">{}</a></td></tr>\n",
                verdict(measured.holds),
                section.stage,
                escape(claim)
            );
        }
    }
    html + "</table>\n</nav>\n"
}

fn section(section: &Section<'_>, page: &Page<'_>) -> String {
    let mut html = format!("<section id=\"{}\">\n<h2>{}</h2>\n", section.stage, escape(section.title));
    for (claim, measured) in &section.claims {
        html += &format!("<blockquote>{}</blockquote>\n", escape(claim));
        html +=
            &format!("<p class=\"answer\">{} {}</p>\n", verdict(measured.holds), escape(&measured.measured));
    }
    for figure in &section.figures {
        html += &format!(
            "<figure id=\"{name}\">\n<img alt=\"{name}\" src=\"data:image/svg+xml;base64,{data}\">\n<figcaption>{caption}</figcaption>\n</figure>\n",
            name = escape(&figure.name),
            data = base64(&figure.svg),
            caption = escape(&figure.caption),
        );
    }
    html += "<details>\n<summary>Parameters, and how to regenerate this alone</summary>\n<table class=\"parameters\">\n";
    html += &row("seed", &page.seed.to_string());
    for (name, value) in section.parameters.as_object().into_iter().flatten() {
        html += &row(name, &plain(value));
    }
    html += &format!(
        "</table>\n<p><code>cargo xtask reproduce {}{}</code></p>\n</details>\n</section>\n",
        section.stage,
        escape(&options(page.changes))
    );
    html
}

/// The options that the changed parameters came from.
fn options(changes: &[String]) -> String {
    let option = |change: &String| {
        let (name, value) = (change.split(' ').next()?, change.rsplit(' ').next()?);
        Some(format!(" --{} {value}", name.rsplit('.').next()?))
    };
    changes.iter().filter_map(option).collect()
}

fn row(name: &str, value: &str) -> String {
    format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(name), escape(value))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn verdict(holds: bool) -> &'static str {
    if holds { "<span class=\"holds\">holds</span>" } else { "<span class=\"fails\">does not hold</span>" }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Figure, Measured};
    use super::*;

    #[test]
    fn base64_known_answers() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn the_page_shows_everything_and_needs_nothing_else() {
        let measured = Measured::new("accuracy", false, "0.91 < 0.98".to_string());
        let figure = Figure { name: "curve".into(), caption: "a & b".into(), svg: b"<svg/>".to_vec() };
        let sections = [Section {
            stage: "classifier",
            title: "Title <1>",
            parameters: serde_json::json!({"epochs": 3}),
            claims: vec![("98% \"accuracy\"", &measured)],
            figures: vec![figure],
        }];
        let changes = ["seed 7 -> 8".to_string(), "classifier.epochs 50 -> 3".to_string()];
        let html =
            page(&Page { sections: &sections, seed: 8, changes: &changes, note: Some("built-in digits") });
        for expected in [
            "Title &lt;1&gt;",
            "98% &quot;accuracy&quot;",
            "does not hold</span> 0.91 &lt; 0.98",
            "<b>0 of 1</b>",
            "src=\"data:image/svg+xml;base64,PHN2Zy8+\"",
            "a &amp; b",
            "<th>epochs</th><td>3</td>",
            "cargo xtask reproduce classifier --seed 8 --epochs 3<",
            "built-in digits",
            "prefers-color-scheme: dark",
        ] {
            assert!(html.contains(expected), "{expected} is not in {html}");
        }
        for foreign in ["http://", "https://", "<script", "src=\"figures"] {
            assert!(!html.contains(foreign), "{foreign}");
        }
    }
}
