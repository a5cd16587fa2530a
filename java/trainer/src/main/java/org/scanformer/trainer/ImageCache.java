package org.scanformer.trainer;

import java.io.EOFException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.scanformer.Image;
import org.scanformer.PixelFormat;
import org.scanformer.datasets.ImageObject;
import org.scanformer.datasets.ImageSource;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.internal.files.SystemMessages;

/**
 * Decoded images in a file, so that each is decoded once, in this run or in an earlier one. An
 * image is added when it is first read, under its file's path, length and time of change: one that
 * is replaced is decoded again. The system keeps what is read often in memory. A record that a
 * crash left unfinished is dropped. Thread-safe; a file is locked while it is open, so that it has
 * one user at a time.
 */
final class ImageCache implements AutoCloseable {
  private static final int MAGIC = 0x5343_4932;
  private static final byte[] MAGIC_BYTES = ByteBuffer.allocate(4).putInt(MAGIC).array();

  /** A cache that has images under their names alone, which may be those of others by now. */
  private static final byte[] OLD_MAGIC_BYTES = {0x53, 0x43, 0x49, 0x43};

  private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

  private record Place(long offset, PixelFormat format) {}

  private final FileChannel file;
  private final Map<String, Place> places = new HashMap<>();
  private final PrintWriter err;
  private boolean full;

  private ImageCache(FileChannel file, PrintWriter err) {
    this.file = file;
    this.err = err;
  }

  /**
   * Opens a cache, or starts one in a file that is missing or empty.
   *
   * @param err told if images of an earlier version are dropped, and once if no more can be added
   * @throws IllegalArgumentException when the file is something else, which stays as it is, or
   *     another trainer uses it
   * @throws UncheckedIOException when the file cannot be read and written
   */
  static ImageCache open(Path path, PrintWriter err) {
    try {
      ImageCache cache =
          new ImageCache(
              FileChannel.open(
                  path,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE),
              err);
      try {
        if (!FileLocks.tryLock(cache.file, path)) {
          throw new IllegalArgumentException(path + ": another trainer uses this cache of images");
        }
        cache.requireCache(path);
        cache.readIndex();
        return cache;
      } catch (IOException | RuntimeException e) {
        cache.file.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          path + ": the cache of images cannot be used: " + SystemMessages.reason(e), e);
    }
  }

  /** Any other file is somebody's, named by mistake. */
  private void requireCache(Path path) throws IOException {
    byte[] head = read(0, (int) Math.min(file.size(), Integer.BYTES)).array();
    if (Arrays.equals(head, OLD_MAGIC_BYTES)) {
      err.println(
          path
              + ": this cache of images begins anew, as an earlier version wrote it, which did not"
              + " tell images of the same name apart");
      file.truncate(0);
    } else if (head.length > 0 && !Arrays.equals(head, MAGIC_BYTES)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: found a file of %d bytes that begins with %s, expected a cache of images, which"
                  + " begins with %s, or no file",
              path,
              file.size(),
              HEX.formatHex(head),
              HEX.formatHex(MAGIC_BYTES)));
    }
  }

  /** A record: magic, bytes of the key and of the pixels, format, key, pixels. */
  private void readIndex() throws IOException {
    long end = 0;
    while (end + 16 <= file.size()) {
      ByteBuffer head = read(end, 16);
      int magic = head.getInt();
      int keyBytes = head.getInt();
      int pixelBytes = head.getInt();
      int format = head.getInt();
      long next = end + 16 + keyBytes + pixelBytes;
      if (magic != MAGIC
          || keyBytes < 0
          || pixelBytes < 0
          || next > file.size()
          || format < 0
          || format >= PixelFormat.values().length) {
        break;
      }
      String key = StandardCharsets.UTF_8.decode(read(end + 16, keyBytes)).toString();
      places.put(key, new Place(end + 16 + keyBytes, PixelFormat.values()[format]));
      end = next;
    }
    if (end < file.size()) {
      file.truncate(end);
    }
  }

  private ByteBuffer read(long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, offset + buffer.position()) < 0) {
        throw new EOFException("the file ends within a record");
      }
    }
    return buffer.flip();
  }

  /** The dataset with its images in the cache. */
  ReferringDataset of(ReferringDataset dataset) {
    return new DatasetWithImages(dataset, Cached::new);
  }

  private Image read(ImageSource source) {
    String key = key(source);
    if (key == null) {
      return source.read();
    }
    Place place = place(key);
    if (place == null) {
      // Several threads may decode at a time, also the same image.
      Image image = source.read();
      add(key, image);
      return image;
    }
    try {
      int bytes = source.width() * source.height() * place.format.bytesPerPixel();
      return Image.of(read(place.offset, bytes), place.format, source.width(), source.height());
    } catch (IOException e) {
      throw new UncheckedIOException("the cache of images: " + e.getMessage(), e);
    }
  }

  /**
   * Tells an image from others of its name, and from what its file held before. Null for no file:
   * nothing tells whether it is still the same, or its reader says what is wrong.
   */
  private static String key(ImageSource source) {
    try {
      Path path = Path.of(source.name()).toRealPath();
      BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
      return String.format(
          Locale.ROOT,
          "%s %d %d %dx%d",
          path,
          file.size(),
          file.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          source.width(),
          source.height());
    } catch (IOException | InvalidPathException e) {
      return null;
    }
  }

  private synchronized Place place(String key) {
    return places.get(key);
  }

  /**
   * Appends an image, unless its size is not the expected one, which is for others to report. A run
   * goes on without what there is no room for.
   */
  private synchronized void add(String key, Image image) {
    if (full
        || places.containsKey(key)
        || !key.endsWith(" " + image.width() + "x" + image.height())) {
      return;
    }
    long begin = -1;
    try {
      begin = file.size();
      places.put(key, append(key, image, begin));
    } catch (IOException e) {
      full = true;
      err.println(
          "The cache of images takes no more, and other images are decoded each time: "
              + SystemMessages.reason(e));
      dropFrom(begin);
    }
  }

  /** Drops a record that was written in part; if that fails too, the next reader does. */
  private void dropFrom(long begin) {
    try {
      if (begin >= 0) {
        file.truncate(begin);
      }
    } catch (IOException e) {
      full = true;
    }
  }

  private Place append(String key, Image image, long begin) throws IOException {
    int row = image.width() * image.format().bytesPerPixel();
    byte[] text = key.getBytes(StandardCharsets.UTF_8);
    ByteBuffer record = ByteBuffer.allocate(16 + text.length + row * image.height());
    record.putInt(MAGIC).putInt(text.length).putInt(row * image.height());
    record.putInt(image.format().ordinal()).put(text);
    for (int y = 0; y < image.height(); y++) {
      record.put(record.position(), image.pixels(), y * image.rowStride(), row);
      record.position(record.position() + row);
    }
    record.flip();
    while (record.hasRemaining()) {
      file.write(record, begin + record.position());
    }
    return new Place(begin + 16 + text.length, image.format());
  }

  /** Ends reading and writing, and lets others use the file. Idempotent. */
  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the cache of images: " + SystemMessages.reason(e), e);
    }
  }

  private final class Cached implements ImageSource {
    private final ImageSource source;

    Cached(ImageSource source) {
      this.source = source;
    }

    @Override
    public String name() {
      return source.name();
    }

    @Override
    public int width() {
      return source.width();
    }

    @Override
    public int height() {
      return source.height();
    }

    @Override
    public List<ImageObject> objects() {
      return source.objects();
    }

    @Override
    public Image read() {
      return ImageCache.this.read(source);
    }
  }
}
