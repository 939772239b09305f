//! How a layer's tar becomes a blob: a codec with everything that decides its bytes.

use std::fmt;
use std::io;

use libdeflater::{CompressionLvl, Compressor};

use crate::model::Compression;

/// The version of the libdeflate that the crate `libdeflate-sys` carries; it has no function that
/// tells. A test holds it against Cargo.lock.
const LIBDEFLATE: &str = "1.26";
/// Smaller than zlib's best in a quarter of its time; beyond 6 time triples for 0.7 %.
const GZIP_LEVEL: i32 = 6;
/// zstd's own default.
const ZSTD_LEVEL: i32 = 3;

/// A codec. Displayed with its settings and the version of its library, as the lockfile records it:
/// blobs of equal encoders can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoder(Compression);

impl From<Compression> for Encoder {
    fn from(compression: Compression) -> Self {
        Self(compression)
    }
}

impl fmt::Display for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Compression::Gzip => write!(f, "gzip-libdeflate-{GZIP_LEVEL}-1MiB/{LIBDEFLATE}"),
            Compression::Zstd => {
                let version = zstd::zstd_safe::version_string();
                write!(f, "zstd-{ZSTD_LEVEL}-4MiB/{version}")
            }
            Compression::None => f.write_str("none"),
        }
    }
}

impl Encoder {
    /// The media type of a layer's blob.
    pub const fn media_type(self) -> &'static str {
        match self.0 {
            Compression::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Compression::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
            Compression::None => "application/vnd.oci.image.layer.v1.tar",
        }
    }

    /// A blob is made of independent blocks of so many bytes before compression, each a gzip member
    /// or a zstd frame: that is what makes it the same for any number of threads. A gzip member
    /// costs little; zstd's window is 2 MiB, so its frames are larger.
    pub(crate) const fn block(self) -> usize {
        match self.0 {
            Compression::Gzip | Compression::None => 1 << 20,
            Compression::Zstd => 4 << 20,
        }
    }

    /// What compresses a block, one for each thread; `None` where bytes stay as they are.
    pub(crate) fn codec(self) -> io::Result<Option<Codec>> {
        match self.0 {
            Compression::Gzip => {
                let level = CompressionLvl::new(GZIP_LEVEL)
                    .map_err(|_| io::Error::other("libdeflate has no such level"))?;
                Ok(Some(Codec::Gzip(Compressor::new(level))))
            }
            Compression::Zstd => Ok(Some(Codec::Zstd(zstd::bulk::Compressor::new(ZSTD_LEVEL)?))),
            Compression::None => Ok(None),
        }
    }
}

/// The state of one thread's compressor.
pub(crate) enum Codec {
    Gzip(Compressor),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Codec {
    /// Compresses one block. The result depends on nothing but the block.
    pub(crate) fn compress(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(compressor) => {
                let mut out = vec![0; compressor.gzip_compress_bound(block.len())];
                let length = compressor
                    .gzip_compress(block, &mut out)
                    .map_err(io::Error::other)?;
                out.truncate(length);
                Ok(out)
            }
            Self::Zstd(compressor) => compressor.compress(block),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoder_s_name_tells_the_library_s_version() {
        let lock = include_str!("../../Cargo.lock");
        let version = |name: &str| {
            let at = lock.find(&format!("name = \"{name}\"\n")).unwrap();
            lock[at..].lines().nth(1).unwrap()
        };
        assert!(
            version("libdeflate-sys").starts_with(&format!("version = \"{LIBDEFLATE}.")),
            "{}",
            version("libdeflate-sys")
        );
        assert_eq!(
            Encoder::from(Compression::Gzip).to_string(),
            "gzip-libdeflate-6-1MiB/1.26"
        );
        let zstd = Encoder::from(Compression::Zstd).to_string();
        assert!(zstd.starts_with("zstd-3-4MiB/1."), "{zstd}");
    }

    #[test]
    fn a_gzip_member_has_no_time_and_no_system() {
        let mut codec = Encoder::from(Compression::Gzip).codec().unwrap().unwrap();
        let member = codec.compress(b"x").unwrap();
        assert_eq!(member[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    }
}
