/** Reports what models do to a Micrometer registry. */
module org.scanformer.micrometer {
  requires transitive org.scanformer;
  requires transitive micrometer.core;

  exports org.scanformer.micrometer;
}
