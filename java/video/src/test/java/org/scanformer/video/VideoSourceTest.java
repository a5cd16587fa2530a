package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.ScanFormerException;

/** Frames of files. */
class VideoSourceTest {
  @TempDir private Path directory;

  @Test
  void everyFrameComesOnceInOrderWithItsTime() throws IOException {
    try (VideoSource source = VideoSource.open(Clips.small().toString())) {
      assertEquals(MovingShapes.FPS, source.framesPerSecond(), 0.01);
      assertEquals(1e9, source.durationNanos(), 1e8);
      assertFalse(source.isLive());
      long count = 0;
      for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
        assertEquals(count, frame.index());
        assertEquals(count / MovingShapes.FPS, frame.timestampNanos() / 1e9, 1e-3);
        assertEquals(PixelFormat.I420, frame.image().format());
        assertEquals(0, frame.copies());
        count++;
      }
      assertEquals(Clips.SMALL_FRAMES, count);
      assertEquals(new VideoStatistics(count, count, 0, 0, 0, 0), source.statistics());
      assertNull(source.next());
    }
  }

  @Test
  void anImageIsTheMemoryThatTheDecoderWroteTo() throws IOException {
    Ffmpeg.start();
    VideoSourceOptions options = VideoSourceOptions.builder().threads(1).build();
    VideoInput input = VideoInput.of(Clips.small().toString(), options);
    FrameSlot slot = new FrameSlot();
    try (Decoder decoder = new Decoder(input, options, new InputDeadline(Long.MAX_VALUE));
        FrameImages images = new FrameImages()) {
      for (int i = 0; i < 5; i++) {
        assertEquals(Decoder.Outcome.FRAME, decoder.read(slot.frame));
        VideoFrame frame = images.of(slot, true);
        assertEquals(0, frame.copies());
        for (int p = 0; p < 3; p++) {
          assertEquals(
              slot.frame.data(p).address(), new BytePointer(frame.image().plane(p)).address());
          assertEquals(slot.frame.linesize(p), frame.image().stride(p));
        }
        slot.clear();
      }
    } finally {
      slot.free();
    }
  }

  @Test
  void anImageThatIsKeptTooLongReadsNoFreedMemory() throws IOException {
    Image kept;
    try (VideoSource source = VideoSource.open(Clips.small().toString())) {
      kept = source.next().image();
    }
    // Its memory is Java's, and stays as long as the image.
    ByteBuffer luma = kept.plane(0);
    long sum = 0;
    for (int i = 0; i < luma.limit(); i++) {
      sum += luma.get(i) & 255;
    }
    assertTrue(sum > 0);
  }

  @Test
  void aSlowConsumerGetsTheNewestFrame() throws Exception {
    VideoSourceOptions newest =
        VideoSourceOptions.builder().delivery(VideoSourceOptions.Delivery.NEWEST).build();
    try (VideoSource source = VideoSource.open(Clips.small().toString(), newest)) {
      assertEquals(0, source.next().index());
      Thread.sleep(400);
      VideoFrame second = source.next();
      assertTrue(second.index() > 2, "frame " + second.index() + " after 0.4 s at 30 frames/s");
      assertTrue(System.nanoTime() - second.arrivalNanos() < 300_000_000);
      while (source.next() != null) {
        // The rest is only counted.
      }
      VideoStatistics done = source.statistics();
      assertEquals(Clips.SMALL_FRAMES, done.decoded());
      assertTrue(done.dropped() >= second.index() - 1);
      assertEquals(done.decoded(), done.delivered() + done.dropped());
    }
  }

  @Test
  void closingEndsTheWaitOfAnotherThread() throws Exception {
    VideoSource source = VideoSource.open(Clips.small().toString());
    Thread closing =
        new Thread(
            () -> {
              try {
                Thread.sleep(50);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              source.close();
            });
    closing.start();
    VideoFrame last = source.next();
    while (last != null) {
      last = source.next();
    }
    closing.join();
    source.close();
    assertNull(source.next());
  }

  @Test
  void damageIsCountedAndDoesNotEndTheVideo() throws IOException {
    byte[] film = Files.readAllBytes(Clips.small());
    SplittableRandom random = new SplittableRandom(5);
    // The middle of a film that has its table at the end is pictures.
    for (int i = film.length / 3; i < film.length / 2; i += 1 + random.nextInt(40)) {
      film[i] ^= (byte) (1 + random.nextInt(255));
    }
    Path damaged = Files.write(directory.resolve("damaged.mp4"), film);
    try (VideoSource source = VideoSource.open(damaged.toString())) {
      long frames = 0;
      while (source.next() != null) {
        frames++;
      }
      assertTrue(frames > 5, frames + " frames");
      assertTrue(source.statistics().decodeErrors() > 0, source.statistics().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {90, 180, 270})
  void aTurnedVideoIsUpright(int degrees) throws IOException {
    Path turned = Files.write(directory.resolve("turned.mp4"), turned(degrees));
    Image plain;
    try (VideoSource source = VideoSource.open(Clips.small().toString())) {
      plain = source.next().image();
      try (VideoSource upright = VideoSource.open(turned.toString())) {
        VideoFrame frame = upright.next();
        assertEquals(0, frame.rotation());
        assertEquals(1, frame.copies());
        boolean swapped = degrees != 180;
        assertEquals(swapped ? plain.height() : plain.width(), frame.image().width());
        assertEquals(luma(plain, 10, 20), luma(turnedPlace(frame.image(), degrees, 10, 20, plain)));
        assertEquals(luma(plain, 99, 7), luma(turnedPlace(frame.image(), degrees, 99, 7, plain)));
      }
      VideoSourceOptions asStored = VideoSourceOptions.builder().upright(false).build();
      try (VideoSource stored = VideoSource.open(turned.toString(), asStored)) {
        VideoFrame frame = stored.next();
        assertEquals(degrees, frame.rotation());
        assertEquals(0, frame.copies());
        assertEquals(plain.width(), frame.image().width());
      }
    }
  }

  private record Place(Image image, int x, int y) {}

  private static Place turnedPlace(Image image, int degrees, int x, int y, Image from) {
    return switch (degrees) {
      case 90 -> new Place(image, from.height() - 1 - y, x);
      case 180 -> new Place(image, from.width() - 1 - x, from.height() - 1 - y);
      default -> new Place(image, y, from.width() - 1 - x);
    };
  }

  private static int luma(Place place) {
    return luma(place.image, place.x, place.y);
  }

  private static int luma(Image image, int x, int y) {
    return image.plane(0).get(y * image.stride(0) + x) & 255;
  }

  /** The small film with another matrix in the header of its track. */
  private static byte[] turned(int degrees) throws IOException {
    byte[] film = Files.readAllBytes(Clips.small());
    int header = 0;
    while (film[header] != 't' || film[header + 1] != 'k' || film[header + 2] != 'h') {
      header++;
    }
    int one = 1 << 16;
    int[] matrix =
        switch (degrees) {
          case 90 -> new int[] {0, one, 0, -one, 0};
          case 180 -> new int[] {-one, 0, 0, 0, -one};
          default -> new int[] {0, -one, 0, one, 0};
        };
    for (int i = 0; i < matrix.length; i++) {
      ByteBuffer.wrap(film).putInt(header + 44 + 4 * i, matrix[i]);
    }
    return film;
  }

  @ParameterizedTest
  @EnumSource
  void rawFramesOfOddSizesAreReadInEachFormat(PixelFormat format) throws IOException {
    int width = 33;
    int height = 17;
    int luma = width * height;
    int chroma = 17 * 9;
    int bytes =
        switch (format) {
          case RGB, BGR -> 3 * luma;
          case RGBA, BGRA -> 4 * luma;
          case GRAY -> luma;
          case NV12, NV21, I420 -> luma + 2 * chroma;
          case P010 -> 2 * (luma + 2 * chroma);
          // Two pixels share four bytes, so that a row has an even number of pixels.
          case YUYV, UYVY -> 2 * (width + 1) * height;
        };
    byte[] pixels = new byte[2 * bytes];
    new SplittableRandom(1).nextBytes(pixels);
    Path file = Files.write(directory.resolve("frames.raw"), pixels);
    VideoSourceOptions raw = VideoSourceOptions.builder().raw(width, height, format, 10).build();
    try (VideoSource source = VideoSource.open(file.toString(), raw)) {
      source.next();
      VideoFrame second = source.next();
      assertEquals(format, second.image().format());
      assertEquals(width, second.image().width());
      assertEquals(height, second.image().height());
      assertEquals(100_000_000, second.timestampNanos());
      for (int x : new int[] {0, width - 1}) {
        int at = x * format.bytesPerPixel();
        assertEquals(pixels[bytes + at], second.image().plane(0).get(at));
      }
      assertNull(source.next());
    }
  }

  @Test
  void imagesInASequenceAreFrames() throws IOException {
    MovingShapes odd = new MovingShapes(161, 121, 4);
    for (int i = 0; i < 3; i++) {
      ImageIO.write(odd.draw(i), "png", directory.resolve("f" + i + ".png").toFile());
    }
    for (String pattern : new String[] {"f%d.png", "f*.png"}) {
      try (VideoSource source = VideoSource.open(directory.resolve(pattern).toString())) {
        int count = 0;
        for (VideoFrame frame = source.next(); frame != null; frame = source.next()) {
          assertEquals(161, frame.image().width());
          assertEquals(PixelFormat.RGB, frame.image().format());
          Image drawn = odd.image(count);
          // BGR there, RGB here.
          assertEquals(drawn.pixels().get(2), frame.image().pixels().get(0));
          count++;
        }
        assertEquals(3, count, pattern);
      }
    }
  }

  @Test
  void aFrameInAnotherFormatIsConvertedOnce() {
    Ffmpeg.start();
    FrameSlot slot = new FrameSlot();
    AVFrame frame = slot.frame;
    frame.format(org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUV444P);
    frame.width(32);
    frame.height(16);
    org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer(frame, 0);
    try (FrameImages images = new FrameImages()) {
      VideoFrame converted = images.of(slot, true);
      assertEquals(1, converted.copies());
      assertEquals(PixelFormat.RGB, converted.image().format());
    } finally {
      slot.free();
    }
  }

  @Test
  void whatCannotBeOpenedIsSaid() throws IOException {
    assertRefused(directory.resolve("missing.mp4").toString(), "No such file");
    Path text = Files.writeString(directory.resolve("text.mp4"), "this is no video at all\n");
    assertRefused(text.toString(), "could not be opened");
    assertRefused("cam97", "cam97 could not be opened");
    VideoSourceOptions misspelt =
        VideoSourceOptions.builder().inputOption("rtsp_transprt", "tcp").build();
    ScanFormerException refusal =
        assertThrows(
            ScanFormerException.class,
            () -> VideoSource.open(Clips.small().toString(), misspelt).close());
    assertTrue(refusal.getMessage().endsWith("has no option rtsp_transprt"), refusal.getMessage());
    assertRefused("http://user:secret@127.0.0.1:1/video", "user:***@");
  }

  @Test
  void isNamedByItsLocationWithoutThePassword() throws IOException {
    String film = Clips.small().toString();
    try (VideoSource source = VideoSource.open(film)) {
      assertEquals(film, source.toString());
    }
    VideoSourceOptions options = VideoSourceOptions.defaults();
    assertEquals(
        "rtsp://user:***@camera/live",
        VideoInput.of("rtsp://user:secret@camera/live", options).toString());
    assertEquals(
        "rtsp://user:***@camera:554/live?at=3@4",
        VideoInput.of("rtsp://user:s@cr:e@t@camera:554/live?at=3@4", options).toString());
    assertEquals(
        "rtsp://camera:554/user@home",
        VideoInput.of("rtsp://camera:554/user@home", options).toString());
  }

  @Test
  void onlyFilesAreNamedByAPattern() {
    VideoSourceOptions options = VideoSourceOptions.defaults();
    assertEquals("image2", VideoInput.of("frames/*.png", options).demuxer());
    assertNull(VideoInput.of("rtsp://user:se*cret@camera/live", options).demuxer());
  }

  private static void assertRefused(String location, String expected) {
    ScanFormerException refusal =
        assertThrows(ScanFormerException.class, () -> VideoSource.open(location));
    assertEquals(ErrorCode.BAD_INPUT, refusal.code());
    assertTrue(refusal.getMessage().contains(expected), refusal.getMessage());
    assertTrue(refusal.getMessage().chars().allMatch(c -> c >= ' '), refusal.getMessage());
    assertFalse(refusal.getMessage().contains("secret"), refusal.getMessage());
  }
}
