/** What tests and benchmarks compare the engine with and feed it; independent of the engine. */
module org.scanformer.testing {
  requires transitive java.desktop;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;

  exports org.scanformer.reference;
}
