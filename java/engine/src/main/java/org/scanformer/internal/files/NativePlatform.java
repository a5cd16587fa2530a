package org.scanformer.internal.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.scanformer.natives.api.ApiBindings;

/** Refuses the systems that there are no native libraries for, before one is loaded. */
final class NativePlatform {
  private static final List<String> KNOWN = List.of("linux-x86_64", "linux-arm64");

  private NativePlatform() {}

  /**
   * Checks the system that the process runs on.
   *
   * @throws UnsatisfiedLinkError in one sentence
   */
  static void requireSupported() {
    String refusal = refusal(Loader.Detector.getPlatform(), provided(), mappedFiles());
    if (refusal != null) {
      throw new UnsatisfiedLinkError(refusal);
    }
  }

  /**
   * Why a platform is refused; null when it is not.
   *
   * @param platform JavaCPP's name of it
   * @param provided the platforms that there are libraries for
   * @param mapped what the process has mapped, among it the C library's dynamic loader
   */
  static String refusal(String platform, List<String> provided, Stream<String> mapped) {
    String found = null;
    if (!provided.contains(platform)) {
      found = platform;
    } else if (mapped.anyMatch(file -> file.contains("/ld-musl"))) {
      found = platform + " with musl (as in Alpine Linux)";
    }
    return found == null
        ? null
        : "ScanFormer runs on Linux with glibc 2.34 or later, on the platforms "
            + String.join(", ", provided)
            + "; found "
            + found;
  }

  private static List<String> provided() {
    return KNOWN.stream()
        .filter(name -> ApiBindings.class.getResource(name + "/libjniscanformer.so") != null)
        .toList();
  }

  private static Stream<String> mappedFiles() {
    try {
      return Files.readAllLines(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1).stream();
    } catch (IOException e) {
      return Stream.empty();
    }
  }
}
