package org.scanformer.digest;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.scanformer.Box;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.Request;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerException;
import org.scanformer.Schedule;
import org.scanformer.SessionResult;

/**
 * A text file with one line an answer: what was asked, then for each scale the mask's grid, count
 * and hash, the box as the bits of its four floats, and the score's bits. A refused call has its
 * error code instead. Not safe for use by several threads.
 */
final class DigestFile implements AutoCloseable {
  private final PrintWriter lines;

  DigestFile(Path file) throws IOException {
    lines = new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8));
  }

  /** Answers requests together, and writes a line for each. */
  void answers(String what, ScanFormer model, List<Request> requests, Schedule schedule) {
    String call = what + " " + schedule;
    refusedOr(
        call,
        () -> {
          List<Location> found = model.locate(requests, schedule);
          for (int r = 0; r < found.size(); r++) {
            answer(call + " request " + r, found.get(r));
          }
        });
  }

  /** Runs a call that writes its own lines; where it is refused, writes a line with the code. */
  void refusedOr(String what, Runnable call) {
    try {
      call.run();
    } catch (ScanFormerException e) {
      lines.println(what + ": refused " + e.code());
    }
  }

  /** A line for an answer. */
  void answer(String what, Location found) {
    StringBuilder line = new StringBuilder(what).append(':');
    for (ScaleResult scale : found.scales()) {
      append(line, scale.scale(), scale.mask(), scale.box(), scale.score());
    }
    Box pixels = found.box();
    line.append(" | ")
        .append(found.schedule())
        .append(' ')
        .append(found.backend())
        .append(' ')
        .append(found.precision());
    append(line, " box ", found.normalizedBox());
    line.append(" score ").append(bits(found.score())).append(" pixels ");
    append(line, pixels.x(), pixels.y(), pixels.width(), pixels.height());
    lines.println(line);
  }

  /** A line for a session's answer. */
  void answer(String what, SessionResult found) {
    StringBuilder line = new StringBuilder(what).append(':');
    for (int s = 0; s < found.completedScales(); s++) {
      append(line, s, found.mask(s), found.normalizedBox(s), found.score(s));
      line.append(found.selected(s) == found.mask(s).count() ? "" : " (miscounted)");
    }
    line.append(" | deadline met ").append(found.deadlineMet());
    line.append(" score ").append(bits(found.score())).append(" pixels ");
    append(line, found.x(), found.y(), found.width(), found.height());
    lines.println(line);
  }

  private static void append(
      StringBuilder line, int scale, PatchMask mask, NormalizedBox box, float score) {
    line.append(
        String.format(
            Locale.ROOT,
            " | scale %d %dx%d %d of %d %016x",
            scale,
            mask.rows(),
            mask.cols(),
            mask.count(),
            mask.total(),
            hash(mask)));
    append(line, " box ", box);
    line.append(" score ").append(bits(score));
  }

  private static void append(StringBuilder line, String name, NormalizedBox box) {
    line.append(name);
    if (box == null) {
      line.append("none");
      return;
    }
    line.append(bits(box.centerX()))
        .append(',')
        .append(bits(box.centerY()))
        .append(',')
        .append(bits(box.width()))
        .append(',')
        .append(bits(box.height()));
  }

  private static void append(StringBuilder line, double... values) {
    String separator = "";
    for (double value : values) {
      line.append(separator)
          .append(String.format(Locale.ROOT, "%016x", Double.doubleToLongBits(value)));
      separator = ",";
    }
  }

  private static String bits(float value) {
    return String.format(Locale.ROOT, "%08x", Float.floatToIntBits(value));
  }

  /** FNV-1a, 64 bits, over the grid's entries in row-major order. */
  private static long hash(PatchMask mask) {
    long hash = 0xcbf29ce484222325L;
    for (byte selected : mask.toBytes()) {
      hash = (hash ^ selected) * 0x100000001b3L;
    }
    return hash;
  }

  @Override
  public void close() throws IOException {
    lines.close();
    if (lines.checkError()) {
      throw new IOException("The digest could not be written whole");
    }
  }
}
