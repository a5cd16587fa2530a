package org.scanformer.spark;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ScanFormerException;

/**
 * Reads the pictures of questions. Questions about one picture that follow one another share it, or
 * what is wrong with it. Not safe for use by several threads.
 */
final class PictureReader {
  private final Configuration hadoop;
  private final Path root;
  private boolean any;
  private String lastName;
  private byte[] lastContent;
  private Image lastImage;
  private ScanFormerException lastFailure;

  /**
   * Starts without a picture.
   *
   * @param root what relative paths start from, or null
   */
  PictureReader(Configuration hadoop, String root) {
    this.hadoop = hadoop;
    this.root = root == null ? null : new Path(root);
  }

  /**
   * The picture of a question.
   *
   * @param name its path; only for messages where there is content
   * @param content its file's bytes, or null to read the path
   * @throws ScanFormerException BAD_INPUT or OUT_OF_MEMORY, as {@link Image#read(InputStream)}
   */
  Image read(String name, byte[] content) {
    if (!any || !Objects.equals(name, lastName) || !Arrays.equals(content, lastContent)) {
      any = true;
      lastName = name;
      lastContent = content;
      lastImage = null;
      lastFailure = null;
      try {
        lastImage = content == null ? open(name) : Image.read(new ByteArrayInputStream(content));
      } catch (ScanFormerException e) {
        lastFailure = e;
      }
    }
    if (lastFailure != null) {
      throw lastFailure;
    }
    return lastImage;
  }

  /** Reads the next picture again, even if it is the last one. */
  void forget() {
    any = false;
    lastImage = null;
  }

  private Image open(String name) {
    if (name == null || name.isBlank()) {
      throw bad("found no path of a picture, expected one", null);
    }
    try {
      Path path = root == null ? new Path(name) : new Path(root, name);
      FileSystem files = path.getFileSystem(hadoop);
      if (files.getFileStatus(path).isDirectory()) {
        throw bad("found a directory, expected a file", null);
      }
      try (InputStream in = files.open(path)) {
        return Image.read(in);
      }
    } catch (FileNotFoundException e) {
      throw bad("no such file", e);
    } catch (ScanFormerException e) {
      throw e;
    } catch (IOException | RuntimeException | LinkageError e) {
      // Of any kind where a file system's own libraries are missing, which may be one row's.
      throw bad("not to be read: " + e.getMessage(), e);
    }
  }

  private static ScanFormerException bad(String message, Throwable cause) {
    return new ScanFormerException(ErrorCode.BAD_INPUT, "image: " + message, cause);
  }
}
