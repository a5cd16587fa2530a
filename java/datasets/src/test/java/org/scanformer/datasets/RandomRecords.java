package org.scanformer.datasets;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;

/**
 * Files of records in the structure of each form, with parts that are missing, doubled, malformed
 * or out of range. Not thread-safe.
 */
final class RandomRecords {
  private static final List<String> COLUMNS =
      List.of("image", "x", "y", "width", "height", "text", "kind");

  /** What the readers look for in texts, whole and in pieces. */
  private static final List<String> MARKS =
      List.of(
          "<ref>",
          "</ref>",
          "<box>",
          "</box>",
          "<|box_start|>",
          "<|object_ref_end|>",
          "<img>",
          "</img>",
          "a.jpg",
          "(1,2),(30,40)",
          "(999999999,0),(1,1)",
          "[/EN#1/people ",
          "[/EN#",
          "]",
          " ",
          "\"bbox_2d\"",
          "[{\"bbox_2d\": [1, 2, 30, 29], \"label\": \"dog\"}]",
          "{",
          "\"",
          ",",
          "\r",
          "\n",
          "&lt;",
          "&amp",
          "<![CDATA[",
          "]]>",
          "<!-- -->",
          "dog");

  private static final List<String> CVAT_SHAPES = List.of("box", "box", "box", "polygon", "tag");

  private static final List<String> RESULTS =
      List.of("rectanglelabels", "rectanglelabels", "rectangle", "textarea", "labels", "relation");

  private final RandomValues values;

  RandomRecords(RandomValues values) {
    this.values = values;
  }

  /** A file's contents, sometimes damaged, compressed, or in another encoding. */
  byte[] encoded(String text) {
    int choice = values.integer(0, 31);
    byte[] bytes = text.getBytes(choice == 0 ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8);
    if (choice >= 28 && bytes.length > 0) {
      bytes[values.integer(0, bytes.length - 1)] = (byte) values.integer(0, 255);
    }
    if (choice != 1) {
      return bytes;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /** Objects on lines, or in an array. */
  String jsonLines(Supplier<Object> record) {
    List<String> lines =
        values.list(record, 5).stream()
            .map(each -> new String(DatasetFuzz.json(each), StandardCharsets.UTF_8))
            .toList();
    return values.integer(0, 3) == 0 ? lines.toString() : String.join("\n", lines);
  }

  /** Rows of fields, the first with the columns' names. */
  String csv() {
    List<String> columns = new ArrayList<>(COLUMNS);
    if (values.integer(0, 7) == 0) {
      columns.set(values.integer(0, 6), values.string(8));
    }
    StringBuilder text = new StringBuilder(row(columns));
    for (int rows = values.integer(0, 5); rows > 0; rows--) {
      List<String> fields = new ArrayList<>();
      for (String column : columns) {
        switch (column) {
          case "image" -> fields.add(name());
          case "text", "kind" -> fields.add(text());
          default -> fields.add(String.valueOf(values.number()));
        }
      }
      if (values.integer(0, 15) == 0) {
        fields.add(text());
      }
      text.append(row(fields));
    }
    return text.toString();
  }

  private String row(List<String> fields) {
    String end = values.bool() ? "\n" : "\r\n";
    return fields.stream().map(this::field).collect(Collectors.joining(",", "", end));
  }

  private String field(String field) {
    return switch (values.integer(0, 7)) {
      case 0 -> '"' + field; // no closing quote
      case 1, 2, 3 -> '"' + field.replace("\"", "\"\"") + '"';
      default -> field;
    };
  }

  /** An expression with its box in fields or in an object. */
  Object listed() {
    Map<Object, Object> record = new LinkedHashMap<>();
    Map<Object, Object> box = values.bool() ? record : new LinkedHashMap<>();
    for (String side : COLUMNS.subList(1, 5)) {
      values.put(box, side, values.number());
    }
    if (box != record) {
      values.put(record, "box", box);
    }
    values.put(record, "image", name());
    values.put(record, "text", text());
    return record;
  }

  /** An image's regions and instances, as ODVG has them. */
  Object odvg() {
    Map<Object, Object> record = new LinkedHashMap<>();
    values.put(record, "filename", name());
    values.put(record, "width", 40);
    values.put(record, "height", values.integer(0, 7) == 0 ? values.integer(-1, 60) : 30);
    values.put(record, "grounding", Map.of("regions", values.list(() -> region("phrase"), 3)));
    values.put(record, "detection", Map.of("instances", values.list(() -> region("category"), 3)));
    return record;
  }

  private Object region(String label) {
    Map<Object, Object> region = new LinkedHashMap<>();
    values.put(region, label, text());
    Supplier<Object> box = () -> values.list(values::number, 5);
    values.put(region, "bbox", values.bool() ? box.get() : values.list(box, 3));
    return region;
  }

  /** A conversation, as Qwen-VL or LLaVA has it. */
  Object chat() {
    boolean messages = values.bool();
    Map<Object, Object> record = new LinkedHashMap<>();
    values.put(record, values.bool() ? "image" : "images", name());
    values.put(
        record, messages ? "messages" : "conversations", values.list(() -> turn(messages), 4));
    return record;
  }

  private Object turn(boolean message) {
    Map<Object, Object> turn = new LinkedHashMap<>();
    values.put(turn, message ? "role" : "from", values.bool() ? "assistant" : "user");
    Object parts = message && values.bool() ? values.list(this::part, 2) : text();
    values.put(turn, message ? "content" : "value", parts);
    return turn;
  }

  private Object part() {
    Map<Object, Object> part = new LinkedHashMap<>();
    part.put("type", "text");
    values.put(part, "text", text());
    part.put("image", values.odd());
    return part;
  }

  /** An annotation in XML, as VOC and Flickr30k Entities have it. */
  String annotation() {
    StringBuilder text = new StringBuilder();
    if (values.integer(0, 15) == 0) {
      text.append("<!DOCTYPE annotation [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>");
    }
    text.append(values.integer(0, 15) == 0 ? "<other>" : "<annotation>");
    text.append(element("filename", name()));
    text.append(element("size", element("width", "40") + element("height", "30")));
    for (int objects = values.integer(0, 4); objects > 0; objects--) {
      StringBuilder object = new StringBuilder();
      for (int names = values.integer(0, 2); names > 0; names--) {
        object.append(element("name", values.bool() ? "" + values.integer(0, 3) : text()));
      }
      StringBuilder box = new StringBuilder();
      for (String edge : List.of("xmin", "ymin", "xmax", "ymax")) {
        box.append(element(edge, String.valueOf(values.number())));
      }
      object.append(element(values.integer(0, 7) == 0 ? "nobndbox" : "bndbox", box.toString()));
      text.append(element("object", object.toString()));
    }
    return text.append("</annotation>").toString();
  }

  /** Images with shapes, as CVAT writes them. */
  String cvat() {
    StringBuilder text = new StringBuilder();
    if (values.integer(0, 15) == 0) {
      text.append("<!DOCTYPE annotations [<!ENTITY e SYSTEM \"file:///etc/hostname\">]>");
    }
    text.append(values.integer(0, 15) == 0 ? "<other>" : "<annotations>");
    for (int images = values.integer(0, 3); images > 0; images--) {
      StringBuilder shapes = new StringBuilder();
      for (int count = values.integer(0, 4); count > 0; count--) {
        String shape = CVAT_SHAPES.get(values.integer(0, CVAT_SHAPES.size() - 1));
        shapes.append('<').append(shape).append(quoted("label", word()));
        for (String edge : List.of("xtl", "ytl", "xbr", "ybr", "rotation")) {
          shapes.append(quoted(edge, String.valueOf(values.number())));
        }
        shapes.append('>');
        shapes.append("<attribute").append(quoted("name", "text")).append('>');
        shapes.append(word()).append("</attribute></").append(shape).append('>');
      }
      text.append("<image").append(quoted("name", name())).append(quoted("width", "40"));
      text.append(quoted("height", "30")).append('>').append(shapes).append("</image>");
    }
    if (values.integer(0, 15) == 0) {
      text.append(element("track", ""));
    }
    return text.append("</annotations>").toString();
  }

  /** Mostly a text that XML can hold. */
  private String word() {
    return values.integer(0, 31) == 0 ? text() : values.bool() ? "dog" : "";
  }

  /** An attribute, sometimes missing, doubled or not closed. */
  private String quoted(String name, String value) {
    String attribute =
        " "
            + name
            + "=\""
            + value.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "")
            + '"';
    return switch (values.integer(0, 127)) {
      case 0, 1, 2, 3 -> "";
      case 4 -> attribute.repeat(2);
      case 5 -> " " + name + "=\"" + value;
      default -> attribute;
    };
  }

  /** Sources of data, as a mixture's file lists them. */
  String mixture() {
    Object sources =
        values.list(
            () -> {
              Map<Object, Object> source = new LinkedHashMap<>();
              values.put(source, "data", values.bool() ? "voc" : "csv");
              for (String field : List.of("root", "file", "split", "validation-file", "images")) {
                if (values.bool()) {
                  values.put(source, field, name());
                }
              }
              values.put(source, "weight", values.number());
              return source;
            },
            3);
    return new String(DatasetFuzz.json(sources), StandardCharsets.UTF_8);
  }

  /** A task with annotations, as Label Studio exports it. */
  Object labelStudio() {
    Map<Object, Object> task = new LinkedHashMap<>();
    values.put(task, "data", values.bool() ? Map.of("image", name()) : Map.of("x", text()));
    for (String kind : List.of("annotations", "predictions")) {
      values.put(task, kind, values.list(this::annotationOfTask, 3));
    }
    values.put(task, "tag", List.of(Map.of("rectanglelabels", List.of())));
    return task;
  }

  private Object annotationOfTask() {
    Map<Object, Object> annotation = new LinkedHashMap<>();
    values.put(annotation, "was_cancelled", values.integer(0, 3) == 0);
    values.put(annotation, "ground_truth", values.integer(0, 3) == 0);
    values.put(annotation, "result", values.list(this::result, 5));
    return annotation;
  }

  private Object result() {
    String type = RESULTS.get(values.integer(0, RESULTS.size() - 1));
    Map<Object, Object> value = new LinkedHashMap<>();
    for (String number : List.of("x", "y", "width", "height", "rotation")) {
      values.put(value, number, values.number());
    }
    values.put(value, values.bool() ? "text" : type, values.bool() ? text() : List.of(text()));
    Map<Object, Object> result = new LinkedHashMap<>();
    values.put(result, "id", "" + values.integer(0, 3));
    values.put(result, "type", type);
    values.put(result, "value", value);
    values.put(result, "original_width", 40);
    values.put(result, "original_height", values.integer(0, 7) == 0 ? values.odd() : 30);
    return result;
  }

  private String element(String name, String contents) {
    return switch (values.integer(0, 31)) {
      case 0 -> "";
      case 1 -> "<" + name + "/>";
      case 2 -> "<" + name + ">" + contents; // never closed
      case 3 -> ("<" + name + ">" + contents + "</" + name + ">").repeat(2);
      case 4 -> "<" + name + " a=\"" + text() + "\"><b>" + contents + "</b></" + name + ">";
      default -> "<" + name + ">" + contents + "</" + name + ">";
    };
  }

  /** Lines of captions with marked phrases. */
  String captions() {
    StringBuilder text = new StringBuilder();
    for (int phrases = values.integer(0, 6); phrases > 0; phrases--) {
      text.append(text());
      text.append("[/EN#").append(values.integer(0, 3)).append("/people a man] ");
    }
    return text.toString();
  }

  private String name() {
    return values.integer(0, 7) == 0 ? String.valueOf(values.odd()) : "a.jpg";
  }

  /** Some words, or marks that mean something to one of the readers. */
  private String text() {
    StringBuilder text = new StringBuilder();
    for (int parts = values.integer(0, 6); parts > 0; parts--) {
      int mark = values.integer(0, MARKS.size());
      text.append(mark < MARKS.size() ? MARKS.get(mark) : values.string(8));
    }
    return text.toString();
  }
}
