//! JSON as its schema means it: an object for a struct, and `2.0` for the integer 2.
//!
//! Code that `serde` derives also reads a struct from an array, its fields by position, and does
//! not read an integer from a number with a zero fraction. A JSON Schema differs in both cases, and
//! so does the document of an API. [`Strict`] wraps a deserializer and passes everything on, except
//! for these two. It allocates nothing.
//!
//! `serde` buffers the content of untagged and internally tagged enums and of flattened fields, and reads it from the buffer without
//! asking again. What goes into the buffer as `2.0` goes in as 2, which a float is read from, too. But nested structs are still read from
//! arrays there; a body of such a type is checked by its schema first, where it has one.

use std::fmt::{self, Write as _};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, Expected, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor,
    },
};

/// Reads a JSON text, whole.
pub(crate) fn from_slice<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = T::deserialize(Strict(&mut deserializer))?;
    deserializer.end()?;
    Ok(value)
}

/// A deserializer, a seed, or one of serde's accesses, which reads strictly.
pub(super) struct Strict<T>(pub(super) T);

/// The input that a visitor expects.
const ANYTHING: u8 = 0;
/// A list, a map, an option: their parts are read strictly.
const PARTS: u8 = 1;
/// A struct: never an array.
const OBJECT: u8 = 2;
/// An integer: also one with a fraction of zero.
const INTEGER: u8 = 3;
/// A float of 32 bits, which `serde` makes infinite of a number that is too large.
const SINGLE: u8 = 4;

struct Wrapped<V, const WAITS_FOR: u8>(V);

/// Passes a method on with the visitor unchanged: the value has no parts.
macro_rules! as_it_is {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method(visitor)
        })*
    };
}

/// Hands a method on with the visitor wrapped.
macro_rules! wrapped {
    ($($method:ident($($name:ident: $type:ty),*) => $waits_for:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$method($($name,)* Wrapped::<V, $waits_for>(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<D> {
    type Error = D::Error;

    as_it_is! {
        deserialize_bool deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_identifier deserialize_ignored_any deserialize_i128 deserialize_u128
    }

    wrapped! {
        deserialize_any() => ANYTHING;
        deserialize_i8() => INTEGER;
        deserialize_i16() => INTEGER;
        deserialize_i32() => INTEGER;
        deserialize_i64() => INTEGER;
        deserialize_u8() => INTEGER;
        deserialize_u16() => INTEGER;
        deserialize_u32() => INTEGER;
        deserialize_u64() => INTEGER;
        deserialize_f32() => SINGLE;
        deserialize_option() => PARTS;
        deserialize_newtype_struct(name: &'static str) => PARTS;
        deserialize_seq() => PARTS;
        deserialize_tuple(length: usize) => PARTS;
        deserialize_tuple_struct(name: &'static str, length: usize) => PARTS;
        deserialize_map() => PARTS;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) => OBJECT;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) => PARTS;
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

/// Hands a value on.
macro_rules! values {
    ($($method:ident: $type:ty;)*) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.0.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>, const WAITS_FOR: u8> Visitor<'de> for Wrapped<V, WAITS_FOR> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(formatter)
    }

    values! {
        visit_bool: bool;
        visit_i8: i8;
        visit_i16: i16;
        visit_i32: i32;
        visit_i64: i64;
        visit_i128: i128;
        visit_u8: u8;
        visit_u16: u16;
        visit_u32: u32;
        visit_u64: u64;
        visit_u128: u128;
        visit_f32: f32;
        visit_char: char;
        visit_str: &str;
        visit_borrowed_str: &'de str;
        visit_string: String;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if (WAITS_FOR == INTEGER || WAITS_FOR == ANYTHING)
            && let Some(integer) = integer(value)
            && (WAITS_FOR == INTEGER || is_buffer(&self.0))
        {
            return match u64::try_from(integer) {
                Ok(integer) => self.0.visit_u64(integer),
                Err(_) => self.0.visit_i64(integer),
            };
        }
        if WAITS_FOR == SINGLE && value.is_finite() && narrowed(value).is_infinite() {
            return Err(E::invalid_value(Unexpected::Float(value), &self));
        }
        self.0.visit_f64(value)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        if WAITS_FOR == OBJECT || WAITS_FOR == ANYTHING && expects_an_object(&self.0) {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.0.visit_seq(Strict(access))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(access))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(Strict(access))
    }
}

/// The number as `serde` makes 32 bits of it.
fn narrowed(value: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "that is what is asked")]
    let narrow = value as f32;
    narrow
}

/// The number, if it is an integer that a float represents exactly: up to 2^53.
fn integer(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it has no fraction and is small enough"
    )]
    let integer = (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64);
    integer
}

/// True if a visitor is `serde`'s own buffer, by its text. Others that take any value, `serde_json::Value` say, keep `2.0` as it is written.
fn is_buffer<'de>(visitor: &impl Visitor<'de>) -> bool {
    /// Takes a text as long as it is the beginning of this.
    struct Rest(&'static str);

    impl fmt::Write for Rest {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
            Ok(())
        }
    }

    let mut rest = Rest("any value");
    write!(rest, "{}", visitor as &dyn Expected).is_ok() && rest.0.is_empty()
}

/// True if a visitor for any value expects an object, according to the text that `serde` derives
/// for it.
///
/// `serde` reads an internally tagged enum, and a struct variant whose tag is known, as "any
/// value", and accepts an array for both. Its visitors differ in nothing else. A type with a custom
/// `expecting` text is not recognised.
fn expects_an_object<'de>(visitor: &impl Visitor<'de>) -> bool {
    /// Takes a text as long as it can still be one of these.
    struct Prefix([Option<&'static str>; 3], bool);

    impl fmt::Write for Prefix {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for rest in &mut self.0 {
                *rest = rest.and_then(|rest| match rest.strip_prefix(text) {
                    Some(rest) => Some(rest),
                    None if text.starts_with(rest) => {
                        self.1 = true;
                        None
                    }
                    None => None,
                });
            }
            // Enough is known.
            let open = !self.1 && self.0.iter().any(Option::is_some);
            if open { Ok(()) } else { Err(fmt::Error) }
        }
    }

    let mut prefix = Prefix(
        [
            Some("struct "),
            Some("internally tagged enum "),
            Some("adjacently tagged enum "),
        ],
        false,
    );
    // The error only ends the writing early.
    let _ = write!(prefix, "{}", visitor as &dyn Expected);
    prefix.1
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Strict(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

/// Keys are texts, which have no parts.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Strict(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Strict<A> {
    type Error = A::Error;
    type Variant = Strict<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let (variant, access) = self.0.variant_seed(seed)?;
        Ok((variant, Strict(access)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Strict<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(Strict(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Wrapped::<V, PARTS>(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Wrapped::<V, OBJECT>(visitor))
    }
}

#[cfg(test)]
#[path = "strict/tests.rs"]
mod tests;
