//! Reads `rootfs.yaml`: declared names in, a validated manifest out.
