use super::super::parse;
use super::*;

fn ordered(text: &str) -> Vec<String> {
    let (lines, odd) = parse(text);
    assert_eq!(odd, Vec::<String>::new());
    order(lines)
        .iter()
        .map(|line| format!("{} {}", line.kind, line.path))
        .collect()
}

#[test]
fn parents_first_then_as_named() {
    assert_eq!(
        ordered("d /b/c/d\nd /x\nz /b/c\nd /a\nd /b\nd /b/c/d/e\n"),
        ["d /b", "z /b/c", "d /b/c/d", "d /x", "d /a", "d /b/c/d/e"]
    );
    assert_eq!(ordered("d /a\nz /\nd /"), ["d /a", "d /", "z /"]);
    // A neighbour is no parent.
    assert_eq!(ordered("d /ab\nd /a"), ["d /ab", "d /a"]);
}

#[test]
fn patterns_last_and_makers_first() {
    assert_eq!(
        ordered("z /a/*\nw /a/b - - - - x\nf /a/b"),
        ["f /a/b", "z /a/*", "w /a/b"]
    );
    assert_eq!(
        ordered("a /a - - - - x\nz /a\ne /a\nZ /a"),
        ["e /a", "Z /a", "a /a", "z /a"]
    );
}

#[test]
fn the_first_of_two_that_differ() {
    assert_eq!(ordered("d /a 0755\nd /a 0700\nf /a"), ["d /a"]);
    assert_eq!(
        ordered("q /a 0755\nd /a 0755\nd /a 0755"),
        ["d /a", "d /a", "q /a"]
    );
    assert_eq!(
        ordered("L /a - - - - b\nL+ /a - - - - b\nL /a - - - - c"),
        ["L /a", "L /a"]
    );
    assert_eq!(
        ordered("w+ /a - - - - b\nw+ /a - - - - c\nw /a - - - - d"),
        ["w /a", "w /a"]
    );
    assert_eq!(ordered("z /a 0755\nz /a 0700"), ["z /a", "z /a"]);
}
