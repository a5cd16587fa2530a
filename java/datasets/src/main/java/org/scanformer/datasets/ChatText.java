package org.scanformer.datasets;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
  private static final ObjectMapper JSON = new ObjectMapper();

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
    return text.contains("\"bbox_2d\"") ? json(text) : tagged(text);
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
    String text = original;
    for (Map.Entry<String, String> token : TOKENS.entrySet()) {
      text = text.replace(token.getKey(), token.getValue());
    }
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

  private static void addBoxes(String phrase, String inside, List<Grounded> all) {
    Matcher corners = CORNERS.matcher(inside);
    int before = all.size();
    while (corners.find()) {
      double[] edges = new double[4];
      for (int i = 0; i < 4; i++) {
        edges[i] = Double.parseDouble(corners.group(i + 1));
      }
      all.add(new Grounded(phrase, edges, corners.group()));
    }
    if (all.size() == before) {
      throw new RecordFault(
          BadRecord.Kind.BOX, "expected (x1,y1),(x2,y2) in <box>, found " + CsvFile.brief(inside));
    }
  }

  /** Objects in JSON, which may stand in a fence of backquotes. */
  private static List<Grounded> json(String text) {
    JsonNode root;
    try {
      int list = text.indexOf('[');
      int object = text.indexOf('{');
      root =
          JSON.readTree(text.substring(list < 0 || object >= 0 && object < list ? object : list));
    } catch (JsonProcessingException | IndexOutOfBoundsException e) {
      throw CocoFile.problem(
          "expected JSON with \"bbox_2d\" and \"label\", found " + CsvFile.brief(text));
    }
    List<Grounded> all = new ArrayList<>();
    for (JsonNode item : root.isArray() ? root : List.of(root)) {
      JsonNode bbox = item.path("bbox_2d");
      double[] edges = new double[4];
      for (int i = 0; i < 4; i++) {
        boolean number = bbox.size() == 4 && bbox.path(i).isNumber();
        edges[i] = number ? bbox.get(i).asDouble() : Double.NaN;
      }
      all.add(new Grounded(item.path("label").asText(null), edges, CocoFile.brief(bbox)));
    }
    return all;
  }
}
