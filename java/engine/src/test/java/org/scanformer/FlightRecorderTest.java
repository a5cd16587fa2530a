package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/** The events that the flight recorder gets. */
class FlightRecorderTest {
  @TempDir private Path directory;

  @Test
  void aCallAndItsScalesAreRecorded() throws Exception {
    RandomModel.tiny().seed(3).coarseGrid(2).scales(3).resize("stretch").write(directory);
    Image image = Image.of(RandomImages.structured(1, 60, 45));
    Path file = directory.resolve("calls.jfr");
    ScanFormerOptions options = ScanFormerOptions.builder().backend(BackendKind.CPU).build();
    try (ScanFormer model = ScanFormer.load(directory, options);
        Session session = model.openSession(SessionOptions.defaults());
        Expression expression = model.encode("red");
        Recording recording = new Recording()) {
      recording.enable("org.scanformer.Call");
      recording.enable("org.scanformer.Scale");
      recording.start();
      Request request = Request.of(image, expression).withSelection(SelectionPolicy.topK(5));
      model.locate(List.of(request, request), Schedule.FINAL_ONLY);
      session.locate(
          image,
          expression,
          LocateOptions.builder().budget(Duration.ZERO).build(),
          session.newResult());
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    List<RecordedEvent> calls = of(events, "org.scanformer.Call");
    assertEquals(2, calls.size());
    assertEquals(2, calls.get(0).getInt("requests"));
    assertEquals("FINAL_ONLY", calls.get(0).getString("schedule"));
    assertEquals(3, calls.get(0).getInt("completedScales"));
    assertTrue(calls.get(0).getBoolean("deadlineMet"));
    assertTrue(calls.get(0).getDuration().toNanos() > 0);
    assertEquals(1, calls.get(1).getInt("completedScales"));
    assertFalse(calls.get(1).getBoolean("deadlineMet"));

    List<RecordedEvent> scales = of(events, "org.scanformer.Scale");
    // Three scales and the pass over all tokens, then one scale.
    assertEquals(List.of(0, 1, 2, -1, 0), scales.stream().map(e -> e.getInt("scale")).toList());
    assertEquals(List.of(8, 10, 10, 0, 4), scales.stream().map(e -> e.getInt("patches")).toList());
    // [REG], five patches and the constant, for two requests.
    assertEquals(14, scales.get(1).getInt("rows"));
  }

  private static List<RecordedEvent> of(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals(name))
        .sorted(Comparator.comparing(RecordedEvent::getStartTime))
        .toList();
  }
}
