/** The C API's bindings. Not for use by applications. */
module org.scanformer.natives {
  requires transitive org.bytedeco.javacpp;
  // They hold libraries only, which are not found in modules that nothing requires.
  requires org.bytedeco.dnnl.linux.x86_64;
  requires org.bytedeco.javacpp.linux.x86_64;

  exports org.scanformer.natives.api;
  exports org.scanformer.natives.cuda;
}
