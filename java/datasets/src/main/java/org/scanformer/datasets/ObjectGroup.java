package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.scanformer.Box;

/**
 * All objects of a category in an image, at least one. Immutable.
 *
 * @param name of the category
 * @param members the objects
 * @param width of the image
 * @param height of the image
 */
record ObjectGroup(String name, List<Member> members, int width, int height) {
  /**
   * An object of the group.
   *
   * @param box in pixels
   * @param color how its middle looks
   */
  record Member(Box box, ColorShares color) {}

  /** The members in order, those whose boxes have the least measure first. */
  List<Member> by(ToDoubleFunction<Box> measure) {
    List<Member> sorted = new ArrayList<>(members);
    sorted.sort(Comparator.comparingDouble(member -> measure.applyAsDouble(member.box)));
    return sorted;
  }

  /** The only member; null if there are several. */
  Member only() {
    return members.size() == 1 ? members.get(0) : null;
  }
}
