package org.scanformer.trainer;

import java.util.Arrays;
import java.util.Comparator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Attention within each pair of a batch whose tokens lie side by side without padding. Pairs of
 * similar length form a group, and only there the shorter ones are padded. A token attends to its
 * own segment and to earlier ones. Not thread-safe.
 */
final class PairAttention {
  /** Pairs of a group, at least: fewer would make the products small. On a GPU all are a group. */
  private static final int GROUP = 12;

  /** Added to the logits of absent keys; finite, so that no sum becomes NaN. */
  private static final float ABSENT = -30_000;

  /**
   * A group of b pairs.
   *
   * @param queries the rows of its queries, [b · q]; of any token where a pair has fewer
   * @param keys the rows of its keys, [b · k]
   * @param bias what is added to the logits, [b, 1, q or 1, k]
   */
  private record Group(int pairs, Tensor queries, Tensor keys, Tensor bias) {}

  private final Group[] groups;
  private final Tensor order;
  private final boolean fused;
  private final int queries;

  /**
   * The attention of a layout's last segments to all of its segments.
   *
   * @param first the first segment that attends
   * @param type of the products
   */
  PairAttention(TokenLayout layout, int first, Device device, ScalarType type) {
    int base = layout.begin(first, 0);
    queries = layout.rows() - base;
    // In bf16, PyTorch's fused attention is slower on CPUs than three steps.
    fused = type == ScalarType.Float || device.is_cuda();
    Integer[] pairs = new Integer[layout.pairs()];
    Arrays.setAll(pairs, i -> i);
    Arrays.sort(pairs, Comparator.comparingInt(pair -> tokens(layout, 0, pair)));
    groups = new Group[device.is_cuda() ? 1 : Math.max(1, pairs.length / GROUP)];
    long[] order = new long[queries];
    int padded = 0;
    for (int g = 0; g < groups.length; g++) {
      int from = g * pairs.length / groups.length;
      int to = (g + 1) * pairs.length / groups.length;
      Integer[] own = Arrays.copyOfRange(pairs, from, to);
      int q = 0;
      int k = 0;
      for (int pair : own) {
        q = Math.max(q, tokens(layout, first, pair));
        k = Math.max(k, tokens(layout, 0, pair));
      }
      if (type != ScalarType.Float) {
        // oneDNN prepares a kernel for each shape, and a GPU's kernels read aligned rows.
        q = (q + 7) / 8 * 8;
        k = (k + 7) / 8 * 8;
      }
      long[] queryRows = rows(layout, first, own, q, base);
      for (int i = 0; i < own.length; i++) {
        for (int j = 0; j < tokens(layout, first, own[i]); j++) {
          order[(int) queryRows[i * q + j]] = padded + i * q + j;
        }
      }
      padded += own.length * q;
      groups[g] =
          new Group(
              own.length,
              Torch.of(device, queryRows, queryRows.length),
              Torch.of(device, rows(layout, 0, own, k, 0), (long) own.length * k),
              bias(layout, first, own, q, k, device).to(type));
    }
    this.order = Torch.of(device, order, order.length);
  }

  /** Tokens of a pair from a segment on. */
  private static int tokens(TokenLayout layout, int first, int pair) {
    int tokens = 0;
    for (int s = first; s < layout.segments(); s++) {
      tokens += layout.tokens(s, pair);
    }
    return tokens;
  }

  /**
   * The rows of pairs' tokens from a segment on, padded to a width with rows that nobody reads:
   * different ones, as a GPU adds the gradients of equal ones, though zero, one after another.
   */
  private static long[] rows(TokenLayout layout, int first, Integer[] pairs, int width, int base) {
    long[] rows = new long[pairs.length * width];
    Arrays.setAll(rows, i -> i % (layout.rows() - base));
    for (int i = 0; i < pairs.length; i++) {
      int place = i * width;
      for (int s = first; s < layout.segments(); s++) {
        for (int r = layout.begin(s, pairs[i]); r < layout.begin(s, pairs[i] + 1); r++) {
          rows[place++] = r - base;
        }
      }
    }
    return rows;
  }

  /** What is added to the logits: it hides later segments' keys, and counts merged tokens. */
  private static Tensor bias(
      TokenLayout layout, int first, Integer[] pairs, int q, int k, Device device) {
    int b = pairs.length;
    int lastSegment = layout.segments() - 1;
    // A single segment's queries all have the same keys.
    int height = first == lastSegment ? 1 : q;
    float[] querySegments = new float[b * height];
    float[] keySegments = new float[b * k];
    float[] logCounts = new float[b * k];
    // Rows of padding are read by nobody, but must have a key; keys of padding are hidden from all.
    Arrays.fill(querySegments, lastSegment);
    Arrays.fill(keySegments, layout.segments());
    for (int i = 0; i < b; i++) {
      int query = i * height;
      int key = i * k;
      for (int s = 0; s <= lastSegment; s++) {
        int tokens = layout.tokens(s, pairs[i]);
        if (s >= first && s < lastSegment) {
          Arrays.fill(querySegments, query, query + tokens, s);
          query += tokens;
        }
        Arrays.fill(keySegments, key, key + tokens, s);
        key += tokens;
        logCounts[key - 1] = (float) Math.log(layout.lastCount(s, pairs[i]));
      }
    }
    // Made there, as it is much larger than what it is made of.
    return Torch.of(device, keySegments, b, 1, 1, k)
        .gt(Torch.of(device, querySegments, b, 1, height, 1))
        .to(ScalarType.Float)
        .mul(Torch.scalar(ABSENT))
        .add(Torch.of(device, logCounts, b, 1, 1, k));
  }

  /** Number of rows that attend. */
  int queries() {
    return queries;
  }

  /**
   * Attends.
   *
   * @param q rows of queries, [queries, C]
   * @param k rows of keys, [rows of the layout, C]
   * @param v rows of values, as k
   * @return [queries, C]
   */
  Tensor apply(Tensor q, Tensor k, Tensor v, int heads) {
    long c = q.size(1);
    Tensor[] results = new Tensor[groups.length];
    for (int g = 0; g < groups.length; g++) {
      Group group = groups[g];
      Tensor a =
          attention(
              perHead(q, group.queries, group.pairs, heads),
              perHead(k, group.keys, group.pairs, heads),
              perHead(v, group.keys, group.pairs, heads),
              group.bias);
      results[g] = a.transpose(1, 2).reshape(-1, c);
    }
    return Torch.cat(0, results).index_select(0, order);
  }

  /** Rows as [b, heads, tokens, C / heads]. */
  private static Tensor perHead(Tensor x, Tensor rows, int pairs, int heads) {
    long c = x.size(1);
    return x.index_select(0, rows).view(pairs, -1, heads, c / heads).transpose(1, 2);
  }

  private Tensor attention(Tensor q, Tensor k, Tensor v, Tensor bias) {
    if (fused) {
      return torch.scaled_dot_product_attention(
          q, k, v, new TensorOptional(bias), 0, false, new DoubleOptional(), false);
    }
    Tensor scaled = q.mul(Torch.scalar(1 / Math.sqrt(q.size(3))));
    return torch.softmax(scaled.matmul(k.transpose(2, 3)).add(bias), -1).matmul(v);
  }
}
