package org.scanformer.datasets;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.file.Path;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;
import org.scanformer.internal.files.SystemMessages;
import org.scanformer.internal.model.JsonFault;

/** Reads files with a JSON object on each line, or with an array of objects. No state. */
final class JsonRecords {
  private static final ObjectReader LINE =
      new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonRecords() {}

  /** What takes the records. */
  interface RecordReader {
    /**
     * Takes a record.
     *
     * @param id names it in messages
     * @param record an object
     * @throws ScanFormerException when it is not usable
     */
    void read(String id, JsonNode record);
  }

  /**
   * Reads all records of a file.
   *
   * @param collector gets those that are not usable
   * @throws ScanFormerException BAD_INPUT when the file is missing, or begins as an array and is
   *     not one
   */
  static void read(Path file, PairCollector collector, RecordReader reader) {
    byte[] bytes = DataFile.readText(file);
    int start = 0;
    while (start < bytes.length && isSpace(bytes[start])) {
      start++;
    }
    if (start < bytes.length && bytes[start] == '[') {
      int number = 0;
      for (JsonNode record : CocoFile.json(file, bytes)) {
        take(file.getFileName() + " record " + number++, record, collector, reader);
      }
      return;
    }
    int line = 1;
    for (int begin = 0; begin < bytes.length; line++) {
      int end = begin;
      while (end < bytes.length && bytes[end] != '\n') {
        end++;
      }
      if (!isBlank(bytes, begin, end)) {
        String id = file.getFileName() + " line " + line;
        try {
          take(id, LINE.readTree(bytes, begin, end - begin), collector, reader);
        } catch (JsonProcessingException e) {
          collector.bad(
              new BadRecord(id, "expected a JSON object, found: " + JsonFault.describe(e)));
        } catch (IOException e) {
          throw new ScanFormerException(
              ErrorCode.BAD_INPUT, file + ": could not be read: " + SystemMessages.reason(e), e);
        }
      }
      begin = end + 1;
    }
  }

  private static void take(
      String id, JsonNode record, PairCollector collector, RecordReader reader) {
    try {
      if (!record.isObject()) {
        throw CocoFile.problem("expected a JSON object, found " + CocoFile.brief(record));
      }
      reader.read(id, record);
    } catch (ScanFormerException e) {
      collector.bad(id, e);
    }
  }

  private static boolean isBlank(byte[] bytes, int begin, int end) {
    for (int i = begin; i < end; i++) {
      if (!isSpace(bytes[i])) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSpace(byte value) {
    return value >= 0 && value <= ' ';
  }
}
