package org.scanformer.spark;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.SparkFiles;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/** Where a model's directory is. */
final class ModelFiles {
  /** Of two letters or more, so that it is no drive of Windows. */
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");

  private ModelFiles() {}

  /**
   * What executors are told; called by the driver.
   *
   * @param model as {@link BulkOptions#model()}
   * @return a path, a name, or the URI of a shared file system; null for the bundled model
   * @throws ScanFormerException BAD_INPUT when its URI names no directory
   */
  static String checked(String model) {
    if (!isUri(model)) {
      return model;
    }
    URI uri;
    try {
      uri = URI.create(model);
    } catch (IllegalArgumentException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT, "The model " + model + " is no URI: " + e.getMessage(), e);
    }
    if (uri.getRawFragment() != null || model.indexOf('?') >= 0) {
      throw refused(uri, "has a # or ? that is no part of its path: write %23 and %3F");
    }
    return switch (uri.getScheme().toLowerCase(Locale.ROOT)) {
      case "file", "local" -> localPath(uri);
      default -> shared(uri);
    };
  }

  private static boolean isUri(String model) {
    return model != null && SCHEME.matcher(model).matches();
  }

  private static ScanFormerException refused(URI model, String why) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, "The model " + model + " " + why);
  }

  /** The path of a URI that every node has; a relative one where no slash begins it. */
  private static String localPath(URI uri) {
    String host = uri.getAuthority();
    if (host != null && !host.equalsIgnoreCase("localhost")) {
      throw refused(
          uri,
          "has the host "
              + host
              + ", expected a path: three slashes begin an absolute one, and none a relative one");
    }
    return uri.isOpaque() ? uri.getSchemeSpecificPart() : uri.getPath();
  }

  private static String shared(URI uri) {
    if (uri.isOpaque() || uri.getPath().replace("/", "").isEmpty()) {
      throw refused(uri, "names no directory, expected one such as hdfs:///models/mine");
    }
    // Its last name is that of the copy.
    return uri.toString().replaceAll("/+$", "");
  }

  /**
   * The directory on the executor that runs the calling task.
   *
   * @param model as {@link #checked} gives it
   * @return null for the bundled model, and for one of a shared file system
   */
  static Path resolve(String model) {
    if (model == null || isUri(model)) {
      return null;
    }
    Path path = Path.of(model);
    Path sent = Path.of(SparkFiles.getRootDirectory()).resolve(path);
    return (!Files.isDirectory(path) && Files.isDirectory(sent) ? sent : path).toAbsolutePath();
  }

  /**
   * Does work with a model's directory, for which that of a shared file system is copied. Not by
   * Spark, which copies nothing that a session comes to know after its first query, and whose files
   * of one name are one.
   *
   * @param work takes what {@link #resolve} gives, or the copy, which is deleted after it
   * @throws ScanFormerException BAD_MODEL when it cannot be copied
   */
  static <T> T with(String model, Configuration hadoop, Function<Path, T> work) {
    if (!isUri(model)) {
      return work.apply(resolve(model));
    }
    Path temporary = null;
    try {
      Path root = Path.of(SparkFiles.getRootDirectory()).toAbsolutePath();
      temporary = Files.createTempDirectory(root, "model-");
      org.apache.hadoop.fs.Path from = new org.apache.hadoop.fs.Path(URI.create(model));
      Path copy = temporary.resolve(from.getName());
      from.getFileSystem(hadoop)
          .copyToLocalFile(false, from, new org.apache.hadoop.fs.Path(copy.toUri()), true);
      return work.apply(copy);
    } catch (IOException e) {
      throw new ScanFormerException(
          ErrorCode.BAD_MODEL, "The model " + model + " cannot be copied to the executor: " + e, e);
    } finally {
      if (temporary != null) {
        FileUtil.fullyDelete(temporary.toFile());
      }
    }
  }
}
