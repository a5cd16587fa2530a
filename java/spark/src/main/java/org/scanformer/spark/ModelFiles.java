package org.scanformer.spark;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkFiles;

/** Where a model's directory is. */
final class ModelFiles {
  /** Of two letters or more, so that it is no drive of Windows. */
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");

  private ModelFiles() {}

  /**
   * Makes a model known to the executors; called by the driver.
   *
   * @param model as {@link BulkOptions#model()}
   * @return its name on the executors
   */
  static String distribute(String model, SparkContext context) {
    if (model == null || !SCHEME.matcher(model).matches()) {
      return model;
    }
    URI uri = URI.create(model);
    if ("file".equals(uri.getScheme())) {
      return uri.getPath();
    }
    context.addFile(model, true);
    return new org.apache.hadoop.fs.Path(model).getName();
  }

  /** The directory on the executor that runs the calling task. */
  static Path resolve(String model) {
    Path path = Path.of(model);
    Path sent = Path.of(SparkFiles.getRootDirectory()).resolve(path);
    return !Files.isDirectory(path) && Files.isDirectory(sent) ? sent : path;
  }
}
