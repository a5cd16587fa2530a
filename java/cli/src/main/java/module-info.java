/** The command line of ScanFormer. */
module org.scanformer.cli {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires info.picocli;
  requires java.desktop;
  requires me.tongfei.progressbar;
  requires org.scanformer;
  requires org.scanformer.datasets;
  // Beside the jar, and only needed by the command for video.
  requires static org.scanformer.video;
  // Its jar gives no module name: this one is derived from the file's name.
  requires xchart;

  uses org.scanformer.ModelProvider;

  opens org.scanformer.cli to
      info.picocli;
}
