package org.scanformer.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.scanformer.internal.model.SafetensorsFile;
import org.scanformer.internal.model.SafetensorsWriter;

/**
 * Writes the state of a training loop to a file, and reads it back. Owns no tensors. Not
 * thread-safe.
 */
@SuppressWarnings("try") // guards work by being open
final class TrainingCheckpoint {
  private static final String SECONDS = "seconds";
  private static final long STEP_BASE = 65536;

  /** Every whole number up to this is a float. */
  private static final long MAX_FIRST_DIGIT = 1 << 24;

  private final Map<String, Tensor> states;
  private final CheckpointLayout layout;
  private final String optimizer;

  /**
   * A loop's checkpoints.
   *
   * @param states its vectors by name, each of the layout's size
   * @param optimizer the name of that whose moments are among them
   */
  TrainingCheckpoint(Map<String, Tensor> states, CheckpointLayout layout, String optimizer) {
    this.states = states;
    this.layout = layout;
    this.optimizer = optimizer;
  }

  /**
   * How far the loop was.
   *
   * @param seconds that it had taken; 0 if it does not go by time
   * @param anew the heads that begin anew, as the file has none for these categories, colours or
   *     words
   */
  record Progress(long step, double seconds, Set<String> anew) {}

  /**
   * Writes everything that a resumed run needs, atomically.
   *
   * @param seconds 0 for none
   * @param settings all that decide what a step does
   * @param data names what a step has
   */
  void save(Path file, long step, double seconds, String settings, String data) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(CheckpointMetadata.STEP, Long.toString(step))
            .metadata(CheckpointMetadata.OPTIONS, settings)
            .metadata(CheckpointMetadata.OPTIMIZER, optimizer)
            .metadata(CheckpointMetadata.DATA, data)
            .metadata(CheckpointMetadata.LAYOUT, layout.text())
            .tensor(CheckpointMetadata.STEP, new float[] {step / STEP_BASE, step % STEP_BASE}, 2);
    states.forEach((name, state) -> writer.tensor(name, Torch.floats(state), layout.size()));
    if (seconds > 0) {
      writer.tensor(SECONDS, new float[] {(float) seconds}, 1);
    }
    RunFiles.write(file, writer);
  }

  /**
   * Restores the vectors.
   *
   * @throws IllegalArgumentException naming the file and the tensor that is missing, of another
   *     shape, or no number of steps, or another optimizer; then nothing is restored
   */
  Progress restore(Path file) throws IOException {
    JsonNode metadata = CheckpointMetadata.read(file);
    String before = metadata.path(CheckpointMetadata.OPTIMIZER).asText(optimizer);
    if (!before.equals(optimizer)) {
      throw new IllegalArgumentException(
          file
              + ": expected the moments of the optimizer "
              + optimizer
              + ", found those of "
              + before
              + ": resume with --optimizer "
              + before
              + ", or begin another run with --init");
    }
    JsonNode text = metadata.get(CheckpointMetadata.LAYOUT);
    CheckpointLayout saved = text == null ? layout : CheckpointLayout.parse(text.asText());
    Set<String> anew = headsUnlike(file, saved);
    try (SafetensorsFile checkpoint = SafetensorsFile.open(file);
        NoGradGuard guard = new NoGradGuard()) {
      requireShape(checkpoint, CheckpointMetadata.STEP, 2);
      states.keySet().forEach(name -> requireShape(checkpoint, name, saved.size()));
      long step = step(checkpoint);
      double seconds = 0;
      if (checkpoint.tensors().containsKey(SECONDS)) {
        requireShape(checkpoint, SECONDS, 1);
        seconds = read(checkpoint, SECONDS, 1)[0];
      }
      states.forEach(
          (name, state) -> {
            float[] values = new float[Math.toIntExact(layout.size())];
            layout.copy(saved, read(checkpoint, name, saved.size()), values, anew);
            Torch.set(state, values);
          });
      return new Progress(step, seconds, anew);
    }
  }

  private Set<String> headsUnlike(Path file, CheckpointLayout saved) {
    try {
      return layout.headsUnlike(saved);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + ": " + e.getMessage() + "; was it trained with another configuration?", e);
    }
  }

  private static void requireShape(SafetensorsFile checkpoint, String name, long length) {
    SafetensorsFile.TensorInfo info = checkpoint.tensors().get(name);
    if (info == null || info.shape().length != 1 || info.shape()[0] != length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: found %s, expected [%d]%s",
              checkpoint.path(),
              info == null
                  ? "no tensor \"" + name + "\""
                  : "the shape " + Arrays.toString(info.shape()) + " of \"" + name + "\"",
              length,
              name.equals(CheckpointMetadata.STEP)
                  ? ""
                  : "; was it trained with another configuration?"));
    }
  }

  private static float[] read(SafetensorsFile checkpoint, String name, long length) {
    float[] values = new float[Math.toIntExact(length)];
    checkpoint.read(name, 0, FloatBuffer.wrap(values));
    return values;
  }

  /** Two digits to the base 65536, as one float would not hold every step. */
  private static long step(SafetensorsFile checkpoint) {
    float[] digits = read(checkpoint, CheckpointMetadata.STEP, 2);
    if (!isWhole(digits[0], MAX_FIRST_DIGIT) || !isWhole(digits[1], STEP_BASE - 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: found %s in \"%s\", expected whole numbers from 0 to %d and from 0 to %d",
              checkpoint.path(),
              Arrays.toString(digits),
              CheckpointMetadata.STEP,
              MAX_FIRST_DIGIT,
              STEP_BASE - 1));
    }
    return (long) digits[0] * STEP_BASE + (long) digits[1];
  }

  private static boolean isWhole(float number, long most) {
    return number >= 0 && number <= most && number == (long) number;
  }
}
