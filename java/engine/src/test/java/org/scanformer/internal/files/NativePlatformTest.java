package org.scanformer.internal.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NativePlatformTest {
  private static final List<String> PROVIDED = List.of("linux-x86_64");
  private static final String RUNS_ON =
      "ScanFormer runs on Linux with glibc 2.34 or later, on the platforms linux-x86_64; found ";

  @Test
  void linuxWithGlibcIsTaken() {
    assertNull(
        NativePlatform.refusal(
            "linux-x86_64",
            PROVIDED,
            Stream.of("7f00-7f01 r-xp 0 fd:00 1 /lib64/ld-linux-x86-64.so.2")));
  }

  @Test
  void otherSystemsAreRefusedInOneSentence() {
    assertEquals(
        RUNS_ON + "windows-x86_64",
        NativePlatform.refusal("windows-x86_64", PROVIDED, Stream.empty()));
  }

  @Test
  void muslIsRefusedInOneSentence() {
    assertEquals(
        RUNS_ON + "linux-x86_64 with musl (as in Alpine Linux)",
        NativePlatform.refusal(
            "linux-x86_64",
            PROVIDED,
            Stream.of("7f00-7f01 r-xp 0 fd:00 1 /lib/ld-musl-x86_64.so.1")));
  }
}
