//! The page: one file that needs nothing else, readable on a phone, light and dark. `page/` has its text, its
//! look and its scripts.

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig, value::Serde};
use minutia_viz::format_number;
use serde::Serialize;
use serde_json::Value;

use super::{Section, engine, try_it::TryIt};

/// What the page shows.
pub struct Page<'a> {
    pub sections: &'a [Section<'a>],
    pub try_it: &'a TryIt,
    pub seed: u64,
    pub changes: &'a [String],
    pub note: Option<&'a str>,
}

/// What the browser may load for the page: what stands in it, and nothing from anywhere else.
const POLICY: &str = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; \
                      script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; base-uri 'none'; form-action 'none'";

/// What runs in the page, in this order.
const SCRIPTS: [&str; 10] = [
    include_str!("page/reading.js"),
    include_str!("page/readouts.js"),
    include_str!("page/try/bits.js"),
    include_str!("page/try/pictures.js"),
    include_str!("page/try/prepare.js"),
    include_str!("page/try/draw.js"),
    include_str!("page/try/ideal.js"),
    include_str!("page/try/inverse.js"),
    include_str!("page/try/train.js"),
    include_str!("page/try/start.js"),
];

/// What the page's worker runs, after the engine.
const WORKER: &str = include_str!("page/try/worker.js");

/// The page's text.
///
/// # Errors
/// None that sections can give: the template names only what it is given.
pub fn page(page: &Page<'_>) -> Result<String> {
    let answers = || page.sections.iter().flat_map(|section| &section.answers);
    let values = context! {
        policy => POLICY,
        scripts => SCRIPTS.map(str::trim_end),
        engine => engine::LOADER,
        worker => WORKER,
        modules => engine::modules(),
        try_data => json_text(&page.try_it.data),
        parameters => format_number(page.try_it.parameters as f64),
        hidden => page.try_it.hidden,
        trained => page.try_it.data["weights"].is_string(),
        compared_with => page.try_it.compared_with,
        sections => Serde(page.sections),
        seed => page.seed,
        held => answers().filter(|answer| answer.measured.holds).count(),
        answered => answers().count(),
        note => page.note,
        changes => page.changes.join(", "),
    };
    let template = || -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        // A tag on a line of its own leaves no line behind, and a name that is not there is an error.
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
        environment.set_syntax(syntax.build()?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template("page.css", include_str!("page/page.css"))?;
        environment.add_template("try.css", include_str!("page/try/try.css"))?;
        environment.add_template("try.html", include_str!("page/try/try.html"))?;
        environment.add_template("chain.html", include_str!("page/chain.html"))?;
        environment.add_template("page.html", include_str!("page/page.html"))?;
        environment.get_template("page.html")?.render(values)
    };
    template().context("the report's template cannot be filled")
}

/// JSON as the text of a script element: no part of it can end the element.
fn json_text(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c")
}

/// A value as the text of a script element; nothing for null.
pub fn script_json<S: serde::Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_null() { None } else { Some(json_text(value)) }.serialize(serializer)
}

/// Bytes as text for a data URL.
pub fn base64<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reproduce::report::{Answer, Figure, Measured};

    fn try_it() -> TryIt {
        let data = serde_json::json!({"weights": "AAAA"});
        TryIt { data, compared_with: "the one of this report", parameters: 238_510, hidden: 300 }
    }

    fn measured() -> Measured {
        Measured::new("accuracy", false, "0.91 < 0.98".to_string())
    }

    fn section(measured: &Measured) -> Section<'_> {
        let readouts = serde_json::json!({"plots": ["</script>"]});
        let figure =
            Figure { name: "a_curve".into(), caption: "a & b".into(), svg: b"<svg/>".to_vec(), readouts };
        let happened = Some("It rained.".to_string());
        Section {
            stage: "classifier",
            options: " --epochs 3".to_string(),
            title: "Title <1>",
            parameters: vec![("epochs".to_string(), "3".to_string())],
            answers: vec![Answer { claim: "98% \"accuracy\"", measured, happened }],
            figures: vec![figure],
            chain: None,
        }
    }

    #[test]
    fn the_page_shows_everything_and_needs_nothing_else() {
        let measured = measured();
        let sections = [section(&measured)];
        let changes = ["seed 7 -> 8".to_string(), "classifier.epochs 50 -> 3".to_string()];
        let html = page(&Page {
            sections: &sections,
            try_it: &try_it(),
            seed: 8,
            changes: &changes,
            note: Some("built-in digits"),
        })
        .unwrap();
        for expected in [
            "Title &lt;1&gt;",
            "98% &quot;accuracy&quot;",
            "does not hold</span> 0.91 &lt; 0.98",
            "<b>0 of 1</b>",
            "src=\"data:image/svg+xml;base64,PHN2Zy8+\"",
            "<img alt=\"a curve\"",
            "a &amp; b",
            "</b> It rained.</p>",
            "<script type=\"application/json\" class=\"readouts\">{\"plots\":[\"\\u003c/script>\"]}</script>",
            "data-command=\"cargo xtask reproduce classifier --epochs 3\"",
            "<th>seed</th><td>8</td>",
            "<th>epochs</th><td>3</td>",
            "cargo xtask reproduce classifier --epochs 3<",
            "<p class=\"notice\">built-in digits</p>",
            "seed 7 -&gt; 8, classifier.epochs 50 -&gt; 3",
            "prefers-color-scheme: dark",
            "id=\"try-data\">{\"weights\":\"AAAA\"}</script>",
            "the 238,510 weights that this run trained",
            "compared with the one of this report",
            "default-src &#x27;none&#x27;",
            "font: 1rem/1.6 system-ui, \"Helvetica Neue\"",
        ] {
            assert!(html.contains(expected), "{expected} is not in {html}");
        }
        for foreign in ["http://", "https://", "<script src", "src=\"figures", "{{", "{%"] {
            assert!(!html.contains(foreign), "{foreign}");
        }
        let count = |tag: &str| html.matches(tag).count();
        assert_eq!(count("<script"), count("</script"), "a script's text ends its element");
    }

    #[test]
    fn the_page_has_no_notices_where_there_is_nothing_to_say_and_no_blank_lines() {
        let measured = Measured { holds: true, ..measured() };
        let sections = [section(&measured)];
        let html = page(&Page { sections: &sections, try_it: &try_it(), seed: 7, changes: &[], note: None })
            .unwrap();
        assert!(html.contains("<b>1 of 1</b>") && !html.contains("class=\"notice\""), "{html}");
        assert!(html.contains("<td><span class=\"holds\">holds</span></td>"), "{html}");
        assert!(html.starts_with("<!DOCTYPE html>\n") && html.ends_with("</html>\n"));
        let body = &html[html.find("<body>").unwrap()..html.find("id=\"try-data\"").unwrap()];
        assert!(!body.contains("\n\n") && !body.contains("<td>\n"), "{body}");
    }
}
