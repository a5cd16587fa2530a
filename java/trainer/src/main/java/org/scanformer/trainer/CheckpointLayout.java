package org.scanformer.trainer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which parameters a checkpoint's vectors hold, and what the outputs of the heads that only
 * training has stand for: data with other categories has other heads of the same size. Immutable.
 *
 * @param shapes of the parameters by name, in the order of the vectors
 * @param classes what the outputs of a head stand for, by the heads' names
 */
record CheckpointLayout(Map<String, List<Long>> shapes, Map<String, List<String>> classes) {
  /** That of a run. */
  static CheckpointLayout of(Parameters parameters, AuxiliaryHeads heads) {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    parameters
        .shapes()
        .forEach((name, shape) -> shapes.put(name, Arrays.stream(shape).boxed().toList()));
    return new CheckpointLayout(shapes, heads.classes());
  }

  /** As text for a checkpoint's metadata. */
  String text() {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.putPOJO("shapes", shapes);
    root.putPOJO("classes", classes);
    return root.toString();
  }

  /**
   * Reads {@link #text()}.
   *
   * @throws IllegalArgumentException when it is none
   */
  static CheckpointLayout parse(String text) {
    try {
      JsonNode root = new ObjectMapper().readTree(text);
      Map<String, List<Long>> shapes = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> field : root.path("shapes").properties()) {
        List<Long> shape = new ArrayList<>();
        field.getValue().forEach(side -> shape.add(side.asLong()));
        shapes.put(field.getKey(), shape);
      }
      Map<String, List<String>> classes = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> field : root.path("classes").properties()) {
        List<String> names = new ArrayList<>();
        field.getValue().forEach(name -> names.add(name.asText()));
        classes.put(field.getKey(), names);
      }
      return new CheckpointLayout(shapes, classes);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("expected a layout as JSON, found " + text, e);
    }
  }

  /** Elements of the vectors. */
  long size() {
    return shapes.values().stream().mapToLong(CheckpointLayout::elements).sum();
  }

  private static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }

  /**
   * The heads of this layout that another one does not have, or has for other classes.
   *
   * @throws IllegalArgumentException naming a parameter of the model, rather than of such a head,
   *     that the other one lacks or has in another shape
   */
  Set<String> headsUnlike(CheckpointLayout other) {
    Set<String> unlike = new TreeSet<>();
    shapes.forEach(
        (name, shape) -> {
          boolean same = shape.equals(other.shapes.get(name));
          if (name.startsWith(Parameters.AUXILIARY)) {
            String head = AuxiliaryHeads.headOf(name).substring(Parameters.AUXILIARY.length());
            List<String> none = List.of();
            if (!same
                || !classes
                    .getOrDefault(head, none)
                    .equals(other.classes.getOrDefault(head, none))) {
              unlike.add(head);
            }
          } else if (!same) {
            throw new IllegalArgumentException(
                "found "
                    + (other.shapes.containsKey(name)
                        ? "the shape " + other.shapes.get(name) + " of \"" + name + "\""
                        : "no \"" + name + "\"")
                    + ", expected the shape "
                    + shape);
          }
        });
    return unlike;
  }

  /**
   * Copies the parts of a vector of another layout into one of this, but for those of some heads.
   *
   * @param from [other.size()]
   * @param to [size()]
   */
  void copy(CheckpointLayout other, float[] from, float[] to, Set<String> without) {
    Map<String, Integer> begins = other.begins();
    begins()
        .forEach(
            (name, begin) -> {
              if (!name.startsWith(Parameters.AUXILIARY)
                  || !without.contains(
                      AuxiliaryHeads.headOf(name).substring(Parameters.AUXILIARY.length()))) {
                int length = Math.toIntExact(elements(shapes.get(name)));
                System.arraycopy(from, begins.get(name), to, begin, length);
              }
            });
  }

  private Map<String, Integer> begins() {
    Map<String, Integer> begins = new LinkedHashMap<>();
    long begin = 0;
    for (Map.Entry<String, List<Long>> entry : shapes.entrySet()) {
      begins.put(entry.getKey(), Math.toIntExact(begin));
      begin += elements(entry.getValue());
    }
    return begins;
  }
}
