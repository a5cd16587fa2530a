package org.scanformer.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.ScaleResult;
import org.scanformer.datasets.ReferringPair;

/**
 * The result of one pair.
 *
 * @param id the pair's
 * @param kind the expression's kind, or null
 * @param targets true boxes of the pair; 0 where the expression is not true of the image
 * @param scales from the coarsest on
 */
record PairResult(String id, String kind, int targets, List<Scale> scales) {
  /** The result of a pair with one target. */
  PairResult(String id, String kind, List<Scale> scales) {
    this(id, kind, 1, scales);
  }

  /** IoU of the last scale's box with the true one; 0 if there is none. */
  double iou() {
    return scales.get(scales.size() - 1).iou;
  }

  /** Score of the last scale; NaN where the model has no score head. */
  double score() {
    return scales.get(scales.size() - 1).score;
  }

  /**
   * One scale.
   *
   * @param iou of its box with the true one, of several the best; 0 if there is none
   * @param score the model's own; NaN where the model has no score head
   * @param agreement IoU of its box with the box of the scale before; NaN for the first
   * @param selected patches selected
   * @param total patches of the scale
   */
  record Scale(double iou, double score, double agreement, int selected, int total) {
    /** Tokens the scale adds: [REG], the patches, and the constant one where some are discarded. */
    int tokens() {
      return 1 + selected + (selected < total ? 1 : 0);
    }
  }

  static PairResult of(ReferringPair pair, Image image, Location location) {
    List<NormalizedBox> truths =
        pair.targets().stream()
            .map(box -> NormalizedBox.of(box, image.width(), image.height()))
            .toList();
    List<Scale> scales = new ArrayList<>();
    NormalizedBox before = null;
    for (ScaleResult scale : location.scales()) {
      scales.add(
          new Scale(
              truths.stream()
                  .mapToDouble(truth -> scale.box().intersectionOverUnion(truth))
                  .max()
                  .orElse(0),
              scale.score(),
              before == null ? Double.NaN : scale.box().intersectionOverUnion(before),
              scale.mask().count(),
              scale.mask().total()));
      before = scale.box();
    }
    return new PairResult(pair.id(), pair.kind(), truths.size(), scales);
  }

  ObjectNode toJson() {
    ObjectNode node = LocationJson.object().put("id", id).put("kind", kind);
    if (targets != 1) {
      node.put("targets", targets);
    }
    ArrayNode list = node.putArray("scales");
    for (Scale scale : scales) {
      list.addArray()
          .add(scale.iou)
          .add(Double.isNaN(scale.score) ? null : (Double) scale.score)
          .add(Double.isNaN(scale.agreement) ? null : (Double) scale.agreement)
          .add(scale.selected)
          .add(scale.total);
    }
    return node;
  }

  static PairResult fromJson(JsonNode node) {
    List<Scale> scales = new ArrayList<>();
    for (JsonNode scale : node.required("scales")) {
      scales.add(
          new Scale(
              scale.required(0).doubleValue(),
              scale.required(1).isNull() ? Double.NaN : scale.required(1).doubleValue(),
              scale.required(2).isNull() ? Double.NaN : scale.required(2).doubleValue(),
              scale.required(3).intValue(),
              scale.required(4).intValue()));
    }
    return new PairResult(
        node.required("id").textValue(),
        node.required("kind").textValue(),
        node.path("targets").asInt(1),
        List.copyOf(scales));
  }
}
