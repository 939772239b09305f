//! Writes images: trees and layers in; OCI layouts, archives, tars and directories out.
