package org.scanformer.server.oip;

import java.util.List;
import org.scanformer.server.ServedModel;

/**
 * What a model says of one of its tensors.
 *
 * @param name as requests name it
 * @param datatype of its elements
 * @param shape -1 for a dimension of any size
 */
public record TensorMetadata(String name, Datatype datatype, List<Long> shape) {
  /** Image files. A request has these or pixels. */
  public static final String IMAGE = "image";

  /** Decoded images of one size, [images, height, width, 3], RGB. */
  public static final String PIXELS = "pixels";

  /** Expressions. */
  public static final String TEXT = "text";

  /** [requests, 4]: x, y, width and height in pixels from the top left corner. */
  public static final String BOX = "box";

  /** 0 to 1. Only of models that have scores. */
  public static final String SCORE = "score";

  /** Whether the object is taken to be there. */
  public static final String FOUND = "found";

  /** The whole answer as JSON. */
  public static final String LOCATION = "location";

  private static final TensorMetadata SCORES =
      new TensorMetadata(SCORE, Datatype.FP32, List.of(-1L));

  /** The inputs of every model. */
  public static List<TensorMetadata> inputs() {
    return List.of(
        new TensorMetadata(IMAGE, Datatype.BYTES, List.of(-1L)),
        new TensorMetadata(PIXELS, Datatype.UINT8, List.of(-1L, -1L, -1L, 3L)),
        new TensorMetadata(TEXT, Datatype.BYTES, List.of(-1L)));
  }

  /** The outputs of a model. */
  public static List<TensorMetadata> outputs(ServedModel model) {
    TensorMetadata box = new TensorMetadata(BOX, Datatype.FP32, List.of(-1L, 4L));
    TensorMetadata found = new TensorMetadata(FOUND, Datatype.BOOL, List.of(-1L));
    TensorMetadata location = new TensorMetadata(LOCATION, Datatype.BYTES, List.of(-1L));
    return model.hasScores()
        ? List.of(box, SCORES, found, location)
        : List.of(box, found, location);
  }
}
