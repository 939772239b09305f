use super::*;
use crate::tree::testing::path;

/// What is told when the record is of `sample` and `change` was made to what is rebuilt.
fn against(change: impl FnOnce(&mut Sample)) -> (Vec<String>, Verdict) {
    let recorded = Sample::small().output();
    let mut sample = Sample::small();
    change(&mut sample);
    let sample = Sample::new(sample.layers);
    let verdict = with_record(&recorded, &sample.rebuilt());
    (told(&verdict), verdict)
}

fn edit(sample: &mut Sample, layer: usize, at: &str, change: impl FnOnce(&mut Node)) {
    change(sample.layers[layer].1.nodes.get_mut(&path(at)).unwrap());
}

#[test]
fn the_same_holds() {
    let (told, verdict) = against(|_| {});
    assert_eq!(told, Vec::<String>::new());
    assert!(verdict.holds());
    assert_eq!(verdict.notes, Vec::<String>::new());
}

#[test]
fn a_group_s_layer_is_named_and_how_to_learn_more() {
    let (told, verdict) = against(|sample| edit(sample, 0, "usr/a", |a| a.meta.mtime = 2));
    assert_eq!(told, ["base - diff_id"]);
    let finding = &verdict.findings[0];
    let expected = diff_id(&Sample::small().layers[0].1, "");
    assert_eq!(
        finding.expected(),
        Some(format!("{expected} (10240 bytes)"))
    );
    assert_eq!(
        verdict.notes,
        ["which paths of base differ is not recorded: `--against` the image itself tells"]
    );
}

#[test]
fn generated_paths_are_compared_one_by_one() {
    let (told, verdict) = against(|sample| {
        edit(sample, 1, "etc/passwd", |a| a.kind = file("x").kind);
        edit(sample, 1, "etc/link", |a| a.kind = symlink("motd").kind);
        edit(sample, 2, "etc/motd", |a| a.meta.mode = 0o600);
        edit(sample, 2, "etc/motd", |a| a.meta.uid = 7);
    });
    assert_eq!(
        told,
        [
            "system - diff_id",
            "files - diff_id",
            "system /etc/link link",
            "files /etc/motd mode",
            "files /etc/motd owner",
            "system /etc/passwd content",
        ]
    );
    assert_eq!(verdict.findings[3].found(), Some("0600".into()));
    assert_eq!(verdict.notes, Vec::<String>::new());
}

#[test]
fn generated_paths_that_are_missing_or_extra_are_counted_beneath_their_directory() {
    let (told, _) = against(|sample| {
        let system = &mut sample.layers[1].1.nodes;
        system.remove(&path("etc/passwd"));
        system.insert(path("var"), directory(0o755));
        system.insert(path("var-x"), file(""));
        system.insert(path("var/lib"), directory(0o755));
        system.insert(path("var/lib/x"), file(""));
        system.insert(path("etc/link"), directory(0o755));
    });
    assert_eq!(
        told,
        [
            "system - diff_id",
            "system /etc/link type",
            "system /etc/passwd missing",
            "system /var extra+2",
            "system /var-x extra",
        ]
    );
}

#[test]
fn a_recorded_path_that_is_no_utf_8_is_the_path() {
    let mut sample = Sample::small();
    let odd = TreePath::from_archive(b"etc/\xe9").unwrap().unwrap();
    sample.layers[1].1.nodes.insert(odd.clone(), file("x"));
    let sample = Sample::new(sample.layers);
    let mut rebuilt = sample.rebuilt();
    let entry = rebuilt
        .generated
        .iter_mut()
        .find(|entry| entry.path.starts_with("/etc/\\"));
    entry.unwrap().path = "/etc/\\xe9".into();
    let mut recorded = sample.output();
    recorded.generated = rebuilt.generated.clone();
    let entry = recorded
        .generated
        .iter_mut()
        .find(|entry| entry.path == "/etc/\\xe9");
    entry.unwrap().mode = 0o600;
    let verdict = with_record(&recorded, &rebuilt);
    assert_eq!(told(&verdict), ["system /etc/\\xe9 mode"]);
    assert_eq!(verdict.findings[0].path, Some(odd));
}

#[test]
fn layers_are_missing_extra_or_in_another_order() {
    let (told, _) = against(|sample| drop(sample.layers.pop()));
    // The layer that is gone held it, since the other one is the same.
    assert_eq!(told, ["files - missing", "files /etc/motd missing"]);
    let (told, _) = against(|sample| {
        let tree = sample.layers[0].1.clone();
        sample.layers.insert(1, ("more".into(), tree));
    });
    assert_eq!(told, ["more - extra"]);
    let (told, verdict) = against(|sample| sample.layers.swap(0, 1));
    assert_eq!(told, ["- - order"]);
    assert_eq!(
        verdict.findings[0].expected(),
        Some("base, system, files".into())
    );
    assert_eq!(
        verdict.findings[0].found(),
        Some("system, base, files".into())
    );
}

#[test]
fn what_follows_from_the_layers_is_not_told_again() {
    let sample = Sample::small();
    let mut recorded = sample.output();
    let rebuilt = sample.rebuilt();
    recorded.tree = Sha256::of(b"x");
    assert_eq!(told(&with_record(&recorded, &rebuilt)), ["- - tree"]);
    recorded.layers[0].diff_id = Sha256::of(b"x");
    assert_eq!(told(&with_record(&recorded, &rebuilt)), ["base - diff_id"]);
    let (told, _) = against(|sample| edit(sample, 0, "usr/a", |a| a.meta.uid = 2));
    assert_eq!(told, ["base - diff_id"]);
}

#[test]
fn the_image_configuration_is_told_apart_from_its_layers() {
    let sample = Sample::small();
    let recorded = sample.output();
    let mut rebuilt = sample.rebuilt();
    let text = rebuilt.config_json.to_string().replace("/bin", "/sbin");
    rebuilt.config_json = serde_json::from_str(&text).unwrap();
    rebuilt.config = Sha256::of(text.as_bytes());
    assert_eq!(told(&with_record(&recorded, &rebuilt)), ["- - config"]);
    rebuilt.layers[0].diff_id = Sha256::of(b"x");
    assert_eq!(
        told(&with_record(&recorded, &rebuilt)),
        ["base - diff_id", "- - config"]
    );
}

#[test]
fn the_epoch_is_one_finding_though_the_configuration_has_it_too() {
    let sample = Sample::small();
    let mut rebuilt = sample.rebuilt();
    rebuilt.epoch = Epoch(1_700_000_001);
    let text = rebuilt
        .config_json
        .to_string()
        .replace("22:13:20Z", "22:13:21Z");
    rebuilt.config_json = serde_json::from_str(&text).unwrap();
    rebuilt.config = Sha256::of(text.as_bytes());
    let verdict = with_record(&sample.output(), &rebuilt);
    assert_eq!(told(&verdict), ["- - epoch"]);
    assert_eq!(
        verdict.findings[0].found(),
        Some("2023-11-14T22:13:21Z".into())
    );
}

#[test]
fn an_equal_filesystem_in_other_layers_is_noted() {
    let sample = Sample::small();
    let mut recorded = sample.output();
    recorded.layers[0].diff_id = Sha256::of(b"x");
    let verdict = with_record(&recorded, &sample.rebuilt());
    assert!(verdict.notes[1].starts_with("the filesystem as a whole is the same"));
}

#[test]
fn a_size_without_its_digest_is_a_finding() {
    let sample = Sample::small();
    let mut recorded = sample.output();
    recorded.layers[1].size += 1;
    assert_eq!(
        told(&with_record(&recorded, &sample.rebuilt())),
        ["system - size"]
    );
}

#[test]
fn statements_that_were_not_carried_out_are_compared() {
    let sample = Sample::small();
    let undone = |statement: &str| Undone {
        package: "tool".parse().unwrap(),
        script: "postinst".into(),
        statement: statement.into(),
    };
    let mut recorded = sample.output();
    recorded.undone = vec![undone("a"), undone("b")];
    let mut rebuilt = sample.rebuilt();
    rebuilt.undone = vec![undone("b"), undone("c")];
    let verdict = with_record(&recorded, &rebuilt);
    assert_eq!(told(&verdict), ["- - undone", "- - undone"]);
    assert_eq!(verdict.findings[0].expected(), Some("postinst: a".into()));
    assert_eq!(verdict.findings[1].found(), Some("postinst: c".into()));
    assert_eq!(verdict.findings[1].package, Some("tool".parse().unwrap()));
}

#[test]
fn blobs_are_compared_only_with_an_equal_encoder() {
    let sample = Sample::small();
    let mut recorded = sample.output();
    let blobs = recorded.blobs.as_mut().unwrap();
    blobs.digest = Sha256::of(b"x");
    assert_eq!(
        told(&with_record(&recorded, &sample.rebuilt())),
        ["- - manifest"]
    );
    recorded.blobs.as_mut().unwrap().encoder = "gzip/0".into();
    let verdict = with_record(&recorded, &sample.rebuilt());
    assert!(verdict.holds());
    assert_eq!(
        verdict.notes,
        ["blobs were not compared: the recorded ones are of gzip/0, and these of gzip/1"]
    );
    let mut rebuilt = sample.rebuilt();
    rebuilt.blobs = None;
    let verdict = with_record(&recorded, &rebuilt);
    assert!(verdict.holds() && verdict.notes.len() == 1);
    // A manifest follows from what differs anyway.
    let mut recorded = sample.output();
    recorded.blobs.as_mut().unwrap().digest = Sha256::of(b"x");
    recorded.layers[0].diff_id = Sha256::of(b"x");
    recorded.config = Sha256::of(b"x");
    let verdict = with_record(&recorded, &sample.rebuilt());
    assert_eq!(told(&verdict), ["base - diff_id", "- - config"]);
}
