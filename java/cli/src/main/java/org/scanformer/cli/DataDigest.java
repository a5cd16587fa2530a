package org.scanformer.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.scanformer.Box;
import org.scanformer.datasets.ReferringDataset;
import org.scanformer.datasets.ReferringPair;

/** What tells data apart whose names are equal, as names are of files and not of contents. */
final class DataDigest {
  private DataDigest() {}

  /** The SHA-256 digest of everything that pairs tell of themselves, without any pixels. */
  static String of(ReferringDataset dataset) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    for (int i = 0; i < dataset.size(); i++) {
      digest.update(bytes(dataset.pair(i)));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] bytes(ReferringPair pair) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      for (String text :
          new String[] {
            pair.id(),
            pair.image().name(),
            pair.expression(),
            pair.kind() == null ? "" : pair.kind()
          }) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        // With its length, so that no part can pass for the end of another.
        out.writeInt(encoded.length);
        out.write(encoded);
      }
      out.writeInt(pair.targets().size());
      for (Box box : pair.targets()) {
        out.writeDouble(box.x());
        out.writeDouble(box.y());
        out.writeDouble(box.width());
        out.writeDouble(box.height());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Memory has no faults of this kind.
    }
    return bytes.toByteArray();
  }
}
