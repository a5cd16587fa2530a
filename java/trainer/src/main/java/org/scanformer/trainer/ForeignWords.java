package org.scanformer.trainer;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Tells expressions that are not English, whose words for places nobody here knows. It is mistaken
 * rather about an English one, which then is only changed less.
 */
final class ForeignWords {
  private static final Pattern BEYOND_ASCII = Pattern.compile("[[\\p{L}\\p{M}]&&[^\\p{ASCII}]]");

  /** Sides in languages that can do without letters beyond ASCII. */
  private static final Pattern SIDE =
      Pattern.compile(
          "\\b(links|rechts|linke[rnms]?|rechte[rnms]?|(linker|rechter)[a-z]+|gauches?|droites?"
              + "|izquierd[oa]s?|derech[oa]s?|sinistr[aoie]|destr[aoie]|esquerd[oa]s?|direit[oa]s?"
              + "|esquerra|dreta|stanga|dreapta|lew[oaey]|lewe[jm]|prawo|praw[aey]|prawe[jm]"
              + "|vlevo|vpravo|lev[oay]|prav[oay]|venstre|hoyre|hojre|vanster|hoger"
              + "|vasemm?[a-z]+|oike[a-z]+|kiri|kanan|kaliwa)\\b");

  /** Small words that few expressions lack; none that is also common in English. */
  private static final Pattern SMALL =
      Pattern.compile(
          "\\b(der|das|dem|ein|eine[rnms]?|und|auf|mit|im|vom|zum|le|les|du|des|une?|dans|et|sur"
              + "|avec|el|los|las|del|uno|una|con|il|lo|gli|nel|nella|della|uma|dos|das|com|het|een"
              + "|voor|naast|och|det|ett|som|med|og|na|nad|obok|yang|di|ang)\\b");

  private ForeignWords() {}

  /** Whether an expression may be of another language than English. */
  static boolean mayBeIn(String expression) {
    if (BEYOND_ASCII.matcher(expression).find()) {
      return true;
    }
    String lower = expression.toLowerCase(Locale.ROOT);
    return SIDE.matcher(lower).find() || SMALL.matcher(lower).find();
  }
}
