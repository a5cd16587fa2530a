package org.scanformer.spark;

import java.io.Serializable;
import java.util.Objects;
import org.scanformer.BackendKind;
import org.scanformer.BatcherOptions;
import org.scanformer.Precision;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;

/**
 * How a {@link BulkLocator} asks. Immutable, so it is thread-safe; serializable, as it goes to the
 * executors. Made by {@link #builder()}.
 */
public final class BulkOptions implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String model;
  private final BackendKind backend;
  private final Precision precision;
  private final int threads;
  private final int maxBatch;
  private final Schedule schedule;
  private final Double foundThreshold;
  private final String imageRoot;

  private BulkOptions(Builder builder) {
    model = builder.model;
    backend = builder.backend;
    precision = builder.precision;
    threads = builder.threads;
    maxBatch = builder.maxBatch;
    schedule = builder.schedule;
    foundThreshold = builder.foundThreshold;
    imageRoot = builder.imageRoot;
  }

  /** The defaults. */
  public static BulkOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The model directory, as it is named on the executors: a path, or a name below their working
   * files, such as that of an archive of {@code spark.archives}. A URI of a file system that the
   * cluster shares, such as {@code hdfs://…}, is copied by each executor. Null, the default, for
   * the bundled model.
   */
  public String model() {
    return model;
  }

  /**
   * The device family. Default {@link BackendKind#AUTO}. A task to which Spark has given GPUs runs
   * on these, and on nothing else, unless this is {@link BackendKind#CPU}.
   */
  public BackendKind backend() {
    return backend;
  }

  /** The precision, or null, the default, for the device's own. */
  public Precision precision() {
    return precision;
  }

  /**
   * The number of CPU threads of an operation; 0, the default, for {@code spark.executor.cores}, or
   * for as many as there are processors where that is not set.
   */
  public int threads() {
    return threads;
  }

  /** The most questions of all tasks of an executor that run together. Default 8. */
  public int maxBatch() {
    return maxBatch;
  }

  /** The schedule. Default {@link Schedule#FINAL_ONLY}. */
  public Schedule schedule() {
    return schedule;
  }

  /** The least score of an object that is there, or null, the default, for the model's own. */
  public Double foundThreshold() {
    return foundThreshold;
  }

  /**
   * The URI of the directory that relative paths of pictures start from, or null, the default, for
   * the working directory of the file system that Hadoop has as its default.
   */
  public String imageRoot() {
    return imageRoot;
  }

  /** These options with another {@link #model()}. */
  BulkOptions withModel(String other) {
    return toBuilder().model(other).build();
  }

  private Builder toBuilder() {
    return builder()
        .model(model)
        .backend(backend)
        .precision(precision)
        .threads(threads)
        .maxBatch(maxBatch)
        .schedule(schedule)
        .foundThreshold(foundThreshold)
        .imageRoot(imageRoot);
  }

  /** What of these options changes answers. */
  String answersDependOn() {
    return "model "
        + (model == null ? "bundled" : model)
        + ", precision "
        + (precision == null ? "of the device" : precision)
        + ", schedule "
        + schedule
        + ", found threshold "
        + (foundThreshold == null ? "of the model" : foundThreshold)
        + ", image root "
        + (imageRoot == null ? "default" : imageRoot);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BulkOptions options && toString().equals(options.toString());
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  @Override
  public String toString() {
    return answersDependOn()
        + ", backend "
        + backend
        + ", threads "
        + (threads == 0 ? "of the executor" : threads)
        + ", maxBatch "
        + maxBatch;
  }

  /** Collects options. Not safe for use by several threads. */
  public static final class Builder {
    private String model;
    private BackendKind backend = BackendKind.AUTO;
    private Precision precision;
    private int threads;
    private int maxBatch = 8;
    private Schedule schedule = Schedule.FINAL_ONLY;
    private Double foundThreshold;
    private String imageRoot;

    private Builder() {}

    /** See {@link BulkOptions#model()}. */
    public Builder model(String value) {
      model = value;
      return this;
    }

    /** See {@link BulkOptions#backend()}. */
    public Builder backend(BackendKind value) {
      backend = Objects.requireNonNull(value, "backend");
      return this;
    }

    /** See {@link BulkOptions#precision()}. */
    public Builder precision(Precision value) {
      precision = value;
      return this;
    }

    /**
     * See {@link BulkOptions#threads()}.
     *
     * @throws org.scanformer.ScanFormerException BAD_INPUT outside 0 to 1024
     */
    public Builder threads(int value) {
      ScanFormerOptions.builder().threads(value);
      threads = value;
      return this;
    }

    /**
     * See {@link BulkOptions#maxBatch()}.
     *
     * @throws org.scanformer.ScanFormerException BAD_INPUT outside 1 to 4096
     */
    public Builder maxBatch(int value) {
      BatcherOptions.builder().maxBatch(value);
      maxBatch = value;
      return this;
    }

    /** See {@link BulkOptions#schedule()}. */
    public Builder schedule(Schedule value) {
      schedule = Objects.requireNonNull(value, "schedule");
      return this;
    }

    /**
     * See {@link BulkOptions#foundThreshold()}.
     *
     * @throws org.scanformer.ScanFormerException BAD_INPUT outside 0 to 1
     */
    public Builder foundThreshold(Double value) {
      if (value != null) {
        org.scanformer.LocateOptions.builder().foundThreshold(value);
      }
      foundThreshold = value;
      return this;
    }

    /** See {@link BulkOptions#imageRoot()}. */
    public Builder imageRoot(String value) {
      imageRoot = value;
      return this;
    }

    /** The options collected so far. */
    public BulkOptions build() {
      return new BulkOptions(this);
    }
  }
}
