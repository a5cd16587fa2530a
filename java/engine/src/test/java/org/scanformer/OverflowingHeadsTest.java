package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scanformer.internal.model.SafetensorsFile;
import org.scanformer.internal.model.SafetensorsWriter;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * A model whose scores overflow gives no answer that is not a number. Whether a sum is NaN or
 * infinite, which is a score of 0 or 1, depends on the order and on fused multiply-adds, and so on
 * the processor.
 */
class OverflowingHeadsTest {
  private final Image image = Image.of(RandomImages.structured(1, 60, 45));

  @TempDir private Path directory;

  /** Writes a random model with a tensor of so large numbers that their products overflow. */
  private void write(String huge) throws Exception {
    RandomModel.tiny().coarseGrid(2).scales(2).candidateHead().write(directory);
    Path weights = directory.resolve("model.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(weights)) {
      file.tensors()
          .forEach(
              (name, tensor) -> {
                float[] data = new float[Math.toIntExact(tensor.elements())];
                file.read(name, 0, FloatBuffer.wrap(data));
                if (name.equals(huge)) {
                  Arrays.fill(data, 3e38f);
                }
                writer.tensor(name, data, tensor.shape());
              });
    }
    writer.write(weights);
  }

  @ParameterizedTest
  @CsvSource({
    "score_head.weight, score",
    "candidate_head.weight, candidate",
    "encoder.layer.0.attention.attention.query.weight, box"
  })
  void noCallGivesWhatIsNoNumber(String huge, String head) throws Exception {
    write(huge);
    ScanFormerOptions options =
        ScanFormerOptions.builder().backend(BackendKind.CPU).precision(Precision.FP32).build();
    Request request = Request.of(image, "the red circle").withCandidates(1);
    try (ScanFormer model = ScanFormer.load(directory, options);
        Session session = model.openSession(SessionOptions.defaults());
        Batcher batcher = model.openBatcher(BatcherOptions.defaults())) {
      for (Locator locator : List.of(model, session, batcher)) {
        assertNumbers(head, () -> locator.locate(request));
      }
      for (Schedule schedule : Schedule.values()) {
        assertNumbers(head, () -> model.locate(List.of(request, request), schedule).get(1));
      }
    }
  }

  /**
   * Refused by the head's name, or numbers all the same where the head itself is at fault.
   * Attention whose logits overflow has no number to give, whatever the order of sums.
   */
  private static void assertNumbers(String head, Supplier<Location> call) {
    final Location location;
    try {
      location = call.get();
    } catch (ScanFormerException e) {
      assertEquals(ErrorCode.BAD_MODEL, e.code());
      assertTrue(e.getMessage().startsWith("The " + head + " head gave"), e.getMessage());
      return;
    }
    assertFalse(head.equals("box"), () -> "an answer: " + location.box());
    assertTrue(location.score() >= 0 && location.score() <= 1, "score " + location.score());
    assertTrue(
        location.candidates().stream().allMatch(each -> each.score() >= 0 && each.score() <= 1),
        () -> location.candidates().toString());
  }
}
