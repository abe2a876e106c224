use super::{
    Histogram, Image,
    messages::{DT_STRING, EventMessage, Kind, ValueMessage, What},
};

/// What a record of an event file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it was written, in seconds since 1970.
    pub wall_time: f64,
    /// The step of training that it tells of.
    pub step: i64,
    /// A graph, as TensorFlow serialises it, if this is one.
    pub graph_def: Option<Vec<u8>>,
    /// Values and their tags, if it is a summary.
    pub values: Vec<(String, Value)>,
}

/// A value of a summary.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A point of a curve.
    Scalar(f32),
    /// A distribution.
    Histogram(Histogram),
    /// A picture.
    Image(Image),
    /// A text, in Markdown.
    Text(String),
    /// Something that is not written here.
    Other,
}

impl From<EventMessage> for Event {
    fn from(message: EventMessage) -> Event {
        let (graph_def, values) = match message.what {
            Some(What::GraphDef(bytes)) => (Some(bytes), Vec::new()),
            Some(What::Summary(summary)) => (None, summary.value.into_iter().map(tagged).collect()),
            Some(What::FileVersion(_)) | None => (None, Vec::new()),
        };
        Event { wall_time: message.wall_time, step: message.step, graph_def, values }
    }
}

fn tagged(message: ValueMessage) -> (String, Value) {
    let value = match message.kind {
        Some(Kind::SimpleValue(value)) => Value::Scalar(value),
        Some(Kind::Histo(histogram)) => Value::Histogram(histogram.into()),
        // Extents below 0 are no image.
        Some(Kind::Image(image)) => match (u32::try_from(image.height), u32::try_from(image.width)) {
            (Ok(height), Ok(width)) => Value::Image(Image { height, width, png: image.encoded_image_string }),
            _ => Value::Other,
        },
        Some(Kind::Tensor(tensor)) if tensor.dtype == DT_STRING => match &tensor.string_val[..] {
            [text] => Value::Text(String::from_utf8_lossy(text).into_owned()),
            _ => Value::Other,
        },
        _ => Value::Other,
    };
    (message.tag, value)
}
