/** Benchmarks of the engine, of its operations and of its peers. */
module org.scanformer.bench {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.google.protobuf;
  requires com.microsoft.onnxruntime;
  requires info.picocli;
  requires java.desktop;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.openblas;
  requires org.bytedeco.pytorch;
  requires org.scanformer;
  requires org.scanformer.datasets;
  requires org.scanformer.model.shapes;
  requires org.scanformer.testing;
  requires org.tribuo.util.onnx;
  // Their jars give no module name: these are derived from the files' names.
  requires HdrHistogram;
  requires jmh.core;
  requires xchart;

  opens org.scanformer.bench to
      info.picocli,
      com.fasterxml.jackson.databind;
}
