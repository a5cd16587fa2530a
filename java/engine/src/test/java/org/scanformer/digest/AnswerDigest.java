package org.scanformer.digest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.scanformer.BackendKind;
import org.scanformer.Image;
import org.scanformer.Precision;
import org.scanformer.Request;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.reference.GoldenCase;

/**
 * Writes every answer of the golden cases, the example scenes and many random models to a file, bit
 * by bit: two builds of the engine give the same answers where their files are equal. It uses only
 * the public API.
 *
 * <p>Arguments: the file; system properties choose the rest:
 *
 * <ul>
 *   <li>{@code digest.backend}: cpu (the default) or cuda
 *   <li>{@code digest.precision}: fp32 (the default) or another
 *   <li>{@code digest.threads}: CPU threads, 2 by default
 *   <li>{@code digest.sets}: golden, scenes and random, separated by commas; all by default
 *   <li>{@code digest.seeds}: how many random models, 200 by default
 * </ul>
 */
public final class AnswerDigest {
  private static final Map<String, SelectionPolicy> GOLDEN_SELECTIONS =
      new TreeMap<>(
          Map.of(
              "checkpoint", SelectionPolicy.checkpoint(),
              "top 5", SelectionPolicy.topK(5),
              "all", SelectionPolicy.all(),
              "none", SelectionPolicy.none()));

  private final DigestFile out;
  private final BackendKind backend;
  private final Precision precision;
  private final int threads;

  private AnswerDigest(DigestFile out, BackendKind backend, Precision precision, int threads) {
    this.out = out;
    this.backend = backend;
    this.precision = precision;
    this.threads = threads;
  }

  /** Runs the sets and writes the file. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      throw new IllegalArgumentException("Expected one argument: the file to write");
    }
    Set<String> sets = new TreeSet<>(List.of(property("sets", "golden,scenes,random").split(",")));
    try (DigestFile out = new DigestFile(Path.of(arguments[0]))) {
      AnswerDigest digest =
          new AnswerDigest(
              out,
              BackendKind.valueOf(property("backend", "cpu").toUpperCase(Locale.ROOT)),
              Precision.valueOf(property("precision", "fp32").toUpperCase(Locale.ROOT)),
              Integer.getInteger("digest.threads", 2));
      if (sets.contains("golden")) {
        digest.golden();
      }
      if (sets.contains("scenes")) {
        digest.scenes();
      }
      if (sets.contains("random")) {
        int seeds = Integer.getInteger("digest.seeds", 200);
        for (int seed = 1; seed <= seeds; seed++) {
          new RandomCalls(seed, out, digest::options).run();
        }
      }
    }
  }

  private static String property(String name, String otherwise) {
    return System.getProperty("digest." + name, otherwise);
  }

  private ScanFormerOptions options(int maxBatch) {
    return ScanFormerOptions.builder()
        .backend(backend)
        .precision(precision)
        .threads(threads)
        .maxBatch(maxBatch)
        .build();
  }

  private void golden() throws Exception {
    for (GoldenCase golden : GoldenCase.all()) {
      try (ScanFormer model = ScanFormer.load(golden.modelDirectory(), options(1))) {
        Image image = Image.read(golden.imageFile());
        for (Map.Entry<String, SelectionPolicy> selection : GOLDEN_SELECTIONS.entrySet()) {
          Request request = Request.of(image, golden.text()).withSelection(selection.getValue());
          String what = "golden " + golden + " " + selection.getKey();
          for (Schedule schedule : Schedule.values()) {
            out.answers(what, model, List.of(request), schedule);
          }
        }
      }
    }
  }

  private void scenes() throws Exception {
    Path scenes = Path.of(AnswerDigest.class.getResource("/scenes").toURI());
    Path directory = Path.of(AnswerDigest.class.getResource("/example-model").toURI());
    ObjectMapper json = new ObjectMapper();
    try (ScanFormer model = ScanFormer.load(directory, options(1))) {
      for (String line : Files.readAllLines(scenes.resolve("scenes.jsonl"))) {
        JsonNode scene = json.readTree(line);
        String file = scene.required("image").asText();
        Image image = Image.read(scenes.resolve(file));
        Request request = Request.of(image, scene.required("text").asText());
        for (Schedule schedule : Schedule.values()) {
          out.answers("scene " + file, model, List.of(request), schedule);
        }
      }
    }
  }
}
