//! The shape of both payload formats, as serde reads it.
//!
//! Texts stay borrowed unless they hold an escape. What is `null` is as good as absent: format 1.0 writes `null` where 2.0
//! leaves the key out. `[R/U]` gateway-truth §0 row 5. Keys that are not named here are skipped.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Makes a type of a visitor: `null` is its default, anything else is read by the visitor. Not
/// inlined, as serde would do for each of about twenty members.
macro_rules! read_or_null {
    ($type:ident, $visitor:ident, $expecting:literal, $method:ident) => {
        impl<'de: 'e, 'e> Deserialize<'de> for $type<'e> {
            #[inline(never)]
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_option(OrNull($visitor))
            }
        }

        impl<'de> Visitor<'de> for OrNull<$visitor> {
            type Value = $type<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expecting)
            }

            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Self::Value::default())
            }

            fn visit_some<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Self::Value, D::Error> {
                deserializer.$method(self.0)
            }
        }
    };
}

struct OrNull<V>(V);

/// Declares an object by its members, as read from the event. Serde's derive does the same with ten
/// times as much code: it keeps each member in its own variable until all are read.
macro_rules! object {
    ($(#[$doc:meta])* struct $name:ident { $($key:literal => $member:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name<'e> {
            $(pub(super) $member: $type,)*
        }

        const _: () = {
            struct VisitObject;

            read_or_null!($name, VisitObject, "an object", deserialize_map);

            impl<'de> Visitor<'de> for VisitObject {
                type Value = $name<'de>;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut object = $name::default();
                    while let Some(Text(key)) = map.next_key()? {
                        match &*key {
                            $($key => object.$member = map.next_value()?,)*
                            _ => drop(map.next_value::<IgnoredAny>()?),
                        }
                    }
                    Ok(object)
                }
            }
        };
    };
}

object! {
    /// The union of both formats.
    struct Event {
        "version" => version: Text<'e>,
        "headers" => headers: Pairs<'e>,
        "pathParameters" => path_parameters: Pairs<'e>,
        "stageVariables" => stage_variables: Pairs<'e>,
        "requestContext" => request_context: Context<'e>,
        "body" => body: Text<'e>,
        "isBase64Encoded" => is_base64_encoded: Option<bool>,
        // Format 2.0.
        "routeKey" => route_key: Text<'e>,
        "rawPath" => raw_path: Text<'e>,
        "rawQueryString" => raw_query_string: Text<'e>,
        "cookies" => cookies: Option<Vec<Text<'e>>>,
        // Format 1.0.
        "resource" => resource: Text<'e>,
        "path" => path: Text<'e>,
        "httpMethod" => http_method: Text<'e>,
        "multiValueHeaders" => multi_value_headers: Lists<'e>,
        "queryStringParameters" => query_string_parameters: Pairs<'e>,
        "multiValueQueryStringParameters" => multi_value_query_string_parameters: Lists<'e>,
    }
}

object! {
    struct Context {
        "stage" => stage: Text<'e>,
        "requestId" => request_id: Text<'e>,
        "http" => http: Http<'e>,
        // In format 1.0, if it has only the source's address.
        "identity" => identity: Http<'e>,
        // Only a load balancer's event has it; the rest of that looks like format 1.0.
        "elb" => elb: Option<IgnoredAny>,
    }
}

object! {
    struct Http {
        "method" => method: Text<'e>,
        "path" => path: Text<'e>,
        "sourceIp" => source_ip: Text<'e>,
    }
}

/// A text, borrowed from the event where it has no escape; serde's own `Cow` never borrows. `null` is the empty text.
#[derive(Debug)]
pub(super) struct Text<'e>(pub(super) Cow<'e, str>);

impl Default for Text<'_> {
    fn default() -> Self {
        Self(Cow::Borrowed(""))
    }
}

/// The members of an object of texts, in the event's order.
#[derive(Debug, Default)]
pub(super) struct Pairs<'e>(pub(super) Vec<(Cow<'e, str>, Cow<'e, str>)>);

/// The members of an object of lists of texts, one pair for each text.
#[derive(Debug, Default)]
pub(super) struct Lists<'e>(pub(super) Vec<(Cow<'e, str>, Cow<'e, str>)>);

read_or_null!(Text, VisitText, "a string", deserialize_str);
read_or_null!(Pairs, VisitPairs, "an object of strings", deserialize_map);
read_or_null!(
    Lists,
    VisitLists,
    "an object of lists of strings",
    deserialize_map
);

struct VisitText;

impl<'de> Visitor<'de> for VisitText {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

struct VisitPairs;

impl<'de> Visitor<'de> for VisitPairs {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(16);
        while let Some((Text(name), Text(value))) = map.next_entry()? {
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }
}

struct VisitLists;

impl<'de> Visitor<'de> for VisitLists {
    type Value = Lists<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of lists of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::with_capacity(16);
        while let Some(Text(name)) = map.next_key()? {
            map.next_value_seed(Values {
                name,
                pairs: &mut pairs,
            })?;
        }
        Ok(Lists(pairs))
    }
}

/// Reads one list of [`Lists`], without a vector of its own.
struct Values<'p, 'e> {
    name: Cow<'e, str>,
    pairs: &'p mut Vec<(Cow<'e, str>, Cow<'e, str>)>,
}

impl<'de> DeserializeSeed<'de> for Values<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(Text(value)) = list.next_element()? {
            self.pairs.push((self.name.clone(), value));
        }
        Ok(())
    }
}
