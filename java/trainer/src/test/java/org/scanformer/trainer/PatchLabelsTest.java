package org.scanformer.trainer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Box;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringPair;
import org.scanformer.internal.model.ModelConfig;
import org.scanformer.internal.model.TextTokenizer;

/** Which object a patch is labelled with where boxes lie within others, as in photographs. */
class PatchLabelsTest {
  private static final int SIDE = 96;
  private static final Box PERSON = new Box(0, 0, SIDE, SIDE);
  private static final Box SHIRT = new Box(16, 16, 64, 64);

  @TempDir private Path directory;

  private record Drawn(String name, int width, int height, List<ImageObject> objects)
      implements ImageSource {
    @Override
    public Image read() {
      return Image.of(ByteBuffer.allocate(3 * width * height), PixelFormat.RGB, width, height);
    }
  }

  private static ReferringPair pair(List<Box> targets) {
    ImageSource image =
        new Drawn(
            "drawn",
            SIDE,
            SIDE,
            List.of(
                new ImageObject(PERSON, "person", null), new ImageObject(SHIRT, "shirt", null)));
    return new ReferringPair("pair", image, "the circle", targets, null, List.of());
  }

  @Test
  void theTargetComesBeforeOthersAndTheSmallestBeforeLarger() throws IOException {
    ModelConfig config = ModelConfig.read(TinyModel.writeConfig(directory));
    Path tokenizer = directory.resolve("tokenizer.json");
    ShapesTokenizer.write(tokenizer, 16);
    try (BatchBuilder builder =
        new BatchBuilder(
            config,
            TextTokenizer.open(tokenizer, config),
            List.of("person", "shirt"),
            List.of(),
            ObjectWords.NONE,
            new LeftOut(new PrintWriter(System.err)))) {
      Batch batch =
          builder.build(
              List.of(pair(List.of(PERSON)), pair(List.of(SHIRT)), pair(List.of())),
              BatchBuilder.Replacement.NONE);
      Batch.ScaleLabels finest = batch.scales[2];
      int n = finest.rows * finest.cols;
      int middle = finest.rows / 2 * finest.cols + finest.cols / 2;
      float[] person = {0.5f, 0.5f, 1, 1};
      float[] shirt = {0.5f, 0.5f, 2 / 3f, 2 / 3f};
      int[] expected = {0, 1, 1};
      for (int i = 0; i < 3; i++) {
        assertEquals(expected[i], finest.categories[i * n + middle], "pair " + i);
        // The corner is the person's in any case.
        assertEquals(0, finest.categories[i * n], "pair " + i);
        int place = 4 * (i * n + middle);
        float[] box = Arrays.copyOfRange(finest.patchBoxes, place, place + 4);
        assertArrayEquals(expected[i] == 0 ? person : shirt, box, 1e-6f);
      }
    }
  }
}
