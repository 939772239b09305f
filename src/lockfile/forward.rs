//! What a newer minor version of the format wrote, without what this one does not know of.

use Shape::{List, Map, Scalar};

/// The keys that this version knows of, for what a newer one wrote.
pub(super) enum Shape {
    Scalar,
    List(&'static Self),
    /// Keys of their own shapes, and the shape of any other; without that, others are unknown.
    Map(&'static [(&'static str, Self)], Option<&'static Self>),
}

const fn record(keys: &'static [(&'static str, Shape)]) -> Shape {
    Shape::Map(keys, None)
}

static SCALARS: Shape = Scalar;
static SCALAR_LIST: Shape = List(&SCALARS);

pub(super) static DOCUMENT: Shape = record(&[
    ("lock", Scalar),
    ("canonical", Scalar),
    ("manifest", Scalar),
    ("distro", Scalar),
    ("release", Scalar),
    ("configure", record(&[("mode", Scalar), ("rules", Scalar)])),
    ("repositories", List(&REPOSITORY)),
    ("packages", Map(&[], Some(&PACKAGES))),
    (
        "outputs",
        Map(
            &[("index", record(&[("encoder", Scalar), ("digest", Scalar)]))],
            Some(&OUTPUT),
        ),
    ),
]);

static REPOSITORY: Shape = record(&[
    ("id", Scalar),
    ("archive", Scalar),
    ("url", Scalar),
    ("suite", Scalar),
    ("path", Scalar),
    ("snapshot", Scalar),
    ("unsigned", Scalar),
    (
        "release",
        record(&[
            ("sha256", Scalar),
            ("date", Scalar),
            ("valid_until", Scalar),
            ("signed_by", List(&SCALARS)),
        ]),
    ),
    ("indexes", List(&INDEX)),
]);

static INDEX: Shape = record(&[("path", Scalar), ("size", Scalar), ("sha256", Scalar)]);

static PACKAGES: Shape = List(&PACKAGE);

static PACKAGE: Shape = record(&[
    ("name", Scalar),
    ("version", Scalar),
    ("arch", Scalar),
    ("group", Scalar),
    ("requested", Scalar),
    ("source", record(&[("name", Scalar), ("version", Scalar)])),
    ("repository", Scalar),
    ("path", Scalar),
    ("size", Scalar),
    ("sha256", Scalar),
    ("checksum", Scalar),
    ("depends", List(&EDGE)),
    ("recommends", List(&EDGE)),
    ("install_if", List(&EDGE)),
]);

static EDGE: Shape = Map(&[], Some(&SCALARS));

static OUTPUT: Shape = record(&[
    ("epoch", Scalar),
    ("layers", List(&LAYER)),
    ("tree", Scalar),
    ("config", Scalar),
    ("generated", List(&GENERATED)),
    ("paths", Map(&[], Some(&SCALAR_LIST))),
    ("undone", List(&UNDONE)),
    (
        "blobs",
        record(&[("encoder", Scalar), ("manifest", Scalar)]),
    ),
]);

static LAYER: Shape = record(&[("group", Scalar), ("diff_id", Scalar), ("size", Scalar)]);

static GENERATED: Shape = record(&[
    ("path", Scalar),
    ("sha256", Scalar),
    ("link", Scalar),
    ("mode", Scalar),
    ("owner", Scalar),
]);

static UNDONE: Shape = record(&[
    ("package", Scalar),
    ("script", Scalar),
    ("statement", Scalar),
]);

/// Takes the keys away that `shape` does not know.
pub(super) fn known_part(value: &mut serde_yaml::Value, shape: &Shape) {
    match (shape, value) {
        (Map(keys, other), serde_yaml::Value::Mapping(mapping)) => {
            let shape_of = |key: &serde_yaml::Value| {
                let named = keys.iter().find(|(name, _)| key.as_str() == Some(name));
                named.map(|(_, shape)| shape).or(*other)
            };
            mapping.retain(|key, _| shape_of(key).is_some());
            for (key, value) in mapping.iter_mut() {
                if let Some(shape) = shape_of(key) {
                    known_part(value, shape);
                }
            }
        }
        (List(item), serde_yaml::Value::Sequence(values)) => {
            for value in values {
                known_part(value, item);
            }
        }
        _ => {}
    }
}
