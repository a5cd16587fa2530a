package org.scanformer.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.scanformer.BackendKind;
import org.scanformer.Location;
import org.scanformer.NormalizedBox;
import org.scanformer.PatchMask;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Writes a {@link Workload} as files, for peers that are not Java programs. The directory holds
 *
 * <ul>
 *   <li>{@code workload.json}: {@code model} (its directory), {@code batch}, {@code ids} of the
 *       text, {@code grids} ([rows, cols] per scale), {@code selection}
 *   <li>{@code boxes.json}: ScanFormer's boxes in fp32, [batch, 4] as (cx, cy, w, h)
 *   <li>{@code canvas-S.f32}: the pyramid of scale S, [batch, 3, rows * patch, cols * patch], fp32,
 *       little-endian
 *   <li>{@code mask-S.u8}: its masks, [batch, rows, cols], 1 for selected patches
 * </ul>
 */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Writes a workload as files, for peers that are not Java programs.")
public final class WorkloadExport implements Callable<Integer> {
  private static final double TOLERANCE = 2e-4;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "vilt-b32",
      description = "vilt-b32, vilt-s, shapes or tiny. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(names = "--backend", defaultValue = "cpu", description = "cpu or cuda. Default: cpu.")
  private String backend;

  @Option(names = "--batch", defaultValue = "1", description = "Requests. Default: 1.")
  private int batch;

  @Option(
      names = "--selection",
      defaultValue = "50/25",
      description =
          "Percentage of the patches selected at scales 1 and 2. Default: ${DEFAULT-VALUE}.")
  private String selection;

  @Option(
      names = "--expected",
      paramLabel = "FILE",
      description = {
        "boxes.json of an earlier export, of the same or of a larger batch: this export fails",
        "unless its own boxes are those, and writes those. So a device is held to a CPU."
      })
  private Path expected;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The output directory; created if missing.")
  private Path out;

  private WorkloadExport() {}

  /** Runs the command. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new WorkloadExport()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    BackendKind kind = BackendKind.valueOf(backend.toUpperCase(Locale.ROOT));
    Files.createDirectories(out);
    if (System.getProperty(Models.HOME) == null) {
      // Beside the workload, so that it outlives this process.
      System.setProperty(Models.HOME, out.toAbsolutePath().toString());
    }
    Workload workload =
        Workload.of(
            Models.directory(model),
            batch,
            selection,
            Models.text(model),
            true,
            Schedule.FINAL_ONLY,
            Precision.FP32,
            0);
    List<FloatBuffer> canvases = workload.canvases(kind);
    List<int[]> grids = new ArrayList<>();
    for (int s = 0; s < canvases.size(); s++) {
      ByteBuffer pixels =
          ByteBuffer.allocate(Float.BYTES * canvases.get(s).remaining())
              .order(ByteOrder.LITTLE_ENDIAN);
      pixels.asFloatBuffer().put(canvases.get(s));
      write("canvas-" + s + ".f32", pixels);
      PatchMask first = workload.mask(s);
      grids.add(new int[] {first.rows(), first.cols()});
      ByteBuffer masks = ByteBuffer.allocate(batch * first.total());
      for (List<PatchMask> request : workload.masks()) {
        masks.put(request.get(s).toBytes());
      }
      write("mask-" + s + ".u8", masks.flip());
    }
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("model", workload.directory().toAbsolutePath().toString());
    described.put("batch", batch);
    described.put("ids", workload.ids());
    described.put("grids", grids);
    described.put("selection", selection);
    ObjectMapper mapper = new ObjectMapper();
    mapper.writeValue(out.resolve("workload.json").toFile(), described);
    float[][] boxes = boxes(workload, kind);
    if (expected != null) {
      boxes = same(boxes, mapper.readValue(expected.toFile(), float[][].class));
    }
    mapper.writeValue(out.resolve("boxes.json").toFile(), boxes);
    return 0;
  }

  /** The expected boxes of the batch, if the found ones are the same. */
  private float[][] same(float[][] found, float[][] all) {
    if (all.length < batch) {
      throw new IllegalArgumentException(
          expected + " has " + all.length + " boxes, expected at least " + batch);
    }
    double largest = 0;
    for (int r = 0; r < batch; r++) {
      for (int i = 0; i < 4; i++) {
        double difference = Math.abs(found[r][i] - all[r][i]);
        if (!(difference <= TOLERANCE)) {
          throw new IllegalStateException(
              "request %d, box[%d]: found %s, expected %s within %s"
                  .formatted(r, i, found[r][i], all[r][i], TOLERANCE));
        }
        largest = Math.max(largest, difference);
      }
    }
    System.out.printf("%d boxes are within %.1e of %s%n", batch, largest, expected);
    return Arrays.copyOf(all, batch);
  }

  private void write(String name, ByteBuffer bytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            out.resolve(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    }
  }

  private static float[][] boxes(Workload workload, BackendKind kind) {
    ScanFormerOptions options =
        ScanFormerOptions.builder()
            .backend(kind)
            .precision(Precision.FP32)
            .maxBatch(workload.batch())
            .build();
    List<Request> requests = new ArrayList<>();
    for (int r = 0; r < workload.batch(); r++) {
      requests.add(
          Request.of(workload.images().get(r), workload.text())
              .withSelection(SelectionPolicy.masks(workload.masks().get(r))));
    }
    float[][] boxes = new float[workload.batch()][];
    try (ScanFormer scanFormer = ScanFormer.load(workload.directory(), options)) {
      List<Location> found = scanFormer.locate(requests, workload.schedule());
      for (int r = 0; r < boxes.length; r++) {
        NormalizedBox box = found.get(r).normalizedBox();
        boxes[r] = new float[] {box.centerX(), box.centerY(), box.width(), box.height()};
      }
    }
    return boxes;
  }
}
