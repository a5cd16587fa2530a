package org.scanformer.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.scanformer.server.Fixture.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.scanformer.server.Fixture;
import org.scanformer.server.Json;
import org.scanformer.server.ModelSpec;
import org.scanformer.server.ServerOptions;

/** The Open Inference Protocol over HTTP, with JSON and with binary tensors. */
class InferenceEndpointsTest {
  private static final String INFER = "/v2/models/shapes/infer";

  private static Fixture server;

  @BeforeAll
  static void start() {
    server = Fixture.start(InferenceEndpointsTest::withTwoVersions);
  }

  private static ServerOptions withTwoVersions(ServerOptions options) {
    return new ServerOptions(
        List.of(ModelSpec.BUNDLED, ModelSpec.parse("shapes:10=shapes")),
        options.modelOptions(),
        options.maxBatch(),
        Duration.ofMillis(20),
        options.address(),
        0,
        -1,
        null,
        options.token(),
        options.hosts(),
        options.allowedUrls(),
        options.limits());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Map<String, Object> tensor(String name, String type, Object shape, Object data) {
    return Map.of("name", name, "datatype", type, "shape", shape, "data", data);
  }

  private static Map<String, Object> image() {
    return tensor(
        "image", "BYTES", List.of(1), List.of(Base64.getEncoder().encodeToString(Fixture.scene())));
  }

  private static Map<String, Object> texts(String... texts) {
    return tensor("text", "BYTES", List.of(texts.length), List.of(texts));
  }

  private static JsonNode output(JsonNode response, String name) {
    for (JsonNode output : response.get("outputs")) {
      if (output.get("name").textValue().equals(name)) {
        return output;
      }
    }
    throw new AssertionError(name + " in " + response);
  }

  @Test
  void tellsHealthAndMetadata() {
    assertTrue(json(server.get("/v2/health/live")).get("live").booleanValue());
    assertTrue(json(server.get("/v2/health/ready")).get("ready").booleanValue());
    assertTrue(json(server.get("/v2/models/shapes/ready")).get("ready").booleanValue());
    JsonNode about = json(server.get("/v2"));
    assertEquals("scanformer", about.get("name").textValue());
    assertEquals("1.2.3", about.get("version").textValue());
    assertEquals("binary_tensor_data", about.at("/extensions/0").textValue());
    JsonNode model = json(server.get("/v2/models/shapes/versions/1"));
    assertEquals(List.of("1", "10").toString(), texts(model.get("versions")).toString());
    assertEquals("image", model.at("/inputs/0/name").textValue());
    assertEquals("[-1,4]", model.at("/outputs/0/shape").toString());
    assertEquals(404, server.get("/v2/models/shapes/versions/2").statusCode());
    assertEquals(404, server.get("/v2/models/other/ready").statusCode());
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.textValue()));
    return texts;
  }

  @Test
  void answersOneImageAndManyExpressions() {
    HttpResponse<String> response =
        server.postJson(
            INFER,
            Map.of("id", "7", "inputs", List.of(image(), texts(Fixture.TEXT, "the yellow star"))));
    assertEquals(200, response.statusCode(), response.body());
    JsonNode answer = json(response);
    assertEquals("7", answer.get("id").textValue());
    assertEquals("10", answer.get("model_version").textValue(), "the greatest version");
    assertEquals("[2,4]", output(answer, "box").get("shape").toString());
    assertEquals(8, output(answer, "box").get("data").size());
    JsonNode location = json(output(answer, "location").at("/data/1").textValue());
    assertEquals(
        location.at("/box/x").floatValue(), output(answer, "box").at("/data/4").floatValue());
    assertEquals(
        location.get("score").floatValue(), output(answer, "score").at("/data/1").floatValue());
    assertTrue(output(answer, "found").at("/data/0").isBoolean());
  }

  @Test
  void answersPixels() {
    HttpResponse<String> response =
        server.postJson(
            "/v2/models/shapes/versions/1/infer",
            Map.of(
                "inputs",
                List.of(
                    tensor("pixels", "UINT8", List.of(1, 1, 2, 3), List.of(1, 2, 3, 4, 5, 255)),
                    texts("the star")),
                "outputs",
                List.of(Map.of("name", "found"))));
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(1, json(response).get("outputs").size());
    assertEquals("1", json(response).get("model_version").textValue());
  }

  @Test
  void requestsOfSeveralClientsRunTogether() {
    Map<String, Object> one =
        Map.of(
            "inputs",
            List.of(
                tensor("pixels", "UINT8", List.of(1, 1, 1, 3), List.of(1, 2, 3)),
                texts("the star")));
    // The others may come too late now and then.
    for (int tries = 0; tries < 50 && !hasBatch(); tries++) {
      List<CompletableFuture<HttpResponse<String>>> answers =
          Stream.generate(
                  () ->
                      CompletableFuture.supplyAsync(
                          () -> server.postJson("/v2/models/shapes/versions/1/infer", one),
                          work -> new Thread(work).start()))
              .limit(8)
              .toList();
      answers.forEach(answer -> assertEquals(200, answer.join().statusCode()));
    }
    assertTrue(hasBatch(), "no two requests ran together");
  }

  /** Whether version 1, which is asked single questions, has run more than one together. */
  private static boolean hasBatch() {
    return server
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("scanformer_batch_requests_max{"))
        .filter(line -> line.contains("version=\"1\""))
        .anyMatch(line -> Double.parseDouble(line.substring(line.indexOf(' '))) > 1);
  }

  @Test
  void readsAndWritesBinaryTensors() throws Exception {
    ByteArrayOutputStream tensors = new ByteArrayOutputStream();
    int image = append(tensors, Fixture.scene());
    int text = append(tensors, Fixture.TEXT.getBytes(StandardCharsets.UTF_8));
    byte[] head =
        Json.write(
            Map.of(
                "parameters",
                Map.of("binary_data_output", true),
                "inputs",
                List.of(binary("image", image), binary("text", text)),
                "outputs",
                List.of(
                    Map.of("name", "box"),
                    Map.of("name", "score", "parameters", Map.of("binary_data", false)),
                    Map.of("name", "location"))));
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(head);
    body.writeBytes(tensors.toByteArray());
    HttpResponse<byte[]> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(server.uri(INFER))
                    .header("Content-Type", "application/octet-stream")
                    .header("Inference-Header-Content-Length", String.valueOf(head.length))
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    int length =
        Integer.parseInt(
            response.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
    JsonNode answer = json(new String(response.body(), 0, length, StandardCharsets.UTF_8));
    assertEquals(200, response.statusCode(), answer.toString());
    assertEquals(16, output(answer, "box").at("/parameters/binary_data_size").intValue());
    assertEquals(1, output(answer, "score").get("data").size());
    ByteBuffer rest =
        ByteBuffer.wrap(response.body(), length, response.body().length - length)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    float x = rest.getFloat(0);
    byte[] location = new byte[rest.getInt(16)];
    rest.get(20, location);
    JsonNode found = json(new String(location, StandardCharsets.UTF_8));
    assertEquals(found.at("/box/x").floatValue(), x);
    assertEquals(rest.capacity(), 20 + location.length);
  }

  private static Map<String, Object> binary(String name, int size) {
    return Map.of(
        "name",
        name,
        "datatype",
        "BYTES",
        "shape",
        List.of(1),
        "parameters",
        Map.of("binary_data_size", size));
  }

  private static int append(ByteArrayOutputStream to, byte[] element) {
    to.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(element.length).array());
    to.writeBytes(element);
    return 4 + element.length;
  }

  private static void assertRefused(String words, Object... inputs) {
    HttpResponse<String> response = server.postJson(INFER, Map.of("inputs", List.of(inputs)));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(json(response).get("error").textValue().contains(words), response.body());
  }

  @Test
  void refusesTensorsThatDoNotFit() {
    assertRefused("'text' is missing", image());
    assertRefused("found neither", texts("the star"));
    assertRefused("given twice", texts("a"), texts("b"));
    assertRefused("no input 'frame'", tensor("frame", "BYTES", List.of(1), List.of("a")));
    assertRefused("expected BYTES", tensor("text", "UINT8", List.of(1), List.of(1)), image());
    assertRefused("expected one of", tensor("text", "FP8", List.of(1), List.of(1)));
    assertRefused("has 1 elements, expected 2", tensor("text", "BYTES", List.of(2), List.of("a")));
    assertRefused(
        "at most 2147483647", tensor("text", "BYTES", List.of(1 << 30, 1 << 30), List.of("a")));
    for (Object shape : List.of(List.of(0.5), Map.of("n", 1), "1", 1)) {
      assertRefused("an array of whole numbers", tensor("text", "BYTES", shape, List.of("a")));
    }
    assertRefused(
        "0 to 255",
        tensor("pixels", "UINT8", List.of(1, 1, 1, 3), List.of(0, 0, BigInteger.ONE.shiftLeft(64))),
        texts("a"));
    assertRefused(
        "0 to 255", tensor("pixels", "UINT8", List.of(1, 1, 1, 3), List.of(0, 0, 256)), texts("a"));
    assertRefused(
        "expected [images, height, width, 3]",
        tensor("pixels", "UINT8", List.of(3), List.of(0, 0, 0)),
        texts("a"));
    assertRefused("bytes are left after the JSON", binary("text", 10));
    assertRefused("at least 0", tensor("text", "BYTES", List.of(-1), List.of("a")));
    assertRefused(
        "at most 256", tensor("text", "BYTES", List.of(257), Collections.nCopies(257, "a")));
  }

  @Test
  void tellsTheCandidatesThatAreAskedFor() {
    Map<String, Object> request =
        Map.of(
            "inputs", List.of(image(), texts(Fixture.TEXT)), "parameters", Map.of("candidates", 2));
    JsonNode answer = json(server.postJson(INFER, request));
    JsonNode location = json(output(answer, "location").at("/data/0").textValue());
    assertEquals(2, location.get("candidates").size());
  }

  private static void assertRefusedWith(String words, String field, Object value) {
    HttpResponse<String> response =
        server.postJson(INFER, Map.of("inputs", List.of(image(), texts("a")), field, value));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(json(response).get("error").textValue().contains(words), response.body());
  }

  @Test
  void refusesOutputsAndParametersThatAreNone() {
    assertRefusedWith("no output 'y'", "outputs", List.of(Map.of("name", "y")));
    assertRefusedWith("the text 'name', found \"box\"", "outputs", List.of("box"));
    assertRefusedWith("must be an object, found ARRAY", "parameters", List.of(1));
    assertRefusedWith("candidates must be 0 to 100", "parameters", Map.of("candidates", 101));
    for (Object candidates : List.of(1.5, 1e300, BigInteger.ONE.shiftLeft(64), "2")) {
      assertRefusedWith("a whole number", "parameters", Map.of("candidates", candidates));
    }
    assertRefusedWith("at most 1024 are allowed", "id", "a".repeat(1025));
  }

  @Test
  void refusesBinaryElementsThatAreNotThere() {
    byte[] head = Json.write(Map.of("inputs", List.of(image(), binary("text", 16))));
    byte[] body = Arrays.copyOf(head, head.length + 16);
    HttpResponse<String> response =
        server.post(
            INFER,
            "application/octet-stream",
            body,
            "Inference-Header-Content-Length",
            String.valueOf(head.length));
    assertEquals(400, response.statusCode(), response.body());
    assertTrue(response.body().contains("12 bytes after its 1 elements"), response.body());
  }
}
