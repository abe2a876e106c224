//! Enums that are written by the names of their variants in every format. Derived code writes positions to
//! formats such as bincode, so that a new operation would make another one of each that comes after it.

/// For an enum without values: its variants are strings.
macro_rules! names {
    ($enum:ident { $($variant:ident),* $(,)? }) => {
        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(match self { $($enum::$variant => stringify!($variant)),* })
            }
        }

        impl<'de> serde::Deserialize<'de> for $enum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$enum, D::Error> {
                struct Name;

                impl serde::de::Visitor<'_> for Name {
                    type Value = $enum;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the name of a ", stringify!($enum)))
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$enum, E> {
                        match name {
                            $(stringify!($variant) => Ok($enum::$variant),)*
                            _ => Err(E::unknown_variant(name, &[$(stringify!($variant)),*])),
                        }
                    }
                }

                deserializer.deserialize_str(Name)
            }
        }
    };
}

/// For an enum whose variants have one value each: a map of one entry, from the name to the value.
macro_rules! named_values {
    ($enum:ident { $($variant:ident($value:ty)),* $(,)? }) => {
        impl serde::Serialize for $enum {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(Some(1))?;
                match self { $($enum::$variant(value) => map.serialize_entry(stringify!($variant), value)?),* }
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $enum {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$enum, D::Error> {
                struct Entry;

                impl<'de> serde::de::Visitor<'de> for Entry {
                    type Value = $enum;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a map of one entry, the name of a ", stringify!($enum)))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$enum, A::Error> {
                        use serde::de::Error;
                        let name = map.next_key::<String>()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                        let value = match &name[..] {
                            $(stringify!($variant) => $enum::$variant(map.next_value::<$value>()?),)*
                            _ => return Err(A::Error::unknown_variant(&name, &[$(stringify!($variant)),*])),
                        };
                        match map.next_key::<String>()? {
                            None => Ok(value),
                            Some(_) => Err(A::Error::invalid_length(2, &self)),
                        }
                    }
                }

                deserializer.deserialize_map(Entry)
            }
        }
    };
}

pub(crate) use {named_values, names};
