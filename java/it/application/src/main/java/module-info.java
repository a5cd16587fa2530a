/** An application with the library and the bundled model. */
module org.scanformer.it.application {
  requires org.scanformer;

  exports org.scanformer.it.application;
}
