package org.scanformer.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scanformer.Precision;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.ElementType;
import org.scanformer.internal.backend.Tensor;

/** Choices by times that are drawn: what ties on a device is decided by chance. */
class CudaProductsTest {
  private static final int ALGORITHMS = 8;
  private static final int SHAPES = 8;

  /** A library that only tells which algorithm each product was asked for by. */
  private static final class Asked implements Matmul {
    private final List<Integer> algorithms = new ArrayList<>();

    @Override
    public int algorithms(int rows, CudaLinear linear, Activation activation, Tensor y) {
      return ALGORITHMS;
    }

    @Override
    public void linear(
        int rows, CudaLinear linear, Tensor x, Activation activation, Tensor y, int algorithm) {
      algorithms.add(algorithm);
    }

    @Override
    public void close() {}
  }

  /** A product of each shape; returns the algorithms of all, trials among them. */
  private static List<Integer> run(MatmulChoices shared, ToDoubleFunction<Runnable> timer) {
    Asked library = new Asked();
    CudaProducts products =
        new CudaProducts(
            library, null, new FewRowsLinear(null), CudaProducts.Policy.TIMED, timer, shared);
    CudaLinear layer = new CudaLinear(new Tensor("layer", ElementType.F32, 8, 8), null);
    for (int i = 1; i <= SHAPES; i++) {
      Tensor y = new Tensor("y", ElementType.F32, 16 * i, 8);
      products.linear(y, 16 * i, layer, Activation.RELU, y);
    }
    return library.algorithms;
  }

  private static ToDoubleFunction<Runnable> random(int seed) {
    Random random = new Random(seed);
    return work -> {
      work.run();
      return random.nextDouble();
    };
  }

  /** The algorithms that were kept, of shapes that were all timed. */
  private static List<Integer> kept(List<Integer> asked) {
    int each = ALGORITHMS + 1;
    assertEquals(SHAPES * each, asked.size());
    return IntStream.rangeClosed(1, SHAPES).mapToObj(i -> asked.get(i * each - 1)).toList();
  }

  @Test
  void aShapeIsTimedOnceAProcess() {
    MatmulChoices shared = new MatmulChoices(null);
    List<Integer> first = kept(run(shared, random(1)));
    assertTrue(first.stream().distinct().count() > 1, first.toString());
    assertEquals(first, run(shared, random(2)));
  }

  /** Each begins its trials of a shape when the other one does. */
  @Test
  void sessionsThatTimeAShapeAtOnceAgree() throws Exception {
    MatmulChoices shared = new MatmulChoices(null);
    CyclicBarrier together = new CyclicBarrier(2);
    List<CompletableFuture<List<Integer>>> sessions = new ArrayList<>();
    for (int seed = 1; seed <= 2; seed++) {
      ToDoubleFunction<Runnable> random = random(seed);
      int[] trials = new int[1];
      ToDoubleFunction<Runnable> timer =
          work -> {
            if (trials[0]++ % ALGORITHMS == 0) {
              await(together);
            }
            return random.applyAsDouble(work);
          };
      sessions.add(
          CompletableFuture.supplyAsync(
              () -> kept(run(shared, timer)), work -> new Thread(work).start()));
    }
    assertEquals(
        sessions.get(0).get(30, TimeUnit.SECONDS), sessions.get(1).get(30, TimeUnit.SECONDS));
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aProcessHasOneTableForADeviceAndPrecision(@TempDir Path directory) {
    MatmulChoices choices = MatmulChoices.ofProcess(null, "of this test", Precision.BF16);
    assertSame(choices, MatmulChoices.ofProcess(null, "of this test", Precision.BF16));
    assertNotSame(choices, MatmulChoices.ofProcess(null, "of this test", Precision.FP16));
    assertNotSame(choices, MatmulChoices.ofProcess(null, "another", Precision.BF16));
    Path file = directory.resolve("choices");
    assertSame(
        MatmulChoices.ofProcess(file, "of this test", Precision.BF16),
        MatmulChoices.ofProcess(file, "of this test", Precision.BF16));
  }
}
