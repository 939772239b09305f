//! What serde read of version 1, as the values that the rest of rootlock knows.

use super::{BlobRecord, Generated, LayerRecord, LockedRepository, Lockfile, Output, Undone, v1};
use crate::model::{self, Epoch, LockedPackage, Origin, PathRules, Proof, SourcePackage};

fn texts<T>(list: Vec<v1::Parsed<T>>, text: fn(T) -> String) -> Vec<String> {
    list.into_iter().map(|item| text(item.0)).collect()
}

impl v1::Document {
    pub(super) fn into_lockfile(self) -> Result<Lockfile, String> {
        Ok(Lockfile {
            format: self.lock.0,
            canonical: self.canonical,
            manifest: self.manifest.0,
            distro: self.distro.0.0,
            release: self.release.0.0,
            configure: self.configure.mode.0.0,
            rules: self.configure.rules,
            repositories: (self.repositories.into_iter())
                .map(v1::Repository::into_locked)
                .collect::<Result<_, _>>()?,
            packages: (self.packages.by_arch.into_iter())
                .map(|(arch, packages)| {
                    let mut packages: Vec<LockedPackage> =
                        packages.into_iter().map(Into::into).collect();
                    packages.sort_by(|a, b| a.name.cmp(&b.name));
                    (arch, packages)
                })
                .collect(),
            outputs: (self.outputs.by_arch.into_iter())
                .map(|(arch, output)| (arch, output.into()))
                .collect(),
            index: self.outputs.index.map(Into::into),
        })
    }
}

impl v1::Repository {
    /// Which one it is; `None` unless exactly one of `archive` and `url` is there.
    fn origin(&mut self) -> Option<Origin> {
        match (self.archive.take(), self.url.take()) {
            (Some(archive), None) => Some(Origin::Archive(archive.0.0)),
            (None, Some(url)) => Some(Origin::Url(url.0.0)),
            _ => None,
        }
    }

    pub(super) fn into_locked(mut self) -> Result<LockedRepository, String> {
        let Some(origin) = self.origin() else {
            return Err(format!(
                "the repository `{}` needs exactly one of `archive` and `url`",
                self.id.0.0
            ));
        };
        let mut signed_by = texts(self.release.signed_by, |key| key.0);
        signed_by.sort();
        signed_by.dedup();
        let mut indexes: Vec<_> = (self.indexes.into_iter())
            .map(|index| model::IndexProof {
                path: index.path.0.0,
                size: index.size,
                sha256: index.sha256.0.0,
                date: index.date.map(|date| date.0),
            })
            .collect();
        indexes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(LockedRepository {
            id: self.id.0.0,
            origin,
            suite: self.suite.map(|suite| suite.0.0),
            path: self.path.map(|path| path.0.0),
            snapshot: self.snapshot.map(|snapshot| snapshot.0),
            unsigned: self.unsigned,
            proof: Proof {
                sha256: self.release.sha256.0.0,
                date: self.release.date.0,
                valid_until: self.release.valid_until.map(|until| until.0),
                signed_by,
                indexes,
            },
        })
    }
}

impl From<v1::Package> for LockedPackage {
    fn from(package: v1::Package) -> Self {
        Self {
            name: package.name.0,
            version: package.version.0,
            arch: package.arch.0.0.into(),
            group: package.group.0,
            requested: package.requested,
            source: SourcePackage {
                name: package.source.name.0.as_str().into(),
                version: package.source.version.0,
            },
            repository: package.repository.0.0,
            path: package.path.0.0,
            size: package.size,
            sha256: package.sha256.0.0,
            checksum: package.checksum.map(|checksum| checksum.0.0),
            depends: edges(package.depends),
            recommends: edges(package.recommends),
            install_if: edges(package.install_if),
        }
    }
}

fn edges(edges: Vec<v1::Edge>) -> Vec<model::Edge> {
    let mut edges: Vec<_> = (edges.into_iter())
        .map(|edge| model::Edge {
            name: edge.name,
            through: edge.through.map(Into::into),
        })
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

impl From<v1::Output> for Output {
    fn from(output: v1::Output) -> Self {
        let mut generated: Vec<_> = output.generated.into_iter().map(Into::into).collect();
        generated.sort_by(|a: &Generated, b| a.path.cmp(&b.path));
        let mut undone: Vec<_> = (output.undone.into_iter())
            .map(|undone| Undone {
                package: undone.package.0,
                script: undone.script.0.0,
                statement: undone.statement.0.0,
            })
            .collect();
        undone.sort();
        Self {
            epoch: Epoch(output.epoch),
            layers: (output.layers.into_iter())
                .map(|layer| LayerRecord {
                    group: layer.group.0.as_str().to_owned(),
                    diff_id: layer.diff_id.0,
                    size: layer.size,
                })
                .collect(),
            tree: output.tree.0,
            config: output.config.0,
            generated,
            paths: output.paths.map(|paths| PathRules {
                exclude: texts(paths.exclude, |line| line.0),
                include: texts(paths.include, |line| line.0),
            }),
            undone,
            blobs: output.blobs.map(|blobs| BlobRecord {
                encoder: blobs.encoder.0.0,
                digest: blobs.manifest.0,
            }),
        }
    }
}

impl From<v1::Generated> for Generated {
    fn from(entry: v1::Generated) -> Self {
        Self {
            path: entry.path.0.0,
            sha256: entry.sha256.map(|sha256| sha256.0.0),
            link: entry.link.map(|link| link.0.0),
            mode: entry.mode.0.0,
            uid: entry.owner.0.0,
            gid: entry.owner.0.1,
        }
    }
}

impl From<v1::Index> for BlobRecord {
    fn from(index: v1::Index) -> Self {
        Self {
            encoder: index.encoder.0.0,
            digest: index.digest.0,
        }
    }
}
