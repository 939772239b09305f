//! Shapes, texts and places.

use super::super::fault::At;
use super::super::yaml::{Document, Form, Kind};

fn place(text: &str, path: &[&str]) -> (usize, usize) {
    let document = Document::read(text).unwrap();
    let mut node = &document.root;
    for step in path {
        node = match step.parse::<usize>() {
            Ok(index) => &node.items()[index],
            Err(_) => node.get(step).unwrap(),
        };
    }
    match document.locate(node.id) {
        At::Place { line, column, .. } => (line, column),
        other => panic!("{other:?}"),
    }
}

#[test]
fn scalars_stay_as_written() {
    let text = "a: 1.20\nb: 0755\nc: no\nd: 755\ne: ~\nf:\ng: true\nh: \"tr\\u0075e\"\ni: 1e3\n";
    let document = Document::read(text).unwrap();
    let get = |key| match &document.root.get(key).unwrap().kind {
        Kind::Scalar(text, form, _) => (text.clone(), Some(*form)),
        Kind::Null(text) => (text.clone(), None),
        other => panic!("{other:?}"),
    };
    assert_eq!(get("a"), ("1.20".into(), Some(Form::Float)));
    assert_eq!(get("b"), ("0755".into(), Some(Form::Text)));
    assert_eq!(get("c"), ("no".into(), Some(Form::Text)));
    assert_eq!(get("d"), ("755".into(), Some(Form::Integer)));
    assert_eq!(get("e"), ("~".into(), None));
    assert_eq!(get("f"), (String::new(), None));
    assert_eq!(get("g"), ("true".into(), Some(Form::Bool)));
    assert_eq!(get("h"), ("true".into(), Some(Form::Text)));
    assert_eq!(get("i"), ("1e3".into(), Some(Form::Float)));
}

#[test]
fn every_style_has_its_place() {
    let text = "\
# comment
caf\u{e9}: {a: [x,
   \"y\\n\", 'z'], b: |
";
    assert!(Document::read(text).is_err(), "a block scalar in flow");
    let text = "\
# comment
caf\u{e9}: {\u{e9}: [x,
   \"y\\n\", 'z']}
b: |
  text
  - more
c:
- 1
-   d: >-
     folded
    e: *no
";
    assert!(Document::read(text).is_err());
    let text = text.replace("*no", "&x 5\nf: *x").replace("\n", "\r\n");
    assert_eq!(place(&text, &["caf\u{e9}"]), (2, 7));
    assert_eq!(place(&text, &["caf\u{e9}", "\u{e9}", "1"]), (3, 4));
    assert_eq!(place(&text, &["caf\u{e9}", "\u{e9}", "2"]), (3, 11));
    assert_eq!(place(&text, &["b"]), (4, 4));
    assert_eq!(place(&text, &["c"]), (8, 1));
    assert_eq!(place(&text, &["c", "1"]), (9, 5));
    assert_eq!(place(&text, &["c", "1", "d"]), (9, 8));
    assert_eq!(place(&text, &["c", "1", "e"]), (11, 8));
    // What an alias stands for is where the anchor is.
    assert_eq!(place(&text, &["f"]), (11, 8));
    let document = Document::read(&text).unwrap();
    assert_eq!(document.line(document.root.get("c").unwrap()), 8);
    assert_eq!(
        document.line(&document.root.get("c").unwrap().items()[1]),
        9
    );
}

#[test]
fn bombs_and_depths_have_bounds() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let list = vec![below; 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    let fault = Document::read(&bomb).unwrap_err();
    assert!(fault.message.contains("its aliases followed"), "{fault:?}");
    for open in ["[", "{a: "] {
        let fault = Document::read(&open.repeat(3000)).unwrap_err();
        assert!(!fault.message.is_empty());
        let text = format!("{}{}", open.repeat(500), "}".repeat(500));
        assert!(Document::read(&text).is_err());
    }
}
