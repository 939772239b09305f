use super::*;

fn book() -> AccountBook {
    AccountBook::new(
        "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n",
        "root:x:0:\nadm:x:4:\nnogroup:x:65534:\n",
        Some("root:*:19000:0:99999:7:::\n"),
        None,
    )
}

fn user(name: &str) -> NewUser {
    NewUser {
        name: name.into(),
        gid: 65534,
        home: "/nonexistent".into(),
        shell: "/bin/false".into(),
        password: "!",
        aging: ":::::",
        ..NewUser::default()
    }
}

#[test]
fn an_account_has_the_same_number_whoever_else_is_there() {
    let mut alone = book();
    let uid = alone.add_user(&user("www"), 5).unwrap();
    assert!(SYSTEM.contains(&uid));
    let mut among = book();
    for name in ["aaa", "bbb", "ccc", "zzz"] {
        among.add_group(name, None).unwrap();
    }
    assert_eq!(among.add_user(&user("www"), 5), Some(uid));
    // Whoever has its place already keeps it.
    let mut taken = book();
    taken.add_group("other", Some(uid)).unwrap();
    assert_ne!(taken.add_user(&user("www"), 5), Some(uid));
}

#[test]
fn a_user_shares_the_number_of_its_group() {
    let mut book = book();
    let gid = book.add_group("www", None).unwrap();
    let new = NewUser { gid, ..user("www") };
    assert_eq!(book.add_user(&new, 5), Some(gid));
    let [passwd, group] = book.open_files();
    assert!(passwd.ends_with(&format!("www:x:{gid}:{gid}::/nonexistent:/bin/false\n")));
    assert!(group.ends_with(&format!("www:x:{gid}:\n")));
    assert!(
        book.hidden_files()[0]
            .as_ref()
            .unwrap()
            .ends_with("\nwww:!:5::::::\n")
    );
}

#[test]
fn what_is_there_stays_and_what_cannot_be_is_refused() {
    let mut book = book();
    assert_eq!(book.add_group("adm", None), Some(4));
    assert_eq!(book.add_group("adm", Some(5)), None);
    assert_eq!(book.add_group("new", Some(4)), None);
    assert_eq!(book.add_user(&user("root"), 5), Some(0));
    for name in ["", "a:b", "-x", "a\nb", &"x".repeat(40)] {
        assert_eq!(book.add_group(name, None), None, "{name}");
        assert_eq!(book.add_user(&user(name), 5), None, "{name}");
    }
    let home = NewUser {
        home: "/a:b".into(),
        ..user("x")
    };
    assert_eq!(book.add_user(&home, 5), None);
    assert_eq!(book, self::book());
}

#[test]
fn members_are_added_once() {
    let mut book = book();
    assert!(!book.add_member("www", "adm"));
    assert!(!book.add_member("root", "www"));
    assert!(book.add_member("root", "adm"));
    assert!(book.add_member("nobody", "adm"));
    assert!(book.add_member("root", "adm"));
    assert!(book.open_files()[1].contains("adm:x:4:root,nobody\n"));
}

#[test]
fn a_full_range_has_no_more_numbers() {
    let mut book = book();
    for id in SYSTEM {
        book.add_group(&format!("g{id}"), Some(id)).unwrap();
    }
    assert_eq!(book.add_group("one-more", None), None);
}

#[test]
fn passwords_are_hidden_once() {
    let mut book = AccountBook::new(
        "root:*:0:0:root:/root:/bin/bash\n",
        "root:*:0:\n",
        None,
        None,
    );
    book.hide_passwords(5);
    let after = book.clone();
    assert_eq!(book.open_files()[0], "root:x:0:0:root:/root:/bin/bash\n");
    let [shadow, gshadow] = book.hidden_files();
    assert_eq!(shadow.as_deref(), Some("root:*:5:0:99999:7:::\n"));
    assert_eq!(gshadow.as_deref(), Some("root:*::\n"));
    book.hide_passwords(6);
    assert_eq!(book, after);
}
