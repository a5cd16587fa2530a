package org.scanformer.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.ImageLimits;

/** Files of every format put together from valid parts in any order, with some bytes changed. */
@Tag("fuzz")
class ImageStructureFuzzTest {
  /** Small, as an image of a few bytes may say that it has many pixels. */
  private static final int MAX_PIXELS = 1 << 16;

  private static final ImageLimits LIMITS = ImageLimits.defaults().withPixels(MAX_PIXELS);
  private static final int MAX_PARTS = 12;
  private static final double MAX_NANOS = 3e9;

  private static final List<byte[]> JPEG =
      ImageParts.jpeg("progressive.jpg", "cmyk.jpg", "orientation-6.jpg", "swapped-profile.jpg");
  private static final List<byte[]> PNG = ImageParts.png("orientation-6.png");
  private static final List<byte[]> WEBP =
      ImageParts.webp("lossless.webp", "lossy.webp", "orientation-6.webp");
  private static final List<byte[]> GIF = ImageParts.gif();

  /** Tags that decoding depends on. */
  private static final int[] TAGS = {
    256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330,
    338, 339, 347, 513, 514, 530, 34665, 34675
  };

  private static final int[] COMPRESSIONS = {1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946};

  @FuzzTest(maxDuration = Duration.OF_A_RUN)
  void decodesOrRefuses(FuzzedDataProvider data) {
    byte[] file =
        switch (data.consumeInt(0, 5)) {
          case 0 -> changed(parts(data, JPEG), data);
          case 1 -> changed(parts(data, PNG), data);
          case 2 -> changed(parts(data, GIF), data);
          case 3 -> riff(changed(parts(data, WEBP), data));
          case 4 -> tiff(data);
          default -> bmp(data);
        };
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    Inputs.assertTakenOrRefused(
        Set.of(ErrorCode.BAD_INPUT, ErrorCode.OUT_OF_MEMORY),
        () -> {
          Image image = Image.read(new ByteArrayInputStream(file), LIMITS);
          assertTrue((long) image.width() * image.height() <= MAX_PIXELS, image::toString);
        });
    long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
    assertTrue(nanos < MAX_NANOS, nanos + " ns");
  }

  /** The first part, which a reader knows a file by, and some of all. */
  private static byte[] parts(FuzzedDataProvider data, List<byte[]> parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(parts.get(0));
    if (data.consumeBoolean()) {
      parts.stream().skip(1).forEach(out::writeBytes);
      return out.toByteArray();
    }
    for (int count = data.consumeInt(1, MAX_PARTS); count > 0; count--) {
      out.writeBytes(parts.get(data.consumeInt(0, parts.size() - 1)));
    }
    return out.toByteArray();
  }

  private static byte[] changed(byte[] file, FuzzedDataProvider data) {
    for (int count = data.consumeInt(0, 6); count > 0 && file.length > 0; count--) {
      file[data.consumeInt(0, file.length - 1)] = data.consumeByte();
    }
    return file;
  }

  private static byte[] riff(byte[] file) {
    if (file.length >= 8) {
      ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(4, file.length - 8);
    }
    return file;
  }

  private static byte[] tiff(FuzzedDataProvider data) {
    boolean little = data.consumeBoolean();
    byte[] samples = data.consumeBytes(400);
    int entries = data.consumeInt(1, 20);
    int directory = 8 + samples.length;
    ByteBuffer file = ByteBuffer.allocate(directory + 2 + 12 * entries + 4);
    file.order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    file.put((little ? "II" : "MM").getBytes(StandardCharsets.US_ASCII)).putShort((short) 42);
    file.putInt(directory).put(samples).putShort((short) entries);
    for (int i = 0; i < entries; i++) {
      // Most have the usual tags in order, so that a picture comes about.
      int tag =
          TAGS[i < TAGS.length && data.consumeBoolean() ? i : data.consumeInt(0, TAGS.length - 1)];
      int type = data.consumeInt(0, 9) == 0 ? data.consumeInt(0, 18) : 4;
      int count = data.consumeInt(0, 9) == 0 ? data.consumeInt() : 1;
      int value =
          switch (tag) {
            case 256, 257, 278, 322, 323 -> data.consumeInt(0, 300);
            case 258 -> 1 << data.consumeInt(0, 6);
            case 259 -> data.pickValue(COMPRESSIONS);
            case 273, 324 -> data.consumeInt(0, 500);
            default -> data.consumeInt(0, 9) == 0 ? data.consumeInt() : data.consumeInt(0, 400);
          };
      file.putShort((short) tag).putShort((short) type).putInt(count);
      file.putInt(type == 3 && !little ? value << 16 : value);
    }
    return file.array();
  }

  private static byte[] bmp(FuzzedDataProvider data) {
    int header = data.pickValue(new int[] {12, 40, 52, 56, 108, 124, data.consumeInt()});
    int width = data.consumeInt(-4, 300);
    int height = data.consumeInt(-300, 300);
    int depth = data.pickValue(new int[] {1, 2, 4, 8, 16, 24, 32, data.consumeInt(0, 70)});
    int compression = data.consumeInt(0, 7);
    int offset = data.consumeInt(0, 200);
    byte[] rest = data.consumeRemainingAsBytes();
    ByteBuffer file = ByteBuffer.allocate(54 + rest.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put((byte) 'B').put((byte) 'M').putInt(file.capacity()).putInt(0).putInt(offset);
    file.putInt(header).putInt(width).putInt(height).putShort((short) 1).putShort((short) depth);
    return file.putInt(compression).position(54).put(rest).array();
  }
}
