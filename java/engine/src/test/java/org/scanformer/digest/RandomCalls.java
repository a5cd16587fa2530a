package org.scanformer.digest;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.scanformer.Batcher;
import org.scanformer.BatcherOptions;
import org.scanformer.Expression;
import org.scanformer.Image;
import org.scanformer.LocateOptions;
import org.scanformer.Location;
import org.scanformer.PatchMask;
import org.scanformer.PixelFormat;
import org.scanformer.Request;
import org.scanformer.ScaleResult;
import org.scanformer.ScanFormer;
import org.scanformer.ScanFormerOptions;
import org.scanformer.Schedule;
import org.scanformer.SelectionPolicy;
import org.scanformer.Session;
import org.scanformer.SessionOptions;
import org.scanformer.SessionResult;
import org.scanformer.YuvColor;
import org.scanformer.reference.RandomExpression;
import org.scanformer.reference.RandomImages;
import org.scanformer.reference.RandomModel;

/**
 * The calls that a seed leads to: a random model, batches of random requests under both schedules,
 * calls of a session and, now and then, of a batcher. Every choice is drawn before the answers are
 * known, so that a wrong answer changes its own line only.
 */
final class RandomCalls {
  /** The formats that digests are drawn from: a new one would change what a seed leads to. */
  private static final List<PixelFormat> FORMATS =
      List.of(
          PixelFormat.RGB,
          PixelFormat.BGR,
          PixelFormat.RGBA,
          PixelFormat.BGRA,
          PixelFormat.GRAY,
          PixelFormat.NV12,
          PixelFormat.I420);

  private final int seed;
  private final DigestFile out;
  private final IntFunction<ScanFormerOptions> options;
  private final Random random;
  private int vocabSize;
  private int maxWords;

  RandomCalls(int seed, DigestFile out, IntFunction<ScanFormerOptions> options) {
    this.seed = seed;
    this.out = out;
    this.options = options;
    this.random = new Random(seed);
  }

  void run() throws IOException {
    Path directory = Files.createTempDirectory("scanformer-digest");
    try {
      model().write(directory);
      int maxBatch = 1 + random.nextInt(4);
      try (ScanFormer model = ScanFormer.load(directory, options.apply(maxBatch))) {
        batches(model, 1 + random.nextInt(5));
        session(model);
        if (seed % 4 == 0) {
          batcher(model);
        }
      }
    } finally {
      for (String file : List.of("config.json", "tokenizer.json", "model.safetensors")) {
        Files.deleteIfExists(directory.resolve(file));
      }
      Files.delete(directory);
    }
  }

  private RandomModel model() {
    int headSize = List.of(8, 16, 20, 32, 40, 48, 64, 96).get(random.nextInt(8));
    int heads = 1 + random.nextInt(headSize < 64 ? 3 : 2);
    int layers = 2 + random.nextInt(3);
    int scales = 1 + random.nextInt(4);
    vocabSize = RandomExpression.WORDS.size() + random.nextInt(40);
    int maxTextLength = 6 + random.nextInt(16);
    maxWords = maxTextLength; // two more than fit with [CLS] and [SEP]: some are cut off
    RandomModel model =
        RandomModel.tiny()
            .seed(seed)
            .dtype(RandomModel.Dtype.values()[random.nextInt(RandomModel.Dtype.values().length)])
            .hiddenSize(heads * headSize)
            .heads(heads)
            .layers(layers)
            .encoder1Layers(1 + random.nextInt(layers - 1))
            .intermediateSize(16 + random.nextInt(300))
            .patchSize(List.of(1, 4, 7, 8, 8, 16).get(random.nextInt(6)))
            .coarseGrid(1 + random.nextInt(scales == 4 ? 2 : 4))
            .scales(scales)
            .resize(random.nextBoolean() ? "aspect" : "stretch")
            .positionGrid(1 + random.nextInt(8))
            .vocabSize(vocabSize)
            .maxTextLength(maxTextLength)
            .scoreHead(random.nextInt(4) > 0)
            .selectionThreshold(0.2 + 0.6 * random.nextDouble());
    return random.nextInt(3) == 0 ? model.viltPrefix() : model;
  }

  private void batches(ScanFormer model, int count) {
    List<Request> requests = new ArrayList<>();
    for (int r = 0; r < count; r++) {
      boolean shared = r > 0 && random.nextInt(4) == 0;
      Image image = image();
      Image own = shared ? requests.get(r - 1).image() : image;
      String text = text();
      Request request =
          random.nextBoolean() ? Request.of(own, text) : Request.of(own, model.encode(text));
      requests.add(request.withSelection(selection(model, own)));
    }
    for (Schedule schedule : Schedule.values()) {
      Collections.shuffle(requests, random);
      out.answers("random " + seed + " batch of " + count, model, requests, schedule);
      out.answers("random " + seed + " alone", model, requests.subList(0, 1), schedule);
    }
  }

  /** Some calls of one session, of a number of images that fits it, with bounds to stop at. */
  private void session(ScanFormer model) {
    int batch = 1 + random.nextInt(3);
    SessionOptions.Builder builder = SessionOptions.builder().threads(threads()).maxBatch(batch);
    if (random.nextInt(3) == 0) {
      builder.maxPatches(1 + random.nextInt(30));
    }
    try (Session session = model.openSession(builder.build())) {
      List<SessionResult> results = Stream.generate(session::newResult).limit(batch).toList();
      for (int call = 0; call < 3; call++) {
        int count = 1 + random.nextInt(batch);
        Image first = image();
        List<Image> images = new ArrayList<>(List.of(first));
        List<Expression> expressions = new ArrayList<>(List.of(model.encode(text())));
        while (images.size() < count) {
          images.add(image());
          expressions.add(model.encode(text()));
        }
        LocateOptions bounds = bounds(count == 1 ? selection(model, first) : ownSelection());
        List<SessionResult> filled = results.subList(0, count);
        String what = "random " + seed + " session call " + call + " " + bounds.schedule();
        out.refusedOr(
            what,
            () -> {
              session.locate(images, expressions, bounds, Long.MAX_VALUE, filled);
              for (int r = 0; r < count; r++) {
                out.answer(what + " request " + r, filled.get(r));
              }
            });
        expressions.forEach(Expression::close);
      }
      sessionOfText(session, results.get(0));
    }
  }

  private void sessionOfText(Session session, SessionResult result) {
    Image image = image();
    String text = text();
    LocateOptions bounds = bounds(ownSelection());
    String what = "random " + seed + " session text " + bounds.schedule();
    for (int call = 0; call < 2; call++) {
      out.refusedOr(
          what,
          () -> {
            session.locate(image, text, bounds, result);
            out.answer(what, result);
          });
    }
  }

  private LocateOptions bounds(SelectionPolicy selection) {
    LocateOptions.Builder builder =
        LocateOptions.builder().schedule(Schedule.values()[random.nextInt(2)]).selection(selection);
    if (random.nextInt(3) == 0) {
      builder.maxPatches(random.nextInt(40));
    }
    int stop = random.nextInt(4);
    double share = random.nextDouble();
    if (stop == 0) {
      builder.schedule(Schedule.PER_SCALE).stopAtScore(share);
    } else if (stop == 1) {
      builder.schedule(Schedule.PER_SCALE).stopAtAgreement(share);
    }
    return builder.build();
  }

  /** One request after the other, so that every batch is of one and the answers are repeatable. */
  private void batcher(ScanFormer model) {
    BatcherOptions one =
        BatcherOptions.builder()
            .maxBatch(1)
            .maxDelay(Duration.ZERO)
            .threads(threads())
            .schedule(Schedule.values()[random.nextInt(2)])
            .build();
    try (Batcher batcher = model.openBatcher(one)) {
      for (int call = 0; call < 2; call++) {
        Request request = Request.of(image(), text()).withSelection(ownSelection());
        Location found = batcher.submit(request).join();
        out.answer("random " + seed + " batcher call " + call + " " + one.schedule(), found);
      }
    }
  }

  private int threads() {
    return options.apply(1).threads();
  }

  private String text() {
    return RandomExpression.of(random.nextLong(), vocabSize, 1 + random.nextInt(maxWords)).text();
  }

  private SelectionPolicy selection(ScanFormer model, Image image) {
    return random.nextInt(3) == 0 ? masks(model, image) : ownSelection();
  }

  private SelectionPolicy ownSelection() {
    return switch (random.nextInt(6)) {
      case 0 -> SelectionPolicy.threshold(0.1 + 0.8 * random.nextDouble());
      case 1 -> SelectionPolicy.topK(random.nextInt(50));
      case 2 -> SelectionPolicy.all();
      case 3 -> SelectionPolicy.none();
      default -> SelectionPolicy.checkpoint();
    };
  }

  /** No, all, all but one or a random share of the patches of each finer scale. */
  private SelectionPolicy masks(ScanFormer model, Image image) {
    Location whole = model.locate(Request.of(image, "a").withSelection(SelectionPolicy.none()));
    List<PatchMask> masks = new ArrayList<>();
    for (ScaleResult scale : whole.scales()) {
      byte[] mask = new byte[scale.mask().total()];
      double share =
          scale.scale() == 0 ? 2 : List.of(0.0, 2.0, 2.0, 0.3, 0.7).get(random.nextInt(5));
      for (int i = 0; i < mask.length; i++) {
        mask[i] = (byte) (random.nextDouble() < share ? 1 : 0);
      }
      if (scale.scale() > 0 && share == 2 && random.nextBoolean()) {
        mask[random.nextInt(mask.length)] = 0;
      }
      masks.add(PatchMask.of(scale.mask().rows(), scale.mask().cols(), mask));
    }
    return SelectionPolicy.masks(masks);
  }

  /** A picture, or a frame of noise in any of the formats. */
  private Image image() {
    int width = 1 + random.nextInt(150);
    int height = random.nextInt(5) == 0 ? 1 + random.nextInt(4) : 1 + random.nextInt(150);
    long imageSeed = random.nextLong();
    if (random.nextBoolean()) {
      BufferedImage picture = RandomImages.structured(imageSeed, width, height);
      return Image.of(picture);
    }
    PixelFormat format = FORMATS.get(random.nextInt(FORMATS.size()));
    int padding = random.nextInt(3);
    YuvColor color = YuvColor.values()[random.nextInt(YuvColor.values().length)];
    int rowStride = width * format.bytesPerPixel() + padding;
    int samples = ((width + 1) / 2) * ((height + 1) / 2);
    byte[] bytes = new byte[Math.max(rowStride * height, width * height + 2 * samples)];
    new Random(imageSeed).nextBytes(bytes);
    ByteBuffer pixels = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    return switch (format) {
      case NV12 -> Image.nv12(pixels, width, height, color);
      case I420 -> Image.i420(pixels, width, height, color);
      default -> Image.of(pixels, format, width, height, rowStride);
    };
  }
}
