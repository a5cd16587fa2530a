/**
 * Images with expressions and true boxes: drawn scenes, and files in the forms that such data is
 * published and annotated in.
 */
module org.scanformer.datasets {
  requires transitive java.desktop;
  requires transitive org.scanformer;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires java.xml;
  // Its jar gives no module name: this one is derived from the file's name.
  requires pickle;

  exports org.scanformer.datasets;
}
