package org.scanformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * Many threads that do all there is to do at once, among it what is wrong: every answer is right,
 * every failure is one that is documented, and the process is still there at the end.
 */
@Tag("soak")
class StressTest {
  private static final int THREADS = 16;
  private static final int IMAGES = 6;
  private static final List<String> TEXTS = List.of("red", "the blue one", "left of the star");

  /** Seconds to go on for. */
  private static final int SECONDS = Integer.getInteger("org.scanformer.stress.seconds", 60);

  @TempDir private Path directory;
  private final List<Image> images = new ArrayList<>();
  private final NormalizedBox[][] expected = new NormalizedBox[IMAGES][TEXTS.size()];
  private final AtomicReference<Shared> shared = new AtomicReference<>();
  private final ConcurrentLinkedQueue<Throwable> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicLong answers = new AtomicLong();
  private final AtomicLong refusals = new AtomicLong();

  /** A model that all threads use, until one of them closes it. */
  private record Shared(ScanFormer model, Batcher batcher, Expression expression) {
    static Shared open(Path directory) {
      ScanFormer model =
          ScanFormer.load(
              directory,
              ScanFormerOptions.builder().backend(BackendKind.CPU).threads(1).maxBatch(3).build());
      BatcherOptions options =
          BatcherOptions.builder()
              .threads(1)
              .maxBatch(4)
              .queueCapacity(8)
              .overflow(BatcherOptions.Overflow.DROP_OLDEST)
              .build();
      return new Shared(model, model.openBatcher(options), model.encode(TEXTS.get(0)));
    }
  }

  @Test
  void allAtOnce() throws Exception {
    RandomModel.tiny().seed(3).hiddenSize(32).coarseGrid(2).scales(2).write(directory);
    shared.set(Shared.open(directory));
    for (int i = 0; i < IMAGES; i++) {
      Image image = Image.of(RandomImages.structured(i, 30 + 9 * i, 64 - 7 * i));
      if (i % 2 == 0) {
        ByteBuffer direct = ByteBuffer.allocateDirect(image.pixels().limit());
        image =
            Image.of(
                direct.put(0, image.pixels(), 0, direct.capacity()),
                image.format(),
                image.width(),
                image.height());
      }
      images.add(image);
      for (int t = 0; t < TEXTS.size(); t++) {
        expected[i][t] = shared.get().model.locate(image, TEXTS.get(t)).normalizedBox();
      }
    }
    long seed = System.nanoTime();
    System.out.println("stress: seed " + seed + ", " + SECONDS + " s");
    long end = System.nanoTime() + SECONDS * 1_000_000_000L;
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      Random random = new Random(seed + t);
      threads.add(
          new Thread(
              () -> {
                try {
                  while (System.nanoTime() < end && wrong.isEmpty()) {
                    act(random);
                  }
                } catch (Throwable e) {
                  wrong.add(e);
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join(Duration.ofSeconds(SECONDS + 60).toMillis());
      assertTrue(!thread.isAlive(), () -> "a thread hangs: " + List.of(thread.getStackTrace()));
    }
    shared.get().batcher.close();
    shared.get().model.close();
    if (!wrong.isEmpty()) {
      throw new AssertionError(wrong.size() + " threads failed, the first by", wrong.peek());
    }
    System.out.println("stress: " + answers + " answers, " + refusals + " refusals");
    assertTrue(answers.get() > 100 * SECONDS, "answers: " + answers);
  }

  private void act(Random random) throws Exception {
    Shared now = shared.get();
    int image = random.nextInt(IMAGES);
    int text = random.nextInt(TEXTS.size());
    Request request = Request.of(images.get(image), TEXTS.get(text));
    try {
      switch (random.nextInt(20)) {
        case 0, 1, 2 -> check(image, text, now.model.locate(request).normalizedBox());
        case 3, 4 ->
            check(
                image,
                0,
                now.model.locate(Request.of(images.get(image), now.expression)).normalizedBox());
        case 5 -> {
          int other = random.nextInt(IMAGES);
          List<Location> found =
              now.model.locate(
                  List.of(request, Request.of(images.get(other), now.expression), request));
          check(image, text, found.get(0).normalizedBox());
          check(other, 0, found.get(1).normalizedBox());
          check(image, text, found.get(2).normalizedBox());
        }
        case 6, 7 -> runSession(now, random, image, text);
        case 8, 9 -> submit(now, random, request, image, text);
        case 10, 11 -> closeWhileItWaits(now, random, image, text);
        case 12 -> {
          Expression own = now.model.encode(TEXTS.get(text));
          check(image, text, now.model.locate(images.get(image), own).normalizedBox());
          own.close();
          own.close();
        }
        case 13 -> refuse(() -> now.model.encode(" "));
        case 14 ->
            refuse(
                () ->
                    now.model.locate(
                        request.withSelection(
                            SelectionPolicy.masks(List.of(PatchMask.all(7, 7))))));
        case 15 -> Thread.currentThread().interrupt();
        case 16 -> {
          // A tenth of these: a model takes a while to load.
          if (random.nextInt(10) == 0) {
            Shared next = Shared.open(directory);
            Shared old = shared.getAndSet(next);
            if (random.nextBoolean()) {
              old.batcher.close();
            }
            old.model.close();
          }
        }
        default -> check(image, text, now.model.locate(request).normalizedBox());
      }
    } catch (IllegalStateException closed) {
      // The model was closed by another thread between two lines of this one.
      refusals.incrementAndGet();
      assertTrue(closed.getMessage().contains("closed"), closed.getMessage());
    } catch (InterruptedException e) {
      refusals.incrementAndGet();
    } finally {
      Thread.interrupted();
    }
  }

  private void runSession(Shared now, Random random, int image, int text) {
    LocateOptions options =
        LocateOptions.builder()
            .schedule(Schedule.FINAL_ONLY)
            .budget(random.nextBoolean() ? Duration.ofHours(1) : Duration.ofNanos(1))
            .build();
    SessionOptions sessionOptions =
        SessionOptions.builder()
            .threads(1)
            .maxBatch(1 + random.nextInt(2))
            .textCache(1 + random.nextInt(2))
            .build();
    try (Session session = now.model.openSession(sessionOptions)) {
      SessionResult result = session.newResult();
      for (int i = 0; i < 5; i++) {
        session.locate(images.get(image), TEXTS.get(text), options, result);
        if (result.completedScales() == 2) {
          check(image, text, result.normalizedBox());
        }
      }
    }
  }

  private void submit(Shared now, Random random, Request request, int image, int text) {
    CompletableFuture<Location> answer =
        random.nextInt(3) == 0
            ? now.batcher.submit(request, System.nanoTime() + random.nextInt(5_000_000))
            : now.batcher.submit(request);
    if (random.nextInt(4) == 0) {
      answer.cancel(true);
    }
    try {
      check(image, text, answer.join().normalizedBox());
    } catch (CancellationException e) {
      refusals.incrementAndGet();
    } catch (CompletionException e) {
      refusals.incrementAndGet();
      Throwable cause = e.getCause();
      if (cause instanceof IllegalStateException closed) {
        throw closed;
      }
      if (!(cause instanceof RejectedExecutionException || cause instanceof TimeoutException)) {
        throw e;
      }
    }
  }

  /** An expression that is closed while a batcher has it is used to the end, or refused. */
  private void closeWhileItWaits(Shared now, Random random, int image, int text)
      throws InterruptedException {
    Expression own = now.model.encode(TEXTS.get(text));
    CompletableFuture<Location> answer = now.batcher.submit(Request.of(images.get(image), own));
    try {
      Thread.sleep(0, random.nextInt(999_999));
    } finally {
      own.close();
    }
    try {
      check(image, text, answer.join().normalizedBox());
    } catch (CompletionException e) {
      refusals.incrementAndGet();
      if (e.getCause() instanceof IllegalStateException closed) {
        throw closed;
      }
      if (!(e.getCause() instanceof RejectedExecutionException)) {
        throw e;
      }
    }
  }

  private void refuse(Runnable call) {
    try {
      call.run();
    } catch (ScanFormerException e) {
      assertEquals(ErrorCode.BAD_INPUT, e.code());
      refusals.incrementAndGet();
      return;
    }
    throw new AssertionError("what is wrong was taken");
  }

  private void check(int image, int text, NormalizedBox found) {
    NormalizedBox right = expected[image][text];
    assertTrue(
        right.intersectionOverUnion(found) > 0.999,
        () -> "image " + image + ", text " + text + ": " + found + ", expected " + right);
    answers.incrementAndGet();
  }
}
