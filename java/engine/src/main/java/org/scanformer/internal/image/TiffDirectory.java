package org.scanformer.internal.image;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The first directory of a TIFF or BigTIFF file: entries of a tag, a type, and a number of values
 * that lie in the entry or, if they are too long, elsewhere in the file.
 */
final class TiffDirectory {
  static final int SHORT = 3;

  private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};

  /** An entry, and where its values are. */
  record Entry(int tag, int type, long count, long at) {}

  private final EncodedBytes file;
  private final boolean little;
  private final boolean big;
  private final Map<Integer, Entry> entries = new TreeMap<>();

  TiffDirectory(EncodedBytes file) throws IOException {
    this.file = file;
    little = file.isAt(0, "II");
    big = u16(2) == 43;
    long at = big ? u64(8) : u32(4);
    long count = big ? u64(at) : u16(at);
    if (count > 0xffff) {
      throw new IOException("a directory of " + count + " entries");
    }
    long next = at + (big ? 8 : 2);
    for (int i = 0; i < count; i++, next += big ? 20 : 12) {
      read(next);
    }
  }

  private void read(long at) throws IOException {
    int tag = u16(at);
    int type = u16(at + 2);
    long count = big ? u64(at + 4) : u32(at + 4);
    int size = type < TYPE_BYTES.length ? TYPE_BYTES[type] : 0;
    if (size == 0 || count < 0 || count > Integer.MAX_VALUE) {
      return; // an unknown type, whose length is unknown, too
    }
    int room = big ? 8 : 4;
    long inEntry = at + 4 + room;
    long values = count * size <= room ? inEntry : big ? u64(inEntry) : u32(inEntry);
    entries.putIfAbsent(tag, new Entry(tag, type, count, values));
  }

  boolean isBig() {
    return big;
  }

  boolean isLittle() {
    return little;
  }

  /** The entry of a tag; null for none. */
  Entry entry(int tag) {
    return entries.get(tag);
  }

  static int bytes(Entry entry) {
    return Math.toIntExact(entry.count() * TYPE_BYTES[entry.type()]);
  }

  /** The number of a tag's values, 0 without an entry. */
  long count(int tag) {
    Entry entry = entries.get(tag);
    return entry == null ? 0 : entry.count();
  }

  /** An unsigned integer of a tag, or the default where there is none. */
  long value(int tag, long index, long otherwise) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null || index >= entry.count()) {
      return otherwise;
    }
    long at = entry.at() + index * TYPE_BYTES[entry.type()];
    return switch (TYPE_BYTES[entry.type()]) {
      case 1 -> file.u8(at);
      case 2 -> u16(at);
      case 4 -> u32(at);
      default -> u64(at);
    };
  }

  /** Refuses values that are not in the file. */
  void requireValues(Entry entry) throws IOException {
    if (entry.at() < 0 || !file.has(entry.at() + bytes(entry))) {
      throw new IOException("tag " + entry.tag() + " has values after the end of the file");
    }
  }

  int u16(long at) throws IOException {
    return little ? file.u16le(at) : file.u16(at);
  }

  long u32(long at) throws IOException {
    return little ? file.u32le(at) : file.u32(at);
  }

  private long u64(long at) throws IOException {
    long value = little ? u32(at) | u32(at + 4) << 32 : u32(at) << 32 | u32(at + 4);
    if (value < 0) {
      throw new IOException("an offset of more than 2^63 bytes");
    }
    return value;
  }
}
