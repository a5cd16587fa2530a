package org.scanformer.server;

import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.scanformer.Image;
import org.scanformer.ImageLimits;
import org.scanformer.Location;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.internal.batching.QueuedAnswer;

/**
 * Decodes images on a few threads and asks models about them. Nothing here waits: a caller's thread
 * only hands over. Thread-safe.
 */
public final class LocateService implements AutoCloseable {
  private final ImageLimits imageLimits;
  private final ExecutorService decoders;
  private final ExecutorService writers = threads("scanformer-writer");

  /** With as many decoding threads as there are processors. */
  LocateService(Limits limits) {
    this(limits, threads("scanformer-decoder"));
  }

  /** With threads that decode, which it shuts down. */
  LocateService(Limits limits, ExecutorService decoders) {
    this.decoders = decoders;
    // A decoder may take this much beside the image it makes; the rest of the heap is the images'.
    long scratch = Math.max(32L << 20, limits.memoryBytes() / 2);
    ImageLimits defaults = ImageLimits.defaults();
    imageLimits =
        defaults
            .withPixels(Math.min(limits.pixels(), defaults.pixels()))
            .withEncodedBytes(limits.bodyBytes())
            .withMemory(Math.min(scratch, defaults.memory()));
  }

  private static ExecutorService threads(String name) {
    return Executors.newFixedThreadPool(
        Runtime.getRuntime().availableProcessors(),
        work -> {
          Thread thread = new Thread(work, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  /** The time by which a request that came now and may take this long must be answered. */
  public static long deadline(long arrival, Duration atMost) {
    return arrival + atMost.toNanos();
  }

  /**
   * Decodes an image file.
   *
   * @param ticket counts the decoded bytes; it is held until the file's turn has come, as the queue
   *     holds the file
   * @param deadline a {@link System#nanoTime()}; an image whose turn comes later is not decoded
   * @return fails with a BAD_INPUT, with a {@link TimeoutException} or with what the ticket says;
   *     when it is cancelled before its turn, nothing is decoded
   */
  public CompletableFuture<Image> decode(byte[] file, Admission.Ticket ticket, long deadline) {
    CompletableFuture<Image> image = new CompletableFuture<>();
    ticket.retain();
    try {
      decoders.execute(
          () -> {
            try {
              image.complete(read(file, ticket, image.isDone(), deadline));
            } catch (Throwable e) {
              image.completeExceptionally(e);
            }
          });
    } catch (RejectedExecutionException e) {
      ticket.release();
      throw e;
    }
    return image;
  }

  private Image read(byte[] file, Admission.Ticket ticket, boolean isCancelled, long deadline) {
    try {
      if (isCancelled) {
        return null;
      }
      if (System.nanoTime() - deadline >= 0) {
        throw new ServiceException(
            FailureKind.DEADLINE, "The deadline passed before the image was decoded");
      }
      Image image = Image.read(new ByteArrayInputStream(file), imageLimits);
      ticket.reserve(3L * image.width() * image.height());
      return image;
    } finally {
      ticket.release();
    }
  }

  /**
   * A view of RGB pixels.
   *
   * @param pixels height * width * 3 bytes from the position on
   * @throws ServiceException BAD_REQUEST when there are more pixels than allowed
   */
  public Image rgb(ByteBuffer pixels, int width, int height) {
    if ((long) width * height > imageLimits.pixels()) {
      throw ServiceException.badRequest(
          "An image has %d x %d pixels, at most %d in all are allowed",
          width, height, imageLimits.pixels());
    }
    return Image.of(pixels, PixelFormat.RGB, width, height);
  }

  /**
   * Asks a model.
   *
   * @param ticket held until the model holds nothing of the image any more, which may be after the
   *     answer: a batch that runs is not ended by a deadline
   * @return fails as {@link org.scanformer.Batcher#submit(Request, long)}; cancelling it takes the
   *     request out of the queue
   * @throws ServiceException DEADLINE when the request is over
   */
  public CompletableFuture<Location> locate(
      ServedModel model, Image image, Question question, Admission.Ticket ticket, long deadline) {
    Request request = Request.of(image, question.text());
    if (question.foundThreshold() != null) {
      request = request.withFoundThreshold(question.foundThreshold());
    }
    if (question.candidates() > 0) {
      request = request.withCandidates(question.candidates());
    }
    ticket.retain();
    try {
      CompletableFuture<Location> answer = model.submit(request, question.schedule(), deadline);
      QueuedAnswer.of(answer).released().thenRun(ticket::release);
      return answer;
    } catch (RuntimeException | Error e) {
      ticket.release();
      throw e;
    }
  }

  /**
   * What makes replies of answers: not a model's thread, which has the next batch to run, nor a
   * decoding one, behind whose images a reply would wait. Java's own pool would start a thread for
   * each reply on a machine of two processors.
   */
  public Executor writers() {
    return writers;
  }

  @Override
  public void close() {
    decoders.shutdown();
    writers.shutdown();
  }
}
