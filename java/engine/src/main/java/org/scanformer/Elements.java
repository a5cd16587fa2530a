package org.scanformer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Copies of the lists that applications give. No state. */
final class Elements {
  private Elements() {}

  /**
   * A copy, so that what is checked is what is used, whatever the application's list gives the next
   * time.
   *
   * @param name of the argument
   * @throws NullPointerException naming the argument, with the number of the element that is null
   */
  static <T> List<T> of(String name, List<? extends T> list) {
    List<T> copy = new ArrayList<>(Objects.requireNonNull(list, name));
    for (int i = 0; i < copy.size(); i++) {
      Objects.requireNonNull(copy.get(i), name + "[" + i + "]");
    }
    return Collections.unmodifiableList(copy);
  }
}
