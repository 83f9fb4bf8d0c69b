use std::{borrow::Cow, collections::BTreeMap, fmt::Debug, num::NonZeroU8};

use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};

use super::from_slice;

#[derive(Debug, PartialEq, Deserialize)]
struct Item {
    name: String,
    count: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Pair(i64, Item);

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapper(Item);

#[derive(Debug, PartialEq, Deserialize)]
struct Unit;

#[derive(Debug, PartialEq, Deserialize)]
enum Plain {
    Unit,
    New(Item),
    Tuple(u8, Item),
    Struct { item: Item },
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Circle { radius: f64 },
    Item(Item),
    Nothing,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", content = "value")]
enum Adjacent {
    Circle { radius: f64 },
    Item(Item),
    Both(u8, Item),
    Nothing,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    item: Item,
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    from_slice(value.to_string().as_bytes()).map_err(|error| error.to_string())
}

#[track_caller]
fn refused<T: DeserializeOwned + Debug>(value: &Value, text: &str) {
    let error = read::<T>(value).unwrap_err();
    assert!(error.starts_with(text), "{value}: {error}");
}

#[test]
fn a_struct_is_an_object_wherever_it_stands() {
    let (item, array) = (json!({"name": "a", "count": 1}), json!(["a", 1]));
    assert!(read::<Item>(&item).is_ok());
    let text = "invalid type: sequence, expected struct Item";
    refused::<Item>(&array, text);
    refused::<Wrapper>(&array, text);
    refused::<Option<Item>>(&array, text);
    refused::<Box<Item>>(&array, text);
    refused::<Vec<Item>>(&json!([item, array]), text);
    refused::<BTreeMap<String, Item>>(&json!({"a": array}), text);
    refused::<(u8, Item)>(&json!([1, array]), text);
    refused::<Pair>(&json!([1, array]), text);
    refused::<Plain>(&json!({"New": array}), text);
    refused::<Plain>(&json!({"Tuple": [1, array]}), text);
    refused::<Plain>(&json!({"Struct": {"item": array}}), text);
    refused::<Plain>(
        &json!({"Struct": [item]}),
        "invalid type: sequence, expected struct variant Plain::Struct",
    );
    refused::<Flat>(
        &json!([1, "a", 1]),
        "invalid type: sequence, expected struct Flat",
    );
    // An empty array is not an object without fields either.
    #[derive(Debug, Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Optional {
        a: u8,
    }
    refused::<Optional>(
        &json!([]),
        "invalid type: sequence, expected struct Optional",
    );

    // What is an array stays one.
    assert!(read::<Pair>(&json!([1, item])).is_ok());
    assert!(read::<(u8, Item)>(&json!([1, item])).is_ok());
    assert_eq!(
        read(&json!({"Tuple": [1, item]})),
        read::<Item>(&item).map(|item| Plain::Tuple(1, item))
    );
    assert_eq!(read(&json!("Unit")), Ok(Plain::Unit));
    assert_eq!(read(&json!(null)), Ok(Unit));
}

#[test]
fn a_tagged_enum_is_an_object() {
    let (item, array) = (json!({"name": "a", "count": 1}), json!(["a", 1]));
    assert_eq!(
        read(&json!({"kind": "Circle", "radius": 1})),
        Ok(Internal::Circle { radius: 1.0 })
    );
    assert_eq!(read(&json!({"kind": "Nothing"})), Ok(Internal::Nothing));
    assert!(read::<Internal>(&json!({"kind": "Item", "name": "a", "count": 1})).is_ok());
    refused::<Internal>(
        &json!(["Circle", 1.0]),
        "invalid type: sequence, expected internally tagged enum Internal",
    );
    refused::<Vec<Internal>>(
        &json!([["Nothing"]]),
        "invalid type: sequence, expected internally tagged enum Internal",
    );

    assert!(read::<Adjacent>(&json!({"kind": "Item", "value": item})).is_ok());
    assert!(read::<Adjacent>(&json!({"kind": "Both", "value": [1, item]})).is_ok());
    assert_eq!(read(&json!({"kind": "Nothing"})), Ok(Adjacent::Nothing));
    refused::<Adjacent>(
        &json!(["Circle", {"radius": 1}]),
        "invalid type: sequence, expected adjacently tagged enum Adjacent",
    );
    refused::<Adjacent>(
        &json!({"kind": "Circle", "value": [1]}),
        "invalid type: sequence, expected struct variant Adjacent::Circle",
    );
    refused::<Adjacent>(
        &json!({"kind": "Item", "value": array}),
        "invalid type: sequence, expected struct Item",
    );
}

/// `serde` reads these from a buffer of its own.
#[test]
fn an_integer_in_a_buffer_may_be_written_with_a_fraction_of_zero() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Pages(u16),
        Played((u8, u8)),
        Ratio { of: f64 },
    }
    assert_eq!(read(&json!(698.0)), Ok(Untagged::Pages(698)));
    assert_eq!(read(&json!([1.0, 2])), Ok(Untagged::Played((1, 2))));
    assert_eq!(read(&json!({"of": 2.0})), Ok(Untagged::Ratio { of: 2.0 }));
    assert!(read::<Untagged>(&json!(1.5)).is_err());
    let item = || Item {
        name: "a".to_owned(),
        count: 3,
    };
    let fields = json!({"kind": "Item", "name": "a", "count": 3.0});
    assert_eq!(read(&fields), Ok(Internal::Item(item())));
    let flat = json!({"id": 1.0, "name": "a", "count": 3.0});
    assert_eq!(
        read(&flat),
        Ok(Flat {
            id: 1,
            item: item()
        })
    );
    // The tag comes last, so all before it is buffered.
    let text = br#"{"value": [1.0, {"name": "a", "count": 3.0}], "kind": "Both"}"#;
    assert_eq!(
        from_slice::<Adjacent>(text).ok(),
        Some(Adjacent::Both(1, item()))
    );
    // What is kept as it is written stays so.
    assert_eq!(from_slice::<Value>(b"2.0").ok(), Some(json!(2.0)));
}

#[test]
fn an_integer_may_be_written_with_a_fraction_of_zero() {
    fn number<T: DeserializeOwned>(text: &str) -> Result<T, String> {
        from_slice(text.as_bytes()).map_err(|error| error.to_string())
    }

    assert_eq!(number::<u8>("0.0"), Ok(0));
    assert_eq!(number::<u8>("-0.0"), Ok(0));
    assert_eq!(number::<u8>("255.0"), Ok(255));
    assert_eq!(number::<i8>("-1.0"), Ok(-1));
    assert_eq!(number::<u64>("1e3"), Ok(1000));
    assert_eq!(
        number::<i64>("-9007199254740992.0"),
        Ok(-9_007_199_254_740_992)
    );
    assert_eq!(number::<NonZeroU8>("2.0"), Ok(NonZeroU8::new(2).unwrap()));
    assert_eq!(number::<Option<u32>>("7.0"), Ok(Some(7)));
    assert_eq!(number::<Vec<u32>>("[1.0, 2]"), Ok(vec![1, 2]));
    assert_eq!(number::<f64>("1.0"), Ok(1.0));
    assert_eq!(number::<f32>("3.4028234663852886e38"), Ok(f32::MAX));
    assert_eq!(number::<f32>("7"), Ok(7.0));
    // `serde` alone reads infinity, which is written as null.
    for text in ["1e39", "-3.5e38"] {
        let error = number::<f32>(text).unwrap_err();
        assert!(
            error.starts_with("invalid value: floating point"),
            "{error}"
        );
    }
    // A value of any kind keeps how it was written.
    assert_eq!(number::<Value>("[1.0, 1]").unwrap().to_string(), "[1.0,1]");

    for (text, message) in [
        ("0.5", "invalid type: floating point `0.5`, expected u8"),
        ("256.0", "invalid value: integer `256`, expected u8"),
        ("-1.0", "invalid value: integer `-1`, expected u8"),
        (
            "1e300",
            "invalid type: floating point `1e+300`, expected u8",
        ),
    ] {
        let error = number::<u8>(text).unwrap_err();
        assert!(error.starts_with(message), "{text}: {error}");
    }
    // Past 2^53 a float no longer says which integer was meant.
    assert!(number::<u64>("9007199254740994.0").is_err());
    assert_eq!(number::<u64>("18446744073709551615"), Ok(u64::MAX));
}

#[test]
fn the_rest_is_read_as_ever() {
    #[derive(Debug, Deserialize)]
    struct Borrowed<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        raw: Box<RawValue>,
        bytes: Vec<u8>,
        keys: BTreeMap<u8, char>,
        #[serde(default)]
        missing: Option<bool>,
    }

    let json =
        br#"{"text":"a\n","raw":[1.0,{"a" : 1}],"bytes":[1,2],"keys":{"1":"x"},"unknown":[[{}]]}"#;
    let read: Borrowed<'_> = from_slice(json).unwrap();
    assert_eq!(read.text, "a\n");
    assert_eq!(read.raw.get(), r#"[1.0,{"a" : 1}]"#);
    assert_eq!(
        (read.bytes, read.keys[&1], read.missing),
        (vec![1, 2], 'x', None)
    );
    assert!(from_slice::<Box<RawValue>>(b"[1] 2").is_err());
    assert_eq!(
        from_slice::<u8>(b"1 2").unwrap_err().to_string(),
        "trailing characters at line 1 column 3"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,6}".prop_map(Value::from),
        Just(json!({"name": "a", "count": 1})),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Without structs and integers nothing is read otherwise.
    #[test]
    fn any_value_is_read_as_plain_serde_reads_it(value in any_json()) {
        let text = value.to_string();
        let plain: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(from_slice::<Value>(text.as_bytes()).unwrap(), plain);
    }

    /// What is read strictly, serde reads to the same value.
    #[test]
    fn what_is_read_is_what_plain_serde_reads(value in any_json()) {
        let text = value.to_string();
        if let Ok(strict) = from_slice::<Vec<Item>>(text.as_bytes()) {
            let plain: Vec<Item> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(strict, plain);
        }
    }
}
