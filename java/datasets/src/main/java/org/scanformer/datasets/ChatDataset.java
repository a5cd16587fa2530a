package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.scanformer.ScanFormerException;

/**
 * A file of conversations about images in the form of Qwen-VL and LLaVA, on lines or in an array:
 * "messages" with "role" and "content", or "conversations" with "from" and "value", and the image
 * in "images" or "image", or between {@code <img>} and {@code </img>} in the text. The answers'
 * phrases with boxes are the pairs, as {@link ChatText} reads them; boxes without a phrase are of
 * the phrase that the question marks.
 *
 * <p>Coordinates are thousandths of the image's sides (Qwen-VL, Qwen2-VL, Qwen3-VL), or pixels
 * (Qwen2.5-VL): the files do not tell. Equal phrases of a conversation give one pair.
 */
final class ChatDataset {
  private static final Set<String> ANSWERING = Set.of("assistant", "gpt", "model");
  private static final double THOUSAND = 1000;

  private final PairCollector collector;
  private final boolean pixels;

  private ChatDataset(PairCollector collector, boolean pixels) {
    this.collector = collector;
    this.pixels = pixels;
  }

  /**
   * Reads a file.
   *
   * @param pixels whether coordinates are pixels rather than thousandths
   */
  static ReferringDataset open(Path file, Path images, boolean pixels) {
    PairCollector collector =
        new PairCollector(file.getFileName().toString(), ImageFolders.of(file, images));
    JsonRecords.read(file, collector, new ChatDataset(collector, pixels)::read);
    return collector.dataset((pixels ? "qwen-pixels " : "qwen ") + file.getFileName());
  }

  private void read(String id, JsonNode record) {
    JsonNode turns = record.path(record.has("messages") ? "messages" : "conversations");
    if (!turns.isArray()) {
      throw CocoFile.problem(
          "expected an array \"messages\" or \"conversations\", found " + CocoFile.brief(record));
    }
    Picture picture = collector.picture(id, imageOf(record, turns));
    if (picture == null) {
      return;
    }
    ImageFile image = picture.image(List.of());
    boolean any = false;
    String asked = null;
    int number = 0;
    for (JsonNode turn : turns) {
      String turnId = id + " turn " + number++;
      String text = text(turn);
      try {
        if (ANSWERING.contains(turn.path(turn.has("role") ? "role" : "from").asText(""))) {
          for (ChatText.Grounded each : ChatText.answer(text)) {
            any = true;
            add(id, turnId, image, picture, each, asked);
          }
        } else {
          asked = ChatText.question(text);
        }
      } catch (ScanFormerException e) {
        any = true;
        collector.bad(turnId, e);
      }
    }
    if (!any) {
      throw new RecordFault(
          BadRecord.Kind.NO_BOX,
          "expected <ref>…</ref><box>…</box> or \"bbox_2d\" in an answer, found neither");
    }
  }

  private void add(
      String scope,
      String id,
      ImageFile image,
      Picture picture,
      ChatText.Grounded grounded,
      String asked) {
    try {
      String phrase = grounded.phrase() == null ? asked : grounded.phrase();
      double[] edges = grounded.edges();
      if (edges == null) {
        throw new RecordFault(
            BadRecord.Kind.NO_BOX, "expected a box of \"" + phrase + "\", found none");
      }
      String found = grounded.found();
      double x = 1;
      double y = 1;
      if (!pixels) {
        if (Math.max(Math.max(edges[0], edges[1]), Math.max(edges[2], edges[3])) > THOUSAND) {
          throw new RecordFault(
              BadRecord.Kind.BOX,
              "expected thousandths of the image's sides, found "
                  + found
                  + "; for boxes in pixels, the form is qwen-pixels");
        }
        x = picture.width() / THOUSAND;
        y = picture.height() / THOUSAND;
      }
      collector.add(
          scope,
          id,
          image,
          phrase,
          null,
          picture.corners(edges[0] * x, edges[1] * y, edges[2] * x, edges[3] * y, found));
    } catch (ScanFormerException e) {
      collector.bad(id, e);
    }
  }

  /** What a turn says: a text, or a list whose parts may be texts. */
  private static String text(JsonNode turn) {
    JsonNode content = turn.path(turn.has("content") ? "content" : "value");
    if (!content.isArray()) {
      return content.asText("");
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(part.path("text").asText(""));
    }
    return text.toString();
  }

  /** The name of the only image. */
  private static String imageOf(JsonNode record, JsonNode turns) {
    Set<String> names = new LinkedHashSet<>();
    for (String field : new String[] {"image", "images"}) {
      addNames(record.path(field), names);
    }
    for (JsonNode turn : turns) {
      for (JsonNode part : turn.path("content")) {
        addNames(part.path("image"), names);
      }
      String text = text(turn);
      int at = text.indexOf("<img>");
      int end = text.indexOf("</img>", at);
      while (at >= 0 && end >= 0) {
        names.add(text.substring(at + "<img>".length(), end).strip());
        at = text.indexOf("<img>", end);
        end = text.indexOf("</img>", at);
      }
    }
    if (names.size() != 1) {
      throw CocoFile.problem(
          "expected the name of one image file, found "
              + (names.isEmpty() ? "none" : Integer.toString(names.size())));
    }
    return names.iterator().next().replaceFirst("^file://", "");
  }

  private static void addNames(JsonNode value, Set<String> names) {
    for (JsonNode each : value.isArray() ? value : List.of(value)) {
      String name = each.isObject() ? each.path("path").asText("") : each.asText("");
      if (!name.isBlank()) {
        names.add(name.strip());
      }
    }
  }
}
