package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What expressions mean, read word by word without the generator's own rules. */
final class SceneMeaning {
  private static final Set<String> KNOWN = new TreeSet<>(SceneWords.VARIED.correctlySpelled());

  private static final Map<String, String> CORRECTED = new ConcurrentHashMap<>();

  private static final String[] PHRASES = {
    "to the left of",
    "on the left of",
    "on the left side of",
    "left of",
    "to the right of",
    "on the right of",
    "on the right side of",
    "right of",
    "above",
    "over",
    "higher than",
    "below",
    "under",
    "underneath",
    "beneath",
    "lower than"
  };

  private SceneMeaning() {}

  /** The objects that an expression describes; a landmark must be the only one of its kind. */
  static List<SceneObject> of(String expression, List<SceneObject> objects) {
    return of(expression, objects, true);
  }

  /** The objects that any reading of an expression describes. */
  static List<SceneObject> inAnyReading(String expression, List<SceneObject> objects) {
    return of(expression, objects, false);
  }

  /**
   * The objects that its subject fits by itself, and those that the other one that it names does.
   */
  static List<List<SceneObject>> ofParts(String expression, List<SceneObject> objects) {
    Parts parts = parts(expression);
    return List.of(
        named(parts.subject, objects),
        parts.landmark == null ? List.of() : named(parts.landmark, objects));
  }

  private static List<SceneObject> of(
      String expression, List<SceneObject> objects, boolean oneLandmark) {
    Parts parts = parts(expression);
    if (parts.landmark == null) {
      return superlative(parts.subject, objects);
    }
    List<SceneObject> named = named(parts.landmark, objects);
    if (oneLandmark) {
      assertEquals(1, named.size(), expression);
    }
    return named(parts.subject, objects).stream()
        .filter(o -> named.stream().anyMatch(l -> o != l && isSo(parts.relation, o, l)))
        .toList();
  }

  /** The words of a relation and of what it is to; both null if there is none. */
  private record Parts(String subject, String relation, String landmark) {}

  private static Parts parts(String expression) {
    String text =
        Arrays.stream(expression.split(" "))
            .map(word -> CORRECTED.computeIfAbsent(word, SceneMeaning::corrected))
            .collect(Collectors.joining(" "));
    for (String before : new String[] {"find ", "where is ", "show me ", "locate ", "look for "}) {
      text = text.startsWith(before) ? text.substring(before.length()) : text;
    }
    for (String after : new String[] {" please", " in the picture", " in the image", " here"}) {
      text = text.endsWith(after) ? text.substring(0, text.length() - after.length()) : text;
    }
    text = text.replace(" that is ", " ").replace(" which is ", " ");
    for (String phrase : PHRASES) {
      int at = text.indexOf(' ' + phrase + ' ');
      if (at > 0) {
        return new Parts(text.substring(0, at), phrase, text.substring(at + phrase.length() + 2));
      }
    }
    return new Parts(text, null, null);
  }

  /** The only known word that one swap of neighbours or one added letter makes of a word. */
  private static String corrected(String word) {
    if (KNOWN.contains(word)
        || Arrays.asList(SceneWords.NEVER_DRAWN_NOUNS).contains(word)
        || Arrays.asList(SceneWords.NEVER_DRAWN_ADJECTIVES).contains(word)) {
      return word;
    }
    List<String> near = new ArrayList<>();
    for (String known : KNOWN) {
      boolean swapped = known.length() == word.length() && known.length() >= 4;
      boolean left = known.length() == word.length() + 1 && known.length() >= 5;
      for (int i = 0; i + 1 < known.length(); i++) {
        String swap =
            known.substring(0, i) + known.charAt(i + 1) + known.charAt(i) + known.substring(i + 2);
        String less = known.substring(0, i + 1) + known.substring(i + 2);
        if (swapped && i > 0 && swap.equals(word) || left && less.equals(word)) {
          near.add(known);
          break;
        }
      }
    }
    return near.size() == 1 ? near.get(0) : word;
  }

  private static boolean isSo(String phrase, SceneObject object, SceneObject landmark) {
    double right = middleX(object) - middleX(landmark);
    double down = middleY(object) - middleY(landmark);
    if (phrase.contains("left")) {
      return right < 0;
    }
    if (phrase.contains("right")) {
      return right > 0;
    }
    return List.of("above", "over", "higher than").contains(phrase) ? down < 0 : down > 0;
  }

  private static double middleX(SceneObject object) {
    return object.box().x() + object.box().width() / 2;
  }

  private static double middleY(SceneObject object) {
    return object.box().y() + object.box().height() / 2;
  }

  private static double size(SceneObject object) {
    return Math.max(object.box().width(), object.box().height());
  }

  private static List<SceneObject> superlative(String text, List<SceneObject> objects) {
    List<SceneObject> named = named(text, objects);
    if (named.isEmpty()) {
      return named;
    }
    String padded = ' ' + text.replace("far left", "leftmost").replace("far right", "rightmost");
    for (String word : padded.trim().split(" ")) {
      ToDoubleFunction<SceneObject> most =
          switch (word) {
            case "leftmost" -> object -> -middleX(object);
            case "rightmost" -> SceneMeaning::middleX;
            case "topmost", "highest", "uppermost", "top" -> object -> -middleY(object);
            case "bottommost", "lowest", "lowermost", "bottom" -> SceneMeaning::middleY;
            case "largest", "biggest", "greatest" -> SceneMeaning::size;
            case "smallest", "littlest", "tiniest" -> object -> -size(object);
            default -> null;
          };
      if (most != null) {
        double best = named.stream().mapToDouble(most).max().orElseThrow();
        return named.stream().filter(o -> most.applyAsDouble(o) == best).toList();
      }
    }
    return named;
  }

  private static List<SceneObject> named(String words, List<SceneObject> objects) {
    List<String> list = Arrays.asList(words.split(" "));
    return objects.stream().filter(object -> list.stream().allMatch(w -> fits(w, object))).toList();
  }

  private static boolean fits(String word, SceneObject object) {
    String form = object.form().name();
    String hue = object.hue().name();
    String extent = object.extent().name();
    return switch (word) {
      case "circle", "disc", "disk", "dot" -> form.equals("CIRCLE");
      case "square", "box", "block" -> form.equals("SQUARE");
      case "triangle" -> form.equals("TRIANGLE");
      case "star", "pentagram" -> form.equals("STAR");
      case "cross", "plus", "sign" -> form.equals("CROSS");
      case "ring", "donut", "doughnut", "hoop" -> form.equals("RING");
      case "diamond", "rhombus", "lozenge" -> form.equals("DIAMOND");
      case "red", "crimson", "scarlet" -> hue.equals("RED");
      case "green", "emerald" -> hue.equals("GREEN");
      case "blue", "cobalt" -> hue.equals("BLUE");
      case "yellow", "lemon" -> hue.equals("YELLOW");
      case "orange", "tangerine" -> hue.equals("ORANGE");
      case "purple", "violet" -> hue.equals("PURPLE");
      case "white", "black" -> hue.equalsIgnoreCase(word);
      case "small", "little", "tiny", "mini" -> extent.equals("SMALL");
      case "medium", "average" -> extent.equals("MEDIUM");
      case "large", "big", "huge", "giant" -> extent.equals("LARGE");
      // Whatever else is known, such as an article, says nothing of an object by itself.
      default -> KNOWN.contains(word);
    };
  }
}
