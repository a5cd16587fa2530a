package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomExpression;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * What the CUDA backend defers, graphs that are replayed and copies that are under way, against the
 * CPU backend's answers.
 */
abstract class CudaReplayTests {
  private static final double TOLERANCE = 2e-4;
  private static final int LONGEST = 34;
  private static final int BATCH = 5;

  private ScanFormer cpu;
  private ScanFormer cuda;

  @BeforeEach
  void load(@TempDir Path directory) throws Exception {
    RandomModel.tiny().maxTextLength(LONGEST + 2).write(directory);
    cpu = load(directory, BackendKind.CPU);
    cuda = load(directory, BackendKind.CUDA);
  }

  @AfterEach
  void close() {
    cpu.close();
    cuda.close();
  }

  private static ScanFormer load(Path directory, BackendKind backend) {
    return ScanFormer.load(
        directory,
        ScanFormerOptions.builder()
            .backend(backend)
            .precision(Precision.FP32)
            .maxBatch(BATCH)
            .build());
  }

  private static String words(int count, int first) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      words.add(RandomExpression.WORDS.get(5 + (first + i) % (RandomExpression.WORDS.size() - 5)));
    }
    return String.join(" ", words);
  }

  /** An image of its own for each number, and of one size: their batches have one shape. */
  private static Request request(int image, String text) {
    return Request.of(Image.of(RandomImages.structured(image, 40, 30)), text)
        .withSelection(SelectionPolicy.all());
  }

  private void assertAgree(List<Request> requests, Schedule schedule, String what) {
    List<Location> found = cuda.locate(requests, schedule);
    for (int r = 0; r < requests.size(); r++) {
      NormalizedBox expected =
          cpu.locate(requests.subList(r, r + 1), schedule).get(0).normalizedBox();
      assertArrayEquals(
          values(expected), values(found.get(r).normalizedBox()), TOLERANCE, what + ", " + r);
    }
  }

  private static double[] values(NormalizedBox box) {
    return new double[] {box.centerX(), box.centerY(), box.width(), box.height()};
  }

  /** Texts of several buckets come with one bucket of all tokens, by turns. */
  @Test
  void textsOfAllLengthsAreReplayedAsThemselves() {
    for (int round = 0; round < 3; round++) {
      for (int length = 1; length <= LONGEST; length += 8) {
        Request request = request(1, words(length, 7 * round + length));
        assertAgree(
            List.of(request), Schedule.FINAL_ONLY, "round " + round + ", " + length + " words");
      }
    }
  }

  /** Each image's pixels are still to be read while the next one's are staged. */
  @Test
  void imagesOfABatchAreStagedApart() {
    for (int round = 0; round < 3; round++) {
      List<Request> requests = new ArrayList<>();
      for (int r = 0; r < BATCH; r++) {
        requests.add(request(10 * round + r, words(4, r)));
      }
      assertAgree(requests, Schedule.PER_SCALE, "round " + round);
    }
  }

  /** The host reads how many patches were selected, and packs the next scale by it. */
  @Test
  void scalesWaitForWhatTheNextOnePacks() {
    for (int image = 0; image < 12; image++) {
      Request request =
          Request.of(Image.of(RandomImages.structured(image, 40, 30)), words(5, image))
              .withSelection(SelectionPolicy.topK(1 + image % 4));
      Location expected = cpu.locate(List.of(request), Schedule.FINAL_ONLY).get(0);
      Location found = cuda.locate(List.of(request), Schedule.FINAL_ONLY).get(0);
      for (int s = 0; s < expected.scales().size(); s++) {
        assertEquals(
            expected.scales().get(s).mask().count(),
            found.scales().get(s).mask().count(),
            "patches of image " + image + ", scale " + s);
      }
    }
  }
}
