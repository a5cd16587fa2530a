package org.scanformer.datasets;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.scanformer.ScanFormerException;

/**
 * The phrases and boxes in what a model of vision and language is to say: {@code <ref>the
 * dog</ref><box>(10,20),(300,400)</box>}, the same with Qwen2-VL's tokens, or JSON with "bbox_2d"
 * and "label". No state.
 */
final class ChatText {
  private static final Map<String, String> TOKENS =
      Map.of(
          "<|object_ref_start|>", "<ref>",
          "<|object_ref_end|>", "</ref>",
          "<|box_start|>", "<box>",
          "<|box_end|>", "</box>");

  private static final Pattern TAG = Pattern.compile("</?(ref|box)>");
  private static final Pattern CORNERS =
      Pattern.compile("\\((\\d{1,9}),\\s*(\\d{1,9})\\),\\s*\\((\\d{1,9}),\\s*(\\d{1,9})\\)");
  private static final String BBOX = "\"bbox_2d\"";

  /** Of two boxes that an object gives, one would be lost. */
  private static final ObjectReader JSON =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private ChatText() {}

  /**
   * A phrase with one of its boxes.
   *
   * @param phrase null where the text has none before the box
   * @param edges left, top, right and bottom; null where the phrase has no box
   * @param found the box as it is written
   */
  record Grounded(String phrase, double[] edges, String found) {}

  /**
   * Reads an answer.
   *
   * @throws RecordFault when its tags or its JSON are malformed
   */
  static List<Grounded> answer(String text) {
    return text.contains(BBOX) ? json(text) : tagged(text);
  }

  /** The only phrase that a question marks with tags; null if it marks none or several. */
  static String question(String text) {
    try {
      List<Grounded> marked = tagged(text);
      return marked.size() == 1 ? marked.get(0).phrase : null;
    } catch (RecordFault e) {
      return null; // A question may speak of tags.
    }
  }

  private static List<Grounded> tagged(String original) {
    String text = untokenized(original);
    List<Grounded> all = new ArrayList<>();
    Matcher tag = TAG.matcher(text);
    String phrase = null;
    boolean pending = false;
    while (tag.find()) {
      String name = tag.group(1);
      int start = tag.end();
      boolean opens = !tag.group().startsWith("</");
      if (!opens || !tag.find() || !tag.group().equals("</" + name + ">")) {
        throw CocoFile.problem(
            "expected <" + name + "> and then </" + name + ">, found " + CsvFile.brief(text));
      }
      String inside = text.substring(start, tag.start());
      if (name.equals("ref")) {
        if (pending) {
          all.add(new Grounded(phrase, null, null));
        }
        phrase = inside;
        pending = true;
      } else {
        addBoxes(phrase, inside, all);
        pending = false;
      }
    }
    if (pending) {
      all.add(new Grounded(phrase, null, null));
    }
    return all;
  }

  private static String untokenized(String original) {
    String text = original;
    for (Map.Entry<String, String> token : TOKENS.entrySet()) {
      text = text.replace(token.getKey(), token.getValue());
    }
    return text;
  }

  private static void addBoxes(String phrase, String inside, List<Grounded> all) {
    Matcher corners = CORNERS.matcher(inside);
    int end = 0;
    while (corners.find()) {
      requireSeparator(inside, end, corners.start());
      end = corners.end();
      double[] edges = new double[4];
      for (int i = 0; i < 4; i++) {
        edges[i] = Double.parseDouble(corners.group(i + 1));
      }
      all.add(new Grounded(phrase, edges, corners.group()));
    }
    requireSeparator(inside, end, inside.length());
    if (end == 0) {
      throw malformed(inside);
    }
  }

  /** Refuses what may be a box that is written in another way. */
  private static void requireSeparator(String inside, int begin, int end) {
    if (!inside.substring(begin, end).replace(',', ' ').isBlank()) {
      throw malformed(inside);
    }
  }

  private static RecordFault malformed(String inside) {
    return new RecordFault(
        BadRecord.Kind.BOX, "expected (x1,y1),(x2,y2) in <box>, found " + CsvFile.brief(inside));
  }

  /** Objects in JSON, of which several may stand in the text, and in fences of backquotes. */
  private static List<Grounded> json(String text) {
    if (TAG.matcher(untokenized(text)).find()) {
      throw CocoFile.problem(
          "expected boxes in tags or in JSON, found both: " + CsvFile.brief(text));
    }
    List<Grounded> all = new ArrayList<>();
    int last = text.lastIndexOf(BBOX);
    int begin = nextBracket(text, 0);
    if (begin > last) {
      throw notJson(text);
    }
    while (begin < last) {
      int end = valueEnd(text, begin);
      try {
        addItems(JSON.readTree(text.substring(begin, end)), all);
      } catch (JsonProcessingException e) {
        throw notJson(text);
      }
      begin = nextBracket(text, end);
    }
    return all;
  }

  private static ScanFormerException notJson(String text) {
    return CocoFile.problem(
        "expected JSON with \"bbox_2d\" and \"label\", found " + CsvFile.brief(text));
  }

  /** Where the next list or object begins; the text's length if none does. */
  private static int nextBracket(String text, int from) {
    int at = from;
    while (at < text.length() && text.charAt(at) != '[' && text.charAt(at) != '{') {
      at++;
    }
    return at;
  }

  /** Where the list or object ends that begins at an index; the text's length if it does not. */
  private static int valueEnd(String text, int begin) {
    int depth = 0;
    boolean quoted = false;
    for (int i = begin; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == '[' || c == '{') {
        depth++;
      } else if ((c == ']' || c == '}') && --depth == 0) {
        return i + 1;
      }
    }
    return text.length();
  }

  private static void addItems(JsonNode root, List<Grounded> all) {
    int boxes = 0;
    for (JsonNode item : root.isArray() ? root : List.of(root)) {
      boxes += item.has("bbox_2d") ? 1 : 0;
      JsonNode bbox = item.path("bbox_2d");
      double[] edges = new double[4];
      for (int i = 0; i < 4; i++) {
        boolean number = bbox.size() == 4 && bbox.path(i).isNumber();
        edges[i] = number ? bbox.get(i).asDouble() : Double.NaN;
      }
      all.add(new Grounded(item.path("label").asText(null), edges, CocoFile.brief(bbox)));
    }
    if (root.findParents("bbox_2d").size() > boxes) {
      throw CocoFile.problem(
          "expected a list of objects with \"bbox_2d\", found such within others: "
              + CocoFile.brief(root));
    }
  }
}
