package org.scanformer.datasets;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * Values of datasets' files as the fuzzer chooses them: mostly of the right structure, with fields
 * missing, of another type or out of range, and written as JSON or as a pickle. Not thread-safe.
 */
final class RandomValues {
  private static final List<Object> ODD =
      Arrays.asList(
          null,
          true,
          -1,
          0,
          1,
          2,
          1.5,
          1e300,
          Long.MAX_VALUE,
          "",
          "1",
          "01",
          "x",
          "../a.jpg",
          "a\0b",
          "a.jpg",
          "\ud800",
          List.of(),
          List.of(1),
          List.of(-1),
          Map.of());

  private final FuzzedDataProvider data;
  private final SplittableRandom random;

  RandomValues(FuzzedDataProvider data) {
    this.data = data;
    this.random = new SplittableRandom(data.consumeLong());
  }

  /** What the fuzzer's input says, and after its end what follows from its first bytes. */
  int integer(int least, int most) {
    return data.remainingBytes() > 0
        ? data.consumeInt(least, most)
        : (int) random.nextLong(least, most + 1L);
  }

  boolean bool() {
    return integer(0, 1) == 1;
  }

  String string(int most) {
    return data.remainingBytes() > 0
        ? data.consumeString(most)
        : random.nextInt(8) == 0 ? " " : "dog " + random.nextInt();
  }

  /** The value, or sometimes another one, or none. */
  void put(Map<Object, Object> map, String name, Object value) {
    int choice = integer(0, 15);
    if (choice == 15) {
      map.put(name, odd());
    } else if (choice != 14) {
      map.put(name, value);
    }
  }

  /** A value of any type. */
  Object odd() {
    int choice = integer(0, ODD.size());
    return choice < ODD.size() ? ODD.get(choice) : string(20);
  }

  private Object id() {
    return bool() ? (Object) integer(0, 3) : "" + integer(0, 3);
  }

  /** A list of at most so many elements. */
  List<Object> list(Supplier<Object> element, int most) {
    Object[] elements = new Object[integer(0, most)];
    Arrays.setAll(elements, i -> element.get());
    return Arrays.asList(elements);
  }

  /** An object with images, annotations and categories. */
  Object coco(boolean captions) {
    Map<Object, Object> root = new LinkedHashMap<>();
    put(root, "images", list(() -> image(captions), 4));
    put(root, "annotations", list(this::annotation, 6));
    put(root, "categories", list(() -> Map.of("id", id(), "name", "dog"), 2));
    return root;
  }

  private Object image(boolean caption) {
    Map<Object, Object> image = new LinkedHashMap<>();
    put(image, "id", id());
    put(image, "file_name", integer(0, 3) == 0 ? "b.png" : "a.jpg");
    put(image, "width", integer(0, 7) == 0 ? integer(Integer.MIN_VALUE, Integer.MAX_VALUE) : 40);
    put(image, "height", integer(0, 7) == 0 ? integer(Integer.MIN_VALUE, Integer.MAX_VALUE) : 30);
    if (caption) {
      put(image, "caption", string(8));
    }
    return image;
  }

  private Object annotation() {
    Map<Object, Object> annotation = new LinkedHashMap<>();
    put(annotation, "id", id());
    put(annotation, "image_id", id());
    put(annotation, "category_id", id());
    put(annotation, "bbox", list(() -> number(), 5));
    return annotation;
  }

  /** A coordinate, mostly of a box within the picture. */
  Object number() {
    return integer(0, 7) == 0 ? odd() : (Object) integer(-10, 50);
  }

  /** A list of referred objects. */
  Object refs() {
    return list(
        () -> {
          Map<Object, Object> ref = new LinkedHashMap<>();
          put(ref, "split", "val");
          put(ref, "ref_id", id());
          put(ref, "image_id", id());
          put(ref, "ann_id", bool() ? id() : list(this::id, 3));
          put(ref, "no_target", bool());
          put(ref, "file_name", "a_12.jpg");
          put(ref, "sentences", list(() -> Map.of("sent", string(8)), 3));
          return ref;
        },
        4);
  }

  /**
   * The value as a pickle, with strings as text, bytes or Python 2's, and lists that are shared.
   */
  byte[] pickle(Object value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0x80);
    out.write(2);
    write(value, out);
    out.write('.');
    return out.toByteArray();
  }

  private void write(Object value, ByteArrayOutputStream out) {
    int choice = integer(0, 31);
    if (value == null) {
      out.write('N');
    } else if (value instanceof Boolean bool) {
      out.write(bool ? 0x88 : 0x89);
    } else if (value instanceof Number number) {
      text((choice == 0 ? "F" : "I") + number + "\n", out);
    } else if (value instanceof String string) {
      byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
      if (choice >= 28) {
        text("c_codecs\nencode\n", out);
      }
      out.write(choice < 8 ? 'U' : choice < 16 ? 'C' : 0x8c);
      out.write(bytes.length & 255);
      out.write(bytes, 0, Math.min(255, bytes.length));
      if (choice >= 28) {
        text("U\6latin1", out);
        out.write(0x86);
        out.write('R');
      }
    } else if (value instanceof List<?> list) {
      out.write(choice < 8 ? '(' : ']');
      if (choice >= 8) {
        memo('q', out);
        out.write('(');
      }
      list.forEach(element -> write(element, out));
      out.write(choice < 8 ? 't' : 'e');
    } else if (value instanceof Map<?, ?> map) {
      out.write('}');
      out.write('(');
      map.forEach(
          (key, element) -> {
            write(key, out);
            write(element, out);
          });
      out.write('u');
    }
    if (choice == 31) {
      out.write(integer(0, 255)); // any opcode
    } else if (choice == 30) {
      out.write('0'); // drops the value for one that is shared
      memo('h', out);
    }
  }

  private void memo(int opcode, ByteArrayOutputStream out) {
    out.write(opcode);
    out.write(integer(0, 3));
  }

  private static void text(String text, ByteArrayOutputStream out) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    out.write(bytes, 0, bytes.length);
  }
}
