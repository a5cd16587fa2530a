package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.scanformer.natives.api.Api;

/** Says why a native library could not be loaded, and what to do. Thread-safe: no state. */
final class LoadFailures {
  private static final String CHOOSE =
      "Choose another directory with -D"
          + CacheDirectory.PROPERTY
          + "=DIRECTORY, or for JavaCPP"
          + " alone with -D"
          + NativeLibraries.JAVACPP_PROPERTY
          + "=DIRECTORY";

  private LoadFailures() {}

  /**
   * The failure's first cause and the way out of it.
   *
   * @param directory where libraries are unpacked to; null where none could be found
   */
  static String explain(Throwable failure, Path directory) {
    Throwable root = reason(failure);
    String said = root.getMessage() == null ? root.toString() : root.getMessage();
    if (directory == null) {
      return "its native library could not be loaded: "
          + said
          + (root instanceof IOException
              ? ". It is unpacked from the jars to a directory that must be the user's own, with"
                  + " mode 0700, and writable. "
                  + CHOOSE
              : "");
    }
    return "its native library, unpacked to "
        + directory
        + ", could not be loaded: "
        + said
        + ". "
        + wayOut(root, said);
  }

  /**
   * The first failure of a file or directory, which has words for it; otherwise what came first.
   */
  private static Throwable reason(Throwable failure) {
    Throwable reason = failure;
    while (reason.getCause() != null && !(reason instanceof IOException)) {
      reason = reason.getCause();
    }
    return reason;
  }

  private static String wayOut(Throwable root, String said) {
    if (root instanceof IllegalCallerException) {
      return "Java was told not to let it load native code. Allow that with "
          + (Loader.class.getModule().isNamed()
              ? "--enable-native-access=" + modules()
              : "--enable-native-access=ALL-UNNAMED, or with the line Enable-Native-Access:"
                  + " ALL-UNNAMED in the manifest of the jar that java -jar starts");
    }
    if (Loader.class.getClassLoader() != Api.class.getClassLoader()) {
      return "JavaCPP was loaded by "
          + Loader.class.getClassLoader()
          + " and ScanFormer's bindings by "
          + Api.class.getClassLoader()
          + "; put their jars together, so that one class loader loads both";
    }
    if (said.contains("GLIBC_") || said.contains("GLIBCXX_") || said.contains("CXXABI_")) {
      return "It needs glibc 2.34 and libstdc++ with GLIBCXX_3.4.29, as in Debian 12, Ubuntu 22.04,"
          + " RHEL 9 and later";
    }
    if (said.contains("libstdc++.so.6") || said.contains("libgcc_s.so.1")) {
      return "Install the C++ runtime, the package libstdc++6 (Debian, Ubuntu) or libstdc++ (RHEL)";
    }
    if (said.contains("failed to map segment") || said.contains("Operation not permitted")) {
      return "The system does not let it be executed from there (a file system mounted noexec, or a"
          + " security policy). "
          + CHOOSE;
    }
    if (root instanceof IOException) {
      return CHOOSE;
    }
    return "The jars needed are scanformer-native, javacpp, and javacpp and dnnl with the classifier "
        + Loader.Detector.getPlatform();
  }

  private static String modules() {
    String bindings = Loader.class.getModule().getName() + "," + Api.class.getModule().getName();
    return ModuleLayer.boot().findModule("org.bytedeco.cuda").isPresent()
        ? bindings + ",org.bytedeco.cuda"
        : bindings;
  }
}
