/** The C API's bindings. Not for use by applications. */
module org.scanformer.natives {
  requires transitive org.bytedeco.javacpp;

  exports org.scanformer.natives.api;
  exports org.scanformer.natives.cuda;
}
