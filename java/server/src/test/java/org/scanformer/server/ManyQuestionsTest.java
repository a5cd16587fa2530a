package org.scanformer.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests of as many questions as one may ask. */
@Timeout(120)
class ManyQuestionsTest {
  private static final String INFER = "/v2/models/shapes/infer";
  private static final int MOST = 256;

  private static Fixture server;

  @BeforeAll
  static void start() {
    server = Fixture.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Map<String, Object> bytes(String name, List<String> elements) {
    return Map.of(
        "name", name, "datatype", "BYTES", "shape", List.of(elements.size()), "data", elements);
  }

  private static String image() throws Exception {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", png);
    return Base64.getEncoder().encodeToString(png.toByteArray());
  }

  /** The sum of a meter over its tags. */
  private static double meter(String name) {
    return server
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void twoRequestsAtATimeFit() throws Exception {
    List<String> texts = IntStream.range(0, MOST).mapToObj(i -> "the star " + i).toList();
    Map<String, Object> request =
        Map.of("inputs", List.of(bytes("image", List.of(image())), bytes("text", texts)));
    List<CompletableFuture<HttpResponse<String>>> answers =
        IntStream.range(0, 2)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> server.postJson(INFER, request), work -> new Thread(work).start()))
            .toList();
    for (CompletableFuture<HttpResponse<String>> answer : answers) {
      assertEquals(200, answer.join().statusCode(), answer.join().body());
    }
  }

  /** Nobody waits for the others' answers, which are thrown away. */
  @Test
  void theFirstFailureEndsTheRequest() throws Exception {
    List<String> images = new ArrayList<>(Collections.nCopies(MOST, image()));
    images.set(0, "AAAA");
    double before = meter("scanformer_call_requests_sum");
    HttpResponse<String> answer =
        server.postJson(
            INFER,
            Map.of("inputs", List.of(bytes("image", images), bytes("text", List.of("the star")))));
    assertEquals(400, answer.statusCode(), answer.body());
    while (meter("scanformer_queue_length") > 0) {
      Thread.onSpinWait();
    }
    double asked = meter("scanformer_call_requests_sum") - before;
    assertTrue(asked < MOST / 2, asked + " of " + MOST + " questions were asked");
  }
}
