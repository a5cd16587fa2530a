/** Finds, in an image, the object an expression speaks of. */
module org.scanformer {
  requires transitive java.desktop;
  requires java.management;
  requires jdk.jfr;
  requires jdk.management;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.cuda;
  requires org.scanformer.natives;
  requires ai.djl.tokenizers;
  requires ai.djl.api;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires com.drew.metadata;

  uses javax.imageio.spi.ImageReaderSpi;
  uses org.scanformer.ModelProvider;

  exports org.scanformer;
}
