//! The order of versions, by example and against `dpkg` itself.

use std::cmp::Ordering;
use std::process::Command;

use super::compare;

#[test]
fn orders_as_the_manual_says() {
    let ascending = [
        "1.0~~", "1.0~~a", "1.0~", "1.0~rc1", "1.0-0~1", "1.0", "1.0-1", "1.0-1+b1", "1.0-1.1",
        "1.0-10", "1.0a", "1.0+1", "1.0.1", "1.2", "1.10", "2", "10", "1:0.1", "2:0", "10:0",
    ];
    for (i, a) in ascending.iter().enumerate() {
        for (j, b) in ascending.iter().enumerate() {
            assert_eq!(compare(a, b), i.cmp(&j), "{a} and {b}");
        }
    }
}

#[test]
fn finds_different_texts_equal() {
    for (a, b) in [
        ("0:1.0", "1.0"),
        ("1.0-0", "1.0"),
        ("1.00", "1.0"),
        ("1.01", "1.1"),
        ("00:1", "1"),
        ("1.", "1.0"),
    ] {
        assert_eq!(compare(a, b), Ordering::Equal, "{a} and {b}");
    }
}

#[test]
fn has_an_answer_for_numbers_of_any_length() {
    let long = "9".repeat(400);
    assert_eq!(compare(&long, "1"), Ordering::Greater);
    assert_eq!(compare(&format!("{long}:1"), "1:1"), Ordering::Greater);
    assert_eq!(compare("", ""), Ordering::Equal);
    assert_eq!(compare("-", ":"), Ordering::Equal);
}

/// A generator of versions that are alike enough to be hard to order. xorshift64.
struct Generator(u64);

impl Generator {
    fn next(&mut self, bound: u64) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound) as usize
    }

    fn part(&mut self, alphabet: &[&str], longest: u64) -> String {
        let length = 1 + self.next(longest);
        (0..length)
            .map(|_| alphabet[self.next(alphabet.len() as u64)])
            .collect()
    }

    fn version(&mut self) -> String {
        let upstream = [
            "0", "1", "9", "10", "a", "Z", ".", "+", "~", "-", "00", "~~",
        ];
        let revision = ["0", "1", "a", "+", "~", ".", "b"];
        let epoch = ["", "", "", "0:", "1:", "01:"][self.next(6)];
        let mut out = format!("{epoch}{}{}", self.next(3), self.part(&upstream, 6));
        if self.next(2) == 0 {
            out.push('-');
            out.push_str(&self.part(&revision, 4));
        } else {
            // A hyphen at the end would be an empty revision.
            out.push('1');
        }
        out
    }
}

#[test]
fn agrees_with_dpkg_on_thousands_of_pairs() {
    if Command::new("dpkg").arg("--version").output().is_err() {
        println!("skipped: there is no dpkg here");
        return;
    }
    let mut generator = Generator(0x2545_f491_4f6c_dd1d);
    let pairs: Vec<(String, String)> = (0..3000)
        .map(|_| (generator.version(), generator.version()))
        .collect();
    // One shell for all pairs: `dpkg` is started up to twice for each, and nothing else is.
    let mut script = String::new();
    for (a, b) in &pairs {
        script.push_str(&format!(
            "if dpkg --compare-versions '{a}' lt '{b}'; then echo -1; \
             elif dpkg --compare-versions '{a}' eq '{b}'; then echo 0; else echo 1; fi\n"
        ));
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("pairs.sh");
    fs_err::write(&file, script).expect("the script is written");
    let output = Command::new("sh")
        .arg(&file)
        .output()
        .expect("the shell runs");
    let answers = String::from_utf8(output.stdout).expect("numbers");
    assert_eq!(
        answers.lines().count(),
        pairs.len(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for ((a, b), answer) in pairs.iter().zip(answers.lines()) {
        assert_eq!((compare(a, b) as i8).to_string(), answer, "{a} and {b}");
    }
}
