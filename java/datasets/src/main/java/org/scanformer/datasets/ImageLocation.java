package org.scanformer.datasets;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Where a task of Label Studio has its image: an address, a path of its server, or a file. No
 * state.
 */
final class ImageLocation {
  /** Files that its server reads in place: the path follows. */
  private static final String LOCAL = "/local-files/?d=";

  /** How many of a path's last names may be directories below that of the images. */
  private static final int LEVELS = 6;

  private ImageLocation() {}

  /**
   * The location in a task's data: "image", or the only field that names an image's file.
   *
   * @throws RecordFault when there is none, or more than one
   */
  static String of(JsonNode data) {
    List<String> found = new ArrayList<>();
    for (JsonNode value : data) {
      String text = value.asText("");
      if (withoutQuery(text).matches("(?is).*\\.(jpe?g|png|webp|bmp|gif|tiff?)")) {
        found.add(text);
      }
    }
    String image = data.path("image").asText("");
    if (image.isBlank() && found.size() != 1) {
      throw CocoFile.problem(
          "expected the place of one image as \"image\" in \"data\", found "
              + CocoFile.brief(data));
    }
    String location = image.isBlank() ? found.get(0) : image;
    if (location.startsWith("data:")) {
      throw CocoFile.problem("expected the name of an image file, found an image within the data");
    }
    return location;
  }

  /**
   * The names that the file may have here: with some of its directories, the longest first, its own
   * name, and the name without the random prefix of an upload.
   */
  static String[] names(String location) {
    Set<String> names = new LinkedHashSet<>();
    int local = location.indexOf(LOCAL);
    String path = local >= 0 ? location.substring(local + LOCAL.length()) : withoutQuery(location);
    for (String each : List.of(decoded(path), location)) {
      String[] parts =
          each.replaceFirst("^([A-Za-z][A-Za-z0-9+.-]*://[^/]*)?/*", "").split("[/\\\\]+");
      for (int from = Math.max(0, parts.length - LEVELS); from < parts.length; from++) {
        String name = String.join("/", Arrays.asList(parts).subList(from, parts.length));
        if (!name.isBlank()) {
          names.add(name);
          names.add(name.replaceFirst("^[0-9a-f]{8}-(?=.)", ""));
        }
      }
    }
    return names.toArray(String[]::new);
  }

  private static String withoutQuery(String location) {
    int end = 0;
    while (end < location.length() && location.charAt(end) != '?' && location.charAt(end) != '#') {
      end++;
    }
    return location.substring(0, end);
  }

  /** A path with its percent signs decoded, if that is possible. */
  private static String decoded(String path) {
    try {
      return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return path;
    }
  }
}
