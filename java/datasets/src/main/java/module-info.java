/** Pictures with expressions and true boxes, for training and judging models. */
module org.scanformer.datasets {
  requires transitive org.scanformer;
  requires java.desktop;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires pickle;

  exports org.scanformer.datasets;
}
