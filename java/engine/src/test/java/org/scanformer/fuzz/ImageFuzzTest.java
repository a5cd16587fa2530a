package org.scanformer.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ImageLimits;

@Tag("fuzz")
class ImageFuzzTest {
  /** Small, as an image of a few bytes may say that it has many pixels. */
  private static final int MAX_PIXELS = 1 << 16;

  private static final ImageLimits LIMITS = ImageLimits.defaults().withPixels(MAX_PIXELS);

  @FuzzTest(maxDuration = Duration.OF_A_RUN)
  void decodesOrRefuses(byte[] bytes) {
    Inputs.assertTakenOrRefused(
        Set.of(ErrorCode.BAD_INPUT, ErrorCode.OUT_OF_MEMORY),
        () -> {
          Image image = Image.read(new ByteArrayInputStream(bytes), LIMITS);
          if ((long) image.width() * image.height() > MAX_PIXELS) {
            throw new AssertionError(image + " has more pixels than allowed");
          }
        });
  }
}
