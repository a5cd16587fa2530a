package org.scanformer.datasets;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.scanformer.Box;

/**
 * Reads expressions about boxes by their words alone, without the bounds that their maker keeps: a
 * leftmost object is the one whose centre is furthest to the left, however little.
 */
final class PhraseMeaning {
  private static final Pattern ORDER = Pattern.compile("(\\w+) (.+) from (?:the )?(left|right)");
  private static final Pattern RELATION =
      Pattern.compile(
          "(.+?) (next to|beside|to the left of|left of|to the right of|right of) the (.+)");

  /** The word or phrase of an end, and by which measure the object comes first. */
  private static final Map<String, ToDoubleFunction<Box>> ENDS =
      Map.ofEntries(
          Map.entry("left|leftmost|on the far left", Box::centerX),
          Map.entry("right|rightmost|on the far right", box -> -box.centerX()),
          Map.entry("top|topmost|at the top", Box::centerY),
          Map.entry("bottom|lowest|at the bottom", box -> -box.centerY()),
          Map.entry("smallest|tiniest", Box::area),
          Map.entry("biggest|largest", box -> -box.area()),
          Map.entry("farthest|farthest away|in the background", Box::bottom),
          Map.entry("closest|nearest|in front", box -> -box.bottom()));

  private final Map<String, List<Box>> objects;
  private final Map<Box, String> colors;

  /** Objects by category, and their colours. */
  PhraseMeaning(Map<String, List<Box>> objects, Map<Box, String> colors) {
    this.objects = objects;
    this.colors = colors;
  }

  /** The only object that an expression can mean; null if it means none, or several. */
  Box of(String text) {
    Matcher relation = RELATION.matcher(text);
    if (relation.matches() && objects.containsKey(relation.group(1))) {
      List<Box> landmarks = objects.getOrDefault(relation.group(3), List.of());
      return landmarks.size() == 1
          ? related(objects.get(relation.group(1)), relation.group(2), landmarks.get(0))
          : null;
    }
    Matcher order = ORDER.matcher(text);
    if (order.matches() && objects.containsKey(order.group(2))) {
      int place = List.of("first", "second", "third").indexOf(order.group(1));
      int sign = order.group(3).equals("left") ? 1 : -1;
      return sorted(objects.get(order.group(2)), box -> sign * box.centerX()).get(place);
    }
    for (Map.Entry<String, List<Box>> each : objects.entrySet()) {
      String name = each.getKey();
      if (text.equals(name)) {
        return only(each.getValue());
      }
      if (text.startsWith(name + " ")) {
        return described(each.getValue(), text.substring(name.length() + 1));
      }
      if (text.endsWith(" " + name)) {
        return described(each.getValue(), text.substring(0, text.length() - name.length() - 1));
      }
    }
    throw new IllegalArgumentException("\"" + text + "\" names none of " + objects.keySet());
  }

  private Box described(List<Box> boxes, String words) {
    if (List.of("middle", "in the middle", "center").contains(words)) {
      List<Box> across = sorted(boxes, Box::centerX);
      return across.size() % 2 == 1 ? across.get(across.size() / 2) : null;
    }
    for (Map.Entry<String, ToDoubleFunction<Box>> end : ENDS.entrySet()) {
      if (words.matches(end.getKey())) {
        List<Box> ordered = sorted(boxes, end.getValue());
        double first = end.getValue().applyAsDouble(ordered.get(0));
        boolean tie = ordered.size() > 1 && end.getValue().applyAsDouble(ordered.get(1)) == first;
        return tie ? null : ordered.get(0);
      }
    }
    String color = words.replaceFirst("^in ", "");
    if (!ColorShares.NAMES.contains(color)) {
      throw new IllegalArgumentException("\"" + words + "\" means nothing known");
    }
    return only(boxes.stream().filter(box -> color.equals(colors.get(box))).toList());
  }

  private static Box related(List<Box> boxes, String relation, Box landmark) {
    if (relation.equals("next to") || relation.equals("beside")) {
      List<Box> near = sorted(boxes, box -> distance(box, landmark));
      boolean tie =
          near.size() > 1 && distance(near.get(1), landmark) == distance(near.get(0), landmark);
      return tie ? null : near.get(0);
    }
    int sign = relation.contains("left") ? -1 : 1;
    return only(
        boxes.stream().filter(box -> sign * (box.centerX() - landmark.centerX()) > 0).toList());
  }

  /** Between the nearest points of two boxes. */
  private static double distance(Box a, Box b) {
    double x = Math.max(0, Math.max(b.x() - a.right(), a.x() - b.right()));
    double y = Math.max(0, Math.max(b.y() - a.bottom(), a.y() - b.bottom()));
    return Math.sqrt(x * x + y * y);
  }

  private static Box only(List<Box> boxes) {
    return boxes.size() == 1 ? boxes.get(0) : null;
  }

  private static List<Box> sorted(List<Box> boxes, ToDoubleFunction<Box> measure) {
    return boxes.stream().sorted(Comparator.comparingDouble(measure)).toList();
  }
}
