package org.scanformer.trainer;

import java.io.PrintWriter;
import java.util.HashSet;
import java.util.Set;
import org.scanformer.ScanFormerException;
import org.scanformer.datasets.ReferringPair;

/** Warns once of each pair that is left out, as it cannot be used. Thread-safe. */
final class LeftOut {
  private final PrintWriter err;
  private final Set<String> ids = new HashSet<>();

  LeftOut(PrintWriter err) {
    this.err = err;
  }

  synchronized void add(ReferringPair pair, ScanFormerException problem) {
    if (ids.add(pair.id())) {
      err.println(
          "Left out: "
              + pair.id()
              + " with the image "
              + pair.image().name()
              + ": "
              + problem.getMessage()
              + " ("
              + ids.size()
              + " so far)");
    }
  }

  /** Number of different pairs left out so far. */
  synchronized int count() {
    return ids.size();
  }
}
