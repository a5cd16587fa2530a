package org.scanformer.spark;

import java.net.URI;
import java.nio.file.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** The files of this machine as those of a shared file system, which Spark has to copy. */
public final class SharedFiles extends RawLocalFileSystem {
  /** The property of Hadoop that names this class. */
  static final String PROPERTY = "fs.shared.impl";

  /** The URI of a directory or file. */
  static String uri(Path path) {
    return "shared://" + path.toUri().getRawPath();
  }

  @Override
  public URI getUri() {
    return URI.create("shared:///");
  }

  @Override
  public String getScheme() {
    return "shared";
  }
}
