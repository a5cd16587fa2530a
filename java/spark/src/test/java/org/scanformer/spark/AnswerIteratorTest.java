package org.scanformer.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.scanformer.Box;
import org.scanformer.ErrorCode;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;

/** How a task asks, with a model that a test answers for. */
class AnswerIteratorTest {
  private static final int ERROR = 2 + AnswerSchema.type().fieldIndex("error");

  private final List<Request> asked = new ArrayList<>();
  private final List<ErrorCode> told = new ArrayList<>();

  private AnswerIterator answers(
      List<Row> questions,
      Function<Request, CompletableFuture<Location>> model,
      int mostQuestions,
      long mostBytes) {
    Configuration hadoop = new Configuration(false);
    hadoop.set("fs.unknown.impl", "no.such.FileSystem"); // As s3a: is without its jars.
    StructType type =
        new StructType().add("image", "string").add("content", "binary").add("text", "string");
    return new AnswerIterator(
        questions.iterator(),
        QuestionColumns.of(type),
        new PictureReader(hadoop, null),
        null,
        request -> {
          asked.add(request);
          return model.apply(request);
        },
        told::add,
        mostQuestions,
        mostBytes);
  }

  private static CompletableFuture<Location> answer(Request request) {
    return CompletableFuture.completedFuture(
        Location.of(request.image(), new Box(1, 2, 3, 4), Double.NaN));
  }

  private static Row question(Object image, Object content, Object text) {
    return RowFactory.create(image, content, text);
  }

  private static List<Row> questions(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> question(i + ".png", Pictures.scene(), "the star"))
        .toList();
  }

  private static String error(Row row) {
    return row.isNullAt(ERROR) ? null : row.getStruct(ERROR).mkString(": ");
  }

  @Test
  void asksAsManyAsTheNumberAllows() {
    AnswerIterator answers = answers(questions(5), AnswerIteratorTest::answer, 3, Long.MAX_VALUE);
    answers.next();
    assertEquals(3, asked.size());
    answers.next();
    assertEquals(4, asked.size());
  }

  @Test
  void asksAsManyAsTheMemoryAllows() {
    long one = Pictures.image().bytes(0);
    AnswerIterator answers = answers(questions(5), AnswerIteratorTest::answer, 5, one + 1);
    answers.next();
    assertEquals(2, asked.size());
    assertEquals(
        1, sizeAfterFirst(answers(questions(5), AnswerIteratorTest::answer, 5, 1)), "each alone");
  }

  private int sizeAfterFirst(AnswerIterator answers) {
    asked.clear();
    answers.next();
    return asked.size();
  }

  @Test
  void questionsAboutAPictureShareIt() {
    List<Row> questions =
        List.of(
            question("a.png", Pictures.scene(), "the star"),
            question("a.png", Pictures.scene(), "the circle"),
            question("b.png", Pictures.scene(), "the star"));
    AnswerIterator answers = answers(questions, AnswerIteratorTest::answer, 3, Long.MAX_VALUE);
    while (answers.hasNext()) {
      answers.next();
    }
    assertSame(asked.get(0).image(), asked.get(1).image());
    assertNotSame(asked.get(1).image(), asked.get(2).image());
  }

  @Test
  void whatIsWrongWithARowIsItsError() {
    List<Row> questions =
        List.of(
            question("a.png", new byte[] {1, 2, 3}, "the star"),
            question("a.png", Pictures.scene(), null),
            question("/no/such.png", null, "the star"),
            question(null, null, "the star"),
            question("a:b", null, "the star"),
            question("unknown://bucket/a.png", null, "the star"),
            question("a.png", Pictures.scene(), "refused"),
            question("a.png", Pictures.scene(), "the star"));
    AnswerIterator answers =
        answers(
            questions,
            request ->
                request.text().equals("refused")
                    ? CompletableFuture.failedFuture(
                        new ScanFormerException(ErrorCode.DEVICE_ERROR, "once"))
                    : answer(request),
            2,
            Long.MAX_VALUE);
    List<Row> rows = new ArrayList<>();
    answers.forEachRemaining(rows::add);
    assertEquals(questions.size(), rows.size());
    String[] expected = {
      "BAD_INPUT: image",
      "BAD_INPUT: expression: found none",
      "BAD_INPUT: image: no such file",
      "BAD_INPUT: image: found no path",
      "BAD_INPUT: image: not to be read",
      "BAD_INPUT: image: not to be read",
      "DEVICE_ERROR: once"
    };
    for (int r = 0; r < expected.length; r++) {
      assertTrue(error(rows.get(r)).startsWith(expected[r]), error(rows.get(r)));
      assertTrue(rows.get(r).isNullAt(2), "found of a row with an error");
    }
    assertNull(error(rows.get(7)));
    assertEquals(7, told.stream().filter(Objects::nonNull).count());
  }

  @Test
  void aLostDeviceEndsTheTask() {
    ScanFormerException lost = new ScanFormerException(ErrorCode.DEVICE_LOST, "gone");
    AnswerIterator answers =
        answers(questions(2), request -> CompletableFuture.failedFuture(lost), 2, Long.MAX_VALUE);
    assertSame(lost, assertThrows(ScanFormerException.class, answers::next));
    assertTrue(LostDevice.isLostDevice(new RuntimeException("task", lost)));
    assertFalse(LostDevice.isLostDevice(new RuntimeException("task")));
  }

  @Test
  void anEndedTaskGivesUpItsQuestions() {
    List<CompletableFuture<Location>> futures = new ArrayList<>();
    AnswerIterator answers =
        answers(
            questions(3),
            request -> {
              futures.add(futures.isEmpty() ? answer(request) : new CompletableFuture<>());
              return futures.get(futures.size() - 1);
            },
            3,
            Long.MAX_VALUE);
    answers.next();
    answers.cancel();
    assertTrue(futures.get(1).isCancelled() && futures.get(2).isCancelled());
  }
}
