package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomExpression;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;
import org.scanformer.reference.ReferenceModel;
import org.scanformer.reference.ReferencePyramid;
import org.scanformer.reference.ReferenceScale;
import org.scanformer.reference.ReferenceScan;
import org.scanformer.reference.ReferenceSelection;

/**
 * What the CUDA backend defers, graphs that are replayed and copies that are under way, against the
 * float64 run: a machine with a GPU need not have the CPU backend's library.
 */
abstract class CudaReplayTests {
  private static final double TOLERANCE = 2e-4;
  private static final int LONGEST = 34;
  private static final int BATCH = 5;

  private ReferenceModel reference;
  private ScanFormer cuda;

  /** A request, and what the float64 run needs to answer it. */
  private record Question(
      BufferedImage image, RandomExpression text, ReferenceSelection selection) {
    Request request(SelectionPolicy policy) {
      return Request.of(Image.of(image), text.text()).withSelection(policy);
    }
  }

  @BeforeEach
  void load(@TempDir Path directory) throws Exception {
    RandomModel.tiny().maxTextLength(LONGEST + 2).write(directory);
    reference = ReferenceModel.load(directory);
    cuda =
        ScanFormer.load(
            directory,
            ScanFormerOptions.builder()
                .backend(BackendKind.CUDA)
                .precision(Precision.FP32)
                .maxBatch(BATCH)
                .build());
  }

  @AfterEach
  void close() {
    if (cuda != null) {
      cuda.close();
    }
  }

  private static RandomExpression words(int count, int first) {
    int special = RandomExpression.WORDS.indexOf("the");
    List<String> words = new ArrayList<>();
    int[] ids = new int[count + 2];
    ids[0] = RandomExpression.WORDS.indexOf("[CLS]");
    for (int i = 0; i < count; i++) {
      ids[i + 1] = special + (first + i) % (RandomExpression.WORDS.size() - special);
      words.add(RandomExpression.WORDS.get(ids[i + 1]));
    }
    ids[count + 1] = RandomExpression.WORDS.indexOf("[SEP]");
    return new RandomExpression(String.join(" ", words), ids);
  }

  /** An image of its own for each number, and of one size: their batches have one shape. */
  private static Question question(int image, RandomExpression text) {
    return new Question(RandomImages.structured(image, 40, 30), text, ReferenceSelection.all());
  }

  private List<ReferenceScale> expected(Question question) {
    return ReferenceScan.run(
        reference,
        question.text().ids(),
        ReferencePyramid.pixels(question.image()),
        question.selection());
  }

  private void assertAgree(List<Question> questions, Schedule schedule, String what) {
    List<Location> found =
        cuda.locate(
            questions.stream().map(q -> q.request(SelectionPolicy.all())).toList(), schedule);
    for (int r = 0; r < questions.size(); r++) {
      List<ReferenceScale> expected = expected(questions.get(r));
      assertArrayEquals(
          expected.get(expected.size() - 1).box(),
          values(found.get(r).normalizedBox()),
          TOLERANCE,
          what + ", " + r);
    }
  }

  private static double[] values(NormalizedBox box) {
    return new double[] {box.centerX(), box.centerY(), box.width(), box.height()};
  }

  /** Texts of several buckets come with one bucket of all tokens, by turns. */
  @Test
  void textsOfAllLengthsAreReplayedAsThemselves() {
    for (int round = 0; round < 3; round++) {
      for (int length = 1; length <= LONGEST; length += 8) {
        Question question = question(1, words(length, 7 * round + length));
        assertAgree(
            List.of(question), Schedule.FINAL_ONLY, "round " + round + ", " + length + " words");
      }
    }
  }

  /** Each image's pixels are still to be read while the next one's are staged. */
  @Test
  void imagesOfABatchAreStagedApart() {
    for (int round = 0; round < 3; round++) {
      List<Question> questions = new ArrayList<>();
      for (int r = 0; r < BATCH; r++) {
        questions.add(question(10 * round + r, words(4, r)));
      }
      assertAgree(questions, Schedule.PER_SCALE, "round " + round);
    }
  }

  /** The host reads how many patches were selected, and packs the next scale by it. */
  @Test
  void scalesWaitForWhatTheNextOnePacks() {
    for (int image = 0; image < 12; image++) {
      int k = 1 + image % 4;
      Question question =
          new Question(
              RandomImages.structured(image, 40, 30), words(5, image), ReferenceSelection.topK(k));
      List<ReferenceScale> expected = expected(question);
      Request request = question.request(SelectionPolicy.topK(k));
      Location found = cuda.locate(List.of(request), Schedule.FINAL_ONLY).get(0);
      for (int s = 0; s < expected.size(); s++) {
        assertEquals(
            GoldenRun.mask(expected.get(s)).count(),
            found.scales().get(s).mask().count(),
            "patches of image " + image + ", scale " + s);
      }
    }
  }
}
