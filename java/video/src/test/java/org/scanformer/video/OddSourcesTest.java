package org.scanformer.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Image;
import org.scanformer.PixelFormat;

/** Sources that are not quite films: slow pipes, songs with a picture, forgotten ones. */
class OddSourcesTest {
  @TempDir private Path directory;

  @Test
  @Timeout(30)
  void whoWritesToAPipeMayTakeABreak() throws Exception {
    int bytes = 64 * 48;
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    Thread writer =
        new Thread(
            () -> {
              try (OutputStream out = Files.newOutputStream(pipe)) {
                for (int i = 0; i < 4; i++) {
                  // Half a frame, so that a read of a whole one lasts as long as the break.
                  out.write(new byte[bytes / 2]);
                  Thread.sleep(150);
                }
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    writer.start();
    VideoSourceOptions raw =
        VideoSourceOptions.builder()
            .raw(64, 48, PixelFormat.GRAY, 10)
            .stallLimit(Duration.ofMillis(50))
            .build();
    try (VideoSource source = VideoSource.open(pipe.toString(), raw)) {
      assertNotNull(source.next());
      assertNotNull(source.next());
      assertNull(source.next());
      assertEquals(0, source.statistics().stalls());
    }
    writer.join();
  }

  @Test
  void aPictureIsTurnedAsItsOrientationSays() throws IOException {
    BufferedImage picture = new BufferedImage(64, 32, BufferedImage.TYPE_3BYTE_BGR);
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 16; x++) {
        picture.setRGB(x, y, Color.WHITE.getRGB());
      }
    }
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(picture, "jpg", jpeg);
    // EXIF with one entry: the orientation 6, which is shown a quarter clockwise.
    String exif =
        "ffe10022457869660000"
            + "4d4d002a00000008"
            + "0001"
            + "011200030000000100060000"
            + "00000000";
    ByteBuffer turned = ByteBuffer.allocate(jpeg.size() + exif.length() / 2);
    turned.put(jpeg.toByteArray(), 0, 2).put(HexFormat.of().parseHex(exif));
    turned.put(jpeg.toByteArray(), 2, jpeg.size() - 2);
    Path file = Files.write(directory.resolve("p0.jpg"), turned.array());
    Image still = Image.read(file);
    assertEquals("32x64", still.width() + "x" + still.height());
    for (String location : new String[] {"p0.jpg", "p%d.jpg"}) {
      try (VideoSource source = VideoSource.open(directory.resolve(location).toString())) {
        Image image = source.next().image();
        assertEquals("32x64", image.width() + "x" + image.height());
        // What was on the left is on top.
        assertTrue((image.plane(0).get(4 * image.stride(0) + 16) & 255) > 200);
        assertTrue((image.plane(0).get(60 * image.stride(0) + 16) & 255) < 50);
      }
    }
  }

  @Test
  void thePictureOfASongHasNoRate() throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(64, 48, BufferedImage.TYPE_3BYTE_BGR), "png", png);
    byte[] about = "\0image/png\0\3\0".getBytes(StandardCharsets.ISO_8859_1);
    int bytes = about.length + png.size();
    ByteBuffer song = ByteBuffer.allocate(20 + bytes + 20 * 417);
    int tag = 10 + bytes;
    song.put("ID3\3\0\0".getBytes(StandardCharsets.ISO_8859_1));
    // A tag's size has seven bits a byte.
    song.put((byte) (tag >> 21)).put((byte) (tag >> 14 & 127)).put((byte) (tag >> 7 & 127));
    song.put((byte) (tag & 127));
    song.put("APIC".getBytes(StandardCharsets.ISO_8859_1)).putInt(bytes).putShort((short) 0);
    song.put(about).put(png.toByteArray());
    for (int i = 0; i < 20; i++) {
      // A silent frame of MPEG-1 layer 3, of 128 kb/s and 44.1 kHz.
      song.putInt(0xfffb9064).put(new byte[413]);
    }
    Path file = Files.write(directory.resolve("song.mp3"), song.array());
    try (VideoSource source = VideoSource.open(file.toString())) {
      assertEquals(0, source.framesPerSecond());
      assertEquals(64, source.next().image().width());
      assertNull(source.next());
    }
  }

  @Test
  @Timeout(60)
  void noFrameIsLostWithoutRoomInJava() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:MaxDirectMemorySize=200k",
                "-cp",
                System.getProperty("java.class.path"),
                OddSourcesTest.class.getName(),
                Clips.small().toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    // Newer JVMs warn before.
    assertTrue(said.strip().endsWith(Clips.SMALL_FRAMES + " frames, 0 damaged"), said);
  }

  /** Reads a film in a process that has little memory. */
  public static void main(String[] film) {
    try (VideoSource source = VideoSource.open(film[0])) {
      VideoFrame frame = source.next();
      while (frame != null) {
        frame = source.next();
      }
      VideoStatistics done = source.statistics();
      System.out.println(done.delivered() + " frames, " + done.decodeErrors() + " damaged");
    }
  }

  @Test
  @Timeout(30)
  void aForgottenSourceIsClosed() throws Exception {
    long before = decoders();
    open(Clips.small());
    assertEquals(before + 1, decoders());
    while (decoders() > before) {
      System.gc();
      Thread.sleep(20);
    }
  }

  private static void open(Path film) {
    assertNotNull(VideoSource.open(film.toString()).next());
  }

  private static long decoders() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("scanformer-video"))
        .count();
  }
}
