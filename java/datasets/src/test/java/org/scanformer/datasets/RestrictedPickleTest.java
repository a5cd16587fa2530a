package org.scanformer.datasets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.scanformer.ErrorCode;
import org.scanformer.ScanFormerException;

class RestrictedPickleTest {
  private static final Path FIXTURES = Path.of("src", "test", "resources", "refer");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "protocol0",
        "protocol2",
        "protocol4",
        "python2",
        "python2-protocol0",
        "bytes",
        "bytes-protocol0",
        "bytes-protocol2",
        "shared"
      })
  void readsWhatPythonWrites(String name) {
    Object read = RestrictedPickle.read(FIXTURES.resolve("refs-" + name + ".p"));
    List<?> refs = assertInstanceOf(List.class, read);
    assertEquals(2, refs.size());
    Map<?, ?> first = assertInstanceOf(Map.class, refs.get(0));
    assertEquals(7, ((Number) first.get("ref_id")).intValue());
    assertEquals(581857, ((Number) first.get("image_id")).intValue());
    assertEquals("COCO_train2014_000000581857_16.jpg", first.get("file_name"));
    assertEquals("train", first.get("split"));
    Map<?, ?> second = (Map<?, ?>) ((List<?>) first.get("sentences")).get(1);
    assertEquals("café dog", second.get("sent"));
    assertEquals(List.of("café"), second.get("tokens"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          hostile-call0      | system
          hostile-call2      | system
          hostile-call4      | system
          hostile-codec      | a call found
          hostile-bytes      | a call found
          hostile-shared-key | as a key
          hostile-circle     | contains itself
          hostile-length     | a length of
          hostile-length4    | a length of
          hostile-number     | a number of
          hostile-persistent | persistent id
          hostile-extension  | extension code
          truncated          | premature end
          """)
  void refusesWhatIsNotPlainData(String name, String expected) throws Exception {
    Path run = Path.of("/tmp/pickle-was-run");
    Files.deleteIfExists(run);
    Path file = FIXTURES.resolve(name + ".p");
    ScanFormerException refusal =
        assertThrows(ScanFormerException.class, () -> RestrictedPickle.read(file));
    assertEquals(ErrorCode.BAD_INPUT, refusal.code());
    assertTrue(refusal.getMessage().startsWith(file.toString()), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(expected), refusal.getMessage());
    assertFalse(Files.exists(run));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hostile-depth", "hostile-key"})
  void survivesDepth(String name) {
    Path file = FIXTURES.resolve(name + ".p");
    try {
      RestrictedPickle.read(file);
    } catch (ScanFormerException refusal) {
      assertEquals(ErrorCode.BAD_INPUT, refusal.code());
    }
  }
}
