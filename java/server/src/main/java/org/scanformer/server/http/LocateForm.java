package org.scanformer.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Promise;
import org.scanformer.server.FailureKind;
import org.scanformer.server.Json;
import org.scanformer.server.ServiceException;

/**
 * What a body of {@code /v1/locate} holds, whichever of its types it has.
 *
 * @param image the image file; null where there is none
 * @param fields the other fields as text, by name
 */
record LocateForm(byte[] image, Map<String, String> fields) {
  static final String IMAGE = "image";
  static final String IMAGE_URL = "image_url";
  static final String TEXT = "text";
  static final String MODEL = "model";
  static final String VERSION = "version";
  static final String FOUND_THRESHOLD = "found_threshold";
  static final String CANDIDATES = "candidates";
  static final String SCHEDULE = "schedule";

  static final List<String> FIELDS =
      List.of(IMAGE_URL, TEXT, MODEL, VERSION, FOUND_THRESHOLD, CANDIDATES, SCHEDULE);
  private static final int MAX_PARTS = 16;
  private static final int MAX_PART_HEADERS = 4096;
  private static final int MAX_FIELD_BYTES = 1 << 16;

  /**
   * Reads a body.
   *
   * @throws ServiceException UNSUPPORTED_TYPE, or BAD_REQUEST naming the field
   */
  static LocateForm read(Call call) {
    ContentType content = ContentType.of(call);
    String type = content.name();
    if (type.equals("multipart/form-data")) {
      return ofParts(call, content.boundary());
    }
    if (type.equals(Reply.JSON)) {
      return ofJson(call);
    }
    if (type.startsWith("image/") || type.equals(Reply.OCTETS)) {
      call.query().keySet().forEach(LocateForm::requireKnown);
      return new LocateForm(call.body(), call.query());
    }
    throw ServiceException.of(
        FailureKind.UNSUPPORTED_TYPE,
        "The Content-Type '%s' is not read: expected multipart/form-data with the parts image and"
            + " text, application/json with an image in base64, or an image's own type with"
            + " ?text=…",
        type);
  }

  /**
   * What a request says that its body is.
   *
   * @param name the media type in lower case without its parameters; empty where there is none
   * @param boundary what separates its parts; null where there is none
   */
  private record ContentType(String name, String boundary) {
    static ContentType of(Call call) {
      String header = Objects.requireNonNullElse(call.headers().get(HttpHeader.CONTENT_TYPE), "");
      try {
        String name = HttpField.getValueParameters(header, null);
        return new ContentType(
            name == null ? "" : name.strip().toLowerCase(Locale.ROOT),
            MultiPart.extractBoundary(header));
      } catch (IllegalArgumentException e) {
        throw ServiceException.badRequest(
            "The Content-Type cannot be read: %s, found '%s'", e.getMessage(), header);
      }
    }
  }

  private static void requireKnown(String field) {
    if (!FIELDS.contains(field)) {
      throw ServiceException.badRequest(
          "There is no field '%s': expected %s and %s", field, IMAGE, FIELDS);
    }
  }

  private static LocateForm ofParts(Call call, String boundary) {
    if (boundary == null) {
      throw ServiceException.badRequest("The Content-Type has no boundary");
    }
    MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
    parser.setMaxParts(MAX_PARTS);
    parser.setPartHeadersMaxLength(MAX_PART_HEADERS);
    // Nothing is written to disk.
    parser.setMaxMemoryFileSize(-1);
    call.ticket().reserve(call.body().length);
    byte[] image = null;
    Map<String, String> fields = new HashMap<>();
    // All of the body is there, so that this does not wait.
    CompletableFuture<MultiPartFormData.Parts> parsed = new CompletableFuture<>();
    parser.parse(
        Content.Source.from(ByteBuffer.wrap(call.body())), Promise.Invocable.toPromise(parsed));
    try (MultiPartFormData.Parts parts = parsed.join()) {
      for (MultiPart.Part part : parts) {
        ByteBuffer content = Content.Source.asByteBuffer(part.createContentSource());
        if (IMAGE.equals(part.getName())) {
          if (image != null) {
            throw twice(IMAGE);
          }
          image = new byte[content.remaining()];
          content.get(image);
        } else {
          putText(fields, part.getName(), content);
        }
      }
    } catch (CompletionException | IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw ServiceException.badRequest("The parts cannot be read: %s", cause.getMessage());
    }
    return new LocateForm(image, fields);
  }

  private static void putText(Map<String, String> fields, String name, ByteBuffer content) {
    if (name == null) {
      throw ServiceException.badRequest("A part has no name");
    }
    requireKnown(name);
    if (content.remaining() > MAX_FIELD_BYTES) {
      throw ServiceException.badRequest(
          "The part '%s' has %d bytes, at most %d are allowed",
          name, content.remaining(), MAX_FIELD_BYTES);
    }
    String text = StandardCharsets.UTF_8.decode(content).toString();
    if (fields.put(name, text) != null) {
      throw twice(name);
    }
  }

  private static ServiceException twice(String name) {
    return ServiceException.badRequest("The part '%s' is given twice", name);
  }

  private static LocateForm ofJson(Call call) {
    // The texts and the decoded image are held beside the body.
    call.ticket().reserve(2L * call.body().length);
    JsonNode json = Json.readObject(call.body(), 0, call.body().length, call.ticket());
    byte[] image = null;
    Map<String, String> fields = new HashMap<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      if (!name.equals(IMAGE)) {
        requireKnown(name);
      }
      if (value.isNull()) {
        continue;
      }
      if (name.equals(IMAGE)) {
        image = base64(value);
      } else {
        fields.put(name, scalar(name, value));
      }
    }
    return new LocateForm(image, fields);
  }

  private static String scalar(String name, JsonNode value) {
    boolean number =
        name.equals(FOUND_THRESHOLD) || name.equals(CANDIDATES) || name.equals(VERSION);
    if (!value.isTextual() && !(number && value.isNumber())) {
      throw ServiceException.badRequest(
          "The field '%s' must be %s, found %s",
          name, number ? "a number" : "text", value.getNodeType());
    }
    return value.asText();
  }

  private static byte[] base64(JsonNode value) {
    String text = value.isTextual() ? value.textValue() : "";
    // A page's FileReader gives a data URL.
    int comma = text.startsWith("data:") ? text.indexOf(',') : -1;
    byte[] image = Base64Text.decode("The field 'image'", text.substring(comma + 1));
    if (image.length == 0) {
      throw ServiceException.badRequest("The field 'image' must be an image file in base64");
    }
    return image;
  }

  /** A field's text; null where it is missing or empty. */
  String field(String name) {
    String value = fields.get(name);
    return value == null || value.isEmpty() ? null : value;
  }

  /** The threshold; null where there is none. */
  Double foundThreshold() {
    String value = field(FOUND_THRESHOLD);
    try {
      return value == null ? null : Double.valueOf(value);
    } catch (NumberFormatException e) {
      throw ServiceException.badRequest("found_threshold must be a number, found '%s'", value);
    }
  }

  /** The most candidates; 0 where none are asked for. */
  int candidates() {
    String value = field(CANDIDATES);
    try {
      return value == null ? 0 : Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw ServiceException.badRequest("candidates must be a whole number, found '%s'", value);
    }
  }
}
