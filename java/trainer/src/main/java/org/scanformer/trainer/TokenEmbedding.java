package org.scanformer.trainer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.scanformer.internal.model.ModelConfig;

/**
 * Makes the tokens of text and of scales, and appends their segments to a layout. Not thread-safe.
 */
final class TokenEmbedding {
  /** The name of the words' embeddings. */
  static final String WORDS = "embeddings.text_embeddings.word_embeddings.weight";

  private final Parameters parameters;
  private final ModelConfig config;
  private final Device device;
  private final TrainingModel.Form form;
  private final Map<String, float[]> positionWeights = new HashMap<>();

  TokenEmbedding(Parameters parameters, Device device, TrainingModel.Form form) {
    this.parameters = parameters;
    this.config = parameters.config();
    this.device = device;
    this.form = form;
  }

  /**
   * A scale's segment.
   *
   * @param tokens one row each, [t, C]
   * @param selectedRows the rows of the selected patches, [m]
   */
  record Segment(Tensor tokens, Tensor selectedRows) {}

  /** The tokens of the expressions, [t, C]. */
  Tensor text(Batch batch, TokenLayout layout) {
    layout.add(batch.lengths(), ones(batch.size));
    long[] ids = new long[layout.rows()];
    long[] places = new long[layout.rows()];
    for (int i = 0; i < batch.size; i++) {
      int begin = layout.begin(0, i);
      for (int j = 0; j < batch.ids[i].length; j++) {
        ids[begin + j] = batch.ids[i][j];
        places[begin + j] = j;
      }
    }
    String text = "embeddings.text_embeddings.";
    Tensor words =
        row(WORDS, ids)
            .add(row(text + "position_embeddings.weight", places))
            .add(parameters.get(text + "token_type_embeddings.weight").narrow(0, 0, 1));
    return Torch.layerNorm(
            words,
            parameters.get(text + "LayerNorm.weight"),
            parameters.get(text + "LayerNorm.bias"),
            config.textLayerNormEps())
        .add(modality(0));
  }

  private Tensor row(String table, long[] numbers) {
    return parameters.get(table).index_select(0, Torch.of(device, numbers, numbers.length));
  }

  private Tensor modality(int number) {
    return parameters.get("embeddings.token_type_embeddings.weight").narrow(0, number, 1);
  }

  /**
   * The tokens of a scale: for each pair [REG], the selected patches, and a constant token for the
   * others, if there are any; in the dense form, a token for each of the others.
   *
   * @param projection the weight and the bias of the patch projection, in the products' type
   */
  Segment scale(
      Batch batch, int s, ScaleSelection selection, Tensor[] projection, TokenLayout layout) {
    long c = config.hiddenSize();
    Tensor place =
        modality(1).add(parameters.get("embeddings.scale_embeddings.weight").narrow(0, s, 1));
    Tensor positions = parameters.get("embeddings.position_embeddings");
    Tensor reg =
        parameters
            .get("embeddings.cls_token")
            .view(1, c)
            .add(positions.select(0, 0).narrow(0, 0, 1))
            .add(place);
    Tensor constant = parameters.get("embeddings.constant_token").view(1, c).add(place);
    // s · patch + (1 − s) · constant; a patch that is not open is the constant.
    Tensor difference = patches(batch, s, selection, projection).add(place).sub(constant);
    if (selection.gate() != null) {
      difference = difference.mul(selection.gate().unsqueeze(1));
    }
    return form == TrainingModel.Form.DENSE
        ? dense(batch, selection, reg, constant, difference, layout)
        : merged(batch, selection, reg, constant, difference, layout);
  }

  /** The projected open patches with their positions, [open, C]. */
  private Tensor patches(Batch batch, int s, ScaleSelection selection, Tensor[] projection) {
    long c = config.hiddenSize();
    Tensor pixels = batch.patchRows(device, s, selection.open()).to(projection[0].scalar_type());
    Tensor projected = Torch.linear(pixels, projection[0].view(c, -1), projection[1]);
    Tensor positions = parameters.get("embeddings.position_embeddings").select(0, 0);
    Tensor grid = positions.narrow(0, 1, positions.size(0) - 1);
    long[] within =
        Arrays.stream(selection.open()).mapToLong(place -> place % selection.patches()).toArray();
    Tensor pos =
        positionWeights(batch.scales[s].rows, batch.scales[s].cols)
            .matmul(grid)
            .index_select(0, Torch.of(device, within, within.length));
    return projected.add(pos);
  }

  private Segment merged(
      Batch batch,
      ScaleSelection selection,
      Tensor reg,
      Tensor constant,
      Tensor difference,
      TokenLayout layout) {
    int[] counts = selection.counts(batch.size);
    long[] chosen = selection.where(true);
    // The mean of a pair's discarded patches.
    long[] dropped = selection.where(false);
    long[] pairs = new long[dropped.length];
    float[] weights = new float[dropped.length];
    for (int i = 0; i < dropped.length; i++) {
      int pair = selection.open()[(int) dropped[i]] / selection.patches();
      pairs[i] = pair;
      weights[i] = 1f / (selection.patches() - counts[pair]);
    }
    Tensor means =
        constant
            .expand(batch.size, config.hiddenSize())
            .index_add(
                0,
                Torch.of(device, pairs, pairs.length),
                difference
                    .index_select(0, Torch.of(device, dropped, dropped.length))
                    .mul(Torch.of(device, weights, weights.length, 1)));
    Tensor patches =
        difference.index_select(0, Torch.of(device, chosen, chosen.length)).add(constant);

    int[] tokens = new int[batch.size];
    double[] lastCounts = ones(batch.size);
    List<Long> rows = new ArrayList<>();
    long[] selectedRows = new long[chosen.length];
    int patch = 0;
    for (int i = 0; i < batch.size; i++) {
      int discarded = selection.patches() - counts[i];
      tokens[i] = 1 + counts[i] + (discarded > 0 ? 1 : 0);
      rows.add(0L);
      for (int j = 0; j < counts[i]; j++) {
        selectedRows[patch] = rows.size();
        rows.add(1L + patch++);
      }
      if (discarded > 0) {
        rows.add(1L + chosen.length + i);
        lastCounts[i] = discarded;
      }
    }
    layout.add(tokens, lastCounts);
    return segment(Torch.cat(0, reg, patches, means), rows, selectedRows, layout);
  }

  private Segment dense(
      Batch batch,
      ScaleSelection selection,
      Tensor reg,
      Tensor constant,
      Tensor difference,
      TokenLayout layout) {
    long[] source = new long[batch.size * selection.patches()];
    Arrays.fill(source, 1);
    for (int i = 0; i < selection.open().length; i++) {
      source[selection.open()[i]] = 2 + i;
    }
    int tokens = 1 + selection.patches();
    List<Long> rows = new ArrayList<>();
    for (int i = 0; i < source.length; i++) {
      if (i % selection.patches() == 0) {
        rows.add(0L);
      }
      rows.add(source[i]);
    }
    long[] selectedRows = Arrays.stream(selection.places()).asLongStream().toArray();
    for (int i = 0; i < selectedRows.length; i++) {
      selectedRows[i] += selectedRows[i] / selection.patches() + 1;
    }
    int[] all = new int[batch.size];
    Arrays.fill(all, tokens);
    layout.add(all, ones(batch.size));
    return segment(
        Torch.cat(0, reg, constant, difference.add(constant)), rows, selectedRows, layout);
  }

  /** Takes rows of the source; those that fill the segment are [REG]. */
  private Segment segment(Tensor source, List<Long> rows, long[] selectedRows, TokenLayout layout) {
    long[] order = new long[layout.lastRows()];
    for (int i = 0; i < rows.size(); i++) {
      order[i] = rows.get(i);
    }
    return new Segment(
        source.index_select(0, Torch.of(device, order, order.length)),
        Torch.of(device, selectedRows, selectedRows.length));
  }

  private static double[] ones(int count) {
    double[] ones = new double[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** Bilinear weights with aligned corners from the stored grid to this one, [rows * cols, G²]. */
  private Tensor positionWeights(int rows, int cols) {
    int grid = config.positionGrid();
    float[] weights =
        positionWeights.computeIfAbsent(
            rows + "x" + cols,
            key -> {
              float[] made = new float[rows * cols * grid * grid];
              for (int p = 0; p < rows * cols; p++) {
                double y = rows == 1 ? 0 : (double) (p / cols) * (grid - 1) / (rows - 1);
                double x = cols == 1 ? 0 : (double) (p % cols) * (grid - 1) / (cols - 1);
                for (int g = 0; g < grid * grid; g++) {
                  double down = Math.max(0, 1 - Math.abs(y - g / grid));
                  double right = Math.max(0, 1 - Math.abs(x - g % grid));
                  made[p * grid * grid + g] = (float) (down * right);
                }
              }
              return made;
            });
    return Torch.of(device, weights, (long) rows * cols, (long) grid * grid);
  }
}
