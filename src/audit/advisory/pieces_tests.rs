use std::io::BufReader;

use proptest::prelude::*;

use super::*;

/// All pieces, read in chunks of `chunk` bytes.
fn pieces(text: &str, shape: Shape, chunk: usize) -> Result<Vec<String>, String> {
    let input = BufReader::with_capacity(chunk, text.as_bytes());
    let mut pieces = Pieces::new(input, shape, 1000, 3000);
    let mut out = Vec::new();
    loop {
        match pieces.next() {
            Ok(Some(Piece { name, value })) => out.push(format!(
                "{}{}",
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(value)
            )),
            Ok(None) => return Ok(out),
            Err(Broken::Syntax(why)) => return Err(why.into()),
            Err(Broken::Limit(what, limit)) => return Err(format!("{limit} {what}")),
            Err(Broken::Total) => return Err("too much".into()),
            Err(Broken::Read(error)) => return Err(error.to_string()),
        }
    }
}

#[test]
fn every_shape_is_cut_at_its_values() {
    for chunk in [1, 2, 3, 100] {
        let row = pieces(" {\"a\":\"}\\\"\"}\n[1,[2]]\n\"x\" 12", Shape::Row, chunk);
        assert_eq!(
            row.unwrap(),
            ["{\"a\":\"}\\\"\"}", "[1,[2]]", "\"x\"", "12"]
        );
        let array = pieces("[ {\"a\":[]} , 7,\"]\" ]\n", Shape::Array, chunk);
        assert_eq!(array.unwrap(), ["{\"a\":[]}", "7", "\"]\""]);
        let object = pieces("{\"a\" : {\"b\":1},\"c\":\"{\"}", Shape::Object, chunk);
        assert_eq!(object.unwrap(), ["\"a\"{\"b\":1}", "\"c\"\"{\""]);
        assert_eq!(pieces("[]", Shape::Array, chunk).unwrap(), [""; 0]);
        assert_eq!(pieces(" { } ", Shape::Object, chunk).unwrap(), [""; 0]);
        assert_eq!(pieces(" \n", Shape::Row, chunk).unwrap(), [""; 0]);
    }
}

#[test]
fn what_is_cut_off_or_goes_on_is_refused() {
    for (text, shape, why) in [
        ("[{\"a\":1}", Shape::Array, "is cut off"),
        ("[{\"a\":1", Shape::Array, "is cut off"),
        ("{\"a\":\"b", Shape::Row, "is cut off"),
        ("{\"a\"", Shape::Object, "lacks a colon after a name"),
        ("{\"a\":", Shape::Object, "is cut off"),
        ("{\"a\":}", Shape::Object, "lacks a value"),
        ("[1 2]", Shape::Array, "lacks a comma between two values"),
        ("[,1]", Shape::Array, "lacks a value"),
        ("[1,]", Shape::Array, "lacks a value"),
        ("[1]x", Shape::Array, "goes on after its end"),
        ("{1:2}", Shape::Object, "lacks a name before a value"),
        ("]", Shape::Row, "lacks a value"),
    ] {
        assert_eq!(pieces(text, shape, 2), Err(why.into()), "{text}");
    }
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = format!("{}{}", "[".repeat(121), "]".repeat(121));
    assert_eq!(
        pieces(&deep, Shape::Row, 50),
        Err("120 levels of nesting".into())
    );
    let deep = format!("{}{}", "[".repeat(120), "]".repeat(120));
    assert!(pieces(&deep, Shape::Row, 50).is_ok());
    let long = format!("\"{}\"", "x".repeat(2000));
    assert_eq!(
        pieces(&long, Shape::Row, 50),
        Err("1000 bytes in one record".into())
    );
    let wide = format!("[{}]", " ".repeat(3001));
    assert_eq!(pieces(&wide, Shape::Array, 50), Err("too much".into()));
    let many = format!("[{}1]", "1,".repeat(3001));
    assert_eq!(pieces(&many, Shape::Array, 50), Err("too much".into()));
    let key = format!("{{{long}:1}}");
    assert_eq!(
        pieces(&key, Shape::Object, 50),
        Err("1000 bytes in one record".into())
    );
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        "[a-z\\\\\"{}\\[\\],:\u{e9}\n]{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[a-z\"\\\\]{0,3}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn pieces_are_the_values_of_the_array(values in prop::collection::vec(json(), 0..5), pretty: bool, chunk in 1usize..20) {
        let array = serde_json::Value::from(values.clone());
        let text = if pretty { format!("{array:#}") } else { array.to_string() };
        let found: Vec<serde_json::Value> = pieces(&text, Shape::Array, chunk)
            .unwrap()
            .iter()
            .map(|piece| serde_json::from_str(piece).unwrap())
            .collect();
        prop_assert_eq!(found, values);
    }

    #[test]
    fn no_text_makes_it_panic_or_loop(text in "[\\[\\]{}\",:\\\\ a1]{0,40}", chunk in 1usize..5) {
        for shape in [Shape::Row, Shape::Array, Shape::Object] {
            let _ = pieces(&text, shape, chunk);
        }
    }
}
