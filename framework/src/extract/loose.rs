//! JSON whose values may have become text on the way: gateways pass claims and contexts like this.
//!
//! `[U]` gateway-truth §1.9: a JWT's numbers and booleans arrive as text, lists as `[a b]`, objects as their JSON text. `[D]` §2.6: so does
//! a Lambda authorizer's context behind a REST API. What the type asks for decides how a text is read.

use serde::{
    Deserializer,
    de::{
        Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Map, Value};

/// A value that is read loosely.
#[derive(Clone, Debug)]
pub(super) struct Loose(pub(super) Value);

impl Loose {
    pub(super) fn object(object: Map<String, Value>) -> Self {
        Self(Value::Object(object))
    }

    /// The text as JSON of that kind, if it is that.
    fn inner(text: &str, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        serde_json::from_str(text).ok().filter(fits)
    }

    fn seq<'de, V: Visitor<'de>>(list: Vec<Value>, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(list.into_iter().map(Self)))
    }

    fn map<'de, V: Visitor<'de>>(map: Map<String, Value>, visitor: V) -> Result<V::Value, Error> {
        let entries = map.into_iter().map(|(name, value)| (name, Self(value)));
        visitor.visit_map(MapDeserializer::new(entries))
    }
}

impl IntoDeserializer<'_, Error> for Loose {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Numbers and booleans: their text is read where it is one.
macro_rules! scalars {
    ($($method:ident => $type:ty, $visit:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match &self.0 {
                Value::String(text) => match text.parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(Error::invalid_type(Unexpected::Str(text), &visitor)),
                },
                _ => self.0.$method(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Loose {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(list) => Self::seq(list, visitor),
            Value::Object(map) => Self::map(map, visitor),
            other => other.deserialize_any(visitor),
        }
    }

    scalars! {
        deserialize_bool => bool, visit_bool;
        deserialize_i8 => i64, visit_i64;
        deserialize_i16 => i64, visit_i64;
        deserialize_i32 => i64, visit_i64;
        deserialize_i64 => i64, visit_i64;
        deserialize_u8 => u64, visit_u64;
        deserialize_u16 => u64, visit_u64;
        deserialize_u32 => u64, visit_u64;
        deserialize_u64 => u64, visit_u64;
        deserialize_f32 => f64, visit_f64;
        deserialize_f64 => f64, visit_f64;
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            // A text behind one gateway is a number behind another.
            Value::Number(number) => visitor.visit_string(number.to_string()),
            Value::Bool(value) => visitor.visit_string(value.to_string()),
            other => other.deserialize_str(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::String(text) = &self.0 else {
            return self.deserialize_any(visitor);
        };
        if let Some(Value::Array(list)) = Self::inner(text, Value::is_array) {
            return Self::seq(list, visitor);
        }
        let words = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        match words {
            Some(words) => {
                let words = words.split_ascii_whitespace().map(Value::from);
                Self::seq(words.collect(), visitor)
            }
            None => Err(Error::invalid_type(Unexpected::Str(text), &visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Value::String(text) = &self.0
            && let Some(Value::Object(map)) = Self::inner(text, Value::is_object)
        {
            return Self::map(map, visitor);
        }
        if self.0.is_array() {
            return Err(Error::invalid_type(Unexpected::Seq, &visitor));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::Loose;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Plan {
        Free,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Id(u64);

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        deep: i8,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct All {
        sub: String,
        exp: u32,
        score: f64,
        admin: bool,
        id: Id,
        groups: Vec<String>,
        levels: Vec<u8>,
        inner: Inner,
        plan: Plan,
        missing: Option<u8>,
        there: Option<u8>,
    }

    #[test]
    fn texts_are_read_as_what_the_type_asks_for() {
        let texts = json!({
            "sub": "7", "exp": "1700000000", "score": "0.5", "admin": "true", "id": "9",
            "groups": "[a b]", "levels": "[1,2]", "inner": "{\"deep\":\"-1\"}", "plan": "free", "there": "3",
            "unknown": {},
        });
        let values = json!({
            "sub": 7, "exp": 1_700_000_000, "score": 0.5, "admin": true, "id": 9,
            "groups": ["a", "b"], "levels": [1, 2], "inner": {"deep": -1}, "plan": "free", "there": 3,
            "missing": null,
        });
        let expected = All::deserialize(Loose(values)).unwrap();
        assert_eq!((expected.sub.as_str(), expected.exp), ("7", 1_700_000_000));
        assert_eq!(expected.groups, ["a", "b"]);
        assert_eq!(All::deserialize(Loose(texts)).unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        for (value, expected) in [
            (json!("x"), "invalid type: string \"x\", expected u8"),
            (json!("300"), "invalid value: integer `300`, expected u8"),
            (json!("-1"), "invalid type: string \"-1\", expected u8"),
            (json!([]), "invalid type: sequence, expected u8"),
        ] {
            assert_eq!(
                u8::deserialize(Loose(value)).unwrap_err().to_string(),
                expected
            );
        }
        assert!(Vec::<String>::deserialize(Loose(json!("a b"))).is_err());
        // Only an object is a struct.
        assert!(Inner::deserialize(Loose(json!({"deep": 1}))).is_ok());
        for array in [json!([1]), json!("[1]")] {
            assert!(Inner::deserialize(Loose(array)).is_err());
        }
        let any = json!({"a": "1", "b": ["2"]});
        assert_eq!(Value::deserialize(Loose(any.clone())).unwrap(), any);
    }
}
