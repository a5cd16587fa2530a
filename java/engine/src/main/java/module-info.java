/** Finds the object in an image that an expression describes. */
@SuppressWarnings("module") // the modules exported to are compiled after this one
module org.scanformer {
  requires transitive java.desktop;
  requires java.management;
  requires jdk.jfr;
  requires jdk.management;
  requires org.bytedeco.javacpp;
  requires static org.bytedeco.cuda;
  requires org.scanformer.natives;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;

  // Brings the modules of the image readers in, which are then made by name.
  uses javax.imageio.spi.ImageReaderSpi;
  uses org.scanformer.ModelProvider;

  exports org.scanformer;

  // Checkpoints and image pyramids are shared with training and with the benchmarks' peers; how
  // faults of files are told, with the command line and the data sets.
  exports org.scanformer.internal.model to
      org.scanformer.bench,
      org.scanformer.cli,
      org.scanformer.datasets,
      org.scanformer.trainer;
  exports org.scanformer.internal.pyramid to
      org.scanformer.bench,
      org.scanformer.trainer;

  // PyTorch's and FFmpeg's libraries are loaded with the same care; what the system said of a file
  // is told in the same words.
  exports org.scanformer.internal.files to
      org.scanformer.cli,
      org.scanformer.datasets,
      org.scanformer.trainer,
      org.scanformer.video;

  // Single operations and their shares of a call are measured; FFmpeg's bindings hold pointers too.
  exports org.scanformer.internal.backend to
      org.scanformer.bench,
      org.scanformer.video;
  // Sources of video that were not closed are freed and warned of like all else.
  exports org.scanformer.internal.engine to
      org.scanformer.bench,
      org.scanformer.video;
}
