package org.scanformer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.SelectionPolicy;

/** A heap that is full costs the request that finds it so, and no other. */
class RequestGroupsTest {
  private static final RequestOptions OPTIONS =
      new RequestOptions(SelectionPolicy.checkpoint(), null, 0, false);

  private static Answer answer(String name, Supplier<Image> image) {
    Answer answer = new Answer(name, name + ": ", LocationJson.object());
    answer.prepare(image, CommandLineRun.TEXT, OPTIONS);
    return answer;
  }

  @Test
  void readsAgainWhatTheImagesThatWaitHaveNoRoomFor() {
    Image image = Image.read(Path.of(CommandLineRun.IMAGE));
    List<Answer> answers = new ArrayList<>();
    ScanFormerOptions options = ScanFormerOptions.builder().backend(BackendKind.CPU).build();
    try (ScanFormer model = ScanFormer.load(Path.of(CommandLineRun.MODEL), options)) {
      RequestGroups groups = new RequestGroups(model, 8, answers::add);
      groups.add(() -> answer("first", () -> image));
      groups.add(
          () ->
              answer(
                  "second",
                  () -> {
                    if (answers.isEmpty()) {
                      throw new OutOfMemoryError("as long as the first is not answered");
                    }
                    return image;
                  }));
      groups.add(
          () ->
              answer(
                  "third",
                  () -> {
                    throw new OutOfMemoryError("always");
                  }));
      groups.finish();
    }
    assertEquals(List.of("first", "second", "third"), answers.stream().map(Answer::name).toList());
    assertFalse(answers.get(0).failed());
    assertFalse(answers.get(1).failed());
    assertNull(answers.get(1).request(), "an answer holds no image");
    assertTrue(answers.get(2).toJson().contains("OUT_OF_MEMORY"), answers.get(2).toJson());
  }
}
