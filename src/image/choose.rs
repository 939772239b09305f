//! Which of several images is meant.

use super::error::shown;
use super::{ImageError, Place};

/// Something that names an image.
#[derive(Debug, Clone)]
pub(super) struct Candidate<T> {
    /// What it is called: `latest`, `docker.io/library/alpine:3.22`.
    pub(super) names: Vec<String>,
    /// What the image is, so that two candidates can be the same.
    pub(super) digest: String,
    pub(super) what: T,
}

/// Those that `tag` names; without one, all if they are one image, or the images that one name
/// stands for.
pub(super) fn choose<T>(
    candidates: Vec<Candidate<T>>,
    tag: Option<&str>,
    place: &Place,
) -> Result<Vec<T>, ImageError> {
    let all = labels(&candidates);
    let several = |tags| ImageError::Several {
        place: place.clone(),
        tags,
    };
    let mut chosen = candidates;
    if let Some(tag) = tag {
        chosen.retain(|one| one.digest == tag || one.names.iter().any(|name| is(name, tag)));
        if chosen.is_empty() {
            return Err(ImageError::NoTag {
                place: place.clone(),
                tag: tag.into(),
                tags: all,
            });
        }
    }
    // One name may stand for the images of several architectures.
    let same_names = |pair: &[Candidate<T>]| matches!(pair, [a, b] if a.names == b.names);
    let same_image = |pair: &[Candidate<T>]| matches!(pair, [a, b] if a.digest == b.digest);
    if chosen.windows(2).all(same_image) {
        chosen.truncate(1);
    } else if !chosen.windows(2).all(same_names) {
        return Err(several(labels(&chosen)));
    }
    Ok(chosen.into_iter().map(|one| one.what).collect())
}

/// Whether `name` is `tag`, or ends with it after a `/` or `:`.
fn is(name: &str, tag: &str) -> bool {
    let before = name.strip_suffix(tag);
    before.is_some_and(|before| before.is_empty() || before.ends_with(['/', ':']))
}

/// What the candidates are called, each once.
fn labels<T>(candidates: &[Candidate<T>]) -> Vec<String> {
    let mut labels = Vec::new();
    for one in candidates {
        match &one.names[..] {
            [] => labels.push(shown(one.digest.as_bytes())),
            names => labels.extend(names.iter().map(|name| shown(name.as_bytes()))),
        }
    }
    labels.sort();
    labels.dedup();
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Explain as _;

    fn chosen(
        candidates: &[(&[&str], &str)],
        tag: Option<&str>,
    ) -> Result<Vec<String>, ImageError> {
        let candidates = candidates.iter().map(|(names, digest)| Candidate {
            names: names.iter().map(|name| name.to_string()).collect(),
            digest: digest.to_string(),
            what: digest.to_string(),
        });
        choose(candidates.collect(), tag, &Place::new("x"))
    }

    #[test]
    fn one_image_needs_no_tag() {
        assert_eq!(
            chosen(&[(&["a"], "1"), (&["b"], "1")], None).unwrap(),
            ["1"]
        );
        assert_eq!(chosen(&[(&[], "1"), (&[], "2")], None).unwrap(), ["1", "2"]);
        assert_eq!(
            chosen(&[(&["a"], "1"), (&["a"], "2")], None).unwrap(),
            ["1", "2"]
        );
    }

    #[test]
    fn several_need_one_and_it_may_be_short() {
        let two: [(&[&str], &str); 2] = [(&["docker.io/a:1", "1"], "x"), (&["docker.io/a:2"], "y")];
        let error = chosen(&two, None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x holds several images: 1, docker.io/a:1, docker.io/a:2"
        );
        assert_eq!(error.hint().as_deref(), Some("choose one with `x:TAG`"));
        for tag in ["2", "a:2", "docker.io/a:2", "y"] {
            assert_eq!(chosen(&two, Some(tag)).unwrap(), ["y"], "{tag}");
        }
        for tag in [":2", "io/a:2", "3", ""] {
            let error = chosen(&two, Some(tag)).unwrap_err();
            assert!(matches!(error, ImageError::NoTag { .. }), "{tag:?}");
        }
        let error = chosen(&[(&["a:1"], "x"), (&["b:1"], "y")], Some("1")).unwrap_err();
        assert_eq!(error.to_string(), "x holds several images: a:1, b:1");
    }
}
