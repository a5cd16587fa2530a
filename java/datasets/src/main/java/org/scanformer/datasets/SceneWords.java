package org.scanformer.datasets;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.scanformer.datasets.SceneObject.Extent;
import org.scanformer.datasets.SceneObject.Form;
import org.scanformer.datasets.SceneObject.Hue;

/** The words of expressions about drawn scenes. */
enum SceneWords {
  /** Few words, always spelled correctly. */
  BASIC,

  /**
   * More synonyms and phrases, words around the expression ("find … please"), and in a tenth of the
   * expressions a word with a typing error.
   */
  VARIED;

  private static final String[] ARTICLES = {"the", "a", "an"};
  private static final String[] ANY_FORM = {"object", "thing", "shape", "one"};
  private static final String[] MORE_ANY_FORM = {"item", "figure"};
  private static final String[] BEFORE = {"find", "where is", "show me", "locate", "look for"};
  private static final String[] AFTER = {"please", "in the picture", "in the image", "here"};
  private static final String[] CONNECTORS = {"that is", "which is"};
  private static final int ONE_IN_AROUND = 10;
  private static final int ONE_IN_CONNECTED = 6;
  private static final int ONE_IN_MISSPELLED = 10;

  /** Known words for what is never drawn. */
  static final String[] NEVER_DRAWN_NOUNS = {
    "hexagon",
    "pentagon",
    "heart",
    "arrow",
    "crescent",
    "moon",
    "dog",
    "cat",
    "car",
    "house",
    "tree",
    "person",
    "man",
    "woman"
  };

  /** Known words for properties that nothing drawn has. */
  static final String[] NEVER_DRAWN_ADJECTIVES = {
    "pink", "brown", "gray", "striped", "transparent"
  };

  private static final Map<Form, String[]> MORE_NOUNS = new EnumMap<>(Form.class);
  private static final Map<Hue, String[]> MORE_COLORS = new EnumMap<>(Hue.class);
  private static final Map<Extent, String[]> MORE_SIZES = new EnumMap<>(Extent.class);

  static {
    MORE_NOUNS.put(Form.CIRCLE, new String[] {"disk", "dot"});
    MORE_NOUNS.put(Form.SQUARE, new String[] {"block"});
    MORE_NOUNS.put(Form.STAR, new String[] {"pentagram"});
    MORE_NOUNS.put(Form.CROSS, new String[] {"plus sign"});
    MORE_NOUNS.put(Form.RING, new String[] {"doughnut", "hoop"});
    MORE_NOUNS.put(Form.DIAMOND, new String[] {"lozenge"});
    MORE_COLORS.put(Hue.RED, new String[] {"crimson", "scarlet"});
    MORE_COLORS.put(Hue.GREEN, new String[] {"emerald"});
    MORE_COLORS.put(Hue.BLUE, new String[] {"cobalt"});
    MORE_COLORS.put(Hue.YELLOW, new String[] {"lemon"});
    MORE_COLORS.put(Hue.ORANGE, new String[] {"tangerine"});
    MORE_SIZES.put(Extent.SMALL, new String[] {"mini"});
    MORE_SIZES.put(Extent.MEDIUM, new String[] {"average"});
    MORE_SIZES.put(Extent.LARGE, new String[] {"huge", "giant"});
  }

  private static String[] basicPhrases(ExpressionKind kind) {
    return switch (kind) {
      case ATTRIBUTE -> new String[0];
      case LEFT -> new String[] {"left of", "to the left of", "on the left of"};
      case RIGHT -> new String[] {"right of", "to the right of", "on the right of"};
      case ABOVE -> new String[] {"above", "over"};
      case BELOW -> new String[] {"below", "under", "beneath"};
      case LEFTMOST -> new String[] {"leftmost"};
      case RIGHTMOST -> new String[] {"rightmost"};
      case TOPMOST -> new String[] {"topmost", "highest"};
      case BOTTOMMOST -> new String[] {"bottommost", "lowest"};
      case LARGEST -> new String[] {"largest", "biggest"};
      case SMALLEST -> new String[] {"smallest", "littlest"};
    };
  }

  private static String[] morePhrases(ExpressionKind kind) {
    return switch (kind) {
      case ATTRIBUTE -> new String[0];
      case LEFT -> new String[] {"on the left side of"};
      case RIGHT -> new String[] {"on the right side of"};
      case ABOVE -> new String[] {"higher than"};
      case BELOW -> new String[] {"underneath", "lower than"};
      case LEFTMOST -> new String[] {"far left"};
      case RIGHTMOST -> new String[] {"far right"};
      case TOPMOST -> new String[] {"uppermost", "top"};
      case BOTTOMMOST -> new String[] {"lowermost", "bottom"};
      case LARGEST -> new String[] {"greatest"};
      case SMALLEST -> new String[] {"tiniest"};
    };
  }

  private String[] join(String[] basic, String[] more) {
    if (this == BASIC || more == null) {
      return basic;
    }
    List<String> all = new ArrayList<>(List.of(basic));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  /** Nouns for a form. */
  String[] of(Form form) {
    return join(form.nouns, MORE_NOUNS.get(form));
  }

  /** Words for a colour. */
  String[] of(Hue hue) {
    return join(hue.words, MORE_COLORS.get(hue));
  }

  /** Words for a size. */
  String[] of(Extent extent) {
    return join(extent.words, MORE_SIZES.get(extent));
  }

  /** Nouns for an object of any form. */
  String[] anyForm() {
    return join(ANY_FORM, MORE_ANY_FORM);
  }

  /** Phrases for a relation or a superlative; of several words, separated by single spaces. */
  String[] of(ExpressionKind kind) {
    return join(basicPhrases(kind), morePhrases(kind));
  }

  /** What stands before a relation's phrase, if anything; ends with a space. */
  String connector(SplittableRandom random) {
    return this == BASIC || random.nextInt(ONE_IN_CONNECTED) != 0
        ? ""
        : any(CONNECTORS, random) + ' ';
  }

  /** An expression as a user might type it. */
  String typed(String text, SplittableRandom random) {
    if (this == BASIC) {
      return text;
    }
    String typed = text;
    if (random.nextInt(ONE_IN_AROUND) == 0) {
      typed = any(BEFORE, random) + ' ' + typed;
    }
    if (random.nextInt(ONE_IN_AROUND) == 0) {
      typed = typed + ' ' + any(AFTER, random);
    }
    return random.nextInt(ONE_IN_MISSPELLED) == 0 ? Misspellings.misspelled(typed, random) : typed;
  }

  /** One of several words. */
  static String any(String[] words, SplittableRandom random) {
    return words[random.nextInt(words.length)];
  }

  /**
   * The words of correctly spelled expressions, sorted. Those for what is never drawn are not among
   * them.
   */
  TreeSet<String> correctlySpelled() {
    TreeSet<String> words = new TreeSet<>(List.of(ARTICLES));
    addAll(words, anyForm());
    for (Form form : Form.values()) {
      addAll(words, of(form));
    }
    for (Hue hue : Hue.values()) {
      addAll(words, of(hue));
    }
    for (Extent extent : Extent.values()) {
      addAll(words, of(extent));
    }
    for (ExpressionKind kind : ExpressionKind.values()) {
      addAll(words, of(kind));
    }
    if (this == VARIED) {
      addAll(words, BEFORE);
      addAll(words, AFTER);
      addAll(words, CONNECTORS);
    }
    return words;
  }

  /** Every word that an expression can have and that a model should know, sorted. */
  List<String> vocabulary() {
    TreeSet<String> words = correctlySpelled();
    if (this == VARIED) {
      addAll(words, NEVER_DRAWN_NOUNS);
      addAll(words, NEVER_DRAWN_ADJECTIVES);
      words.addAll(Misspellings.all());
    }
    return new ArrayList<>(words);
  }

  private static void addAll(TreeSet<String> words, String[] phrases) {
    for (String phrase : phrases) {
      words.addAll(List.of(phrase.split(" ")));
    }
  }
}
