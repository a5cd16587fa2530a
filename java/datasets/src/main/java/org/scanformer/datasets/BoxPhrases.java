package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.scanformer.Box;

/**
 * What is true of one object of a group alone, by place, size, colour and category. Each is said
 * only where it is clear: of the leftmost object, for example, if the next one's centre is well to
 * the right. Not thread-safe.
 */
final class BoxPhrases {
  /** Centres this far apart, in parts of the image's side, follow each other clearly. */
  private static final double APART = 0.05;

  /** An area this many times another one is clearly larger. */
  private static final double LARGER = 1.5;

  /** In larger groups, nobody says which is the third or the largest. */
  private static final int MOST_MEMBERS = 8;

  private static final String[] ORDINALS = {"first", "second", "third"};

  /** The kind of a phrase that only names a category. */
  static final String NAME = "name";

  private final SplittableRandom random;
  private final List<Phrase> found = new ArrayList<>();
  private ObjectGroup group;

  /**
   * A phrase.
   *
   * @param text it, without an article before it
   * @param kind such as "leftmost" or "largest"
   * @param target what it is true of
   * @param landmark another object that it names, or null
   */
  record Phrase(String text, String kind, Box target, Box landmark) {}

  /** Phrases whose wording is chosen at random. */
  private BoxPhrases(SplittableRandom random) {
    this.random = random;
  }

  /**
   * All that is true and clear.
   *
   * @param groups of an image, whose members are all objects of their categories
   */
  static List<Phrase> of(List<ObjectGroup> groups, SplittableRandom random) {
    BoxPhrases phrases = new BoxPhrases(random);
    for (ObjectGroup group : groups) {
      phrases.group = group;
      if (group.only() != null) {
        phrases.add(NAME, group.only(), null, "%s");
      } else if (group.members().size() <= MOST_MEMBERS) {
        phrases.places();
        phrases.sizes();
      }
      phrases.colors();
      for (ObjectGroup other : groups) {
        if (other != group && other.only() != null) {
          phrases.relations(other);
        }
      }
    }
    return phrases.found;
  }

  /** Adds one of the wordings, in which %s is the group's name and %2$s the landmark's. */
  private void add(
      String kind, ObjectGroup.Member target, ObjectGroup landmark, String... wordings) {
    String wording = wordings[random.nextInt(wordings.length)];
    String text = wording.formatted(group.name(), landmark == null ? "" : landmark.name());
    found.add(
        new Phrase(text, kind, target.box(), landmark == null ? null : landmark.only().box()));
  }

  // ---- Places ----

  private void places() {
    List<ObjectGroup.Member> across = group.by(Box::centerX);
    boolean[] clear = clear(across, Box::centerX, APART * group.width());
    order(across, clear, "left");
    order(reversed(across), reversed(clear), "right");
    int middle = across.size() / 2;
    if (across.size() == 3 && clear[0] && clear[1]) {
      add("middle", across.get(middle), null, "middle %s", "%s in the middle", "center %s");
    }
    List<ObjectGroup.Member> down = group.by(Box::centerY);
    boolean[] clearDown = clear(down, Box::centerY, 2 * APART * group.height());
    if (clearDown[0]) {
      add("topmost", down.get(0), null, "top %s", "topmost %s", "%s at the top");
    }
    if (clearDown[clearDown.length - 1]) {
      ObjectGroup.Member last = down.get(down.size() - 1);
      add("bottommost", last, null, "bottom %s", "lowest %s", "%s at the bottom");
    }
  }

  /** Whether each member but the last is clearly before the next one. */
  private static boolean[] clear(
      List<ObjectGroup.Member> sorted, ToDoubleFunction<Box> measure, double apart) {
    boolean[] clear = new boolean[sorted.size() - 1];
    for (int i = 0; i < clear.length; i++) {
      clear[i] =
          measure.applyAsDouble(sorted.get(i).box()) + apart
              <= measure.applyAsDouble(sorted.get(i + 1).box());
    }
    return clear;
  }

  /** The first ones from a side. */
  private void order(List<ObjectGroup.Member> members, boolean[] clear, String side) {
    for (int i = 0; i < Math.min(ORDINALS.length, members.size()) && clear[i]; i++) {
      String from = ORDINALS[i] + " %s from the " + side;
      if (i > 0) {
        add("order", members.get(i), null, from, ORDINALS[i] + " %s from " + side);
      } else {
        String end = side + "most %s";
        add(side + "most", members.get(0), null, side + " %s", end, "%s on the far " + side, from);
      }
      if (i + 1 == clear.length) {
        // The last one has no next one that it could be confused with.
        return;
      }
    }
  }

  private static List<ObjectGroup.Member> reversed(List<ObjectGroup.Member> members) {
    List<ObjectGroup.Member> reversed = new ArrayList<>(members);
    Collections.reverse(reversed);
    return reversed;
  }

  private static boolean[] reversed(boolean[] values) {
    boolean[] reversed = new boolean[values.length];
    for (int i = 0; i < values.length; i++) {
      reversed[i] = values[values.length - 1 - i];
    }
    return reversed;
  }

  // ---- Sizes ----

  private void sizes() {
    List<ObjectGroup.Member> bySize = group.by(Box::area);
    // What stands nearer to the camera ends further down.
    List<ObjectGroup.Member> byDepth = group.by(Box::bottom);
    int last = bySize.size() - 1;
    ObjectGroup.Member least = bySize.get(0);
    ObjectGroup.Member most = bySize.get(last);
    double near = APART * group.height();
    if (least.box().area() * LARGER <= bySize.get(1).box().area()) {
      add("smallest", least, null, "smallest %s", "tiniest %s");
      if (least == byDepth.get(0) && least.box().bottom() + near <= byDepth.get(1).box().bottom()) {
        add("farthest", least, null, "farthest %s", "%s farthest away", "%s in the background");
      }
    }
    if (bySize.get(last - 1).box().area() * LARGER <= most.box().area()) {
      add("largest", most, null, "biggest %s", "largest %s");
      if (most == byDepth.get(last)
          && byDepth.get(last - 1).box().bottom() + near <= most.box().bottom()) {
        add("closest", most, null, "closest %s", "nearest %s", "%s in front");
      }
    }
  }

  // ---- Colours ----

  private void colors() {
    for (ObjectGroup.Member member : group.members()) {
      String color = member.color().name();
      if (color != null
          && group.members().stream()
              .allMatch(other -> other == member || other.color().isHardly(color))) {
        boolean clothes = CategoryGroups.PEOPLE.equals(CategoryGroups.of(group.name()));
        add("color", member, null, clothes ? "%s in " + color : color + " %s");
      }
    }
  }

  // ---- Relations ----

  /** The members that are beside the only object of another group. */
  private void relations(ObjectGroup other) {
    ObjectGroup.Member landmark = other.only();
    double diagonal = Math.hypot(group.width(), group.height());
    List<ObjectGroup.Member> byGap = group.by(box -> gap(box, landmark.box()));
    ObjectGroup.Member nearest = byGap.get(0);
    boolean next =
        byGap.size() == 1
            || gap(byGap.get(1).box(), landmark.box())
                >= gap(nearest.box(), landmark.box()) + 2 * APART * diagonal;
    if (next && beside(nearest.box(), landmark.box(), APART * diagonal)) {
      add("next to", nearest, other, "%s next to the %s", "%s beside the %s");
    }
    side(other, "left", -1);
    side(other, "right", 1);
  }

  /** The pixels between two boxes, 0 if they touch. */
  private static double gap(Box a, Box b) {
    double across = Math.max(a.x() - b.right(), b.x() - a.right());
    double down = Math.max(a.y() - b.bottom(), b.y() - a.bottom());
    return Math.hypot(Math.max(0, across), Math.max(0, down));
  }

  /** Whether boxes of similar height stand side by side and hardly overlap. */
  private static boolean beside(Box a, Box b, double near) {
    double across = Math.max(a.x() - b.right(), b.x() - a.right());
    double shared = Math.min(a.bottom(), b.bottom()) - Math.max(a.y(), b.y());
    return across <= near
        && across >= -0.1 * Math.min(a.width(), b.width())
        && shared >= 0.5 * Math.min(a.height(), b.height());
  }

  /** The only member at a side of a landmark. */
  private void side(ObjectGroup other, String side, int sign) {
    Box landmark = other.only().box();
    double center = landmark.centerX();
    List<ObjectGroup.Member> byPlace = group.by(box -> -sign * box.centerX());
    ObjectGroup.Member first = byPlace.get(0);
    double apart = landmark.width() / 2 + APART * group.width();
    boolean there = sign * (first.box().centerX() - center) >= apart;
    boolean alone = byPlace.size() == 1 || sign * (byPlace.get(1).box().centerX() - center) <= 0;
    if (there && alone) {
      add(side, first, other, "%s to the " + side + " of the %s", "%s " + side + " of the %s");
    }
  }
}
