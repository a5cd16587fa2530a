package org.scanformer.spark;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.scanformer.ErrorCode;
import org.scanformer.Image;
import org.scanformer.Location;
import org.scanformer.Request;
import org.scanformer.ScanFormerException;

/**
 * Answers the questions of a task in their order. While the model works on some, the next pictures
 * are read, as many as a number of questions and the memory of their pixels allow. Not safe for use
 * by several threads.
 */
final class AnswerIterator implements Iterator<Row> {
  private final Iterator<Row> questions;
  private final QuestionColumns columns;
  private final PictureReader pictures;
  private final Double foundThreshold;
  private final Function<Request, CompletableFuture<Location>> model;
  private final Consumer<ErrorCode> counter;
  private final int mostQuestions;
  private final long mostBytes;
  private final Deque<Pending> window = new ArrayDeque<>();
  private Image newest;
  private long bytes;

  /** A question whose answer may not be there yet. */
  private record Pending(Row question, CompletableFuture<Location> answer, long bytes) {}

  /**
   * Asks nothing before the first call.
   *
   * @param foundThreshold of each request, or null for the model's own
   * @param model what is asked
   * @param counter is told of each answer, with the code of its error, or null
   * @param mostQuestions that wait for their answers
   * @param mostBytes of the pixels of their pictures; a larger picture waits alone
   */
  AnswerIterator(
      Iterator<Row> questions,
      QuestionColumns columns,
      PictureReader pictures,
      Double foundThreshold,
      Function<Request, CompletableFuture<Location>> model,
      Consumer<ErrorCode> counter,
      int mostQuestions,
      long mostBytes) {
    this.questions = questions;
    this.columns = columns;
    this.pictures = pictures;
    this.foundThreshold = foundThreshold;
    this.model = model;
    this.counter = counter;
    this.mostQuestions = mostQuestions;
    this.mostBytes = mostBytes;
  }

  @Override
  public boolean hasNext() {
    return !window.isEmpty() || questions.hasNext();
  }

  /**
   * The next question with its answer or its error.
   *
   * @throws ScanFormerException DEVICE_LOST, which ends the task
   */
  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    while (questions.hasNext() && window.size() < mostQuestions && bytes < mostBytes) {
      ask(questions.next());
    }
    Pending first = window.remove();
    bytes -= first.bytes;
    try {
      Location location = first.answer.get();
      counter.accept(null);
      return columns.answer(first.question, AnswerSchema.values(location));
    } catch (ExecutionException e) {
      ScanFormerException failure = recordable(e.getCause());
      counter.accept(failure.code());
      return columns.answer(
          first.question, AnswerSchema.values(failure.code(), failure.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("The task was stopped while it waited for an answer");
    }
  }

  /** Gives up what is not answered yet, as the task has ended. */
  void cancel() {
    window.forEach(pending -> pending.answer.cancel(false));
    window.clear();
  }

  private void ask(Row question) {
    try {
      String text = columns.text(question);
      if (text == null) {
        throw new ScanFormerException(
            ErrorCode.BAD_INPUT, "expression: found none, expected a text");
      }
      Image image = read(question);
      long held = image == newest ? 0 : image.bytes(0);
      newest = image;
      Request request = Request.of(image, text);
      if (foundThreshold != null) {
        request = request.withFoundThreshold(foundThreshold);
      }
      window.add(new Pending(question, model.apply(request), held));
      bytes += held;
    } catch (ScanFormerException e) {
      window.add(new Pending(question, CompletableFuture.failedFuture(e), 0));
    }
  }

  private Image read(Row question) {
    try {
      return pictures.read(columns.image(question), columns.content(question));
    } catch (ScanFormerException e) {
      if (e.code() != ErrorCode.OUT_OF_MEMORY) {
        throw e;
      }
      // The pictures that wait take the memory that this one may need.
      window.forEach(pending -> pending.answer.exceptionally(failure -> null).join());
      pictures.forget();
      newest = null;
      return pictures.read(columns.image(question), columns.content(question));
    }
  }

  /**
   * What becomes the error of one row.
   *
   * @throws RuntimeException what is wrong with more than that
   */
  private static ScanFormerException recordable(Throwable failure) {
    if (failure instanceof ScanFormerException known) {
      if (known.code() == ErrorCode.DEVICE_LOST) {
        throw known;
      }
      return known;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException("A question could not be asked: " + failure, failure);
  }
}
