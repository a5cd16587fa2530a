package org.scanformer.bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The machine's peak rates with a number of threads.
 *
 * @param threads the threads
 * @param fp32GigaFlops fused multiply-adds in fp32, GFLOP/s
 * @param bf16GigaFlops the same in bf16; 0 if the CPU has no bf16 products
 * @param readGigaBytes reading arrays larger than the caches, GB/s
 * @param copyGigaBytes copying them, GB/s, counting reads and writes
 */
public record Peaks(
    int threads,
    double fp32GigaFlops,
    double bf16GigaFlops,
    double readGigaBytes,
    double copyGigaBytes) {

  /**
   * Measures them, for one thread and for all: src/main/cpp/peaks.cpp, which the build compiles.
   */
  static List<Peaks> measure() throws IOException, InterruptedException {
    Path program = Files.createTempFile("peaks", "");
    try {
      try (InputStream in = Peaks.class.getResourceAsStream("peaks")) {
        if (in == null) {
          throw new IOException("The build did not compile org/scanformer/bench/peaks");
        }
        Files.write(program, in.readAllBytes());
      }
      if (!program.toFile().setExecutable(true)) {
        throw new IOException(program + " cannot be made executable");
      }
      Process process =
          new ProcessBuilder(program.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      byte[] output = process.getInputStream().readAllBytes();
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException("The measurement of the machine's peaks ended with code " + code);
      }
      return new ObjectMapper().readValue(output, new TypeReference<List<Peaks>>() {});
    } finally {
      Files.delete(program);
    }
  }

  /** The rates for that many threads, or for as many as were measured. */
  static Peaks of(List<Peaks> measured, int threads) {
    return measured.stream()
        .filter(peaks -> peaks.threads == threads)
        .findFirst()
        .orElse(measured.get(measured.size() - 1));
  }
}
