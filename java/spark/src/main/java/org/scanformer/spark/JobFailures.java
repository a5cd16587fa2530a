package org.scanformer.spark;

import java.util.HashSet;
import java.util.Set;
import org.scanformer.ScanFormerException;

/** Says what went wrong with a job, without the stack of Spark's exceptions. */
final class JobFailures {
  private JobFailures() {}

  /** The message of our own failure among those that led to others; otherwise the first of all. */
  static String tell(Throwable failure) {
    Set<Throwable> seen = new HashSet<>();
    Throwable first = failure;
    for (Throwable each = failure; each != null && seen.add(each); each = each.getCause()) {
      if (each instanceof ScanFormerException || each instanceof JobFailure) {
        return each.getMessage();
      }
      first = each;
    }
    return first == failure ? failure.toString() : failure + "; its cause: " + first;
  }
}
