//! What happened where a claim does not hold, for a reader who knows the post and no more.

use minutia_viz::format_number;
use serde_json::Value;

use super::published::Published;
use crate::reproduce::{config::Config, data::CLASSES, stage::StageName};

/// An image of a higher probability convinces the network.
const SURE: f64 = 0.99;

/// What a claim is explained with.
pub struct Facts<'a> {
    pub config: &'a Config,
    /// What the claim's stage found.
    pub results: &'a Value,
    pub published: &'a Published,
    /// Whether the data are other than the post's, so that its numbers are worth saying.
    pub other_data: bool,
}

/// Words on a claim that does not hold; none on one that is not known here, or whose numbers are missing.
pub fn explain(id: &str, facts: &Facts<'_>) -> Option<String> {
    let (happened, on_mnist) = match id {
        "inverse-loss" => (inverse_loss(facts)?, None),
        "inverse" => (inverse(facts)?, None),
        "inverse-seeds" => (inverse_seeds(facts)?, None),
        "accuracy" => accuracy(facts)?,
        "bands" => bands(facts)?,
        "fingerprint" => fingerprint(facts)?,
        "overfitting" => overfitting(facts)?,
        "l1" => l1(facts)?,
        "l2" => l2(facts)?,
        _ => return None,
    };
    let on_mnist = on_mnist.filter(|_| facts.other_data);
    Some([Some(happened), on_mnist].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

impl Facts<'_> {
    fn number(&self, path: &str) -> Option<f64> {
        self.results.pointer(path)?.as_f64()
    }

    fn numbers(&self, path: &str) -> Option<Vec<f64>> {
        self.results.pointer(path)?.as_array()?.iter().map(Value::as_f64).collect()
    }

    fn on_mnist(&self, stage: StageName, item: &str) -> Option<f64> {
        self.published.number("mnist", stage, item)
    }
}

/// A share in percent, with as many decimals as tell it from none and from all.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = (1..=6).find(|&decimals| {
        let shown: f64 = format!("{percent:.decimals$}").parse().unwrap_or(percent);
        (shown != 0.0 && shown != 100.0) || percent == shown
    });
    format!("{percent:.*} %", decimals.unwrap_or(6))
}

/// Items as a sentence lists them.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn inverse_loss(facts: &Facts<'_>) -> Option<String> {
    let losses = facts.numbers("/loss")?;
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    Some(format!(
        "The descent ended above where it began: from {} it came down to {} at best and was at {} in the end. Steps that are too \
         long jump over the lowest place again and again; a smaller learning_rate makes them shorter.",
        format_number(*losses.first()?),
        format_number(lowest),
        format_number(facts.number("/final_loss")?)
    ))
}

fn inverse(facts: &Facts<'_>) -> Option<String> {
    let error = facts.number("/max_abs_error")?;
    Some(format!(
        "x times A is not yet the identity: one of its entries is off by {}. The loss was {} when the steps ran out. Matrices \
         whose rows are nearly combinations of each other take far more steps.",
        format_number(error),
        format_number(facts.number("/final_loss")?)
    ))
}

fn inverse_seeds(facts: &Facts<'_>) -> Option<String> {
    let parameters = &facts.config.inverse_seeds;
    Some(format!(
        "The post's setting inverts the post's matrix, and few others: {} of {} random ones. For half of them an entry of x·A is \
         still off by {} or more when the {} steps are over, for Adagrad divides each step by all that came before and becomes \
         slower and slower. It is the method and not the matrices: Adam, whose rate falls to zero, inverts {} of the same {}. No \
         image has a part in this.",
        format_number(facts.number("/reached")?),
        parameters.seeds,
        format_number(facts.number("/median_max_abs_error")?),
        format_number(parameters.steps as f64),
        format_number(facts.number("/adam_reached")?),
        parameters.seeds
    ))
}

/// What happened, and what the published run on MNIST gave.
type Happened = (String, Option<String>);

fn accuracy(facts: &Facts<'_>) -> Option<Happened> {
    let epochs = facts.results.pointer("/epochs")?.as_array()?;
    let last = |name: &str| epochs.last()?.get(name)?.as_f64();
    let happened = format!(
        "The network misreads {} of the test images. Its loss per training image is {}, per test image {}.",
        percent(1.0 - last("test_accuracy")?),
        format_number(last("train_cross_entropy")?),
        format_number(last("test_cross_entropy")?)
    );
    let mnist = facts.on_mnist(StageName::Classifier, "classifier.epochs.50.test_accuracy");
    Some((
        happened,
        mnist.map(|share| format!("On MNIST it reads {} rightly after 50 epochs.", percent(share))),
    ))
}

fn bands(facts: &Facts<'_>) -> Option<Happened> {
    let (bright, dark) = (facts.number("/bright_share")?, facts.number("/dark_share")?);
    let happened = format!(
        "Few units do the same for all images of a class: {} of them are on in nearly all, {} in nearly none. A band needs that.",
        percent(bright),
        percent(dark)
    );
    let of = |name: &str| facts.on_mnist(StageName::Fingerprints, &format!("fingerprints.{name}"));
    let mnist = of("bright_share").zip(of("dark_share"));
    let mnist =
        mnist.map(|(bright, dark)| format!("On MNIST it is {} and {}.", percent(bright), percent(dark)));
    Some((happened, mnist))
}

fn fingerprint(facts: &Facts<'_>) -> Option<Happened> {
    let read = facts.number("/nearest_mean_accuracy")?;
    let happened = format!(
        "The fingerprints of {} of the test images are nearer to another class's mean than to their own's.",
        percent(1.0 - read)
    );
    let mnist = facts.on_mnist(StageName::Fingerprints, "fingerprints.nearest_mean_accuracy");
    Some((happened, mnist.map(|read| format!("On MNIST that is so for {}.", percent(1.0 - read)))))
}

fn overfitting(facts: &Facts<'_>) -> Option<Happened> {
    let probability = facts.numbers("/unregularized_measured/probability")?;
    let like = facts.number("/unregularized_measured/mean_correlation")?;
    let missed: Vec<(usize, f64)> =
        probability.iter().copied().enumerate().filter(|(_, probability)| *probability <= SURE).collect();
    let happened = if missed.is_empty() {
        format!(
            "The network is sure of all {CLASSES} images, and they do look like digits: they correlate with the mean of their \
             class by {like:.2}."
        )
    } else {
        let name =
            |(class, probability): &(usize, f64)| format!("of the {class} ({})", format_number(*probability));
        let names: Vec<String> = missed.iter().map(name).collect();
        let stuck = format!(
            "The images {} do not convince the network; in brackets is the probability that it gives them. Each image begins \
             empty, and the post's loss takes no probability below {} for what it is. Where the network gives the wanted class less, \
             nothing draws the image towards it: it leaves what the network saw in the empty image, comes to where the network is \
             sure of yet another digit, and stays there, for the loss is flat. A penalty draws all pixels back towards zero, where \
             the loss has a slope again, so that no image is stuck with one.",
            list(&names),
            format_number(f64::from(facts.config.classifier.clip_low)),
        );
        let others = format!(
            " The other {} images convince it with {} or more, and they look like noise: that is the overfitting that the post \
             speaks of.",
            CLASSES - missed.len(),
            least_of_the_sure(&probability),
        );
        if missed.len() < CLASSES { stuck + &others } else { stuck }
    };
    let mnist =
        facts.on_mnist(StageName::IdealImages, "ideal_images.unregularized_measured.mean_correlation");
    let mnist = mnist.map(|like| {
        format!("On MNIST every class is reached, and the images correlate with the mean of their class by {like:.2}.")
    });
    Some((happened, mnist))
}

/// The least probability of those that count as sure.
fn least_of_the_sure(probability: &[f64]) -> String {
    percent(probability.iter().copied().filter(|&probability| probability > SURE).fold(1.0, f64::min))
}

fn l1(facts: &Facts<'_>) -> Option<Happened> {
    let dead = facts.number("/l1_measured/dead_share")?;
    let happened = format!(
        "The penalty left {} of the pixels further from zero than {}: too weak for this network's weights, which pull harder.",
        percent(1.0 - dead),
        facts.config.ideal_images.dead_below
    );
    let mnist = facts.on_mnist(StageName::IdealImages, "ideal_images.l1_measured.dead_share");
    Some((happened, mnist.map(|dead| format!("On MNIST {} are left.", percent(1.0 - dead)))))
}

fn l2(facts: &Facts<'_>) -> Option<Happened> {
    let of = |penalty: &str, name: &str| facts.number(&format!("/{penalty}_measured/{name}"));
    let (alike, plain) =
        (of("l2", "most_like_own_class_mean")?, of("unregularized", "most_like_own_class_mean")?);
    let own = facts.numbers("/l2_measured/correlation_with_class_mean")?;
    let (worst, least) = (0..).zip(own).min_by(|a, b| a.1.total_cmp(&b.1))?;
    let happened = format!(
        "The penalty helps, but not every image: {} of {CLASSES} are most like the mean of their own class (without a penalty {}); \
         the one that is least like its own is the {worst}, with a correlation of {}. On average it is {:.2}, without a \
         penalty {:.2}. The post judges by eye, where one can make out what one expects; here every image must be nearer to its own \
         class than to the nine others.",
        format_number(alike),
        format_number(plain),
        format!("{least:.2}").replace('-', "\u{2212}"),
        of("l2", "mean_correlation")?,
        of("unregularized", "mean_correlation")?
    );
    let mnist = facts.on_mnist(StageName::IdealImages, "ideal_images.l2_measured.most_like_own_class_mean");
    let mnist = mnist.map(|alike| {
        let either = if alike < CLASSES as f64 { ", and the claim does not hold there either" } else { "" };
        format!("On MNIST it is {} of {CLASSES}{either}.", format_number(alike))
    });
    Some((happened, mnist))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Results with which every claim fails, stage by stage.
    fn found() -> Value {
        let figures = |like: f64, probability: f64| {
            json!({"mean_correlation": like, "most_like_own_class_mean": 3, "dead_share": 0.2,
                   "probability": vec![probability; CLASSES], "correlation_with_class_mean": vec![-0.15; CLASSES]})
        };
        let last = json!({"test_accuracy": 0.5, "test_cross_entropy": 2.0, "train_cross_entropy": 1.0});
        json!({"loss": [10.0, 4.0], "final_loss": 20.0, "max_abs_error": 0.4, "reached": 9, "adam_reached": 80,
               "median_max_abs_error": 0.9, "epochs": [last], "bright_share": 0.01, "dark_share": 0.02,
               "nearest_mean_accuracy": 0.3, "unregularized_measured": figures(0.1, 1e-21),
               "l1_measured": figures(0.2, 1.0), "l2_measured": figures(0.3, 1.0)})
    }

    #[test]
    fn every_claim_that_fails_is_explained_with_numbers_and_says_what_mnist_gives() {
        let config = Config::from_text(include_str!("../../../../reproduce.toml")).unwrap();
        let (results, published) = (found(), Published::read().unwrap());
        for claim in &config.claims {
            let told = |other_data| {
                let facts = Facts { config: &config, results: &results, published: &published, other_data };
                explain(&claim.id, &facts).unwrap_or_else(|| panic!("nothing is said of {}", claim.id))
            };
            let words = told(true);
            assert!(words.contains(|c: char| c.is_ascii_digit()) && words.ends_with('.'), "{words}");
            for misleading in ["0.0000", "0.00 ", "NaN", "100.0 %", " 0.0 %", "-0."] {
                assert!(!words.contains(misleading), "'{misleading}' in '{words}'");
            }
            let of_images = !claim.stage.as_str().starts_with("inverse");
            assert_eq!(words.contains("On MNIST"), of_images, "{words}");
            assert!(!told(false).contains("On MNIST"));
        }
    }

    #[test]
    fn an_image_that_the_descent_does_not_move_is_named_with_its_probability() {
        let config = Config::from_text(include_str!("../../../../reproduce.toml")).unwrap();
        let (mut results, published) = (found(), Published::read().unwrap());
        let probability = [1.0, 0.99998, 1.0, 1.0, 4.626_921e-21, 1.0, 1.0, 1.0, 1.59868e-28, 1.0];
        results["unregularized_measured"]["probability"] = json!(probability);
        let facts = Facts { config: &config, results: &results, published: &published, other_data: true };
        let words = explain("overfitting", &facts).unwrap();
        for expected in ["of the 4 (4.627×10⁻²¹) and of the 8 (1.599×10⁻²⁸)", "other 8 images", "99.998 %"]
        {
            assert!(words.contains(expected), "'{expected}' is not in '{words}'");
        }
    }

    #[test]
    fn shares_keep_the_decimals_that_tell_them_from_none_and_from_all() {
        for (share, expected) in
            [(0.0, "0.0 %"), (1.0, "100.0 %"), (0.5, "50.0 %"), (0.00004, "0.004 %"), (0.99998, "99.998 %")]
        {
            assert_eq!(percent(share), expected);
        }
        assert_eq!(list(&["a", "b", "c"].map(String::from)), "a, b and c");
    }
}
