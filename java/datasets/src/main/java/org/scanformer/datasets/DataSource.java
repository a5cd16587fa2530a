package org.scanformer.datasets;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

/**
 * Data to train on, the data of the same form that is held out, and how often it is used beside
 * others. Immutable.
 *
 * @param name tells its records from those of other sources; null if it is the only one
 * @param form of both parts
 * @param training what to train on
 * @param heldOut what is held out; null for nothing
 * @param images the directory of the images, as for {@link DataForm#open}; may be null
 * @param splitBy as for {@link DataForm#open}; may be null
 * @param expressions where those of both parts come from
 * @param weight how often a batch is of this source, relative to the others; greater than 0
 */
public record DataSource(
    String name,
    DataForm form,
    Part training,
    Part heldOut,
    Path images,
    String splitBy,
    ExpressionSource expressions,
    double weight) {
  /**
   * A file, or a split of a directory.
   *
   * @param path the file or directory
   * @param split null for files
   */
  public record Part(Path path, String split) {
    /** Checks for null. */
    public Part {
      Objects.requireNonNull(path, "path");
    }

    /** The file or directory, and its split if it has one. */
    @Override
    public String toString() {
      return path.getFileName() + (split == null ? "" : " " + split);
    }
  }

  /** Checks for nulls. */
  public DataSource {
    Objects.requireNonNull(form, "form");
    Objects.requireNonNull(training, "training");
    Objects.requireNonNull(expressions, "expressions");
  }

  /**
   * Reads the data to train on.
   *
   * @throws ScanFormerException as {@link DataForm#open}
   */
  public ReferringDataset openTraining() {
    return open(training);
  }

  /**
   * Reads what is held out.
   *
   * @throws ScanFormerException as {@link DataForm#open}, or BAD_INPUT when there is nothing
   */
  public ReferringDataset openHeldOut() {
    if (heldOut == null) {
      throw new ScanFormerException(
          ErrorCode.BAD_INPUT,
          (name == null ? "" : name + ": ")
              + "expected held-out data (validation-file) beside "
              + training
              + ", found none");
    }
    return open(heldOut);
  }

  private ReferringDataset open(Part part) {
    ReferringDataset dataset = form.open(part.path, images, part.split, splitBy, expressions);
    return name == null ? dataset : new JoinedDataset(name + " ", List.of(dataset));
  }
}
