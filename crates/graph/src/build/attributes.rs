//! What a node's operation is made of, beside its inputs: read off the operation by serde, so that a new
//! operation needs nothing here.

use crate::{DType, Tensor, ops::AnyOp};
use serde::{
    Deserialize, Serialize,
    de::{IntoDeserializer, value},
    ser::{self, Impossible, Serializer},
};
use std::{collections::BTreeMap, fmt};

/// A part of what an operation is made of. Numbers are equal where their bits are: a NaN is equal to itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Attribute {
    /// Yes or no, such as `keep_dims`.
    Bool(bool),
    /// A whole number, such as `axis`, which may count from the end.
    Int(i64),
    /// A number, such as the `scale` of random numbers.
    Float(f32),
    /// A word, such as the `padding` `Same`, or an equation.
    Text(String),
    /// A type of elements.
    DType(DType),
    /// The value of a constant. It is shared with the graph, not copied.
    Tensor(Tensor),
    /// Several, such as `strides` or the extents of `shape`.
    List(Vec<Attribute>),
    /// An element of a list that is left open: an extent that the run decides, a bound at the tensor's end.
    Open,
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Attribute) -> bool {
        use Attribute::*;
        match (self, other) {
            (Bool(a), Bool(b)) => a == b,
            (Int(a), Int(b)) => a == b,
            (Float(a), Float(b)) => a.to_bits() == b.to_bits(),
            (Text(a), Text(b)) => a == b,
            (DType(a), DType(b)) => a == b,
            (Tensor(a), Tensor(b)) => {
                (a.dtype(), a.dims(), a.as_bytes()) == (b.dtype(), b.dims(), b.as_bytes())
            }
            (List(a), List(b)) => a == b,
            (Open, Open) => true,
            _ => false,
        }
    }
}

impl Eq for Attribute {}

impl Attribute {
    /// The whole number, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Attribute::Int(value) = self { Some(*value) } else { None }
    }

    /// The whole numbers, if it is a list of these alone.
    ///
    /// ```
    /// use minutia_graph::Graph;
    /// let graph = Graph::new();
    /// graph.zeros([2, 3]).transpose([1, 0]);
    /// let node = graph.nodes().pop().unwrap();
    /// assert_eq!(node.attributes["order"].as_ints(), Some(vec![1, 0]));
    /// ```
    #[must_use]
    pub fn as_ints(&self) -> Option<Vec<i64>> {
        self.as_list()?.iter().map(Attribute::as_int).collect()
    }

    /// The elements, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Attribute]> {
        if let Attribute::List(elements) = self { Some(elements) } else { None }
    }

    /// The word or equation, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Attribute::Text(text) = self { Some(text) } else { None }
    }
}

/// All attributes of an operation, by name.
pub(crate) fn of(op: &AnyOp) -> BTreeMap<String, Attribute> {
    if let AnyOp::Constant(constant) = op {
        return [("value".to_string(), Attribute::Tensor(constant.value.clone()))].into();
    }
    match op.serialize(Describe).expect("operations are made of numbers, words, lists and structs") {
        Described::Named(attributes) => attributes,
        // The name of an elementwise operation, which the node has as it is.
        Described::Value(_) | Described::Nothing => BTreeMap::new(),
    }
}

/// The names of values that an enum has without a name: its variants and the attributes that they are.
const VARIANTS: [(&str, &str); 5] =
    [("Expand", "axis"), ("Squeeze", "axis"), ("BroadcastTo", "dims"), ("Share", "share"), ("Span", "span")];

/// What a value is serialised to.
enum Described {
    /// A struct: its fields, and those of the structs in it.
    Named(BTreeMap<String, Attribute>),
    Value(Attribute),
    /// `None`, or a struct without fields.
    Nothing,
}

impl Described {
    /// As the element of a list.
    fn element(self) -> Attribute {
        match self {
            Described::Value(value) => value,
            Described::Nothing => Attribute::Open,
            Described::Named(mut fields) if fields.len() == 1 => {
                fields.pop_first().map_or(Attribute::Open, |(_, value)| value)
            }
            Described::Named(fields) => Attribute::List(fields.into_values().collect()),
        }
    }
}

/// A serializer of one value.
struct Describe;

macro_rules! numbers {
    ($($method:ident $type:ty)*) => { $(
        fn $method(self, value: $type) -> Result<Described, fmt::Error> {
            // No tensor has an extent beyond this.
            Ok(Described::Value(Attribute::Int(i64::try_from(value).unwrap_or(i64::MAX))))
        }
    )* };
}

impl Serializer for Describe {
    type Ok = Described;
    type Error = fmt::Error;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Impossible<Described, fmt::Error>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Impossible<Described, fmt::Error>;

    /// Numbers come as they are, also those that text has no number for.
    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64
    }

    fn serialize_bool(self, value: bool) -> Result<Described, fmt::Error> {
        Ok(Described::Value(Attribute::Bool(value)))
    }

    fn serialize_f32(self, value: f32) -> Result<Described, fmt::Error> {
        Ok(Described::Value(Attribute::Float(value)))
    }

    fn serialize_f64(self, _: f64) -> Result<Described, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_char(self, value: char) -> Result<Described, fmt::Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Described, fmt::Error> {
        Ok(Described::Value(Attribute::Text(value.to_string())))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Described, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_none(self) -> Result<Described, fmt::Error> {
        Ok(Described::Nothing)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Described, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Described, fmt::Error> {
        Ok(Described::Nothing)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Described, fmt::Error> {
        Ok(Described::Nothing)
    }

    fn serialize_unit_variant(
        self,
        of: &'static str,
        _: u32,
        name: &'static str,
    ) -> Result<Described, fmt::Error> {
        if of != "DType" {
            return self.serialize_str(name);
        }
        let dtype: Result<DType, value::Error> = DType::deserialize(name.into_deserializer());
        dtype.map(|dtype| Described::Value(Attribute::DType(dtype))).map_err(|_| fmt::Error)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Described, fmt::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Described, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements, fmt::Error> {
        Ok(Elements(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements, fmt::Error> {
        Ok(Elements(Vec::new()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Elements, fmt::Error> {
        Ok(Elements(Vec::new()))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, fmt::Error> {
        Err(fmt::Error)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, fmt::Error> {
        Ok(Fields::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, fmt::Error> {
        Ok(Fields::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, fmt::Error> {
        Err(fmt::Error)
    }
}

/// The elements of a list so far.
struct Elements(Vec<Attribute>);

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.0.push(value.serialize(Describe)?.element());
        Ok(())
    }

    fn done(self) -> Described {
        Described::Value(Attribute::List(self.0))
    }
}

impl ser::SerializeSeq for Elements {
    type Ok = Described;
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.push(value)
    }

    fn end(self) -> Result<Described, fmt::Error> {
        Ok(self.done())
    }
}

impl ser::SerializeTuple for Elements {
    type Ok = Described;
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.push(value)
    }

    fn end(self) -> Result<Described, fmt::Error> {
        Ok(self.done())
    }
}

impl ser::SerializeTupleStruct for Elements {
    type Ok = Described;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        self.push(value)
    }

    fn end(self) -> Result<Described, fmt::Error> {
        Ok(self.done())
    }
}

/// The fields of a struct so far; or the variant of an enum, which is written as a map of one entry.
#[derive(Default)]
struct Fields {
    fields: BTreeMap<String, Attribute>,
    variant: Option<String>,
    alone: Option<Attribute>,
}

impl ser::SerializeStruct for Fields {
    type Ok = Described;
    type Error = fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), fmt::Error> {
        match value.serialize(Describe)? {
            Described::Named(inner) => self.fields.extend(inner),
            Described::Value(value) => drop(self.fields.insert(key.to_string(), value)),
            Described::Nothing => {}
        }
        Ok(())
    }

    fn end(self) -> Result<Described, fmt::Error> {
        Ok(Described::Named(self.fields))
    }
}

impl ser::SerializeMap for Fields {
    type Ok = Described;
    type Error = fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), fmt::Error> {
        if let Described::Value(Attribute::Text(name)) = key.serialize(Describe)? {
            self.variant = Some(name);
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), fmt::Error> {
        let variant = self.variant.take();
        let name = VARIANTS.iter().find(|(name, _)| variant.as_deref() == Some(*name));
        match (value.serialize(Describe)?, name) {
            (Described::Named(inner), _) => self.fields.extend(inner),
            (Described::Value(value), Some((_, name))) => {
                drop(self.fields.insert((*name).to_string(), value))
            }
            (Described::Value(value), None) => self.alone = Some(value),
            (Described::Nothing, _) => {}
        }
        Ok(())
    }

    fn end(self) -> Result<Described, fmt::Error> {
        Ok(self.alone.map_or(Described::Named(self.fields), Described::Value))
    }
}
