/** Trains a model with PyTorch and writes its directory. */
module org.scanformer.trainer {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.openblas;
  requires org.bytedeco.pytorch;
  requires org.scanformer;
  requires org.scanformer.datasets;
  // Its jar gives no module name: this one is derived from the file's name.
  requires xchart;

  opens org.scanformer.trainer to
      info.picocli;
}
