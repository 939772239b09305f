//! The condensed form: what is written is read, what is wrong is marked, and damage does no harm.

use super::condense::MAX_NEEDS;
use super::{Columns, tables};

const GOOD: &str = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1-r0\nA:x86_64\nS:10\nI:20\n\
                    D:b>1 !c\np:so:a=1\ni:d\nk:7\no:src\n";

fn columns(text: &str) -> Columns {
    Columns::new(tables(text.as_bytes()).unwrap().into()).unwrap()
}

/// Of each package, its name and what makes it uninstallable.
fn flaws(text: &str) -> Vec<(String, Option<String>)> {
    let columns = columns(text);
    let texts: Vec<_> = columns.texts().collect();
    let read = |text: u32| {
        let range = &texts[text as usize];
        &columns.arena()[range.start as usize..range.end as usize]
    };
    let names: Vec<_> = columns.names().map(|(text, _)| text).collect();
    columns
        .rows()
        .map(|row| {
            let says = |flaw: super::Flaw| flaw.says(flaw.text().map_or("", read));
            let name = read(names[row.name as usize]).to_owned();
            (name, row.flaw.map(says))
        })
        .collect()
}

#[test]
fn a_paragraph_is_read_as_it_was_written() {
    let columns = columns(GOOD);
    let rows: Vec<_> = columns.rows().collect();
    let [row] = &rows[..] else {
        panic!("{} rows", rows.len())
    };
    assert!(row.flaw.is_none() && !row.empty);
    assert_eq!((row.size, row.priority), (10, 7));
    assert_eq!(
        (row.depends.len(), row.provides.len(), row.install_if.len()),
        (2, 1, 1)
    );
    assert_eq!(columns.needs().count(), 4);
}

#[test]
fn what_cannot_be_understood_marks_its_package_alone() {
    for (from, to, word) in [
        ("Q1AAAA", "Q2AAAA", "Q2AAAA"),
        ("V:1-r0", "V:1 r0", "1 r0"),
        ("P:a", "P:a/b", ""),
        ("S:10\n", "", ""),
        ("S:10", "S:ten", ""),
        ("D:b>1", "D:b>", ""),
        ("k:7", "no field", "no field"),
    ] {
        let text = format!("{}\n{}", GOOD.replace(from, to), GOOD.replace("P:a", "P:z"));
        let found = flaws(&text);
        assert_eq!(found.len(), 2, "{to}");
        let says = found[0].1.as_deref().unwrap_or_else(|| panic!("{to}"));
        assert!(says.contains(word), "{to}: {says}");
        assert_eq!(found[1], ("z".to_owned(), None), "{to}");
    }
}

#[test]
fn a_package_asks_for_no_more_than_the_bound() {
    let asking = |count: usize| GOOD.replace("b>1 !c", &"b ".repeat(count));
    assert_eq!(flaws(&asking(MAX_NEEDS))[0].1, None);
    assert!(flaws(&asking(MAX_NEEDS + 1))[0].1.is_some());
    let many = columns(&asking(3 * MAX_NEEDS));
    assert!(many.needs().count() <= MAX_NEEDS + 3);
}

#[test]
fn damage_to_the_condensed_form_does_no_harm() {
    let whole = tables(GOOD.as_bytes()).unwrap();
    for place in 0..whole.len() {
        assert!(Columns::new(whole[..place].into()).is_err(), "{place}");
        for bit in [1, 0x80] {
            let mut bytes = whole.clone();
            bytes[place] ^= bit;
            if let Ok(columns) = Columns::new(bytes.into()) {
                columns.rows().for_each(drop);
                assert!(columns.texts().count() <= whole.len());
            }
        }
    }
}
