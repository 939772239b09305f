//! `accounts:` and `image:`.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, Result, shown};
use super::files::{MAX_ID, account, account_name, owner};
use super::nearest::nearest;
use super::paths::absolute;
use super::yaml::Node;
use crate::model::{Account, Accounts, ImageConfig, UserGroup};

/// Reads `accounts:`.
pub(super) fn accounts(node: &Node) -> Result<Accounts> {
    let fields = Fields::read(node, " in `accounts`", &["groups", "users"], &[], "")?;
    let mut seen = Seen::default();
    let mut groups = Vec::new();
    for item in fields.list("groups")? {
        let fields = Fields::read(item, " in `accounts.groups`", &["name", "gid"], &[], "")?;
        groups.push(UserGroup {
            name: seen.name("group", &fields)?,
            gid: seen.number("gid", &fields)?,
        });
    }
    let mut seen = Seen::default();
    let mut users = Vec::new();
    for item in fields.list("users")? {
        let keys = &["name", "uid", "group", "home", "shell"];
        let fields = Fields::read(item, " in `accounts.users`", keys, &[], "")?;
        let group = match fields.get("group") {
            Some(node) => {
                let text = node.text("`group` of a user")?;
                account(text).map_err(|why| node.fault(format!("`group` of a user: {why}")))?;
                Some(text.to_owned())
            }
            None => None,
        };
        let path = |key: &str| {
            let Some(node) = fields.get(key) else {
                return Ok(None);
            };
            let path = absolute(node, &format!("`{key}` of a user"))?;
            if path.contains(':') {
                return Err(node.fault(format!(
                    "`{key}` of a user cannot hold `:`, which separates the fields of passwd"
                )));
            }
            Ok(Some(path))
        };
        users.push(Account {
            name: seen.name("user", &fields)?,
            uid: seen.number("uid", &fields)?,
            group,
            home: path("home")?,
            shell: path("shell")?,
        });
    }
    Ok(Accounts { groups, users })
}

/// The names and numbers that are taken.
#[derive(Default)]
struct Seen {
    names: BTreeSet<String>,
    numbers: BTreeSet<u32>,
}

impl Seen {
    fn name(&mut self, kind: &str, fields: &Fields<'_>) -> Result<String> {
        let node = fields.required("name")?;
        let text = node.text(&format!("`name` of a {kind}"))?;
        account_name(text).map_err(|why| node.fault(why))?;
        if !self.names.insert(text.to_owned()) {
            return Err(node.fault(format!("two {kind}s have the name `{text}`")));
        }
        Ok(text.to_owned())
    }

    fn number(&mut self, key: &str, fields: &Fields<'_>) -> Result<u32> {
        let node = fields.required(key)?;
        let number = node.integer(&format!("`{key}`"), 0, MAX_ID)?;
        if number == 65_535 {
            return Err(node.fault(format!(
                "`{key}` cannot be 65535, which stands for \"none\" where ids have 16 bits"
            )));
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if !self.numbers.insert(number) {
            return Err(node.fault(format!("`{key}` {number} is there twice")));
        }
        Ok(number)
    }
}

/// Reads `image:`.
pub(super) fn config(node: &Node) -> Result<ImageConfig> {
    let keys = &[
        "entrypoint",
        "cmd",
        "env",
        "workdir",
        "user",
        "ports",
        "volumes",
        "labels",
        "annotations",
        "stop_signal",
    ];
    let fields = Fields::read(node, " in `image`", keys, &[], "")?;
    let words = |key: &str| {
        fields
            .filled(key)
            .map(|node| {
                node.list(&format!("`{key}`"))?
                    .iter()
                    .map(|item| item.any_text(&format!("a word of `{key}`")))
                    .map(|word| word.map(str::to_owned))
                    .collect::<Result<Vec<_>>>()
            })
            .transpose()
    };
    let map = |key: &str| {
        fields.get(key).map_or_else(
            || Ok(BTreeMap::new()),
            |node| node.text_map(&format!("`{key}`")),
        )
    };
    Ok(ImageConfig {
        entrypoint: words("entrypoint")?,
        cmd: words("cmd")?,
        env: env(&fields, map("env")?)?,
        workdir: fields
            .get("workdir")
            .map(|node| absolute(node, "`workdir`"))
            .transpose()?,
        user: user(&fields)?,
        ports: distinct(fields.list("ports")?, port)?,
        volumes: distinct(fields.list("volumes")?, |node| absolute(node, "a volume"))?,
        labels: map("labels")?,
        annotations: map("annotations")?,
        stop_signal: fields.get("stop_signal").map(signal).transpose()?,
    })
}

fn env(fields: &Fields<'_>, env: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    match env.keys().find(|name| name.contains('=')) {
        None => Ok(env),
        Some(name) => {
            let key = fields.get("env").and_then(|node| node.entry(name));
            let message = format!("the name of a variable cannot hold `=`: `{}`", shown(name));
            Err(key.map_or_else(|| fields.fault(&*message), |(key, _)| key.fault(&*message)))
        }
    }
}

fn user(fields: &Fields<'_>) -> Result<Option<String>> {
    let Some(node) = fields.get("user") else {
        return Ok(None);
    };
    owner(node, "`user`")?;
    Ok(Some(node.text("`user`")?.to_owned()))
}

fn distinct(items: &[Node], read: impl Fn(&Node) -> Result<String>) -> Result<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    for item in items {
        let value = read(item)?;
        if out.contains(&value) {
            return Err(item.fault(format!("`{}` is there twice", shown(&value))));
        }
        out.push(value);
    }
    Ok(out)
}

/// `8000/tcp`, and `8000` for it as in a Dockerfile.
fn port(node: &Node) -> Result<String> {
    let text = node.text("a port")?;
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let digits = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    match number.parse::<u16>() {
        Ok(number) if digits && ["tcp", "udp", "sctp"].contains(&protocol) => {
            Ok(format!("{number}/{protocol}"))
        }
        _ => {
            let fault = node.fault(format!(
                "a port is a number from 1 to 65535 with /tcp, /udp or /sctp, not `{}`",
                shown(text)
            ));
            Err(if text.contains(':') {
                fault.hint(
                    "an image only says what it listens on; the host's side is given when it runs",
                )
            } else {
                fault.hint("write it as 8000/tcp")
            })
        }
    }
}

/// signal(7), and the real-time signals as `SIGRTMIN+3`.
const SIGNALS: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

fn signal(node: &Node) -> Result<String> {
    let text = node.text("`stop_signal`")?;
    let number = |text: &str, most: u8| {
        text.parse::<u8>()
            .is_ok_and(|number| (1..=most).contains(&number) && !text.starts_with(['+', '0']))
    };
    let real_time = |text: &str| {
        let offset = text
            .strip_prefix("SIGRTMIN+")
            .or_else(|| text.strip_prefix("SIGRTMAX-"));
        ["SIGRTMIN", "SIGRTMAX"].contains(&text) || offset.is_some_and(|text| number(text, 30))
    };
    if SIGNALS.contains(&text) || number(text, 64) || real_time(text) {
        return Ok(text.to_owned());
    }
    let upper = text.to_ascii_uppercase();
    let full = format!("SIG{}", upper.strip_prefix("SIG").unwrap_or(&upper));
    Err(node
        .fault(format!("`stop_signal` is not a signal: `{}`", shown(text)))
        .suggest(nearest(&full, SIGNALS)))
}
