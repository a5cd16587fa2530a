package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/** Films that are written, and what is drawn on them. */
class SinkAndOverlayTest {
  @TempDir private Path directory;

  @Test
  void aFilmKeepsSizeTimesAndPictures() throws Exception {
    Path file = directory.resolve("film.mp4");
    long[] times = {0, 40_000_000, 200_000_000, 200_000_000, 1_000_000_000};
    try (VideoSink sink = VideoSink.open(file, 161, 121, 25);
        Picture picture = Picture.of(161, 121, PixelFormat.BGR)) {
      assertEquals("libopenh264", sink.codec());
      assertEquals(160, sink.width());
      assertEquals(120, sink.height());
      picture.set(Clips.SMALL.image(0));
      for (long time : times) {
        sink.write(picture, time);
      }
      assertFalse(Files.exists(file));
    }
    assertTrue(Files.exists(file));
    assertFalse(Files.exists(directory.resolve("film.mp4.part")));
    try (VideoSource source = VideoSource.open(file.toString());
        Picture read = Picture.of(160, 120, PixelFormat.BGR)) {
      for (long time : times) {
        VideoFrame frame = source.next();
        assertEquals(time / 1e9, frame.timestampNanos() / 1e9, 1e-3);
        read.set(frame.image());
        assertNear(Clips.SMALL.draw(0), read.toBufferedImage());
      }
    }
  }

  private static void assertNear(BufferedImage expected, BufferedImage actual) {
    double difference = 0;
    for (int y = 4; y < 116; y++) {
      for (int x = 4; x < 156; x++) {
        int a = expected.getRGB(x, y);
        int b = actual.getRGB(x, y);
        for (int shift = 0; shift < 24; shift += 8) {
          difference += Math.abs((a >> shift & 255) - (b >> shift & 255));
        }
      }
    }
    difference /= 3.0 * 112 * 152;
    assertTrue(difference < 8, "a mean difference of " + difference + " levels");
  }

  @Test
  void aFilmWithoutPicturesReplacesNothing() throws Exception {
    Path film = Files.writeString(directory.resolve("kept.mp4"), "the film of yesterday");
    VideoSink.open(film, 64, 48, 25).close();
    assertEquals("the film of yesterday", Files.readString(film));
    assertFalse(Files.exists(directory.resolve("kept.mp4.part")));
  }

  @Test
  void whatCannotBeWrittenIsSaid() {
    assertRefused("a name that ends with .mp4", directory.resolve("film.avi"), 64, 64);
    assertRefused("at least 16x16", directory.resolve("film.mp4"), 8, 64);
    assertRefused("No such file", directory.resolve("missing/film.mp4"), 64, 64);
  }

  private static void assertRefused(String expected, Path file, int width, int height) {
    ScanFormerException refusal =
        assertThrows(
            ScanFormerException.class, () -> VideoSink.open(file, width, height, 25).close());
    assertEquals(ErrorCode.BAD_INPUT, refusal.code());
    assertTrue(refusal.getMessage().contains(expected), refusal.getMessage());
  }

  @ParameterizedTest
  @EnumSource(
      value = PixelFormat.class,
      names = {"RGB", "BGR", "RGBA", "BGRA", "NV12", "I420"})
  void boxesAndLabelsAreDrawnInTheirColour(PixelFormat format) {
    try (Picture picture = Picture.of(201, 151, format)) {
      Box box = new Box(40, 50, 100, 60);
      picture.overlay().box(box, 0xff3030).label(box, "Ag", 0xff3030);
      BufferedImage drawn = picture.toBufferedImage();
      assertRed(drawn, 41, 80);
      assertRed(drawn, 90, 51);
      assertRed(drawn, 138, 80);
      // The label's ground, above the box, and a dot of the letter A.
      assertRed(drawn, 52, 40);
      assertEquals(0, drawn.getRGB(42, 40) >> 16 & 255, 40);
      // The middle is left as it was.
      picture.overlay().box(new Box(-50, -50, 1000, 1000), 0x00ff00);
      assertEquals(drawn.getRGB(90, 80), picture.toBufferedImage().getRGB(90, 80));
    }
  }

  private static void assertRed(BufferedImage picture, int x, int y) {
    int rgb = picture.getRGB(x, y);
    assertTrue(
        (rgb >> 16 & 255) > 180 && (rgb >> 8 & 255) < 110 && (rgb & 255) < 110,
        "%06x at %d, %d".formatted(rgb & 0xffffff, x, y));
  }

  @Test
  void lettersAreAllDifferent() {
    Set<String> shapes = new HashSet<>();
    for (char letter = ' '; letter <= '~'; letter++) {
      StringBuilder shape = new StringBuilder();
      for (int row = 0; row < BitmapFont.HEIGHT; row++) {
        for (int column = 0; column < BitmapFont.WIDTH; column++) {
          shape.append(BitmapFont.isSet(letter, row, column) ? '#' : ' ');
        }
      }
      assertEquals(letter != ' ', shape.indexOf("#") >= 0, "the letter " + letter);
      assertTrue(shapes.add(shape.toString()), "the letter " + letter + " is another's");
    }
  }
}
