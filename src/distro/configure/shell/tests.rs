use super::*;

/// Notes what it is told; `known`, `fails` and `unknown` are the commands that it has.
#[derive(Default)]
struct Notes(Vec<String>);

impl Machine for Notes {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "1" => Some("configure".into()),
            "2" | "DPKG_ROOT" => Some(String::new()),
            _ => None,
        }
    }

    fn holds(&mut self, words: &[String]) -> Option<bool> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["is-there", "yes"] => Some(true),
            ["is-there", "no"] => Some(false),
            ["test", "-d", "/run/systemd/system"] => Some(false),
            _ => None,
        }
    }

    fn run(&mut self, command: &Command<'_>) -> Outcome {
        let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "?".into());
        let mut line = command.words.iter().map(word).collect::<Vec<_>>().join(" ");
        if let Some(output) = &command.output {
            let sign = if output.append { ">>" } else { ">" };
            line += &format!(" {sign} {}", output.path);
        }
        if let Some(input) = &command.input {
            line += &format!(" << {input:?}");
        }
        match command.words {
            [Some(name), ..] if name == "nothing" => Outcome::Nothing,
            [Some(name), rest @ ..] if name == "run" && !rest.contains(&None) => {
                self.0.push(line);
                Outcome::Done
            }
            _ => Outcome::Unknown,
        }
    }
}

/// What is done, and what is left undone.
fn walk(script: &str) -> (Vec<String>, Vec<String>) {
    let mut notes = Notes::default();
    let script = format!("#!/bin/sh\nset -e\n{script}\n");
    let reading = read(script.as_bytes(), &mut notes).expect("a script that can be read");
    assert_eq!(reading.acted, !notes.0.is_empty());
    (notes.0, reading.undone)
}

#[track_caller]
fn all_done(script: &str, expected: &[&str]) {
    let (done, undone) = walk(script);
    assert_eq!(
        (done, undone),
        (expected.iter().map(|s| s.to_string()).collect(), vec![]),
        "{script}"
    );
}

#[track_caller]
fn undone(script: &str, expected: &[&str]) {
    let (done, undone) = walk(script);
    assert_eq!(undone, expected, "{script}");
    assert!(done.is_empty(), "{script}: {done:?}");
}

#[test]
fn what_is_certain_is_done() {
    for script in [
        "run a 'b c'",
        "run a \"b c\" >/dev/null 2>&1 || true",
        "run \\\n  a b\\ c",
        "case \"$1\" in\nconfigure) run a 'b c';;\nesac",
        "case $1 in abort-upgrade|configure) run a 'b c' ;; *) exit 1;; esac",
        "case \"$1\" in install) run wrong;; *) run a 'b c';; esac",
        "if [ \"$1\" = configure ]; then run a 'b c'; else run wrong; fi",
        "if [ \"$1\" = \"configure\" ] || [ \"$1\" = abort-remove ] ; then\n run a 'b c'\nfi",
        "if test \"x$1\" != xconfigure; then run wrong; elif [ -z \"$2\" ]; then run a 'b c'; fi",
        "[ \"$1\" = configure -a -z \"${2:-}\" ] && run a 'b c'",
        "[ \"$1\" = remove ] || run a 'b c'",
        "! [ -n \"$2\" ] && { run a 'b c'; }",
        "if is-there yes; then run a 'b c'; fi",
        "if [ \"$1\" = upgrade ] && unknown; then run wrong; else run a 'b c'; fi",
        "if [ \"$1\" = configure ] || unknown; then run a 'b c'; fi",
        "if ! is-there no >/dev/null; then run a 'b c'; fi",
        "nothing; run a 'b c'; exit 0\nrun wrong",
        "run a 'b c' # run wrong",
        "echo 'run wrong'; run a 'b c'; printf x",
        "if [ -d /run/systemd/system ]; then nothing; run wrong; fi; run a 'b c'",
        "exec run a 'b c'\nrun wrong",
        "run ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} a 'b c' $DPKG_ROOT",
        "FOO=bar\nrun a 'b c'",
        "f() { run wrong; }\nrun a 'b c'",
        "cat <<EOF\nrun wrong\nEOF\nrun a 'b c'",
    ] {
        all_done(script, &["run a b c"]);
    }
    all_done(
        "run a && run b && run c || run wrong",
        &["run a", "run b", "run c"],
    );
    all_done("run x > /a; run y >> /b", &["run x > /a", "run y >> /b"]);
    all_done(
        "run <<'EOF' > /a\none $x\nEOF\n",
        &["run > /a << \"one $x\\n\""],
    );
    all_done(
        "run <<-EOF > /a\n\tone\n\tEOF\n",
        &["run > /a << \"one\\n\""],
    );
    all_done(
        "if [ \"$1\" = purge ]; then for x in a; do unknown; done; fi",
        &[],
    );
}

#[test]
fn what_is_not_certain_is_left_undone() {
    for (script, expected) in [
        ("unknown  a   b", "unknown a b"),
        ("run $x", "run $x"),
        ("run \"$(date)\"", "run \"$(date)\""),
        ("run `date`", "run `date`"),
        ("run *.c", "run *.c"),
        ("run ~/x", "run ~/x"),
        ("$x run a", "$x run a"),
        (
            "for x in a b; do run a; done",
            "for x in a b; do run a; done",
        ),
        ("while true; do run a; done", "while true; do run a; done"),
        (
            "if [ -e /x ]; then run a; fi",
            "if [ -e /x ]; then run a; fi",
        ),
        (
            "if [ \"$x\" = y ]; then run a; fi",
            "if [ \"$x\" = y ]; then run a; fi",
        ),
        ("is-there perhaps && run a", "is-there perhaps && run a"),
        ("unknown && run a", "unknown && run a"),
        ("unknown || run a", "unknown || run a"),
        ("case $x in a) run a;; esac", "case $x in a) run a;; esac"),
        ("case $1 in c*) run a;; esac", "case $1 in c*) run a;; esac"),
        ("(cd /; run a)", "(cd /; run a)"),
        ("echo a | run a", "echo a | run a"),
        ("run a &", "run a &"),
        ("{ run a; } > /x", "{ run a; } > /x"),
        ("run a 2> /var/log/x", "run a 2> /var/log/x"),
        ("run a < /x", "run a < /x"),
        ("x=$(run a)", "x=$(run a)"),
        ("> /x", "> /x"),
        ("run <<EOF\n$x\nEOF", "run <<EOF"),
        ("f() { true; }; f", "f"),
        ("run() { true; }; run a", "run a"),
    ] {
        undone(script, &[expected]);
    }
}

#[test]
fn after_a_statement_that_may_end_the_script_nothing_is_certain() {
    for doubtful in [
        "if [ -e /x ]; then exit 0; fi",
        "if [ -e /x ]; then exec y; fi",
        "[ -e /x ] && exit",
        ". /some/file",
        "eval x",
        "end() { exit 0; }; test -e /x && end",
        "case $x in a) return;; esac",
        "if [ -e /x ]; then run() { true; }; fi",
    ] {
        let (done, undone) = walk(&format!("{doubtful}\nrun a"));
        assert!(done.is_empty(), "{doubtful}: {done:?}");
        assert_eq!(
            undone.last().map(String::as_str),
            Some("run a"),
            "{doubtful}"
        );
    }
    // A script that fails installs nothing.
    let (done, _) = walk("if [ -e /x ]; then echo bad; exit 1; fi\nrun a");
    assert_eq!(done, ["run a"]);
    let (done, undone) = walk("set -- x y\ncase $1 in configure) run a;; esac");
    assert!(done.is_empty() && undone.len() == 1, "{done:?} {undone:?}");
    let (done, _) = walk("shift\n[ \"$1\" = configure ] && run a");
    assert!(done.is_empty());
}

#[test]
fn other_languages_and_broken_scripts_are_not_read() {
    for script in [
        "#!/usr/bin/perl\nprint 1;\n",
        "run a\n",
        "#!/bin/sh\nif true; then run a\n",
        "#!/bin/sh\nrun 'a\n",
        "#!/bin/sh\nrun $(a\n",
        "#!/bin/sh\ncat <<EOF\n",
        "#!/bin/sh\nfi\n",
        "#!/bin/sh\ncase x in a) run a\n",
        "#!/bin/sh\n) run a\n",
    ] {
        let mut notes = Notes::default();
        assert_eq!(
            read(script.as_bytes(), &mut notes),
            Err(Unreadable),
            "{script}"
        );
        assert!(notes.0.is_empty(), "{script}");
    }
    let mut notes = Notes::default();
    assert_eq!(read(b"#!/bin/sh\n\xff\n", &mut notes), Err(Unreadable));
    let deep = format!(
        "#!/bin/sh\n{}run a{}\n",
        "{ ".repeat(5000),
        "; }".repeat(5000)
    );
    assert_eq!(read(deep.as_bytes(), &mut notes), Err(Unreadable));
    let deep = format!("#!/bin/sh\n{}run a\n", "f() ".repeat(5000));
    assert_eq!(read(deep.as_bytes(), &mut notes), Err(Unreadable));
    let long = format!("#!/bin/sh\n{}", "run a\n".repeat(MAX_SCRIPT));
    assert_eq!(read(long.as_bytes(), &mut notes), Err(Unreadable));
    assert!(notes.0.is_empty());
}

#[test]
fn a_long_statement_is_shortened() {
    let (_, undone) = walk(&format!("unknown {}", "ä".repeat(500)));
    assert_eq!(undone[0].chars().count(), 161);
    assert!(undone[0].ends_with('…'));
}

#[test]
fn words_of_a_line() {
    assert_eq!(
        words("a 'b c' \"d\" e\\ f").unwrap(),
        ["a", "b c", "d", "e f"]
    );
    assert_eq!(words("x ''").unwrap(), ["x", ""]);
    for more in ["a; b", "a | b", "a > b", "a $b", "a 'b"] {
        assert_eq!(words(more), None, "{more}");
    }
}

/// Nothing may be claimed of what comes after these.
#[test]
fn no_way_around_a_doubt() {
    for doubtful in [
        "[ -x /usr/bin/foo ] || exit 0",
        "foo || exit 0",
        "true && foo || exit 0",
        "true && [ -f /x ] || exit 0",
        "run q && [ -f /x ] && exit 0",
        "{ [ -f /x ] || exit 0; }",
        "f() { g; }; g() { exit 0; }; f",
        "command exit 0",
        "if [ -f /x ]; then exit 00; fi",
        "set -n",
        "umask 077",
        "if [ -f /x ]; then builtin exit; fi",
    ] {
        let (done, _) = walk(&format!("{doubtful}\nrun a"));
        assert!(!done.contains(&"run a".to_owned()), "{doubtful}: {done:?}");
    }
    // What hangs on something that nobody knows may happen or not.
    for script in [
        "([ -f /x ]) && run a",
        "if [ -f /x ]; then true; else false; fi && run a",
        "! nothing && run a",
        "nothing && run a",
        "nothing || run a",
        "cat /missing >/dev/null && run a",
        "shift && run a",
    ] {
        let (done, undone) = walk(script);
        assert!(
            done.is_empty() && undone.len() == 1,
            "{script}: {done:?} {undone:?}"
        );
    }
    // Not after a known failure, nor instead of a known success.
    for script in [
        "! run b && run a",
        "! true && run a",
        "false && run a",
        "run b || run a",
    ] {
        let (done, undone) = walk(script);
        assert!(!done.contains(&"run a".to_owned()), "{script}: {done:?}");
        assert!(undone.is_empty(), "{script}: {undone:?}");
    }
    // Commands within words, redirections that undo one another.
    for script in [
        "echo \"$(run a)\"",
        ": \"$(run a)\"",
        "[ -n \"$(run a)\" ]",
        "nothing x $(run a)",
        "run a >/f >/dev/null",
        "run a >/f >&2",
        "run a >& /f",
        "run {1..3}",
        "run /d{a,b}",
        "run $'x'",
        "DPKG_ROOT=/foo; run $DPKG_ROOT/x",
        "for DPKG_ROOT in a; do true; done; run $DPKG_ROOT/x",
    ] {
        let (done, undone) = walk(script);
        assert!(done.is_empty() && !undone.is_empty(), "{script}: {done:?}");
    }
}

/// Found by running random scripts in dash and bash, and comparing.
#[test]
fn what_other_shells_showed() {
    // Nothing may get lost in a condition.
    for script in [
        "if run a || [ \"$1\" = configure ]; then run b; fi",
        "if run a && [ \"$1\" = remove ]; then :; fi",
        "{ run a && [ \"$1\" = remove ]; } || run b",
        "if [ \"$1\" = configure -o -n \"$(run a)\" ]; then true; fi",
        "case \"$X\" in $(run a)) ;; esac",
    ] {
        let (done, undone) = walk(script);
        assert!(
            !undone.is_empty() || done.contains(&"run a".to_owned()),
            "{script}: {done:?}"
        );
    }
    // Nothing may be claimed of these.
    for script in [
        "if [ -e /x ] && exit 0 || [ \"$1\" = configure ]; then run a; fi",
        "if . /x || [ \"$1\" = configure ]; then run a; fi",
        "if shift && [ \"$1\" = remove ]; then :; fi; [ \"$1\" = configure ] && run a",
        "if [[ -n $2 ]]; then run a; fi",
        "[[ ! -n $2 ]] && run a",
        "[ -z $2 -o \"$1\" = configure ] && run a",
        "[ \"$1\" = configure -o $2 = y ] && run a",
        "[ \"$1\" = configure -o $X = y ] && run a",
        "[ configure = -o x ] && run a",
        "[ ! -o x ] && run a",
        ": ${DPKG_ROOT:=/foo}; run $DPKG_ROOT/a",
        "IFS=: read DPKG_ROOT; run $DPKG_ROOT/a",
        ": $((DPKG_ROOT=5)); run $DPKG_ROOT/a",
        "printf -v DPKG_ROOT /foo; run $DPKG_ROOT/a",
        "DPKG_ROOT+=/foo; run $DPKG_ROOT/a",
        "IFS=n; run $1",
        "run a >&3",
        "echo a >&- && run a",
        "run a <<E </dev/null\nE",
        "printf && run a",
        "printf %d x && run a",
        "trap \"exit 0\" EXIT; [ -e /x ] && exit 1; run a",
        "set -n -- a; run a",
        "f() { set -n; }; f; run a",
    ] {
        let (done, _) = walk(script);
        assert!(done.is_empty(), "{script}: {done:?}");
    }
    for script in [
        "[ -x /nosuch ] &>/dev/null || exit 0",
        "run a 2\\\n>/dev/null",
        ": ${X:-{}; exit 0; : }",
    ] {
        let mut notes = Notes::default();
        let script = format!("#!/bin/sh\n{script}\nrun a\n");
        assert_eq!(
            read(script.as_bytes(), &mut notes),
            Err(Unreadable),
            "{script}"
        );
    }
}

/// What looks like one thing and is another is not read at all.
#[test]
fn texts_that_are_not_what_they_seem_are_not_read() {
    for script in [
        "cat <<EOF\nfoo\\\nEOF\nrun a\nEOF",
        ": \"${X:-it's}\"; run a; : \"${X:-it's}\"",
        "msg=$(\n# don't\necho hi )\n[ -f /x ] && exit 0 # it's )\nrun a",
        "x=$(cat <<E\n'\nE\n)\nexit 0 # '",
        "x=()\nrun a",
    ] {
        let mut notes = Notes::default();
        let script = format!("#!/bin/sh\n{script}\n");
        assert_eq!(
            read(script.as_bytes(), &mut notes),
            Err(Unreadable),
            "{script}"
        );
        assert!(notes.0.is_empty());
    }
    let mut words: Vec<Option<String>> = ["!", "a", "-o", "b"].map(|word| Some(word.into())).into();
    assert_eq!(test::decide(&words, &mut |_, _| None), Some(false));
    words.remove(0);
    assert_eq!(test::decide(&words, &mut |_, _| None), Some(true));
}

/// A script of a megabyte takes no longer than one of its size should.
#[test]
fn nothing_is_read_again_and_again() {
    let mut notes = Notes::default();
    for piece in [
        "{",
        "[",
        "]",
        "$",
        "\"a\"",
        "f(){ :; };",
        "a|",
        "!",
        "a&&",
        "\\\n",
    ] {
        let script = format!(
            "#!/bin/sh\necho a{}\n",
            piece.repeat(1_000_000 / piece.len())
        );
        // The result does not matter, the end does: it comes within the time of the whole run.
        let _ = read(script.as_bytes(), &mut notes);
    }
    assert!(notes.0.is_empty());
}
