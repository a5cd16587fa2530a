package org.scanformer.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.Supplier;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;

/**
 * What becomes of one of many requests: at first the request, then its location or its error. Not
 * safe for use by several threads.
 */
final class Answer {
  private final String name;
  private final String errorPrefix;
  private final ObjectNode record;
  private Request request;
  private Location location;
  private ErrorCode code;
  private String message;

  /**
   * Starts an answer.
   *
   * @param name of the request
   * @param errorPrefix stands before messages, to say which request they are of
   * @param record what the answer's JSON begins with
   */
  Answer(String name, String errorPrefix, ObjectNode record) {
    this.name = name;
    this.errorPrefix = errorPrefix;
    this.record = record;
  }

  /**
   * Reads the image and makes the request; what is wrong with it becomes the error, a heap that is
   * full too.
   */
  void prepare(Supplier<Image> image, String expression, RequestOptions options) {
    try {
      request = options.request(image.get(), expression);
    } catch (ScanFormerException e) {
      fail(e.code(), e.getMessage());
    } catch (RuntimeException e) {
      fail(ErrorCode.BAD_INPUT, e.toString());
    } catch (OutOfMemoryError e) {
      failForMemory();
    }
  }

  /** Ends it with an error, and lets go of the image. */
  void fail(ErrorCode code, String message) {
    request = null;
    this.code = code;
    this.message = errorPrefix + message;
  }

  /** The error of a heap that is full. */
  void failForMemory() {
    fail(ErrorCode.OUT_OF_MEMORY, "the Java heap is full: -Xmx sets its size");
  }

  /** Ends it with a location, and lets go of the image, as what follows needs memory too. */
  void found(Location location) {
    request = null;
    this.location = location;
  }

  /** The request's name. */
  String name() {
    return name;
  }

  /** The request; null where there is a location or an error. */
  Request request() {
    return request;
  }

  /** The location; null where there is an error. */
  Location location() {
    return location;
  }

  /** Null where there is no error. */
  String message() {
    return message;
  }

  boolean failed() {
    return code != null;
  }

  boolean isOutOfMemory() {
    return code == ErrorCode.OUT_OF_MEMORY;
  }

  /** One line of JSON. */
  String toJson() {
    if (failed()) {
      record.putObject("error").put("code", code.name()).put("message", message);
    } else {
      LocationJson.put(record, location);
    }
    return LocationJson.write(record);
  }
}
