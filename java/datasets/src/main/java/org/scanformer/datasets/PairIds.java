package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the ids of pairs differ: results are kept and found again by them, but an answer that names
 * several objects is a single turn, and files that were merged repeat their annotations' ids. No
 * state.
 */
final class PairIds {
  private PairIds() {}

  /** The pairs; of those with the same id, the second and later ones have a number after it. */
  static List<ReferringPair> distinct(List<ReferringPair> pairs) {
    Set<String> taken = new HashSet<>();
    pairs.forEach(pair -> taken.add(pair.id()));
    if (taken.size() == pairs.size()) {
      return pairs;
    }
    Map<String, Integer> numbers = new HashMap<>();
    List<ReferringPair> all = new ArrayList<>();
    for (ReferringPair pair : pairs) {
      String id = pair.id();
      int number = numbers.merge(id, 1, Integer::sum);
      if (number > 1) {
        // An id of the data may look like one with a number.
        while (!taken.add(id + " expression " + number)) {
          number++;
        }
        numbers.put(id, number);
        id += " expression " + number;
      }
      all.add(pair.withId(id));
    }
    return all;
  }
}
