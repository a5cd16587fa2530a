package org.scanformer.server.oip;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.scanformer.Image;
import org.scanformer.server.Admission;
import org.scanformer.server.LocateService;
import org.scanformer.server.ServiceException;

/**
 * The input tensors of a request, checked against each other.
 *
 * @param image image files; null where there are pixels
 * @param pixels decoded images; null where there are files
 * @param text the expressions
 */
record Inputs(Tensor image, Tensor pixels, Tensor text) {
  static Inputs of(InferenceRequest request) {
    Tensor image = null;
    Tensor pixels = null;
    Tensor text = null;
    for (Tensor input : request.inputs()) {
      TensorMetadata expected = metadata(input.name());
      if (input.datatype() != expected.datatype()) {
        throw ServiceException.badRequest(
            "The input '%s' is of type %s, expected %s",
            input.name(), input.datatype(), expected.datatype());
      }
      boolean twice =
          switch (input.name()) {
            case TensorMetadata.IMAGE -> image != null;
            case TensorMetadata.PIXELS -> pixels != null;
            default -> text != null;
          };
      if (twice) {
        throw ServiceException.badRequest("The input '%s' is given twice", input.name());
      }
      switch (input.name()) {
        case TensorMetadata.IMAGE -> image = input;
        case TensorMetadata.PIXELS -> pixels = input;
        default -> text = input;
      }
    }
    Inputs inputs = new Inputs(image, pixels, text);
    inputs.check();
    return inputs;
  }

  private static TensorMetadata metadata(String name) {
    return TensorMetadata.inputs().stream()
        .filter(input -> input.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                ServiceException.badRequest(
                    "There is no input '%s': expected text, and either image or pixels", name));
  }

  private void check() {
    if (text == null) {
      throw ServiceException.badRequest("The input 'text' is missing");
    }
    if ((image == null) == (pixels == null)) {
      throw ServiceException.badRequest(
          "Either of the inputs 'image' and 'pixels' is expected, found %s",
          image == null ? "neither" : "both");
    }
    if (pixels != null) {
      long[] shape = pixels.shape();
      if (shape.length != 4 || shape[3] != 3 || shape[1] == 0 || shape[2] == 0) {
        throw ServiceException.badRequest(
            "The input 'pixels' is of the shape %s, expected [images, height, width, 3]",
            Arrays.toString(shape));
      }
    }
    long images = imageCount();
    int texts = text.strings().size();
    if (images == 0 || texts == 0 || images != texts && images != 1 && texts != 1) {
      throw ServiceException.badRequest(
          "%d images and %d expressions found, expected as many of each, or one of either",
          images, texts);
    }
  }

  private int imageCount() {
    return image != null ? image.strings().size() : (int) pixels.shape()[0];
  }

  /** How many answers there will be. */
  int questions() {
    return Math.max(imageCount(), text.strings().size());
  }

  /** The images, each decoded once. */
  List<CompletableFuture<Image>> images(
      LocateService service, Admission.Ticket ticket, long deadline) {
    List<CompletableFuture<Image>> images = new ArrayList<>();
    if (image != null) {
      image.strings().forEach(file -> images.add(service.decode(file, ticket, deadline)));
      return images;
    }
    int height = (int) pixels.shape()[1];
    int width = (int) pixels.shape()[2];
    int size = 3 * width * height;
    for (int i = 0; i < pixels.shape()[0]; i++) {
      ByteBuffer one = pixels.raw().slice(pixels.raw().position() + i * size, size);
      images.add(CompletableFuture.completedFuture(service.rgb(one, width, height)));
    }
    return images;
  }
}
