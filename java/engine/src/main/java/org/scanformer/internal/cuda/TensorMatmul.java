package org.scanformer.internal.cuda;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.scanformer.internal.backend.Activation;
import org.scanformer.internal.backend.KvAppendTable;
import org.scanformer.internal.backend.NativeStream;
import org.scanformer.internal.backend.Table;
import org.scanformer.internal.backend.Tensor;
import org.scanformer.natives.api.Api;
import org.scanformer.natives.cuda.CudaApi;

/**
 * Our own matrix products of few rows on the tensor cores, with what follows them fused: see {@code
 * tensor_matmul.cu}. Used by one thread at a time.
 */
final class TensorMatmul {
  /** With more rows, weights are read too seldom for their way from memory to count. */
  static final int MAX_ROWS = 256;

  private static final int SMALL_TILE_ROWS = 32;
  private static final int LARGE_TILE_ROWS = 64;
  private static final int TILE_COLUMNS = 32;

  /** Bytes of a row that a block's eight warps read at a time. */
  private static final int STEP_BYTES = 512;

  /** What the workspace holds. */
  private static final int MAX_TILES = 1024;

  private static final long MAX_PARTIAL_BYTES = 8L << 20;

  private static final int MAX_SPLITS = 8;

  private final NativeStream stream;
  private final Tensor workspace;
  private final int computeType;
  private final int multiprocessors;

  /**
   * How a product is divided, which decides its speed and the order of its sums, and so the last
   * bits of the result.
   *
   * @param tileRows rows of a tile, 32 or 64
   * @param splits parts of the inner dimension
   */
  record Division(int tileRows, int splits) {}

  /**
   * Products on a stream.
   *
   * @param workspace zeroed device memory of {@link CudaApi#sf_tensor_matmul_workspace()} bytes
   * @param computeType the C API's number of a compute type other than fp32
   * @param multiprocessors of the device
   */
  TensorMatmul(NativeStream stream, Tensor workspace, int computeType, int multiprocessors) {
    this.stream = stream;
    this.workspace = workspace;
    this.computeType = computeType;
    this.multiprocessors = multiprocessors;
  }

  /** Whether products of that shape can be computed here. */
  boolean takes(int rows, CudaLinear linear) {
    int type = computeType == Api.SF_TF32 ? Api.SF_F32 : computeType;
    return rows <= MAX_ROWS
        && linear.weights().type().code() == type
        && linear.in() * linear.weights().type().bytes() % 16 == 0;
  }

  /** Whether queries, keys and values of heads of that size can go into the cache at once. */
  static boolean takesHeads(int headSize) {
    return headSize == 32 || headSize == 64 || headSize == 128;
  }

  /** The ways to divide a product that can pay, the likely best first. */
  List<Division> divisions(int rows, CudaLinear linear) {
    List<Division> divisions = new ArrayList<>();
    addDivisions(
        rows <= SMALL_TILE_ROWS ? SMALL_TILE_ROWS : LARGE_TILE_ROWS, rows, linear, divisions);
    if (rows > SMALL_TILE_ROWS) {
      addDivisions(SMALL_TILE_ROWS, rows, linear, divisions);
    }
    return divisions;
  }

  /** The likely best is the least number of splits that keeps all multiprocessors busy. */
  private void addDivisions(int tileRows, int rows, CudaLinear linear, List<Division> divisions) {
    int tiles = divideUp(rows, tileRows) * divideUp(linear.out(), TILE_COLUMNS);
    int steps = divideUp(linear.in() * linear.weights().type().bytes(), STEP_BYTES);
    long tileBytes = (long) tileRows * TILE_COLUMNS * Float.BYTES;
    long most = tiles > MAX_TILES ? 1 : Math.max(1, MAX_PARTIAL_BYTES / (tiles * tileBytes));
    int splits = (int) Math.min(Math.min(most, steps), MAX_SPLITS);
    int likely = Math.min(splits, divideUp(multiprocessors, tiles));
    divisions.add(new Division(tileRows, likely));
    for (int other : new int[] {1, likely / 2, likely * 2, splits}) {
      Division division = new Division(tileRows, other);
      if (other >= 1 && other <= splits && !divisions.contains(division)) {
        divisions.add(division);
      }
    }
  }

  private static int divideUp(int value, int divisor) {
    return (value + divisor - 1) / divisor;
  }

  /**
   * y = activation(x · weightsᵀ + bias) + added, enqueued.
   *
   * @param added [rows, out], fp32, or null; may be y
   */
  void linear(
      int rows,
      CudaLinear linear,
      Tensor x,
      Activation activation,
      Tensor added,
      Tensor y,
      Division division) {
    Pointer bias = linear.bias() == null ? null : linear.bias().pointer();
    stream.check(
        CudaApi.sf_tensor_matmul(
            stream.pointer(),
            rows,
            linear.out(),
            linear.in(),
            computeType,
            x.pointer(),
            linear.weights().pointer(),
            bias,
            activation.ordinal(),
            added == null ? null : added.pointer(),
            y.type().code(),
            y.pointer(),
            division.tileRows(),
            division.splits(),
            workspace.pointer()));
  }

  /** The product of all queries, keys and values, and their append to the cache, enqueued. */
  void linearAppendKv(
      KvAppendTable appends,
      int rows,
      int heads,
      int headSize,
      int layer,
      Tensor x,
      CudaLinear linear,
      Tensor bias,
      Table counts,
      Tensor q,
      Division division) {
    stream.check(
        CudaApi.sf_tensor_matmul_qkv(
            stream.pointer(),
            rows,
            linear.in(),
            computeType,
            x.pointer(),
            linear.weights().pointer(),
            appends.table().device(),
            appends.size(),
            heads,
            headSize,
            layer,
            bias.pointer(),
            counts.device(),
            q.pointer(),
            division.tileRows(),
            division.splits(),
            workspace.pointer()));
  }
}
